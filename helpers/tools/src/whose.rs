//! Whose key it is: by the URL beside it, otherwise by its name and its shape. A name alone never sends a key to a URL that it was not
//! meant for.

use std::net::IpAddr;

use modelforge_credential_providers::{OwnedLocation, Provider, all, by_location, by_name, normalize, shape_of};

/// Where a key belongs.
pub struct Owner {
    pub place: OwnedLocation,
    pub provider: Option<&'static Provider>,
}

/// What is known about a key.
pub struct Hints<'a> {
    /// The providers that its name may mean.
    pub named: Vec<&'static Provider>,
    pub url: Url<'a>,
    pub key: &'a str,
}

/// The URL beside a key.
pub enum Url<'a> {
    /// There is none.
    None,
    /// One or more; a program may use any of them.
    Said(Vec<&'a str>),
    /// There is one, but it cannot be read.
    Unreadable,
}

/// Why the owner of a key is unknown.
#[derive(Debug, PartialEq, Eq)]
pub enum Unclear {
    /// It does not belong to a provider.
    NotOurs,
    Url,
    /// Several providers have this name or variable, or every user has a different URL.
    Several,
}

impl Owner {
    pub fn of(hints: &Hints) -> Result<Self, Unclear> {
        let shaped = shape_of(hints.key).and_then(|shape| by_name(shape.provider));
        match &hints.url {
            Url::None => {}
            Url::Unreadable => return Err(Unclear::Url),
            Url::Said(urls) => return Self::by_urls(urls, shaped),
        }
        let family = |provider: &Provider| provider.name.split('_').next().unwrap_or_default();
        let provider = match (hints.named.as_slice(), shaped) {
            // A shape alone is not enough: many other values look like one of Google's keys.
            ([], _) => return Err(Unclear::NotOurs),
            (named, Some(shaped)) => {
                // The services of one company accept each other's tokens.
                named.iter().find(|one| family(one) == family(shaped)).copied().unwrap_or(shaped)
            }
            ([one], None) => *one,
            (_, None) => return Err(Unclear::Several),
        };
        let location = provider.location().ok_or(Unclear::Several)?;
        Ok(Self { place: OwnedLocation::of(&location), provider: Some(provider) })
    }

    fn by_urls(urls: &[&str], shaped: Option<&'static Provider>) -> Result<Self, Unclear> {
        let mut owners = Vec::new();
        for url in urls {
            owners.push(Self::by_url(url, shaped)?);
        }
        let first = owners.pop().ok_or(Unclear::Url)?;
        if owners.iter().all(|other| other.place == first.place) { Ok(first) } else { Err(Unclear::Several) }
    }

    fn by_url(url: &str, shaped: Option<&'static Provider>) -> Result<Self, Unclear> {
        // The program replaces these, and the result is unknown.
        let url = Some(url).filter(|url| !url.contains(['$', '{', '`'])).ok_or(Unclear::Url)?;
        let (provider, place) = OwnedLocation::of_url(url).ok_or(Unclear::Url)?;
        if provider.is_some() {
            return Ok(Self { place, provider });
        }
        if is_this_machine(&place.host) {
            return Err(Unclear::NotOurs);
        }
        // `eu.api.openai.com` accepts the keys of `api.openai.com`, if they have OpenAI's shape.
        if let Some(shaped) = shaped
            && let Some(location) = shaped.location()
            && location.path.is_none()
            && place.protocol == location.protocol
            && place.host.strip_suffix(location.host).is_some_and(|before| before.ends_with('.'))
        {
            return Ok(Self { place: OwnedLocation::of(&location), provider: Some(shaped) });
        }
        Ok(Self { place, provider: None })
    }

    /// A variable for a key of no known provider, the same for each key of one URL.
    pub fn variable(&self) -> String {
        let place = format!("{}/{}", self.place.host, self.place.path.as_deref().unwrap_or_default());
        let word = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
        let name: String = place.trim_end_matches('/').chars().map(word).collect();
        let begin = if name.starts_with(|c: char| c.is_ascii_alphabetic()) { "" } else { "KEY_" };
        format!("{begin}{name}_API_KEY")
    }

    /// The owner of a key for a host.
    pub fn of_host(protocol: &str, host: &str) -> Option<Self> {
        let provider = by_location(protocol, host, None)?;
        Some(Self { place: OwnedLocation::of(&provider.location()?), provider: Some(provider) })
    }
}

/// True for this machine, and for one that runs on it. A name that only begins like an address does not count.
fn is_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    if matches!(name, "localhost" | "host.docker.internal") {
        return true;
    }
    let address = name.parse::<IpAddr>().map(|address| address.to_canonical());
    address.is_ok_and(|address| address.is_loopback() || address.is_unspecified())
}

/// The providers whose key a variable contains.
pub fn of_variable(name: &str) -> Vec<&'static Provider> {
    all().iter().filter(|provider| provider.variables.contains(&name)).collect()
}

/// The provider that tools call by this name.
pub fn of_name(name: &str) -> Vec<&'static Provider> {
    let name = normalize(name.trim());
    let name = match &*name {
        "openai_native" | "openai_codex" => "openai",
        "gemini" | "google_ai_studio" => "google",
        "claude" => "anthropic",
        "hf" => "huggingface",
        other => other,
    };
    by_name(name).into_iter().collect()
}

/// The variables that may hold the URL of the key in a variable: those of its own name, and those of the provider's other variables, which
/// programs read as well.
pub fn url_variables(variable: &str) -> Vec<String> {
    const ENDS: [&str; 8] =
        ["_BASE_URL", "_API_BASE", "_API_BASE_URL", "_API_URL", "_API_HOST", "_HOST", "_ENDPOINT", "_BASE"];
    let providers = of_variable(variable);
    let names = providers.iter().flat_map(|provider| provider.variables).copied();
    let mut found: Vec<String> = Vec::new();
    for name in std::iter::once(variable).chain(names) {
        let stem =
            ["_API_KEY", "_AUTH_TOKEN", "_API_TOKEN", "_TOKEN", "_KEY"].iter().find_map(|end| name.strip_suffix(end));
        found.extend(stem.into_iter().flat_map(|stem| ENDS.iter().map(move |end| format!("{stem}{end}"))));
    }
    for provider in providers {
        let of_their_own = OF_THEIR_OWN.iter().filter(|(name, _)| *name == provider.name);
        found.extend(of_their_own.map(|(_, variable)| (*variable).to_owned()));
    }
    found.sort();
    found.dedup();
    found
}

/// URL variables whose names match no key's variable.
const OF_THEIR_OWN: [(&str, &str); 2] =
    [("google", "GOOGLE_GEMINI_BASE_URL"), ("huggingface", "HF_INFERENCE_ENDPOINT")];
