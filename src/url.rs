//! Parses URLs by git's rules (`credential_from_url` in git's credential.c): no normalisation, parts are decoded after splitting, and a
//! missing part stays missing.

#[cfg(any(test, fuzzing))]
pub mod fuzz;

use modelforge_credential_protocol::{Record, Result};
use modelforge_credential_providers::Location;
use percent_encoding::percent_decode;

use crate::error;

/// The `protocol`, `host`, `path`, `username` and `password` of a URL.
pub fn parse(url: &[u8]) -> Result<Record> {
    let Some(scheme_end) = find(url, b"://") else { return Err(error::bad_url("has no scheme")) };
    let (scheme, rest) = (&url[..scheme_end], &url[scheme_end + 3..]);
    let scheme_is_one = scheme.first().is_some_and(u8::is_ascii_alphabetic)
        && scheme.iter().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b));
    if !scheme_is_one {
        return Err(error::bad_url("has no scheme"));
    }
    let authority_end = rest.iter().position(|b| b"/?#".contains(b)).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(authority_end);
    let (user_info, host) = match authority.iter().position(|b| *b == b'@') {
        Some(at) => (Some(&authority[..at]), &authority[at + 1..]),
        None => (None, authority),
    };
    let mut record = Record::new();
    set(&mut record, "protocol", scheme)?;
    set(&mut record, "host", host)?;
    if let Some(user_info) = user_info {
        let colon = user_info.iter().position(|b| *b == b':');
        set(&mut record, "username", &user_info[..colon.unwrap_or(user_info.len())])?;
        if let Some(colon) = colon {
            set(&mut record, "password", &user_info[colon + 1..])?;
        }
    }
    let path = trim_slashes(path);
    if !path.is_empty() {
        set(&mut record, "path", path)?;
    }
    Ok(record)
}

/// The URL of a provider: `protocol`, `host` and an optional `path`, without secrets. A provider's URL has one form, in which requests,
/// files and the table are compared.
pub fn base_url(text: &str) -> Result<Record> {
    let mut record = parse(text.as_bytes())?;
    // A port alone is not a host. Removing the default port would then leave an empty host.
    if record.text("host").is_none_or(|host| host.is_empty() || host.starts_with(':')) {
        return Err(error::bad_url("has no host"));
    }
    if record.has("username") {
        return Err(error::bad_url("has a user name in it"));
    }
    let location = Location::parse(text).filter(|_| !text.contains('%'));
    let location = location.ok_or_else(|| error::bad_url("has more in it than scheme, host, port and path"))?;
    record.set("protocol", location.protocol.to_ascii_lowercase())?;
    record.set("host", location.bare_host().to_ascii_lowercase())?;
    Ok(record)
}

/// Tokens are sent over https only, except to this machine.
pub fn is_safe_url(url: &str) -> bool {
    let Ok(url) = base_url(url) else { return false };
    match (url.text("protocol"), url.text("host")) {
        (Some("https"), _) => true,
        (Some("http"), Some(host)) => {
            let name = host
                .rsplit_once(':')
                .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
                .map_or(host, |(name, _)| name);
            matches!(name, "localhost" | "127.0.0.1" | "[::1]")
        }
        _ => false,
    }
}

/// A path without slashes at its ends, as in git.
pub fn trim_slashes(mut path: &[u8]) -> &[u8] {
    while let [b'/', rest @ ..] = path {
        path = rest;
    }
    while let [rest @ .., b'/'] = path {
        path = rest;
    }
    path
}

fn set(record: &mut Record, key: &str, encoded: &[u8]) -> Result<()> {
    let decoded = zeroize::Zeroizing::new(percent_decode(encoded).collect::<Vec<u8>>());
    record.set(key, decoded.as_slice()).map_err(|problem| error::bad_url(&format!("is not allowed: {problem}")))
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(url: &str) -> String {
        match parse(url.as_bytes()) {
            Ok(record) => String::from_utf8_lossy(&record.to_lines()).trim_end().replace('\n', " "),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn urls_are_split_as_git_splits_them() {
        assert_eq!(parts("https://api.openai.com/v1"), "protocol=https host=api.openai.com path=v1");
        assert_eq!(parts("https://h:8443//a/b/"), "protocol=https host=h:8443 path=a/b");
        assert_eq!(parts("https://u%40x:p%3a@h"), "protocol=https host=h username=u@x password=p:");
        assert_eq!(parts("https://h?q@x"), "protocol=https host=h path=?q@x");
        assert_eq!(parts("https://h/@x"), "protocol=https host=h path=@x");
        assert_eq!(parts("cert:///a"), "protocol=cert host= path=a");
        assert_eq!(parts("https://h%zz"), "protocol=https host=h%zz");
    }

    #[test]
    fn a_port_alone_is_no_host_of_a_provider() {
        for url in ["https://", "https://:443", "http://:80/v1", "https://:8443"] {
            assert_eq!(base_url(url).unwrap_err().to_string(), "the URL has no host", "{url}");
        }
    }

    #[test]
    fn urls_that_smuggle_lines_or_lack_a_scheme_are_refused() {
        for url in ["https://evil?%0ahost=github.com", "https://a%0db", "https://a%00b", "http://%0Ahost=x@h"] {
            assert!(parts(url).starts_with("the URL is not allowed"), "{url}");
        }
        for url in ["//h/x", "://h", "h/x", "", "1a://h", "%68ttps://h"] {
            assert_eq!(parts(url), "the URL has no scheme", "{url}");
        }
    }
}
