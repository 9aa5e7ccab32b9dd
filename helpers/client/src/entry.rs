//! A helper's command line.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{PREFIX, find};

/// A helper as a configuration names it: by its name, or by a program, and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The helper's name, or a program (a name on `PATH` or an absolute path), and its arguments.
    pub words: Vec<String>,
    /// True if it is a program and its arguments rather than the name of a helper.
    pub is_command: bool,
    /// How long an operation may take; `None` leaves it to [`Program`](crate::Program).
    pub timeout: Option<Duration>,
    /// What messages call it instead of its words.
    pub label: Option<String>,
}

impl Entry {
    /// The helper of this name: the program `modelforge-credential-NAME`.
    pub fn helper(name: impl Into<String>) -> Self {
        Self { words: vec![name.into()], is_command: false, timeout: None, label: None }
    }

    /// A program and its arguments.
    ///
    /// ```
    /// use modelforge_credential_client::Entry;
    ///
    /// assert_eq!(Entry::command(["git", "credential-store"]).name(), "git credential-store");
    /// ```
    pub fn command<W: Into<String>>(words: impl IntoIterator<Item = W>) -> Self {
        Self { words: words.into_iter().map(Into::into).collect(), is_command: true, timeout: None, label: None }
    }

    /// How messages call it: its own name, the helper's name (with the store that it is told to use, if it has several), or the whole
    /// command.
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

    /// Every program that it may mean, in the order in which they are looked at: the first that may be started is.
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
