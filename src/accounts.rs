//! Accounts: how a person names one, the copies that helpers have for each, and where a copy is.

use std::path::Path;

use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Record, Result, visible};

use crate::chain::{Chain, Link};
use crate::error;
use crate::providers::Providers;
use crate::request::{self, Request};

/// A name on the command line: `openai`, `openai:work`, or a URL, with an optional account.
pub struct Named {
    /// The name of a provider, or a URL.
    pub name: String,
    pub account: Option<String>,
}

impl Named {
    /// # Errors
    /// If the account is empty, or two different ones are named.
    pub fn new(word: &str, option: Option<&str>) -> Result<Self> {
        let (name, account) = match word.split_once(':') {
            Some((name, account)) if !is_url(word) => (name, Some(account)),
            _ => (word, None),
        };
        if account.is_some_and(str::is_empty) || option.is_some_and(str::is_empty) {
            return Err(error::empty_account());
        }
        if account.is_some() && option.is_some() && account != option {
            return Err(error::two_accounts());
        }
        Ok(Self { name: name.to_owned(), account: account.or(option).map(str::to_owned) })
    }

    /// The request for the named account, otherwise for the configured one, otherwise for any, so that the default has to be found.
    pub fn request(&self, providers: &Providers) -> Result<Request> {
        let key = if is_url(&self.name) { "url" } else { "provider" };
        let mut record = Record::of([(key, &self.name)])?;
        if let Some(account) = &self.account {
            record.set("username", account)?;
        }
        let request = request::expand(record, providers)?;
        Ok(Request { leaves_account_open: !request.record.has("username"), ..request })
    }
}

fn is_url(word: &str) -> bool {
    word.contains("://")
}

/// The credentials in the helpers for the URL of a request.
#[derive(Default)]
pub struct Held {
    /// The lists of helpers, with variables, and the answers of helpers that cannot list.
    pub copies: Vec<Record>,
    /// True if every helper could be asked.
    pub is_whole: bool,
}

impl Held {
    /// Asks every helper.
    ///
    /// # Errors
    /// If the request cannot be sent.
    pub fn look(chain: &Chain, request: &Request) -> Result<Self> {
        let mut place = request.record.description();
        place.remove("username");
        let listed = chain.list(&request.context)?;
        let mut held = Self { copies: listed.records, is_whole: listed.failed.is_empty() };
        held.copies.retain(|record| record.matches(&place) && (place.has("path") || !record.has("path")));
        for helper in listed.cannot_list.iter().filter(|helper| !chain.generates(helper)) {
            match unlisted(chain, helper, &place, &request.context) {
                Ok(copy) => held.copies.extend(copy),
                Err(_) => held.is_whole = false,
            }
        }
        Ok(held)
    }

    /// The accounts, sorted. A variable has no account.
    pub fn accounts(&self) -> Vec<String> {
        let kept = self.copies.iter().filter(|copy| !copy.has("variable"));
        let mut accounts: Vec<String> = kept.map(account).collect();
        accounts.sort();
        accounts.dedup();
        accounts
    }
}

/// The account of a credential.
pub fn account(record: &Record) -> String {
    record.text("username").unwrap_or(DEFAULT_ACCOUNT).to_owned()
}

/// The account to use if none is named: the default one, otherwise the only one.
pub fn usual(accounts: &[String]) -> Option<&str> {
    match accounts {
        [only] => Some(only),
        all => all.iter().map(String::as_str).find(|account| *account == DEFAULT_ACCOUNT),
    }
}

/// The answer of a helper that cannot list (such as git's own), without its secrets.
pub fn unlisted(chain: &Chain, helper: &str, place: &Record, context: &Record) -> Result<Option<Record>> {
    let found = chain.copy_in(helper, place, context)?.filter(Record::has_secret);
    let Some(found) = found else { return Ok(None) };
    let mut copy = place.clone();
    for key in ["username", "password_expiry_utc", "scope"] {
        if let Some(value) = found.get(key) {
            copy.set(key, value)?;
        }
    }
    Ok(Some(copy))
}

pub fn account_of(record: &Record) -> String {
    match record.text("username") {
        Some(account) if account != DEFAULT_ACCOUNT => format!(" as `{}`", visible(account)),
        _ => String::new(),
    }
}

/// The helper and its description of the copy (`age`, an encrypted file with the identity …), and the variable, if the copy is in one.
pub fn place(chain: &Chain, request: &Request, helper: &str) -> (String, Option<String>) {
    let link = chain.links().iter().find(|link| link.name == helper);
    let copy = link.and_then(|link| copy(link, request));
    match copy {
        Some(copy) => (format!("`{helper}` ({})", protection(&copy)), copy.text("variable").map(str::to_owned)),
        None => (format!("`{helper}`"), None),
    }
}

fn copy(link: &Link, request: &Request) -> Option<Record> {
    let listed = link.helper(false).ok()?.list(&request.context).ok()??;
    listed.into_iter().find(|copy| copy.matches(&request.record))
}

/// How a copy is protected at rest, as its helper describes it, and where it is.
pub fn protection(copy: &Record) -> String {
    let storage = storage(copy);
    match place_of(copy) {
        Some(place) => format!("{storage}, {place}"),
        None => storage,
    }
}

/// How a copy is protected at rest, in a few words.
pub fn storage(copy: &Record) -> String {
    let storage = match copy.is_true("plain_text") {
        true => "PLAIN TEXT",
        false => copy.text("storage").unwrap_or("stored by the helper"),
    };
    match copy.text("variable").filter(|_| !copy.has("identity")) {
        Some(variable) => format!("{storage} variable {variable}"),
        None => storage.to_owned(),
    }
}

/// The identity or the file of a copy. Many copies share it.
pub fn place_of(copy: &Record) -> Option<String> {
    let identity = copy.text("identity").map(|identity| format!("identity {}", error::tilde(Path::new(identity))));
    let file = copy.text("file").filter(|_| !copy.has("variable")).map(|file| error::tilde(Path::new(file)));
    identity.or(file)
}
