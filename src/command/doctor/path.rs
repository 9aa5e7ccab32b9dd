//! Checks the directories on PATH. If anyone can write to one, anyone can put a helper there, so no helper is started from it.

use super::finding::Finding;

const CHECK: &str = "path";

pub fn check() -> Vec<Finding> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<_> = std::env::split_paths(&path).filter(|folder| folder.is_absolute()).collect();
    folders.sort();
    folders.dedup();
    let mut findings: Vec<Finding> = folders.iter().filter_map(|folder| problem(folder)).collect();
    if findings.is_empty() {
        findings.push(Finding::ok(CHECK, "no other user can write to a directory on PATH"));
    }
    findings
}

/// How others can change a directory. If a group can write to one of root's (on Debian, `staff` to `/usr/local/bin`), its administrator
/// decided that, so helpers are started from there. It is still worth a warning that members of the group can put one there.
#[cfg(unix)]
fn problem(folder: &std::path::Path) -> Option<Finding> {
    use crate::command::doctor::error;
    use modelforge_credential_files::{Unsafe, check_folder_of_programs, is_private_group};
    use std::os::unix::fs::MetadataExt;
    let metadata = folder.metadata().ok()?;
    let is_open_to = |bits| metadata.mode() & bits != 0;
    if is_open_to(0o002) {
        // Directories such as /tmp are meant to be open.
        return Some(Finding::warning(CHECK, &error::path_is_open(folder, is_open_to(0o1000))));
    }
    match check_folder_of_programs(folder) {
        Err(Unsafe::Foreign(place)) => Some(Finding::warning(CHECK, &error::path_is_foreign(folder, &place))),
        Err(Unsafe::OpenToAll(place) | Unsafe::OpenToAGroup(place)) => {
            Some(Finding::warning(CHECK, &error::path_is_open(&place, false)))
        }
        Ok(_) if is_open_to(0o020) && !is_private_group(folder, &metadata) => {
            Some(Finding::warning(CHECK, &error::path_is_open_to_a_group(folder, metadata.gid())))
        }
        _ => None,
    }
}

#[cfg(not(unix))]
fn problem(folder: &std::path::Path) -> Option<Finding> {
    modelforge_credential_files::check_folder_of_programs(folder)
        .is_err()
        .then(|| Finding::warning(CHECK, &crate::command::doctor::error::path_is_open(folder, false)))
}
