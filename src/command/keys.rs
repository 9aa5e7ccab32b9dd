//! Finds the keys that a program gets, and their variables.

pub mod error;
mod purpose;
mod reach;
mod signed_in;
mod together;
mod variables;
mod wrong;

use std::io::IsTerminal;

use anyhow::Result;
use modelforge_credential_protocol::Record;
use modelforge_credential_providers::SignIn;

use crate::accounts::Named;
use crate::config::provider_name;
use crate::person::{Person, person};
use crate::providers::{Provider, Providers};
use crate::request::{self, Request};
use crate::session::{Help, Session, tell};
use crate::terminal::warn_once;

pub use purpose::Purpose;
pub use reach::unreached;
use signed_in::signed_in;
use together::{Ready, Together};
pub use variables::{Variable, is_credentials_file};
use wrong::Wrong;

/// The choice of keys on the command line of `exec` and `env`.
pub struct Wanted {
    pub providers: Vec<String>,
    /// The account of each provider without an account.
    pub account: Option<String>,
    pub all: bool,
    pub only: Vec<String>,
    pub env: Vec<String>,
    pub allow_missing: bool,
}

/// A provider's credential.
pub struct Key {
    /// The name as given: `openai` or `openai:work`.
    named: String,
    /// The variables in which tools look for it, if those are wanted.
    variables: Vec<String>,
    provider: Provider,
    pub record: Record,
}

/// The result of a search for a key.
pub enum Found {
    Key(Record),
    NotNeeded,
    /// True if every helper could be asked.
    Nothing {
        certain: bool,
    },
}

/// What a command gets for a provider.
enum Looked {
    Key(Box<Key>),
    NotNeeded,
    Missing(Box<Missing>),
}

/// A provider without a credential.
struct Missing {
    named: String,
    provider: Provider,
    account: Option<String>,
    /// True if every helper could be asked.
    certain: bool,
}

/// The session of a command that gives keys to programs.
pub fn session() -> modelforge_credential_protocol::Result<Session> {
    Session::start(match person() {
        // If standard error is not a terminal, a full-screen program may be running this in the background. Then nothing may be written to
        // the terminal.
        Person::Terminal if !std::io::stderr().is_terminal() => Person::Nobody,
        person => person,
    })
}

/// Looks for the credential of a provider. A person who starts a program wants it to start. So if something is locked, and the person can
/// see a prompt, they are asked to unlock it. But nobody is asked for a key.
pub fn find(purpose: Purpose, session: &Session, request: &Request) -> Result<Found> {
    find_or_take(purpose, session, request, None)
}

/// The same, if there may be an answer already.
fn find_or_take(purpose: Purpose, session: &Session, request: &Request, ready: Option<Ready>) -> Result<Found> {
    if request.provider.as_ref().is_some_and(|provider| provider.sign_in == SignIn::None) {
        return Ok(Found::NotNeeded);
    }
    look_for(purpose, session, request, ready)
}

