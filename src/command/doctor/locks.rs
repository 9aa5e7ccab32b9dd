//! Checks for locks that another process holds. That is normal for a moment; a lasting lock blocks everybody.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use modelforge_credential_files::kept;

use super::finding::Finding;
use crate::command::doctor::error;
use crate::state;

const CHECK: &str = "locks";

/// How long a process may hold a lock before it is reported.
const PATIENCE: Duration = Duration::from_secs(1);

pub fn check() -> Vec<Finding> {
    let mut paths = state::data().map(|data| kept::locks(&data)).unwrap_or_default();
    if let Some(folder) = state::folder().map(|folder| folder.join("locks")) {
        paths.extend(std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()));
    }
    paths.sort();
    let start = Instant::now();
    let mut held: Vec<PathBuf> = paths.into_iter().filter(|path| is_held(path)).collect();
    while !held.is_empty() && start.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(50));
        held.retain(|path| is_held(path));
    }
    if held.is_empty() {
        return vec![Finding::ok(CHECK, "no lock is held for long")];
    }
    held.iter().map(|path| Finding::warning(CHECK, &error::lock_is_held(path, holder(path)))).collect()
}

fn is_held(path: &Path) -> bool {
    let is_file = path.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
    is_file && File::open(path).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// The process that holds it, from the system's list of locks: `1: FLOCK ADVISORY WRITE PID MAJOR:MINOR:INODE 0 EOF`.
#[cfg(target_os = "linux")]
fn holder(path: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    let metadata = path.metadata().ok()?;
    let (major, minor) = (rustix::fs::major(metadata.dev()), rustix::fs::minor(metadata.dev()));
    let place = format!("{major:02x}:{minor:02x}:{}", metadata.ino());
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    let words = locks.lines().map(|line| line.split_ascii_whitespace().collect::<Vec<_>>());
    let found = words.into_iter().find(|words| words.get(5) == Some(&&*place))?;
    found.get(4)?.parse().ok().filter(|pid| *pid != 0)
}

#[cfg(not(target_os = "linux"))]
fn holder(_: &Path) -> Option<u32> {
    None
}
