//! `login`: gets a credential in one of the provider's ways, stores it in the chain, and says where it is.

mod error;
mod file;

use std::io::IsTerminal;

use anyhow::Result;
use modelforge_credential_client::Entry;
use modelforge_credential_files::read_at_most;
use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Error, MAX_LINE, Record, visible};
use modelforge_credential_providers::SignIn;
use zeroize::Zeroizing;

use crate::accounts::{Named, account_of, place};
use crate::audit::{Event, Operation, Outcome};
use crate::chain::{Answer, Chain, is_expired};
use crate::config::{self, Chosen, Helpers};
use crate::key_shape;
use crate::person::{Person, person};
use crate::providers::Provider;
use crate::request::Request;
use crate::session::{self, Help, Session};
use crate::{terminal, text};

/// The helper for signing in through a browser.
const SIGNS_IN: &str = "oauth";

/// The provider whose usual credential is a file.
const TAKES_ACCOUNTS: &str = "google_vertex";

/// The options of `login`.
#[derive(Default)]
pub struct Login {
    pub provider: String,
    pub account: Option<String>,
    /// The URL of a provider that is not known yet.
    pub url: Option<String>,
    pub helper: Option<String>,
    pub api_key: Option<Zeroizing<String>>,
    pub file: Option<std::path::PathBuf>,
    pub browser: bool,
    pub force: bool,
    pub unchecked: bool,
}

/// Signs in to a provider, then says where the credential is and whether it will be used.
pub fn login(login: &Login) -> Result<()> {
    let named = Named::new(&login.provider, login.account.as_deref())?;
    if let Some(url) = &login.url
        && config::declare(&named.name, url, login.force)?
    {
        terminal::done(&format!("added `{}` to {}", config::provider_name(&named.name)?, config::shown_path()))?;
    }
    let session = Session::start(person())?;
    let mut request = named.request(&session.providers)?;
    let Some(provider) = request.provider.clone() else {
        return Err(error::not_the_url_of_a_provider(&request.record).into());
    };
    if request.leaves_account_open {
        request = request.of_account(DEFAULT_ACCOUNT)?;
    }
    if provider.sign_in == SignIn::None {
        terminal::done(&format!("`{}` needs no sign-in", provider.name))?;
        return Ok(());
    }
    session.providers.other_in_modelforge(&provider).iter().for_each(terminal::warning);
    let event = session.event(Operation::Login, &request.record);
    let chain = session.chain(&request.record)?;
    if let Some(helper) = &login.helper
        && !chain.links().iter().any(|link| link.name == *helper)
    {
        return Err(not_asked(&session, &request.record, helper)?.into());
    }
    let obtained_by_flow = provider.sign_in == SignIn::DeviceFlow && login.api_key.is_none() && login.file.is_none();
    let kept = if login.force { None } else { kept(&session, chain, &request, &provider)? };
    let given = if obtained_by_flow { None } else { given(login, &request.record)? };
    let is_given = given.is_some() || login.file.is_some();
    let kept = match kept {
        Some(answer) if is_given => in_a_store(chain, &request, answer)?,
        kept => kept,
    };
    if let Some(kept) = &kept
        && !is_given
        && (obtained_by_flow || !replaces(&kept.record, &session.person)?)
    {
        return say_already(event, chain, &request, kept);
    }
    let record = if obtained_by_flow {
        by_device_flow(&request, &session.person, login.browser)?
    } else {
        by_key(&request, &provider, login, given, &session.person)?
    };
    if let Some(kept) = kept.filter(|_| is_given) {
        if kept.record.get("password") == record.get("password") {
            return say_already(event, chain, &request, &kept);
        }
        if !replaces(&kept.record, &session.person)? {
            let end = kept.record.text("password").and_then(key_shape::end_of);
            return Err(error::another_is_kept(&kept.record, &provider.name, end.as_deref()).into());
        }
    }
    keep(login, event, &session, &request, &record)
}

/// Why a helper is not in the chain: the default chain may have skipped it.
fn not_asked(session: &Session, request: &Record, helper: &str) -> Result<Error> {
    let left_out = session::why_left_out(&session.providers.helpers_for(request)?, &Entry::helper(helper));
    Ok(left_out.unwrap_or_else(|| error::not_in_the_chain(helper)))
}

