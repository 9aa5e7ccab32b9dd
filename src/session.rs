//! Makes the chain out of what is configured: finds each program, and says what it is called.

use std::collections::BTreeMap;

use anyhow::Result;
use modelforge_credential_protocol::{Error, Helper, Record, Result as Answered};

use crate::chain::{Chain, Link};
use crate::config::{Entry, Helpers, default_helper};
use crate::error;
use crate::program::Program;
use crate::providers::{Provider, Providers};
use crate::terminal::{self, Person};

/// The chain, and whether a person chose its helpers.
pub struct Opened {
    pub chain: Chain,
    pub automatic: bool,
    /// A helper of the default chain that this machine has no use for now: worth a word where nothing was found.
    pub left_out: Option<Error>,
}

/// Finds the helpers of a request.
pub fn open(providers: &Providers, request: &Record, person: &Person) -> Result<Opened> {
    let helpers = providers.helpers_for(request)?;
    let left_out = (helpers.automatic && !has_session_bus()).then(error::keyring_left_out);
    let chain = of(&helpers, person, providers.store_in_all());
    Ok(Opened { chain, automatic: helpers.automatic, left_out })
}

/// The chain that most providers share, and those of the providers that have helpers of their own.
pub struct Chains {
    common: Opened,
    own: BTreeMap<String, Opened>,
}

/// What a helper lists: copies, each with its provider; `None` if it has no list.
type Copies = Answered<Option<Vec<(Provider, Record)>>>;

impl Chains {
    /// Finds the helpers of all providers.
    pub fn open(providers: &Providers, person: &Person) -> Result<Self> {
        let of = |name: &str| Ok((name.to_owned(), open(providers, &Record::of([("provider", name)])?, person)?));
        let own = providers.with_helpers_of_their_own().map(of).collect::<Result<_>>()?;
        Ok(Self { common: open(providers, &Record::new(), person)?, own })
    }

    /// Finds the helpers of one provider, as if there were no other.
    pub fn open_one(providers: &Providers, provider: &Provider, person: &Person) -> Result<Self> {
        let common = open(providers, &Record::of([("provider", &provider.name)])?, person)?;
        Ok(Self { common, own: BTreeMap::new() })
    }

    /// Whether nobody chose any of the helpers.
    pub fn automatic(&self) -> bool {
        self.common.automatic && self.own.is_empty()
    }

    /// A helper of the default chain that this machine has no use for now.
    pub fn left_out(&self) -> Option<&Error> {
        self.common.left_out.as_ref()
    }

    /// Every chain once.
    pub fn each(&self) -> impl Iterator<Item = &Opened> {
        std::iter::once(&self.common).chain(self.own.values())
    }

    /// The chain of a provider.
    pub fn of(&self, provider: &str) -> &Opened {
        self.own.get(provider).unwrap_or(&self.common)
    }

    /// What each helper of each chain holds of the providers that it is asked for. Credentials for other places, which
    /// are in the same stores, are left out.
    pub fn list(&self, providers: &Providers) -> Result<Vec<(String, Copies)>> {
        let context = providers.context_of_all()?;
        let mut listed = Vec::new();
        for opened in self.each() {
            for (helper, answer) in opened.chain.list_each(&context) {
                let copies =
                    answer.and_then(|records| records.map(|all| self.copies(opened, all, providers)).transpose());
                listed.push((helper, copies));
            }
        }
        Ok(listed)
    }

    fn copies(&self, asked: &Opened, all: Vec<Record>, providers: &Providers) -> Answered<Vec<(Provider, Record)>> {
        let mut copies = Vec::new();
        for record in all {
            if let Some(provider) = providers.by_location(&record)?
                && std::ptr::eq(self.of(&provider.name), asked)
            {
                copies.push((provider, record));
            }
        }
        Ok(copies)
    }
}

/// A chain of these helpers. Of a default chain, those that are not installed are left out.
pub fn of(helpers: &Helpers, person: &Person, store_in_all: bool) -> Chain {
    let mut links = Vec::new();
    for entry in &helpers.entries {
        if is_left_out(helpers, entry) {
            terminal::trace(&error::keyring_left_out().to_string());
            continue;
        }
        let program = Program::find(entry);
        if let (true, Err(problem)) = (helpers.automatic, &program) {
            // That it is not installed is no news; that it is and may not be started is.
            if *problem == error::helper_missing(entry.words.first().map_or("", String::as_str)) {
                terminal::trace(&problem.to_string());
            } else {
                terminal::warning(problem);
            }
            continue;
        }
        let attended = match (&program, person) {
            (Ok(program), Person::Askpass(_) | Person::Terminal) => Some(boxed(program.attended())),
            _ => None,
        };
        links.push(Link { name: name(entry), helper: program.map(boxed), attended });
    }
    Chain::new(links, store_in_all)
}

/// Whether the default chain has no use for it on this machine, now.
pub fn is_left_out(helpers: &Helpers, entry: &Entry) -> bool {
    helpers.automatic && default_helper(entry).is_some_and(|row| row.needs_session) && !has_session_bus()
}

/// Whether there is a D-Bus session, which the keyring of a free Unix is reached through. In a container, on a server or in a build there
/// is none: the default chain then does without, instead of complaining each time.
pub fn has_session_bus() -> bool {
    #[cfg(all(unix, not(target_os = "macos")))]
    {
        let is_set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let runtime = is_set("XDG_RUNTIME_DIR").map_or_else(
            || std::path::PathBuf::from(format!("/run/user/{}", rustix::process::geteuid().as_raw())),
            std::path::PathBuf::from,
        );
        is_set("DBUS_SESSION_BUS_ADDRESS").is_some() || runtime.join("bus").exists()
    }
    #[cfg(not(all(unix, not(target_os = "macos"))))]
    true
}

pub fn boxed(program: Program) -> Box<dyn Helper + Send + Sync> {
    Box::new(program)
}

/// What messages call a link: the helper's name, or the whole command.
pub fn name(entry: &Entry) -> String {
    if entry.is_command { entry.words.join(" ") } else { entry.words.first().cloned().unwrap_or_default() }
}
