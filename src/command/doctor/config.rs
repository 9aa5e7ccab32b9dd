//! Checks the configuration, and what ModelForge's file adds to it.

use modelforge_credential_protocol::Error;

use super::finding::Finding;
use crate::command::doctor::error::tilde;
use crate::config::{self, Config};
use crate::person::Person;
use crate::session::Session;

const CHECK: &str = "configuration";

/// The configuration, or an empty one if it has an error.
pub fn check() -> (Session, Vec<Finding>) {
    let (config, broken) = match Config::load() {
        Ok(config) => (config, None),
        Err(problem) => (Config::default(), Some(problem)),
    };
    let names = config.names();
    let session = Session::of(config, Person::Nobody);
    let providers = &session.providers;
    let of_modelforge = providers.problem_of_modelforge();
    let wrong = |names: &[String]| names.iter().filter_map(|name| providers.by_name(name).err()).collect::<Vec<_>>();
    let mut mistakes: Vec<Error> = broken.into_iter().chain(wrong(&names)).collect();
    let mut findings = Vec::new();
    if mistakes.is_empty() {
        findings.push(Finding::ok(
            CHECK,
            match config::path().filter(|(path, _)| path.exists()) {
                Some((path, _)) => format!("`{}` is in order", tilde(&path)),
                None => "there is no config.toml; it is optional".to_owned(),
            },
        ));
    }
    if let Some(problem) = &of_modelforge {
        findings.push(Finding::warning(CHECK, problem));
    }
    mistakes.extend(wrong(&providers.of_this_user()));
    for finding in mistakes.iter().map(|problem| Finding::error(CHECK, problem)) {
        // An error in a file affects all its providers. Report it once.
        if findings.iter().all(|known| known.message != finding.message) {
            findings.push(finding);
        }
    }
    let names = providers.of_this_user();
    let mut known: Vec<_> = names.iter().filter_map(|name| providers.by_name(name).ok()).collect();
    known.sort_by(|one, other| one.name.cmp(&other.name));
    known.dedup_by(|one, other| one.name == other.name);
    for provider in &known {
        findings.extend(providers.moved(provider).map(|remark| Finding::ok(CHECK, remark.to_string())));
        findings.extend(providers.other_in_modelforge(provider).map(|remark| Finding::warning(CHECK, &remark)));
    }
    (session, findings)
}
