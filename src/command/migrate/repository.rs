//! Finds the git repository of a file: what was removed from the file is still in the repository's history. This does not start git.

use std::path::{Path, PathBuf};

use modelforge_credential_files::{open_met, read_at_most};

/// The largest index of a repository that is read.
const MOST: usize = 64 << 20;

/// The top directory of the repository that has this file, or the target if the file is a link.
pub fn with(file: &Path) -> Option<PathBuf> {
    let real = file.canonicalize().ok()?;
    let top = real.ancestors().skip(1).find(|folder| folder.join(".git").exists())?;
    let name = real.strip_prefix(top).ok()?.to_str()?.replace('\\', "/");
    keeps(top, &name).then(|| top.to_owned())
}

/// True if git's index has this file, or cannot be read here: a worktree's is elsewhere, and names in it may be shortened.
fn keeps(top: &Path, name: &str) -> bool {
    let index = top.join(".git").join("index");
    if !top.join(".git").is_dir() {
        return true;
    }
    // The directory may be somebody else's: open only a regular file, which cannot block, and limit its size.
    let Ok(Some(mut file)) = open_met(&index) else { return false };
    let Ok(index) = read_at_most(&mut file, 0, MOST) else { return false };
    let Some(index) = index else { return true };
    let is_shortened = index.get(4..8) == Some(&[0, 0, 0, 4]);
    let ended = [name.as_bytes(), b"\0"].concat();
    is_shortened || index.windows(ended.len()).any(|window| window == ended)
}
