//! Checks the chain of hashes: whether a record was changed, is missing, or stands elsewhere. It finds what a program did that does
//! not know of the chain, or only to the records; who can write as this user can rewrite the chain and its head as a whole.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use modelforge_credential_protocol::{Error, Result};

use super::files::{self, BEGINNING, Head};
use super::line::Line;
use super::log::hash;
use crate::audit::error;
use crate::state;

/// The longest line of a log.
const MAX_LINE: u64 = 64 << 10;

/// What a check found.
#[derive(Default)]
pub struct Verified {
    /// How many records are kept.
    pub count: u64,
    /// The number and time of the oldest one kept.
    pub first: Option<(u64, String)>,
    /// The number and time of the newest.
    pub last: Option<(u64, String)>,
    /// Lines that a write left unfinished. No record is missing for it.
    pub torn: u64,
    /// What was done to the log.
    pub problems: Vec<Error>,
}

/// Reads all that is kept. Others may go on writing meanwhile.
pub fn verify(folder: &Path) -> Result<Verified> {
    // The head and the segment that grows are looked at while nobody writes: what is read later is what was there then.
    let lock = files::lock_to_read(folder)?;
    let head = lock.as_ref().and_then(Head::read);
    let segments = files::segments(folder);
    let current = match files::open_current(folder, false) {
        Ok(file) => Some((file.metadata()?.len(), file)),
        Err(problem) if problem.kind() == std::io::ErrorKind::NotFound => None,
        Err(problem) => return Err(problem.into()),
    };
    drop(lock);
    let mut check = Check { head, ..Check::default() };
    for (last, path) in segments {
        match state::open(&path, OpenOptions::new().read(true)) {
            Ok(segment) => check.read(segment)?,
            // It was old, and another process has deleted it just now.
            Err(problem) if problem.kind() == std::io::ErrorKind::NotFound => check.begins_after(last, folder)?,
            Err(problem) => return Err(problem.into()),
        }
    }
    if let Some((length, file)) = current {
        check.read(file.take(length))?;
    }
    Ok(check.end())
}

#[derive(Default)]
struct Check {
    head: Option<Head>,
    /// The number and hash of the record before.
    before: Option<(u64, String)>,
    verified: Verified,
}

impl Check {
    fn read(&mut self, file: impl Read) -> Result<()> {
        let mut reader = BufReader::with_capacity(64 << 10, file);
        loop {
            let mut line = Vec::new();
            if (&mut reader).take(MAX_LINE).read_until(b'\n', &mut line)? == 0 {
                return Ok(());
            }
            let whole = line.strip_suffix(b"\n");
            match whole.and_then(|line| Some((line, serde_json::from_slice::<Line>(line).ok()?))) {
                Some((line, record)) => self.record(line, record),
                None => self.verified.torn += 1,
            }
        }
    }

    /// Takes the head's word for it that a segment is no longer kept.
    fn begins_after(&mut self, last: u64, folder: &Path) -> Result<()> {
        let head = files::lock_to_read(folder)?.as_ref().and_then(Head::read);
        if let (Some(known), Some(head)) = (&mut self.head, head.filter(|head| head.first > last)) {
            known.first = head.first;
        }
        Ok(())
    }

    fn record(&mut self, line: &[u8], record: Line) {
        let seq = record.seq;
        let mut problems = Vec::new();
        match &self.before {
            None => {
                let begins = self.head.as_ref().map_or(seq, |head| head.first);
                if seq > begins {
                    problems.push(error::log_misses(begins, seq - 1));
                } else if seq == 1 && record.previous != BEGINNING {
                    problems.push(error::log_changed(seq));
                }
            }
            Some((before, _)) if seq > before.saturating_add(1) => {
                // What rotation took away is not missing, though a segment before it may not be gone yet.
                let first = self.head.as_ref().map_or(0, |head| head.first).max(before.saturating_add(1));
                problems.extend((seq > first).then(|| error::log_misses(first, seq - 1)));
            }
            Some((before, _)) if seq <= *before => problems.push(error::log_out_of_order(seq)),
            Some((before, hash)) if record.previous != *hash => problems.push(error::log_changed(*before)),
            Some(_) => {}
        }
        if record.headless {
            problems.push(error::log_was_headless(seq));
        }
        self.verified.problems.extend(problems);
        self.before = Some((seq, hash(line)));
        self.verified.count += 1;
        let place = (seq, record.time);
        self.verified.first = self.verified.first.take().or_else(|| Some(place.clone()));
        self.verified.last = Some(place);
    }

    /// Compares the end with what the head says. A record more than it knows is one whose writer was interrupted.
    fn end(mut self) -> Verified {
        let problem = match (&self.head, &self.before) {
            (None, None) => None,
            (None, Some(_)) => Some(error::log_without_head()),
            (Some(head), None) => (head.last >= head.first).then(|| error::log_misses(head.first, head.last)),
            (Some(head), Some((last, _))) if *last < head.last => {
                Some(error::log_cut(last.saturating_add(1), head.last))
            }
            (Some(head), Some((last, hash))) => {
                (*last == head.last && *hash != head.hash).then(|| error::log_changed(*last))
            }
        };
        self.verified.problems.extend(problem);
        self.verified
    }
}
