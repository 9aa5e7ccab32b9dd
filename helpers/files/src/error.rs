use std::io;
use std::path::Path;

use modelforge_credential_protocol::{Error, Shell, visible};

/// A path for a message: with invisible characters spelled out, and with the home directory as `~`.
pub fn tilde(path: &Path) -> String {
    // The home of a user without one may be the root directory, which is part of every path.
    let home = crate::home().filter(|home| home.parent().is_some());
    match home.and_then(|home| path.strip_prefix(home).ok().map(Path::to_path_buf)) {
        Some(rest) => visible(&Path::new("~").join(rest).to_string_lossy()),
        None => visible(&path.to_string_lossy()),
    }
}

/// A path as one word for a shell.
pub fn quoted(path: &Path) -> String {
    Shell::of_the_person().word(&path.to_string_lossy())
}

/// True if no such file exists, or can exist.
pub fn is_absent(problem: &io::Error) -> bool {
    use io::ErrorKind::{InvalidFilename, NotADirectory, NotFound};
    matches!(problem.kind(), NotFound | NotADirectory | InvalidFilename)
}

/// The error for an operation on a file. The reason is the name of its kind, because the system's own message ends in a number.
pub fn failed(verb: &str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    move |problem| {
        let reason = match problem.kind() {
            io::ErrorKind::Other => problem.to_string(),
            // Rust has no stable kind for this error. A library may have added a path, which our message has already.
            _ if problem.kind().to_string() == "uncategorized error" => {
                let text = problem.to_string();
                text.split(" at path ").next().unwrap_or_default().to_owned()
            }
            kind => kind.to_string(),
        };
        Error::new(format!("cannot {verb} `{}`: {reason}", tilde(path)))
    }
}

pub fn is_a_link(path: &Path) -> Error {
    Error::new(format!("`{}` is a link", tilde(path))).hint(Shell::of_the_person().show(quoted(path)))
}

pub fn is_not_a_file(path: &Path) -> Error {
    Error::new(format!("`{}` is not a file", tilde(path)))
}

pub fn is_not_a_folder(path: &Path) -> Error {
    Error::new(format!("`{}` is not a directory", tilde(path)))
}

pub fn is_too_large(path: &Path, limit: usize) -> Error {
    let limit = match limit {
        limit if limit % (1 << 20) == 0 => format!("{} MiB", limit >> 20),
        limit => format!("{} KiB", limit >> 10),
    };
    Error::new(format!("`{}` is larger than {limit}", tilde(path)))
}

#[cfg(unix)]
pub fn has_too_many_links(path: &Path) -> Error {
    Error::new(format!("`{}` has too many links", tilde(path)))
}

/// `file` is the requested file; `place` is that file, a directory above it, or a link on the way.
#[cfg(unix)]
pub fn belongs_to_another(file: &Path, place: &Path) -> Error {
    if file == place {
        return Error::new(format!("`{}` belongs to another user, so it is not used", tilde(file)))
            .hint(format!("sudo chown \"$(id -un)\" {}", quoted(file)));
    }
    Error::new(format!("`{}` is not used: `{}` belongs to another user", tilde(file), tilde(place)))
        .hint("set HOME to your own directory, and unset XDG_CONFIG_HOME, XDG_DATA_HOME and XDG_STATE_HOME")
}

#[cfg(unix)]
pub fn others_can_write(file: &Path, place: &Path) -> Error {
    let error = match file == place {
        true => Error::new(format!("others can change `{}`, so it is not used", tilde(file))),
        false => Error::new(format!("`{}` is not used: others can change `{}`", tilde(file), tilde(place))),
    };
    error.hint(format!("chmod go-w {}", quoted(place)))
}

/// `place` is the file or its directory.
#[cfg(not(unix))]
pub fn others_can_change(file: &Path, place: &Path) -> Error {
    let error = match file == place {
        true => Error::new(format!("others can change `{}`, so it is not used", tilde(file))),
        false => Error::new(format!("`{}` is not used: others can change `{}`", tilde(file), tilde(place))),
    };
    error.hint(Shell::of_the_person().leave_to_the_user(quoted(place), place.is_dir()))
}

#[cfg(not(unix))]
pub fn others_can_reach(path: &Path, is_folder: bool) -> Error {
    Error::new(format!("other users can access `{}`", tilde(path)))
        .hint(Shell::of_the_person().leave_to_the_user(quoted(path), is_folder))
}

#[cfg(unix)]
pub fn others_can_reach(path: &Path, is_folder: bool) -> Error {
    let mode = if is_folder { "700" } else { "600" };
    Error::new(format!("other users can access `{}`", tilde(path))).hint(format!("chmod {mode} {}", quoted(path)))
}

#[cfg(unix)]
pub fn in_another_users_folder(path: &Path) -> Error {
    Error::new(format!("`{}` would be in another user's directory", tilde(path)))
        .hint("set HOME to your own directory, and unset XDG_CONFIG_HOME, XDG_DATA_HOME and XDG_STATE_HOME")
}

pub fn is_locked(path: &Path, seconds: u64) -> Error {
    Error::new(format!("another process has locked `{}` for {seconds} seconds", tilde(path)))
        .hint(Shell::of_the_person().holders(quoted(path), crate::PROGRAM))
}
