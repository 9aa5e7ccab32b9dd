//! Keys in other programs' plain-text files, as the helper for them finds them.

use std::time::Duration;

use modelforge_credential_client::Entry;
use modelforge_credential_protocol::Record;

use super::finding::Finding;
use super::helpers::{Asked, PLAIN_TEXT};
use crate::command::doctor::error;
use crate::providers::Providers;
use crate::session::program;

const CHECK: &str = "plaintext";

/// One finding for each file. The helper is asked whether it is part of a chain or not.
pub fn check(providers: &Providers, asked: &[Asked]) -> Vec<Finding> {
    let listed = match asked.iter().find(|one| one.name == PLAIN_TEXT) {
        Some(asked) => asked.listed.as_ref().ok().and_then(Option::as_ref).map(|records| records.iter().collect()),
        None => None,
    };
    let own: Vec<Record>;
    let records: Vec<&Record> = match listed {
        Some(records) => records,
        None => {
            own = list(providers).unwrap_or_default();
            own.iter().collect()
        }
    };
    let mut files: Vec<(&str, Vec<String>)> = Vec::new();
    for record in records {
        let file = record.text("file").unwrap_or_default();
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

fn list(providers: &Providers) -> Option<Vec<Record>> {
    let entry = Entry { timeout: Some(Duration::from_secs(5)), ..Entry::helper(PLAIN_TEXT) };
    let program = program(&entry).ok()?.with("MODELFORGE_CREDENTIAL_WARN_PLAINTEXT", "0");
    program.list(&providers.context_of_all().ok()?).ok()?
}
