//! Which providers there are: the built-in table, what the user's configuration adds and overrides, and what ModelForge's
//! global file adds. It turns a name into the URL that the key belongs to, and a URL into the name.

pub mod modelforge;

use std::cell::OnceCell;

use modelforge_credential_protocol::{Error, Record, Result};
use modelforge_credential_providers::{self as table, Location, SignIn, modelforge_variables, normalize};

use crate::config::{self, Config, Helpers};
use crate::error;
use crate::terminal;
use crate::url::base_url;
use modelforge::Defined;

/// A provider as it stands after all sources were heard.
#[derive(Debug)]
pub struct Provider {
    /// The canonical name.
    pub name: String,
    /// What its credential is bound to: `protocol`, `host`, and `path` only where that tells it from another.
    pub location: Record,
    /// `api_key`, `device_flow` or `none`.
    pub sign_in: String,
    /// The account that is meant when a request names none.
    pub account: Option<String>,
    variables: Vec<String>,
    device_flow: Record,
}

impl Provider {
    /// What helpers may have to know about it beyond the credential's description.
    pub fn context(&self) -> Result<Record> {
        let mut context = Record::of([("sign_in", &self.sign_in)])?;
        context.merge(&self.device_flow);
        context.merge(&no_variables()?);
        self.push_variables(&mut context)?;
        Ok(context)
    }

    /// The variables that tools look for its credential in, ModelForge's own first: that is one for keys and another for tokens.
    pub fn variables(&self) -> impl Iterator<Item = String> {
        let of_modelforge = self.variable_of_modelforge(&self.name);
        std::iter::once(of_modelforge).chain(self.variables.iter().cloned())
    }

    /// The variable in which ModelForge looks for its credential, should it call it by this name.
    pub fn variable_of_modelforge(&self, name: &str) -> String {
        let [api_key, access_token] = modelforge_variables(name);
        if self.sign_in == "device_flow" { access_token } else { api_key }
    }

    fn push_variables(&self, context: &mut Record) -> Result<()> {
        let url = self.location.url();
        let known = modelforge_variables(&self.name);
        // Those that are not set say nothing, and a list of all would be longer than a record may be.
        let set = known.iter().chain(&self.variables).filter(|variable| std::env::var_os(variable).is_some());
        for variable in set {
            context.push("env[]", format!("{variable} {} {url}", self.name))?;
        }
        Ok(())
    }
}

/// All sources of providers. ModelForge's file is read only when the other two do not know the answer.
pub struct Providers {
    config: Config,
    modelforge: OnceCell<Result<Defined>>,
}

impl Providers {
    pub fn new(config: Config) -> Self {
        Self { config, modelforge: OnceCell::new() }
    }

    /// Whether to store in every helper.
    pub fn store_in_all(&self) -> bool {
        self.config.store_in_all
    }

    /// How the user wants it logged who asked for what.
    pub fn audit(&self) -> crate::config::Audit {
        self.config.audit
    }

    /// The chain for a request.
    pub fn helpers_for(&self, request: &Record) -> Result<Helpers> {
        let name = request.text("provider").map(normalize);
        self.config.helpers_for(name.and_then(|name| self.config.providers.get(&name)))
    }

    /// The provider of that name.
    ///
    /// # Errors
    /// If nobody knows it, or it was declared without a URL, or wrongly in ModelForge's file.
    pub fn by_name(&self, name: &str) -> Result<Provider> {
        let asked = config::provider_name(name)?;
        let name = table::by_name(&asked)
            .filter(|_| !self.config.providers.contains_key(&asked))
            .map_or(asked.as_str(), |p| p.name);
        if let Some(found) = self.configured(name) {
            return found.map_err(|problem| self.undeclared(name).unwrap_or(problem));
        }
        let defined = self.modelforge.get_or_init(modelforge::load).as_ref().map_err(Clone::clone)?;
        match defined.get(name) {
            Some(Ok(provider)) => Ok(self.of_modelforge(name, provider)),
            Some(Err(problem)) => Err(problem.clone()),
            None => Err(self.config.unknown_provider(name)),
        }
    }

    /// What is wrong with a provider that the configuration gives no URL, and that nobody else knows.
    fn undeclared(&self, name: &str) -> Option<Error> {
        let own = self.config.providers.get(name).filter(|own| own.url.is_none() && table::by_name(name).is_none())?;
        let defined = self.modelforge.get_or_init(modelforge::load).as_ref().ok()?;
        (!defined.contains_key(name)).then(|| config::undeclared_provider(name, own))
    }

