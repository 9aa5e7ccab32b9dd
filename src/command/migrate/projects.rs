//! Records the variables of a project in the user's own `config.toml`, so that `exec` sets them in that directory. Nothing in the directory
//! itself decides that.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use modelforge_credential_protocol::visible;

use super::error;
use super::item::Item;
use super::journal::Journal;
use super::migration::Migration;
use crate::config::{self, Assignment};
use crate::terminal::{self, warning};

/// The name of a project as its source reports it.
const PROJECT: &str = "project";

/// Variables, and the provider of the key in each.
type Variables = Vec<(String, String)>;

/// The notes about a directory.
pub struct Noted {
    folder: PathBuf,
    variables: Variables,
    assignment: Assignment,
}

/// Notes the variables of these items by directory, before they are removed from their files: even after a kill, `exec` then sets the
/// variables that a file no longer has.
pub fn note<'i>(migration: &Migration, journal: &Journal, items: impl Iterator<Item = &'i Item>) -> Vec<Noted> {
    let folders = of_folders(migration, items).into_iter();
    let noted = folders.filter_map(|(folder, variables)| match assign(journal, &folder, &variables) {
        Ok(assignment) => Some(Noted { folder, variables, assignment }),
        Err(problem) => {
            warning(&problem);
            None
        }
    });
    noted.collect()
}

/// Removes the note for each key that stayed in its file.
pub fn take_back(migration: &Migration, journal: &Journal, noted: Vec<Noted>) -> Vec<Noted> {
    let gone = migration.items.iter().filter(|item| item.is_moved() || item.is_dropped());
    let mut folders = of_folders(migration, gone);
    let corrected = noted.into_iter().filter_map(|noted| {
        let variables = folders.remove(&noted.folder).unwrap_or_default();
        if variables == noted.variables {
            return Some(Ok(noted));
        }
        let outcome = noted.assignment.take_back().and_then(|_| match variables.as_slice() {
            [] => Ok(None),
            some => assign(journal, &noted.folder, some).map(Some),
        });
        let assignment = outcome.transpose()?;
        Some(assignment.map(|assignment| Noted { folder: noted.folder, variables, assignment }))
    });
    corrected.filter_map(|noted| noted.inspect_err(warning).ok()).collect()
}

/// Prints what `exec` sets from now on.
pub fn tell(noted: &[Noted]) -> Result<()> {
    Ok(noted.iter().try_for_each(|noted| terminal::done(&line(&noted.folder, &noted.variables)))?)
}

/// The variables of these items, by directory.
fn of_folders<'i>(migration: &Migration, items: impl Iterator<Item = &'i Item>) -> BTreeMap<PathBuf, Variables> {
    let mut folders: BTreeMap<PathBuf, Variables> = BTreeMap::new();
    for item in items.filter(|_| migration.choice.rewires) {
        let Some((folder, word)) = folder_of(item).zip(item.word()) else { continue };
        let names = item.tool.as_ref().and_then(|tool| tool.variable.as_deref()).unwrap_or_default();
        let variables = names.split(' ').filter(|name| !name.is_empty()).map(|name| (name.to_owned(), word.clone()));
        folders.entry(folder).or_default().extend(variables);
    }
    folders.retain(|_, variables| !variables.is_empty());
    folders
}

/// Write it to the journal first, so that a rollback can remove it.
fn assign(
    journal: &Journal,
    folder: &Path,
    variables: &[(String, String)],
) -> modelforge_credential_protocol::Result<Assignment> {
    let assignment = Assignment::new(folder, variables)?;
    journal.assigned(&assignment)?;
    assignment.write()?;
    Ok(assignment)
}

/// The directory of an item's project. A file that can ask for the key itself needs no variable.
fn folder_of(item: &Item) -> Option<PathBuf> {
    item.tool.as_ref().filter(|tool| tool.name == PROJECT && !tool.asks)?;
    dunce::canonicalize(Path::new(item.file.as_deref()?).parent()?).ok()
}

fn line(folder: &Path, variables: &[(String, String)]) -> String {
    let names: Vec<&str> = variables.iter().map(|(name, _)| name.as_str()).collect();
    let (program, folder) = (error::PROGRAM, error::tilde(folder));
    let names = visible(&names.join("`, `"));
    format!("in `{folder}`, `{program} exec -- COMMAND` sets `{names}` now: added to {}", config::shown_path())
}
