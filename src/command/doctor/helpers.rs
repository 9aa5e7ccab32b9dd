//! The helpers of the chains: found, not hidden by one of the same name, and working. Each is asked for what it lists, and tried
//! with a throw-away credential.

use std::path::Path;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use modelforge_credential_protocol::{Helper as _, Record, Result};

use super::finding::Finding;
use crate::canary::{self, Canary};
use crate::command::doctor::error;
use crate::config::{Entry, Helpers, default_helper, similar_helper};
use crate::program::{self, Program};
use crate::providers::Providers;
use crate::session;

const CHECK: &str = "helper";

/// How long each step may take, where the configuration does not say.
const LIMIT: Duration = Duration::from_secs(5);

/// An entry of a chain.
pub struct Configured {
    pub name: String,
    entry: Entry,
    /// Nobody chose it: it may be missing.
    automatic: bool,
}

/// The entries of all chains, each once, and the chains as lists of names. What cannot be read of them is a finding.
pub fn configured(providers: &Providers, findings: &mut Vec<Finding>) -> (Vec<Configured>, Vec<Vec<String>>) {
    let mut requests = vec![Record::new()];
    requests.extend(providers.with_helpers_of_their_own().filter_map(|name| Record::of([("provider", name)]).ok()));
    let (mut all, mut chains) = (Vec::<Configured>::new(), Vec::new());
    for request in requests {
        match providers.helpers_for(&request) {
            Ok(helpers) => chains.push(add(helpers, &mut all, findings)),
            Err(problem) => findings.push(Finding::error("configuration", &problem)),
        }
    }
    (all, chains)
}

fn add(helpers: Helpers, all: &mut Vec<Configured>, findings: &mut Vec<Finding>) -> Vec<String> {
    let automatic = helpers.automatic;
    let mut chain = Vec::new();
    for entry in &helpers.entries {
        let name = session::name(entry);
        if session::is_left_out(&helpers, entry) {
            findings.push(Finding::warning("keyring", &error::keyring_left_out()));
            continue;
        }
        let mut entry = entry.clone();
        entry.timeout = entry.timeout.or(Some(LIMIT));
        chain.push(name.clone());
        // The same helper with other options is another one.
        if !all.iter().any(|known| known.entry == entry) {
            all.push(Configured { name, entry, automatic });
        }
    }
    chain
}

/// A helper, and what came of asking it.
pub struct Asked {
    pub name: String,
    entry: Entry,
    automatic: bool,
    program: Result<Program>,
    pub listed: Result<Option<Vec<Record>>>,
    canary: Result<Canary>,
}

impl Asked {
    /// Finds the program, asks for its list, and tries it; not after it took too long once.
    pub fn ask(configured: Configured, context: &Record, stores: bool, interrupted: &AtomicUsize) -> Self {
        let Configured { name, entry, automatic } = configured;
        let program = Program::find(&entry).map(|program| program.with("MODELFORGE_CREDENTIAL_WARN_PLAINTEXT", "0"));
        let (listed, canary) = match &program {
            Ok(program) => {
                let listed = program.list(context);
                let limit = entry.timeout.unwrap_or(LIMIT);
                let canary = match &listed {
                    Err(problem) if *problem == error::too_slow(limit) => Err(problem.clone()),
                    _ => canary::check(program, stores && program.nature().keeps(), limit, interrupted),
                };
                (listed, canary)
            }
            Err(problem) => (Err(problem.clone()), Err(problem.clone())),
        };
        Self { name, entry, automatic, program, listed, canary }
    }

    /// Whether it is this program.
    pub fn is(&self, program: &Program) -> bool {
        self.program.as_ref().is_ok_and(|own| own.is_same(program))
    }

    /// What is to be said of it, and of others of its name.
    pub fn findings(&self) -> Vec<Finding> {
        let name = &self.name;
        let program = match &self.program {
            Ok(program) => program,
            Err(problem) => {
                let is_missing = *problem == error::helper_missing(name);
                return vec![match (self.automatic && is_missing, self.meant().filter(|_| is_missing)) {
                    (true, _) => Finding::warning(CHECK, problem),
                    (false, Some(meant)) => Finding::error(CHECK, &error::helper_mistyped(name, meant)),
                    (false, None) => Finding::error(CHECK, problem),
                }];
            }
        };
        let path = error::tilde(program.path());
        let mut findings = vec![match &self.canary {
            // Ours say what is wrong, and why.
            Err(problem) if default_helper(&self.entry).is_some() => {
                Finding::error(CHECK, &error::helper_failed(name, problem))
            }
            Err(problem) => Finding::error(CHECK, &error::helper_is_broken(name, &self.entry.words, problem)),
            Ok(Canary::NotTried) => Finding::ok(CHECK, format!("`{name}` ({path}) answers")),
            Ok(Canary::KeepsNothing) => Finding::ok(CHECK, format!("`{name}` ({path}) answers, and keeps nothing")),
            Ok(Canary::Kept) => Finding::ok(
                CHECK,
                format!("`{name}` ({path}) kept a throw-away credential, gave it back and erased it"),
            ),
        }];
        if let (Err(problem), Ok(_)) = (&self.listed, &self.canary) {
            findings.push(Finding::warning(CHECK, &error::helper_cannot_list(name, problem)));
        }
        let others = program::candidates(&self.entry);
        let real = |path: &Path| path.canonicalize().ok();
        let hidden = others.iter().filter(|other| real(other) != real(program.path()));
        findings
            .extend(hidden.map(|other| Finding::warning(CHECK, &error::helper_hidden(name, program.path(), other))));
        findings
    }

    /// The helper that was probably meant.
    fn meant(&self) -> Option<&'static str> {
        similar_helper(&self.name).filter(|meant| *meant != self.name)
    }
}

/// With no helper that stores, every sign-in fails.
pub fn nobody_stores(asked: &[Asked]) -> Option<Finding> {
    let stores = |one: &&Asked| !matches!(one.canary, Ok(Canary::NotTried | Canary::KeepsNothing));
    let problem = error::nobody_stores();
    // In CI, where a variable names the chain, that is mostly meant.
    let is_meant = std::env::var_os("MODELFORGE_CREDENTIAL_HELPERS").is_some();
    asked.iter().find(stores).is_none().then(|| match is_meant {
        true => Finding::warning(CHECK, &problem),
        false => Finding::error(CHECK, &problem),
    })
}
