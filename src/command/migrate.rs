//! Moves credentials from one helper to others: each is got there, stored, read back, and only then erased at its source. Before
//! the first erase the files are kept, byte for byte, in the secure store. Stopped anywhere, every credential is in one of the two
//! places, and running it again finishes the job.

mod backup;
mod backups;
mod carry;
mod error;
mod id;
mod journal;
mod one_store;
mod plan;
mod report;
mod rollback;
mod route;
mod sources;
mod survey;

use std::collections::BTreeSet;

use anyhow::Result;
use modelforge_credential_protocol::{Error, Record};

use crate::command::keys;
use crate::config::Config;
use crate::lock;
use crate::person::{Person, person};
use crate::providers::Providers;
use crate::terminal::{self, warning};
use carry::{Kept, Outcome};
use journal::Journal;
use plan::{Choice, Item};
use route::Route;

pub use backups::{backups, erase_every_backup, erase_what_was_moved_elsewhere, forget_backup};
pub use rollback::roll_back;
pub use sources::DEFAULT_SOURCES;
pub use survey::status;

/// What `migrate` was asked to do.
#[derive(Default)]
pub struct Migrate {
    /// Helpers to take from; none: what is in plain text.
    pub from: Vec<String>,
    /// The helper to store in; none: the chain.
    pub to: Option<String>,
    pub provider: Option<String>,
    pub account: Option<String>,
    /// Which one stays where two differ.
    pub prefer: Option<Prefer>,
    pub drop_expired: bool,
    pub dry_run: bool,
    pub yes: bool,
    pub json: bool,
}

/// Which of two keys stays: the one at the source, or the one that the target keeps.
#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
pub enum Prefer {
    Source,
    Target,
}

impl Migrate {
    fn choice(&self, providers: &Providers) -> Result<Choice> {
        let provider = self.provider.as_deref().map(|name| providers.by_name(name)).transpose()?;
        Ok(Choice {
            provider: provider.map(|provider| provider.name),
            account: self.account.clone(),
            prefer: self.prefer,
            drop_expired: self.drop_expired,
        })
    }

    /// Whether it is to be carried out, and for all that there is.
    fn is_for_all(&self) -> bool {
        !self.dry_run && self.provider.is_none() && self.account.is_none()
    }
}

/// Shows the plan, asks once, does it, and reports. A credential that stays where it was makes the exit status 1.
pub fn migrate(asked: &Migrate) -> Result<()> {
    let providers = Providers::new(Config::load()?);
    let choice = asked.choice(&providers)?;
    let person = person();
    let route = Route::open(&providers, &asked.from, asked.to.as_deref(), &person)?;
    let mark = journal::mark();
    let progress = terminal::Progress::start("looking for keys");
    let (mut items, failed) = plan::plan(&providers, &route, &choice)?;
    drop(progress);
    failed.iter().for_each(warning);
    let moves = items.iter().filter(|item| item.step.takes()).count();
    if moves == 0 && failed.is_empty() && asked.is_for_all() {
        end_what_was_cut_short(&route)?;
    }
    if items.is_empty() || asked.dry_run {
        show(&items, &[], &route, None, &failed, asked)?;
        return end(0, &failed, &route);
    }
    if !asked.json {
        terminal::answer(report::plan(&items, &route).as_bytes())?;
    }
    let of_the_folder: BTreeSet<&str> = items.iter().filter_map(Item::file_of_the_folder).collect();
    of_the_folder.into_iter().for_each(|file| warning(&error::came_with_the_folder(file)));
    let question = format!("take {moves} out of {}? [y/N] ", sources(&route, asked));
    if moves > 0 && !asked.yes && !is_confirmed(&person, asked.json, &question, error::migration_not_confirmed)? {
        return Ok(terminal::done("nothing was changed")?);
    }
    let (mut outcomes, mut id) = (Vec::new(), None);
    if moves > 0 {
        let _lock = lock::one_migration()?;
        one_store::refuse(&route)?;
        if journal::mark() != mark {
            // Another one was at work in the meantime. What it took is no longer there to be kept.
            items = plan::again(&providers, &route, &choice, &items)?;
            if !items.iter().any(|item| item.step.takes()) {
                return Err(error::migrated_meanwhile().into());
            }
        }
        let (mut journal, kept) = begin(&items, &route)?;
        outcomes = carry_out(&mut items, &kept, &providers, &route, &choice, &mut journal, asked.json)?;
        id = Some(journal.id().to_owned());
    } else {
        items.iter().for_each(|item| outcomes.push(Outcome::Left(item.problem.clone())));
        items.iter().zip(&outcomes).try_for_each(|(item, outcome)| tell_why(item, outcome))?;
    }
    if asked.json {
        show(&items, &outcomes, &route, id.as_deref(), &failed, asked)?;
    } else if let Some(id) = &id {
        tell_what_is_next(id, &outcomes, &items, &route)?;
        tell_what_exec_hands_out(&providers, &outcomes, &items)?;
    }
    end(outcomes.iter().filter(|outcome| outcome.leaves_one()).count(), &failed, &route)
}

