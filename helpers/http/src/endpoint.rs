//! Which servers may get secrets, and how messages name them.

use std::net::IpAddr;

use modelforge_credential_protocol::{Error, Result, visible};
use url::{Host, Url};

/// Checks the URL of a server that may get secrets. `name` is its name in messages.
///
/// # Errors
/// If it is neither an https URL nor one of this machine, or contains a user name or a password.
pub fn endpoint(name: &str, text: &str) -> Result<Url> {
    let url = Url::parse(text).map_err(|_| Error::new(format!("`{name}` is not a URL")))?;
    let safe = match url.scheme() {
        "https" => url.host().is_some(),
        "http" => is_loopback(&url),
        _ => false,
    };
    if !safe {
        return Err(Error::new(format!("`{name}` is not an https URL, and secrets go to no other")));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::new(format!("`{name}` has a user name or a password")));
    }
    Ok(url)
}

pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

/// The server's name in messages: without the usual port, and never longer than a line.
pub fn host(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let host: String = url.host_str().unwrap_or_default().chars().take(253).collect();
    visible(&format!("{host}{port}"))
}
