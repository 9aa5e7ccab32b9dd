//! Signing in and out: obtains a credential in one of a provider's ways, hands it to the chain, and says where it is now.

use std::io::{IsTerminal, Read};
use std::path::Path;

use anyhow::Result;
use modelforge_credential_protocol::{DEFAULT_ACCOUNT, MAX_LINE, Record, visible};
use zeroize::Zeroizing;

use crate::audit::Event;
use crate::chain::{Chain, Link, is_expired};
use crate::command::logout::accounts;
use crate::config::{Config, Entry, Helpers, read_bounded};
use crate::error;
use crate::key_shape;
use crate::providers::{Provider, Providers};
use crate::request::{self, Request};
use crate::session;
use crate::terminal::{self, Person};

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
    let providers = Providers::new(Config::load()?);
    let provider = providers.by_name(&login.provider)?;
    if provider.sign_in == "none" {
        terminal::done(&format!("`{}` needs no sign-in", provider.name))?;
        return Ok(());
    }
    let person = terminal::person();
    let mut request = request_for(&providers, &provider, login.account.as_deref())?;
    let mut event = Event::start("login", &providers, &request.record);
    let opened = session::open(&providers, &request.record, &person)?;
    if let Some(helper) = &login.helper
        && !opened.chain.links().iter().any(|link| link.name == *helper)
    {
        return Err(error::not_in_the_chain(helper).into());
    }
    let obtained_by_flow = provider.sign_in == "device_flow" && login.api_key.is_none() && login.file.is_none();
    if !login.force {
        let mut answer = opened.chain.get(&request)?;
        // What is only locked is there all the same. A device flow would be started by asking again.
        let may_be_locked = !answer.complete && !answer.failed.is_empty() && provider.sign_in != "device_flow";
        if may_be_locked && !matches!(person, Person::Nobody) {
            answer = opened.chain.get_attended(&request)?;
        }
        if let (true, Some(helper)) = (answer.complete, &answer.helper) {
            event.answered(&answer);
            event.outcome("signed in already");
            return Ok(terminal::done(&already(&opened.chain, &request, &answer.record, helper))?);
        }
    }
    if !request.record.has("username") {
        let account = account_to_replace(&opened.chain, &providers, &request.record)?;
        request.record.set("username", account)?;
    }
    let record = if obtained_by_flow {
        by_device_flow(&request, &person, login.browser)?
    } else {
        by_key(&request, &provider, login, &person)?
    };
    let stored = opened.chain.store_durably(&record, login.helper.as_deref())?;
    event.stored(&record, &stored);
    drop(event);
    stored.remarks.iter().for_each(terminal::warning);
    let [first, ..] = stored.kept_by.as_slice() else { return Err(error::not_kept(&record).into()) };
    let account = account_of(&record);
    terminal::done(&format!(
        "signed in to `{}`{account}: kept by {}",
        provider.name,
        stored.kept_by.iter().map(|name| place(&opened.chain, &request, name).0).collect::<Vec<_>>().join(", and by ")
    ))?;
    for helper in &stored.shadowed_by {
        let (place, variable) = place(&opened.chain, &request, helper);
        terminal::warning(&error::shadowed(&place, first, variable.as_deref()));
    }
    Ok(())
}

/// The request of a person's command: the account that they named, the configured one, or the only one there is.
pub fn request_for(providers: &Providers, provider: &Provider, account: Option<&str>) -> Result<Request> {
    let mut record = Record::of([("provider", &provider.name)])?;
    if let Some(account) = account {
        if account.is_empty() {
            return Err(error::empty_account().into());
        }
        record.set("username", account)?;
    }
    Ok(request::expand(record, providers)?)
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

fn account_of(record: &Record) -> String {
    match record.text("username") {
        Some(account) if account != DEFAULT_ACCOUNT => format!(" as `{}`", visible(account)),
        _ => String::new(),
    }
}

/// `age`, an encrypted file with the identity …: what a helper says of the copy that it lists, and the variable that it is from.
fn place(chain: &Chain, request: &Request, helper: &str) -> (String, Option<String>) {
    let link = chain.links().iter().find(|link| link.name == helper);
    let copy = link.and_then(|link| copy(link, request));
    match copy {
        Some(copy) => (format!("`{helper}` ({})", protection(&copy)), copy.text("variable").map(str::to_owned)),
        None => (format!("`{helper}`"), None),
    }
}

fn copy(link: &Link, request: &Request) -> Option<Record> {
    let listed = link.helper(false).ok()?.list(&request.context).ok()??;
    let mut description = request.record.clone();
    description.retain(|key| matches!(key, "protocol" | "host" | "path" | "username"));
    listed.into_iter().find(|copy| copy.matches(&description))
}

/// How a copy is protected at rest, as its helper describes it.
pub fn protection(copy: &Record) -> String {
    let mut text = match copy.is_true("plain_text") {
        true => "PLAIN TEXT".to_owned(),
        false => copy.text("storage").unwrap_or("stored by the helper").to_owned(),
    };
    let mut add = |what: &str| {
        text.push_str(what);
    };
    if let Some(identity) = copy.text("identity") {
        add(&format!(", identity {}", error::tilde(Path::new(identity))));
    } else if let Some(variable) = copy.text("variable") {
        add(&format!(" variable {variable}"));
    } else if let Some(file) = copy.text("file") {
        add(&format!(", {}", error::tilde(Path::new(file))));
    }
    text
}

fn by_device_flow(request: &Request, person: &Person, browser: bool) -> Result<Record> {
    if !matches!(person, Person::Terminal | Person::Askpass(_)) {
        return Err(error::no_terminal_for_device_flow(&request.record).into());
    }
    let mut words = vec!["oauth".to_owned()];
    if browser {
        words.push("--browser".to_owned());
    }
    let entries = vec![Entry { words, is_command: false, timeout: Some(crate::program::LIMIT_OF_A_DEVICE_FLOW) }];
    let chain = session::of(&Helpers { entries, automatic: false }, person, false);
    let answer = chain.get_attended(request)?;
    if !answer.complete {
        if let Some(problem) = answer.failed.into_iter().next() {
            return Err(problem.into());
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
    let text = Zeroizing::new(read_bounded(path).map_err(|problem| error::cannot_read(path, &problem))?);
    let raw: &serde_json::value::RawValue =
        serde_json::from_str(&text).map_err(|problem| error::not_json(path, problem.line(), problem.column()))?;
    // Outside strings JSON's line breaks mean nothing, and inside them they cannot stand.
    let line = Zeroizing::new(raw.get().split(['\n', '\r']).map(str::trim).collect::<String>());
    if !line.starts_with('{') {
        return Err(error::not_json(path, 1, 1).into());
    }
    Ok(line)
}
