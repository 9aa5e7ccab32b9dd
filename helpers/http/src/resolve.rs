//! Looks up the addresses of host names.

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// `localhost` is always this machine, because secrets are sent to it without TLS. All other names are looked up by the system.
#[derive(Debug)]
pub struct Resolve;

impl Resolver for Resolve {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let port = uri.port_u16().or(if uri.scheme_str() == Some("http") { Some(80) } else { Some(443) });
        let (Some(host), Some(port)) = (uri.host(), port) else { return Err(ureq::Error::HostNotFound) };
        let mut found = self.empty();
        if host == "localhost" {
            found.push((std::net::Ipv4Addr::LOCALHOST, port).into());
            found.push((std::net::Ipv6Addr::LOCALHOST, port).into());
            return Ok(found);
        }
        DefaultResolver::default().resolve(uri, config, timeout).map_err(|error| match error {
            ureq::Error::Io(_) => ureq::Error::HostNotFound,
            other => other,
        })
    }
}
