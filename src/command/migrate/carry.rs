//! Carries out a plan: backs up the files, stores all credentials and reads them back, and only then erases them at their sources.

use std::collections::BTreeMap;

use modelforge_credential_protocol::{Error, Record, Result};

use super::choice::Prefer;
use super::item::{Item, Outcome, Step};
use super::journal::Journal;
use super::migration::Migration;
use super::named::Named;
use super::route::{Asks, Taken};
use super::{backup, error, projects};
use crate::audit::Operation;
use crate::chain::{Asked, Copies, TOGETHER};
use crate::terminal::{Progress, warn_once, warning};

/// A migration that has begun: it is in the journal, and its files are backed up.
pub struct Begun<'m, 'a> {
    migration: &'m mut Migration<'a>,
    journal: Journal,
    kept: Vec<Kept>,
}

/// A file that was backed up before it is changed.
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
    /// Records the beginning, and backs up the files. If that fails, nothing was changed, and there is no migration.
    pub fn begin(migration: &'m mut Migration<'a>) -> Result<Self> {
        let route = &migration.route;
        let journal = Journal::begin(route.way())?;
        let kept = keep_files(migration, &journal);
        if kept.is_err() && journal.is_new() {
            backup::erase(route.targets(), journal.id())?.iter().for_each(warning);
            journal.given_up()?;
        }
        Ok(Self { kept: kept?, migration, journal })
    }

    /// The migration's name.
    pub fn id(&self) -> &str {
        self.journal.id()
    }

    /// Stores everything that moves before anything is erased, because some helpers store one credential in place of another.
    pub fn store_all(&mut self) -> anyhow::Result<()> {
        let mut items = std::mem::take(&mut self.migration.items);
        let moving = || items.iter().filter(|item| item.step == Step::Move);
        let named = |item: &Item| {
            let source = self.migration.source(item)?;
            Ok(Named::of(&source.words, item.file.as_deref(), &item.request.record))
        };
        self.journal.moving(moving().map(named).collect::<Result<_>>()?)?;
        let mut progress = Progress::count("storing", moving().count());
        let moving = items.iter_mut().filter(|item| item.step == Step::Move).collect();
        for group in self.migration.by_target(moving) {
            let mut group = group.into_iter().peekable();
            while group.peek().is_some() {
                let mut together: Vec<&mut Item> = group.by_ref().take(TOGETHER).collect();
                self.migration.store(&mut together)?;
                together.iter().try_for_each(|_| progress.step(|_| Ok(())))?;
            }
        }
        self.migration.items = items;
        Ok(())
    }

    /// Erases each stored credential at its source, and reports it; `tell` also gets whether there is room for more than a warning. Returns
    /// the notes for `exec`.
    pub fn take_out(
        &mut self,
        mut tell: impl FnMut(&Migration, &Item, bool) -> anyhow::Result<()>,
    ) -> anyhow::Result<Vec<projects::Noted>> {
        let leaves = |item: &&Item| item.outcome.is_none() && item.step.takes();
        let noted = projects::note(self.migration, &self.journal, self.migration.items.iter().filter(leaves));
        let mut items = std::mem::take(&mut self.migration.items);
        let lost = self.lost_backups();
        let mut progress = Progress::count("moving", items.len());
        for items in items.chunks_mut(TOGETHER) {
            for item in items.iter_mut().filter(|item| item.outcome.is_none()) {
                let lost = lost.iter().find(|(kept, _)| kept.is_of(item)).map(|(_, problem)| problem.clone());
                let stays = if item.step.takes() { lost } else { item.problem.clone() };
                if stays.is_some() || !item.step.takes() {
                    item.outcome = Some(Outcome::Left(stays));
                }
            }
            self.migration.take_out_all(items)?;
            for item in &*items {
                progress.step(|shows| tell(self.migration, item, shows))?;
            }
        }
        self.migration.items = items;
        let noted = projects::take_back(self.migration, &self.journal, noted);
        self.journal.finished()?;
        Ok(noted)
    }

    /// The files whose backup changed while everything else was stored.
    fn lost_backups(&self) -> Vec<(&Kept, Error)> {
        let problem = |kept: &Kept| match backup::find(&self.migration.route, self.journal.id(), &kept.file) {
            Ok(Some(found)) if backup::is_same_content(&found, &kept.content) => None,
            Ok(_) => Some(error::no_backup(&kept.file, &error::backup_not_whole())),
            Err(problem) => Some(error::no_backup(&kept.file, &problem)),
        };
        self.kept.iter().filter_map(|kept| Some((kept, problem(kept)?))).collect()
    }
}

