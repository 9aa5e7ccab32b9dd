//! Worktrees and submodules, whose history is in another directory. Their file `.git` names it, but anyone may have written that file. So
//! this only checks whether that directory is searched anyway.

use std::io::Read;
use std::path::{Component, Path, PathBuf, Prefix};

use modelforge_credential_files as files;

/// More than any path needs, in bytes.
const MOST: u64 = 1 << 14;

/// False for the path of another machine (`\\server\share`): to check whether it exists, Windows would sign in there.
pub fn is_on_a_disk(path: &Path) -> bool {
    match path.components().next() {
        Some(Component::Prefix(prefix)) => matches!(prefix.kind(), Prefix::Disk(_) | Prefix::VerbatimDisk(_)),
        _ => true,
    }
}

/// What the search has met so far.
#[derive(Default)]
pub struct Elsewhere {
    /// The directories that are searched with everything below them.
    walked: Vec<PathBuf>,
    /// Working directories, each with the directory of its history, if known.
    met: Vec<(PathBuf, Option<PathBuf>)>,
}

impl Elsewhere {
    /// Everything below this directory is searched.
    pub fn walks(&mut self, folder: &Path) {
        self.walked.extend(folder.canonicalize());
    }

    /// A working directory has this file instead of a repository.
    pub fn met(&mut self, folder: &Path, file: &Path) {
        let Ok(Some(file)) = files::open_met(file) else { return };
        let mut text = String::new();
        if file.take(MOST).read_to_string(&mut text).is_err() {
            return;
        }
        if let Some(history) = text.strip_prefix("gitdir: ") {
            let history = folder.join(history.trim_end_matches('\n'));
            let history = if is_on_a_disk(&history) { history.canonicalize().ok() } else { None };
            self.met.push((folder.to_path_buf(), history));
        }
    }

    /// The working directories whose history was not searched.
    pub fn left_out(self) -> Vec<PathBuf> {
        let Self { walked, met } = self;
        let is_searched = |history: &Path| walked.iter().any(|folder| history.starts_with(folder));
        let left_out = met.into_iter().filter(|(_, history)| !history.as_deref().is_some_and(is_searched));
        left_out.map(|(folder, _)| folder).collect()
    }
}
