//! A helper's command line.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{PREFIX, find};

/// A helper, as the configuration names it: a helper's name or a program, with arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The helper's name, or a program (a name on `PATH` or an absolute path), and its arguments.
    pub words: Vec<String>,
    /// True for a program with its arguments, false for the name of a helper.
    pub is_command: bool,
    /// The time limit of an operation. `None`: [`Program`](crate::Program) decides.
    pub timeout: Option<Duration>,
    /// The name in messages, if it is not made from the words.
    pub label: Option<String>,
}

impl Entry {
    /// The helper with this name: the program `modelforge-credential-NAME`.
    pub fn helper(name: impl Into<String>) -> Self {
        Self { words: vec![name.into()], is_command: false, timeout: None, label: None }
    }

    /// A program with its arguments.
    ///
    /// ```
    /// use modelforge_credential_client::Entry;
    ///
    /// assert_eq!(Entry::command(["git", "credential-store"]).name(), "git credential-store");
    /// ```
    pub fn command<W: Into<String>>(words: impl IntoIterator<Item = W>) -> Self {
        Self { words: words.into_iter().map(Into::into).collect(), is_command: true, timeout: None, label: None }
    }

    /// The name in messages: its label, the helper's name (with `--store NAME`), or the whole command.
    ///
    /// ```
    /// use modelforge_credential_client::Entry;
    ///
    /// let words = ["age", "--store", "team", "--identity", "/keys"].map(String::from).to_vec();
    /// assert_eq!(Entry { words, ..Entry::helper("age") }.name(), "age --store team");
    /// ```
    pub fn name(&self) -> String {
        if let Some(label) = &self.label {
            return label.clone();
        }
        let name = self.words.first().cloned().unwrap_or_default();
        match self.store() {
            _ if self.is_command => self.words.join(" "),
            Some(store) => format!("{name} --store {store}"),
            None => name,
        }
    }

    fn store(&self) -> Option<&str> {
        let mut words = self.words.iter().skip(1);
        while let Some(word) = words.next() {
            match word.strip_prefix("--store") {
                Some("") => return words.next().map(String::as_str),
                Some(rest) if rest.starts_with('=') => return rest.get(1..),
                _ => {}
            }
        }
        None
    }

    /// Every file that the entry may mean. The first one that may be started is used.
    pub fn candidates(&self) -> Vec<PathBuf> {
        let Some(first) = self.words.first() else { return Vec::new() };
        match self.is_command {
            true if first == "git" => Vec::new(),
            _ if Path::new(first).is_absolute() => vec![PathBuf::from(first)],
            true => find::candidates(OsStr::new(first), false),
            false => find::candidates(OsStr::new(&format!("{PREFIX}-{first}")), true),
        }
    }
}
