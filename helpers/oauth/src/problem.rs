//! The sentences for what goes wrong on the way to a server. The libraries' own words may quote what was sent.

use std::io;

use modelforge_credential_protocol::Error;
use oauth2::http::StatusCode;

/// The largest answer, in bytes; that of an honest server is a thousandth of it.
pub const MAX_BODY: u64 = 1 << 20;

/// Why a request failed.
pub struct Problem {
    pub error: Error,
    /// Whether another try may be of use.
    pub passing: bool,
}

impl Problem {
    pub fn lasting(error: impl Into<Error>) -> Self {
        Self { error: error.into(), passing: false }
    }

    fn passing(error: impl Into<Error>) -> Self {
        Self { error: error.into(), passing: true }
    }

    pub fn malformed(host: &str) -> Self {
        Self::lasting(format!("the answer of `{host}` is malformed"))
    }

    pub fn redirected(host: &str, to: Option<String>) -> Self {
        let to = to.map(|to| format!(" to `{to}`")).unwrap_or_default();
        Self::lasting(format!("`{host}` redirects{to}, and secrets go to no other place"))
    }

    pub fn status(host: &str, status: StatusCode) -> Self {
        let passing = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
        Self { passing, ..Self::lasting(format!("`{host}` answered with status {}", status.as_u16())) }
    }

    pub fn of(error: &ureq::Error, host: &str) -> Self {
        use ureq::Error as E;
        match error {
            E::HostNotFound => Self::passing(format!("`{host}` cannot be found")),
            E::Timeout(_) => Self::passing(format!("`{host}` did not answer in time")),
            E::ConnectProxyFailed(_) => Self::passing(format!("the proxy does not connect to `{host}`")),
            E::Io(error) => Self::of_io(error, host),
            E::Tls(_) | E::TlsRequired => Self::not_safe(host, ""),
            #[cfg(any(windows, target_vendor = "apple"))]
            E::NativeTls(_) => Self::not_safe(host, ""),
            #[cfg(not(any(windows, target_vendor = "apple")))]
            E::Rustls(_) => Self::not_safe(host, ""),
            E::BodyExceedsLimit(_) | E::LargeResponseHeader(..) => {
                Self::lasting(format!("`{host}` answered more than {MAX_BODY} bytes"))
            }
            E::Protocol(_) | E::Http(_) => Self::malformed(host),
            _ => Self::passing(format!("`{host}` cannot be reached")),
        }
    }

    fn of_io(error: &io::Error, host: &str) -> Self {
        use io::ErrorKind as K;
        match error.kind() {
            K::InvalidData => Self::not_safe(host, tls(error)),
            K::TimedOut | K::WouldBlock => Self::passing(format!("`{host}` did not answer in time")),
            K::UnexpectedEof | K::ConnectionReset | K::BrokenPipe => {
                Self::passing(format!("`{host}` broke the connection off"))
            }
            kind @ (K::ConnectionRefused | K::HostUnreachable | K::NetworkUnreachable) => {
                Self::passing(format!("`{host}` cannot be reached: {kind}"))
            }
            _ => Self::passing(format!("`{host}` cannot be reached")),
        }
    }

    fn not_safe(host: &str, why: &str) -> Self {
        Self::lasting(format!("there is no safe connection to `{host}`{why}"))
    }
}

#[cfg(not(any(windows, target_vendor = "apple")))]
fn tls(error: &io::Error) -> &'static str {
    match error.get_ref().and_then(|error| error.downcast_ref()) {
        Some(rustls::Error::InvalidCertificate(_)) => ": its certificate is not trusted",
        _ => ": it does not speak TLS as it should",
    }
}

#[cfg(any(windows, target_vendor = "apple"))]
fn tls(_: &io::Error) -> &'static str {
    ""
}