/// Backs up what will be changed. Nothing is removed from a file that could not be backed up.
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
    /// Stores them at their target, the same for all of them, or records why they stay.
    fn store(&self, items: &mut [&mut Item]) -> Result<()> {
        let Some(first) = items.first() else { return Ok(()) };
        let credentials: Vec<Record> = items.iter().map(|item| item.credential()).collect::<Result<_>>()?;
        let all = self.target(first).store_moved_each(&credentials, self.choice.prefer == Some(Prefer::Source))?;
        for ((item, stored), credential) in items.iter_mut().zip(all).zip(&credentials) {
            stored.remarks.iter().for_each(warn_once);
            if stored.kept_by.is_empty() {
                item.outcome = Some(Outcome::Left(Some(error::not_kept(credential))));
            }
            (item.kept_by, item.may_be_one_place) = (stored.kept_by, stored.was_kept);
        }
        Ok(())
    }

    /// Erases those that have no outcome yet, and logs each result.
    fn take_out_all(&self, items: &mut [Item]) -> Result<()> {
        let event = |item: &Item| self.session.event(Operation::Migrate, &item.request.record);
        let (done, open): (Vec<&mut Item>, Vec<&mut Item>) = items.iter_mut().partition(|item| item.outcome.is_some());
        for item in done.iter().filter(|item| item.step.takes()) {
            item.outcome.iter().for_each(|outcome| outcome.log(&mut event(item)));
        }
        // If source and target are the same store, only one credential at a time may disappear.
        let (alone, others): (Vec<_>, Vec<_>) = open.into_iter().partition(|item| item.may_be_in_one_place());
        let alone = alone.into_iter().map(|item| vec![item]);
        for group in self.by_target(others).into_iter().flat_map(by_source).chain(alone) {
            let mut events: Vec<_> = group.iter().map(|item| event(item)).collect();
            let outcomes = self.take_out(&group.iter().map(|item| &**item).collect::<Vec<_>>())?;
            for ((item, outcome), event) in group.into_iter().zip(outcomes).zip(&mut events) {
                outcome.log(event);
                item.outcome = Some(outcome);
            }
        }
        Ok(())
    }

    /// Erases them at their source if both sides are as expected. All have the same source and the same target.
    fn take_out(&self, items: &[&Item]) -> Result<Vec<Outcome>> {
        let mut outcomes: Vec<Option<Outcome>> = self
            .changed_at_the_target(items)?
            .into_iter()
            .map(|changed| changed.map(|it| Outcome::Left(Some(it))))
            .collect();
        let mut open: Vec<_> = items.iter().zip(&mut outcomes).filter(|(_, outcome)| outcome.is_none()).collect();
        let taken: Vec<Taken> = open.iter().map(|(item, _)| self.taken(item)).collect::<Result<_>>()?;
        let erased = match items.first() {
            Some(first) => self.source(first)?.erase_each(&taken)?,
            None => Vec::new(),
        };
        for ((item, outcome), erased) in open.iter_mut().zip(erased) {
            **outcome = Some(match erased {
                Err(problem) => Outcome::Left(Some(problem)),
                Ok(another) => self.is_taken_out(item, another)?,
            });
        }
        Ok(outcomes.into_iter().map(|outcome| outcome.unwrap_or(Outcome::Left(None))).collect())
    }

    /// What to tell the source to remove.
    fn taken<'i>(&self, item: &'i Item) -> Result<Taken<'i>> {
        let word = item.word().filter(|_| self.choice.rewires && item.step != Step::DropExpired);
        let asks = word.map(|word| Asks { word, by_line: self.choice.shell_line });
        Ok(Taken { credential: item.credential()?, file: item.file.as_deref(), asks })
    }

    /// The outcome after a credential was erased at its source. First checks that the target has its own copy.
    fn is_taken_out(&self, item: &Item, another: Option<Error>) -> Result<Outcome> {
        // A credential that was newly stored is certainly in the target. One that the target already had may have been read from the source
        // itself.
        if item.may_be_in_one_place() {
            let credential = item.credential()?;
            let copies = self.target(item).copies(&item.request.record, &item.request.context, true)?;
            let is_kept = copies.kept().any(|(_, copy)| copy.holds_the_same_secrets(&credential));
            // A helper that just had the key may be busy now. The failure of another helper proves nothing.
            let may_be_kept = copies.failed.iter().any(|failed| item.kept_by.contains(&failed.helper));
            if !is_kept && !may_be_kept {
                let is_back = self.source(item)?.put_back(&credential, item.file.as_deref())?;
                return Ok(Outcome::Left(Some(error::no_copy_of_its_own(&credential, is_back))));
            }
        }
        Ok(match another {
            Some(another) => Outcome::Uncovered(item.kept_by.clone(), another),
            None if item.kept_by.is_empty() => Outcome::Erased,
            None => Outcome::Moved(item.kept_by.clone()),
        })
    }

    /// Why each must not be erased: the target does not have what the plan says. Somebody may have changed it, or a later store replaced
    /// it.
    fn changed_at_the_target(&self, items: &[&Item]) -> Result<Vec<Option<Error>>> {
        let Some(first) = items.first() else { return Ok(Vec::new()) };
        // Expired credentials are erased, whatever the target has.
        let is_compared = |item: &&&Item| item.step != Step::DropExpired;
        let asked: Vec<_> = items.iter().filter(is_compared).map(|item| Asked::of(&item.request)).collect();
        let mut copies = self.target(first).copies_each(&asked, true)?.into_iter();
        let changed = items.iter().map(|item| match is_compared(&item) {
            true => self.changed_since(item, &copies.next().unwrap_or_default()),
            false => None,
        });
        Ok(changed.collect())
    }

    fn changed_since(&self, item: &Item, copies: &Copies) -> Option<Error> {
        let credential = match item.credential() {
            Ok(credential) => credential,
            Err(problem) => return Some(problem),
        };
        let kept = copies.kept().next().map(|(_, copy)| copy.holds_the_same_secrets(&credential));
        match (item.step, kept) {
            (_, Some(true)) | (Step::Drop, Some(false)) => None,
            (Step::Move, None) => Some(error::not_kept(&credential)),
            (Step::Move, Some(false)) if self.choice.prefer == Some(Prefer::Source) => {
                Some(error::not_kept(&credential))
            }
            _ => Some(error::changed_since_the_plan(&credential)),
        }
    }
}

/// The items, grouped by source.
fn by_source(items: Vec<&mut Item>) -> impl Iterator<Item = Vec<&mut Item>> {
    let mut groups: BTreeMap<usize, Vec<&mut Item>> = BTreeMap::new();
    for item in items {
        groups.entry(item.source).or_default().push(item);
    }
    groups.into_values()
}
