//! Appends to the log. Under the lock, a record is one write at the end of the file; the head then says that it is there. What a
//! crash between the two leaves is taken up by the next writer. Nothing is synced: a `get` does not wait for a disk.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use modelforge_credential_protocol::Result;
use sha2::{Digest, Sha256};

use super::files::{self, CURRENT, Head};
use super::line::Line;
use crate::state;

/// When segments are closed, and how much is kept.
pub struct Sizes {
    /// A segment that would grow beyond this many bytes is closed.
    pub segment: u64,
    /// A closed segment is deleted only when newer ones hold this many bytes…
    pub kept: u64,
    /// …and its newest record is older than this.
    pub age: Duration,
}

pub const SIZES: Sizes = Sizes { segment: 1 << 20, kept: 10 << 20, age: Duration::from_secs(90 * 24 * 3600) };

/// The most that a crash can have left behind the end that the head names, and the longest line.
const TAIL: u64 = 64 << 10;

/// The hash that the next record carries.
pub fn hash(line: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
    Sha256::digest(line).iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Does what can be done without writing.
pub fn rehearse(line: &Line) {
    let _ = serde_json::to_vec(line).map(|record| hash(&record));
    if let Some(folder) = files::folder() {
        let _ = state::open(&files::head(&folder), fs::OpenOptions::new().read(true)).map(|head| Head::read(&head));
    }
}

/// Writes a record. Its number and the hash of the one before are filled in.
pub fn append(folder: &Path, sizes: &Sizes, line: &mut Line) -> Result<()> {
    let head_file = files::lock_to_write(folder)?;
    let mut log = files::open_current(folder, true)?;
    let mut length = log.metadata()?.len();
    let known = Head::read(&head_file);
    let End { mut head, is_torn, is_headless } = match known {
        Some(head) if head.length == length => End { head, is_torn: false, is_headless: false },
        known => recover(folder, &log, length, known)?,
    };
    (line.seq, line.previous, line.headless) = (head.last.saturating_add(1), head.hash.clone(), is_headless);
    let record = serde_json::to_vec(line).map_err(std::io::Error::from)?;
    if length > 0 && length + record.len() as u64 > sizes.segment {
        drop(log);
        rotate(folder, sizes, &mut head, &head_file)?;
        (log, length) = (files::open_current(folder, true)?, 0);
    }
    let mut bytes = Vec::with_capacity(record.len() + 2);
    if is_torn && length > 0 {
        bytes.push(b'\n');
    }
    bytes.extend_from_slice(&record);
    bytes.push(b'\n');
    if let Err(problem) = log.write_all(&bytes) {
        // A full disk may have taken a part.
        let _ = log.set_len(length);
        return Err(problem.into());
    }
    head = Head { last: line.seq, length: length + bytes.len() as u64, hash: hash(&record), ..head };
    Ok(head.write(&head_file)?)
}

/// Where the log ends, and what is odd about that.
struct End {
    head: Head,
    /// The last line was not written to its end.
    is_torn: bool,
    /// Nobody knows what was there before.
    is_headless: bool,
}

/// Finds the end where the head does not name it: a crash left more, somebody took something away, or it is a new log.
fn recover(folder: &Path, log: &File, length: u64, known: Option<Head>) -> Result<End> {
    let is_headless = known.is_none() && (length > 0 || !files::segments(folder).is_empty());
    let was_rotated = |head: &Head| length == 0 && files::segment(folder, head.last).is_file();
    let mut head = match known {
        Some(head) => head,
        None if is_headless => head_of(folder)?,
        None => Head::new(),
    };
    let mut is_torn = false;
    if length > head.length {
        let tail = read_from(log, head.length.max(length.saturating_sub(TAIL)))?;
        let mut lines: Vec<&[u8]> = tail.split(|byte| *byte == b'\n').collect();
        is_torn = lines.pop().is_some_and(|rest| !rest.is_empty());
        for line in lines {
            match serde_json::from_slice::<Line>(line) {
                Ok(record) if record.seq == head.last.saturating_add(1) && record.previous == head.hash => {
                    (head.last, head.hash) = (record.seq, hash(line));
                }
                _ => {}
            }
        }
    } else if length > 0 && !was_rotated(&head) {
        is_torn = read_from(log, length - 1)? != b"\n";
    }
    head.length = length;
    Ok(End { head, is_torn, is_headless })
}

/// A head for a log that has lost its own: from its first and last whole record.
fn head_of(folder: &Path) -> Result<Head> {
    let mut paths: Vec<PathBuf> = files::segments(folder).into_iter().map(|(_, path)| path).collect();
    paths.push(folder.join(CURRENT));
    let (mut head, mut first) = (Head::new(), None);
    for path in
        [paths.first(), paths.len().checked_sub(2).and_then(|at| paths.get(at)), paths.last()].into_iter().flatten()
    {
        let mut options = fs::OpenOptions::new();
        let Ok(file) = state::open(path, options.read(true)) else { continue };
        let text = read_from(&file, 0)?;
        let whole = text.split_inclusive(|byte| *byte == b'\n').filter_map(|line| line.strip_suffix(b"\n"));
        for line in whole {
            if let Ok(record) = serde_json::from_slice::<Line>(line) {
                first = first.or(Some(record.seq));
                (head.last, head.hash) = (record.seq, hash(line));
            }
        }
    }
    head.length = fs::metadata(folder.join(CURRENT)).map_or(0, |metadata| metadata.len());
    Ok(Head { first: first.unwrap_or(1), ..head })
}

fn read_from(mut file: &File, start: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.take(16 << 20).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Closes the current segment, and deletes those that need not be kept any longer.
fn rotate(folder: &Path, sizes: &Sizes, head: &mut Head, head_file: &File) -> Result<()> {
    fs::rename(folder.join(CURRENT), files::segment(folder, head.last))?;
    head.length = 0;
    let mut newer = 0;
    let mut old = Vec::new();
    for (last, path) in files::segments(folder).into_iter().rev() {
        let is_old = || newest(&path).and_then(|at| at.elapsed().ok()).is_some_and(|age| age > sizes.age);
        if newer >= sizes.kept && is_old() {
            head.first = head.first.max(last.saturating_add(1));
            old.push(path);
        } else {
            newer += fs::metadata(&path)?.len();
        }
    }
    // First the head: records that are there and need not be are no reason to worry, the reverse is.
    head.write(head_file)?;
    old.iter().try_for_each(fs::remove_file)?;
    Ok(())
}

/// The time of a segment's last record.
fn newest(path: &Path) -> Option<SystemTime> {
    let mut options = fs::OpenOptions::new();
    let file = state::open(path, options.read(true)).ok()?;
    let tail = read_from(&file, file.metadata().ok()?.len().saturating_sub(TAIL)).ok()?;
    let line = tail.strip_suffix(b"\n")?.rsplit(|byte| *byte == b'\n').next()?;
    humantime::parse_rfc3339(&serde_json::from_slice::<Line>(line).ok()?.time).ok()
}
