//! The last messages of a migration.

use std::collections::BTreeSet;
use std::io;

use anyhow::Result;
use modelforge_credential_protocol::{Record, visible};

use super::choice::Migrate;
use super::error::{self, tilde};
use super::item::{Item, Outcome};
use super::migration::Migration;
use super::{afterwards, report, repository};
use crate::command::keys;
use crate::command::plain_files::others_can_read;
use crate::sources;
use crate::terminal::{self, warning};

/// Shows the plan, or says that there is nothing to move.
pub fn that_nothing_was_changed(migration: &Migration, asked: &Migrate) -> Result<()> {
    if asked.json {
        return Ok(terminal::answer(report::json(migration, None, asked.dry_run)?.as_bytes())?);
    }
    if !migration.items.is_empty() {
        terminal::answer(report::plan(migration).as_bytes())?;
        afterwards::tell(migration)?;
        migration.items.iter().filter_map(Item::why).for_each(|problem| warning(&problem));
        return Ok(terminal::done("nothing was changed")?);
    }
    if migration.route.is_from_plain_text() {
        terminal::done("no key was found in plain text")?;
    } else {
        terminal::done("there is nothing to move")?;
    }
    let places = match asked.folders.as_slice() {
        [] => sources::looked_at(&migration.route.from()),
        folders => sources::looked_at_in(folders),
    };
    Ok(terminal::done(&format!("searched: {places}"))?)
}

/// Says why a credential stays where it was.
pub fn why(item: &Item) {
    match &item.outcome {
        Some(Outcome::Left(problem)) => problem.clone().or_else(|| item.why()).iter().for_each(warning),
        Some(Outcome::Uncovered(_, another)) => warning(another),
        _ => {}
    }
}

/// Says how many were moved, how to undo that, and what to do next.
pub fn what_is_next(migration: &Migration, id: &str) -> Result<()> {
    let count = |is: fn(&Item) -> bool| migration.items.iter().filter(|item| is(item)).count();
    let (moved, dropped, left) = (count(Item::is_moved), count(Item::is_dropped), count(Item::is_left));
    let dropped = if dropped > 0 { format!(", {dropped} erased") } else { String::new() };
    let counts = format!("{moved} moved{dropped}, {left} left");
    if left == migration.items.len() {
        return Ok(terminal::done(&counts)?);
    }
    let undo = error::rollback_command(id, &migration.route.from(), migration.route.to.as_deref());
    terminal::done(&format!("{counts}; `{undo}` undoes it"))?;
    what_needs_a_copy(migration)?;
    if migration.items.iter().any(|item| item.file.is_some()) {
        what_became_of_the_files(migration, id)?;
    }
    Ok(())
}

/// Warns of an identity of which there is only one copy, on this machine.
fn what_needs_a_copy(migration: &Migration) -> Result<()> {
    let mut question = migration.session.providers.context_of_all()?;
    question.set("consent", "1")?;
    let is_used = |helper: &String| migration.items.iter().any(|item| item.kept_by.contains(helper));
    let mut identities = BTreeSet::new();
    for (helper, listed) in migration.route.targets().flat_map(|chain| chain.list_each(&question)) {
        if is_used(&helper) {
            let records = listed.ok().flatten().unwrap_or_default();
            let files = records.iter().filter_map(|record| record.text("identity").map(str::to_owned));
            identities.extend(files.map(|file| (helper.clone(), file)));
        }
    }
    for (helper, file) in identities {
        let file = error::tilde(file.as_ref());
        terminal::done(&format!(
            "keep a copy of `{file}` in a safe place: nothing else decrypts the keys in `{helper}`"
        ))?;
    }
    Ok(())
}

fn what_became_of_the_files(migration: &Migration, id: &str) -> io::Result<()> {
    let program = error::PROGRAM;
    terminal::done(&format!(
        "encrypted backups of the files are stored; `{program} migrate --forget-backup {id}` erases them"
    ))?;
    if migration.items.iter().any(|item| item.file.is_some() && item.tool.is_none()) {
        let is_handed_out = is_handed_out(migration);
        let reason = if is_handed_out { "it gets each key that was moved" } else { "else it asks for each key" };
        terminal::done(&format!("start ModelForge with `{program} exec -- modelforge …`: {reason}"))?;
    }
    let files: BTreeSet<&str> = migration.items.iter().filter_map(|item| item.file.as_deref()).collect();
    let open = files.iter().filter(|file| others_can_read(file.as_ref()));
    let open: Vec<String> = open.map(|file| format!("`{}`", tilde(file.as_ref()))).collect();
    if !open.is_empty() {
        terminal::done(&format!("other users could read {}: create new keys at the providers", open.join(", ")))?;
    }
    what_git_has_of(&files)
}

/// Warns of git repositories that still have the keys in their histories.
fn what_git_has_of(files: &BTreeSet<&str>) -> io::Result<()> {
    for folder in files.iter().filter_map(|file| repository::with(file.as_ref())).collect::<BTreeSet<_>>() {
        let (shown, word) = (tilde(&folder), shell_words::quote(&folder.to_string_lossy()).into_owned());
        terminal::done(&format!(
            "the history of the git repository `{shown}` may still have the keys; `{} scan {}` finds them",
            error::PROGRAM,
            visible(&word)
        ))?;
    }
    Ok(())
}

/// True if `exec` now sets every key that programs found in a file before.
fn is_handed_out(migration: &Migration) -> bool {
    let is_from_a_file =
        |item: &&Item| item.file.is_some() && item.tool.is_none() && !item.kept_by.is_empty() && item.is_moved();
    let moved: Vec<&Record> = migration.items.iter().filter(is_from_a_file).map(|item| &item.request.record).collect();
    let unreached = keys::unreached(&migration.session.providers, moved.iter().copied());
    unreached.iter().for_each(warning);
    !moved.is_empty() && unreached.is_empty()
}
