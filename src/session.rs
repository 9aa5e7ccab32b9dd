//! The start of every command: the configuration, the providers, the person who may be prompted, and the chains. Also the only way to ask
//! for a credential, to warn, and to log.

mod asker;
mod chains;
mod unlisted;

use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Error, Record, Result};

use crate::accounts::{self, Held};
use crate::audit::{Event, Operation};
use crate::chain::{Answer, Chain, Link};
use crate::config::Config;
use crate::error;
use crate::person::Person;
use crate::providers::{Provider, Providers};
use crate::request::Request;
use crate::terminal::warn_once;

pub use asker::program;
pub use chains::{Chains, Copies, Opened, PerProvider, boxed, has_session_bus, of, why_left_out};

/// Everything that a command works with.
pub struct Session {
    pub providers: Providers,
    pub person: Person,
    chains: Chains,
}

/// When to prompt a person, after the helpers were asked without one.
#[derive(Clone, Copy, PartialEq)]
pub enum Help {
    /// If a helper failed, because its store may only be locked.
    ToUnlock,
    /// If nothing was found, because the person may sign in.
    ToSignIn,
}

impl Session {
    /// Reads the configuration. `person` says who may be prompted.
    pub fn start(person: Person) -> Result<Self> {
        Ok(Self::of(Config::load()?, person))
    }

    /// The same for a command that reports plain-text files itself, so the helpers need not warn.
    pub fn that_tells_of_plain_text(person: Person) -> Result<Self> {
        Ok(Self::with(Config::load()?, person, true))
    }

    /// The same with a configuration that was already read.
    pub fn of(config: Config, person: Person) -> Self {
        Self::with(config, person, false)
    }

    fn with(config: Config, person: Person, tells_of_plain_text: bool) -> Self {
        let providers = Providers::new(config);
        let chains = Chains::new(&providers, tells_of_plain_text);
        Self { providers, person, chains }
    }

    /// Begins the log record of an operation. Dropping it writes it.
    pub fn event(&self, operation: Operation, description: &Record) -> Event {
        Event::start(operation, &self.providers, description)
    }

    /// True if a person may be prompted.
    pub fn has_a_person(&self) -> bool {
        !matches!(self.person, Person::Nobody)
    }

    /// The chain for a request, with its helpers found.
    pub fn opened(&self, request: &Record) -> Result<&Opened> {
        self.chains.of(request.text("provider"), &self.providers, &self.person)
    }

    /// The chain for a request.
    pub fn chain(&self, request: &Record) -> Result<&Chain> {
        Ok(&self.opened(request)?.chain)
    }

    /// True if no helper for a request stores keys here.
    pub fn keeps_nothing(&self, request: &Record) -> Result<bool> {
        Ok(self.opened(request)?.keeps_nothing())
    }

    /// Every chain once.
    pub fn all_chains(&self) -> Result<Vec<&Opened>> {
        self.chains.all(&self.providers, &self.person)
    }

    /// The helpers of every chain, or those with this name.
    ///
    /// # Errors
    /// If no helper has this name.
    pub fn helpers(&self, named: Option<&str>) -> Result<Vec<&Link>> {
        let links = self.all_chains()?.into_iter().flat_map(|opened| opened.chain.links());
        let found: Vec<&Link> = links.filter(|link| named.is_none_or(|name| link.name == name)).collect();
        match named {
            Some(name) if found.is_empty() => Err(error::not_in_the_chain(name)),
            _ => Ok(found),
        }
    }

    /// True if this chain is used for the provider's credentials. Other credentials may be in the same stores.
    pub fn is_asked(&self, opened: &Opened, provider: Option<&str>) -> bool {
        self.chains.is_asked(opened, provider)
    }

    /// Asks the helpers without a person first, and then with one if that may help. Problems are in the answer: see [`tell`]. `command` is
    /// the command of the person, for hints.
    ///
    /// # Errors
    /// If several accounts exist, none is named, and none is the default.
    pub fn ask(&self, command: &str, request: &Request, help: Help) -> Result<Answer> {
        let answer = self.search(request, help)?;
        if is_usual(&answer) || !request.leaves_account_open {
            return Ok(answer);
        }
        self.of_the_usual_account(command, request, answer, help)
    }

