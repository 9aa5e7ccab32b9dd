//! Whose key it is: by the URL beside it, otherwise by its name and its shape. A name alone never sends a key to a URL that it was not
//! meant for.

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
    /// The URL beside it.
    pub url: Option<&'a str>,
    pub key: &'a str,
}

/// Why the owner of a key is not known.
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
        if let Some(url) = hints.url {
            return Self::by_url(url, shaped);
        }
        let family = |provider: &Provider| provider.name.split('_').next().unwrap_or_default();
        let provider = match (hints.named.as_slice(), shaped) {
            ([], None) => return Err(Unclear::NotOurs),
            // A shape alone is not enough: many other values look like one of Google's keys.
            ([], Some(_)) => return Err(Unclear::NotOurs),
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

    fn by_url(url: &str, shaped: Option<&'static Provider>) -> Result<Self, Unclear> {
        let (provider, place) = OwnedLocation::of_url(url).ok_or(Unclear::Url)?;
        if provider.is_some() {
            return Ok(Self { place, provider });
        }
        let host = place.host.split(':').next().unwrap_or_default();
        if matches!(host, "localhost" | "0.0.0.0" | "host.docker.internal")
            || host.starts_with("127.")
            || host.starts_with('[')
        {
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

    /// The owner of a key for a host.
    pub fn of_host(protocol: &str, host: &str) -> Option<Self> {
        let provider = by_location(protocol, host, None)?;
        Some(Self { place: OwnedLocation::of(&provider.location()?), provider: Some(provider) })
    }
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

/// The variables that may have the URL for the key in a variable.
pub fn url_variables(variable: &str) -> Vec<String> {
    let stem = ["_API_KEY", "_AUTH_TOKEN", "_API_TOKEN", "_TOKEN", "_KEY"]
        .into_iter()
        .find_map(|end| variable.strip_suffix(end));
    let ends = ["_BASE_URL", "_API_BASE", "_API_BASE_URL", "_API_URL", "_API_HOST", "_HOST", "_ENDPOINT", "_BASE"];
    stem.map(|stem| ends.iter().map(|end| format!("{stem}{end}")).collect()).unwrap_or_default()
}
