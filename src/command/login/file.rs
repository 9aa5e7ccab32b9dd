//! A service account, from a file or a pipe.

use std::io::Read;
use std::path::Path;

use anyhow::Result;
use modelforge_credential_files::{Trust, read_at_most};
use zeroize::Zeroizing;

use super::error;
use crate::config::{MAX_FILE, read_text};
use crate::text;

/// `-`, `/dev/stdin`, or the `<(…)` of a shell, which is a pipe.
fn is_piped(path: &Path) -> bool {
    path == Path::new("-")
        || path == Path::new("/dev/stdin")
        || path.starts_with("/dev/fd")
        || path.starts_with("/proc/self/fd")
}

fn piped(path: &Path) -> Result<Zeroizing<String>> {
    let read = |input: &mut dyn Read| read_at_most(input, 16 << 10, MAX_FILE);
    let bytes = match path == Path::new("-") {
        true => read(&mut modelforge_credential_protocol::stdin()?),
        false => std::fs::File::open(path).and_then(|mut file| read(&mut file)),
    };
    let bytes = bytes.map_err(|problem| error::cannot_read_input(&problem))?;
    let bytes = bytes.ok_or_else(|| error::too_long_for_an_account(MAX_FILE))?;
    Ok(text::of(&bytes).ok_or_else(|| error::not_json(path, 1, 1))?)
}

/// A service account's JSON file as one line: the same value, without the line breaks between its parts.
pub fn service_account(path: &Path, provider: &str) -> Result<Zeroizing<String>> {
    let text = match is_piped(path) {
        true => piped(path)?,
        false => read_text(path, Trust::Named)?.ok_or_else(|| error::no_such_file(path))?,
    };
    let raw: &serde_json::value::RawValue = serde_json::from_str(&text).map_err(|problem| {
        let error = error::not_json(path, problem.line(), problem.column());
        let looks_like_a_key = text.trim_start().starts_with(|first: char| first.is_ascii_alphanumeric());
        if looks_like_a_key { error.hint(error::key_from_file(provider, path)) } else { error }
    })?;
    // In JSON, line breaks outside strings mean nothing, and strings cannot contain them.
    let line = Zeroizing::new(raw.get().split(['\n', '\r']).map(str::trim).collect::<String>());
    if !line.starts_with('{') {
        return Err(error::not_json(path, 1, 1).into());
    }
    Ok(line)
}
