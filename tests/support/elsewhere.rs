//! Hides differences of Windows and macOS, so that a test is the same there.

use std::path::PathBuf;

use super::Test;

/// The chain without a keyring, as on most machines that run these tests. Tests for a chain with one say so.
pub const WITHOUT_A_KEYRING: &str = "env\nage\nplaintext\noauth";

pub const CHAIN: &str = "MODELFORGE_CREDENTIAL_HELPERS";

/// The variables that every test has.
pub fn variables() -> Vec<(String, String)> {
    let mut variables = vec![("MODELFORGE_CREDENTIAL_INTERACTIVE", "0")];
    // On Windows, tests expect the hints for Git Bash.
    variables.extend(cfg!(windows).then_some(("MSYSTEM", "MINGW64")));
    variables.extend(cfg!(any(windows, target_os = "macos")).then_some((CHAIN, WITHOUT_A_KEYRING)));
    variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Converts output on Windows to the paths and programs of other systems. An escape (`\u{1b}`, `\u001b`, `\"`, or `\n` in an argument of
/// `printf`) is not a path.
pub fn as_elsewhere(text: String) -> String {
    if !cfg!(windows) {
        return text;
    }
    let is_character = |rest: &str| {
        let code = rest.strip_prefix('u').unwrap_or_default();
        rest.starts_with('"')
            || code.starts_with('{')
            || code.get(..4).is_some_and(|code| code.chars().all(|digit| digit.is_ascii_hexdigit()))
    };
    let is_printed = |before: &str| before.rsplit_once("printf '").is_some_and(|(_, given)| !given.contains('\''));
    let mut shown = String::new();
    // In JSON, a backslash is doubled.
    for (at, part) in text.replace("\\\\", "\\").split('\\').enumerate() {
        match at {
            0 => {}
            _ if is_character(part) || is_printed(&shown) => shown.push('\\'),
            _ => shown.push('/'),
        }
        shown.push_str(part);
    }
    shown.replace(".exe", "")
}

/// A path in a hint. A Windows path is in quotes, because a backslash has another meaning in a shell.
pub fn as_word(path: &str) -> String {
    if cfg!(windows) { format!("'{path}'") } else { path.to_owned() }
}

impl Test {
    /// The output, on Windows converted, with the home folder as `~`.
    pub fn text(&self, printed: &[u8]) -> String {
        let text = String::from_utf8_lossy(printed).into_owned();
        if !cfg!(windows) {
            return text;
        }
        as_elsewhere(text).replace(&as_elsewhere(self.home().display().to_string()), "~")
    }

    /// The path of a file in the home folder, with the system's own separators.
    pub fn native(&self, name: &str) -> String {
        self.home().join(name).components().collect::<PathBuf>().display().to_string()
    }
}