    /// The provider whose credential a request for this location is about.
    pub fn by_location(&self, request: &Record) -> Result<Option<Provider>> {
        let mut best: Option<Provider> = None;
        let consider = |best: &mut Option<Provider>, provider: Provider| {
            if covers(&provider.location, request) && best.as_ref().is_none_or(|best| is_closer(&provider, best)) {
                *best = Some(provider);
            }
        };
        for name in self.config.providers.keys() {
            // One that lacks a URL is an error where it is named; here it just is not the one.
            if let Some(Ok(provider)) = self.configured(name) {
                consider(&mut best, provider);
            }
        }
        let (protocol, host) = (request.text("protocol").unwrap_or(""), request.text("host").unwrap_or(""));
        if let Some(known) = table::by_location(protocol, host, request.text("path"))
            && !self.config.providers.contains_key(known.name)
            && let Some(Ok(provider)) = self.configured(known.name)
        {
            consider(&mut best, provider);
        }
        // What a person declared may share its host with one of ModelForge's; a provider of the table does not.
        if best.as_ref().is_none_or(|best| self.config.providers.contains_key(&best.name)) {
            for (name, provider) in self.of_modelforge_file() {
                // One that needs no sign-in has nothing to claim a host for.
                if let Ok(provider) = provider
                    && is_same_host(&provider.url, request)
                    && provider.sign_in != "none"
                    && self.configured(name).is_none()
                {
                    consider(&mut best, self.of_modelforge(name, provider));
                }
            }
        }
        Ok(best)
    }

    /// Why ModelForge's file says nothing, if that is so.
    pub fn problem_of_modelforge(&self) -> Option<Error> {
        self.modelforge.get_or_init(modelforge::load).as_ref().err().cloned()
    }

    /// The providers for which other helpers are asked than for the rest.
    pub fn with_helpers_of_their_own(&self) -> impl Iterator<Item = &str> {
        let is_overruled = std::env::var_os("MODELFORGE_CREDENTIAL_HELPERS").is_some();
        let own = self.config.providers.iter().filter(move |(_, provider)| provider.helpers.is_some() && !is_overruled);
        own.map(|(name, _)| name.as_str())
    }

    /// The providers that the user configured, here or in ModelForge.
    pub fn of_this_user(&self) -> Vec<String> {
        let configured = self.config.providers.keys().cloned();
        configured.chain(self.of_modelforge_file().map(|(name, _)| name.clone())).collect()
    }

    /// The providers that the user configured for [`exec`](crate::command::exec).
    pub fn of_exec(&self) -> Option<&[String]> {
        self.config.exec_providers.as_deref()
    }

    /// The providers of ModelForge's file that need a credential.
    pub fn of_modelforge_with_keys(&self) -> Vec<String> {
        let needs_one = |provider: &Result<modelforge::Provider>| !matches!(provider, Ok(p) if p.sign_in == "none");
        self.of_modelforge_file().filter(|(_, provider)| needs_one(provider)).map(|(name, _)| name.clone()).collect()
    }

    /// Whether only the path tells which provider of this host is meant. Nobody else gets the key of one of them.
    pub fn share_the_host_of(&self, request: &Record) -> bool {
        let here = |location: &Record| location.has("path") && is_same_host(location, request);
        let configured = self.config.providers.keys().map(String::as_str);
        let known = table::all().iter().filter(|known| known.path_bound).map(|known| known.name);
        configured.chain(known).filter_map(|name| self.configured(name)?.ok()).any(|provider| here(&provider.location))
            || self.of_modelforge_file().any(|(name, provider)| {
                provider.as_ref().is_ok_and(|provider| {
                    is_same_host(&provider.url, request)
                        && self.configured(name).is_none()
                        && here(&self.of_modelforge(name, provider).location)
                })
            })
    }

    /// The variables that are set, of every provider that has a URL: what [`list`](modelforge_credential_protocol::Helper::list) is told.
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

    /// What ModelForge's file defines; a file that cannot be read defines nothing, and is mentioned.
    fn of_modelforge_file(&self) -> impl Iterator<Item = (&String, &Result<modelforge::Provider>)> {
        let first_time = self.modelforge.get().is_none();
        let defined = self.modelforge.get_or_init(modelforge::load);
        if let (Err(problem), true) = (defined, first_time) {
            terminal::warning(problem);
        }
        defined.iter().flatten()
    }

    /// A provider of the table or the configuration; `None` if neither knows the name.
    fn configured(&self, name: &str) -> Option<Result<Provider>> {
        let own = self.config.providers.get(name);
        let known = table::by_name(name).filter(|known| own.is_none() || known.name == name);
        if own.is_none() && known.is_none() {
            return None;
        }
        Some(self.combine(name, own, known))
    }

