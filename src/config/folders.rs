//! Records in `config.toml` which keys `exec` sets in a directory (`[exec."/home/me/app"]`), or removes that record. The file's comments
//! and layout stay.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use modelforge_credential_protocol::{Error, Result};
use serde::{Deserialize, Serialize};
use toml_edit::{DocumentMut, Item, Table, TableLike, value};

use super::settings::Settings;
use super::{Config, shown_path};
use crate::error;

/// Why the file is opened, for messages.
const PURPOSE: &str = "for the variables of the directory";

/// The variables of a directory, each with its key: `openai` or `openai:work`.
type Variables = BTreeMap<String, String>;

/// A change of the variables of a directory that can be undone.
#[derive(Serialize, Deserialize, Clone)]
pub struct Assignment {
    pub folder: PathBuf,
    pub variables: Variables,
    /// Their values before.
    was: Variables,
    /// The position of the change in the file, with the new and the old text.
    at: usize,
    new: String,
    old: String,
    is_new_file: bool,
}

impl Assignment {
    /// Prepares to add variables to those of a directory. Nothing is written yet.
    ///
    /// # Errors
    /// If the file cannot be read or edited.
    pub fn new(folder: &Path, variables: &[(String, String)]) -> Result<Self> {
        let settings = Settings::to_change(PURPOSE)?;
        let name = folder.to_str().ok_or_else(cannot_add)?;
        let before = settings.text();
        let mut document = settings.document().ok_or_else(cannot_add)?;
        add(&mut document, name, variables).ok_or_else(cannot_add)?;
        let after = document.to_string();
        let mut was = assigned(&settings.parse()?, folder);
        was.retain(|name, _| variables.iter().any(|(new, _)| new == name));
        let at = before.char_indices().zip(after.chars()).find(|((_, one), other)| one != other);
        let at = at.map_or(before.len().min(after.len()), |((at, _), _)| at);
        let (old, new) = (before.get(at..).unwrap_or_default(), after.get(at..).unwrap_or_default());
        let alike = old.chars().rev().zip(new.chars().rev()).take_while(|(one, other)| one == other);
        let alike: usize = alike.map(|(one, _)| one.len_utf8()).sum();
        let [old, new] = [old, new].map(|text| text.get(..text.len() - alike).unwrap_or_default().to_owned());
        let variables = variables.iter().cloned().collect();
        Ok(Self { folder: folder.to_owned(), variables, was, at, new, old, is_new_file: settings.is_missing() })
    }

    /// Writes the change.
    ///
    /// # Errors
    /// If the file was changed in the meantime, or cannot be written.
    pub fn write(&self) -> Result<()> {
        let settings = Settings::to_change(PURPOSE)?;
        let text = spliced(settings.text(), self.at, &self.old, &self.new).ok_or_else(cannot_add)?;
        let is_as_wanted = |after: &Config| {
            let now = assigned(after, &self.folder);
            self.variables.iter().all(|(name, word)| now.get(name) == Some(word))
        };
        settings.write_text(&text, is_as_wanted, cannot_add).map(drop)
    }

    /// Undoes the change, except for what was changed since. If nothing else was changed, the file is then the same byte for byte. Returns
    /// whether there was anything to undo.
    ///
    /// # Errors
    /// If the file cannot be read, edited or written.
    pub fn take_back(&self) -> Result<bool> {
        let settings = Settings::to_change(PURPOSE)?;
        let mut wanted = assigned(&settings.parse()?, &self.folder);
        let is_ours = |(name, word): &(&String, &String)| wanted.get(*name) == Some(word);
        let ours: Vec<&String> = self.variables.iter().filter(is_ours).map(|(name, _)| name).collect();
        if ours.is_empty() {
            return Ok(false);
        }
        for name in &ours {
            match self.was.get(*name) {
                Some(word) => drop(wanted.insert((*name).clone(), word.clone())),
                None => drop(wanted.remove(*name)),
            }
        }
        let is_wanted =
            |text: &String| settings.parse_as(text).is_ok_and(|after| assigned(&after, &self.folder) == wanted);
        let exactly = spliced(settings.text(), self.at, &self.new, &self.old).filter(is_wanted);
        let text = exactly.or_else(|| self.without(settings.document()?, &ours).filter(is_wanted));
        let text = text.ok_or_else(cannot_take_back)?;
        if text.is_empty() && self.is_new_file {
            settings.remove()?;
        } else {
            settings.write_text(&text, |_| true, cannot_take_back)?;
        }
        Ok(true)
    }

    /// The text without these variables, if the file was changed since.
    fn without(&self, mut document: DocumentMut, names: &[&String]) -> Option<String> {
        let exec = document.get_mut("exec")?.as_table_like_mut()?;
        let folder = self.folder.to_str()?;
        let section = exec.get_mut(folder)?.as_table_like_mut()?;
        let env = section.get_mut("env")?.as_table_like_mut()?;
        for name in names {
            match self.was.get(*name) {
                Some(word) => env.insert(name, value(word)),
                None => env.remove(name),
            };
        }
        if env.is_empty() {
            section.remove("env");
        }
        if section.is_empty() {
            exec.remove(folder);
        }
        Some(document.to_string())
    }
}

/// The text with `new` in place of `old`, if `old` is at this position.
fn spliced(text: &str, at: usize, old: &str, new: &str) -> Option<String> {
    let rest = text.get(at..)?.strip_prefix(old)?;
    Some([text.get(..at)?, new, rest].concat())
}

/// The variables that the configuration sets in a directory.
fn assigned(config: &Config, folder: &Path) -> Variables {
    config.exec_folders.get(folder).cloned().unwrap_or_default()
}

fn add(document: &mut DocumentMut, folder: &str, variables: &[(String, String)]) -> Option<()> {
    let mut implicit = Table::new();
    implicit.set_implicit(true);
    let exec = document.entry("exec").or_insert(Item::Table(implicit)).as_table_like_mut()?;
    let section: &mut dyn TableLike = exec.entry(folder).or_insert(Item::Table(Table::new())).as_table_like_mut()?;
    let env = section.entry("env").or_insert(value(toml_edit::InlineTable::new())).as_table_like_mut()?;
    for (name, word) in variables {
        env.insert(name, value(word));
    }
    Some(())
}

fn cannot_add() -> Error {
    error::in_file(&shown_path(), &Error::new("cannot add the variables of the directory"))
}

fn cannot_take_back() -> Error {
    error::in_file(&shown_path(), &Error::new("cannot remove the variables of the directory"))
}
