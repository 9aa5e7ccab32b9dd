//! Checks for keys in plain-text files of other programs, which the helpers for them list.

use super::finding::Finding;
use super::helpers::Asked;
use crate::command::doctor::error;
use crate::command::plain_files;
use crate::providers::Providers;

const CHECK: &str = "plaintext";

/// One finding per file. Searches what `migrate` would search, in the chain or not.
pub fn check(providers: &Providers, asked: &[Asked]) -> Vec<Finding> {
    let listed = asked.iter().filter_map(|one| one.listed.as_ref().ok()?.as_ref()).flatten();
    let own = plain_files::listed(providers, |_, source| asked.iter().any(|one| one.is(source)));
    let files = plain_files::of(listed.chain(&own), providers);
    if files.is_empty() {
        return vec![Finding::ok(CHECK, "no key was found in another program's file")];
    }
    files.iter().map(|file| Finding::warning(CHECK, &error::keys_in_file(file))).collect()
}
