//! The files of the log: `audit.jsonl`, the current one, and the full ones before it, such as `audit-000000000012.jsonl`.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use modelforge_credential_protocol::Result;

use crate::state;

/// The current file.
const CURRENT: &str = "audit.jsonl";
/// The name of a full file has its number between these.
const FULL: (&str, &str) = ("audit-", ".jsonl");

/// The directory of the log; `None` without a home directory.
pub fn folder() -> Option<PathBuf> {
    state::folder()
}

/// The current file.
pub fn current(folder: &Path) -> PathBuf {
    folder.join(CURRENT)
}

/// The existing files of the log, the oldest first.
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

/// Opens the current file to append. Creates it and its directory if they are missing.
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
