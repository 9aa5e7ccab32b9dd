//! Messages of `scan`.

use std::path::Path;

use modelforge_credential_client::Failure;
use modelforge_credential_protocol::Error;

pub use crate::error::{PROGRAM, helper_failed, tilde};

pub fn too_short(name: &str) -> Error {
    Error::new(format!("the key for `{name}` is too short to tell from other text, so it is not searched for"))
}

pub fn not_looked_for(helper: &str, problem: &Error) -> Error {
    Error::new(format!("some keys are not searched for: helper `{helper}` failed: {problem}"))
        .hint(format!("{PROGRAM} doctor"))
}

pub fn no_key() -> Error {
    Error::new("there is no key to search for").hint(format!("{PROGRAM} status"))
}

pub fn nowhere() -> Error {
    Error::new("there is no home directory to search").hint(format!("{PROGRAM} scan FOLDER"))
}

pub fn not_there(path: &Path) -> Error {
    Error::new(format!("there is no file or directory `{}`", tilde(path)))
}

pub fn unreadable(path: &Path, problem: &std::io::Error) -> Error {
    modelforge_credential_files::failed("read", path)(std::io::Error::from(problem.kind()))
}

pub fn not_a_file(path: &Path) -> Error {
    Error::new(format!("`{}` is a device, a socket or a FIFO, so it was skipped", tilde(path)))
}

pub fn is_a_link(path: &Path) -> Error {
    Error::new(format!("`{}` is a link, so it was skipped", tilde(path)))
        .hint(format!("{PROGRAM} scan \"$(realpath {})\"", modelforge_credential_files::quoted(path)))
}

pub fn not_unpacked(path: &Path) -> Error {
    Error::new(format!("`{}` cannot be unpacked to its end, so it may still have keys", tilde(path)))
}

pub fn unpacks_to_too_much(path: &Path, limit: u64) -> Error {
    Error::new(format!("`{}` has more than {} GiB when unpacked; only these were scanned", tilde(path), limit >> 30))
}

pub fn more_unreadable(count: usize) -> Error {
    Error::new(format!("{count} more files or directories could not be read"))
}

pub fn no_git(path: &Path, failure: &Failure) -> Error {
    Error::new(format!("the history in `{}` was not scanned: {failure}", tilde(path)))
}

pub fn history_elsewhere(path: &Path) -> Error {
    let folder = modelforge_credential_files::quoted(path);
    Error::new(format!("the history of `{}` is in another directory, which was not scanned", tilde(path)))
        .hint(format!("{PROGRAM} scan \"$(git -C {folder} rev-parse --path-format=absolute --git-common-dir)\""))
}

pub fn history_unread(path: &Path, reason: &str) -> Error {
    Error::new(format!("the history in `{}` was not scanned to its end: {reason}", tilde(path)))
}

pub fn found(places: usize) -> Error {
    Error::new(match places {
        1 => "a stored key was found in one place".to_owned(),
        places => format!("stored keys were found in {places} places"),
    })
}
