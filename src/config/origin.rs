//! Where the configuration of a chain comes from.

use std::path::PathBuf;

use super::{Config, ProviderConfig, path};
use crate::error::tilde;

/// Where the entries of a chain are defined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nowhere: it is the default chain.
    Default,
    /// In `MODELFORGE_CREDENTIAL_HELPERS`.
    Variable,
    /// In the file, each on its line.
    File(PathBuf, Vec<usize>),
}

impl Origin {
    /// True if a person chose the helpers.
    pub fn is_chosen(&self) -> bool {
        *self != Self::Default
    }

    /// The name for JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Variable => "variable",
            Self::File(..) => "config",
        }
    }

    /// The line of an entry.
    pub fn line(&self, at: usize) -> Option<usize> {
        match self {
            Self::File(_, lines) => lines.get(at).copied(),
            _ => None,
        }
    }

    /// The name for people: `config.toml, line 3`.
    pub fn of_entry(&self, at: usize) -> String {
        match (self, self.line(at)) {
            (Self::Default, _) => "by default".to_owned(),
            (Self::Variable, _) => "MODELFORGE_CREDENTIAL_HELPERS".to_owned(),
            (Self::File(path, _), Some(line)) => format!("{}, line {line}", tilde(path)),
            (Self::File(path, _), None) => tilde(path),
        }
    }
}

impl Config {
    /// Where the chain of a provider comes from, for the chain that [`helpers_for`](Self::helpers_for) returns.
    pub fn origin_for(&self, provider: Option<&ProviderConfig>) -> Origin {
        if std::env::var_os("MODELFORGE_CREDENTIAL_HELPERS").is_some() {
            return Origin::Variable;
        }
        let own = provider.filter(|provider| provider.helpers.is_some()).map(|provider| &provider.helper_lines);
        let lines = own.or(self.helpers.as_ref().map(|_| &self.helper_lines));
        match (lines, path()) {
            (Some(lines), Some((path, _))) => Origin::File(path, lines.clone()),
            _ => Origin::Default,
        }
    }
}
