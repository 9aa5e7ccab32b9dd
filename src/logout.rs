//! Signing out: erases in every helper, plain-text files included, and looks whether it is gone.

use anyhow::Result;
use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Record};

use crate::chain::Chain;
use crate::config::Config;
use crate::error;
use crate::links;
use crate::login::request_for;
use crate::providers::Providers;
use crate::request::{self, Request};
use crate::terminal;

/// Signs out of one provider.
pub fn logout(provider: &str, account: Option<&str>) -> Result<()> {
    let providers = Providers::new(Config::load()?);
    let provider = providers.by_name(provider)?;
    let mut request = request_for(&providers, &provider, account)?;
    let opened = links::open(&providers, &request.record, &terminal::person())?;
    if !request.record.has("username") {
        let accounts = accounts(&opened.chain, &providers, &request.record)?;
        if accounts.len() > 1 {
            return Err(error::several_accounts(&provider.name, &accounts, "logout").into());
        }
        if let Some(account) = accounts.first() {
            request.record.set("username", account)?;
        }
    }
    if erase(&opened.chain, &request)? { Ok(()) } else { Err(error::not_erased(&request.record).into()) }
}

/// Signs out of every provider that a helper lists. Other credentials in the same stores are not touched.
pub fn logout_all() -> Result<()> {
    let providers = Providers::new(Config::load()?);
    let opened = links::open(&providers, &Record::new(), &terminal::person())?;
    let listed = opened.chain.list(&providers.context_of_all()?)?;
    let mut all_gone = listed.failed.is_empty();
    listed.failed.iter().for_each(terminal::warning);
    for name in &listed.cannot_list {
        all_gone = false;
        terminal::warning(&error::cannot_list(name));
    }
    let mut seen = Vec::new();
    for mut record in listed.records {
        let Some(provider) = providers.by_location(&record)? else { continue };
        record.set("provider", &provider.name)?;
        record.retain(|key| matches!(key, "protocol" | "host" | "path" | "username" | "provider"));
        if !seen.contains(&record) {
            all_gone &= erase(&opened.chain, &request::expand(record.clone(), &providers)?)?;
            seen.push(record);
        }
    }
    if seen.is_empty() {
        terminal::done("there was nothing to sign out of")?;
    }
    if all_gone { Ok(()) } else { Err(error::not_everything_erased().into()) }
}

/// Erases one credential everywhere and says what came of it; false where a copy may be left that could have been erased.
fn erase(chain: &Chain, request: &Request) -> Result<bool> {
    let description = &request.record;
    let erased = chain.erase_everywhere(description)?;
    erased.failed.iter().for_each(terminal::warning);
    let left = chain.copies(description, &request.context)?;
    let mut gone = erased.failed.is_empty();
    for (helper, copy) in left {
        match copy.text("variable") {
            Some(variable) => terminal::warning(&error::variable_still_set(variable, description)),
            None => {
                gone = false;
                terminal::warning(&error::still_answers(&helper));
            }
        }
    }
    if gone {
        terminal::done(&format!("signed out of {}", error::name_of(description)))?;
    }
    Ok(gone)
}

/// The accounts of a provider that the helpers list.
pub fn accounts(chain: &Chain, providers: &Providers, request: &Record) -> Result<Vec<String>> {
    let mut description = request.clone();
    description.retain(|key| matches!(key, "protocol" | "host" | "path"));
    let listed = chain.list(&providers.context_of_all()?)?;
    let mut accounts: Vec<String> = listed
        .records
        .iter()
        .filter(|record| record.matches(&description) && (description.has("path") || !record.has("path")))
        .map(|record| record.text("username").unwrap_or(DEFAULT_ACCOUNT).to_owned())
        .collect();
    accounts.sort();
    accounts.dedup();
    Ok(accounts)
}
