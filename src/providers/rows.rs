//! The sources for one provider, and which of them is believed.

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

/// A provider as it stands after all sources were heard.
#[derive(Debug, Clone)]
pub struct Provider {
    /// The canonical name.
    pub name: String,
    /// The place that its credential is bound to: `protocol`, `host`, and `path` only where that tells it from another.
    pub location: Record,
    pub sign_in: table::SignIn,
    /// The account that is meant when a request names none.
    pub account: Option<String>,
    /// The URL that the table has for the name, where this one is elsewhere.
    pub moved_from: Option<&'static str>,
    /// True if `MODELFORGE_<NAME>_…` of this process's environment, if it is set, holds its credential.
    pub(super) has_modelforges: bool,
    /// The variables that other tools look in.
    pub(super) variables: Vec<String>,
    /// `client_id`, `device_code_url`, `token_url`, `scope`.
    pub(super) device_flow: Record,
}

/// A URL of the configuration or of ModelForge's file.
pub fn location_of(url: &Record) -> Option<Location<'_>> {
    Some(Location { protocol: url.text("protocol")?, host: url.text("host")?, path: url.text("path") })
}

impl<'a> Row<'a> {
    /// The URL, whole: of those that the sources have, the one that [`merge`](Self::merge) takes.
    pub fn url(&self) -> Option<Location<'a>> {
        let own = || self.own.and_then(|own| location_of(own.url.as_ref()?));
        let known = || self.known.and_then(|known| Location::parse(known.url?));
        own().or_else(known).or_else(|| location_of(&self.defined?.url))
    }

    /// The result of a row, and the only place that decides it: the configuration comes before the table, and that before
    /// ModelForge's file. `is_shared` tells whether another provider of the host has another path.
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
        // Tools keep in these variables a key for the URL that they know.
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

    /// Each attribute by itself: a person may replace one and leave the others.
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
