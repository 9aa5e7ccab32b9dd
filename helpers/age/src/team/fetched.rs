//! Handles fetched objects before they are verified: they may be anything, and of any size.

use modelforge_credential_client::Failure;
use modelforge_credential_protocol::{Error, Result};

use super::git::{Git, text};

/// The content of the remote must not be used. Trying again does not help.
pub struct Refused;

/// The result of a step with fetched objects. If they need too much memory or time, they always will, so the commit is refused.
pub fn within_bounds<T>(commit: &str, outcome: Result<T>) -> Result<T> {
    outcome.map_err(|problem| match problem.cause() {
        Some(Failure::TooMuch { .. } | Failure::TooSlow(_)) => refused(commit, "needs more time or space than a store"),
        _ => problem,
    })
}

pub fn refused(id: &str, why: &str) -> Error {
    let short: String = id.chars().take(12).collect();
    Error::new(format!("the commit `{short}` at the remote {why}, so nothing was fetched"))
        .hint("ask the other members who made it; to skip it: modelforge-credential sync --repair")
        .with_cause(Refused)
}

pub fn damaged() -> Error {
    Error::new("git did not answer with the requested objects")
}

/// The contents of these objects of a commit. `None` for an object that is missing or is not a file.
pub fn contents(git: &Git, commit: &str, names: &[String]) -> Result<Vec<Option<Vec<u8>>>> {
    let mut input = names.join("\n");
    input.push('\n');
    let output = within_bounds(commit, git.run(&["cat-file", "--batch"], input.as_bytes()))?;
    let (mut rest, mut all) = (&output[..], Vec::new());
    for _ in names {
        let end = rest.iter().position(|byte| *byte == b'\n').ok_or_else(damaged)?;
        let head = text(&rest[..end]);
        rest = &rest[end + 1..];
        let words: Vec<&str> = head.split(' ').collect();
        let [_, kind, size] = words.as_slice() else {
            all.push(None);
            continue;
        };
        let size: usize = size.parse().map_err(|_| damaged())?;
        let content = rest.get(..size).ok_or_else(damaged)?;
        all.push((*kind == "blob").then(|| content.to_vec()));
        rest = rest.get(size + 1..).ok_or_else(damaged)?;
    }
    Ok(all)
}
