//! The providers: the built-in table, the user's configuration, and ModelForge's global file. Converts a name into the URL that the key
//! belongs to, and a URL into the name.

pub mod error;
pub mod modelforge;
mod rows;
mod variables;

use std::cell::OnceCell;

use modelforge_credential_protocol::{Error, Record, Result};
use modelforge_credential_providers::{self as table, Location, SignIn, normalize};

use crate::config::{self, Config, Helpers, ProviderConfig};
use crate::terminal;
use modelforge::{Defined, Definitions};
pub use rows::Provider;
use rows::{Row, location_of};
pub use variables::no_variables;

/// All sources of providers. ModelForge's file is read only if the other two have no answer.
pub struct Providers {
    config: Config,
    modelforge: OnceCell<Result<Definitions>>,
}

impl Providers {
    pub fn new(config: Config) -> Self {
        Self { config, modelforge: OnceCell::new() }
    }

    /// The user's configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// True to store in every helper.
    pub fn store_in_all(&self) -> bool {
        self.config.store_in_all
    }

    /// How the user configured the audit log.
    pub fn audit(&self) -> crate::config::Audit {
        self.config.audit
    }

    /// The chain for a request.
    pub fn helpers_for(&self, request: &Record) -> Result<Helpers> {
        let name = request.text("provider").map(normalize);
        self.config.helpers_for(name.and_then(|name| self.config.providers.get(&name)))
    }

    /// The provider with this name.
    ///
    /// # Errors
    /// If it is unknown, was declared without a URL, or has an error in ModelForge's file.
    pub fn by_name(&self, name: &str) -> Result<Provider> {
        let asked = config::provider_name(name)?;
        let own = self.config.providers.get(&asked);
        let known = table::by_name(&asked).filter(|known| own.is_none() || known.name == asked);
        let name = known.map_or(asked.as_str(), |known| known.name);
        let own = own.or_else(|| self.config.providers.get(name));
        let row = Row { name, own, known, defined: None };
        if row.url().is_some() {
            return self.merged(row);
        }
        let defined = self.modelforge.get_or_init(modelforge::load).as_ref().map_err(Clone::clone)?;
        let defined = defined.get(name).or_else(|| defined.get(&asked));
        match (defined, own) {
            (Some(Err(problem)), _) if known.is_none() => Err(problem.clone()),
            (None, None) if known.is_none() => Err(self.config.unknown_provider(name)),
            (None, Some(own)) if known.is_none() => Err(config::undeclared_provider(name, own)),
            (defined, _) => self.merged(Row { defined: defined.and_then(|defined| defined.as_ref().ok()), ..row }),
        }
    }

    /// The provider whose credential a request with this location is for.
    pub fn by_location(&self, request: &Record) -> Result<Option<Provider>> {
        let mut best = self.closest(self.settled_at(request), request);
        // A provider in the configuration may share its host with one in ModelForge's file. A known provider does not.
        if best.as_ref().is_none_or(|best| self.config.providers.contains_key(&best.name)) {
            // A provider without sign-in has no credential that belongs to the host.
            let others =
                self.defined_at(request).filter(|row| row.defined.is_some_and(|one| one.sign_in != SignIn::None));
            let other = self.closest(others, request);
            if other.as_ref().is_some_and(|other| best.as_ref().is_none_or(|best| rank(other) > rank(best))) {
                best = other;
            }
        }
        Ok(best)
    }

    /// True if only the path tells the providers of this host apart. No other request gets the key of one of them.
    pub fn share_the_host_of(&self, request: &Record) -> bool {
        let has_path = |row| self.merged(row).is_ok_and(|provider| provider.location.has("path"));
        self.settled_at(request).any(has_path) || self.defined_at(request).any(has_path)
    }

    /// The variables that are set, for every provider with a URL, as [`list`](modelforge_credential_protocol::Helper::list) gets them.
    pub fn context_of_all(&self) -> Result<Record> {
        let mut names: Vec<&str> = table::all().iter().map(|provider| provider.name).collect();
        names.extend(self.config.providers.keys().map(String::as_str));
        names.extend(self.of_modelforge_file().map(|(name, _)| name.as_str()));
        names.sort_unstable();
        names.dedup();
        let mut context = no_variables()?;
        for name in names {
            if let Ok(provider) = self.by_name(name) {
                provider.push_variables(&mut context)?;
            }
        }
        Ok(context)
    }

    /// Why ModelForge's file could not be used, if so.
    pub fn problem_of_modelforge(&self) -> Option<Error> {
        self.modelforge.get_or_init(modelforge::load).as_ref().err().cloned()
    }

    /// The providers that have their own chain.
    pub fn with_helpers_of_their_own(&self) -> impl Iterator<Item = &str> {
        let is_overruled = std::env::var_os("MODELFORGE_CREDENTIAL_HELPERS").is_some();
        let own = self.config.providers.iter().filter(move |(_, provider)| provider.helpers.is_some() && !is_overruled);
        own.map(|(name, _)| name.as_str())
    }

    /// The providers that the user defined, here or in ModelForge.
    pub fn of_this_user(&self) -> Vec<String> {
        let configured = self.config.providers.keys().cloned();
        configured.chain(self.of_modelforge_file().map(|(name, _)| name.clone())).collect()
    }

    /// A remark if the configuration has another URL for a known provider.
    pub fn moved(&self, provider: &Provider) -> Option<Error> {
        provider.moved_from.map(|usual| error::moved(provider, usual))
    }

