use crate::{Location, Provider, by_location};

/// A location that owns its text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OwnedLocation {
    /// The scheme, `https`.
    pub protocol: String,
    /// The host, with its port if there is one.
    pub host: String,
    /// The path without slashes at its ends. `None`: every path of the host.
    pub path: Option<String>,
}

impl OwnedLocation {
    /// A copy of it.
    pub fn of(location: &Location) -> Self {
        let path = location.path.map(str::to_owned);
        Self { protocol: location.protocol.to_owned(), host: location.host.to_owned(), path }
    }

    /// The known provider of a base URL, with that provider's URL, or the URL itself. `None`: it is not a base URL.
    ///
    /// ```
    /// use modelforge_credential_providers::OwnedLocation;
    ///
    /// let (provider, location) = OwnedLocation::of_url("https://API.OpenAI.com/v1/").unwrap();
    /// assert_eq!(provider.map(|known| known.name), Some("openai"));
    /// assert_eq!((&*location.host, location.path), ("api.openai.com", None));
    /// ```
    pub fn of_url(url: &str) -> Option<(Option<&'static Provider>, Self)> {
        let location = Location::parse(url).filter(|_| !url.contains('%'))?;
        match by_location(location.protocol, location.host, location.path) {
            Some(known) => Some((Some(known), Self::of(&known.location()?))),
            // A provider's URL has one form, in which requests and all files are compared.
            None => {
                let protocol = location.protocol.to_ascii_lowercase();
                let host = location.bare_host().to_ascii_lowercase();
                Some((None, Self { protocol, host, ..Self::of(&location) }))
            }
        }
    }

    /// The location.
    pub fn borrowed(&self) -> Location<'_> {
        Location { protocol: &self.protocol, host: &self.host, path: self.path.as_deref() }
    }
}
