//! What is different on Windows and macOS, and how a test is the same there.

use std::path::PathBuf;

use super::Test;

/// The chain where there is no keyring, as on most machines that run these tests. Where there always is one, a test that means it says so.
pub const WITHOUT_A_KEYRING: &str = "env\nage\nplaintext\noauth";

pub const CHAIN: &str = "MODELFORGE_CREDENTIAL_HELPERS";

/// The variables that every test has.
pub fn variables() -> Vec<(String, String)> {
    let mut variables = vec![("MODELFORGE_CREDENTIAL_INTERACTIVE", "0")];
    // Hints are those for Git Bash, where there are others as well.
    variables.extend(cfg!(windows).then_some(("MSYSTEM", "MINGW64")));
    variables.extend(cfg!(any(windows, target_os = "macos")).then_some((CHAIN, WITHOUT_A_KEYRING)));
    variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// What is printed on Windows, with paths and programs as they are written elsewhere. What stands for a character (`\u{1b}`, `\u001b`, `\"`,
/// or `\n` in what `printf` is given) is no path.
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
    // Twice in JSON.
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

/// A path in a hint: a shell takes a backslash for something else, so one of Windows is in quotes.
pub fn as_word(path: &str) -> String {
    if cfg!(windows) { format!("'{path}'") } else { path.to_owned() }
}

impl Test {
    /// What was printed. On Windows as it is elsewhere, with the home folder as `~`.
    pub fn text(&self, printed: &[u8]) -> String {
        let text = String::from_utf8_lossy(printed).into_owned();
        if !cfg!(windows) {
            return text;
        }
        as_elsewhere(text).replace(&as_elsewhere(self.home().display().to_string()), "~")
    }

    /// The path of something in the home folder, with the system's own separators.
    pub fn native(&self, name: &str) -> String {
        self.home().join(name).components().collect::<PathBuf>().display().to_string()
    }
}
