//! Notes in `config.toml` what `exec` hands over in a folder: `[exec."/home/me/app"]`. Comments and layout of the file stay.

use std::path::Path;

use modelforge_credential_protocol::{Error, Result};
use toml_edit::{DocumentMut, Item, Table, value};

use super::settings::Settings;
use super::{Config, shown_path};
use crate::error;

/// Adds variables to those of a folder, each with whose key it holds: `openai`, `openai:work`.
///
/// # Errors
/// If the file cannot be read, edited or written.
pub fn assign(folder: &Path, variables: &[(String, String)]) -> Result<()> {
    let settings = Settings::to_change("to note the folder in")?;
    let folder = folder.to_str().ok_or_else(cannot_add)?;
    let mut document = settings.document().ok_or_else(cannot_add)?;
    add(&mut document, folder, variables).ok_or_else(cannot_add)?;
    let is_as_wanted = |after: &Config| {
        let now = after.exec_folders.get(Path::new(folder));
        now.is_some_and(|now| variables.iter().all(|(name, word)| now.get(name) == Some(word)))
    };
    settings.write(&document, is_as_wanted, cannot_add).map(drop)
}

fn add(document: &mut DocumentMut, folder: &str, variables: &[(String, String)]) -> Option<()> {
    let mut implicit = Table::new();
    implicit.set_implicit(true);
    let exec = document.entry("exec").or_insert(Item::Table(implicit)).as_table_like_mut()?;
    let section = exec.entry(folder).or_insert(Item::Table(Table::new())).as_table_like_mut()?;
    let env = section.entry("env").or_insert(value(toml_edit::InlineTable::new())).as_table_like_mut()?;
    for (name, word) in variables {
        env.insert(name, value(word));
    }
    Some(())
}

fn cannot_add() -> Error {
    error::in_file(&shown_path(), &Error::new("cannot add what `exec` hands over in the folder"))
}
