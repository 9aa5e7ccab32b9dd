//! The way of a migration: where it searches, and where it stores.

use serde::{Deserialize, Serialize};

use super::error::PROGRAM;
use crate::sources::{OLD_KEYRING, are_default};

/// The sources and the target.
#[derive(Serialize, Deserialize, Default, Clone, PartialEq, Eq)]
pub struct Way {
    /// The sources, as they were named.
    pub from: Vec<String>,
    /// The target helper, as it was named.
    pub to: Option<String>,
    /// The project directories that a person named; if there are none, the sources' own files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folders: Vec<String>,
}

impl Way {
    /// True if this one searches every place of the other one, and stores in the same target: then it finishes the other one. Keys that
    /// ModelForge 0.2 stored in the keyring can only be searched in a session.
    pub fn covers(&self, other: &Self) -> bool {
        let is_looked_at = |words: &String| {
            self.from.contains(words) || (words == OLD_KEYRING && are_default(&self.from) && are_default(&other.from))
        };
        self.to == other.to
            && self.folders.is_empty() == other.folders.is_empty()
            && other.folders.iter().all(|folder| self.folders.contains(folder))
            && other.from.iter().all(is_looked_at)
    }

    /// Joins two ways, one of which covers the other.
    pub fn with(&self, other: &Self) -> Self {
        let joined = |mine: &[String], theirs: &[String]| {
            let more = theirs.iter().filter(|words| !mine.contains(words));
            mine.iter().chain(more).cloned().collect()
        };
        let (from, folders) = (joined(&self.from, &other.from), joined(&self.folders, &other.folders));
        Self { from, to: self.to.clone(), folders }
    }

    /// The command for this way.
    pub fn command(&self) -> String {
        let mut command = format!("{PROGRAM} migrate");
        let from = self.from.iter().filter(|_| !are_default(&self.from)).map(|words| ("--from ", words));
        let to = self.to.iter().map(|words| ("--to ", words));
        for (option, words) in from.chain(to).chain(self.folders.iter().map(|folder| ("", folder))) {
            command.push_str(&format!(" {option}{}", shell_words::quote(words)));
        }
        command
    }
}
