//! Carries out a plan: keeps the files, then moves one credential after the other: stored, read back, and only then erased.

use anyhow::Result;
use modelforge_credential_protocol::{Error, Record};

use super::journal::{Journal, Named};
use super::plan::{Choice, Item, Step};
use super::route::Route;
use super::{Prefer, backup};
use crate::audit::Event;
use crate::error;
use crate::providers::Providers;
use crate::terminal::{Progress, is_news, warning};

/// What became of a credential.
pub enum Outcome {
    /// It is in these helpers now, and no longer at its source.
    Moved(Vec<String>),
    /// It is no longer at its source, and was kept already or not worth keeping.
    Erased,
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
            Self::Erased => event.outcome("erased"),
            Self::Left(_) => event.outcome("left"),
        }
    }

    pub fn is_left(&self) -> bool {
        matches!(self, Self::Left(_))
    }
}

/// Keeps what is about to be changed. Nothing is taken out of a file that could not be kept.
pub fn keep_files(items: &[Item], route: &Route, journal: &Journal) -> Result<()> {
    let mut kept: Vec<(usize, &str)> = Vec::new();
    for item in items.iter().filter(|item| item.step.takes()) {
        let Some(file) = item.file.as_deref() else { continue };
        if !kept.contains(&(item.source, file)) {
            backup::keep(journal, route, item.source(route)?, file)?;
            kept.push((item.source, file));
        }
    }
    Ok(())
}

/// Does what the plan says, as far as it still holds.
pub fn carry_out(
    items: &mut [Item],
    providers: &Providers,
    route: &Route,
    choice: &Choice,
    journal: &mut Journal,
    // What is told of each, and whether there is room for what is no warning.
    mut tell: impl FnMut(&Item, &Outcome, bool) -> Result<()>,
) -> Result<Vec<Outcome>> {
    let mut progress = Progress::count("moving", items.len());
    let mut outcomes = Vec::with_capacity(items.len());
    for item in items {
        let outcome = if item.step.takes() {
            let mut event = Event::start("migrate", providers, &item.request.record);
            let outcome = one(item, route, choice, journal)?;
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

fn one(item: &mut Item, route: &Route, choice: &Choice, journal: &mut Journal) -> Result<Outcome> {
    let planned = item.step;
    // Somebody may have changed one side since the plan was shown.
    let found = match item.decide(route, choice) {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(Outcome::Left(item.problem.clone())),
        Err(problem) => return Ok(Outcome::Left(Some(Error::new(problem.to_string())))),
    };
    if !item.step.takes() || (item.step != planned && !matches!(item.step, Step::Move | Step::Erase)) {
        return Ok(Outcome::Left(Some(error::changed_since_the_plan(&item.request.record))));
    }
    let mut record = item.request.record.clone();
    record.merge(&found);
    let source = item.source(route)?;
    let mut kept_by = Vec::new();
    if item.step == Step::Move {
        journal.moving(Named::of(&source.words, item.file.as_deref(), &item.request.record))?;
        let stored = item.target(route).store_moved(&record, choice.prefer == Some(Prefer::Source))?;
        // The same of each helper for each credential is said once.
        let news = stored.remarks.iter().filter(|remark| is_news(&remark.to_string()));
        news.for_each(warning);
        if stored.kept_by.is_empty() {
            return Ok(Outcome::Left(Some(error::not_kept(&record))));
        }
        kept_by = stored.kept_by;
    }
    if let Some(problem) = erase(item, route, &record)? {
        return Ok(Outcome::Left(Some(problem)));
    }
    Ok(if kept_by.is_empty() { Outcome::Erased } else { Outcome::Moved(kept_by) })
}

/// Erases it at its source, if that still is the secret that was read.
fn erase(item: &Item, route: &Route, record: &Record) -> Result<Option<Error>> {
    item.source(route)?.erase(record, item.file.as_deref())
}