    /// A remark if ModelForge's file has another URL for a provider.
    pub fn other_in_modelforge(&self, provider: &Provider) -> Option<Error> {
        self.defined(&provider.name)?;
        let url = self.elsewhere_in_modelforge(&provider.name, provider)?;
        Some(error::not_where_modelforge_sends(&provider.name, &url, provider))
    }

    /// The providers in the configuration of [`exec`](crate::command::exec).
    pub fn of_exec(&self) -> Option<&[String]> {
        self.config.exec_providers.as_deref()
    }

    /// The configured variables of the working directory, or of the closest one above it, each with its key.
    pub fn of_this_folder(&self) -> Vec<(&str, &str)> {
        let here = std::env::current_dir().unwrap_or_default();
        // On Windows, the path may have another case, or short names.
        let here = if cfg!(windows) { dunce::canonicalize(&here).unwrap_or(here) } else { here };
        let found = here.ancestors().find_map(|folder| self.config.exec_folders.get(folder));
        found.into_iter().flatten().map(|(name, word)| (name.as_str(), word.as_str())).collect()
    }

    /// The providers in ModelForge's file that need a credential.
    pub fn of_modelforge_with_keys(&self) -> Vec<String> {
        let needs_one = |defined: &Result<Defined>| !matches!(defined, Ok(one) if one.sign_in == SignIn::None);
        self.of_modelforge_file().filter(|(_, defined)| needs_one(defined)).map(|(name, _)| name.clone()).collect()
    }

    /// The definitions in ModelForge's file. If it cannot be read, there are none, and a warning says so.
    fn of_modelforge_file(&self) -> impl Iterator<Item = (&String, &Result<Defined>)> {
        let first_time = self.modelforge.get().is_none();
        let defined = self.modelforge.get_or_init(modelforge::load);
        if let (Err(problem), true) = (defined, first_time) {
            terminal::warning(problem);
        }
        defined.iter().flatten()
    }

    fn definitions(&self) -> Option<&Definitions> {
        self.modelforge.get_or_init(modelforge::load).as_ref().ok()
    }

    /// The rows for a host whose URL the configuration or the table has.
    fn settled_at<'a>(&'a self, request: &'a Record) -> impl Iterator<Item = Row<'a>> {
        let (protocol, host) = server_of(request);
        let known_as = |name: &str| table::by_name(name).filter(|known| known.name == name);
        let own = self.config.providers.iter();
        let own = own.map(move |(name, own)| Row { name, own: Some(own), known: known_as(name), defined: None });
        let known = table::at_host(protocol, host).filter(|(known, _)| !self.config.providers.contains_key(known.name));
        let known = known.map(|(known, _)| Row { name: known.name, own: None, known: Some(known), defined: None });
        own.filter(move |row| row.url().is_some_and(|url| url.is_at(protocol, host))).chain(known)
    }

    /// The rows for a host whose URL only ModelForge's file has.
    fn defined_at<'a>(&'a self, request: &'a Record) -> impl Iterator<Item = Row<'a>> {
        let (protocol, host) = server_of(request);
        self.of_modelforge_file().filter_map(move |(name, defined)| {
            let defined = defined.as_ref().ok().filter(|defined| is_at(&defined.url, protocol, host))?;
            let own: Option<&ProviderConfig> = self.config.providers.get(name);
            let known = table::by_name(name).filter(|known| own.is_none() || known.name == name);
            let row = Row { name, own, known, defined: None };
            row.url().is_none().then_some(Row { defined: Some(defined), ..row })
        })
    }

    /// The closest provider that a request may be for. A provider with an error is skipped here; the error is reported where the provider
    /// is named.
    fn closest<'a>(&self, rows: impl Iterator<Item = Row<'a>>, request: &Record) -> Option<Provider> {
        let merged = rows.filter_map(|row| self.merged(row).ok());
        merged
            .filter(|provider| covers(&provider.location, request))
            .reduce(|best, provider| if rank(&provider) > rank(&best) { provider } else { best })
    }

    fn merged(&self, row: Row) -> Result<Provider> {
        let provider = row.merge(|url| self.is_shared(row.name, url))?;
        Ok(self.with_modelforges(provider))
    }

    /// True if another provider has the same host and another path, so that the path decides whose key it is.
    fn is_shared(&self, name: &str, url: &Location) -> bool {
        let Ok(here) = Record::of([("protocol", url.protocol), ("host", url.host)]) else { return false };
        let differs = |row: Row| row.name != name && row.url().is_some_and(|other| other.path != url.path);
        self.settled_at(&here).any(differs) || self.definitions().is_some() && self.defined_at(&here).any(differs)
    }
}

fn server_of(request: &Record) -> (&str, &str) {
    (request.text("protocol").unwrap_or(""), request.text("host").unwrap_or(""))
}

fn is_at(url: &Record, protocol: &str, host: &str) -> bool {
    location_of(url).is_some_and(|url| url.is_at(protocol, host))
}

/// True if a request is for the provider at `location`.
pub fn covers(location: &Record, request: &Record) -> bool {
    let (protocol, host) = server_of(request);
    location_of(location).is_some_and(|location| location.covers(protocol, host, request.text("path")))
}

/// The longer path is closer. Of two with the same URL, the known one is meant, because the other was declared as a second account.
fn rank(provider: &Provider) -> (usize, bool) {
    (provider.location.get("path").map_or(0, <[u8]>::len), table::by_name(&provider.name).is_some())
}
