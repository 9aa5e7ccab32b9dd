//! The directories in which programs are looked up.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The directory of this program. Every helper of a chain is looked up there first.
pub fn own_folder() -> Option<PathBuf> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    FOLDER.get_or_init(|| Some(std::env::current_exe().ok()?.parent()?.to_path_buf())).clone()
}

/// The entries of `PATH` that other users cannot change. Helpers look up their own programs there.
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
    // A directory that does not exist fails as well, because others could create it. In a file nothing can be found.
    modelforge_credential_files::check_folder_of_programs(folder).is_ok()
}

#[cfg(not(unix))]
fn is_trusted_folder(folder: &Path) -> bool {
    folder.is_dir() && modelforge_credential_files::check_folder_of_programs(folder).is_ok()
}

/// The directory of this program, if `beside` is true, and the absolute entries of PATH. A relative or empty entry would mean the user's
/// working directory.
pub fn folders(beside: bool) -> impl Iterator<Item = PathBuf> {
    let own = if beside { own_folder() } else { None };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).filter(|folder| folder.is_absolute()).collect();
    own.into_iter().chain(folders)
}
