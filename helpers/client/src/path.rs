//! The folders in which programs are looked for.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The folder of this program. Each link of a chain is looked for in it.
pub fn own_folder() -> Option<PathBuf> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    FOLDER.get_or_init(|| Some(std::env::current_exe().ok()?.parent()?.to_path_buf())).clone()
}

/// The folders that others cannot change among those of `PATH`: what a helper may look for its own programs in.
pub fn trusted_path() -> &'static OsStr {
    static PATH: OnceLock<OsString> = OnceLock::new();
    PATH.get_or_init(|| {
        let mut trusted: Vec<PathBuf> = Vec::new();
        for folder in folders(false) {
            if !trusted.contains(&folder) && is_trusted_folder(&folder) {
                trusted.push(folder);
            }
        }
        std::env::join_paths(trusted).unwrap_or_default()
    })
}

#[cfg(unix)]
fn is_trusted_folder(folder: &Path) -> bool {
    // One that is not there fails, too: others could make it. In a file nothing is found.
    modelforge_credential_files::check_folder_of_programs(folder).is_ok()
}

#[cfg(not(unix))]
fn is_trusted_folder(folder: &Path) -> bool {
    folder.is_dir() && modelforge_credential_files::check_folder_of_programs(folder).is_ok()
}

/// The folder of this program, if it is asked for, and the absolute entries of PATH. A relative one, the empty one included, would look
/// in the folder that the user happens to stand in.
pub fn folders(beside: bool) -> impl Iterator<Item = PathBuf> {
    let own = if beside { own_folder() } else { None };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).filter(|folder| folder.is_absolute()).collect();
    own.into_iter().chain(folders)
}
