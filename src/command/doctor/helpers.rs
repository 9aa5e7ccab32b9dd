//! Checks the helpers of the chains: whether they are found, not hidden by one with the same name, and work. Each is asked for its list,
//! and tried with a test credential.

use std::path::Path;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use modelforge_credential_client::{Entry, Failure, Program};
use modelforge_credential_protocol::{Error, Record};

use super::finding::Finding;
use crate::canary::{self, Canary, Fault};
use crate::chain::ListOf;
use crate::command::doctor::error;
use crate::config::{Helpers, default_helper, similar_helper};
use crate::providers::Providers;
use crate::session::{self, program};

const CHECK: &str = "helper";

/// The most credentials of one helper that are decrypted: each costs a process.
const OPENED_AT_MOST: usize = 100;

/// The time limit of each step, unless the configuration sets one.
const LIMIT: Duration = Duration::from_secs(5);

/// An entry of a chain.
pub struct Configured {
    pub name: String,
    entry: Entry,
    /// Part of the default chain, so it may be missing.
    automatic: bool,
}

/// The entries of all chains, each once, and the chains as lists of names. What cannot be read is a finding.
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
    let automatic = helpers.is_automatic();
    let mut chain = Vec::new();
    for entry in &helpers.entries {
        let name = entry.name();
        if let Some(reason) = session::why_left_out(&helpers, entry) {
            let check = if name == "keyring" { "keyring" } else { "helper" };
            findings.push(Finding::warning(check, &reason));
            continue;
        }
        let mut entry = entry.clone();
        entry.timeout = entry.timeout.or(Some(LIMIT));
        chain.push(name.clone());
        // The same helper with other options counts as another one.
        if !all.iter().any(|known| known.entry == entry) {
            all.push(Configured { name, entry, automatic });
        }
    }
    chain
}

/// A helper, and its results.
pub struct Asked {
    pub name: String,
    entry: Entry,
    automatic: bool,
    program: Result<Program, Failure>,
    pub listed: ListOf,
    canary: Result<Canary, Fault>,
    /// What it reports about its identity, if it has one.
    identity: Option<Record>,
    /// The credentials that it lists but cannot decrypt, with the reasons.
    unreadable: Vec<(Record, Error)>,
}

impl Asked {
    /// Finds the program, asks for its list, and tries it, unless it has been too slow already.
    pub fn ask(configured: &Configured, context: &Record, stores: bool, interrupted: &AtomicUsize) -> Self {
        let Configured { name, entry, automatic } = configured;
        let program = program(entry).map(|program| program.with("MODELFORGE_CREDENTIAL_WARN_PLAINTEXT", "0"));
        let (listed, identity, canary) = match &program {
            Ok(program) => {
                let listed = program.list(context);
                let identity = identity(program);
                // Storing includes reading back, and nobody is prompted for a passphrase here.
                let stores = stores && !identity.as_ref().is_some_and(|identity| identity.is_true("locked"));
                let canary = match &listed {
                    Err(failure @ Failure::TooSlow(_)) => Err(Fault::Failed(failure.clone())),
                    _ => match program.known_capabilities() {
                        Ok(capabilities) => canary::check(program, stores && capabilities.keeps(), interrupted),
                        Err(failure) => Err(Fault::Failed(failure)),
                    },
                };
                (listed, identity, canary)
            }
            Err(failure) => (Err(failure.clone()), None, Err(Fault::Failed(failure.clone()))),
        };
        // A helper that could not store the test credential has given the reason. One with an identity has said whether it can decrypt
        // everything.
        let is_worth_it =
            identity.as_ref().is_none_or(|one| !one.is_true("locked") && one.text("unreadable") != Some("0"));
        let opened = program.as_ref().ok().filter(|_| canary.is_ok() && is_worth_it);
        let unreadable = opened.map(|program| unreadable(program, &listed)).unwrap_or_default();
        let (name, entry, automatic) = (name.clone(), entry.clone(), *automatic);
        Self { name, entry, automatic, program, listed, canary, identity, unreadable }
    }

    /// True if this is the same program.
    pub fn is(&self, program: &Program) -> bool {
        self.program.as_ref().is_ok_and(|own| own.is_same(program))
    }

