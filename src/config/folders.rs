//! Notes in `config.toml` what `exec` hands over in a folder: `[exec."/home/me/app"]`. Comments and layout of the file stay.

use std::path::Path;

use modelforge_credential_files::Trust;
use modelforge_credential_protocol::{Error, Result};
use toml_edit::{DocumentMut, Item, Table, value};

use super::declare::write;
use super::{Config, path, read_text, shown_path};
use crate::error;

/// Adds variables to those of a folder, each with whose key it holds: `openai`, `openai:work`.
///
/// # Errors
/// If the file cannot be read, edited or written.
pub fn assign(folder: &Path, variables: &[(String, String)]) -> Result<()> {
    let (file, _) = path().ok_or_else(no_file)?;
    let folder = folder.to_str().ok_or_else(cannot_add)?;
    let text = read_text(&file, Trust::Believed)?.unwrap_or_default();
    let mut document: DocumentMut = text.parse().map_err(|_| cannot_add())?;
    add(&mut document, folder, variables).ok_or_else(cannot_add)?;
    let text = document.to_string();
    // What this program could not read afterwards is not written.
    let after = Config::parse(&file, &text).map_err(|_| cannot_add())?;
    let now = after.exec_folders.get(Path::new(folder)).ok_or_else(cannot_add)?;
    if !variables.iter().all(|(name, word)| now.get(name) == Some(word)) {
        return Err(cannot_add());
    }
    write(file, text.as_bytes())
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

fn no_file() -> Error {
    Error::new("there is no configuration file to note the folder in")
        .hint("set MODELFORGE_CREDENTIAL_CONFIG to a file, or do not set it")
}

fn cannot_add() -> Error {
    error::in_file(&shown_path(), &Error::new("cannot add what `exec` hands over in the folder"))
}
