//! Undoes a migration: restores the files, and removes the migrated credentials from the chain.

use anyhow::Result;
use modelforge_credential_protocol::Error;

use super::backup;
use super::journal::{self, Journal, Noted, State};
use super::named::Kept;
use super::report::{PutBack, Rollback};
use super::route::Route;
use super::take_back::{Back, Moved, take_back};
use crate::audit::{Operation, Outcome};
use crate::chain::TOGETHER;
use crate::command::migrate::error;
use crate::lock;
use crate::person::person;
use crate::session::Session;
use crate::terminal::{self, Progress, warning};

/// Undoes a migration: the named one, or the last one that was not rolled back.
pub fn roll_back(id: Option<&str>, named: &[String], yes: bool, json: bool) -> Result<()> {
    let session = Session::start(person())?;
    let (mut migration, route) = choose(id, named, &session)?;
    if !json {
        terminal::tell(&super::report::rollback_plan(&migration))?;
    }
    if !migration.files.is_empty() || migration.moved.iter().any(|named| named.file.is_some()) {
        warning(&error::back_to_plain_text());
    }
    if !is_vouched_for(&migration) {
        warning(&error::nobody_vouches(&migration.id));
        let question = "restore this backup although it may be forged? [y/N] ";
        if !super::is_confirmed(&session.person, json, question, || error::not_vouched_for(&migration.id))? {
            return Ok(terminal::done("nothing was changed")?);
        }
    } else if !yes
        && !super::is_confirmed(&session.person, json, "restore them? [y/N] ", || {
            error::rollback_not_confirmed(&migration.id)
        })?
    {
        return Ok(terminal::done("nothing was changed")?);
    }
    let _lock = lock::one_migration()?;
    let journal = Journal::of(&migration)?;
    match journal::read()?.into_iter().find(|known| known.id == migration.id) {
        // The other process may have continued in the meantime.
        Some(now) => migration = as_far_as_kept(now)?,
        None => journal.found(&migration)?,
    }
    journal.rollback_begun()?;
    let mut rollback = Rollback { id: migration.id.clone(), ..Rollback::default() };
    for kept in &migration.files {
        let outcome = put_file_back(&migration, kept, &route);
        let exactly = outcome.map_err(|problem| rollback.failed.push(Error::new(problem.to_string()))).ok();
        rollback.files.push(PutBack { file: kept.file.clone(), exactly, moved: 0, again: 0 });
    }
    take_out(&migration, &route, &session, &mut rollback)?;
    // For the other files, the helper has reported everything.
    for file in rollback.files.iter_mut().filter(|file| file.exactly == Some(false)) {
        count(file, &migration, &route)?;
    }
    // The last one first, because each was written into the result of the one before it.
    for assignment in migration.assigned.iter().rev() {
        match assignment.take_back() {
            Ok(true) => rollback.folders.push(assignment.folder.clone()),
            Ok(false) => {}
            Err(problem) => rollback.failed.push(problem),
        }
    }
    if rollback.failed.is_empty() {
        journal.rolled_back()?;
    }
    let text = super::report::rollback(&rollback, json)?;
    if json {
        terminal::answer(text.as_bytes())?
    } else {
        terminal::tell(&text)?
    }
    rollback.failed.iter().for_each(warning);
    if rollback.failed.is_empty() { Ok(()) } else { Err(error::rollback_not_whole(&rollback.id).into()) }
}

/// The migration to undo, with its source and target. It may be known from a backup alone.
fn choose(id: Option<&str>, named: &[String], session: &Session) -> Result<(Noted, Route)> {
    if let Some(id) = id.filter(|id| !super::id::is_one(id)) {
        return Err(error::no_such_migration(id).into());
    }
    let mut known = journal::read()?;
    if let Some(at) = known.iter().rposition(|one| id.map_or(one.can_be_rolled_back(), |id| one.id == id)) {
        let migration = as_far_as_kept(known.swap_remove(at))?;
        migration.way.from.iter().chain(&migration.way.to).try_for_each(|words| {
            let is_known = named.contains(words) || super::route::is_configured(&session.providers, words);
            if is_known { Ok(()) } else { Err(error::not_among_your_helpers(words, migration.rollback_command())) }
        })?;
        let route = Route::open(session, &migration.way.from, migration.way.to.as_deref())?;
        return Ok((migration, route));
    }
    let route = Route::open(session, &[], None)?;
    let (mut backups, failed) = backup::list(route.targets())?;
    failed.iter().for_each(warning);
    backups.retain(|found, _| known.iter().all(|migration| migration.id != *found));
    let found = match id {
        Some(id) => backups.remove_entry(id),
        None => backups.pop_last(),
    };
    let found = found.ok_or_else(|| match id {
        _ if !failed.is_empty() => error::migrations_not_all_known(),
        Some(id) => error::no_such_migration(id),
        None => error::nothing_to_roll_back(),
    })?;
    let files = found.1.into_iter().map(|backup| Kept { file: backup.file, from: None, digest: None }).collect();
    Ok((Noted { id: found.0, files, way: route.way(), ..Noted::default() }, route))
}

