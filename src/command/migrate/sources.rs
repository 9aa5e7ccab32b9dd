//! Where keys are taken from when the person names no source.

use modelforge_credential_protocol::visible;

/// The sources when the person names none: the files of other programs, and what ModelForge 0.2 kept in the system's keyring. The
/// second is asked only where there is a session.
pub const DEFAULT_SOURCES: [&str; 2] = ["plaintext", "keyring --modelforge"];

/// True if these are the default sources, with or without the one that needs a session.
pub fn are_default(from: &[String]) -> bool {
    from.first().is_some_and(|first| first == DEFAULT_SOURCES[0])
        && from.iter().skip(1).all(|words| words == DEFAULT_SOURCES[1])
}

/// Describes these sources for a person who wonders where their key is.
pub fn looked_at(from: &[String]) -> String {
    let places = from.iter().map(|words| match DEFAULT_SOURCES.iter().position(|known| known == words) {
        Some(0) => "the files of ModelForge and of Python's keyring".to_owned(),
        Some(_) => "what ModelForge 0.2 kept in the system's keyring".to_owned(),
        None => format!("`{}`", visible(words)),
    });
    places.collect::<Vec<_>>().join(", ")
}