/// Stores the credential, and says where it is and whether it will be used.
fn keep(login: &Login, mut event: Event, session: &Session, request: &Request, record: &Record) -> Result<()> {
    let chain = session.chain(&request.record)?;
    let stored = chain.store_durably(record, login.helper.as_deref())?;
    event.stored(record, &stored);
    drop(event);
    stored.remarks.iter().for_each(terminal::warning);
    let [first, ..] = stored.kept_by.as_slice() else {
        session.tell_what_was_left_out(&request.record)?;
        return Err(error::not_kept(record).into());
    };
    let account = account_of(record);
    terminal::done(&format!(
        "signed in to `{}`{account}: stored in {}",
        record.text("provider").unwrap_or_default(),
        stored.kept_by.iter().map(|name| place(chain, request, name).0).collect::<Vec<_>>().join(", and in ")
    ))?;
    for helper in &stored.also_in {
        if let (place, Some(variable)) = place(chain, request, helper) {
            terminal::warning(&error::also_in_a_variable(&place, &variable));
        }
    }
    for helper in &stored.shadowed_by {
        let (place, variable) = place(chain, request, helper);
        terminal::warning(&error::shadowed(&place, first, variable.as_deref()));
    }
    Ok(())
}

/// The credential that is stored already.
fn kept(session: &Session, chain: &Chain, request: &Request, provider: &Provider) -> Result<Option<Answer>> {
    // A locked key counts as stored. With a person present, this would start a device flow.
    let answer = match provider.sign_in == SignIn::DeviceFlow {
        true => chain.get(request)?,
        false => session.ask("login", request, Help::ToUnlock)?,
    };
    Ok(Some(answer).filter(|answer| answer.complete && answer.helper.is_some()))
}

/// The same, if it is in a store. A variable stores nothing: a new key must still be there when the variable is gone, and must not silently
/// replace a key that the variable hides.
fn in_a_store(chain: &Chain, request: &Request, answer: Answer) -> Result<Option<Answer>> {
    let helper = answer.helper.as_deref().unwrap_or_default();
    if place(chain, request, helper).1.is_none() {
        return Ok(Some(answer));
    }
    let copies = chain.copies(&request.record, &request.context, true)?;
    let Some((helper, copy)) = copies.kept().next() else { return Ok(None) };
    let mut record = request.record.clone();
    record.merge(copy)?;
    Ok(Some(Answer { record, helper: Some(helper.clone()), ..answer }))
}

fn say_already(mut event: Event, chain: &Chain, request: &Request, kept: &Answer) -> Result<()> {
    event.answered(kept);
    event.outcome(Outcome::SignedInAlready);
    Ok(terminal::done(&already(chain, request, kept))?)
}

/// Asks a person at the terminal whether to replace the stored key by another one. Without a person, it is not replaced.
fn replaces(kept: &Record, person: &Person) -> Result<bool> {
    if !matches!(person, Person::Terminal) {
        return Ok(false);
    }
    let end = kept.text("password").and_then(key_shape::end_of);
    let which = end.map_or_else(|| "that is stored".to_owned(), |end| format!("ending in {}", visible(&end)));
    let answer = terminal::confirm_unseen(&format!("replace the key {which}? [y/N] "))?;
    if answer.is_none() {
        terminal::warning(&error::neither_yes_nor_no());
    }
    Ok(answer == Some(true))
}

/// A part of the key that a person can compare with what they meant to paste.
fn what_was_typed(key: &str) -> String {
    let end = key_shape::end_of(key).map(|end| format!(", and it ends in {end}")).unwrap_or_default();
    format!("the key has {} characters{end}", key.chars().count())
}

fn already(chain: &Chain, request: &Request, answer: &Answer) -> String {
    let (answer, helper) = (&answer.record, answer.helper.as_deref().unwrap_or_default());
    let asked = Request {
        record: answer.clone(),
        context: request.context.clone(),
        provider: None,
        by_path: false,
        leaves_account_open: false,
    };
    let provider = answer.text("provider").unwrap_or_default();
    let account = account_of(answer);
    match place(chain, &asked, helper) {
        (place, Some(_)) => format!(
            "already signed in to `{provider}`{account} with the key in {place}; use `--force` to store another key as well"
        ),
        (place, None) => {
            format!("already signed in to `{provider}`{account}: stored in {place}; use `--force` to replace the key")
        }
    }
}

