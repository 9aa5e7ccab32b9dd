//! Whose keys a program gets, and in which variables.

mod variables;

use std::io::IsTerminal;

use anyhow::Result;
use modelforge_credential_protocol::Record;

use crate::audit::Event;
use crate::command::exec::error;
use crate::command::login::request_for;
use crate::config::provider_name;
use crate::person::{Person, person};
use crate::providers::{Provider, Providers};
use crate::session::{Chains, open};
use crate::terminal::warn_once;

pub use variables::{Variable, is_credentials_file};

/// What the command line of `exec` and `env` says.
pub struct Wanted {
    pub providers: Vec<String>,
    pub all: bool,
    pub only: Vec<String>,
    pub env: Vec<String>,
    pub allow_missing: bool,
}

/// A provider's credential.
pub struct Key {
    /// How it was named: `openai`, `openai:work`.
    named: String,
    /// How the provider was called: ModelForge may know it by an alias.
    called: String,
    provider: Provider,
    pub record: Record,
}

/// What came of looking for one.
pub enum Found {
    Key(Record),
    NotNeeded,
    /// Whether every helper could be asked.
    Nothing {
        certain: bool,
    },
}

/// What a command gets of a provider.
enum Looked {
    Key(Box<Key>),
    NotNeeded,
    Missing,
}

/// Looks for the credential of a provider. Whoever starts a program wants it to start: where something is locked, and a person would
/// see the question, they are asked to unlock it; but nobody is asked for a key.
pub fn find(
    operation: &'static str,
    providers: &Providers,
    provider: &Provider,
    account: Option<&str>,
) -> Result<Found> {
    if provider.sign_in == "none" {
        return Ok(Found::NotNeeded);
    }
    let person = match person() {
        // The terminal is a full-screen program's that asks for the key behind the scenes, and not to be written on.
        Person::Terminal if !std::io::stderr().is_terminal() => Person::Nobody,
        person => person,
    };
    let request = request_for(providers, provider, account)?;
    let mut event = Event::start(operation, providers, &request.record);
    let opened = open(providers, &request.record, &person)?;
    let mut answer = opened.chain.get(&request)?;
    let may_be_locked = !answer.complete && answer.quit.is_none() && !answer.failed.is_empty();
    if may_be_locked && !matches!(person, Person::Nobody) {
        answer = opened.chain.get_attended(&request)?;
    }
    event.answered(&answer);
    answer.remarks.iter().for_each(warn_once);
    answer.failed.iter().for_each(|failed| warn_once(&failed.into()));
    if answer.complete {
        return Ok(Found::Key(answer.record));
    }
    opened.left_out.iter().for_each(warn_once);
    if let Some(helper) = &answer.quit {
        warn_once(&error::told_to_quit(&request.record, helper));
    }
    Ok(Found::Nothing { certain: answer.failed.is_empty() && answer.quit.is_none() })
}

/// The variables that a command gets.
pub fn variables(wanted: &Wanted, command: &'static str) -> Result<Vec<Variable>> {
    let providers = Providers::new(crate::config::Config::load()?);
    let mut all = variables::Variables::default();
    for assignment in &wanted.env {
        let (name, provider) = variables::assignment(assignment)?;
        match key(command, &providers, provider, !wanted.allow_missing)? {
            Looked::Key(key) => all.assign(name, &key)?,
            Looked::NotNeeded if !wanted.allow_missing => return Err(error::needs_no_key(provider).into()),
            Looked::NotNeeded | Looked::Missing => {}
        }
    }
    let (names, must) = names(wanted, &providers, command)?;
    let mut is_any = names.is_empty();
    for name in &names {
        match key(command, &providers, name, must && !wanted.allow_missing)? {
            // A header that is encoded already goes into no variable; of all that there is, it is passed over.
            Looked::Key(key) if !must && !key.record.has("password") => {
                warn_once(&error::no_plain_key(&key.provider.name))
            }
            Looked::Key(key) => {
                all.add(&key, &wanted.only)?;
                is_any = true;
            }
            // Whoever names it, and nothing else, gets what it needs: nothing.
            Looked::NotNeeded => is_any |= must,
            Looked::Missing => {}
        }
    }
    if !is_any && !wanted.allow_missing {
        return Err(error::no_key_at_all().into());
    }
    // Where keys may be missing, so may the variables of that name.
    all.finish(if wanted.allow_missing { &[] } else { &wanted.only })
}

/// The providers that are meant, and whether each has to have a credential: whoever names one counts on it.
fn names(wanted: &Wanted, providers: &Providers, command: &str) -> Result<(Vec<String>, bool)> {
    if wanted.all {
        return Ok((signed_in(providers)?, false));
    }
    if !wanted.providers.is_empty() {
        return Ok((wanted.providers.clone(), true));
    }
    if !wanted.env.is_empty() {
        return Ok((Vec::new(), true));
    }
    if let Some(names) = providers.of_exec() {
        return Ok((names.to_vec(), true));
    }
    let names = providers.of_modelforge_with_keys();
    if names.is_empty() {
        return Err(error::no_provider_for(command).into());
    }
    // One that is not defined to its end is no reason to withhold the keys of the others.
    let usable = |name: &String| providers.by_name(name).inspect_err(warn_once).is_ok();
    Ok((names.into_iter().filter(usable).collect(), false))
}

/// Every provider of which a helper lists a credential.
fn signed_in(providers: &Providers) -> Result<Vec<String>> {
    let chains = Chains::open(providers, &Person::Nobody)?;
    let (mut names, mut failed) = (Vec::new(), Vec::new());
    for (helper, listed) in chains.list(providers)? {
        match listed {
            Ok(copies) => names.extend(copies.into_iter().flatten().map(|(provider, _)| provider.name)),
            Err(problem) => failed.push(error::helper_failed(&helper, &problem)),
        }
    }
    // In the default chain, a helper that this machine has no use for is news only where nothing was found.
    if !chains.automatic() || names.is_empty() {
        failed.iter().chain(chains.left_out()).for_each(warn_once);
    }
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return Err(error::no_key_at_all().into());
    }
    Ok(names)
}

/// The credential of `openai`, or of `openai:work`.
fn key(operation: &'static str, providers: &Providers, named: &str, must: bool) -> Result<Looked> {
    let (name, account) = named.split_once(':').map_or((named, None), |(name, account)| (name, Some(account)));
    let provider = providers.by_name(name)?;
    match find(operation, providers, &provider, account)? {
        Found::Key(record) => {
            Ok(Looked::Key(Box::new(Key { named: named.to_owned(), called: provider_name(name)?, provider, record })))
        }
        Found::Nothing { certain: true } if must => Err(error::not_signed_in(&provider.name, account).into()),
        Found::Nothing { certain: false } if must => {
            Err(error::not_every_key_could_be_looked_for(&provider.name).into())
        }
        Found::NotNeeded => Ok(Looked::NotNeeded),
        Found::Nothing { .. } => Ok(Looked::Missing),
    }
}