/// True if the user's own journal has the checksum of each backup. Anybody who knows the public key of a store can write a backup into it.
fn is_vouched_for(migration: &Noted) -> bool {
    migration.files.iter().all(|kept| kept.digest.is_some())
}

/// Drops the files whose backup was erased. Their keys are restored one by one.
fn as_far_as_kept(mut migration: Noted) -> Result<Noted> {
    if migration.state == State::RolledBack {
        return Err(error::rolled_back_already(&migration.id).into());
    }
    if migration.forgotten {
        migration.files.clear();
        if !migration.can_be_rolled_back() {
            return Err(error::backup_was_forgotten(&migration.id).into());
        }
    }
    Ok(migration)
}

/// Restores a file. Returns whether it is then the same byte for byte.
fn put_file_back(migration: &Noted, kept: &Kept, route: &Route) -> Result<bool> {
    let file = &*kept.file;
    let content = backup::find(route, &migration.id, file)?.ok_or_else(|| error::backup_is_gone(file))?;
    if kept.digest.as_ref().is_some_and(|noted| *noted != backup::digest(&content)) {
        return Err(error::not_put_back_in(file, &error::backup_is_another(file)).into());
    }
    // Any other helper would store the whole file as if it were a credential.
    let words = migration.source_of(kept);
    let source = route.sources.iter().find(|source| Some(&*source.words) == words);
    let source = source.ok_or_else(|| error::not_put_back_in(file, &error::source_not_known()))?;
    source.put_file_back(file, &content).map_err(|problem| error::not_put_back_in(file, &problem))?;
    let now = source.file(file)?.ok_or_else(error::file_is_gone)?;
    Ok(backup::is_same_content(&now, &content))
}

/// Counts the keys that were moved out of the file and are back.
fn count(file: &mut PutBack, migration: &Noted, route: &Route) -> Result<()> {
    for named in migration.moved.iter().filter(|named| named.file.as_ref() == Some(&file.file)) {
        let source = route.sources.iter().find(|source| source.words == named.from);
        let description = named.description()?;
        let here = source.and_then(|source| source.get(&description, Some(&file.file)).ok().flatten());
        file.moved += 1;
        file.again += usize::from(here.is_some());
    }
    Ok(())
}

/// Removes the migrated credentials from the chain, except those of files that could not be restored.
fn take_out(migration: &Noted, route: &Route, session: &Session, rollback: &mut Rollback) -> Result<()> {
    let is_failed = |file: &String| rollback.files.iter().any(|put| put.file == *file && put.exactly.is_none());
    let there = migration.moved.iter().filter(|named| !named.file.as_ref().is_some_and(is_failed));
    let mut moved = Vec::new();
    for named in there {
        match Moved::of(named, route) {
            Ok(one) => moved.push(one),
            Err(problem) => {
                drop(session.event(Operation::Rollback, &named.description()?));
                rollback.failed.push(problem);
            }
        }
    }
    let mut progress = Progress::count("putting back", moved.len());
    for moved in moved.chunks(TOGETHER) {
        let events: Vec<_> = moved.iter().map(|one| session.event(Operation::Rollback, &one.description)).collect();
        let backs = take_back(moved, route, migration.forgotten);
        for ((one, mut event), back) in moved.iter().zip(events).zip(backs) {
            match back {
                Ok(Back::Taken) => {
                    event.outcome(Outcome::PutBack);
                    rollback.taken_back += 1;
                }
                Ok(Back::Before) => event.outcome(Outcome::PutBack),
                Ok(Back::Replaced) => {
                    event.outcome(Outcome::Left);
                    warning(&error::differs_now(&one.description));
                }
                Err(problem) => rollback.failed.push(problem),
            }
            progress.step(|_| Ok(()))?;
        }
    }
    Ok(())
}
