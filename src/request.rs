//! Converts a caller's request into one for helpers: a URL into its parts, a provider's name into the URL that its key belongs to, and a
//! known URL into the provider's name. Everything is checked before any helper is started.

use modelforge_credential_protocol::{Record, Result, SETTINGS};

use crate::error;
use crate::providers::{Provider, Providers, covers, no_variables};
use crate::url;

/// A request that is complete and consistent.
#[derive(Clone)]
pub struct Request {
    /// The description of a credential, or the credential.
    pub record: Record,
    /// Attributes that only the helpers get.
    pub context: Record,
    /// The provider, if the URL belongs to one.
    pub provider: Option<Provider>,
    /// True if a credential for a path that was not requested is another one. That is so for every provider's URL, and where providers
    /// share the host.
    pub by_path: bool,
    /// True if a provider was named without an account: then the default account is meant, and no other is guessed.
    pub leaves_account_open: bool,
}

impl Request {
    /// The same request for this account.
    pub fn of_account(&self, account: &str) -> Result<Self> {
        let mut request = Self { leaves_account_open: false, ..self.clone() };
        request.record.set("username", account)?;
        Ok(request)
    }
}

/// Reads one request.
pub fn expand(mut record: Record, providers: &Providers) -> Result<Request> {
    // With these, a caller could choose the variable that is read or the server that gets a refresh token, or have files of other programs
    // changed.
    record.retain(|key| key != "quit" && !SETTINGS.contains(&key));
    let from_url = take_url(&mut record)?;
    let is_named = record.has("provider");
    let provider = find_provider(&mut record, providers)?;
    for key in ["protocol", "host"] {
        if !record.has(key) || (key == "protocol" && record.text(key) == Some("")) {
            return Err(error::missing(key));
        }
    }
    let is_http = matches!(record.text("protocol"), Some("http" | "https"));
    if is_http && record.text("host") == Some("") {
        return Err(error::missing("host"));
    }
    if let Some(path) = record.get("path") {
        let path = url::trim_slashes(path).to_vec();
        if path.is_empty() { record.remove("path") } else { record.set("path", path)? }
    }
    // As in git: on the web, a credential belongs to the host, unless the caller sends the path separately.
    let path_decides = match &provider {
        Some(provider) => provider.location.has("path"),
        None => providers.share_the_host_of(&record),
    };
    if is_http && from_url && !path_decides {
        record.remove("path");
    }
    let context = provider.as_ref().map_or_else(no_variables, Provider::context)?;
    let by_path = provider.is_some() || path_decides;
    let leaves_account_open = is_named && !record.has("username");
    Ok(Request { record, context, provider, by_path, leaves_account_open })
}

/// Replaces `url` by its parts. Returns whether there was one.
fn take_url(record: &mut Record) -> Result<bool> {
    let Some(url) = record.get("url") else { return Ok(false) };
    let parts = url::parse(url)?;
    if parts.text("protocol").is_some_and(|protocol| protocol.starts_with("http")) && parts.text("host") == Some("") {
        return Err(error::bad_url("has no host"));
    }
    record.remove("url");
    for key in ["protocol", "host", "path"] {
        if record.has(key) && record.get(key) != parts.get(key) {
            return Err(error::contradiction("url", key));
        }
    }
    for (key, value) in parts.iter() {
        if !record.has(key) {
            record.set(key, value)?;
        }
    }
    Ok(true)
}

fn find_provider(record: &mut Record, providers: &Providers) -> Result<Option<Provider>> {
    let provider = match record.text("provider") {
        Some(name) => {
            let provider = providers.by_name(name)?;
            // A request must have both parts of the description: half of it could be completed in a wrong way.
            let names_a_place = record.has("protocol") || record.has("host");
            if names_a_place && !covers(&provider.location, record) {
                return Err(error::elsewhere(&provider.name, &provider.location, record));
            }
            provider
        }
        None => match providers.by_location(record)? {
            Some(provider) => provider,
            None => return Ok(None),
        },
    };
    // A path below the provider's own does not change whose key it is.
    record.remove("path");
    let rest = record.clone();
    *record = Record::new();
    for capability in rest.all("capability[]") {
        record.push("capability[]", capability)?;
    }
    for key in ["protocol", "host", "path"] {
        if let Some(value) = provider.location.get(key) {
            record.set(key, value)?;
        }
    }
    record.set("provider", &provider.name)?;
    for (key, value) in
        rest.iter().filter(|(key, _)| !matches!(*key, "capability[]" | "protocol" | "host" | "provider"))
    {
        record.push(key, value)?;
    }
    if let Some(account) = &provider.account
        && !record.has("username")
    {
        record.set("username", account)?;
    }
    Ok(Some(provider))
}
