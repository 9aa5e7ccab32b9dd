//! The journal of migrations. Each step is recorded before it is done: the migration, its source, the files that were backed up, the
//! credentials that were newly stored. No secrets. One event per line; an incomplete last line, after a crash, is ignored.

use std::collections::{BTreeMap, HashSet};
use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use modelforge_credential_protocol::{Error, Result};
use serde::{Deserialize, Serialize};

use super::id;
use super::named::{Kept, Named};
use super::way::Way;
use crate::chain::now;
use crate::command::migrate::error;
use crate::config::Assignment;
use crate::sources::{TOOLS, are_default};
use crate::state;

#[derive(Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Event {
    Begun(Way),
    /// A backup of this file is stored.
    Kept(Kept),
    /// These credentials are about to be newly stored.
    Moving {
        credential: Named,
    },
    Assigned {
        assignment: Assignment,
    },
    Finished,
    RollbackBegun,
    RolledBack,
    /// Its backup was erased.
    Forgotten,
}

#[derive(Serialize, Deserialize)]
struct Line {
    migration: String,
    at: u64,
    #[serde(flatten)]
    event: Event,
}

/// A migration, as read from its events.
#[derive(Default)]
pub struct Noted {
    pub id: String,
    pub begun: u64,
    pub way: Way,
    pub files: Vec<Kept>,
    pub moved: Vec<Named>,
    pub assigned: Vec<Assignment>,
    pub state: State,
    pub forgotten: bool,
}

/// How far it got.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
pub enum State {
    #[default]
    Begun,
    Finished,
    RollbackBegun,
    RolledBack,
}

/// No migration writes more than this.
const MOST: usize = 256 << 20;

/// The file, opened for one migration.
pub struct Journal {
    path: PathBuf,
    id: String,
    seen: HashSet<Named>,
    files: Vec<Kept>,
    is_new: bool,
}

fn path() -> Result<PathBuf> {
    Ok(state::folder().ok_or_else(error::no_state_folder)?.join("migrations.jsonl"))
}

/// Every migration, the oldest first. Creates and changes nothing.
pub fn read() -> Result<Vec<Noted>> {
    // Without a home directory there is none.
    let Ok(path) = path() else { return Ok(Vec::new()) };
    let Some(text) = state::read(&path, MOST)? else { return Ok(Vec::new()) };
    let text = std::str::from_utf8(&text).map_err(|_| error::not_utf_8(&path))?;
    let mut migrations: BTreeMap<String, Noted> = BTreeMap::new();
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let line = match serde_json::from_str::<Line>(line) {
            Ok(line) => line,
            // An incomplete line: its step was not begun. The next writer completes the line.
            Err(problem) if problem.is_eof() || problem.is_syntax() => continue,
            Err(_) => return Err(error::bad_journal(&path, number + 1)),
        };
        if !id::is_one(&line.migration) {
            return Err(error::bad_journal(&path, number + 1));
        }
        let migration = migrations.entry(line.migration.clone()).or_insert_with(|| Noted {
            id: line.migration,
            begun: line.at,
            ..Noted::default()
        });
        migration.add(line.event);
    }
    let mut migrations: Vec<Noted> = migrations.into_values().collect();
    migrations.sort_by(|a, b| (a.begun, &a.id).cmp(&(b.begun, &b.id)));
    Ok(migrations)
}

/// A value that changes whenever a migration does something.
pub fn mark() -> Option<u64> {
    Some(std::fs::metadata(path().ok()?).ok()?.len())
}

/// The last interrupted migration that one with this `way` finishes.
pub fn unfinished<'a>(known: &'a [Noted], way: &Way) -> Option<&'a Noted> {
    known.iter().rfind(|migration| migration.state == State::Begun && way.covers(&migration.way))
}

impl Noted {
    /// The command that undoes it.
    pub fn rollback_command(&self) -> String {
        error::rollback_command(&self.id, &self.way.from, self.way.to.as_deref())
    }

    fn add(&mut self, event: Event) {
        match event {
            Event::Begun(way) => (self.way, self.state) = (way, State::Begun),
            Event::Kept(kept) => {
                self.forgotten = false;
                match self.files.iter_mut().find(|known| known.file == kept.file) {
                    Some(known) => *known = kept,
                    None => self.files.push(kept),
                }
            }
            Event::Moving { credential } => self.moved.push(credential),
            Event::Assigned { assignment } => self.assigned.push(assignment),
            Event::Finished => self.state = State::Finished,
            Event::RollbackBegun => self.state = State::RollbackBegun,
            Event::RolledBack => self.state = State::RolledBack,
            Event::Forgotten => self.forgotten = true,
        }
    }

