//! The one way to a server: what every request has to keep to.

use std::cell::{Cell, RefCell};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use modelforge_credential_protocol::{Error, Result, visible};
use oauth2::url::{Host, Url, form_urlencoded};
use oauth2::{HttpRequest, HttpResponse, http};
use serde_json::{Map, Value};
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::transport::DefaultConnector;

use crate::problem::{MAX_BODY, Problem, is_passing};
use crate::proxy;
use crate::resolve::Resolve;

/// How GitHub answers who does not ask for JSON.
const FORM: &str = "application/x-www-form-urlencoded";

/// Sends requests, and remembers why the last one failed: the OAuth crate has no place for our errors.
pub struct Http {
    agent: Agent,
    limit: Cell<Duration>,
    problem: RefCell<Option<Problem>>,
}

/// The part of a failure that the OAuth crate is told. The rest is in [`Http::problem`].
#[derive(Debug)]
pub struct Failed;

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the request failed")
    }
}

impl std::error::Error for Failed {}

/// The URL of a server that may be given secrets.
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
        return Err(Error::new(format!("`{name}` holds a user name or a password")));
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

/// How a message names a server: without its port where that is the usual one, and never longer than a line.
pub fn host(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let host: String = url.host_str().unwrap_or_default().chars().take(253).collect();
    visible(&format!("{host}{port}"))
}

impl Http {
    /// No request takes longer than `limit`, from the first question to the last byte.
    pub fn new(limit: Duration) -> Self {
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier);
        #[cfg(any(windows, target_vendor = "apple"))]
        let tls = tls.provider(ureq::tls::TlsProvider::NativeTls);
        #[cfg(not(any(windows, target_vendor = "apple")))]
        let tls = tls.unversioned_rustls_crypto_provider(std::sync::Arc::new(rustls::crypto::ring::default_provider()));
        let config = Agent::config_builder()
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls.build())
            .build();
        let agent = Agent::with_parts(config, DefaultConnector::default(), Resolve);
        Self { agent, limit: Cell::new(limit), problem: RefCell::new(None) }
    }

    /// How long the server that failed last asks to wait; nothing if it does not.
    pub fn pause(&self) -> Duration {
        self.problem.borrow().as_ref().and_then(|problem| problem.retry_after).unwrap_or_default()
    }

    /// Waits as long as the server that failed last asks to, if half of the limit, which began at `start`, is enough for that: another
    /// request then has the rest of it.
    pub fn waits(&self, start: Instant) -> bool {
        let (pause, limit) = (self.pause(), self.limit.get());
        let is_short = !pause.is_zero() && start.elapsed() + pause <= limit / 2;
        if is_short {
            std::thread::sleep(pause);
            self.limit.set(limit.saturating_sub(start.elapsed()));
        }
        is_short
    }

    /// Why the last request failed.
    pub fn problem(&self) -> Option<Problem> {
        self.problem.take()
    }

    /// True if it failed.
    pub fn has_problem(&self) -> bool {
        self.problem.borrow().is_some()
    }

    /// Sends a request. An `Err` may be tried again; after what will not get better the answer is empty, which ends the OAuth
    /// crate's polling.
    pub fn send(&self, request: HttpRequest) -> std::result::Result<HttpResponse, Failed> {
        self.problem.replace(None);
        let (status, body) = match self.exchange(request) {
            Ok(answer) => answer,
            Err(problem) => {
                let passing = problem.passing;
                self.problem.replace(Some(problem));
                if passing {
                    return Err(Failed);
                }
                (400, Vec::new())
            }
        };
        http::Response::builder().status(status).body(body).map_err(|_| Failed)
    }

    fn exchange(&self, request: HttpRequest) -> std::result::Result<(u16, Vec<u8>), Problem> {
        // Looked at before; what the OAuth crate asks for is looked at again all the same.
        let url = endpoint("token_url", &request.uri().to_string()).map_err(Problem::lasting)?;
        let host = host(&url);
        // A proxy is another host.
        let proxy = if is_loopback(&url) { None } else { proxy::for_url(&url)? };
        let request = self.agent.configure_request(request).timeout_global(Some(self.limit.get())).proxy(proxy).build();
        let mut response = self.agent.run(request).map_err(|error| Problem::of(&error, &host))?;
        let status = response.status();
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        if status.is_redirection() {
            let to = header(http::header::LOCATION).and_then(|location| url.join(location).ok());
            return Err(Problem::redirected(&host, to.as_ref().map(self::host)));
        }
        if is_passing(status) {
            return Err(Problem::status(&host, status, header(http::header::RETRY_AFTER)));
        }
        let form = header(http::header::CONTENT_TYPE).is_some_and(|kind| kind.starts_with(FORM));
        let body = response.body_mut().with_config().limit(MAX_BODY).read_to_vec();
        let body = body.map_err(|error| Problem::of(&error, &host))?;
        match as_the_standard_has_it(status.is_success(), form, &body) {
            Some(answer) => Ok(answer),
            None if status.is_success() => Err(Problem::malformed(&host)),
            None => Err(Problem::status(&host, status, None)),
        }
    }
}

/// The answer as RFC 6749 and RFC 8628 would have it; `None` if it is none. Some servers, GitHub among them, report errors with
/// status 200; some answer as a form, or with numbers as text or below zero.
///
/// An attribute that is empty, null or no number where one belongs is a missing one. What a missing one means: the type of a token is
/// `bearer`, its end is not known, its scope is the one that was asked for, and an older refresh token stays good; a device code is asked
/// for every 5 seconds. A missing token, code or page, or the end of a device code, makes the answer malformed.
fn as_the_standard_has_it(success: bool, form: bool, body: &[u8]) -> Option<(u16, Vec<u8>)> {
    let mut answer: Map<String, Value> = match form {
        true => {
            form_urlencoded::parse(body).map(|(key, value)| (key.into_owned(), value.into_owned().into())).collect()
        }
        false => serde_json::from_slice(body).ok()?,
    };
    answer.retain(|_, value| !value.is_null() && value != "");
    if !success && !answer.contains_key("error") {
        return None;
    }
    for (key, most) in [("expires_in", u64::from(u32::MAX)), ("interval", 60)] {
        if let Some(value) = answer.remove(key)
            && let Some(number) =
                value.as_f64().or_else(|| value.as_str()?.parse().ok()).filter(|number| *number >= 1.0)
        {
            answer.insert(key.to_owned(), (number as u64).min(most).into());
        }
    }
    if answer.contains_key("access_token") {
        answer.entry("token_type").or_insert_with(|| "bearer".into());
    }
    let status = if answer.contains_key("error") { 400 } else { 200 };
    Some((status, serde_json::to_vec(&answer).ok()?))
}