    /// The findings about it, and about other programs with the same name.
    pub fn findings(&self) -> Vec<Finding> {
        let name = &self.name;
        let program = match &self.program {
            Ok(program) => program,
            Err(failure) => {
                let is_missing = failure.is_missing();
                let problem = failure.clone().into();
                return vec![match (self.automatic && is_missing, self.meant().filter(|_| is_missing)) {
                    (true, _) => Finding::warning(CHECK, &problem),
                    (false, Some(meant)) => Finding::error(CHECK, &error::helper_mistyped(name, meant)),
                    (false, None) => Finding::error(CHECK, &problem),
                }];
            }
        };
        let path = error::tilde(program.path());
        let mut findings = vec![match &self.canary {
            // Our own helpers report what is wrong themselves.
            Err(fault) if default_helper(&self.entry).is_some() => {
                Finding::error(CHECK, &error::helper_failed(name, &Error::from(fault))).urgent_if(fault.leaves_it())
            }
            Err(fault) => Finding::error(CHECK, &error::helper_is_broken(name, &self.entry.words, &fault.into()))
                .urgent_if(fault.leaves_it()),
            Ok(Canary::NotTried) if !program.capabilities().readonly => {
                Finding::ok(CHECK, format!("`{name}` ({path}) works"))
            }
            Ok(Canary::NotTried | Canary::KeepsNothing) => {
                Finding::ok(CHECK, format!("`{name}` ({path}) works; it does not store keys"))
            }
            Ok(Canary::Kept) => {
                Finding::ok(CHECK, format!("`{name}` ({path}) stored, returned and deleted a test credential"))
            }
        }];
        if let (Err(failure), Ok(_)) = (&self.listed, &self.canary) {
            findings.push(Finding::warning(CHECK, &error::helper_cannot_list(name, failure)));
        }
        let counted = self.identity.as_ref().and_then(|identity| identity.text("unreadable")?.parse().ok());
        if let [(record, problem), ..] = self.unreadable.as_slice() {
            let count = self.unreadable.len().max(counted.unwrap_or_default());
            findings.push(Finding::error(CHECK, &error::unreadable(name, record, count - 1, problem)));
        } else if let Some(identity) = &self.identity {
            findings.extend(about_an_identity(name, identity));
        }
        let others = self.entry.candidates();
        let real = |path: &Path| path.canonicalize().ok();
        let hidden = others.iter().filter(|other| real(other) != real(program.path()));
        findings
            .extend(hidden.map(|other| Finding::warning(CHECK, &error::helper_hidden(name, program.path(), other))));
        findings
    }

    /// True if a person is needed to store and to decrypt.
    fn is_locked(&self) -> bool {
        self.identity.as_ref().is_some_and(|identity| identity.is_true("locked"))
    }

    /// The helper that was probably meant.
    fn meant(&self) -> Option<&'static str> {
        similar_helper(&self.name).filter(|meant| *meant != self.name)
    }
}

/// What a helper reports about its identity, if it has one.
fn identity(program: &Program) -> Option<Record> {
    let show = Record::of([("action", "show")]).ok()?;
    let answer = program.capabilities().identity.then(|| program.identity(&show))?;
    answer.ok().flatten().filter(|identity| identity.has("protected_by"))
}

fn about_an_identity(name: &str, identity: &Record) -> Option<Finding> {
    let place = error::tilde(Path::new(identity.text("identity")?));
    let protection = identity.shown("protected_by")?;
    let opens = match identity.text("credentials") {
        Some(count) => format!("decrypts the credentials in `{name}`: {count}"),
        None if identity.is_true("locked") => "needs a passphrase or a device, so it was not tested".to_owned(),
        None => return None,
    };
    Some(Finding::ok("identity", format!("`{place}` ({protection}) {opens}")))
}

/// Decrypts what it lists. A copy in a variable or in plain text was already read to list it.
fn unreadable(program: &Program, listed: &ListOf) -> Vec<(Record, Error)> {
    let records = listed.as_ref().ok().and_then(Option::as_ref).into_iter().flatten();
    let closed = records.filter(|record| !record.has("variable") && !record.is_true("plain_text"));
    let opened = closed.take(OPENED_AT_MOST).map(|record| (record, program.get(&record.description())));
    let unreadable = opened.filter_map(|(record, answer)| match answer {
        Ok(Some(found)) if found.has_secret() || found.has("oauth_refresh_token") => None,
        Ok(_) => Some((record.clone(), error::not_returned())),
        Err(problem) => Some((record.clone(), problem.into())),
    });
    unreadable.collect()
}

/// Without a helper that stores, every sign-in fails.
pub fn nobody_stores(asked: &[Asked]) -> Option<Finding> {
    let stores = |one: &&Asked| one.is_locked() || !matches!(one.canary, Ok(Canary::NotTried | Canary::KeepsNothing));
    let problem = error::nobody_stores();
    // In CI, where a variable sets the chain, this is usually intended.
    let is_meant = std::env::var_os("MODELFORGE_CREDENTIAL_HELPERS").is_some();
    asked.iter().find(stores).is_none().then(|| match is_meant {
        true => Finding::warning(CHECK, &problem),
        false => Finding::error(CHECK, &problem),
    })
}
