//! Signing in and out: obtains a credential in one of a provider's ways, hands it to the chain, and says where it is now.

use std::io::{IsTerminal, Read};
use std::path::Path;

use anyhow::Result;
use modelforge_credential_client::Entry;
use modelforge_credential_files::Trust;
use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Error, MAX_LINE, Record};
use modelforge_credential_providers::SignIn;
use zeroize::Zeroizing;

use crate::accounts::{account_of, accounts, place, request_for};
use crate::chain::{Chain, is_expired};
use crate::config::{Helpers, read_text};
use crate::error;
use crate::key_shape;
use crate::person::{Person, person};
use crate::providers::{Provider, Providers};
use crate::request::Request;
use crate::session::{self, Help, Session};
use crate::terminal;

/// The helper that a person signs in through at a browser.
const SIGNS_IN: &str = "oauth";

/// What `login` was asked to do.
#[derive(Default)]
pub struct Login {
    pub provider: String,
    pub account: Option<String>,
    pub helper: Option<String>,
    pub api_key: Option<Zeroizing<String>>,
    pub file: Option<std::path::PathBuf>,
    pub browser: bool,
    pub force: bool,
}

/// Signs in to a provider, and ends with what a person wants to know: where the credential is and whether it will be used.
pub fn login(login: &Login) -> Result<()> {
    let session = Session::start(person())?;
    let provider = session.providers.by_name(&login.provider)?;
    if provider.sign_in == SignIn::None {
        terminal::done(&format!("`{}` needs no sign-in", provider.name))?;
        return Ok(());
    }
    session.providers.other_in_modelforge(&provider).iter().for_each(terminal::warning);
    let mut request = request_for(&session.providers, &provider, login.account.as_deref())?;
    let mut event = session.event("login", &request.record);
    let chain = session.chain(&request.record)?;
    if let Some(helper) = &login.helper
        && !chain.links().iter().any(|link| link.name == *helper)
    {
        return Err(error::not_in_the_chain(helper).into());
    }
    let obtained_by_flow = provider.sign_in == SignIn::DeviceFlow && login.api_key.is_none() && login.file.is_none();
    if !login.force {
        // What is only locked is there all the same. With a person, a device flow would be started.
        let answer = match provider.sign_in == SignIn::DeviceFlow {
            true => chain.get(&request)?,
            false => session.ask(&request, Help::ToUnlock)?,
        };
        if let (true, Some(helper)) = (answer.complete, &answer.helper) {
            event.answered(&answer);
            event.outcome("signed in already");
            return Ok(terminal::done(&already(chain, &request, &answer.record, helper))?);
        }
    }
    if !request.record.has("username") {
        let account = account_to_replace(chain, &session.providers, &request.record)?;
        request.record.set("username", account)?;
    }
    let record = if obtained_by_flow {
        by_device_flow(&request, &session.person, login.browser)?
    } else {
        by_key(&request, &provider, login, &session.person)?
    };
    let stored = chain.store_durably(&record, login.helper.as_deref())?;
    event.stored(&record, &stored);
    drop(event);
    stored.remarks.iter().for_each(terminal::warning);
    let [first, ..] = stored.kept_by.as_slice() else { return Err(error::not_kept(&record).into()) };
    let account = account_of(&record);
    terminal::done(&format!(
        "signed in to `{}`{account}: kept by {}",
        provider.name,
        stored.kept_by.iter().map(|name| place(chain, &request, name).0).collect::<Vec<_>>().join(", and by ")
    ))?;
    for helper in &stored.shadowed_by {
        let (place, variable) = place(chain, &request, helper);
        terminal::warning(&error::shadowed(&place, first, variable.as_deref()));
    }
    Ok(())
}

/// Whose credential a sign-in without an account is: the only one there is, else the default one.
fn account_to_replace(chain: &Chain, providers: &Providers, request: &Record) -> Result<String> {
    let accounts = accounts(chain, providers, request)?;
    match accounts.as_slice() {
        [only] => Ok(only.clone()),
        [_, ..] if !accounts.iter().any(|account| account == DEFAULT_ACCOUNT) => {
            Err(error::several_accounts(request.text("provider").unwrap_or_default(), &accounts, "login").into())
        }
        _ => Ok(DEFAULT_ACCOUNT.to_owned()),
    }
}

