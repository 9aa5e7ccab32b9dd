//! The proxy for a request: `HTTPS_PROXY` or `ALL_PROXY`, unless `NO_PROXY` names the server, as in curl and Go.

use std::net::IpAddr;

use ipnet::IpNet;
use ureq::Proxy;
use url::Url;

use crate::problem::Problem;

/// The proxy for an https URL; `None` if there is none, or the server must be asked directly.
pub fn for_url(url: &Url) -> Result<Option<Proxy>, Problem> {
    let names = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let Some((name, proxy)) = names.iter().find_map(|name| Some((name, set(name)?))) else { return Ok(None) };
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else { return Ok(None) };
    let direct = set("NO_PROXY").or_else(|| set("no_proxy")).unwrap_or_default();
    if names_server(&direct, host, port) {
        return Ok(None);
    }
    Proxy::new(&proxy).map(Some).map_err(|_| Problem::lasting(format!("`{name}` is not the address of a proxy")))
}

fn set(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

/// True if a list in the form of `NO_PROXY` names a server.
///
/// An entry is a domain, which includes everything below it (`example.com`, `.example.com`, `*.example.com`), an address, or a range of
/// addresses (`10.0.0.0/8`). `example.com:8443` means only that port; `*` means every server. Commas or spaces separate entries.
fn names_server(list: &str, host: &str, port: u16) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let address = address(&host);
    list.split([',', ' ', '\t']).filter(|entry| !entry.is_empty()).any(|entry| {
        let entry = entry.to_ascii_lowercase();
        if let Ok(range) = entry.parse::<IpNet>() {
            return address.is_some_and(|address| range.contains(&address));
        }
        let (name, its_port) = without_port(&entry);
        if its_port.is_some_and(|its_port| its_port != port) {
            return false;
        }
        match self::address(name) {
            Some(other) => Some(other) == address,
            None => is_below(&host, name),
        }
    })
}

/// An address, with or without the brackets that a URL needs.
fn address(text: &str) -> Option<IpAddr> {
    text.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn without_port(entry: &str) -> (&str, Option<u16>) {
    match entry.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (entry, None),
        },
        _ => (entry, None),
    }
}

fn is_below(host: &str, name: &str) -> bool {
    let name = name.strip_prefix('*').unwrap_or(name);
    if name.is_empty() {
        return true;
    }
    let name = name.trim_start_matches('.').trim_end_matches('.');
    !name.is_empty() && (host == name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::names_server;

    #[test]
    fn a_list_names_domains_addresses_ranges_and_ports() {
        for (list, host) in [
            ("*", "a.example"),
            ("a.example", "a.example"),
            ("A.Example.", "a.example"),
            ("a.example", "A.EXAMPLE."),
            ("example", "a.example"),
            (".example", "a.example"),
            (".a.example", "a.example"),
            ("*.example", "a.example"),
            ("x, ,a.example", "a.example"),
            ("x a.example", "a.example"),
            ("a.example:443", "a.example"),
            ("*:443", "a.example"),
            ("10.0.0.0/8", "10.1.2.3"),
            ("10.1.2.3", "10.1.2.3"),
            ("10.1.2.3:443", "10.1.2.3"),
            ("fd00::/8", "[fd00::1]"),
            ("fd00::1", "[fd00:0::1]"),
            ("[fd00::1]:443", "[fd00::1]"),
        ] {
            assert!(names_server(list, host, 443), "{list} {host}");
        }
    }

    #[test]
    fn a_list_names_no_other_server() {
        for (list, host) in [
            ("", "a.example"),
            (",", "a.example"),
            (".", "a.example"),
            ("b.example", "a.example"),
            ("ample", "a.example"),
            ("a.example", "example"),
            ("a.example", "a.example.evil"),
            ("a.example:8443", "a.example"),
            ("10.0.0.0/8", "11.1.2.3"),
            ("10.0.0.0/8", "10.example"),
            ("10.0.0", "10.0.0.1"),
            ("0.0.0.1", "10.0.0.1"),
            ("10.0.0.0/33", "10.0.0.1"),
            ("fd00::/8", "[fe00::1]"),
            ("[fd00::1]:8443", "[fd00::1]"),
        ] {
            assert!(!names_server(list, host, 443), "{list} {host}");
        }
    }
}
