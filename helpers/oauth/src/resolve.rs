//! Names to addresses.

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// `localhost` is this machine whatever a name server says, since secrets go to it without TLS; for all other names, the system is
/// asked.
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
        #[cfg(all(target_os = "linux", target_env = "gnu", target_feature = "crt-static"))]
        if host.parse::<std::net::Ipv4Addr>().is_err()
            && !host.starts_with('[')
            && let Some(addresses) = getent::addresses(host, *timeout.after)
        {
            addresses?.into_iter().take(16).for_each(|address| found.push((address, port).into()));
            return if found.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(found) };
        }
        DefaultResolver::default().resolve(uri, config, timeout).map_err(|error| match error {
            ureq::Error::Io(_) => ureq::Error::HostNotFound,
            other => other,
        })
    }
}

/// A static glibc can load the modules that `/etc/nsswitch.conf` names (mDNS, systemd-resolved, a directory service) only if they were
/// made for the very same release of it, and may crash otherwise. glibc's own program for the question always fits the system.
#[cfg(all(target_os = "linux", target_env = "gnu", target_feature = "crt-static"))]
mod getent {
    use std::io::Read;
    use std::net::IpAddr;
    use std::path::Path;
    use std::process::{Command, Stdio};
    use std::sync::mpsc;
    use std::time::Duration;

    const PROGRAMS: [&str; 3] = ["/usr/bin/getent", "/bin/getent", "/run/current-system/sw/bin/getent"];

    /// `None` if there is no such program.
    pub fn addresses(host: &str, limit: Duration) -> Option<Result<Vec<IpAddr>, ureq::Error>> {
        let program = PROGRAMS.iter().find(|program| Path::new(program).exists())?;
        #[expect(
            clippy::disallowed_methods,
            reason = "the program is named by an absolute path, so nothing is searched"
        )]
        let mut command = Command::new(program);
        command.args(["ahosts", "--", host]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().ok()?;
        let mut stdout = child.stdout.take()?;
        let (sender, answer) = mpsc::channel();
        std::thread::spawn(move || {
            let mut text = String::new();
            let _ = stdout.by_ref().take(1 << 16).read_to_string(&mut text);
            let _ = sender.send(text);
        });
        let text = answer.recv_timeout(limit);
        let _ = child.kill();
        let _ = child.wait();
        let Ok(text) = text else { return Some(Err(ureq::Error::Timeout(ureq::Timeout::Resolve))) };
        let mut addresses: Vec<IpAddr> = Vec::new();
        for address in text.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()) {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        Some(Ok(addresses))
    }
}
