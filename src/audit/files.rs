//! The files of the log: `audit.jsonl`, the segments that were closed before it, and `audit.head`, which says where the log
//! begins and ends. The head is the lock as well: who writes, and who wants to see the files as one, holds it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use modelforge_credential_protocol::Result;

use crate::audit::error;
use crate::state;

/// The segment that is written to.
pub const CURRENT: &str = "audit.jsonl";
const HEAD: &str = "audit.head";
/// `audit-000000001234.jsonl`: a closed segment, by the number of its last record.
const SEGMENT: (&str, &str) = ("audit-", ".jsonl");

/// What stands before the first record.
pub const BEGINNING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// How long to wait for another writer. Each needs some microseconds; one that was stopped must not stop everybody.
const PATIENCE: Duration = Duration::from_secs(1);

/// The folder of the log; none without a home folder.
pub fn folder() -> Option<PathBuf> {
    state::folder()
}

/// The head of the log in this folder.
pub fn head(folder: &Path) -> PathBuf {
    folder.join(HEAD)
}

/// The files of the log that are there, the oldest first, the head last.
pub fn paths(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = segments(folder).into_iter().map(|(_, path)| path).collect();
    paths.extend([folder.join(CURRENT), head(folder)]);
    paths.retain(|path| path.symlink_metadata().is_ok());
    paths
}

/// Where the log begins and ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// The number of the oldest record that is kept.
    pub first: u64,
    /// The number of the newest.
    pub last: u64,
    /// How many bytes of the current segment belong to the log.
    pub length: u64,
    /// The hash of the newest record.
    pub hash: String,
}

impl Head {
    /// Of a log without a record.
    pub fn new() -> Self {
        Self { first: 1, last: 0, length: 0, hash: BEGINNING.to_owned() }
    }

    /// From a file that was opened just now. `None`: there is none, or not a whole one.
    pub fn read(mut file: &File) -> Option<Self> {
        let mut buffer = [0; 256];
        let count = file.read(&mut buffer).ok()?;
        let mut words = std::str::from_utf8(buffer.get(..count)?).ok()?.strip_suffix('\n')?.split(' ');
        let mut number = || words.next()?.parse().ok();
        let (first, last, length) = (number()?, number()?, number()?);
        let hash = words.next().filter(|hash| hash.len() == BEGINNING.len())?.to_owned();
        Some(Self { first, last, length, hash })
    }

    /// Always the same number of bytes, in one piece.
    pub fn write(&self, mut file: &File) -> io::Result<()> {
        let text = format!("{:020} {:020} {:020} {}\n", self.first, self.last, self.length, self.hash);
        file.seek(SeekFrom::Start(0))?;
        file.write_all(text.as_bytes())
    }
}

/// Opens the head, makes it and the folder where they are missing, and waits for the lock, which ends with the file.
pub fn lock_to_write(folder: &Path) -> Result<File> {
    let file = state::open_or_make(&head(folder), OpenOptions::new().read(true).write(true))?;
    wait(|| file.try_lock())?;
    Ok(file)
}

/// Whether a record could be written.
pub fn try_to_write(folder: &Path) -> Result<()> {
    let _lock = lock_to_write(folder)?;
    open_current(folder, true)?;
    Ok(())
}

/// Opens the head of a log that others may be writing to. `None`: there is none.
pub fn lock_to_read(folder: &Path) -> Result<Option<File>> {
    match state::open(&head(folder), OpenOptions::new().read(true)) {
        Ok(file) => {
            wait(|| file.try_lock_shared())?;
            Ok(Some(file))
        }
        Err(problem) if problem.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(problem) => Err(problem.into()),
    }
}

fn wait(lock: impl Fn() -> std::result::Result<(), TryLockError>) -> Result<()> {
    if state::wait(PATIENCE, lock)? { Ok(()) } else { Err(error::log_is_locked()) }
}

/// Opens the current segment; to write, only at its end.
pub fn open_current(folder: &Path, write: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    if write {
        options.append(true).create(true);
    }
    state::open(&folder.join(CURRENT), &options)
}

/// The closed segments, the oldest first, each with the number of its last record.
pub fn segments(folder: &Path) -> Vec<(u64, PathBuf)> {
    let number = |name: &str| name.strip_prefix(SEGMENT.0)?.strip_suffix(SEGMENT.1)?.parse().ok();
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut segments: Vec<(u64, PathBuf)> =
        entries.filter_map(|entry| Some((number(&entry.file_name().to_string_lossy())?, entry.path()))).collect();
    segments.sort();
    segments
}

/// The path of a closed segment.
pub fn segment(folder: &Path, last: u64) -> PathBuf {
    folder.join(format!("{}{last:012}{}", SEGMENT.0, SEGMENT.1))
}