/// Notes that it begins, and keeps the files. One that could not keep them has taken nothing, and is no migration.
fn begin(items: &[Item], route: &Route) -> Result<(Journal, Vec<Kept>)> {
    let journal = Journal::begin(route.from(), route.to.clone())?;
    let kept = carry::keep_files(items, route, &journal);
    if kept.is_err() && journal.is_new() {
        backup::erase(route.targets(), journal.id())?.iter().for_each(warning);
        journal.given_up()?;
    }
    Ok((journal, kept?))
}

/// Does it, and says of each what came of it.
fn carry_out(
    items: &mut [Item],
    kept: &[Kept],
    providers: &Providers,
    route: &Route,
    choice: &Choice,
    journal: &mut Journal,
    is_quiet: bool,
) -> Result<Vec<Outcome>> {
    let tell = |item: &Item, outcome: &Outcome, shows: bool| match outcome {
        Outcome::Left(_) => tell_why(item, outcome),
        _ => {
            if shows
                && !is_quiet
                && let Some(line) = report::outcome(item, outcome, route)
            {
                terminal::done(&line)?;
            }
            tell_why(item, outcome)
        }
    };
    let outcomes = carry::carry_out(items, kept, providers, route, choice, journal, tell)?;
    journal.finished()?;
    Ok(outcomes)
}

/// A migration that was killed after its last move has nothing more to do, and is noted as finished.
fn end_what_was_cut_short(route: &Route) -> Result<()> {
    let is_one = || -> Result<Option<Journal>> {
        // Notes that cannot be read tell of none.
        let known = journal::read().unwrap_or_default();
        let unfinished = journal::unfinished(&known, &route.from(), route.to.as_deref());
        Ok(unfinished.map(Journal::of).transpose()?)
    };
    if is_one()?.is_some() {
        let _lock = lock::one_migration()?;
        // It may just have been at work.
        is_one()?.map_or(Ok(()), |journal| journal.finished())?;
    }
    Ok(())
}

fn end(left: usize, failed: &[Error], route: &Route) -> Result<()> {
    match (left, route.is_from_plain_text()) {
        (0, _) if failed.is_empty() => Ok(()),
        (0, _) => Err(error::not_all_looked_at().into()),
        (left, true) => Err(error::left_in_plain_text(left).into()),
        (left, false) => Err(error::left_at_the_source(left).into()),
    }
}

fn show(
    items: &[Item],
    outcomes: &[Outcome],
    route: &Route,
    id: Option<&str>,
    failed: &[Error],
    asked: &Migrate,
) -> Result<()> {
    if asked.json {
        return Ok(terminal::answer(report::json(items, outcomes, route, (id, asked.dry_run), failed)?.as_bytes())?);
    }
    if items.is_empty() {
        let what =
            if route.is_from_plain_text() { "no key was found in plain text" } else { "there is nothing to move" };
        return Ok(terminal::done(what)?);
    }
    terminal::answer(report::plan(items, route).as_bytes())?;
    items.iter().filter_map(Item::why).for_each(|problem| warning(&problem));
    Ok(terminal::done("nothing was changed")?)
}

