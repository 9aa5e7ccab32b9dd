//! The configuration, and what ModelForge's file adds to it.

use modelforge_credential_protocol::Error;

use super::finding::Finding;
use crate::config::{self, Config};
use crate::error::tilde;
use crate::providers::Providers;

const CHECK: &str = "configuration";

/// What could be read of it: nothing, where there is a mistake in it.
pub fn check() -> (Providers, Vec<Finding>) {
    let mut findings = Vec::new();
    let config = match Config::load() {
        Ok(config) => {
            findings.push(Finding::ok(
                CHECK,
                match config::path().filter(|(path, _)| path.exists()) {
                    Some((path, _)) => format!("`{}` is in order", tilde(&path)),
                    None => "there is no config.toml, and none is needed".to_owned(),
                },
            ));
            config
        }
        Err(problem) => {
            findings.push(Finding::error(CHECK, &told(&problem)));
            Config::default()
        }
    };
    let providers = Providers::new(config);
    if let Some(problem) = providers.problem_of_modelforge() {
        findings.push(Finding::warning(CHECK, &problem));
    }
    for name in providers.of_this_user() {
        if let Err(problem) = providers.by_name(&name) {
            findings.push(Finding::error(CHECK, &problem));
        }
    }
    (providers, findings)
}

/// An error with all its causes in one line.
fn told(problem: &anyhow::Error) -> Error {
    let error = Error::new(format!("{problem:#}"));
    match problem.chain().find_map(|cause| cause.downcast_ref::<Error>()?.hint_text()) {
        Some(hint) => error.hint(hint),
        None => error,
    }
}
