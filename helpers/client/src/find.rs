//! Where a program is, and whether it may be started.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

#[cfg(windows)]
use crate::ending::is_program;
use crate::path::folders;
use crate::reach::out_of_reach;
use crate::{Failure, script};

/// Looks for a program in the absolute entries of PATH, and, where it is one of ours, first beside this program. One that
/// others could have put there is passed over, and is the reason if there is no other.
pub fn search(file: &OsStr, beside: bool, missing: impl Fn() -> Failure) -> Result<PathBuf, Failure> {
    first(file, beside, trusted, missing)
}

/// Looks on `PATH` for a program that a person named, as carefully as for a helper: in absolute entries only, and nothing that others
/// could have put there.
///
/// # Errors
/// [`ProgramMissing`](Failure::ProgramMissing), or why the one that is there may not be started.
pub fn on_path(name: &OsStr) -> Result<PathBuf, Failure> {
    search(name, false, || missing(name))
}

/// The same for a command that gets the person's own `PATH` and folder, as from their shell: what a script needs is looked for there,
/// and not here.
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

/// A file of that name that only lacks the right to be executed; on Windows an ending of programs.
fn not_executable(file: &OsStr, beside: bool) -> Option<Failure> {
    let mut files = folders(beside).map(|folder| folder.join(file));
    let failure = if cfg!(windows) { Failure::Unusable } else { Failure::NotExecutable };
    files.find(|file| file.is_file()).map(failure)
}

/// Every program of that name, in the order in which [`search`] looks at them.
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
    // One with a path in it would not be in that folder.
    let is_name = Path::new(file).file_name() == Some(file);
    let names = if is_name { names(file) } else { Vec::new() };
    folders(beside)
        .flat_map(move |folder| names.clone().into_iter().map(move |name| folder.join(name)))
        .filter(|path| is_program(path))
}

/// The path of a program that was named without its ending.
#[cfg(windows)]
pub fn with_ending(path: &Path) -> Option<PathBuf> {
    names(path.as_os_str()).into_iter().map(PathBuf::from).find(|path| is_program(path))
}

#[cfg(windows)]
fn names(file: &OsStr) -> Vec<std::ffi::OsString> {
    crate::ending::names(file, std::env::var("PATHEXT").ok().as_deref())
}

/// The path, if it is a program, and nobody but its owner and root could have put it there: neither the file, nor a folder or a link
/// on the way to it. Of a script, the same holds for the program that its first line names.
///
/// # Errors
/// Why it may not be started, or would not: [`Unusable`](Failure::Unusable), [`NotExecutable`](Failure::NotExecutable),
/// [`Untrusted`](Failure::Untrusted), [`CarriageReturn`](Failure::CarriageReturn) or
/// [`InterpreterMissing`](Failure::InterpreterMissing).
pub fn trusted(path: &Path) -> Result<PathBuf, Failure> {
    #[cfg(windows)]
    let whole = with_ending(path);
    #[cfg(windows)]
    let path = whole.as_deref().unwrap_or(path);
    let path = out_of_reach(path)?;
    script::check(&path)?;
    Ok(path)
}