fn sources(route: &Route, asked: &Migrate) -> String {
    if asked.from.is_empty() { "plain text".into() } else { format!("`{}`", route.from().join("`, `")) }
}

/// The plain-text file that a listed credential is in: one that is kept before it is changed.
fn plain_file(listed: &Record) -> Option<String> {
    listed.text("file").filter(|_| listed.is_true("plain_text")).map(str::to_owned)
}

/// Asks whether to go on, where a person is there to be asked.
fn is_confirmed(person: &Person, json: bool, question: &str, nobody: impl FnOnce() -> Error) -> Result<bool> {
    match person {
        Person::Terminal if !json => Ok(terminal::confirm(question)?),
        _ => Err(nobody().into()),
    }
}

/// Why a credential stays where it was.
fn tell_why(item: &Item, outcome: &Outcome) -> Result<()> {
    match outcome {
        Outcome::Left(problem) => problem.clone().or_else(|| item.why()).iter().for_each(warning),
        Outcome::Uncovered(_, another) => warning(another),
        Outcome::Moved(_) | Outcome::Erased => {}
    }
    Ok(())
}

fn tell_what_is_next(id: &str, outcomes: &[Outcome], items: &[Item], route: &Route) -> Result<()> {
    let done = outcomes.iter().filter(|outcome| !outcome.is_left()).count();
    let program = error::PROGRAM;
    let left = outcomes.len() - done;
    if done == 0 {
        return Ok(terminal::done(&format!("0 moved, {left} left"))?);
    }
    let undo = error::rollback_command(id, &route.from(), route.to.as_deref());
    terminal::done(&format!("{done} moved, {left} left; `{undo}` undoes it"))?;
    if items.iter().any(|item| item.file.is_some()) {
        let lines = [
            format!("the files as they were are kept encrypted; `{program} migrate --forget-backup {id}` erases them"),
            format!("from now on start ModelForge so: `{program} exec -- modelforge …`"),
            "without that it asks for each key again, and puts it into its file".to_owned(),
            "keys that others could read may have been read, and shell histories, dotfile repositories and backups may still hold \
             them: make new ones"
                .to_owned(),
        ];
        lines.iter().try_for_each(|line| terminal::done(line))?;
    }
    Ok(())
}

/// A program that found its key in a file gets it from `exec` now, if that finds it.
fn tell_what_exec_hands_out(providers: &Providers, outcomes: &[Outcome], items: &[Item]) -> Result<()> {
    let is_moved = |outcome: &Outcome| matches!(outcome, Outcome::Moved(_) | Outcome::Uncovered(..));
    let from_files = items.iter().zip(outcomes).filter(|(item, outcome)| item.file.is_some() && is_moved(outcome));
    let from_files: Vec<_> = from_files.map(|(item, _)| &item.request.record).collect();
    let unreached = keys::unreached(providers, from_files.iter().copied());
    unreached.iter().for_each(warning);
    if !from_files.is_empty() && unreached.is_empty() {
        terminal::done(&format!("`{} exec -- COMMAND` hands out each key that was moved", error::PROGRAM))?;
    }
    Ok(())
}

/// A migration or a rollback that was cut short, for who asks whether all is well.
pub fn unfinished() -> Option<Error> {
    let known = match journal::read() {
        Ok(known) => known,
        Err(problem) => return Some(problem),
    };
    let of = |state| known.iter().rfind(|migration| migration.state == state);
    let cut = of(journal::State::Begun);
    let cut = cut.map(|migration| error::migration_cut_short(&migration.id, &migration.command()));
    cut.or_else(|| of(journal::State::RollbackBegun).map(|migration| error::rollback_cut_short(&migration.id)))
}
