//! Lists and erases the backups of all migrations. Each is where its migration stored it: in the chain, or in the helper of `--to`.

use std::collections::BTreeSet;

use anyhow::Result;
use modelforge_credential_protocol::{Error, Record, visible};

use super::journal::{self, Journal, Noted, State};
use super::route::{Route, is_configured};
use super::{backup, report};
use crate::chain::Erase;
use crate::command::migrate::error;
use crate::config::entry_of_text;
use crate::error::LeftOut;
use crate::lock;
use crate::person::{Person, person};
use crate::providers::Providers;
use crate::session::Session;
use crate::terminal::{self, warn_once, warning};

/// The chain, and the helpers of `--to` in these migrations, if the person names them, here or in the configuration. Also returns the
/// helpers that are not asked.
fn ways(session: &Session, known: &[Noted], named: &[String]) -> Result<(Vec<Route>, Vec<Error>)> {
    let (mut ways, mut failed) = (vec![Route::open(session, &[], None)?], Vec::new());
    let kept = known.iter().filter(|migration| !migration.files.is_empty());
    for to in kept.filter_map(|migration| migration.way.to.as_ref()).collect::<BTreeSet<_>>() {
        if !named.contains(to) && !is_configured(&session.providers, to) {
            failed.push(error::not_asked_for_backups(to));
            continue;
        }
        match Route::open(session, &[], Some(to)) {
            Ok(route) => ways.push(route),
            Err(problem) => failed.push(problem),
        }
    }
    Ok((ways, failed))
}

/// Lists the backups.
pub fn backups(named: &[String], json: bool) -> Result<()> {
    let session = Session::start(Person::Nobody)?;
    let known = journal::read()?;
    let (ways, mut failed) = ways(&session, &known, named)?;
    let (found, problems) = backup::list(ways.iter().flat_map(Route::targets))?;
    failed.extend(problems);
    let state = |id: &str| known.iter().find(|migration| migration.id == id).map(|migration| migration.state);
    let rows: Vec<_> = found.into_iter().map(|(id, files)| (id.clone(), files, state(&id))).collect();
    terminal::answer(report::backups(&rows, failed.is_empty(), json)?.as_bytes())?;
    failed.iter().for_each(warning);
    if failed.is_empty() { Ok(()) } else { Err(error::list_not_whole().into()) }
}

/// Erases a backup.
pub fn forget_backup(id: &str, named: &[String]) -> Result<()> {
    if !super::id::is_one(id) {
        return Err(error::no_such_migration(id).into());
    }
    let session = Session::start(person())?;
    let mut known = journal::read()?;
    known.retain(|migration| migration.id == id);
    let (ways, mut failed) = ways(&session, &known, named)?;
    let (found, problems) = backup::list(ways.iter().flat_map(Route::targets))?;
    if !found.contains_key(id) {
        // A helper that cannot list may have it, too.
        let (is_found, unasked) = look_for_each(&known, &ways);
        if !is_found {
            failed.extend(problems.into_iter().chain(unasked));
            return Err(not_found(id, known.first(), &failed).into());
        }
    }
    let _lock = lock::one_migration()?;
    // Record it first. Otherwise, after a crash, a rollback would look for a backup that is gone.
    known.first().map_or(Ok(()), |migration| Journal::of(migration)?.forgotten())?;
    failed.extend(backup::erase(ways.iter().flat_map(Route::targets), id)?);
    failed.iter().for_each(warning);
    if !failed.is_empty() {
        return Err(error::backup_still_there(id).into());
    }
    let after = journal::read()?.into_iter().find(|migration| migration.id == id);
    let end = match after.filter(|migration| migration.state != State::RolledBack) {
        Some(migration) if !migration.can_be_rolled_back() => ": its keys stay in the chain, and cannot be restored",
        _ => "",
    };
    Ok(terminal::done(&format!("erased the backup of {}{end}", visible(id)))?)
}

/// The error for a backup that was not found. If a helper could not be asked, it may still exist.
fn not_found(id: &str, known: Option<&Noted>, failed: &[Error]) -> Error {
    failed.iter().for_each(warn_once);
    let is_left_out = |problem: &Error| problem.cause::<LeftOut>().is_some();
    match known {
        _ if !failed.iter().all(is_left_out) => error::backup_still_there(id),
        None => error::no_such_migration(id),
        Some(_) if failed.is_empty() => error::no_backup_of(id),
        // There is no point in waiting for a helper that is skipped here.
        Some(migration) if migration.forgotten => error::no_backup_seen(id),
        Some(_) => error::backup_still_there(id),
    }
}

/// Whether a helper returns a file that these migrations backed up, and why that may be unknown.
fn look_for_each(known: &[Noted], ways: &[Route]) -> (bool, Vec<Error>) {
    let mut unasked = Vec::new();
    for (migration, way) in known.iter().flat_map(|migration| ways.iter().map(move |way| (migration, way))) {
        for kept in &migration.files {
            match backup::find(way, &migration.id, &kept.file) {
                Ok(Some(_)) => return (true, Vec::new()),
                Ok(None) => {}
                Err(problem) => unasked.push(problem),
            }
        }
    }
    (false, unasked)
}

/// Erases all backups, also those that are in no journal. Returns why some may be left.
pub fn erase_every_backup(session: &Session) -> Result<Vec<Error>> {
    let (ways, mut failed) = ways(session, &journal::read()?, &[])?;
    let all = || ways.iter().flat_map(Route::targets);
    let (found, problems) = backup::list(all())?;
    failed.extend(problems);
    for id in found.keys() {
        failed.extend(backup::erase(all(), id)?);
    }
    Ok(failed)
}

/// Erases what was migrated to helpers outside the chain. Returns why some may be left.
pub fn erase_what_was_moved_elsewhere(session: &Session) -> Result<Vec<Error>> {
    let providers = &session.providers;
    let mut failed = Vec::new();
    for migration in journal::read()?.iter().filter(|migration| migration.state != State::RolledBack) {
        let Some(to) = migration.way.to.as_deref().filter(|to| !is_in_the_chain(providers, to)) else { continue };
        if !is_configured(providers, to) {
            failed.push(error::not_asked_to_erase(to));
            continue;
        }
        let route = match Route::open(session, &[], Some(to)) {
            Ok(route) => route,
            Err(problem) => {
                failed.push(problem);
                continue;
            }
        };
        for named in &migration.moved {
            let description = named.description()?;
            for chain in route.targets() {
                let erased = chain.erase_everywhere(Erase::of(&description, providers))?;
                failed.extend(erased.failed.iter().map(Error::from));
                if !chain.copies(&description, &Record::new(), true)?.found.is_empty() {
                    failed.push(error::still_answers(to));
                }
            }
        }
    }
    Ok(failed)
}

fn is_in_the_chain(providers: &Providers, to: &str) -> bool {
    let helpers = providers.helpers_for(&Record::new());
    matches!((entry_of_text(to), helpers), (Ok(to), Ok(chain)) if chain.entries.iter().any(|entry| entry.words == to.words))
}