fn look_for(purpose: Purpose, session: &Session, request: &Request, ready: Option<Ready>) -> Result<Found> {
    let mut event = session.event(purpose.operation, &request.record);
    purpose.program.iter().for_each(|program| event.handed_to(program));
    let answer = match ready {
        Some((answer, started)) => {
            event.began(started);
            answer
        }
        None => session.ask(purpose.operation.name(), request, Help::ToUnlock)?,
    };
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
pub fn variables(wanted: &Wanted, purpose: Purpose) -> Result<Vec<Variable>> {
    let session = session()?;
    let providers = &session.providers;
    let mut all = variables::Variables::default();
    let (mut missing, mut wrong) = (Vec::new(), Wrong::default());
    let account = wanted.account.as_deref();
    let assigned = assigned(wanted, providers)?;
    let mut together = Together::get(&session, assigned.iter().map(|(_, provider)| provider.as_str()), account);
    for (name, provider) in assigned.iter().map(|(name, provider)| (&**name, &**provider)) {
        let Some(looked) = wrong.sort_out(key(purpose, &session, provider, account, together.take(provider)))? else {
            continue;
        };
        match looked {
            Looked::Key(key) => {
                if let Some(called) = Providers::name_of_modelforges(name)
                    && let Some(url) = providers.elsewhere_in_modelforge(&called, &key.provider)
                {
                    return Err(error::not_where_modelforge_sends(&called, &url, &key.provider).into());
                }
                all.assign(name, &key)?;
            }
            Looked::NotNeeded if !wanted.allow_missing => return Err(error::needs_no_key(provider).into()),
            Looked::NotNeeded => {}
            Looked::Missing(one) => missing.push(*one),
        }
    }
    let (names, must) = names(wanted, !assigned.is_empty(), &session, purpose.operation.name())?;
    let mut is_any = names.is_empty();
    let typed = names.iter().filter_map(|name| if let Name::Typed(name) = name { Some(name.as_str()) } else { None });
    let mut together = Together::get(&session, typed, account);
    for name in &names {
        let looked = match name {
            Name::Typed(name) => key_for_tools(purpose, &session, name, account, together.take(name)),
            Name::InModelForge(name) => key_of_modelforge(purpose, &session, name),
        };
        let Some(looked) = wrong.sort_out(looked)? else { continue };
        match looked {
            // A pre-encoded credential fits no variable. With `--all` it is skipped.
            Looked::Key(key) if !must && !key.record.has("password") => {
                warn_once(&error::no_plain_key(&key.provider.name))
            }
            Looked::Key(key) => {
                all.add(&key, &wanted.only)?;
                is_any = true;
            }
            // If it is the only provider that was named, the command gets all that it needs: nothing.
            Looked::NotNeeded => is_any |= must,
            Looked::Missing(one) => missing.push(*one),
        }
    }
    let each_counts = must || !assigned.is_empty();
    wrong.tell(each_counts && !wanted.allow_missing && !missing.is_empty())?;
    if !is_any && !wanted.allow_missing && (!each_counts || missing.is_empty()) {
        return Err(error::no_key_at_all().into());
    }
    tell_of_missing(&session, &missing, each_counts && !wanted.allow_missing)?;
    // If keys may be missing, their variables may be missing, too.
    all.finish(if wanted.allow_missing { &[] } else { &wanted.only })
}

/// The variables that were named, each with its key. If none was named, those of the directory.
fn assigned(wanted: &Wanted, providers: &Providers) -> Result<Vec<(String, String)>> {
    let owned = |(name, provider): (&str, &str)| (name.to_owned(), provider.to_owned());
    if !wanted.all && wanted.providers.is_empty() && wanted.env.is_empty() {
        return Ok(providers.of_this_folder().into_iter().map(owned).collect());
    }
    wanted.env.iter().map(|assignment| variables::assignment(assignment).map(owned)).collect()
}

/// Where a provider's name comes from: a person, or ModelForge's file, which has its own URL for it.
enum Name {
    Typed(String),
    InModelForge(String),
}

/// The providers to use, and whether each must have a credential: it must if a person named it.
fn names(wanted: &Wanted, is_assigned: bool, session: &Session, command: &str) -> Result<(Vec<Name>, bool)> {
    let typed = |names: &[String]| names.iter().cloned().map(Name::Typed).collect();
    if wanted.all {
        return Ok((typed(&signed_in(session)?), false));
    }
    if !wanted.providers.is_empty() {
        return Ok((typed(&wanted.providers), true));
    }
    if is_assigned {
        return Ok((Vec::new(), true));
    }
    if let Some(names) = session.providers.of_exec() {
        return Ok((typed(names), true));
    }
    let names: Vec<Name> = session.providers.of_modelforge_with_keys().into_iter().map(Name::InModelForge).collect();
    if names.is_empty() {
        return Err(error::no_provider_for(command).into());
    }
    Ok((names, false))
}

/// The credential for the URL that ModelForge's file has for a name. ModelForge sends the key to that URL, so it must not get a key for
/// another URL with the same name.
fn key_of_modelforge(purpose: Purpose, session: &Session, name: &str) -> Result<Looked> {
    let providers = &session.providers;
    // An incomplete definition must not withhold the keys of the other providers.
    let Ok(provider) = providers.by_name(name).inspect_err(warn_once) else { return Ok(Looked::NotNeeded) };
    let is_elsewhere = providers.elsewhere_in_modelforge(name, &provider).is_some();
    let Some(defined) = providers.defined(name).filter(|_| is_elsewhere) else {
        return key_for_tools(purpose, session, name, None, None);
    };
    let request = request::expand(Record::of([("url", defined.url.url())])?, providers)?;
    match look_for(purpose, session, &request, None)? {
        Found::Key(record) => {
            let provider = providers.as_modelforge_has_it(name, defined);
            let variables = vec![provider.variable_of_modelforge(name)];
            Ok(Looked::Key(Box::new(Key { named: name.to_owned(), variables, provider, record })))
        }
        Found::NotNeeded | Found::Nothing { .. } => {
            warn_once(&error::no_key_where_modelforge_sends(name, &defined.url.url(), &provider));
            Ok(Looked::NotNeeded)
        }
    }
}

/// The credential of `openai` or `openai:work`, for all variables in which tools look.
fn key_for_tools(
    purpose: Purpose,
    session: &Session,
    named: &str,
    account: Option<&str>,
    ready: Option<Ready>,
) -> Result<Looked> {
    let looked = key(purpose, session, named, account, ready)?;
    let Looked::Key(mut key) = looked else { return Ok(looked) };
    // ModelForge may know it by an alias.
    key.variables = variables_for(&session.providers, &key.provider, &provider_name(split_account(named).0)?);
    Ok(Looked::Key(key))
}

/// The variables for a provider's key. ModelForge looks it up by name: its variable is set only if it uses the same URL.
fn variables_for(providers: &Providers, provider: &Provider, called: &str) -> Vec<String> {
    let mut names = vec![provider.name.as_str()];
    names.extend(Some(called).filter(|called| *called != provider.name));
    let mut variables = Vec::new();
    for name in names {
        match providers.elsewhere_in_modelforge(name, provider) {
            None => variables.push(provider.variable_of_modelforge(name)),
            // Nobody expects ModelForge to use a provider that is not in its file.
            Some(url) if providers.defined(name).is_some() => {
                warn_once(&error::not_where_modelforge_sends(name, &url, provider));
            }
            Some(_) => {}
        }
    }
    variables.extend(provider.usual_variables().iter().cloned());
    variables
}

/// The provider and the account in `openai:work`.
pub fn split_account(named: &str) -> (&str, Option<&str>) {
    named.split_once(':').map_or((named, None), |(name, account)| (name, Some(account)))
}

/// The credential of `openai`, or of `openai:work`.
fn key(
    purpose: Purpose,
    session: &Session,
    named: &str,
    account: Option<&str>,
    ready: Option<Ready>,
) -> Result<Looked> {
    let (name, own) = split_account(named);
    let provider = session.providers.by_name(name)?;
    let account = own.or(account);
    let request = Named::new(&provider.name, account)?.request(&session.providers)?;
    let named = named.to_owned();
    Ok(match find_or_take(purpose, session, &request, ready)? {
        Found::Key(record) => Looked::Key(Box::new(Key { named, variables: Vec::new(), provider, record })),
        Found::NotNeeded => Looked::NotNeeded,
        Found::Nothing { certain } => {
            let account = account.map(str::to_owned);
            Looked::Missing(Box::new(Missing { named, provider, account, certain }))
        }
    })
}

/// Reports all missing keys at once; as an error if they must exist.
fn tell_of_missing(session: &Session, missing: &[Missing], must: bool) -> Result<()> {
    let [first, others @ ..] = missing else { return Ok(()) };
    if !must {
        let names: Vec<String> = missing.iter().map(|one| one.named.clone()).collect();
        warn_once(&error::left_out(&names));
        return Ok(());
    }
    if let Some(unsure) = missing.iter().find(|one| !one.certain) {
        let problem = error::not_every_key_could_be_looked_for(&unsure.provider.name);
        return Err(error::set_or_repair(problem, &unsure.provider).into());
    }
    let keeps_nothing = session.keeps_nothing(&first.provider.location)?;
    if others.is_empty() && first.account.is_none() && keeps_nothing {
        return Err(error::not_given(&first.provider).into());
    }
    if others.is_empty() {
        return Err(error::not_signed_in(&first.provider, first.account.as_deref()).into());
    }
    let all: Vec<_> = missing.iter().map(|one| (&one.provider, one.account.as_deref())).collect();
    Err(error::not_signed_in_to(&all, keeps_nothing).into())
}
