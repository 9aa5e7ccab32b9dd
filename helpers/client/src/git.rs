//! git's own helpers, which it starts as `git credential-NAME`.
//!
//! Starting git for them would mean trusting the user's working directory: if there is no such program, an alias in a repository's
//! configuration could take its place and get the key.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use crate::find::{on_path, trusted};
use crate::process::{Running, command};
use crate::{Entry, Failure};

/// These are built into git, so no alias can replace them.
const BUILT_IN: [&str; 2] = ["credential-store", "credential-cache"];
/// Where git keeps its programs, relative to the directory of `git`.
const BESIDE_GIT: [&str; 2] = ["../libexec/git-core", "../lib/git-core"];
/// The time that git has to answer where its programs are.
const LIMIT: Duration = Duration::from_secs(5);

/// The program and the arguments of an entry, if it is one of git's helpers.
pub fn helper(entry: &Entry) -> Option<Result<(PathBuf, Vec<String>), Failure>> {
    match entry.words.as_slice() {
        [git, name, arguments @ ..] if entry.is_command && name.starts_with("credential-") => {
            let path = Path::new(git);
            let git = match path.is_absolute() {
                _ if path.file_stem() != Some(OsStr::new("git")) => return None,
                true => trusted(path),
                false => on_path(OsStr::new("git")),
            };
            Some(find(git, name, arguments))
        }
        _ => None,
    }
}

fn find(git: Result<PathBuf, Failure>, name: &str, arguments: &[String]) -> Result<(PathBuf, Vec<String>), Failure> {
    let file = format!("git-{name}{}", std::env::consts::EXE_SUFFIX);
    let in_its_folder = git.as_ref().ok().and_then(|git| exec_path(git)).map(|folder| folder.join(&file));
    let found = match in_its_folder.filter(|program| program.is_file()) {
        Some(program) => trusted(&program),
        None => on_path(OsStr::new(&file)),
    };
    let missing = match found {
        Ok(program) => return Ok((program, arguments.to_vec())),
        Err(failure) => failure,
    };
    match git {
        // Some versions of git have no separate files for their built-in helpers.
        Ok(git) if missing.is_missing() && BUILT_IN.contains(&name) => {
            Ok((git, std::iter::once(name).map(str::to_owned).chain(arguments.iter().cloned()).collect()))
        }
        Err(failure) if missing.is_missing() => Err(failure),
        _ => Err(missing),
    }
}

/// The directory of git's programs. git is asked only if none of the usual places has it.
fn exec_path(git: &Path) -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("GIT_EXEC_PATH").map(PathBuf::from) {
        return Some(folder).filter(|folder| folder.is_absolute());
    }
    let beside = git.canonicalize().ok()?.parent()?.to_path_buf();
    let usual = BESIDE_GIT.into_iter().find_map(|place| beside.join(place).canonicalize().ok());
    usual.or_else(|| ask(git))
}

fn ask(git: &Path) -> Option<PathBuf> {
    let mut command = command(git);
    command.arg("--exec-path").env("GIT_DIR", "/dev/null");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let finished = Running::start(command, true, LIMIT).ok()?.finish(4096).ok()?;
    let said = std::str::from_utf8(&finished.output).ok()?.trim_end();
    Some(PathBuf::from(said)).filter(|folder| finished.status.success() && folder.is_absolute())
}
