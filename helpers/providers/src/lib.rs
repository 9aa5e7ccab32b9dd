//! The LLM providers that `modelforge-credential` knows: their names, the URLs that their keys belong to, the
//! environment variables that tools keep them in, and how a person signs in.
//!
//! It is a table, four ways to look into it, and [`Flaw`], which tells what cannot be a key. It depends on nothing and does nothing at start.
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
//! A key belongs to a URL, never to a name. A known provider's URL is the same in capitals and with the port that its
//! scheme implies. What providers share is settled in the table:
//!
//! - Providers on one host that differ in their paths are `path_bound`: a request matches one
//!   only with a path at or below its own. Without a path, or with another one, it matches none: any answer would be a
//!   guess.
//! - Providers with the very same URL, or of one operator on one host with one and the same key, are one provider with
//!   an alias, and its variables are those of both.
//! - A variable that one operator uses for several of its services is listed by each of them.
//! - `GITHUB_TOKEN` belongs to `github_models` alone: in CI it is the repository's token, and not for Copilot to see.
//! - Where the host, or the part of the path that chooses the tenant, differs from person to person there is no URL.

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

/// A service that one kind of key opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Provider {
    /// Its name as ModelForge writes it: lower case, with `_`.
    pub name: &'static str,
    /// Other names that it goes by, written like the name.
    pub aliases: &'static [&'static str],
    /// Its name as people write it.
    pub title: &'static str,
    /// The base URL that tools use, without a slash at its end. `None`: it differs from person to person.
    pub url: Option<&'static str>,
    /// True if the key belongs to the path of the URL as well, not only to its host.
    pub path_bound: bool,
    /// The environment variables that tools keep the key in; the first one that is set counts.
    pub variables: &'static [&'static str],
    /// The way to get a credential for it.
    pub sign_in: SignIn,
    /// The servers of [`SignIn::DeviceFlow`].
    pub device_flow: Option<&'static DeviceFlow>,
}

/// How a person gets a credential for a provider. Its name is the attribute `sign_in` of a request, and the setting of
/// that name in config.toml.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SignIn {
    /// `api_key`: they make a key on its web site.
    #[default]
    ApiKey,
    /// `device_flow`: they confirm a code in a browser (OAuth's device authorization, RFC 8628).
    DeviceFlow,
    /// `none`: there is nothing to sign in to.
    None,
}

impl SignIn {
    /// The way of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::ApiKey, Self::DeviceFlow, Self::None].into_iter().find(|way| way.name() == name)
    }

    /// The name that it has in files and requests.
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
    /// The public name of the program that asks.
    pub client_id: &'static str,
    /// The URL that issues the code.
    pub device_code_url: &'static str,
    /// The URL that issues the token.
    pub token_url: &'static str,
    /// The scope of the token.
    pub scope: &'static str,
}

impl Provider {
    /// The place its credential is bound to. The path is present only if it is `path_bound`.
    pub fn location(&self) -> Option<Location<'static>> {
        let location = Location::parse(self.url?)?;
        Some(Location { path: location.path.filter(|_| self.path_bound), ..location })
    }

    /// Every variable that may hold its credential, first come first served: ModelForge's two, then the usual ones.
    pub fn lookup_order(&self) -> impl Iterator<Item = Cow<'static, str>> + use<> {
        let usual = self.variables.iter().copied().map(Cow::Borrowed);
        modelforge_variables(self.name).into_iter().map(Cow::Owned).chain(usual)
    }
}

/// Every provider, sorted by name.
pub fn all() -> &'static [Provider] {
    &PROVIDERS
}

/// The provider of that name or alias, in any spelling that [`normalize`] makes the same.
pub fn by_name(name: &str) -> Option<&'static Provider> {
    let name = normalize(name);
    match PROVIDERS.binary_search_by(|provider| provider.name.cmp(&name)) {
        Ok(at) => PROVIDERS.get(at),
        Err(_) => PROVIDERS.iter().find(|provider| provider.aliases.contains(&&*name)),
    }
}

/// The provider that a request for this location is for (see [`Location::covers`]); of several, that with the longest
/// path.
pub fn by_location(protocol: &str, host: &str, path: Option<&str>) -> Option<&'static Provider> {
    at_host(protocol, host)
        .filter(|(_, location)| location.covers(protocol, host, path))
        .max_by_key(|(_, location)| location.path.map_or(0, str::len))
        .map(|(provider, _)| provider)
}

/// The providers of a host, whatever their paths, each with what its credential is bound to.
pub fn at_host(protocol: &str, host: &str) -> impl Iterator<Item = (&'static Provider, Location<'static>)> {
    // A list of thousands asks for each: only the few URLs that have it in the right place are worth taking apart, and most
    // are told by a single byte.
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

/// The variables that ModelForge reads for a provider of that name, known here or not: the first wins.
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
