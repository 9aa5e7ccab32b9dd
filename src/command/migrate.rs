//! Moves credentials from one helper to another: each is read, stored, read back, and only then erased at its source. Before the first
//! erase, each file is backed up, byte for byte, in an encrypted store. If it is interrupted, every credential is in one of the two places,
//! and running it again finishes the job.

mod afterwards;
mod backup;
mod backups;
mod carry;
mod choice;
mod error;
mod id;
mod item;
mod journal;
mod migration;
mod named;
mod one_store;
mod places;
mod plan;
mod projects;
mod report;
mod repository;
mod rollback;
mod route;
mod survey;
mod take_back;
mod tell;
mod way;

use std::collections::BTreeSet;

use anyhow::Result;
use modelforge_credential_protocol::{Error, Record, visible};

use crate::lock;
use crate::person::{Person, person};
use crate::session::Session;
use crate::terminal::{self, warning};
use carry::Begun;
use choice::Choice;
use item::{Item, Outcome, Step};
use journal::Journal;
use migration::Migration;
use route::Route;

pub use backups::{backups, erase_every_backup, erase_what_was_moved_elsewhere, forget_backup};
pub use choice::{Migrate, Prefer};
pub use places::list;
pub use rollback::roll_back;
pub use survey::status;

/// Shows the plan, asks once, carries it out, and reports. If a credential stays where it was, the exit status is 1.
pub fn migrate(asked: &Migrate) -> Result<()> {
    let session = Session::start(person())?;
    let choice = Choice::of(asked, &session.providers)?;
    let route = match asked.folders.as_slice() {
        [] => Route::open(&session, &asked.from, asked.to.as_deref())?,
        folders => Route::of_folders(&session, folders, asked.to.as_deref())?,
    };
    let mark = journal::mark();
    let progress = terminal::Progress::start("searching for keys");
    let mut migration = Migration::plan(&session, route, choice)?;
    drop(progress);
    migration.failed.iter().for_each(warning);
    if !asked.dry_run && !asked.yes && !asked.json {
        ask_for_accounts(&mut migration)?;
    }
    let takes = migration.takes() > 0;
    if !takes && migration.has_looked_everywhere() && !asked.dry_run && migration.choice.is_for_all() {
        end_what_was_cut_short(&migration.route)?;
    }
    if migration.items.is_empty() || asked.dry_run {
        tell::that_nothing_was_changed(&migration, asked)?;
        return end(&migration);
    }
    if !asked.json {
        terminal::answer(report::plan(&migration).as_bytes())?;
        afterwards::tell(&migration)?;
    }
    if takes && !is_agreed(&migration, asked)? {
        return Ok(terminal::done("nothing was changed")?);
    }
    let done = if takes { Some(carry_out(&mut migration, asked, mark)?) } else { None };
    if !takes {
        migration.items.iter_mut().for_each(|item| item.outcome = Some(Outcome::Left(item.problem.clone())));
        migration.items.iter().for_each(tell::why);
    }
    match &done {
        _ if asked.json => {
            let id = done.as_ref().map(|(id, _)| &**id);
            terminal::answer(report::json(&migration, id, false)?.as_bytes())?;
        }
        Some((id, noted)) => {
            tell::what_is_next(&migration, id)?;
            projects::tell(noted)?;
        }
        None => {}
    }
    end(&migration)
}

/// If tools have different keys for one provider, asks a person whether each tool keeps its own.
fn ask_for_accounts(migration: &mut Migration) -> Result<()> {
    let own = migration.with_keys_of_their_own();
    if own.is_empty() || !matches!(migration.session.person, Person::Terminal) {
        return Ok(());
    }
    for (item, tool) in &own {
        let provider = item.request.record.text("provider").unwrap_or_default();
        terminal::done(&format!(
            "`{}` has a key for `{}` that differs from the first one; it can be the account `{}:{}`",
            migration.place(item),
            visible(provider),
            visible(provider),
            visible(tool)
        ))?;
    }
    if terminal::confirm("give each such tool an account of its own? [y/N] ")? {
        migration.plan_with_accounts()?;
    }
    Ok(())
}

