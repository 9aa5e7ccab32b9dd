//! The git repository that a file is in: what was taken out of the file is in its history all the same. No git is started for it.

use std::path::{Path, PathBuf};

use modelforge_credential_files::{open_met, read_at_most};

/// Larger lists of a repository's files are not read.
const MOST: usize = 64 << 20;

/// The top folder of the repository that keeps this file, or the file that it is a link to.
pub fn with(file: &Path) -> Option<PathBuf> {
    let real = file.canonicalize().ok()?;
    let top = real.ancestors().skip(1).find(|folder| folder.join(".git").exists())?;
    let name = real.strip_prefix(top).ok()?.to_str()?.replace('\\', "/");
    keeps(top, &name).then(|| top.to_owned())
}

/// True if git's list of files has this one, or cannot be read here: a worktree's is elsewhere, and names may be shortened in it.
fn keeps(top: &Path, name: &str) -> bool {
    let index = top.join(".git").join("index");
    if !top.join(".git").is_dir() {
        return true;
    }
    // The folder may be another's: nothing but a file is waited for, and no more than so much is read.
    let Ok(Some(mut file)) = open_met(&index) else { return false };
    let Ok(index) = read_at_most(&mut file, 0, MOST) else { return false };
    let Some(index) = index else { return true };
    let is_shortened = index.get(4..8) == Some(&[0, 0, 0, 4]);
    let ended = [name.as_bytes(), b"\0"].concat();
    is_shortened || index.windows(ended.len()).any(|window| window == ended)
}
