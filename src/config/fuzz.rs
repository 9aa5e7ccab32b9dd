//! What must hold for any text that is read as `config.toml`, or as an entry of the chain.

use std::path::Path;

use toml::de::{DeTable, DeValue};
use toml_edit::DocumentMut;

use super::{Config, declare, entry_of_text};
use crate::fuzz_support::is_telling;

/// Reads a configuration, adds a provider to it, and reads each of its lines as an entry.
pub fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    text.lines().for_each(check_entry);
    match Config::parse(Path::new("/config.toml"), text) {
        Ok(config) => check_addition(text, &config),
        Err(problem) => {
            let words = format!("{problem}\n{}", problem.hint_text().unwrap_or_default());
            let mut values = Vec::new();
            DeTable::parse(text).into_iter().for_each(|table| collect(table.get_ref(), &mut values));
            let is_quoted = |value: &&String| is_telling(value) && words.contains(value.as_str());
            assert!(!values.iter().any(|value| is_quoted(&value)), "an error quotes a value");
        }
    }
}

/// The words of an entry stay the same when they are written and read again.
fn check_entry(line: &str) {
    let Ok(entry) = entry_of_text(line) else { return };
    assert!(entry.words.first().is_some_and(|first| !first.is_empty() && !first.starts_with('-')));
    let again = entry_of_text(&super::line(&entry.words)).expect("it is an entry");
    assert!(again.words == entry.words && again.is_command == entry.is_command, "written again, it is another");
}

/// The provider that `login NAME --url` adds is there, and nothing else has changed.
fn check_addition(text: &str, before: &Config) {
    const NAME: &str = "one_more";
    let Ok(mut document) = text.parse::<DocumentMut>() else { return };
    if before.providers.contains_key(NAME) || declare::add(&mut document, NAME, "https://one.example").is_none() {
        return;
    }
    let after_text = document.to_string();
    // Text that could not be read again is not written.
    let Ok(after) = Config::parse(Path::new("/config.toml"), &after_text) else { return };
    let url = after.providers.get(NAME).and_then(|provider| provider.url.as_ref()).map(|url| url.url());
    assert_eq!(url.as_deref(), Some("https://one.example"), "it is not there");
    assert_eq!(after.providers.len(), before.providers.len() + 1, "another one came or went");
    for (name, provider) in &before.providers {
        let other = after.providers.get(name).expect("it is still there");
        let what = |one: &super::ProviderConfig| {
            let url = one.url.as_ref().map(|url| url.url());
            let entries = one.helpers.iter().flatten().map(|entry| entry.words.clone()).collect::<Vec<_>>();
            (url, one.env.clone(), one.account.clone(), entries, one.scope.clone(), one.token_url.clone())
        };
        assert_eq!(what(other), what(provider), "another provider changed");
    }
    let comments = |text: &str| text.lines().filter(|line| line.trim_start().starts_with('#')).count();
    assert_eq!(comments(&after_text), comments(text), "a comment came or went");
}

/// Every text of a table.
fn collect(table: &DeTable, values: &mut Vec<String>) {
    let mut open: Vec<&DeValue> = table.values().map(|value| value.get_ref()).collect();
    while let Some(value) = open.pop() {
        match value {
            DeValue::String(text) => values.push(text.to_string()),
            DeValue::Array(array) => open.extend(array.iter().map(|value| value.get_ref())),
            DeValue::Table(table) => open.extend(table.values().map(|value| value.get_ref())),
            _ => {}
        }
    }
}

#[cfg(test)]
#[test]
fn what_fuzzing_has_seen_is_read_as_it_should_be() {
    crate::fuzz_support::replay("config", check);
}
