//! What a project's files held is noted in the user's own `config.toml`, so that `exec` hands it over in that folder. Nothing in the folder is
//! asked for it.

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

/// A project, as its source calls it.
const PROJECT: &str = "project";

/// Notes the variables of each folder that keys were taken out of.
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

/// Written into the notes first: a rollback takes it out again.
fn assign(id: &str, folder: &Path, variables: &[(String, String)]) -> modelforge_credential_protocol::Result<()> {
    let assignment = Assignment::new(folder, variables)?;
    if let Some(noted) = journal::read()?.iter().find(|noted| noted.id == id) {
        Journal::of(noted)?.assigned(&assignment)?;
    }
    assignment.write()
}

/// The folder of the project that it was taken from. A file that asks for the key itself needs no more.
fn folder_of(item: &Item) -> Option<PathBuf> {
    item.tool.as_ref().filter(|tool| tool.name == PROJECT && !tool.asks)?;
    dunce::canonicalize(Path::new(item.file.as_deref()?).parent()?).ok()
}

fn line(folder: &Path, variables: &[(String, String)]) -> String {
    let names: Vec<&str> = variables.iter().map(|(name, _)| name.as_str()).collect();
    let (program, folder) = (error::PROGRAM, error::tilde(folder));
    let names = visible(&names.join("`, `"));
    format!("in `{folder}`, `{program} exec -- COMMAND` sets `{names}` now: {} says so", config::shown_path())
}
