//! The chains: the shared one, and those of providers that have their own.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use modelforge_credential_client::{Entry, Failure, Program};
use modelforge_credential_protocol::{Error, Helper, Record, Result};

use super::asker::program;
use crate::chain::{Chain, Link};
use crate::config::{Chosen, Helpers, Need, default_helper};
use crate::error;
use crate::person::Person;
use crate::providers::{Provider, Providers};
use crate::terminal;

/// A chain whose helpers were found.
pub struct Opened {
    /// The provider, if the chain is its own.
    owner: Option<String>,
    pub chain: Chain,
    /// True for the default chain.
    pub automatic: bool,
    /// The helpers of the default chain that are skipped here. Worth a warning if nothing was found.
    pub left_out: Option<Error>,
    /// True if these are all helpers that store keys.
    is_without_store: bool,
}

/// One value for each provider with its own chain, and one for all others.
pub struct PerProvider<T> {
    common: T,
    own: BTreeMap<String, T>,
}

/// Every chain. Each is opened when it is first used.
pub struct Chains {
    opened: PerProvider<OnceCell<Opened>>,
    /// True for a command that reports plain-text files itself.
    tells_of_plain_text: bool,
}

/// A helper's list: copies, each with its provider if it has one. `None` if it cannot list.
pub type Copies = std::result::Result<Option<Vec<(Option<Provider>, Record)>>, Failure>;

impl<T> PerProvider<T> {
    /// The value for a provider, or for URLs of no provider; with the provider, if the value is its own.
    fn find(&self, provider: Option<&str>) -> (Option<&str>, &T) {
        let own = provider.and_then(|name| self.own.get_key_value(name));
        own.map_or((None, &self.common), |(name, own)| (Some(name.as_str()), own))
    }

    /// The value for a provider, or for URLs of no provider.
    pub fn of(&self, provider: Option<&str>) -> &T {
        self.find(provider).1
    }

    /// All values, the shared one first.
    pub fn all(&self) -> impl Iterator<Item = &T> {
        std::iter::once(&self.common).chain(self.own.values())
    }

    /// Converts each value.
    pub fn map<U>(&self, make: impl Fn(&T) -> U) -> PerProvider<U> {
        let own = self.own.iter().map(|(name, own)| (name.clone(), make(own))).collect();
        PerProvider { common: make(&self.common), own }
    }
}

impl Opened {
    /// True if none of its helpers stores keys here, so nobody can sign in.
    pub fn keeps_nothing(&self) -> bool {
        self.is_without_store || self.chain.keeps_nothing()
    }
}

impl PerProvider<Opened> {
    /// Every chain, with only the helpers that fit. A helper that cannot be found or asked stays, so that the chain reports it.
    pub fn fitting(providers: &Providers, person: &Person, fits: Fits<'_>) -> Result<Self> {
        let fitting = |program: Program| Ok(fits(&program)?.then_some(program));
        let common = open(None, providers, person, &fitting)?;
        let names = providers.with_helpers_of_their_own();
        let own = names.map(|name| Ok((name.to_owned(), open(Some(name), providers, person, &fitting)?)));
        Ok(Self { common, own: own.collect::<Result<_>>()? })
    }

    /// One helper for everything.
    pub fn of_one(entry: Entry, person: &Person, fits: Fits<'_>) -> Self {
        let helpers = Helpers { entries: vec![entry], chosen: Chosen::ForThisCommand };
        let chain = Chain::new(links_of(&helpers, person, &|program| Ok(fits(&program)?.then_some(program))), false);
        Self {
            common: Opened { owner: None, chain, automatic: false, left_out: None, is_without_store: false },
            own: BTreeMap::new(),
        }
    }
}

impl Chains {
    pub fn new(providers: &Providers, tells_of_plain_text: bool) -> Self {
        let own = providers.with_helpers_of_their_own().map(|name| (name.to_owned(), OnceCell::new()));
        Self { opened: PerProvider { common: OnceCell::new(), own: own.collect() }, tells_of_plain_text }
    }

