//! `logout`: erases a credential in every helper, and in plain-text files, and checks that it is gone.

mod error;

use std::collections::BTreeSet;
use std::ptr;

use anyhow::Result;
use modelforge_credential_protocol::{Error, Record};

use crate::accounts::{Held, Named, account, usual};
use crate::audit::{Event, Operation, Outcome};
use crate::chain::{Asked, Chain, Copies, Erase, Erased, TOGETHER};
use crate::person::{Person, person};
use crate::providers::Provider;
use crate::request::{self, Request};
use crate::session::Session;
use crate::terminal;

/// Signs out of one provider, or erases what is stored for a URL.
pub fn logout(name: &str, option: Option<&str>) -> Result<()> {
    let named = Named::new(name, option)?;
    let session = Session::start(person())?;
    let mut request = named.request(&session.providers)?;
    let held = Held::look(session.chain(&request.record)?, &request)?;
    let asked = request.record.clone();
    if request.leaves_account_open {
        let accounts = held.accounts();
        match usual(&accounts) {
            Some(account) => request = request.of_account(account)?,
            None if accounts.is_empty() => {}
            None => return Err(error::several_accounts(&request.record, &accounts, "logout").into()),
        }
    }
    let is_meant = |copy: &&Record| request.record.text("username").is_none_or(|meant| account(copy) == meant);
    let is_there = held.copies.iter().filter(is_meant).any(|copy| !is_of_a_variable(copy));
    // For a URL that is no provider's, a user name that nobody typed may be a token.
    let shown = if request.provider.is_some() { request.record.clone() } else { asked };
    let chain = session.chain(&request.record)?;
    let leaving = Leaving { chain, request, shown, is_there: is_there || !held.is_whole };
    let is_gone = erase(&session, std::slice::from_ref(&leaving))?;
    if named.account.is_none() {
        let variables = held.copies.iter().filter_map(|copy| copy.text("variable"));
        variables.for_each(|variable| tell_of(variable, &leaving.request.record));
    }
    if is_gone { Ok(()) } else { Err(error::not_erased(&leaving.shown).into()) }
}

/// Signs out of every provider, after a question. Other credentials in the same stores stay.
pub fn logout_all(yes: bool) -> Result<()> {
    let session = Session::start(person())?;
    let everything = Everything::find(&session)?;
    let others = error::not_touched(&everything.others);
    if !yes && !everything.credentials.is_empty() {
        match session.person {
            Person::Terminal => {
                terminal::tell(&everything.to_text())?;
                others.iter().try_for_each(|line| terminal::done(line))?;
                if !terminal::confirm("delete all these? [y/N] ")? {
                    return Ok(terminal::done("nothing was changed")?);
                }
            }
            _ => return Err(error::sign_out_not_confirmed(everything.credentials.len()).into()),
        }
    }
    let is_gone = everything.erase(&session)?;
    others.iter().try_for_each(|line| terminal::done(line))?;
    if is_gone { Ok(()) } else { Err(error::not_everything_erased().into()) }
}

/// True if a listed credential is in an environment variable, which cannot be erased.
pub fn is_of_a_variable(listed: &Record) -> bool {
    listed.has("variable")
}

/// The credentials of every provider.
pub struct Everything {
    /// Each once, by provider and account.
    credentials: Vec<Record>,
    /// The variables that have one.
    variables: Vec<(String, Record)>,
    /// The URLs of credentials that belong to no provider, such as git's. They stay.
    others: BTreeSet<String>,
    /// True if every helper could list.
    is_whole: bool,
}

impl Everything {
    /// Asks every helper, and warns of those that cannot list.
    pub fn find(session: &Session) -> Result<Self> {
        let mut everything =
            Self { credentials: Vec::new(), variables: Vec::new(), others: BTreeSet::new(), is_whole: true };
        for (helper, copies) in session.list(None)? {
            let copies = match copies {
                Ok(Some(copies)) => everything.of_providers(copies),
                Ok(None) => {
                    everything.warn(&error::cannot_list(&helper));
                    let unlisted = session.unlisted(&helper, None)?;
                    unlisted.failed.iter().for_each(|problem| everything.warn(&error::helper_failed(&helper, problem)));
                    unlisted.found
                }
                Err(problem) => {
                    everything.warn(&error::helper_failed(&helper, &problem));
                    continue;
                }
            };
            for (provider, mut record) in copies {
                record.set("provider", &provider.name)?;
                match record.text("variable").map(str::to_owned) {
                    Some(variable) => everything.variables.push((variable, record.description())),
                    None => everything.credentials.push(record.description()),
                }
            }
        }
        let order = |record: &Record| {
            let text = |key| record.text(key).map(str::to_owned);
            (text("provider"), text("username"), text("protocol"), text("host"), text("path"))
        };
        everything.credentials.sort_by_cached_key(order);
        everything.credentials.dedup_by(|one, other| order(one) == order(other));
        Ok(everything)
    }

