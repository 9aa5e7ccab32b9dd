//! The helpers that are installed.

use std::collections::BTreeMap;
#[cfg(unix)]
use std::path::Path;
use std::path::PathBuf;

#[cfg(windows)]
use crate::ending::is_program;
use crate::find::trusted;
use crate::path::own_folder;
use crate::{Failure, PREFIX};

/// A program named like a helper, next to this program or on PATH.
#[derive(Debug)]
pub struct Installed {
    /// Its entry in the configuration.
    pub entry: Vec<String>,
    /// The program that would be started, or the reason why none would be.
    pub path: Result<PathBuf, Failure>,
}

/// Every helper that can be found: ours and git's.
pub fn installed() -> Vec<Installed> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    let mut found: BTreeMap<Vec<String>, Result<PathBuf, Failure>> = BTreeMap::new();
    let has_git = crate::on_path("git".as_ref()).is_ok();
    for (folder, is_own) in
        own_folder().into_iter().map(|folder| (folder, true)).chain(on_path.map(|folder| (folder, false)))
    {
        for name in std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|file| file.file_name()) {
            let Some(entry) = name.to_str().and_then(|name| entry_of(name, has_git && !is_own)) else { continue };
            let file = folder.join(&name);
            // As in a lookup: the first one that may be started, otherwise the problem of the first one.
            if is_program(&file) && !found.get(&entry).is_some_and(Result::is_ok) {
                let path = trusted(&file);
                if path.is_ok() || !found.contains_key(&entry) {
                    found.insert(entry, path);
                }
            }
        }
    }
    found.into_iter().map(|(entry, path)| Installed { entry, path }).collect()
}

/// `modelforge-credential-NAME` is `NAME`; `git-credential-NAME` is git's.
fn entry_of(file: &str, of_git: bool) -> Option<Vec<String>> {
    let name = without_ending(file)?;
    let name = name.as_ref();
    let is_name = |name: &&str| {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        !name.is_empty() && !name.starts_with('-') && name.bytes().all(allowed)
    };
    if let Some(name) = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix('-')).filter(is_name) {
        return Some(vec![name.to_owned()]);
    }
    let name = name.strip_prefix("git-").filter(|name| of_git && name.starts_with("credential-")).filter(is_name)?;
    Some(vec!["git".to_owned(), name.to_owned()])
}

#[cfg(not(windows))]
fn without_ending(file: &str) -> Option<std::borrow::Cow<'_, str>> {
    Some(file.into())
}

/// File names are compared without regard to case.
#[cfg(windows)]
fn without_ending(file: &str) -> Option<std::borrow::Cow<'_, str>> {
    let ending = crate::ending::ending_of(file)?;
    Some(file[..file.len() - ending.len()].to_ascii_lowercase().into())
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}
