//! Adds a helper to `config.toml`, or removes one, and keeps the file's comments and layout.

use modelforge_credential_client::Entry;
use modelforge_credential_protocol::{Error, Result, Shell, visible};
use toml_edit::{Array, DocumentMut, Item, Value};

use super::settings::Settings;
use super::{Config, DEFAULT_CHAIN, shown_path};
use crate::error::{self, PROGRAM};

/// Inserts an entry before the helper `before`, or after the last helper that stores keys: `at` returns that position. Returns the chain.
///
/// # Errors
/// If there is a helper with this name already, none called `before`, or the file cannot be read or written.
pub fn add(entry: &Entry, before: Option<&str>, at: impl FnOnce(&[Entry]) -> usize) -> Result<Vec<Entry>> {
    change(|names, chain, list| {
        if names.contains(&entry.name()) {
            return Err(is_there(&entry.name()));
        }
        let at = match before {
            Some(before) => names.iter().position(|name| name == before).ok_or_else(|| is_missing(before))?,
            None => at(chain),
        };
        list.insert(at, value(entry));
        Ok(())
    })
}

/// Removes the entry with this name. Returns the chain.
///
/// # Errors
/// If there is none, or the file cannot be read or written.
pub fn remove(name: &str) -> Result<Vec<Entry>> {
    change(|names, _, list| {
        let at = names.iter().position(|other| other == name).ok_or_else(|| is_missing(name))?;
        list.remove(at);
        Ok(())
    })
}

/// Changes the list `helpers`. If the file has none, it starts with the default chain.
fn change(edit: impl FnOnce(&[String], &[Entry], &mut Array) -> Result<()>) -> Result<Vec<Entry>> {
    if std::env::var_os("MODELFORGE_CREDENTIAL_HELPERS").is_some() {
        return Err(Error::new("`MODELFORGE_CREDENTIAL_HELPERS` is set, so the configuration is not used")
            .hint(Shell::of_the_person().unset("MODELFORGE_CREDENTIAL_HELPERS")));
    }
    let settings = Settings::to_change("to change")?;
    let chain = settings.parse()?.helpers_for(None)?.entries;
    let names: Vec<String> = chain.iter().map(Entry::name).collect();
    let mut document = settings.document().ok_or_else(cannot_change)?;
    if !document.contains_key("helpers") {
        let default: Array = DEFAULT_CHAIN.iter().map(|row| row.name).collect();
        insert_first(&mut document, default);
    }
    let list = document["helpers"].as_array_mut().ok_or_else(cannot_change)?;
    edit(&names, &chain, list)?;
    let has_a_chain = |after: &Config| after.helpers_for(None).is_ok();
    Ok(settings.write(&document, has_a_chain, cannot_change)?.helpers_for(None)?.entries)
}

/// In TOML, a value outside of all sections must come before the first section.
fn insert_first(document: &mut DocumentMut, list: Array) {
    document.insert("helpers", Item::Value(Value::Array(list)));
}

/// The entry in the form that the file uses: a string if that is enough.
fn value(entry: &Entry) -> Value {
    let is_path = entry.words.first().is_some_and(|word| std::path::Path::new(word).is_absolute());
    if entry.timeout.is_none() && entry.label.is_none() && (!entry.is_command || is_path) {
        return super::line(&entry.words).into();
    }
    let mut table = toml_edit::InlineTable::new();
    if let Some(label) = &entry.label {
        table.insert("name", label.as_str().into());
    }
    table.insert("command", Value::Array(entry.words.iter().map(String::as_str).collect()));
    if let Some(limit) = entry.timeout {
        table.insert("timeout", format!("{}ms", limit.as_millis()).into());
    }
    Value::InlineTable(table)
}

/// The entry as a line of the file.
pub fn as_toml(entry: &Entry) -> String {
    value(entry).to_string().trim().to_owned()
}

fn is_there(name: &str) -> Error {
    Error::new(format!("helper `{}` is in the chain already, as {} has it", visible(name), shown_path()))
        .hint(format!("{PROGRAM} helpers remove {}", shell_words::quote(name)))
}

fn is_missing(name: &str) -> Error {
    Error::new(format!("no helper in the chain is called `{}`", visible(name))).hint(format!("{PROGRAM} helpers"))
}

fn cannot_change() -> Error {
    error::in_file(&shown_path(), &Error::new("cannot change `helpers`")).hint("edit the list `helpers` in that file")
}
