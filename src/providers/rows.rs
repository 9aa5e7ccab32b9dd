//! Merges the sources for one provider.

use modelforge_credential_protocol::{Record, Result};
use modelforge_credential_providers::{self as table, Location};

use super::modelforge::Defined;
use crate::config::ProviderConfig;
use crate::error;

/// One provider in the three sources: the configuration, the table, ModelForge's file.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    pub name: &'a str,
    pub own: Option<&'a ProviderConfig>,
    pub known: Option<&'static table::Provider>,
    pub defined: Option<&'a Defined>,
}

/// A provider, merged from all sources.
#[derive(Debug, Clone)]
pub struct Provider {
    /// The canonical name.
    pub name: String,
    /// The URL that its credential is bound to: `protocol`, `host`, and `path` only if it distinguishes providers.
    pub location: Record,
    pub sign_in: table::SignIn,
    /// The account to use if a request names none.
    pub account: Option<String>,
    /// The known URL of this name, if this provider is at another one.
    pub moved_from: Option<&'static str>,
    /// True if a set variable `MODELFORGE_<NAME>_…` has its credential.
    pub(super) has_modelforges: bool,
    /// The variables in which other tools look.
    pub(super) variables: Vec<String>,
    /// `client_id`, `device_code_url`, `token_url`, `scope`.
    pub(super) device_flow: Record,
}

/// A URL of the configuration or of ModelForge's file.
pub fn location_of(url: &Record) -> Option<Location<'_>> {
    Some(Location { protocol: url.text("protocol")?, host: url.text("host")?, path: url.text("path") })
}

impl<'a> Row<'a> {
    /// The complete URL, from the source that [`merge`](Self::merge) uses.
    pub fn url(&self) -> Option<Location<'a>> {
        let own = || self.own.and_then(|own| location_of(own.url.as_ref()?));
        let known = || self.known.and_then(|known| Location::parse(known.url?));
        own().or_else(known).or_else(|| location_of(&self.defined?.url))
    }

    /// Merges a row. This is the only place that decides the order: first the configuration, then the table, then ModelForge's file.
    /// `is_shared` tells whether another provider of the host has another path.
    ///
    /// # Errors
    /// If no source has a URL.
    pub fn merge(&self, is_shared: impl FnOnce(&Location) -> bool) -> Result<Provider> {
        let Self { name, own, known, defined } = *self;
        let url = self.url().ok_or_else(|| error::provider_without_url(name))?;
        let is_known_by_path =
            own.is_none_or(|own| own.url.is_none()) && known.is_some_and(|known| known.url.is_some());
        let keeps_path = match known {
            Some(known) if is_known_by_path => known.path_bound,
            _ => url.path.is_some() && is_shared(&url),
        };
        let mut location = Record::of([("protocol", url.protocol), ("host", url.host)])?;
        if let Some(path) = url.path.filter(|_| keeps_path) {
            location.set("path", path)?;
        }
        let usual = table::by_name(name);
        let is_elsewhere = |home: &Location| !home.covers(url.protocol, url.host, url.path);
        let moved_from = usual.filter(|usual| usual.location().as_ref().is_some_and(is_elsewhere));
        let sign_in =
            own.and_then(|own| own.sign_in.or_else(|| own.has_device_flow().then_some(table::SignIn::DeviceFlow)));
        let sign_in = sign_in.or(known.map(|known| known.sign_in)).or(defined.map(|defined| defined.sign_in));
        // In these variables, tools expect a key for the usual URL.
        let usual_variables =
            || known.filter(|_| moved_from.is_none()).map(|known| known.variables).unwrap_or_default();
        let variables = own.and_then(|own| own.env.clone());
        Ok(Provider {
            name: name.to_owned(),
            location,
            sign_in: sign_in.unwrap_or_default(),
            account: own.and_then(|own| own.account.clone()),
            moved_from: moved_from.and_then(|usual| usual.url),
            has_modelforges: moved_from.is_none(),
            variables: variables.unwrap_or_else(|| usual_variables().iter().map(|name| (*name).to_owned()).collect()),
            device_flow: self.device_flow()?,
        })
    }

    /// Each setting separately: a person may replace one and keep the others.
    fn device_flow(&self) -> Result<Record> {
        let mut flow = self.defined.map(|defined| defined.device_flow.clone()).unwrap_or_default();
        if let Some(known) = self.known.and_then(|known| known.device_flow) {
            flow = Record::of([
                ("client_id", known.client_id),
                ("device_code_url", known.device_code_url),
                ("token_url", known.token_url),
                ("scope", known.scope),
            ])?;
        }
        for (key, value) in self.own.iter().flat_map(|own| own.device_flow()) {
            flow.set(key, value)?;
        }
        Ok(flow)
    }
}
