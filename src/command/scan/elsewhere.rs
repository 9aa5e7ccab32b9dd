//! Worktrees and submodules, whose history is in another folder. Where that is, a file says, which anyone can have written: it is only
//! looked up whether that folder is searched as well.

use std::io::Read;
use std::path::{Component, Path, PathBuf, Prefix};

use modelforge_credential_files as files;

/// Longer than any path.
const MOST: u64 = 1 << 14;

/// False for the path of another machine (`\\server\share`): Windows would sign in there to look whether it exists.
pub fn is_on_a_disk(path: &Path) -> bool {
    match path.components().next() {
        Some(Component::Prefix(prefix)) => matches!(prefix.kind(), Prefix::Disk(_) | Prefix::VerbatimDisk(_)),
        _ => true,
    }
}

/// What was met on the way.
#[derive(Default)]
pub struct Elsewhere {
    /// The folders of which everything below is searched.
    walked: Vec<PathBuf>,
    /// Working folders, each with the folder of its history, if it can be told.
    met: Vec<(PathBuf, Option<PathBuf>)>,
}

impl Elsewhere {
    /// All below this folder is searched.
    pub fn walks(&mut self, folder: &Path) {
        self.walked.extend(folder.canonicalize());
    }

    /// A working folder has this file in the place of its repository.
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

    /// The working folders whose history was not searched.
    pub fn left_out(self) -> Vec<PathBuf> {
        let Self { walked, met } = self;
        let is_searched = |history: &Path| walked.iter().any(|folder| history.starts_with(folder));
        let left_out = met.into_iter().filter(|(_, history)| !history.as_deref().is_some_and(is_searched));
        left_out.map(|(folder, _)| folder).collect()
    }
}
