//! Carries out a plan: keeps the files, stores all credentials, each read back, and only then erases what is kept.

use modelforge_credential_protocol::{Error, Record, Result};

use super::choice::Prefer;
use super::item::{Item, Outcome, Step};
use super::journal::{Journal, Named};
use super::migration::Migration;
use super::route::Asks;
use super::{backup, error};
use crate::terminal::{Progress, warn_once, warning};

/// A migration that was begun: what it does is noted, and the files that it takes from are kept.
pub struct Begun<'m, 'a> {
    migration: &'m mut Migration<'a>,
    journal: Journal,
    kept: Vec<Kept>,
}

/// A file that was kept before it is changed.
struct Kept {
    source: usize,
    file: String,
    content: Record,
}

impl Kept {
    fn is_of(&self, item: &Item) -> bool {
        self.source == item.source && item.file.as_deref() == Some(&*self.file)
    }
}

impl<'m, 'a> Begun<'m, 'a> {
    /// Notes that it begins, and keeps the files. One that could not keep them has taken nothing, and is no migration.
    pub fn begin(migration: &'m mut Migration<'a>) -> Result<Self> {
        let route = &migration.route;
        let journal = Journal::begin(route.from(), route.to.clone())?;
        let kept = keep_files(migration, &journal);
        if kept.is_err() && journal.is_new() {
            backup::erase(route.targets(), journal.id())?.iter().for_each(warning);
            journal.given_up()?;
        }
        Ok(Self { kept: kept?, migration, journal })
    }

    /// How it is called.
    pub fn id(&self) -> &str {
        self.journal.id()
    }

    /// Stores what moves, before anything is erased: there are helpers that keep one thing in the place of another.
    pub fn store_all(&mut self) -> anyhow::Result<()> {
        let mut items = std::mem::take(&mut self.migration.items);
        let moving = || items.iter().filter(|item| item.step == Step::Move);
        let named = |item: &Item| {
            let source = self.migration.source(item)?;
            Ok(Named::of(&source.words, item.file.as_deref(), &item.request.record))
        };
        self.journal.moving(moving().map(named).collect::<Result<_>>()?)?;
        let mut progress = Progress::count("storing", moving().count());
        for item in items.iter_mut().filter(|item| item.step == Step::Move) {
            self.migration.store(item)?;
            progress.step(|_| Ok(()))?;
        }
        self.migration.items = items;
        Ok(())
    }

    /// Erases what is kept at its source, and tells of each: whether there is room for more than a warning as well.
    pub fn take_out(
        &mut self,
        mut tell: impl FnMut(&Migration, &Item, bool) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut items = std::mem::take(&mut self.migration.items);
        let lost = self.lost_backups();
        let mut progress = Progress::count("moving", items.len());
        for item in &mut items {
            let lost = lost.iter().find(|(kept, _)| kept.is_of(item)).map(|(_, problem)| problem.clone());
            let outcome = if item.step.takes() {
                let mut event = self.migration.session.event("migrate", &item.request.record);
                let outcome = match (item.outcome.take(), lost) {
                    (Some(left), _) => left,
                    (None, Some(problem)) => Outcome::Left(Some(problem)),
                    (None, None) => self.migration.take_out(item)?,
                };
                outcome.log(&mut event);
                outcome
            } else {
                Outcome::Left(item.problem.clone())
            };
            item.outcome = Some(outcome);
            progress.step(|shows| tell(self.migration, item, shows))?;
        }
        self.migration.items = items;
        Ok(self.journal.finished()?)
    }

    /// The files of which the backup is no longer what it was, after all else was stored.
    fn lost_backups(&self) -> Vec<(&Kept, Error)> {
        let problem = |kept: &Kept| match backup::find(&self.migration.route, self.journal.id(), &kept.file) {
            Ok(Some(found)) if backup::is_same_content(&found, &kept.content) => None,
            Ok(_) => Some(error::no_backup(&kept.file, &error::backup_not_whole())),
            Err(problem) => Some(error::no_backup(&kept.file, &problem)),
        };
        self.kept.iter().filter_map(|kept| Some((kept, problem(kept)?))).collect()
    }
}

