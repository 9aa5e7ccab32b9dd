//! Checks our own directories and files: who owns them, and who else can read or change them.

use std::path::{Path, PathBuf};

use modelforge_credential_files::{Fault, Trust, fault};

use super::finding::Finding;

const CHECK: &str = "permissions";

/// More files than anyone has. The check must end.
const MOST: usize = 20_000;

pub fn check() -> Vec<Finding> {
    use crate::command::doctor::error;
    let mut findings = Vec::new();
    for (folder, is_private) in folders() {
        let mut wrong = Wrong::default();
        look(&folder, is_private, &mut wrong, &mut 0);
        if let Some((path, count)) = wrong.foreign {
            findings.push(Finding::error(CHECK, &error::belongs_to_another(&path, count - 1, &folder)));
        }
        if let Some((path, count)) = wrong.open {
            findings.push(Finding::error(CHECK, &error::others_can_reach(&path, count - 1, &folder, is_private)));
        }
    }
    if findings.is_empty() {
        findings.push(Finding::ok(CHECK, "only you can read and change this program's files"));
    }
    findings
}

/// Our directories that exist, and whether their content must be private.
pub fn folders() -> Vec<(PathBuf, bool)> {
    use crate::error::PROGRAM;
    use crate::state;
    let folders = [
        (crate::config::path().and_then(|(path, _)| Some(path.parent()?.to_path_buf())), false),
        (state::data(), true),
        (state::folder(), true),
    ];
    let mut folders: Vec<_> = folders.into_iter().filter_map(|(path, is_private)| Some((path?, is_private))).collect();
    // If a configuration file was named explicitly, its directory may have files that are not ours.
    folders.retain(|(path, _)| path.is_dir() && path.file_name().is_some_and(|name| name == PROGRAM));
    folders
}

/// The first path of a kind, and how many there are.
type Found = Option<(PathBuf, usize)>;

#[derive(Default)]
struct Wrong {
    foreign: Found,
    open: Found,
}

fn look(path: &Path, is_private: bool, wrong: &mut Wrong, seen: &mut usize) {
    *seen += 1;
    let Ok(metadata) = path.symlink_metadata() else { return };
    if *seen > MOST || metadata.is_symlink() {
        return;
    }
    let trust = if is_private { Trust::Private } else { Trust::Believed };
    let found = match fault(path, &metadata, trust) {
        Some(Fault::Foreign) => Some(&mut wrong.foreign),
        Some(Fault::Open) => Some(&mut wrong.open),
        None => None,
    };
    if let Some(found) = found {
        found.get_or_insert_with(|| (path.to_path_buf(), 0)).1 += 1;
    }
    if metadata.is_dir() {
        let mut entries: Vec<_> =
            std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        entries.sort();
        entries.iter().for_each(|entry| look(entry, is_private, wrong, seen));
    }
}
