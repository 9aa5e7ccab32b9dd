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

    /// How messages call it: its own name, the helper's name, or the whole command.
    pub fn name(&self) -> String {
        if let Some(label) = &self.label {
            return label.clone();
        }
        if self.is_command { self.words.join(" ") } else { self.words.first().cloned().unwrap_or_default() }
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