    /// The source of a backed-up file, as the person named it; `None` if the journal does not tell.
    pub fn source_of<'a>(&'a self, kept: &'a Kept) -> Option<&'a str> {
        let moved = self.moved.iter().find(|named| named.file.as_ref() == Some(&kept.file)).map(|named| &named.from);
        let plain = || self.way.from.iter().find(|words| are_default(std::slice::from_ref(*words)));
        // If there is only one source, it is meant.
        let only = || self.way.from.first().filter(|_| self.way.from.len() == 1);
        kept.from.as_ref().or(moved).or_else(plain).or_else(only).map(String::as_str)
    }

    /// True if a rollback has something to do. `tools` can only restore whole files from their backups.
    pub fn can_be_rolled_back(&self) -> bool {
        let is_gone = |named: &Named| self.forgotten && named.file.is_some() && named.from == TOOLS;
        let is_left = !(self.moved.iter().all(is_gone) && (self.forgotten || self.files.is_empty()));
        self.state != State::RolledBack && is_left
    }
}

impl Journal {
    /// Continues an interrupted migration, or begins a new one.
    pub fn begin(way: Way) -> Result<Self> {
        let earlier = read()?;
        if let Some(unfinished) = unfinished(&earlier, &way) {
            let journal = Self::of(unfinished)?;
            let whole = unfinished.way.with(&way);
            if whole != unfinished.way {
                // The new one searches more places.
                journal.append(Event::Begun(whole))?;
            }
            return Ok(journal);
        }
        let stamp = id::stamp(now());
        let mut id = stamp.clone();
        let mut number = 1;
        while earlier.iter().any(|migration| migration.id == id) {
            number += 1;
            id = format!("{stamp}-{number}");
        }
        let journal = Self { path: path()?, id, seen: HashSet::new(), files: Vec::new(), is_new: true };
        journal.append(Event::Begun(way))?;
        Ok(journal)
    }

    /// Continues the journal of a known migration.
    pub fn of(migration: &Noted) -> Result<Self> {
        let (seen, files) = (migration.moved.iter().cloned().collect(), migration.files.clone());
        Ok(Self { path: path()?, id: migration.id.clone(), seen, files, is_new: false })
    }

    /// The id of the migration.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// True if nothing can have been moved in this migration yet.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Ends a migration that has removed nothing, and will have no backup.
    pub fn given_up(&self) -> Result<()> {
        self.forgotten()?;
        self.finished()
    }

    /// Records that a backup of a file is stored, and which source restores the file.
    pub fn kept(&self, file: &str, from: &str, digest: String) -> Result<()> {
        self.append(Event::Kept(Kept { file: file.to_owned(), from: Some(from.to_owned()), digest: Some(digest) }))
    }

    /// The notes about a file.
    pub fn noted(&self, file: &str) -> Option<&Kept> {
        self.files.iter().find(|kept| kept.file == file)
    }

    /// Records what is about to be newly stored. An earlier run may have recorded some of it.
    pub fn moving(&mut self, credentials: Vec<Named>) -> Result<()> {
        let new: Vec<Named> = credentials.into_iter().filter(|one| !self.seen.contains(one)).collect();
        self.append_all(new.iter().map(|one| Event::Moving { credential: one.clone() }))?;
        self.seen.extend(new);
        Ok(())
    }

    pub fn assigned(&self, assignment: &Assignment) -> Result<()> {
        self.append(Event::Assigned { assignment: assignment.clone() })
    }

    pub fn finished(&self) -> Result<()> {
        self.append(Event::Finished)
    }

    /// Records what was only known from a backup, for a later run that continues the rollback.
    pub fn found(&self, migration: &Noted) -> Result<()> {
        self.append(Event::Begun(migration.way.clone()))?;
        migration.files.iter().try_for_each(|kept| self.append(Event::Kept(kept.clone())))
    }

    pub fn rollback_begun(&self) -> Result<()> {
        self.append(Event::RollbackBegun)
    }

    pub fn rolled_back(&self) -> Result<()> {
        self.append(Event::RolledBack)
    }

    pub fn forgotten(&self) -> Result<()> {
        self.append(Event::Forgotten)
    }

    fn append(&self, event: Event) -> Result<()> {
        self.append_all(std::iter::once(event))
    }

    /// Writes the events to the disk before their steps are done.
    fn append_all(&self, events: impl Iterator<Item = Event>) -> Result<()> {
        let mut text = Vec::new();
        for event in events {
            let line = Line { migration: self.id.clone(), at: now(), event };
            serde_json::to_writer(&mut text, &line).map_err(|_| Error::new("an event cannot be written down"))?;
            text.push(b'\n');
        }
        if text.is_empty() {
            return Ok(());
        }
        let failed = |problem| error::cannot_write(&self.path, &problem);
        let mut file = state::open_or_make(&self.path, OpenOptions::new().read(true).append(true))?;
        if !ends_a_line(&file).map_err(failed)? {
            text.insert(0, b'\n');
        }
        file.write_all(&text).and_then(|()| file.sync_data()).map_err(failed)
    }
}

fn ends_a_line(mut file: &std::fs::File) -> std::io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}
