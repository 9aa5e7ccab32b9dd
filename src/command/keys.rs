//! Whose keys a program gets, and in which variables.

mod variables;

use std::io::IsTerminal;

use anyhow::Result;
use modelforge_credential_protocol::Record;

use crate::accounts::request_for;
use crate::command::exec::error;
use crate::config::provider_name;
use crate::person::{Person, person};
use crate::providers::Provider;
use crate::session::{Help, Session, tell};
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

/// The session of a command that hands keys to programs.
pub fn session() -> modelforge_credential_protocol::Result<Session> {
    Session::start(match person() {
        // The terminal is a full-screen program's that asks for the key behind the scenes, and not to be written on.
        Person::Terminal if !std::io::stderr().is_terminal() => Person::Nobody,
        person => person,
    })
}

/// Looks for the credential of a provider. Whoever starts a program wants it to start: where something is locked, and a person would
/// see the question, they are asked to unlock it; but nobody is asked for a key.
pub fn find(operation: &'static str, session: &Session, provider: &Provider, account: Option<&str>) -> Result<Found> {
    if provider.sign_in == "none" {
        return Ok(Found::NotNeeded);
    }
    let request = request_for(&session.providers, provider, account)?;
    let mut event = session.event(operation, &request.record);
    let answer = session.ask(&request, Help::ToUnlock)?;
    event.answered(&answer);
    tell(&answer);
    if answer.complete {
        return Ok(Found::Key(answer.record));
    }
    session.tell_what_was_left_out(&request.record)?;
    if let Some(helper) = &answer.quit {
        warn_once(&error::told_to_quit(&request.record, helper));
    }
    Ok(Found::Nothing { certain: answer.failed.is_empty() && answer.quit.is_none() })
}

/// The variables that a command gets.
pub fn variables(wanted: &Wanted, command: &'static str) -> Result<Vec<Variable>> {
    let session = session()?;
    let mut all = variables::Variables::default();
    for assignment in &wanted.env {
        let (name, provider) = variables::assignment(assignment)?;
        match key(command, &session, provider, !wanted.allow_missing)? {
            Looked::Key(key) => all.assign(name, &key)?,
            Looked::NotNeeded if !wanted.allow_missing => return Err(error::needs_no_key(provider).into()),
            Looked::NotNeeded | Looked::Missing => {}
        }
    }
    let (names, must) = names(wanted, &session, command)?;
    let mut is_any = names.is_empty();
    for name in &names {
        match key(command, &session, name, must && !wanted.allow_missing)? {
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
fn names(wanted: &Wanted, session: &Session, command: &str) -> Result<(Vec<String>, bool)> {
    if wanted.all {
        return Ok((signed_in(session)?, false));
    }
    if !wanted.providers.is_empty() {
        return Ok((wanted.providers.clone(), true));
    }
    if !wanted.env.is_empty() {
        return Ok((Vec::new(), true));
    }
    if let Some(names) = session.providers.of_exec() {
        return Ok((names.to_vec(), true));
    }
    let names = session.providers.of_modelforge_with_keys();
    if names.is_empty() {
        return Err(error::no_provider_for(command).into());
    }
    // One that is not defined to its end is no reason to withhold the keys of the others.
    let usable = |name: &String| session.providers.by_name(name).inspect_err(warn_once).is_ok();
    Ok((names.into_iter().filter(usable).collect(), false))
}

/// Every provider of which a helper lists a credential.
fn signed_in(session: &Session) -> Result<Vec<String>> {
    let (mut names, mut failed) = (Vec::new(), Vec::new());
    for (helper, listed) in session.list(None)? {
        match listed {
            Ok(copies) => names.extend(copies.into_iter().flatten().map(|(provider, _)| provider.name)),
            Err(problem) => failed.push(error::helper_failed(&helper, &problem)),
        }
    }
    // In the default chain, a helper that this machine has no use for is news only where nothing was found.
    if !session.is_automatic(None)? || names.is_empty() {
        failed.iter().chain(session.left_out(None)?).for_each(warn_once);
    }
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return Err(error::no_key_at_all().into());
    }
    Ok(names)
}

/// The credential of `openai`, or of `openai:work`.
fn key(operation: &'static str, session: &Session, named: &str, must: bool) -> Result<Looked> {
    let (name, account) = named.split_once(':').map_or((named, None), |(name, account)| (name, Some(account)));
    let provider = session.providers.by_name(name)?;
    match find(operation, session, &provider, account)? {
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
