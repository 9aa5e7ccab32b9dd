//! Records the variables of a project in the user's own `config.toml`, so that `exec` sets them in that directory. Nothing in the directory
//! itself decides that.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use modelforge_credential_protocol::visible;

use super::error;
use super::item::Item;
use super::journal::{self, Journal};
use super::migration::Migration;
use crate::config::{self, Assignment};
use crate::terminal::{self, warning};

/// The name of a project as its source reports it.
const PROJECT: &str = "project";

/// Records the variables of each directory from which keys were removed.
pub fn note(migration: &Migration, id: &str, json: bool) -> Result<()> {
    if !migration.choice.rewires {
        return Ok(());
    }
    let mut folders: BTreeMap<PathBuf, Vec<(String, String)>> = BTreeMap::new();
    for item in migration.items.iter().filter(|item| item.is_moved() || item.is_dropped()) {
        let Some((folder, word)) = folder_of(item).zip(item.word()) else { continue };
        let names = item.tool.as_ref().and_then(|tool| tool.variable.as_deref()).unwrap_or_default();
        let variables = folders.entry(folder).or_default();
        variables.extend(names.split(' ').filter(|name| !name.is_empty()).map(|name| (name.to_owned(), word.clone())));
    }
    for (folder, variables) in folders.iter().filter(|(_, variables)| !variables.is_empty()) {
        match assign(id, folder, variables) {
            Ok(()) if json => {}
            Ok(()) => terminal::done(&line(folder, variables))?,
            Err(problem) => warning(&problem),
        }
    }
    Ok(())
}

/// Write it to the journal first, so that a rollback can remove it.
fn assign(id: &str, folder: &Path, variables: &[(String, String)]) -> modelforge_credential_protocol::Result<()> {
    let assignment = Assignment::new(folder, variables)?;
    if let Some(noted) = journal::read()?.iter().find(|noted| noted.id == id) {
        Journal::of(noted)?.assigned(&assignment)?;
    }
    assignment.write()
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
