//! The user's home folder, and paths as messages show them.

use std::path::{Path, PathBuf};

use modelforge_credential_protocol::{has_home, visible};

/// The user's home folder.
pub fn home() -> Option<PathBuf> {
    has_home("HOME").then(dirs::home_dir).flatten()
}

/// A path for a message, with the home folder as `~`.
pub fn tilde(path: &Path) -> String {
    match home().and_then(|home| path.strip_prefix(home).ok().map(Path::to_path_buf)) {
        Some(rest) => visible(&Path::new("~").join(rest).to_string_lossy()),
        None => visible(&path.to_string_lossy()),
    }
}
