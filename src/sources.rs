//! The default sources of `migrate`. Other commands search them as well.

use modelforge_credential_protocol::visible;

use crate::error::tilde;

/// The default sources: the files of ModelForge, those of all other tools, and the keys that ModelForge 0.2 stored in the system's keyring.
/// The second is asked only if it is installed, the third only in a session.
pub const DEFAULT_SOURCES: [&str; 3] = ["plaintext", TOOLS, OLD_KEYRING];

/// The files of LLM tools, shell profiles and projects.
pub const TOOLS: &str = "tools";

/// Keys that ModelForge 0.2 stored in the system's keyring.
pub const OLD_KEYRING: &str = "keyring --modelforge";

/// True if these are the default sources, or some of them.
pub fn are_default(from: &[String]) -> bool {
    from.first().is_some_and(|first| DEFAULT_SOURCES.iter().take(2).any(|words| words == first))
        && from.iter().all(|words| DEFAULT_SOURCES.contains(&words.as_str()))
}

/// Says which projects were searched, for a person who misses a key.
pub fn looked_at_in(folders: &[String]) -> String {
    let folders: Vec<String> = folders.iter().map(|folder| format!("`{}`", visible(&tilde(folder.as_ref())))).collect();
    format!("the files of projects in {}", folders.join(", "))
}

/// Says which sources were searched, for a person who misses a key.
pub fn looked_at(from: &[String]) -> String {
    let places = from.iter().map(|words| match DEFAULT_SOURCES.iter().position(|known| known == words) {
        Some(0) => "the files of ModelForge and of Python's keyring".to_owned(),
        Some(1) => "the files of LLM tools and of the shell".to_owned(),
        Some(_) => "the items of ModelForge 0.2 in the system's keyring".to_owned(),
        None => format!("`{}`", visible(words)),
    });
    places.collect::<Vec<_>>().join(", ")
}
