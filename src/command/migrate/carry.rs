//! Carries out a plan: keeps the files, stores all credentials, each read back, and only then erases what is kept.

use anyhow::Result;
use modelforge_credential_protocol::{Error, Record};

use super::journal::{Journal, Named};
use super::plan::{Choice, Item, Step, problem_of};
use super::route::Route;
use super::{Prefer, backup};
use crate::audit::Event;
use crate::chain::holds_the_same_secret;
use crate::command::migrate::error;
use crate::providers::Providers;
use crate::terminal::{Progress, warn_once};

/// What became of a credential.
pub enum Outcome {
    /// It is in these helpers now, and no longer at its source.
    Moved(Vec<String>),
    /// It is no longer at its source, and was kept already or not worth keeping.
    Erased,
    /// The same, in these helpers if it was moved; and another key for it is at its source now, which nobody used.
    Uncovered(Vec<String>, Error),
    /// It is where it was.
    Left(Option<Error>),
}

impl Outcome {
    fn tell(&self, event: &mut Event) {
        match self {
            Self::Moved(helpers) => {
                event.helper(&helpers.join(", "));
                event.outcome("moved");
            }
            Self::Uncovered(helpers, _) if !helpers.is_empty() => Self::Moved(helpers.clone()).tell(event),
            Self::Erased | Self::Uncovered(..) => event.outcome("erased"),
            Self::Left(_) => event.outcome("left"),
        }
    }

    pub fn is_left(&self) -> bool {
        matches!(self, Self::Left(_))
    }

    /// Whether a key for it is still at its source.
    pub fn leaves_one(&self) -> bool {
        matches!(self, Self::Left(_) | Self::Uncovered(..))
    }
}

/// A file that was kept before it is changed.
pub struct Kept {
    source: usize,
    file: String,
    content: Record,
}

impl Kept {
    fn is_of(&self, item: &Item) -> bool {
        self.source == item.source && item.file.as_deref() == Some(&*self.file)
    }
}

/// Keeps what is about to be changed. Nothing is taken out of a file that could not be kept.
pub fn keep_files(items: &[Item], route: &Route, journal: &Journal) -> Result<Vec<Kept>> {
    let mut kept: Vec<Kept> = Vec::new();
    for item in items.iter().filter(|item| item.step.takes()) {
        let Some(file) = item.file.as_deref() else { continue };
        if !kept.iter().any(|kept| kept.is_of(item)) {
            let content = backup::keep(journal, route, item.source(route)?, file)?;
            kept.push(Kept { source: item.source, file: file.to_owned(), content });
        }
    }
    Ok(kept)
}

