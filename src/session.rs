//! What every command begins with: the configuration, the providers, the person who may be asked, and the chains. It has the one way
//! to ask for a credential, to warn, and to log.

mod asker;
mod chains;

use modelforge_credential_protocol::{Error, Record, Result};

use crate::audit::Event;
use crate::chain::{Answer, Chain};
use crate::config::Config;
use crate::person::Person;
use crate::providers::{Provider, Providers};
use crate::request::Request;
use crate::terminal::warn_once;

pub use asker::program;
pub use chains::{Chains, Copies, Opened, boxed, has_session_bus, is_left_out, of};

/// What a command works with.
pub struct Session {
    pub providers: Providers,
    pub person: Person,
    chains: Chains,
}

/// When a person is asked to help, after the helpers were asked without one.
#[derive(Clone, Copy, PartialEq)]
pub enum Help {
    /// Where a helper failed: what it holds may only be locked.
    ToUnlock,
    /// Wherever nothing was found: a person may sign in.
    ToSignIn,
}

impl Session {
    /// Reads the configuration. This person may be asked.
    pub fn start(person: Person) -> Result<Self> {
        Ok(Self::of(Config::load()?, person))
    }

    /// The same with a configuration that was read already.
    pub fn of(config: Config, person: Person) -> Self {
        let providers = Providers::new(config);
        let chains = Chains::new(&providers);
        Self { providers, person, chains }
    }

    /// Begins the record of the log for an operation. It is written when it is dropped.
    pub fn event(&self, operation: &'static str, description: &Record) -> Event {
        Event::start(operation, &self.providers, description)
    }

    /// Whether somebody may be asked.
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

    /// Every chain once.
    pub fn all_chains(&self) -> Result<Vec<&Opened>> {
        self.chains.all(&self.providers, &self.person)
    }

    /// Whether a provider's credentials are looked for in this chain. Those for other places are in the same stores.
    pub fn is_asked(&self, opened: &Opened, provider: Option<&str>) -> bool {
        self.chains.is_asked(opened, provider)
    }

    /// Asks the helpers without a person first, and with one where that helps. What went wrong is in the answer: see [`tell`].
    pub fn ask(&self, request: &Request, help: Help) -> Result<Answer> {
        let chain = self.chain(&request.record)?;
        let answer = chain.get(request)?;
        let may_help = help == Help::ToSignIn || !answer.failed.is_empty();
        if answer.complete || answer.quit.is_some() || !may_help || !self.has_a_person() {
            return Ok(answer);
        }
        chain.get_attended(request)
    }

    /// Warns of a helper that this machine has no use for now, after nothing was found.
    pub fn tell_what_was_left_out(&self, request: &Record) -> Result<()> {
        self.opened(request)?.left_out.iter().for_each(warn_once);
        Ok(())
    }

    /// What each helper of a provider's chain, or of every chain, holds of the providers that it is asked for.
    pub fn list(&self, only: Option<&Provider>) -> Result<Vec<(String, Copies)>> {
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

    /// Whether nobody chose any of the helpers of a provider, or of all.
    pub fn is_automatic(&self, only: Option<&Provider>) -> Result<bool> {
        Ok(self.meant(only)?.iter().all(|opened| opened.automatic))
    }

    /// A helper of the default chain that this machine has no use for now.
    pub fn left_out(&self, only: Option<&Provider>) -> Result<Option<&Error>> {
        Ok(self.meant(only)?.first().and_then(|opened| opened.left_out.as_ref()))
    }

    fn meant(&self, only: Option<&Provider>) -> Result<Vec<&Opened>> {
        match only {
            Some(provider) => Ok(vec![self.chains.of(Some(&provider.name), &self.providers, &self.person)?]),
            None => self.all_chains(),
        }
    }

    fn copies(&self, opened: &Opened, all: Vec<Record>) -> Result<Vec<(Provider, Record)>> {
        let mut copies = Vec::new();
        for record in all {
            if let Some(provider) = self.providers.by_location(&record)?
                && self.is_asked(opened, Some(&provider.name))
            {
                copies.push((provider, record));
            }
        }
        Ok(copies)
    }
}

/// Warns of what went wrong on the way to an answer. Once for each helper is enough.
pub fn tell(answer: &Answer) {
    answer.remarks.iter().for_each(warn_once);
    answer.failed.iter().for_each(|failed| warn_once(&failed.into()));
}
