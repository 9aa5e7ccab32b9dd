//! Where keys are taken from when the person names no source.

/// The sources when the person names none: the files of other programs, and what ModelForge 0.2 kept in the system's keyring. The
/// second is asked only where there is a session.
pub const DEFAULT_SOURCES: [&str; 2] = ["plaintext", "keyring --modelforge"];

/// Whether these are the default sources, with or without the one that needs a session.
pub fn are_default(from: &[String]) -> bool {
    from.first().is_some_and(|first| first == DEFAULT_SOURCES[0])
        && from.iter().skip(1).all(|words| words == DEFAULT_SOURCES[1])
}
