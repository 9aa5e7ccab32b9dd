//! The folders on PATH: in one that anyone can write to, anyone can put a helper, so none is started from it.

use super::finding::Finding;

const CHECK: &str = "path";

pub fn check() -> Vec<Finding> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<_> = std::env::split_paths(&path).filter(|folder| folder.is_absolute()).collect();
    folders.sort();
    folders.dedup();
    let mut findings: Vec<Finding> = folders.iter().filter_map(|folder| problem(folder)).collect();
    if findings.is_empty() {
        findings.push(Finding::ok(CHECK, "nobody else can write to a folder on PATH"));
    }
    findings
}

/// The rights of others to a folder. That a group can write to one of root's (Debian gives `/usr/local/bin` to `staff`) was decided by
/// its administrator, so helpers are started from there; that its members can put one there is worth knowing.
#[cfg(unix)]
fn problem(folder: &std::path::Path) -> Option<Finding> {
    use crate::command::doctor::error;
    use modelforge_credential_files::{Unsafe, check_folder_of_programs, is_private_group};
    use std::os::unix::fs::MetadataExt;
    let metadata = folder.metadata().ok()?;
    let is_open_to = |bits| metadata.mode() & bits != 0;
    if is_open_to(0o002) {
        // One like /tmp is meant to be so.
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