/// Does what the plan says, as far as it still holds: first it stores all, and only what is still there then is erased at its
/// source. There are helpers that keep one thing in the place of another.
pub fn carry_out(
    items: &mut [Item],
    kept: &[Kept],
    providers: &Providers,
    route: &Route,
    choice: &Choice,
    journal: &mut Journal,
    // What is told of each, and whether there is room for what is no warning.
    mut tell: impl FnMut(&Item, &Outcome, bool) -> Result<()>,
) -> Result<Vec<Outcome>> {
    let mut progress = Progress::count("storing", items.len());
    let mut stored = Vec::with_capacity(items.len());
    for item in &*items {
        let is_stored = if item.step == Step::Move { store(item, route, choice, journal)? } else { Ok(Vec::new()) };
        stored.push(is_stored);
        progress.step(|_| Ok(()))?;
    }
    drop(progress);
    let lost = lost_backups(kept, route, journal);
    let mut progress = Progress::count("moving", items.len());
    let mut outcomes = Vec::with_capacity(items.len());
    for (item, stored) in items.iter_mut().zip(stored) {
        let lost = lost.iter().find(|(kept, _)| kept.is_of(item)).map(|(_, problem)| problem.clone());
        let outcome = if item.step.takes() {
            let mut event = Event::start("migrate", providers, &item.request.record);
            let outcome = match (stored, lost) {
                (Err(problem), _) | (_, Some(problem)) => Outcome::Left(Some(problem)),
                (Ok(kept_by), None) => take_out(item, kept_by, route, choice)?,
            };
            outcome.tell(&mut event);
            outcome
        } else {
            Outcome::Left(item.problem.clone())
        };
        progress.step(|shows| tell(item, &outcome, shows))?;
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

/// The helpers that keep it now, or why none does.
fn store(item: &Item, route: &Route, choice: &Choice, journal: &mut Journal) -> Result<Result<Vec<String>, Error>> {
    let source = item.source(route)?;
    let found = match source.get(&item.request.record, item.file.as_deref()) {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(Err(error::gone_meanwhile(&item.request.record))),
        Err(problem) => return Ok(Err(problem_of(&problem))),
    };
    let record = with(&item.request.record, &found);
    journal.moving(Named::of(&source.words, item.file.as_deref(), &item.request.record))?;
    let stored = item.target(route).store_moved(&record, choice.prefer == Some(Prefer::Source))?;
    stored.remarks.iter().for_each(warn_once);
    Ok(if stored.kept_by.is_empty() { Err(error::not_kept(&record)) } else { Ok(stored.kept_by) })
}

/// The files of which the backup is no longer what it was, after all else was stored.
fn lost_backups<'a>(kept: &'a [Kept], route: &Route, journal: &Journal) -> Vec<(&'a Kept, Error)> {
    let problem = |kept: &Kept| match backup::find(route, journal.id(), &kept.file) {
        Ok(Some(found)) if backup::is_same_content(&found, &kept.content) => None,
        Ok(_) => Some(error::no_backup(&kept.file, &error::backup_not_whole())),
        Err(problem) => Some(error::no_backup(&kept.file, &problem_of(&problem))),
    };
    kept.iter().filter_map(|kept| Some((kept, problem(kept)?))).collect()
}

/// Erases it at its source, if both sides are as they should be, and looks whether the target has one of its own.
fn take_out(item: &mut Item, kept_by: Vec<String>, route: &Route, choice: &Choice) -> Result<Outcome> {
    let planned = item.step;
    // Somebody may have changed one side since the plan was shown.
    let found = match item.decide(route, choice) {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(Outcome::Left(item.problem.clone())),
        Err(problem) => return Ok(Outcome::Left(Some(problem_of(&problem)))),
    };
    let record = with(&item.request.record, &found);
    let is_as_planned = item.step == Step::Erase || (item.step == planned && planned != Step::Move);
    if !is_as_planned {
        let is_lost = planned == Step::Move && item.step == Step::Move;
        let problem = if is_lost { error::not_kept(&record) } else { error::changed_since_the_plan(&record) };
        return Ok(Outcome::Left(Some(problem)));
    }
    let (source, file) = (item.source(route)?, item.file.as_deref());
    let another = match source.erase(&record, file)? {
        Err(problem) => return Ok(Outcome::Left(Some(problem))),
        Ok(another) => another,
    };
    if item.step == Step::Erase {
        let copies = item.target(route).copies(&item.request.record, &item.request.context, true)?;
        let is_kept = copies.kept().any(|(_, copy)| holds_the_same_secret(copy, &record));
        // The target answered from the very place that it was taken out of, by another way.
        if !is_kept && copies.failed.is_empty() {
            let is_back = source.put_back(&record, file)?;
            return Ok(Outcome::Left(Some(error::no_copy_of_its_own(&record, is_back))));
        }
    }
    item.step = planned;
    Ok(match another {
        Some(another) => Outcome::Uncovered(kept_by, another),
        None if kept_by.is_empty() => Outcome::Erased,
        None => Outcome::Moved(kept_by),
    })
}

fn with(request: &Record, found: &Record) -> Record {
    let mut record = request.clone();
    record.merge(found);
    record
}
