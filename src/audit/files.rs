//! The files of the log: `audit.jsonl`, which is written to, and the full ones before it, `audit-000000000012.jsonl` and so on.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use modelforge_credential_protocol::Result;

use crate::state;

/// The file that is written to.
const CURRENT: &str = "audit.jsonl";
/// A full file is called by its number, between these.
const FULL: (&str, &str) = ("audit-", ".jsonl");

/// The folder of the log; none without a home folder.
pub fn folder() -> Option<PathBuf> {
    state::folder()
}

/// The file that is written to.
pub fn current(folder: &Path) -> PathBuf {
    folder.join(CURRENT)
}

/// The files of the log that are there, the oldest first.
pub fn paths(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = full(folder).into_iter().map(|(_, path)| path).collect();
    paths.push(current(folder));
    paths.retain(|path| path.symlink_metadata().is_ok());
    paths
}

/// The full files with their numbers, the oldest first.
pub fn full(folder: &Path) -> Vec<(u64, PathBuf)> {
    let number = |name: &str| name.strip_prefix(FULL.0)?.strip_suffix(FULL.1)?.parse().ok();
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut full: Vec<(u64, PathBuf)> =
        entries.filter_map(|entry| Some((number(&entry.file_name().to_string_lossy())?, entry.path()))).collect();
    full.sort();
    full
}

/// The path of a full file.
pub fn full_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{}{number:012}{}", FULL.0, FULL.1))
}

/// Opens the file that is written to, at its end; makes it and the folder where they are missing.
pub fn open_to_write(folder: &Path) -> Result<File> {
    state::open_or_make(&current(folder), OpenOptions::new().read(true).append(true).create(true))
}

/// Opens a file of the log to read it.
///
/// # Errors
/// As [`state::open`].
pub fn open_to_read(path: &Path) -> io::Result<File> {
    state::open(path, OpenOptions::new().read(true))
}
