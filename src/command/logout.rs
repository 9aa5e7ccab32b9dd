//! Signing out: erases in every helper, plain-text files included, and looks whether it is gone.

use anyhow::Result;
use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Record};

use crate::audit::Event;
use crate::chain::Chain;
use crate::command::login::request_for;
use crate::config::Config;
use crate::error;
use crate::person::person;
use crate::providers::Providers;
use crate::request::{self, Request};
use crate::session;
use crate::terminal;

/// Signs out of one provider.
pub fn logout(provider: &str, account: Option<&str>) -> Result<()> {
    let providers = Providers::new(Config::load()?);
    let provider = providers.by_name(provider)?;
    let mut request = request_for(&providers, &provider, account)?;
    let opened = session::open(&providers, &request.record, &person())?;
    let copies = copies(&opened.chain, &providers, &request.record)?;
    if !request.record.has("username") {
        let accounts = accounts_of(&copies);
        if accounts.len() > 1 {
            return Err(error::several_accounts(&provider.name, &accounts, "logout").into());
        }
        if let Some(account) = accounts.first() {
            request.record.set("username", account)?;
        }
    }
    let is_gone = erase(&opened.chain, &providers, &request)?;
    if account.is_none() {
        copies.iter().filter_map(|copy| copy.text("variable")).for_each(|variable| tell_of(variable, &request.record));
    }
    if is_gone { Ok(()) } else { Err(error::not_erased(&request.record).into()) }
}

/// Signs out of every provider that a helper lists. Other credentials in the same stores are not touched.
pub fn logout_all() -> Result<()> {
    let providers = Providers::new(Config::load()?);
    let chains = session::Chains::open(&providers, &person())?;
    if erase_all_credentials(&providers, &chains)? { Ok(()) } else { Err(error::not_everything_erased().into()) }
}

/// Whether a listed credential is in the environment, from where nothing can be erased.
pub fn is_of_a_variable(listed: &Record) -> bool {
    listed.has("variable")
}

/// Erases the credentials of every provider; false where some may be left.
pub fn erase_all_credentials(providers: &Providers, chains: &session::Chains) -> Result<bool> {
    let mut all_gone = true;
    let mut seen = Vec::new();
    let mut variables = Vec::new();
    for (helper, copies) in chains.list(providers)? {
        let copies = match copies {
            Ok(Some(copies)) => copies,
            Ok(None) => {
                all_gone = false;
                terminal::warning(&error::cannot_list(&helper));
                continue;
            }
            Err(problem) => {
                all_gone = false;
                terminal::warning(&error::helper_failed(&helper, &problem));
                continue;
            }
        };
        for (provider, mut record) in copies {
            record.set("provider", &provider.name)?;
            let variable = record.text("variable").map(str::to_owned);
            record.retain(|key| matches!(key, "protocol" | "host" | "path" | "username" | "provider"));
            match variable {
                Some(variable) => variables.push((variable, record)),
                None if seen.contains(&record) => {}
                None => seen.push(record),
            }
        }
    }
    seen.sort_by(|a, b| {
        ["provider", "username"].map(|key| a.text(key)).cmp(&["provider", "username"].map(|key| b.text(key)))
    });
    for record in &seen {
        let request = request::expand(record.clone(), providers)?;
        all_gone &= erase(&chains.of(record.text("provider").unwrap_or_default()).chain, providers, &request)?;
    }
    if seen.is_empty() {
        terminal::done("there was nothing to sign out of")?;
    }
    variables.iter().for_each(|(variable, description)| tell_of(variable, description));
    Ok(all_gone)
}

fn tell_of(variable: &str, description: &Record) {
    terminal::warning(&error::variable_still_set(variable, description));
}

/// Erases one credential everywhere and says what came of it; false where a copy may be left that could have been erased.
fn erase(chain: &Chain, providers: &Providers, request: &Request) -> Result<bool> {
    let description = &request.record;
    let mut event = Event::start("logout", providers, description);
    let erased = chain.erase_everywhere(description, providers.share_the_host_of(description))?;
    erased.failed.iter().for_each(|failed| terminal::warning(&failed.into()));
    let mut gone = erased.failed.is_empty();
    for link in chain.links() {
        match chain.copy_in(&link.name, description, &request.context) {
            // A variable cannot be erased, and is told of once for all accounts.
            Ok(Some(copy)) if copy.has_secret() && !copy.has("variable") => {
                gone = false;
                terminal::warning(&error::still_answers(&link.name));
            }
            Ok(_) => {}
            // One that could not even be told to erase was named already.
            Err(_) if erased.failed.iter().any(|failed| failed.helper == link.name) => {}
            Err(problem) => {
                gone = false;
                terminal::warning(&error::cannot_tell_whether_gone(&link.name, &problem.into()));
            }
        }
    }
    event.outcome(if gone { "erased" } else { "not erased" });
    drop(event);
    if gone {
        terminal::done(&format!("signed out of {}", error::name_of(description)))?;
    }
    Ok(gone)
}

/// The copies of a provider's credentials that the helpers list.
fn copies(chain: &Chain, providers: &Providers, request: &Record) -> Result<Vec<Record>> {
    let mut description = request.clone();
    description.retain(|key| matches!(key, "protocol" | "host" | "path"));
    let mut listed = chain.list(&providers.context_of_all()?)?.records;
    listed.retain(|record| record.matches(&description) && (description.has("path") || !record.has("path")));
    Ok(listed)
}

/// The accounts of a provider that the helpers keep.
pub fn accounts(chain: &Chain, providers: &Providers, request: &Record) -> Result<Vec<String>> {
    Ok(accounts_of(&copies(chain, providers, request)?))
}

/// A variable has no account.
fn accounts_of(copies: &[Record]) -> Vec<String> {
    let kept = copies.iter().filter(|copy| !copy.has("variable"));
    let mut accounts: Vec<String> =
        kept.map(|copy| copy.text("username").unwrap_or(DEFAULT_ACCOUNT).to_owned()).collect();
    accounts.sort();
    accounts.dedup();
    accounts
}