fn already(chain: &Chain, request: &Request, answer: &Record, helper: &str) -> String {
    let asked = Request { record: answer.clone(), context: request.context.clone(), provider: None, by_path: false };
    let provider = answer.text("provider").unwrap_or_default();
    let account = account_of(answer);
    match place(chain, &asked, helper) {
        (place, Some(_)) => format!(
            "already signed in to `{provider}`{account}: the key comes from {place}; `--force` keeps another one beside it"
        ),
        (place, None) => {
            format!("already signed in to `{provider}`{account}: kept by {place}; `--force` replaces it")
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
    let chain = session::of(&Helpers { entries: vec![entry], automatic: false }, person, false);
    let answer = chain.get_attended(request)?;
    if !answer.complete {
        if let Some(failed) = answer.failed.first() {
            return Err(Error::from(failed).into());
        }
        return Err(error::no_credential(&request.record).into());
    }
    Ok(answer.record)
}

fn by_key(request: &Request, provider: &Provider, login: &Login, person: &Person) -> Result<Record> {
    let mut record = request.record.clone();
    if let Some(file) = &login.file {
        record.set("password", service_account(file)?.as_bytes())?;
        return Ok(record);
    }
    let entered = match &login.api_key {
        Some(key) => {
            terminal::warning(&error::key_in_arguments(&provider.name));
            key.clone()
        }
        None => match (first_line()?, person) {
            (Some(line), _) => line,
            (None, Person::Terminal) if !std::io::stdin().is_terminal() => return Err(error::empty_input().into()),
            (None, Person::Terminal | Person::Askpass(_)) => person.secret(&record)?,
            (None, Person::Nobody) => return Err(error::nobody_to_ask_for_login(&provider.name).into()),
        },
    };
    let key = entered.trim_matches([' ', '\t', '\r', '\n']);
    if key.len() != entered.trim_end_matches(['\r', '\n']).len() {
        terminal::warning(&error::blanks_removed());
    }
    let checked = key_shape::check(&provider.name, key)?;
    checked.remarks.iter().for_each(terminal::warning);
    if let Some(other) = checked.belongs_to {
        let problem = error::key_of_another(&provider.name, other);
        if !login.force {
            return Err(problem.into());
        }
        terminal::warning(&problem);
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

/// One line of standard input, in bounded memory; none from a terminal, which must not echo it, or from an empty input.
fn first_line() -> Result<Option<Zeroizing<String>>> {
    if std::io::stdin().is_terminal() {
        return Ok(None);
    }
    let mut input = modelforge_credential_protocol::stdin()?.take(MAX_LINE as u64 + 1);
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    input.read_to_end(&mut bytes).map_err(|problem| error::cannot_read_input(&problem))?;
    if bytes.is_empty() {
        return Ok(None);
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| error::not_one_line())?;
    // Windows' programs begin text with a mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let line = text.trim_end_matches(['\n', '\r']);
    if bytes.len() > MAX_LINE || line.contains('\n') {
        return Err(error::not_one_line().into());
    }
    Ok(Some(Zeroizing::new(line.to_owned())))
}

/// A service account's JSON file as one line: the same value, without the line breaks between its parts.
fn service_account(path: &Path) -> Result<Zeroizing<String>> {
    let text = read_text(path, Trust::Named)?.ok_or_else(|| error::no_such_file(path))?;
    let raw: &serde_json::value::RawValue =
        serde_json::from_str(&text).map_err(|problem| error::not_json(path, problem.line(), problem.column()))?;
    // Outside strings JSON's line breaks mean nothing, and inside them they cannot stand.
    let line = Zeroizing::new(raw.get().split(['\n', '\r']).map(str::trim).collect::<String>());
    if !line.starts_with('{') {
        return Err(error::not_json(path, 1, 1).into());
    }
    Ok(line)
}
