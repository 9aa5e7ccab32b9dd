//! Keys in the plain-text files of other programs, as the helpers for them list them.

use std::time::Duration;

use modelforge_credential_client::Program;

use super::finding::Finding;
use super::helpers::Asked;
use crate::command::doctor::error;
use crate::command::migrate::DEFAULT_SOURCES;
use crate::config::entry_of_text;
use crate::providers::Providers;
use crate::session::program;

const CHECK: &str = "plaintext";

/// One finding per file. Asks what `migrate` would look at, in the chain or not.
pub fn check(providers: &Providers, asked: &[Asked]) -> Vec<Finding> {
    let listed = asked.iter().filter_map(|one| one.listed.as_ref().ok()?.as_ref()).flatten();
    let sources = sources().into_iter().filter(|source| !asked.iter().any(|one| one.is(source)));
    let list = |source: Program| source.list(&providers.context_of_all().ok()?).ok()?;
    let own: Vec<_> = sources.filter_map(list).flatten().collect();
    let mut files: Vec<(&str, Vec<String>)> = Vec::new();
    for record in listed.chain(&own).filter(|record| record.is_true("plain_text")) {
        let Some(file) = record.text("file") else { continue };
        let provider = providers.by_location(record).ok().flatten().map(|provider| provider.name);
        let name = provider.unwrap_or_else(|| record.url());
        match files.iter_mut().find(|(known, _)| *known == file) {
            Some((_, names)) => names.push(name),
            None => files.push((file, vec![name])),
        }
    }
    if files.is_empty() {
        return vec![Finding::ok(CHECK, "no key was found in another program's file")];
    }
    files.iter().map(|(file, names)| Finding::warning(CHECK, &error::keys_in_file(file.as_ref(), names))).collect()
}

/// The helpers that read the files of other programs. What is in a keyring is in none.
fn sources() -> Vec<Program> {
    let open = |words: &&str| {
        let mut entry = entry_of_text(words).ok()?;
        entry.timeout = Some(Duration::from_secs(5));
        Some(program(&entry).ok()?.with("MODELFORGE_CREDENTIAL_WARN_PLAINTEXT", "0"))
    };
    DEFAULT_SOURCES.iter().take(2).filter_map(open).collect()
}
