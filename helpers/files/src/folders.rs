//! Our folders. The environment decides first, and alone where it names one.

use std::env;
use std::io::ErrorKind::{NotADirectory, NotFound};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The name of our folder in each of the user's.
pub const PROGRAM: &str = "modelforge-credential";

/// The user's home folder. `None`: there is none. A `HOME` that is missing or no folder (`/nonexistent`, `/dev/null`: those of many
/// services) is not for us to make; and to look up a user whom the system does not know crashes a statically linked program.
pub fn home() -> Option<PathBuf> {
    static HOME: OnceLock<Option<PathBuf>> = OnceLock::new();
    HOME.get_or_init(|| named(if cfg!(windows) { "USERPROFILE" } else { "HOME" }).filter(|home| is_there(home))).clone()
}

/// One that cannot be looked into is there: what is wrong with it is said where it is used.
fn is_there(folder: &Path) -> bool {
    match folder.metadata() {
        Ok(metadata) => metadata.is_dir(),
        Err(problem) => !matches!(problem.kind(), NotFound | NotADirectory),
    }
}

/// A relative path would depend on the folder that the user happens to stand in.
fn named(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute())
}

/// The folder of our configuration: `$XDG_CONFIG_HOME/modelforge-credential`, else in `~/.config`; on Windows in `%APPDATA%`.
pub fn config() -> Option<PathBuf> {
    ours("XDG_CONFIG_HOME", ".config", "APPDATA", None)
}

/// The folder of what we store: `$XDG_DATA_HOME/modelforge-credential`, else in `~/.local/share`; on Windows in `%LOCALAPPDATA%`.
pub fn data() -> Option<PathBuf> {
    ours("XDG_DATA_HOME", ".local/share", "LOCALAPPDATA", Some("APPDATA"))
}

/// The folder of locks, logs and notes: `$XDG_STATE_HOME/modelforge-credential`, else in `~/.local/state`; on Windows in
/// `%LOCALAPPDATA%`.
pub fn state() -> Option<PathBuf> {
    ours("XDG_STATE_HOME", ".local/state", "LOCALAPPDATA", None)
}

fn ours(xdg: &str, below_home: &str, windows: &str, windows_before: Option<&str>) -> Option<PathBuf> {
    if let Some(folder) = named(xdg) {
        return Some(folder.join(PROGRAM));
    }
    let (now, before) = if cfg!(windows) {
        (named(windows)?, windows_before.and_then(named))
    } else {
        let home = home()?;
        (home.join(below_home), cfg!(target_os = "macos").then(|| home.join("Library/Application Support")))
    };
    let now = now.join(PROGRAM);
    // Version 0.1.0 kept them there.
    let before = before.map(|folder| folder.join(PROGRAM)).filter(|before| before.is_dir() && !now.is_dir());
    Some(before.unwrap_or(now))
}

/// True if the home folder belongs to this user: in a container `HOME` is often that of another, whose settings are not ours.
#[cfg(unix)]
pub fn is_home_of_this_user() -> bool {
    let owner = home().and_then(|home| home.metadata().ok()).map(|home| std::os::unix::fs::MetadataExt::uid(&home));
    owner.is_none_or(|owner| owner == crate::rules::user())
}

/// True if the home folder belongs to this user; elsewhere than on Unix it does.
#[cfg(not(unix))]
pub fn is_home_of_this_user() -> bool {
    true
}
