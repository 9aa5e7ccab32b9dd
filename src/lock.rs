//! Only one process at a time may store, erase or refresh a credential: it holds a file lock. The kernel releases the lock when the process
//! ends, for any reason.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::sync::Mutex;
use std::time::Duration;

use modelforge_credential_protocol::{Error, Record, Result, Shell};

use crate::error::{self, PROGRAM};
use crate::state;
use crate::terminal;

/// How long to wait for another process: long enough for it to ask a chain of slow helpers.
const PATIENCE: Duration = Duration::from_secs(60);

/// The variable that tells a helper which locks its caller already holds: their names, separated by commas.
pub const HELD: &str = "MODELFORGE_CREDENTIAL_LOCK";

/// Locks that are held until this is dropped.
#[derive(Debug, Default)]
pub struct Lock {
    files: Vec<(String, File)>,
}

static NAMES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The names of the locks that this process or its parent holds.
pub fn held() -> Option<String> {
    Some(own().join(",")).filter(|names| !names.is_empty()).or_else(callers)
}

fn own() -> Vec<String> {
    NAMES.lock().map(|names| names.clone()).unwrap_or_default()
}

fn callers() -> Option<String> {
    std::env::var(HELD).ok().filter(|names| !names.is_empty())
}

impl Lock {
    /// Waits for the lock of a description. If no lock file can be created (no home, a read-only disk), it continues without one: failing
    /// to return a key would be worse.
    pub fn wait(description: &Record) -> Result<Self> {
        Self::wait_at_most(PATIENCE, description)
    }

    /// The same with another time limit.
    pub fn wait_at_most(patience: Duration, description: &Record) -> Result<Self> {
        let mut lock = Self::default();
        lock.take(patience, name(description))?;
        Ok(lock)
    }

    /// Waits for the locks of several credentials. Every process takes them in the same order, so there is no deadlock.
    pub fn wait_each<'a>(descriptions: impl IntoIterator<Item = &'a Record>) -> Result<Self> {
        let mut lock = Self::default();
        for name in descriptions.into_iter().map(name).collect::<BTreeSet<_>>() {
            lock.take(PATIENCE, name)?;
        }
        Ok(lock)
    }

    fn take(&mut self, patience: Duration, name: String) -> Result<()> {
        if own().contains(&name) {
            return Ok(());
        }
        // Anyone can set a variable, so it counts only if somebody holds the lock.
        let is_callers = callers().is_some_and(|names| names.split(',').any(|held| held == name));
        let patience = if is_callers { Duration::ZERO } else { patience };
        let file = match open(&name) {
            Ok(file) => file,
            Err(problem) => {
                terminal::trace(&format!("no lock file: {problem}"));
                return Ok(());
            }
        };
        match state::wait(patience, || file.try_lock()) {
            Ok(true) => {
                if let Ok(mut held) = NAMES.lock() {
                    held.push(name.clone());
                }
                self.files.push((name, file));
                Ok(())
            }
            Ok(false) if is_callers => Ok(()),
            Ok(false) => Err(locked_elsewhere()),
            Err(problem) => {
                terminal::trace(&format!("the lock file cannot be locked: {problem}"));
                Ok(())
            }
        }
    }
}

/// Waits for the lock of migrations: only one runs at a time. Locks of credentials are taken while it is held.
pub fn one_migration() -> Result<File> {
    let file = open("migration").map_err(|problem| no_migration_lock(&problem))?;
    match state::wait(PATIENCE, || file.try_lock()) {
        Ok(true) => Ok(file),
        Ok(false) => Err(migrated_elsewhere()),
        Err(problem) => Err(no_migration_lock(&problem.into())),
    }
}

/// Waits for the lock of `config.toml`, so that no line is lost if two processes add one. If no lock file can be created, it continues
/// without one.
pub fn one_change_of_settings() -> Result<Option<File>> {
    let Ok(file) = open("settings") else { return Ok(None) };
    match state::wait(PATIENCE, || file.try_lock()) {
        Ok(false) => Err(changed_elsewhere()),
        outcome => Ok(Some(file).filter(|_| outcome.is_ok())),
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Ok(mut held) = NAMES.lock() {
            held.retain(|name| self.files.iter().all(|(own, _)| own != name));
        }
    }
}

/// One of 256 names: two credentials rarely share one, and the number of files stays small.
fn name(description: &Record) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for key in ["protocol", "host", "path"] {
        for byte in description.get(key).unwrap_or_default().iter().chain(&[0]) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3); // FNV-1a
        }
    }
    format!("{:02x}", hash >> 56)
}

fn open(name: &str) -> Result<File> {
    let folder = state::folder().ok_or_else(error::no_state_folder)?;
    state::open_or_make(&folder.join("locks").join(name), OpenOptions::new().read(true).append(true))
}

fn no_migration_lock(problem: &Error) -> Error {
    Error::new(format!("cannot lock the migrations: {problem}"))
}

fn migrated_elsewhere() -> Error {
    Error::new("another process has been migrating for a minute").hint(Shell::of_the_person().processes(PROGRAM))
}

fn changed_elsewhere() -> Error {
    Error::new("another process has been changing config.toml for a minute")
        .hint(Shell::of_the_person().processes(PROGRAM))
}

fn locked_elsewhere() -> Error {
    Error::new("another process has been storing or refreshing the same credential for a minute")
        .hint(Shell::of_the_person().processes(PROGRAM))
}