    fn combine(&self, name: &str, own: Option<&config::Provider>, known: Option<&table::Provider>) -> Result<Provider> {
        let location = match (own.and_then(|own| own.url.as_ref()), known.and_then(table::Provider::location)) {
            (Some(url), _) => self.bound(name, url),
            (None, Some(location)) => {
                let mut record = Record::of([("protocol", location.protocol), ("host", location.host)])?;
                if let Some(path) = location.path {
                    record.set("path", path)?;
                }
                record
            }
            (None, None) => return Err(error::provider_without_url(name)),
        };
        let (mut sign_in, mut device_flow) = ("api_key", Record::new());
        match known.map(|known| known.sign_in) {
            Some(SignIn::DeviceFlow(flow)) => {
                sign_in = "device_flow";
                device_flow = Record::of([
                    ("client_id", flow.client_id),
                    ("device_code_url", flow.device_code_url),
                    ("token_url", flow.token_url),
                    ("scope", flow.scope),
                ])?;
            }
            Some(SignIn::None) => sign_in = "none",
            Some(SignIn::ApiKey) | None => {}
        }
        let mut variables: Vec<String> =
            known.map(|known| known.variables.iter().map(|v| (*v).to_owned()).collect()).unwrap_or_default();
        if let Some(own) = own {
            let overrides = [
                ("client_id", &own.client_id),
                ("device_code_url", &own.device_code_url),
                ("token_url", &own.token_url),
                ("scope", &own.scope),
            ];
            for (key, value) in overrides {
                if let Some(value) = value {
                    device_flow.set(key, value)?;
                    sign_in = "device_flow";
                }
            }
            sign_in = own.sign_in.as_deref().unwrap_or(sign_in);
            variables = own.env.clone().unwrap_or(variables);
        }
        let account = own.and_then(|own| own.account.clone());
        Ok(Provider { name: name.to_owned(), location, sign_in: sign_in.to_owned(), account, variables, device_flow })
    }

    fn of_modelforge(&self, name: &str, provider: &modelforge::Provider) -> Provider {
        Provider {
            name: name.to_owned(),
            location: self.bound(name, &provider.url),
            sign_in: provider.sign_in.to_owned(),
            account: None,
            variables: Vec::new(),
            device_flow: provider.device_flow.clone(),
        }
    }

    /// A URL as the location of a credential: the path counts only where another provider has the same host and
    /// another path, for then only the path tells whose key it is.
    fn bound(&self, name: &str, url: &Record) -> Record {
        let shares = |other: &Record| is_same_host(other, url) && other.get("path") != url.get("path");
        let with_configured = self
            .config
            .providers
            .iter()
            .any(|(other, provider)| other != name && provider.url.as_ref().is_some_and(shares));
        let with_known = || {
            table::all()
                .iter()
                .filter(|known| known.name != name && !self.config.providers.contains_key(known.name))
                .filter_map(|known| base_url(known.url?).ok())
                .any(|known| shares(&known))
        };
        let with_defined = || {
            let defined =
                url.has("path").then(|| self.modelforge.get_or_init(modelforge::load).as_ref().ok()).flatten();
            defined.into_iter().flatten().any(|(other, provider)| {
                other != name
                    && !self.config.providers.contains_key(other)
                    && table::by_name(other).is_none()
                    && provider.as_ref().is_ok_and(|provider| shares(&provider.url))
            })
        };
        let mut location = url.clone();
        if !with_configured && !with_known() && !with_defined() {
            location.remove("path");
        }
        location
    }
}

fn is_same_host(one: &Record, other: &Record) -> bool {
    ["protocol", "host"].iter().all(|key| one.get(key) == other.get(key))
}

/// The list of variables, with nothing in it: it says that the list is given.
pub fn no_variables() -> Result<Record> {
    Record::of([("env[]", "")])
}

/// Whether a request for this place is one for the provider at `location`.
pub fn covers(location: &Record, request: &Record) -> bool {
    let (Some(protocol), Some(host)) = (location.text("protocol"), location.text("host")) else { return false };
    let (asked_protocol, asked_host) = (request.text("protocol").unwrap_or(""), request.text("host").unwrap_or(""));
    Location { protocol, host, path: location.text("path") }.covers(asked_protocol, asked_host, request.text("path"))
}

/// The longer path is closer; of two at the same place, the one that the table knows is meant, since the other was
/// declared to tell accounts apart.
fn is_closer(provider: &Provider, best: &Provider) -> bool {
    let rank = |p: &Provider| (p.location.get("path").map_or(0, <[u8]>::len), table::by_name(&p.name).is_some());
    rank(provider) > rank(best)
}