    /// The chain for a provider, or for URLs of no provider.
    pub fn of(&self, provider: Option<&str>, providers: &Providers, person: &Person) -> Result<&Opened> {
        let (owner, cell) = self.opened.find(provider);
        if let Some(opened) = cell.get() {
            return Ok(opened);
        }
        let prepared = |program: Program| match self.tells_of_plain_text {
            true => Ok(Some(program.with("MODELFORGE_CREDENTIAL_WARN_PLAINTEXT", "0"))),
            false => Ok(Some(program)),
        };
        let opened = open(owner, providers, person, &prepared)?;
        Ok(cell.get_or_init(|| opened))
    }

    /// Every chain once, the shared one first.
    pub fn all(&self, providers: &Providers, person: &Person) -> Result<Vec<&Opened>> {
        let owners = std::iter::once(None).chain(self.opened.own.keys().map(|name| Some(name.as_str())));
        owners.map(|owner| self.of(owner, providers, person)).collect()
    }

    /// True if this chain is asked for the provider's credentials.
    pub fn is_asked(&self, opened: &Opened, provider: Option<&str>) -> bool {
        opened.owner.as_deref() == self.opened.find(provider).0
    }
}

/// Says whether a helper fits; a failure if that is unknown.
pub type Fits<'a> = &'a dyn Fn(&Program) -> std::result::Result<bool, Failure>;

/// Prepares a helper for use; `None` if it does not fit.
type Prepare<'a> = &'a dyn Fn(Program) -> std::result::Result<Option<Program>, Failure>;

/// Finds the helpers of a chain.
fn open(owner: Option<&str>, providers: &Providers, person: &Person, prepare: Prepare<'_>) -> Result<Opened> {
    let request = owner.map_or_else(|| Ok(Record::new()), |name| Record::of([("provider", name)]))?;
    let helpers = providers.helpers_for(&request)?;
    let keepers =
        || helpers.entries.iter().filter(|entry| default_helper(entry).is_some_and(|row| row.needs.is_some()));
    let left_out: Vec<Error> = keepers().filter_map(|entry| why_left_out(&helpers, entry)).collect();
    let is_without_store = helpers.is_automatic() && left_out.len() == keepers().count();
    let left_out = match left_out.as_slice() {
        [_, _, ..] => Some(error::keyring_and_age_left_out()),
        few => few.first().cloned(),
    };
    let chain = Chain::new(links_of(&helpers, person, prepare), providers.store_in_all());
    Ok(Opened { owner: owner.map(str::to_owned), chain, automatic: helpers.is_automatic(), left_out, is_without_store })
}

/// A chain of these helpers. If it is a default chain, helpers that are not installed are skipped.
pub fn of(helpers: &Helpers, person: &Person, store_in_all: bool) -> Chain {
    Chain::new(links_of(helpers, person, &|program| Ok(Some(program))), store_in_all)
}

fn links_of(helpers: &Helpers, person: &Person, prepare: Prepare<'_>) -> Vec<Link> {
    let mut links = Vec::new();
    for entry in &helpers.entries {
        if let Some(reason) = why_left_out(helpers, entry) {
            terminal::trace(&reason.to_string());
            continue;
        }
        let program = program(entry);
        if let (true, Err(failure)) = (helpers.is_automatic(), &program) {
            // A missing program is expected. One that exists but must not be started is not.
            if failure.is_missing() {
                terminal::trace(&failure.to_string());
            } else {
                terminal::warning(&failure.clone().into());
            }
            continue;
        }
        let Some(program) = program.and_then(prepare).transpose() else { continue };
        let attended = match (&program, person) {
            (Ok(program), Person::Askpass(_) | Person::Terminal) => Some(boxed(program.attended())),
            _ => None,
        };
        links.push(Link::new(entry.name(), program.map(boxed), attended));
    }
    links
}

/// Why the chain skips this helper here.
pub fn why_left_out(helpers: &Helpers, entry: &Entry) -> Option<Error> {
    match default_helper(entry)?.needs.filter(|need| helpers.does_without(entry, *need))? {
        Need::Session => (!has_session_bus()).then(error::keyring_left_out),
        Need::Folder => modelforge_credential_files::data().is_none().then(error::age_left_out),
    }
}

/// True if there is a D-Bus session, which the keyring needs on Linux and other free Unixes. Containers, servers and builds often have
/// none: then a chain with another store skips the keyring, instead of warning each time.
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
