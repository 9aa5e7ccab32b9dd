//! Adds a provider to `config.toml`, and keeps the file's comments and layout.

use modelforge_credential_protocol::{Error, Result, shown, visible};
use modelforge_credential_providers::by_name;
use toml_edit::{DocumentMut, InlineTable, Item, Table, value};

use super::settings::Settings;
use super::{Config, provider_name, shown_path};
use crate::error::{self, PROGRAM};
use crate::url::{base_url, is_safe_url};

/// Gives a provider a URL. Returns whether that is new. A known provider is moved to another URL only if the person insists, because all
/// tools that name it would then get the key of the new URL.
///
/// # Errors
/// If keys would be sent unencrypted, the name has another URL already, or the file cannot be read or written.
pub fn declare(name: &str, url: &str, insists: bool) -> Result<bool> {
    if shown(name) != visible(name) {
        return Err(looks_like_a_key());
    }
    let name = provider_name(name)?;
    let wanted = base_url(url)?;
    if !is_safe_url(url) {
        return Err(not_encrypted(&wanted.url()));
    }
    let usual = by_name(&name).and_then(|known| known.url).map(base_url).transpose()?;
    let is_usual = usual.as_ref().is_some_and(|usual| usual.url() == wanted.url());
    if let Some(usual) = usual.filter(|_| !insists && !is_usual) {
        return Err(is_known_elsewhere(&name, &usual.url(), url));
    }
    let settings = Settings::to_change("to change")?;
    let before = settings.parse()?;
    let at = before.providers.get(&name).and_then(|provider| provider.url.as_ref());
    if let Some(at) = at {
        return if at.url() == wanted.url() { Ok(false) } else { Err(is_elsewhere(&name, &at.url())) };
    }
    if is_usual {
        return Ok(false);
    }
    let mut document = settings.document().ok_or_else(|| cannot_add(&name))?;
    add(&mut document, &name, url).ok_or_else(|| cannot_add(&name))?;
    let is_as_wanted = |after: &Config| {
        let at = after.providers.get(&name).and_then(|provider| provider.url.as_ref());
        at.is_some_and(|at| at.url() == wanted.url())
    };
    settings.write(&document, is_as_wanted, || cannot_add(&name)).map(|_| true)
}

pub(super) fn add(document: &mut DocumentMut, name: &str, url: &str) -> Option<()> {
    let mut implicit = Table::new();
    implicit.set_implicit(true);
    // If the file has only comments, the section comes after them.
    let comments =
        if document.is_empty() { document.trailing().as_str().unwrap_or_default().to_owned() } else { String::new() };
    if !comments.is_empty() {
        document.set_trailing("");
    }
    let providers = document.entry("provider").or_insert(Item::Table(implicit));
    let is_inline = providers.is_inline_table();
    let providers = providers.as_table_like_mut()?;
    // The file may have the name in another spelling.
    let spelt =
        providers.iter().map(|(key, _)| key.to_owned()).find(|key| provider_name(key).is_ok_and(|key| key == name));
    let mut section = Table::new();
    section.set_dotted(providers.is_dotted());
    if !comments.is_empty() {
        section.decor_mut().set_prefix(format!("{comments}\n"));
    }
    // The library panics if a table is inserted into an inline one.
    let section = if is_inline { value(InlineTable::new()) } else { Item::Table(section) };
    let section = providers.entry(spelt.as_deref().unwrap_or(name)).or_insert(section);
    section.as_table_like_mut()?.insert("url", value(url));
    Some(())
}

/// It would be in the file, in lists, and in the log.
fn looks_like_a_key() -> Error {
    Error::new("the name of the provider looks like a key")
        .hint(format!("{PROGRAM} login NAME --url https://…  # and enter the key at the prompt"))
}

fn not_encrypted(url: &str) -> Error {
    Error::new(format!("`{url}` is not encrypted: anyone on the way could read the key")).hint(format!(
        "use https; without it only this machine is allowed: {PROGRAM} login NAME --url http://localhost:8080"
    ))
}

fn is_elsewhere(name: &str, url: &str) -> Error {
    Error::new(format!("provider `{name}` is already at `{url}`, as {} has it", shown_path()))
        .hint("choose another name, or change the URL in that file")
}

fn is_known_elsewhere(name: &str, usual: &str, url: &str) -> Error {
    let url = shell_words::quote(url);
    Error::new(format!("`{name}` is the provider at `{usual}`"))
        .hint(format!("{PROGRAM} login my-{name} --url {url}  # or another name; --force moves `{name}` there"))
}

fn cannot_add(name: &str) -> Error {
    error::in_file(&shown_path(), &Error::new(format!("cannot add provider `{}`", visible(name))))
        .hint(format!("add these lines: [provider.{}] and url = \"https://…\"", visible(name)))
}
