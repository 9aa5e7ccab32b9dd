//! Where a program is, and whether it is safe to start it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

#[cfg(windows)]
use crate::ending::is_program;
use crate::path::folders;
use crate::reach::out_of_reach;
use crate::{Failure, script};

/// Looks for a program in the absolute entries of PATH, and for a helper of ours first in the directory of this program. A program that
/// other users could have put there is skipped. If there is no other, that is the error.
pub fn search(file: &OsStr, beside: bool, missing: impl Fn() -> Failure) -> Result<PathBuf, Failure> {
    first(file, beside, trusted, missing)
}

/// Looks on `PATH` for a program that a person named, with the same checks as for a helper: only in absolute entries, and nothing that
/// other users could have put there.
///
/// # Errors
/// [`ProgramMissing`](Failure::ProgramMissing), or the reason why the program that was found must not be started.
pub fn on_path(name: &OsStr) -> Result<PathBuf, Failure> {
    search(name, false, || missing(name))
}

/// The same for a command that runs with the person's own `PATH` and working directory. The interpreter of a script is then not checked:
/// the command finds it on that `PATH`.
///
/// # Errors
/// As [`on_path`].
pub fn command_on_path(name: &OsStr) -> Result<PathBuf, Failure> {
    first(name, false, out_of_reach, || missing(name))
}

fn missing(name: &OsStr) -> Failure {
    Failure::ProgramMissing(name.to_string_lossy().into_owned())
}

fn first(
    file: &OsStr,
    beside: bool,
    check: fn(&Path) -> Result<PathBuf, Failure>,
    missing: impl Fn() -> Failure,
) -> Result<PathBuf, Failure> {
    let mut refused = None;
    for candidate in all(file, beside) {
        match check(&candidate) {
            Ok(path) => return Ok(path),
            Err(problem) => refused = refused.or(Some(problem)),
        }
    }
    Err(refused.or_else(|| not_executable(file, beside)).unwrap_or_else(missing))
}

/// A file with this name that only lacks execute permission. On Windows, one that lacks only the extension of a program.
fn not_executable(file: &OsStr, beside: bool) -> Option<Failure> {
    let mut files = folders(beside).map(|folder| folder.join(file));
    let failure = if cfg!(windows) { Failure::Unusable } else { Failure::NotExecutable };
    files.find(|file| file.is_file()).map(failure)
}

/// Every program with this name, in the order in which [`search`] checks them.
pub fn candidates(file: &OsStr, beside: bool) -> Vec<PathBuf> {
    all(file, beside).collect()
}

#[cfg(not(windows))]
fn all(file: &OsStr, beside: bool) -> impl Iterator<Item = PathBuf> {
    let folders = std::env::join_paths(folders(beside)).ok();
    folders.and_then(|folders| which::which_in_all(file, Some(folders), "/").ok()).into_iter().flatten()
}

#[cfg(windows)]
fn all(file: &OsStr, beside: bool) -> impl Iterator<Item = PathBuf> {
    // A name that contains a path would leave the directory.
    let is_name = Path::new(file).file_name() == Some(file);
    let names = if is_name { names(file) } else { Vec::new() };
    folders(beside)
        .flat_map(move |folder| names.clone().into_iter().map(move |name| folder.join(name)))
        .filter(|path| is_program(path))
}

/// The path of a program that was named without its extension.
#[cfg(windows)]
pub fn with_ending(path: &Path) -> Option<PathBuf> {
    names(path.as_os_str()).into_iter().map(PathBuf::from).find(|path| is_program(path))
}

#[cfg(windows)]
fn names(file: &OsStr) -> Vec<std::ffi::OsString> {
    crate::ending::names(file, std::env::var("PATHEXT").ok().as_deref())
}

/// Returns the path if it is a program that only its owner and root could have put there: neither the file, nor a directory or link on the
/// way to it, can be changed by others. For a script, the same must hold for the program that its first line names.
///
/// # Errors
/// The reason why it must not be started, or cannot: [`Unusable`](Failure::Unusable), [`NotExecutable`](Failure::NotExecutable),
/// [`Untrusted`](Failure::Untrusted), [`CarriageReturn`](Failure::CarriageReturn) or [`InterpreterMissing`](Failure::InterpreterMissing).
pub fn trusted(path: &Path) -> Result<PathBuf, Failure> {
    #[cfg(windows)]
    let whole = with_ending(path);
    #[cfg(windows)]
    let path = whole.as_deref().unwrap_or(path);
    let path = out_of_reach(path)?;
    script::check(&path)?;
    Ok(path)
}