/// Warns of keys that came with the folder, or with its repository, and asks whether to go on.
fn is_agreed(migration: &Migration, asked: &Migrate) -> Result<bool> {
    let of_the_folder: BTreeSet<&str> = migration.items.iter().filter_map(Item::file_of_the_folder).collect();
    of_the_folder.into_iter().for_each(|file| warning(&error::came_with_the_folder(file)));
    if !asked.folders.is_empty() {
        let moved = migration.items.iter().filter(|item| item.step == Step::Move);
        let files: BTreeSet<&str> = moved.filter_map(|item| item.file.as_deref()).collect();
        let of_a_repository = files.into_iter().filter_map(|file| Some((file, repository::with(file.as_ref())?)));
        of_a_repository.for_each(|(file, top)| warning(&error::came_with_the_repository(file, &top)));
    }
    let from = migration.route.from().join("`, `");
    let from = if asked.from.is_empty() { "plain text".into() } else { format!("`{from}`") };
    let question = format!("move {} out of {from}? [y/N] ", migration.takes());
    if asked.yes {
        return Ok(true);
    }
    is_confirmed(&migration.session.person, asked.json, &question, error::migration_not_confirmed)
}

/// Runs the plan and reports on each item. `mark` is that of the notes when the plan was made. Returns the migration's name, and the notes
/// for `exec`.
fn carry_out(migration: &mut Migration, asked: &Migrate, mark: Option<u64>) -> Result<(String, Vec<projects::Noted>)> {
    let _lock = lock::one_migration()?;
    one_store::refuse(&migration.route)?;
    let is_overtaken = journal::mark() != mark;
    if is_overtaken || !asked.yes {
        // Another migration was running in the meantime, or the person took long to answer.
        migration.plan_again()?;
    }
    if is_overtaken && migration.takes() == 0 {
        return Err(error::migrated_meanwhile().into());
    }
    let mut begun = Begun::begin(migration)?;
    begun.store_all()?;
    let noted = begun.take_out(|migration, item, shows| {
        if let Some(line) = report::outcome(migration, item).filter(|_| shows && !asked.json) {
            terminal::done(&line)?;
        }
        tell::why(item);
        Ok(())
    })?;
    Ok((begun.id().to_owned(), noted))
}

/// A migration that was killed after its last move is finished. Records that.
fn end_what_was_cut_short(route: &Route) -> Result<()> {
    let is_one = || -> Result<Option<Journal>> {
        // A journal that cannot be read has no unfinished migration.
        let known = journal::read().unwrap_or_default();
        let unfinished = journal::unfinished(&known, &route.way());
        Ok(unfinished.map(Journal::of).transpose()?)
    };
    if is_one()?.is_some() {
        let _lock = lock::one_migration()?;
        // The other migration may have finished by now.
        is_one()?.map_or(Ok(()), |journal| journal.finished())?;
    }
    Ok(())
}

fn end(migration: &Migration) -> Result<()> {
    match (migration.left(), migration.route.is_from_plain_text()) {
        (0, _) if migration.has_looked_everywhere() => Ok(()),
        (0, _) => Err(error::not_all_looked_at().into()),
        (left, true) => Err(error::left_in_plain_text(left).into()),
        (left, false) => Err(error::left_at_the_source(left).into()),
    }
}

/// The plain-text file of a listed credential, if it must be backed up before it is changed.
fn plain_file(listed: &Record) -> Option<String> {
    listed.text("file").filter(|_| listed.is_true("plain_text")).map(str::to_owned)
}

/// Asks whether to continue, if a person is present.
fn is_confirmed(person: &Person, json: bool, question: &str, nobody: impl FnOnce() -> Error) -> Result<bool> {
    match person {
        Person::Terminal if !json => Ok(terminal::confirm(question)?),
        _ => Err(nobody().into()),
    }
}

/// For `doctor`: a migration or a rollback that was interrupted.
pub fn unfinished() -> Option<Error> {
    let known = match journal::read() {
        Ok(known) => known,
        Err(problem) => return Some(problem),
    };
    let of = |state| known.iter().rfind(|migration| migration.state == state);
    let cut = of(journal::State::Begun);
    let cut = cut.map(|migration| error::migration_cut_short(&migration.id, &migration.way.command()));
    let back = of(journal::State::RollbackBegun).filter(|migration| migration.can_be_rolled_back());
    cut.or_else(|| back.map(|migration| error::rollback_cut_short(&migration.id)))
}
