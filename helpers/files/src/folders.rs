//! Our directories. If an environment variable names one, only that counts.

use std::env;
use std::io::ErrorKind::{NotADirectory, NotFound};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::{kept, whole};

/// The name of our directory in each of the user's.
pub const PROGRAM: &str = "modelforge-credential";

/// The user's home directory. `None`: there is none. If `HOME` is missing or not a directory (`/nonexistent`, `/dev/null`: those of many
/// services), we must not create it. Looking up an unknown user would crash a statically linked program.
pub fn home() -> Option<PathBuf> {
    static HOME: OnceLock<Option<PathBuf>> = OnceLock::new();
    HOME.get_or_init(|| named(if cfg!(windows) { "USERPROFILE" } else { "HOME" }).filter(|home| is_there(home))).clone()
}

/// A directory that cannot be read counts: the error is reported where it is used.
fn is_there(folder: &Path) -> bool {
    match folder.metadata() {
        Ok(metadata) => metadata.is_dir(),
        Err(problem) => !matches!(problem.kind(), NotFound | NotADirectory),
    }
}

/// A relative path would depend on the user's working directory.
fn named(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute())
}

/// The directory of our configuration: `$XDG_CONFIG_HOME/modelforge-credential`, otherwise in `~/.config`; on Windows in `%APPDATA%`.
pub fn config() -> Option<PathBuf> {
    ours(&Kind {
        xdg: "XDG_CONFIG_HOME",
        below_home: ".config",
        windows: "APPDATA",
        windows_before: None,
        holds: |name| name == "config.toml",
    })
}

/// The directory of our stores: `$XDG_DATA_HOME/modelforge-credential`, otherwise in `~/.local/share`; on Windows in `%LOCALAPPDATA%`,
/// which is not copied to other machines.
pub fn data() -> Option<PathBuf> {
    ours(&Kind {
        xdg: "XDG_DATA_HOME",
        below_home: ".local/share",
        windows: "LOCALAPPDATA",
        windows_before: Some("APPDATA"),
        holds: kept::is_kept,
    })
}

/// The directory of locks, the log and the journal: `$XDG_STATE_HOME/modelforge-credential`, otherwise in `~/.local/state`; on Windows in
/// `%LOCALAPPDATA%`.
pub fn state() -> Option<PathBuf> {
    ours(&Kind {
        xdg: "XDG_STATE_HOME",
        below_home: ".local/state",
        windows: "LOCALAPPDATA",
        windows_before: None,
        holds: |name| matches!(name, "migrations.jsonl" | "locks") || name.starts_with("audit"),
    })
}

/// A kind of directory: its place on each system, and its content.
struct Kind {
    xdg: &'static str,
    below_home: &'static str,
    windows: &'static str,
    /// The directory that version 0.1.0 used, if it was another one.
    windows_before: Option<&'static str>,
    /// True if a file with this name belongs here: 0.1.0 had one directory for several kinds.
    holds: fn(&str) -> bool,
}

fn ours(kind: &Kind) -> Option<PathBuf> {
    if let Some(folder) = named(kind.xdg) {
        return Some(folder.join(PROGRAM));
    }
    let (now, before) = if cfg!(windows) {
        (named(kind.windows)?, kind.windows_before.and_then(named))
    } else {
        let home = home()?;
        let before = cfg!(target_os = "macos").then(|| home.join("Library").join("Application Support"));
        (kind.below_home.split('/').fold(home, |folder, part| folder.join(part)), before)
    };
    let now = now.join(PROGRAM);
    match before.map(|folder| folder.join(PROGRAM)).filter(|before| *before != now) {
        Some(before) => Some(take_along(before, now, kind.holds)),
        None => Some(now),
    }
}

/// Moves the files of version 0.1.0 from the directory `before`. Each is moved by a rename, so two processes at once do no harm. Files that
/// cannot be moved are used where they are, unless the new directory has files already.
fn take_along(before: PathBuf, now: PathBuf, holds: fn(&str) -> bool) -> PathBuf {
    let left = || {
        let names = std::fs::read_dir(&before).into_iter().flatten().flatten().map(|entry| entry.file_name());
        let mut left: Vec<_> = names.filter(|name| name.to_str().is_some_and(holds)).collect();
        // A file that the new directory already has is newer.
        left.retain(|name| now.join(name).symlink_metadata().is_err());
        left.sort();
        left
    };
    let names = left();
    if names.is_empty() {
        return now;
    }
    let _ = crate::Own::new(&now).make_folder("".as_ref());
    for name in names {
        let _ = whole::rename(&before.join(&name), &now.join(&name));
    }
    let is_used = || {
        std::fs::read_dir(&now)
            .into_iter()
            .flatten()
            .flatten()
            .any(|entry| entry.file_name().to_str().is_some_and(holds))
    };
    if left().is_empty() || is_used() { now } else { before }
}

/// True if the home directory belongs to this user: in a container, `HOME` is often another user's, whose settings do not apply.
#[cfg(unix)]
pub fn is_home_of_this_user() -> bool {
    let owner = home().and_then(|home| home.metadata().ok()).map(|home| std::os::unix::fs::MetadataExt::uid(&home));
    owner.is_none_or(|owner| owner == crate::rules::user())
}

/// True if the home directory belongs to this user, which is always so on this system.
#[cfg(not(unix))]
pub fn is_home_of_this_user() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn holds(name: &str) -> bool {
        matches!(name, "identity.txt" | "age")
    }

    #[test]
    fn what_an_older_version_kept_elsewhere_is_moved_once_and_replaces_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (before, now) = (folder.path().join("before"), folder.path().join("now"));
        let moved = || take_along(before.clone(), now.clone(), holds);
        assert_eq!(moved(), now);
        fs::create_dir_all(before.join("age")).unwrap();
        for (name, text) in [("config.toml", "settings"), ("identity.txt", "old"), ("age/a.age", "a key")] {
            fs::write(before.join(name), text).unwrap();
        }
        assert_eq!(moved(), now);
        assert_eq!(fs::read_to_string(now.join("identity.txt")).unwrap(), "old");
        assert_eq!(fs::read_to_string(now.join("age/a.age")).unwrap(), "a key");
        // This file is of another kind.
        assert!(before.join("config.toml").exists() && !now.join("config.toml").exists());
        fs::write(before.join("identity.txt"), "of somebody who went back").unwrap();
        assert_eq!(moved(), now);
        assert_eq!(fs::read_to_string(now.join("identity.txt")).unwrap(), "old");
    }

    #[test]
    fn settings_alone_do_not_draw_keys_to_their_folder() {
        let folder = tempfile::tempdir().unwrap();
        let (before, now) = (folder.path().join("before"), folder.path().join("now"));
        fs::create_dir_all(&before).unwrap();
        fs::write(before.join("config.toml"), "settings").unwrap();
        assert_eq!(take_along(before, now.clone(), holds), now);
    }

    #[test]
    fn what_cannot_be_moved_is_used_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let (before, now) = (folder.path().join("before"), folder.path().join("now"));
        fs::create_dir_all(before.join("age")).unwrap();
        fs::write(&now, "in the way").unwrap();
        assert_eq!(take_along(before.clone(), now, holds), before);
    }
}
