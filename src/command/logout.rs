//! Signing out: erases in every helper, plain-text files included, and looks whether it is gone.

use anyhow::Result;
use modelforge_credential_protocol::Record;

use crate::accounts::{accounts_of, copies, request_for};
use crate::error;
use crate::person::person;
use crate::request::{self, Request};
use crate::session::Session;
use crate::terminal;

/// Signs out of one provider.
pub fn logout(provider: &str, account: Option<&str>) -> Result<()> {
    let session = Session::start(person())?;
    let provider = session.providers.by_name(provider)?;
    let mut request = request_for(&session.providers, &provider, account)?;
    let copies = copies(session.chain(&request.record)?, &session.providers, &request.record)?;
    if !request.record.has("username") {
        let accounts = accounts_of(&copies);
        if accounts.len() > 1 {
            return Err(error::several_accounts(&provider.name, &accounts, "logout").into());
        }
        if let Some(account) = accounts.first() {
            request.record.set("username", account)?;
        }
    }
    let is_gone = erase(&session, &request)?;
    if account.is_none() {
        copies.iter().filter_map(|copy| copy.text("variable")).for_each(|variable| tell_of(variable, &request.record));
    }
    if is_gone { Ok(()) } else { Err(error::not_erased(&request.record).into()) }
}

/// Signs out of every provider that a helper lists. Other credentials in the same stores are not touched.
pub fn logout_all() -> Result<()> {
    if erase_all_credentials(&Session::start(person())?)? { Ok(()) } else { Err(error::not_everything_erased().into()) }
}

/// Whether a listed credential is in the environment, from where nothing can be erased.
pub fn is_of_a_variable(listed: &Record) -> bool {
    listed.has("variable")
}

/// Erases the credentials of every provider; false where some may be left.
pub fn erase_all_credentials(session: &Session) -> Result<bool> {
    let mut all_gone = true;
    let mut seen = Vec::new();
    let mut variables = Vec::new();
    for (helper, copies) in session.list(None)? {
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
            let record = record.description();
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
        all_gone &= erase(session, &request::expand(record.clone(), &session.providers)?)?;
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
fn erase(session: &Session, request: &Request) -> Result<bool> {
    let description = &request.record;
    let chain = session.chain(description)?;
    let mut event = session.event("logout", description);
    let erased = chain.erase_everywhere(description, session.providers.share_the_host_of(description))?;
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