/// Keeps what is about to be changed. Nothing is taken out of a file that could not be kept.
fn keep_files(migration: &Migration, journal: &Journal) -> Result<Vec<Kept>> {
    let mut kept: Vec<Kept> = Vec::new();
    for item in migration.items.iter().filter(|item| item.step.takes()) {
        let Some(file) = item.file.as_deref() else { continue };
        if !kept.iter().any(|kept| kept.is_of(item)) {
            let content = backup::keep(journal, &migration.route, migration.source(item)?, file)?;
            kept.push(Kept { source: item.source, file: file.to_owned(), content });
        }
    }
    Ok(kept)
}

impl Migration<'_> {
    /// Stores it at its target, or says why it stays.
    fn store(&self, item: &mut Item) -> Result<()> {
        let credential = item.credential();
        let stored = self.target(item).store_moved(&credential, self.choice.prefer == Some(Prefer::Source))?;
        stored.remarks.iter().for_each(warn_once);
        if stored.kept_by.is_empty() {
            item.outcome = Some(Outcome::Left(Some(error::not_kept(&credential))));
        }
        (item.kept_by, item.may_be_one_place) = (stored.kept_by, stored.was_kept);
        Ok(())
    }

    /// Erases it at its source, if both sides are as they should be, and looks whether the target has one of its own.
    fn take_out(&self, item: &Item) -> Result<Outcome> {
        if let Some(problem) = self.changed_at_the_target(item)? {
            return Ok(Outcome::Left(Some(problem)));
        }
        let (source, file, credential) = (self.source(item)?, item.file.as_deref(), item.credential());
        let word = item.word().filter(|_| self.choice.rewires && item.step != Step::DropExpired);
        let asks = word.map(|word| Asks { word, by_line: self.choice.shell_line });
        let another = match source.erase(&credential, file, asks.as_ref())? {
            Err(problem) => return Ok(Outcome::Left(Some(problem))),
            Ok(another) => another,
        };
        // Something that was stored where nothing was before is in a place of its own. What was there already may have been read from the
        // very place that it was just taken out of.
        if item.step == Step::Erase || item.may_be_one_place {
            let copies = self.target(item).copies(&item.request.record, &item.request.context, true)?;
            let is_kept = copies.kept().any(|(_, copy)| copy.holds_the_same_secrets(&credential));
            if !is_kept && copies.failed.is_empty() {
                let is_back = source.put_back(&credential, file)?;
                return Ok(Outcome::Left(Some(error::no_copy_of_its_own(&credential, is_back))));
            }
        }
        Ok(match another {
            Some(another) => Outcome::Uncovered(item.kept_by.clone(), another),
            None if item.kept_by.is_empty() => Outcome::Erased,
            None => Outcome::Moved(item.kept_by.clone()),
        })
    }

    /// Why it must not be taken out: the target does not hold what the plan says. Somebody may have changed it, or what was stored since
    /// took its place.
    fn changed_at_the_target(&self, item: &Item) -> Result<Option<Error>> {
        if item.step == Step::DropExpired {
            return Ok(None);
        }
        let credential = item.credential();
        let copies = self.target(item).copies(&item.request.record, &item.request.context, true)?;
        let kept = copies.kept().next().map(|(_, copy)| copy.holds_the_same_secrets(&credential));
        Ok(match (item.step, kept) {
            (_, Some(true)) | (Step::Drop, Some(false)) => None,
            (Step::Move, None) => Some(error::not_kept(&credential)),
            (Step::Move, Some(false)) if self.choice.prefer == Some(Prefer::Source) => {
                Some(error::not_kept(&credential))
            }
            _ => Some(error::changed_since_the_plan(&credential)),
        })
    }
}