fn by_device_flow(request: &Request, person: &Person, browser: bool) -> Result<Record> {
    if !matches!(person, Person::Terminal | Person::Askpass(_)) {
        return Err(error::no_terminal_for_device_flow(&request.record).into());
    }
    let mut entry = Entry::helper(SIGNS_IN);
    if browser {
        entry.words.push("--browser".to_owned());
    }
    let chain = session::of(&Helpers { entries: vec![entry], chosen: Chosen::ForThisCommand }, person, false);
    let answer = chain.get_attended(request)?;
    if !answer.complete {
        if let Some(failed) = answer.failed.first() {
            return Err(Error::from(failed).into());
        }
        return Err(error::no_credential(&request.record).into());
    }
    Ok(answer.record)
}

/// The key on the command line or on standard input.
fn given(login: &Login, request: &Record) -> Result<Option<Zeroizing<String>>> {
    match &login.api_key {
        Some(key) => {
            terminal::warning(&error::key_in_arguments(request));
            Ok(Some(key.clone()))
        }
        None if login.file.is_some() => Ok(None),
        None => first_line(),
    }
}

fn by_key(
    request: &Request,
    provider: &Provider,
    login: &Login,
    given: Option<Zeroizing<String>>,
    person: &Person,
) -> Result<Record> {
    let mut record = request.record.clone();
    if let Some(file) = &login.file {
        let account = file::service_account(file, &provider.name)?;
        if let Some(flaw) = key_shape::check(&provider.name, &account).flaw.filter(|_| !login.unchecked) {
            return Err(error::bad_account_for_login(&provider.name, file, flaw).into());
        }
        record.set("password", account.as_bytes())?;
        return Ok(record);
    }
    let (entered, is_typed) = match (given, person) {
        (Some(key), _) => (key, false),
        (None, Person::Terminal) if !std::io::stdin().is_terminal() => return Err(error::empty_input().into()),
        (None, Person::Nobody) if is_a_pipe() => return Err(error::empty_input().into()),
        (None, Person::Terminal | Person::Askpass(_)) => {
            if provider.name == TAKES_ACCOUNTS {
                terminal::note(&error::accounts_come_in_files(&provider.name));
            }
            (person.secret(&record)?, matches!(person, Person::Terminal))
        }
        (None, Person::Nobody) => return Err(error::nobody_to_ask_for_login(&record).into()),
    };
    let key = entered.trim_matches([' ', '\t', '\r', '\n']);
    if key.len() != entered.trim_end_matches(['\r', '\n']).len() {
        terminal::warning(&error::blanks_removed());
    }
    let checked = key_shape::check(&provider.name, key);
    checked.remarks.iter().for_each(terminal::warning);
    if let Some(flaw) = checked.flaw {
        if !login.unchecked || flaw.is_final() {
            return Err(error::bad_key_for_login(&record, &provider.name, flaw).into());
        }
        terminal::warning(&error::bad_key(&provider.name, flaw));
    }
    if is_typed {
        terminal::note(&what_was_typed(key));
    }
    if let Some(expiry) = checked.expiry {
        record.set("password_expiry_utc", expiry.to_string())?;
    }
    record.set("password", key)?;
    if is_expired(&record) {
        return Err(error::already_expired(&record).into());
    }
    Ok(record)
}

/// True if standard input is a pipe or a file, and not `/dev/null`.
#[cfg(unix)]
fn is_a_pipe() -> bool {
    use std::os::fd::AsFd;
    use std::os::unix::fs::FileTypeExt;
    let input = std::io::stdin().as_fd().try_clone_to_owned().map(std::fs::File::from);
    input.and_then(|input| input.metadata()).is_ok_and(|input| !input.file_type().is_char_device())
}

#[cfg(windows)]
fn is_a_pipe() -> bool {
    winapi_util::file::typ(winapi_util::HandleRef::stdin()).is_ok_and(|input| !input.is_char())
}

/// One line of standard input, with bounded memory. Nothing is read from a terminal, which would echo it; `None` if the input is empty.
fn first_line() -> Result<Option<Zeroizing<String>>> {
    if std::io::stdin().is_terminal() {
        return Ok(None);
    }
    let bytes = read_at_most(&mut modelforge_credential_protocol::stdin()?, 4096, MAX_LINE);
    let bytes = bytes.map_err(|problem| error::cannot_read_input(&problem))?.ok_or_else(error::not_one_line)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    let text = text::of(&bytes).ok_or_else(error::not_one_line)?;
    let line = text.trim_end_matches(['\n', '\r']);
    if line.contains('\n') {
        return Err(error::not_one_line().into());
    }
    Ok(Some(Zeroizing::new(line.to_owned())))
}