    /// The answers to several requests, as from [`ask`](Self::ask), with as few starts of helpers as possible. `None` if a request must be
    /// done separately.
    pub fn ask_each(&self, requests: &[&Request]) -> Result<Vec<Option<Answer>>> {
        let opened = requests.iter().map(|request| self.chain(&request.record)).collect::<Result<Vec<_>>>()?;
        let mut answers: Vec<Option<Answer>> = requests.iter().map(|_| None).collect();
        for chain in self.all_chains()?.into_iter().map(|opened| &opened.chain) {
            let of_this = opened.iter().zip(requests).zip(&mut answers);
            let of_this = of_this.filter(|((its, _), _)| std::ptr::eq(**its, chain));
            let (asked, places): (Vec<&Request>, Vec<_>) =
                of_this.map(|((_, request), place)| (*request, place)).unzip();
            for ((answer, request), place) in chain.get_each(&asked).into_iter().zip(&asked).zip(places) {
                *place = answer.filter(|answer| is_usual(answer) || !request.leaves_account_open);
            }
        }
        Ok(answers)
    }

    /// The answer for the default account, after a helper returned another one. That other one is right only if there are no more.
    fn of_the_usual_account(&self, command: &str, request: &Request, other: Answer, help: Help) -> Result<Answer> {
        let held = Held::look(self.chain(&request.record)?, request)?;
        let mut accounts = held.accounts();
        let has_usual = accounts.iter().any(|account| account == DEFAULT_ACCOUNT);
        // A helper that cannot be asked may have the default account.
        if has_usual || !held.is_whole {
            let usual = self.search(&request.of_account(DEFAULT_ACCOUNT)?, help)?;
            if has_usual || usual.complete {
                return Ok(usual);
            }
        }
        let found = accounts::account(&other.record);
        if !accounts.contains(&found) {
            accounts.push(found);
        }
        match accounts.as_slice() {
            [only] => {
                let remark = error::only_account(&request.record, only);
                Ok(Answer { remarks: other.remarks.into_iter().chain([remark]).collect(), ..other })
            }
            several => Err(error::several_accounts(&request.record, several, command)),
        }
    }

    fn search(&self, request: &Request, help: Help) -> Result<Answer> {
        let chain = self.chain(&request.record)?;
        let answer = chain.get(request)?;
        let may_help = help == Help::ToSignIn || !answer.failed.is_empty();
        if answer.complete || answer.quit.is_some() || !may_help || !self.has_a_person() {
            return Ok(answer);
        }
        chain.get_attended(request)
    }

    /// Warns of a helper that is skipped here, after nothing was found.
    pub fn tell_what_was_left_out(&self, request: &Record) -> Result<()> {
        self.opened(request)?.left_out.iter().for_each(warn_once);
        Ok(())
    }

    /// Lists, for each helper of one chain or of every chain, the credentials that it is used for.
    pub fn list(&self, only: Option<&Record>) -> Result<Vec<(String, Copies)>> {
        let context = self.providers.context_of_all()?;
        let mut listed = Vec::new();
        for opened in self.meant(only)? {
            for (helper, answer) in opened.chain.list_each(&context) {
                let copies = answer.and_then(|records| Ok(records.map(|all| self.copies(opened, all)).transpose()?));
                listed.push((helper, copies));
            }
        }
        Ok(listed)
    }

    /// True if the chain for `only`, or every chain, is the default one.
    pub fn is_automatic(&self, only: Option<&Record>) -> Result<bool> {
        Ok(self.meant(only)?.iter().all(|opened| opened.automatic))
    }

    /// A helper of the chain that is skipped here.
    pub fn left_out(&self, only: Option<&Record>) -> Result<Option<&Error>> {
        Ok(self.meant(only)?.first().and_then(|opened| opened.left_out.as_ref()))
    }

    fn meant(&self, only: Option<&Record>) -> Result<Vec<&Opened>> {
        match only {
            Some(place) => Ok(vec![self.opened(place)?]),
            None => self.all_chains(),
        }
    }

    fn copies(&self, opened: &Opened, all: Vec<Record>) -> Result<Vec<(Option<Provider>, Record)>> {
        let mut copies = Vec::new();
        for record in all {
            let provider = self.providers.by_location(&record)?;
            if self.is_asked(opened, provider.as_ref().map(|provider| provider.name.as_str())) {
                copies.push((provider, record));
            }
        }
        Ok(copies)
    }
}

fn is_usual(answer: &Answer) -> bool {
    answer.record.text("username").is_none_or(|account| account == DEFAULT_ACCOUNT)
}

/// Warns of problems on the way to an answer, once for each helper.
pub fn tell(answer: &Answer) {
    answer.remarks.iter().for_each(warn_once);
    answer.failed.iter().for_each(|failed| warn_once(&failed.into()));
}
