//! A person's accounts: the request for one of them, the copies that the helpers list, and where a copy is.

use std::path::Path;

use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Record, Result, visible};

use crate::chain::{Chain, Link};
use crate::error;
use crate::providers::{Provider, Providers};
use crate::request::{self, Request};

/// The request of a person's command: the account that they named, the configured one, or the only one there is.
pub fn request_for(providers: &Providers, provider: &Provider, account: Option<&str>) -> Result<Request> {
    let mut record = Record::of([("provider", &provider.name)])?;
    if let Some(account) = account {
        if account.is_empty() {
            return Err(error::empty_account());
        }
        record.set("username", account)?;
    }
    request::expand(record, providers)
}

/// The copies of a provider's credentials that the helpers list.
pub fn copies(chain: &Chain, providers: &Providers, request: &Record) -> Result<Vec<Record>> {
    let mut description = request.description();
    description.remove("username");
    let mut listed = chain.list(&providers.context_of_all()?)?.records;
    listed.retain(|record| record.matches(&description) && (description.has("path") || !record.has("path")));
    Ok(listed)
}

/// The accounts of a provider that the helpers keep.
pub fn accounts(chain: &Chain, providers: &Providers, request: &Record) -> Result<Vec<String>> {
    Ok(accounts_of(&copies(chain, providers, request)?))
}

/// A variable has no account.
pub fn accounts_of(copies: &[Record]) -> Vec<String> {
    let kept = copies.iter().filter(|copy| !copy.has("variable"));
    let mut accounts: Vec<String> =
        kept.map(|copy| copy.text("username").unwrap_or(DEFAULT_ACCOUNT).to_owned()).collect();
    accounts.sort();
    accounts.dedup();
    accounts
}

pub fn account_of(record: &Record) -> String {
    match record.text("username") {
        Some(account) if account != DEFAULT_ACCOUNT => format!(" as `{}`", visible(account)),
        _ => String::new(),
    }
}

/// `age`, an encrypted file with the identity …: what a helper says of the copy that it lists, and the variable that it is from.
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
