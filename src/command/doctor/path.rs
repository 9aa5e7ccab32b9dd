//! The folders on PATH: in one that anyone can write to, anyone can put a helper, so none is started from it.

use super::finding::Finding;

#[cfg(unix)]
const CHECK: &str = "path";

#[cfg(unix)]
pub fn check() -> Vec<Finding> {
    use std::os::unix::fs::MetadataExt;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<_> = std::env::split_paths(&path).filter(|folder| folder.is_absolute()).collect();
    folders.sort();
    folders.dedup();
    let mode = |folder: &std::path::PathBuf| folder.metadata().map_or(0, |metadata| metadata.mode());
    let mut findings: Vec<Finding> = folders
        .iter()
        .filter(|folder| mode(folder) & 0o002 != 0)
        // A sticky folder such as /tmp is meant to be open.
        .map(|folder| {
            Finding::warning(CHECK, &crate::command::doctor::error::path_is_open(folder, mode(folder) & 0o1000 != 0))
        })
        .collect();
    if findings.is_empty() {
        findings.push(Finding::ok(CHECK, "nobody else can write to a folder on PATH"));
    }
    findings
}

#[cfg(not(unix))]
pub fn check() -> Vec<Finding> {
    Vec::new()
}
