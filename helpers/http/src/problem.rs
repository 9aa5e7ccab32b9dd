//! Messages about failed requests. The libraries' own messages may quote the request.

use std::io;
use std::time::{Duration, SystemTime};

use modelforge_credential_protocol::Error;
use ureq::http::{HeaderMap, StatusCode, header};
use url::Url;

/// Why a request failed.
pub struct Problem {
    /// The message, with the name of the server, but nothing of the request.
    pub error: Error,
    /// True if the server sent a redirect.
    pub redirects: bool,
    /// The target of the redirect, if the same request should be sent there. The caller decides whether to do that.
    pub elsewhere: Option<Box<Url>>,
    /// True if another try may succeed.
    pub passing: bool,
    /// How long the server asks to wait before another try.
    pub retry_after: Option<Duration>,
}

impl Problem {
    /// A problem that another try cannot solve.
    pub fn lasting(error: impl Into<Error>) -> Self {
        Self { error: error.into(), redirects: false, elsewhere: None, passing: false, retry_after: None }
    }

    fn passing(error: impl Into<Error>) -> Self {
        Self { passing: true, ..Self::lasting(error) }
    }

    /// The answer is malformed.
    pub fn malformed(host: &str) -> Self {
        Self::lasting(format!("the answer of `{host}` is malformed"))
    }

    /// The answer is a redirect.
    pub(crate) fn redirected(host: &str, status: StatusCode, to: Option<Url>) -> Self {
        let place = to.as_ref().map(|to| format!(" to `{}`", crate::host(to))).unwrap_or_default();
        let error = format!("`{host}` redirects{place}, and secrets go to no other place");
        let is_the_same = matches!(status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
        Self { redirects: true, elsewhere: to.filter(|_| is_the_same).map(Box::new), ..Self::lasting(error) }
    }

    /// The status says that the server is busy or refuses, whatever the rest of the answer says.
    pub fn status(host: &str, status: StatusCode, headers: &HeaderMap) -> Self {
        let retry_after = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.and_then(pause).filter(|_| is_passing(status));
        let wait = retry_after.map(|pause| format!(", and asks to wait {} s", pause.as_secs())).unwrap_or_default();
        let error = format!("`{host}` answered with status {}{wait}", status.as_u16());
        Self { passing: is_passing(status), retry_after, ..Self::lasting(error) }
    }

    pub(crate) fn of(error: &ureq::Error, host: &str, max_body: u64) -> Self {
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
                Self::lasting(format!("`{host}` answered more than {max_body} bytes"))
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
                Self::passing(format!("`{host}` closed the connection"))
            }
            kind @ (K::ConnectionRefused | K::HostUnreachable | K::NetworkUnreachable) => {
                Self::passing(format!("`{host}` cannot be reached: {kind}"))
            }
            _ => Self::passing(format!("`{host}` cannot be reached")),
        }
    }

    fn not_safe(host: &str, why: &str) -> Self {
        Self::lasting(format!("no secure connection to `{host}`{why}"))
    }
}

/// True if another try may get another answer.
pub fn is_passing(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}

/// The value of a `Retry-After` header: seconds, or a date. At most a day.
fn pause(text: &str) -> Option<Duration> {
    let pause = match text.trim().parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => httpdate::parse_http_date(text.trim()).ok()?.duration_since(SystemTime::now()).ok()?,
    };
    Some(pause.min(Duration::from_secs(24 * 60 * 60)))
}

#[cfg(not(any(windows, target_vendor = "apple")))]
fn tls(error: &io::Error) -> &'static str {
    match error.get_ref().and_then(|error| error.downcast_ref()) {
        Some(rustls::Error::InvalidCertificate(_)) => ": its certificate is not trusted",
        _ => ": it does not speak valid TLS",
    }
}

#[cfg(any(windows, target_vendor = "apple"))]
fn tls(_: &io::Error) -> &'static str {
    ""
}
