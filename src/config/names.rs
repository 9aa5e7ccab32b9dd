//! Unknown provider names in the file, and what was probably meant.

use modelforge_credential_protocol::Error;
use modelforge_credential_providers::{all, normalize};

use super::{Config, DEFAULT_CHAIN, ProviderConfig, path};
use crate::error::{self, tilde};

impl Config {
    /// Every provider that the file names.
    pub fn names(&self) -> Vec<String> {
        let exec = self.exec_providers.iter().flatten().map(|named| without_account(named).to_owned());
        self.providers.keys().cloned().chain(exec).collect()
    }

    /// The error for an unknown provider. If it is under `[exec]`, the error names the line.
    pub fn unknown_provider(&self, name: &str) -> Error {
        let problem = error::unknown_provider(name, &self.meant(name));
        let mut exec = self.exec_providers.iter().flatten().zip(&self.exec_lines);
        match exec.find(|(named, _)| normalize(without_account(named)) == name) {
            Some((_, line)) => error::in_file(&place(*line), &problem),
            None => problem,
        }
    }

    /// The providers that were probably meant: the person's own before the known ones.
    fn meant(&self, name: &str) -> Vec<String> {
        if let Some((_, providers)) = ALSO_CALLED.iter().find(|(word, _)| *word == name) {
            return providers.iter().map(|name| (*name).to_owned()).collect();
        }
        let own = closest(name, self.providers.keys().map(String::as_str));
        own.or_else(|| similar(name)).map(str::to_owned).into_iter().collect()
    }
}

/// The error for a declared provider that has no URL and is not known: its name is probably misspelled.
pub fn undeclared_provider(name: &str, provider: &ProviderConfig) -> Error {
    error::undeclared_provider(&place(provider.line), name, similar(name))
}

/// The provider in `openai:work`.
fn without_account(named: &str) -> &str {
    named.split_once(':').map_or(named, |(name, _)| name)
}

/// Names that people use for more than one provider, or for a model.
const ALSO_CALLED: [(&str, &[&str]); 4] = [
    ("github", &["github_copilot", "github_models"]),
    ("kimi", &["moonshotai", "kimi_for_coding"]),
    ("microsoft", &["azure", "github_copilot"]),
    ("aws", &["amazon_bedrock"]),
];

/// The known provider that was probably meant.
fn similar(name: &str) -> Option<&'static str> {
    closest(name, all().iter().map(|provider| provider.name))
}

/// Our helper that was probably meant, or named.
pub fn similar_helper(name: &str) -> Option<&'static str> {
    closest(name, DEFAULT_CHAIN.iter().map(|row| row.name))
}

/// A line of the file, as a message names it.
fn place(line: usize) -> String {
    let file = path().map(|(path, _)| tilde(&path)).unwrap_or_default();
    format!("`{file}`, line {line}")
}

/// The candidate that was probably meant.
pub fn closest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1.max(candidate.len().min(word.len()) / 3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
