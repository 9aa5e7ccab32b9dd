//! The LLM providers that `modelforge-credential` knows: their names, the URLs that their keys belong to, the environment variables in
//! which tools look for the keys, and how a person signs in.
//!
//! This crate consists of a table, functions to search it, and [`Flaw`], which recognises texts that cannot be a key. It has no
//! dependencies, and does nothing at startup.
//!
//! ```
//! use modelforge_credential_providers::{by_location, by_name};
//!
//! let google = by_name("Gemini").unwrap();
//! assert_eq!(google.name, "google");
//! assert_eq!(google.location().unwrap().host, "generativelanguage.googleapis.com");
//! assert_eq!(google.lookup_order().nth(2).as_deref(), Some("GOOGLE_API_KEY"));
//!
//! assert_eq!(by_location("https", "api.openai.com", None).map(|provider| provider.name), Some("openai"));
//! assert_eq!(by_location("https", "API.OpenAI.com:443", None).map(|provider| provider.name), Some("openai"));
//! assert!(by_location("https", "api.openai.com.evil", None).is_none());
//! ```
//!
//! # Who may have which key
//!
//! A key belongs to a URL, never to a name. Upper case, and the default port of the scheme, make no difference in a known provider's URL.
//! The table decides what providers share:
//!
//! - Providers on one host with different paths are `path_bound`: a request matches one only if its path is that provider's or below it.
//!   Without a path, or with another one, it matches none, because any answer would be a guess.
//! - Providers with the same URL, or of one company on one host with the same key, are one provider with an alias. It has the variables of
//!   both.
//! - If one company uses a variable for several services, each of them lists it.
//! - `GITHUB_TOKEN` belongs only to `github_models`: in CI it is the repository's token, which Copilot must not see.
//! - If the host, or the part of the path for the tenant, is different for every user, there is no URL.

#![deny(missing_docs)]

mod key;
mod location;
mod owned;
mod pages;
mod table;

use std::borrow::Cow;

pub use key::{Flaw, Shape, is_json, shape_of};
pub use location::Location;
pub use owned::OwnedLocation;
pub use pages::keys_page;
use table::PROVIDERS;

/// A service with its own kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Provider {
    /// Its name as ModelForge writes it: lower case, with `_`.
    pub name: &'static str,
    /// Other names, in the same form.
    pub aliases: &'static [&'static str],
    /// Its name as people write it.
    pub title: &'static str,
    /// The base URL that tools use, without a slash at its end. `None`: every user has a different one.
    pub url: Option<&'static str>,
    /// True if the key belongs to the path of the URL, and not only to its host.
    pub path_bound: bool,
    /// The environment variables in which tools look for the key. The first one that is set counts.
    pub variables: &'static [&'static str],
    /// How to get a credential for it.
    pub sign_in: SignIn,
    /// The servers of [`SignIn::DeviceFlow`].
    pub device_flow: Option<&'static DeviceFlow>,
}

/// How a person gets a credential for a provider. Its name is the value of the attribute `sign_in` in a request, and of the setting in
/// config.toml.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SignIn {
    /// `api_key`: they create a key on its web site.
    #[default]
    ApiKey,
    /// `device_flow`: they confirm a code in a browser (OAuth's device authorization, RFC 8628).
    DeviceFlow,
    /// `none`: no sign-in is needed.
    None,
}

impl SignIn {
    /// The way with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::ApiKey, Self::DeviceFlow, Self::None].into_iter().find(|way| way.name() == name)
    }

    /// Its name in files and requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::DeviceFlow => "device_flow",
            Self::None => "none",
        }
    }
}

/// The parameters of a device authorization.
#[derive(Debug, PartialEq, Eq)]
pub struct DeviceFlow {
    /// The public id of the OAuth client.
    pub client_id: &'static str,
    /// The URL that issues the code.
    pub device_code_url: &'static str,
    /// The URL that issues the token.
    pub token_url: &'static str,
    /// The scope of the token.
    pub scope: &'static str,
}

impl Provider {
    /// The URL that its credential is bound to. The path is included only if it is `path_bound`.
    pub fn location(&self) -> Option<Location<'static>> {
        let location = Location::parse(self.url?)?;
        Some(Location { path: location.path.filter(|_| self.path_bound), ..location })
    }

    /// Every variable that may have its credential, in this order: ModelForge's two, then the usual ones. The first one that is set counts.
    pub fn lookup_order(&self) -> impl Iterator<Item = Cow<'static, str>> + use<> {
        let usual = self.variables.iter().copied().map(Cow::Borrowed);
        modelforge_variables(self.name).into_iter().map(Cow::Owned).chain(usual)
    }
}

/// Every provider, sorted by name.
pub fn all() -> &'static [Provider] {
    &PROVIDERS
}

/// The provider with this name or alias, in any spelling that [`normalize`] makes equal.
pub fn by_name(name: &str) -> Option<&'static Provider> {
    let name = normalize(name);
    match PROVIDERS.binary_search_by(|provider| provider.name.cmp(&name)) {
        Ok(at) => PROVIDERS.get(at),
        Err(_) => PROVIDERS.iter().find(|provider| provider.aliases.contains(&&*name)),
    }
}

/// The provider for a request with this location (see [`Location::covers`]). If there are several, the one with the longest path.
pub fn by_location(protocol: &str, host: &str, path: Option<&str>) -> Option<&'static Provider> {
    at_host(protocol, host)
        .filter(|(_, location)| location.covers(protocol, host, path))
        .max_by_key(|(_, location)| location.path.map_or(0, str::len))
        .map(|(provider, _)| provider)
}

/// The providers on a host, with any path, each with the URL that its credential is bound to.
pub fn at_host(protocol: &str, host: &str) -> impl Iterator<Item = (&'static Provider, Location<'static>)> {
    // A list of thousands calls this for each entry. So only the few URLs with the host at the right position are parsed, and most are
    // rejected by a single byte.
    let start = protocol.len() + "://".len();
    let bare = location::without_usual_port(protocol, host).as_bytes();
    let first = bare.first().map(u8::to_ascii_lowercase);
    let begins = move |url: &str| {
        url.as_bytes().get(start).copied() == first
            && url.as_bytes().get(start..start + bare.len()).is_some_and(|here| here.eq_ignore_ascii_case(bare))
    };
    PROVIDERS
        .iter()
        .filter(move |provider| provider.url.is_some_and(begins))
        .filter_map(|provider| Some((provider, provider.location()?)))
        .filter(move |(_, location)| location.is_at(protocol, host))
}

/// The canonical form of a name, as ModelForge's command line makes it: lower case, `_` for `-`.
///
/// ```
/// assert_eq!(modelforge_credential_providers::normalize("GitHub-Copilot"), "github_copilot");
/// ```
pub fn normalize(name: &str) -> String {
    name.to_ascii_lowercase().replace('-', "_")
}

/// The variables that ModelForge reads for a provider with this name, known here or not. The first one that is set counts.
///
/// ```
/// let [api_key, access_token] = modelforge_credential_providers::modelforge_variables("github-copilot");
/// assert_eq!(api_key, "MODELFORGE_GITHUB_COPILOT_API_KEY");
/// assert_eq!(access_token, "MODELFORGE_GITHUB_COPILOT_ACCESS_TOKEN");
/// ```
pub fn modelforge_variables(name: &str) -> [String; 2] {
    let name = name.to_ascii_uppercase().replace('-', "_");
    [format!("MODELFORGE_{name}_API_KEY"), format!("MODELFORGE_{name}_ACCESS_TOKEN")]
}

#[cfg(test)]
mod tests;
