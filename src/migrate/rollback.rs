//! The way back: the files as they were before a migration, and the credentials that it stored taken out of the chain again.

use anyhow::Result;
use modelforge_credential_protocol::{Error, Record};

use super::backup;
use super::journal::{self, Journal, Migration, Named, State};
use super::route::Route;
use crate::audit::Event;
use crate::chain::holds_the_same_secret;
use crate::config::Config;
use crate::providers::Providers;
use crate::terminal::{self, Person, warning};
use crate::{error, lock};

/// What a rollback did, or would do.
pub struct Rollback {
    pub id: String,
    /// Each file, and whether it is byte for byte what it was.
    pub files: Vec<(String, Option<bool>)>,
    /// How many credentials were taken out of the chain again.
    pub taken_back: usize,
    pub failed: Vec<Error>,
}

/// Puts back what a migration took: of the last one that was not rolled back, unless another is named.
pub fn roll_back(id: Option<&str>, yes: bool, json: bool) -> Result<()> {
    let providers = Providers::new(Config::load()?);
    let person = terminal::person();
    let (migration, route) = choose(id, &providers, &person)?;
    if !json {
        terminal::tell(&super::report::rollback_plan(&migration))?;
    }
    if !migration.files.is_empty() {
        warning(&error::back_to_plain_text());
    }
    if !yes
        && !super::is_confirmed(&person, json, "put them back? [y/N] ", || {
            error::rollback_not_confirmed(&migration.id)
        })?
    {
        return Ok(terminal::done("nothing was changed")?);
    }
    let _lock = lock::one_migration()?;
    let journal = Journal::of(&migration)?;
    journal.rollback_begun()?;
    let mut rollback = Rollback { id: migration.id.clone(), files: Vec::new(), taken_back: 0, failed: Vec::new() };
    for file in &migration.files {
        let outcome = put_file_back(&migration.id, file, &route);
        let exactly = outcome.map_err(|problem| rollback.failed.push(Error::new(problem.to_string()))).ok();
        rollback.files.push((file.clone(), exactly));
    }
    for named in &migration.moved {
        let is_failed = |file: &String| rollback.files.iter().any(|(known, done)| known == file && done.is_none());
        if named.file.as_ref().is_some_and(is_failed) {
            continue;
        }
        let mut event = Event::start("rollback", &providers, &named.description()?);
        match take_back(named, &route) {
            Ok(Some(problem)) => rollback.failed.push(problem),
            Ok(None) => {
                event.outcome("put back");
                rollback.taken_back += 1;
            }
            Err(problem) => rollback.failed.push(Error::new(problem.to_string())),
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

/// The migration that is meant, and the way that it went. One that only a backup tells of counts as well.
fn choose(id: Option<&str>, providers: &Providers, person: &Person) -> Result<(Migration, Route)> {
    let mut known = journal::read()?;
    if let Some(at) = known.iter().rposition(|one| id.map_or(one.can_be_rolled_back(), |id| one.id == id)) {
        let migration = known.swap_remove(at);
        if migration.state == State::RolledBack {
            return Err(error::rolled_back_already(&migration.id).into());
        }
        let route = Route::open(providers, &migration.from, migration.to.as_deref(), person)?;
        return Ok((migration, route));
    }
    let route = Route::open(providers, &[], None, person)?;
    let (mut backups, failed) = backup::list(route.targets())?;
    failed.iter().for_each(warning);
    backups.retain(|found, _| known.iter().all(|migration| migration.id != *found));
    let found = match id {
        Some(id) => backups.remove_entry(id).ok_or_else(|| error::no_such_migration(id))?,
        None => backups.pop_last().ok_or_else(error::nothing_to_roll_back)?,
    };
    let files = found.1.into_iter().map(|backup| backup.file).collect();
    Ok((Migration { id: found.0, files, from: route.from(), ..Migration::default() }, route))
}

/// Puts a file back, and looks: whether it is byte for byte what it was.
fn put_file_back(id: &str, file: &str, route: &Route) -> Result<bool> {
    let content = backup::find(route, id, file)?.ok_or_else(|| error::backup_is_gone(file))?;
    let source = route.sources.first().ok_or_else(|| Error::new("there is no source"))?;
    source.put_file_back(file, &content).map_err(|problem| error::not_put_back_in(file, &problem))?;
    let now = source.file(file)?.ok_or_else(error::file_is_gone)?;
    Ok(backup::is_same_content(&now, &content))
}

/// Takes a credential out of the chain again, once it is at its source; why not, if it stays.
fn take_back(named: &Named, route: &Route) -> Result<Option<Error>> {
    let Some(source) = route.sources.iter().find(|source| source.words == named.from) else {
        return Ok(Some(error::not_in_the_chain(&named.from)));
    };
    let description = named.description()?;
    let file = named.file.as_deref();
    let mut kept_by = None;
    let mut kept = Vec::new();
    for chain in route.targets() {
        kept = chain.copies(&description, &Record::new())?.into_iter().map(|(_, copy)| copy).collect();
        if !kept.is_empty() {
            kept_by = Some(chain);
            break;
        }
    }
    let here = source.get(&description, file)?;
    let Some(copy) = kept.iter().find(|copy| !copy.is_true("ephemeral")) else {
        // Nothing is kept of it: it was taken back before, or erased since.
        return Ok(here.is_none().then(|| error::in_neither_place(&description)));
    };
    let mut credential = description.clone();
    credential.merge(copy);
    let is_here = match &here {
        Some(here) => holds_the_same_secret(here, copy),
        None => source.put_back(&credential, file)?,
    };
    match (is_here, here.is_some(), kept_by) {
        (true, _, Some(chain)) => Ok(chain.erase_copies(&credential)?.into_iter().next()),
        // It was replaced in one of the two since: both stay.
        (false, true, _) => {
            warning(&error::differs_now(&description));
            Ok(None)
        }
        _ => Ok(Some(error::not_put_back_at(&description, &source.name))),
    }
}