    /// Erases them. Returns false if some may be left.
    pub fn erase(&self, session: &Session) -> Result<bool> {
        let mut all_gone = self.is_whole;
        for credentials in self.credentials.chunks(TOGETHER) {
            let leaving = credentials.iter().map(|record| {
                let request = request::expand(record.clone(), &session.providers)?;
                let chain = session.chain(&request.record)?;
                Ok(Leaving { chain, shown: request.record.clone(), request, is_there: true })
            });
            all_gone &= erase(session, &leaving.collect::<Result<Vec<_>>>()?)?;
        }
        if self.credentials.is_empty() {
            terminal::done("there was nothing to sign out of")?;
        }
        self.variables.iter().for_each(|(variable, description)| tell_of(variable, description));
        Ok(all_gone)
    }

    /// Selects those that belong to a provider. Of the others, only the URLs are kept.
    fn of_providers(&mut self, copies: Vec<(Option<Provider>, Record)>) -> Vec<(Provider, Record)> {
        let mut found = Vec::new();
        for (provider, record) in copies {
            match provider {
                Some(provider) => found.push((provider, record)),
                None if is_of_a_variable(&record) => {}
                None => {
                    self.others.insert(record.url());
                }
            }
        }
        found
    }

    fn warn(&mut self, problem: &Error) {
        self.is_whole = false;
        terminal::warning(problem);
    }

    fn to_text(&self) -> String {
        const SHOWN: usize = 20;
        let mut text: String =
            self.credentials.iter().take(SHOWN).map(|record| format!("  {}\n", error::name_of(record))).collect();
        if let Some(more) = self.credentials.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            text.push_str(&format!("  and {more} more\n"));
        }
        text
    }
}

fn tell_of(variable: &str, description: &Record) {
    terminal::warning(&error::variable_still_set(variable, description));
}

/// A credential to sign out of.
struct Leaving<'a> {
    chain: &'a Chain,
    request: Request,
    /// The form for messages and the log.
    shown: Record,
    /// True if a helper has it, or may have it.
    is_there: bool,
}

/// Erases each everywhere and reports the results. Returns false if a copy may be left that could have been erased.
fn erase(session: &Session, leaving: &[Leaving]) -> Result<bool> {
    let mut all_gone = true;
    for of_a_chain in leaving.chunk_by(|one, other| ptr::eq(one.chain, other.chain)) {
        all_gone &= erase_from(of_a_chain[0].chain, session, of_a_chain)?;
    }
    Ok(all_gone)
}

fn erase_from(chain: &Chain, session: &Session, leaving: &[Leaving]) -> Result<bool> {
    let events: Vec<Event> = leaving.iter().map(|one| session.event(Operation::Logout, &one.shown)).collect();
    let erase: Vec<_> = leaving.iter().map(|one| Erase::of(&one.request.record, &session.providers)).collect();
    let erased = chain.erase_everywhere_each(&erase)?;
    let asked: Vec<_> = leaving.iter().map(|one| Asked::of(&one.request)).collect();
    let left = chain.copies_each(&asked, false)?;
    let mut all_gone = true;
    for (((one, mut event), erased), left) in leaving.iter().zip(events).zip(erased).zip(left) {
        let gone = tell_what_is_left(&erased, &left);
        event.outcome(match (gone, one.is_there) {
            (false, _) => Outcome::NotErased,
            (true, true) => Outcome::Erased,
            (true, false) => Outcome::NothingToErase,
        });
        drop(event);
        if gone {
            let name = error::name_of(&one.shown);
            terminal::done(&if one.is_there {
                format!("signed out of {name}")
            } else {
                format!("nothing was stored for {name}")
            })?;
        }
        all_gone &= gone;
    }
    Ok(all_gone)
}

/// Warns of each copy that is or may be left. Returns true if there is none.
fn tell_what_is_left(erased: &Erased, left: &Copies) -> bool {
    erased.failed.iter().for_each(|failed| terminal::warning(&failed.into()));
    // A variable cannot be erased. It is reported once for all accounts.
    let still_there: Vec<_> = left.found.iter().filter(|(_, copy)| !is_of_a_variable(copy)).collect();
    still_there.iter().for_each(|(helper, _)| terminal::warning(&error::still_answers(helper)));
    // A helper that could not even be asked to erase was named already.
    let is_named = |helper: &str| erased.failed.iter().any(|failed| failed.helper == helper);
    let unknown: Vec<_> = left.failed.iter().filter(|failed| !is_named(&failed.helper)).collect();
    for failed in &unknown {
        terminal::warning(&error::cannot_tell_whether_gone(&failed.helper, &failed.failure.clone()));
    }
    erased.failed.is_empty() && still_there.is_empty() && unknown.is_empty()
}
