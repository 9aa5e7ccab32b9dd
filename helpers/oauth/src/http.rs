//! Sends the OAuth crate's requests, and converts the answers into the form that it expects.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use modelforge_credential_http::{Client, Options, Problem, host, is_passing};
use oauth2::url::{Url, form_urlencoded};
use oauth2::{HttpRequest, HttpResponse, http};
use serde_json::{Map, Value};

/// GitHub sends this type unless the request asks for JSON.
const FORM: &str = "application/x-www-form-urlencoded";

/// Sends requests, and remembers why the last one failed, because the OAuth crate cannot carry our errors.
pub struct Http {
    client: Client,
    limit: Cell<Duration>,
    problem: RefCell<Option<Problem>>,
}

/// The error that the OAuth crate gets. The details are in [`Http::problem`].
#[derive(Debug)]
pub struct Failed;

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the request failed")
    }
}

impl std::error::Error for Failed {}

impl Http {
    /// Each request takes at most `limit`, from its start to the last byte of the answer.
    pub fn new(limit: Duration) -> Self {
        let client = Client::new(Options::default());
        Self { client, limit: Cell::new(limit), problem: RefCell::new(None) }
    }

    /// How long the last server that failed asks to wait; zero if it does not.
    pub fn pause(&self) -> Duration {
        self.problem.borrow().as_ref().and_then(|problem| problem.retry_after).unwrap_or_default()
    }

    /// Waits as long as the last server that failed asked for, if that leaves half of the limit, which began at `start`, for another
    /// request. Returns whether it waited.
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

    /// Sends a request. After an `Err`, it may be tried again. If that is pointless, the answer is empty, which ends the OAuth crate's
    /// polling.
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
        let host = Url::parse(&request.uri().to_string()).map(|url| host(&url)).unwrap_or_default();
        let (head, body) = self.client.send(request, self.limit.get())?.into_parts();
        if is_passing(head.status) {
            return Err(Problem::status(&host, head.status, &head.headers));
        }
        let kind = head.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let form = kind.is_some_and(|kind| kind.starts_with(FORM));
        match as_the_standard_has_it(head.status.is_success(), form, &body) {
            Some(answer) => Ok(answer),
            None if head.status.is_success() => Err(Problem::malformed(&host)),
            None => Err(Problem::status(&host, head.status, &head.headers)),
        }
    }
}

/// The answer as RFC 6749 and RFC 8628 define it; `None` if that is not possible. Some servers, such as GitHub, report errors with status
/// 200. Some answer as a form, or with numbers as text or below zero.
///
/// An attribute that is empty, null or of a wrong type counts as missing. Defaults: the token type is `bearer`, the expiry is unknown, the
/// scope is the requested one, the old refresh token stays valid, and a device code is polled every 5 seconds. An answer without a token,
/// code or page, or without the expiry of a device code, is malformed.
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
