//! `helpers add` and `helpers remove`: change the list `helpers` in config.toml.

use anyhow::Result;
use modelforge_credential_client::Entry;
use modelforge_credential_protocol::{Capabilities, Error, visible};

use super::error;
use crate::config::{self, as_toml, entry_of_text, is_name};
use crate::session::program;
use crate::terminal;

/// What to add, and where.
pub struct Added {
    pub name: String,
    pub before: Option<String>,
    /// The program and its arguments. Empty: the helper with that name.
    pub command: Vec<String>,
}

/// Adds the helper if it exists and may be started.
pub fn add(added: &Added) -> Result<()> {
    let entry = entry(added)?;
    let found = program(&entry).map_err(Error::from)?;
    let keeps = found.known_capabilities().map_err(Error::from)?.keeps();
    let chain = config::add_helper(&entry, added.before.as_deref(), |chain| {
        let is_last = |entry: &Entry| program(entry).is_ok_and(|other| comes_last(other.capabilities()));
        if keeps { chain.iter().position(is_last).unwrap_or(chain.len()) } else { first_after_env(chain) }
    })?;
    show(&chain)
}

/// True if it comes after the helpers that store keys: it generates tokens, or reads other programs' files.
pub fn comes_last(capabilities: Capabilities) -> bool {
    capabilities.foreign || capabilities.generates
}

/// Removes the helper. Its keys stay where they are.
pub fn remove(name: &str) -> Result<()> {
    show(&config::remove_helper(name)?)
}

/// A helper that only answers comes before the stores, because its keys were chosen on purpose.
fn first_after_env(chain: &[Entry]) -> usize {
    chain.iter().position(|entry| entry.name() != "env").unwrap_or(chain.len())
}

fn entry(added: &Added) -> Result<Entry> {
    if added.command.is_empty() {
        return entry_of_text(&added.name).map_err(|problem| error::not_an_entry(&problem).into());
    }
    if !is_name(&added.name) {
        return Err(error::not_a_name(&added.name).into());
    }
    Ok(Entry { label: Some(added.name.clone()), ..Entry::command(added.command.iter().cloned()) })
}

fn show(chain: &[Entry]) -> Result<()> {
    let entries: Vec<String> = chain.iter().map(as_toml).collect();
    Ok(terminal::tell(&format!("helpers = [{}]\n", visible(&entries.join(", "))))?)
}
