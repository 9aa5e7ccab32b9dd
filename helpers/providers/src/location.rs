/// Where a credential belongs: the parts of a URL that decide who may get it.
///
/// ```
/// use modelforge_credential_providers::Location;
///
/// let location = Location::parse("https://llm.example.com:8443/team").unwrap();
/// assert_eq!((location.protocol, location.host, location.path), ("https", "llm.example.com:8443", Some("team")));
/// assert!(location.covers("https", "llm.example.com:8443", Some("team/v1")));
/// assert!(location.covers("HTTPS", "LLM.example.com:8443", Some("team/v1")));
/// assert!(!location.covers("https", "llm.example.com", Some("team")));
/// assert_eq!(location.to_string(), "https://llm.example.com:8443/team");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Location<'a> {
    /// The scheme, `https`.
    pub protocol: &'a str,
    /// The host, with its port if the URL names one.
    pub host: &'a str,
    /// The path without slashes at its ends. `None`: every path of the host.
    pub path: Option<&'a str>,
}

impl<'a> Location<'a> {
    /// Parses `scheme://host[:port][/path]`. `None` for anything else: no scheme or host, a user name, a query, a fragment, whitespace,
    /// control characters. Nothing is decoded or normalised.
    pub fn parse(url: &'a str) -> Option<Self> {
        let (protocol, rest) = url.split_once("://")?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let scheme = protocol.starts_with(|c: char| c.is_ascii_alphabetic())
            && protocol.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
        let foreign = |c: char| matches!(c, '?' | '#' | '\\') || c.is_whitespace() || c.is_control();
        if !scheme || host.is_empty() || host.starts_with(':') || host.contains('@') || rest.contains(foreign) {
            return None;
        }
        let path = path.trim_matches('/');
        Some(Self { protocol, host, path: Some(path).filter(|path| !path.is_empty()) })
    }

    /// True if a request with this protocol, host and path is for this location: protocol and host match (see [`is_at`](Self::is_at)), and
    /// the path, if there is one here, is equal or below it, by whole components.
    pub fn covers(&self, protocol: &str, host: &str, path: Option<&str>) -> bool {
        self.is_at(protocol, host)
            && self.path.is_none_or(|mine| path.is_some_and(|path| lies_below(path.trim_matches('/'), mine)))
    }
}

impl Location<'_> {
    /// True if this is the same server, however it is written: upper case and the scheme's default port make no difference (RFC 3986, 6.2).
    /// Anything else does: a dot at the end, another port, another scheme.
    pub fn is_at(&self, protocol: &str, host: &str) -> bool {
        let (mine, host) = (without_usual_port(protocol, self.host), without_usual_port(protocol, host));
        !host.is_empty() && self.protocol.eq_ignore_ascii_case(protocol) && mine.eq_ignore_ascii_case(host)
    }

    /// The host without the default port of the scheme.
    pub fn bare_host(&self) -> &str {
        without_usual_port(self.protocol, self.host)
    }
}

pub(crate) fn without_usual_port<'a>(protocol: &str, host: &'a str) -> &'a str {
    let port = match protocol.len() {
        5 if protocol.eq_ignore_ascii_case("https") => ":443",
        4 if protocol.eq_ignore_ascii_case("http") => ":80",
        _ => return host,
    };
    host.strip_suffix(port).unwrap_or(host)
}

impl std::fmt::Display for Location<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}", self.protocol, self.host)?;
        self.path.map_or(Ok(()), |path| write!(f, "/{path}"))
    }
}

/// The rest after the prefix must not lead out of it: an HTTP client resolves `..`, also if it is written with `%2e` or `\`, and then the
/// key of one tenant of a host would be sent to another.
fn lies_below(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| {
        rest.is_empty() || (rest.starts_with('/') && !rest.contains("..") && !rest.contains(['%', '\\']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_scheme_host_port_and_path_make_a_url() {
        assert_eq!(
            Location::parse("http://localhost:11434"),
            Some(Location { protocol: "http", host: "localhost:11434", path: None })
        );
        assert_eq!(Location::parse("https://h/").unwrap().path, None);
        assert_eq!(Location::parse("https://[::1]:8080/@team").unwrap().path, Some("@team"));
        assert_eq!(Location::parse("https://h//a/b/").unwrap().path, Some("a/b"));
        for url in [
            "",
            "h",
            "h/p",
            "://h",
            "https:/h",
            "https://",
            "https:///p",
            "https://:443",
            "1s://h",
            "ht tp://h",
            "https://u@h",
            "https://u:p@h/p",
            "https://h?q",
            "https://h/p?q",
            "https://h#f",
            "https://h\\.evil",
            "https://h /p",
            "https://h\n/p",
            "https://h/\u{a0}",
        ] {
            assert_eq!(Location::parse(url), None, "{url:?}");
        }
    }

    #[test]
    fn a_path_is_compared_by_whole_components() {
        let location = Location::parse("https://h/api/coding/paas/v4").unwrap();
        for path in ["api/coding/paas/v4", "/api/coding/paas/v4/", "api/coding/paas/v4/chat/completions"] {
            assert!(location.covers("https", "h", Some(path)), "{path}");
        }
        for path in
            ["", "/", "api", "api/coding/paas", "api/coding-x/paas/v4", "api/coding/paas/v40", "API/coding/paas/v4"]
        {
            assert!(!location.covers("https", "h", Some(path)), "{path}");
        }
        assert!(!location.covers("https", "h", None));
    }

    #[test]
    fn a_path_cannot_climb_out_of_its_prefix() {
        let location = Location::parse("https://gateway/team-a").unwrap();
        for path in ["team-a/../team-b", "team-a/%2e%2E/team-b", "team-a/.%2e/team-b", "team-a/x\\..\\..\\team-b"] {
            assert!(!location.covers("https", "gateway", Some(path)), "{path}");
        }
    }

    #[test]
    fn capitals_and_the_usual_port_name_the_same_server() {
        let https = Location::parse("https://h").unwrap();
        for (protocol, host) in [("https", "h"), ("HTTPS", "H"), ("https", "h:443"), ("Https", "H:443")] {
            assert!(https.is_at(protocol, host), "{protocol} {host}");
        }
        let http = Location::parse("http://[::1]:80").unwrap();
        assert!(http.is_at("http", "[::1]") && http.is_at("HTTP", "[::1]:80"));
        for (protocol, host) in
            [("http", "h"), ("https", "h:80"), ("https", "h:8443"), ("https", "h."), ("https", ":443")]
        {
            assert!(!https.is_at(protocol, host), "{protocol} {host}");
        }
    }

    #[test]
    fn a_location_without_a_path_covers_its_host_and_no_other() {
        let location = Location::parse("https://h:8443").unwrap();
        assert!(location.covers("https", "h:8443", None) && location.covers("https", "h:8443", Some("any/path")));
        for (protocol, host) in [
            ("http", "h:8443"),
            ("https", "h"),
            ("https", "h:443"),
            ("https", "h:8443:443x"),
            ("https", "h:8443.evil"),
            ("https", "h:8443/"),
            ("https", "u@h:8443"),
            ("https", ""),
            ("", "h:8443"),
        ] {
            assert!(!location.covers(protocol, host, None), "{protocol} {host}");
        }
    }
}
