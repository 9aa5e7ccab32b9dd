//! Requests to one server, with a time limit.

use std::time::{Duration, Instant};

use modelforge_credential_http::url::Url;
use modelforge_credential_http::{Client, Problem, http};
use modelforge_credential_protocol::{Error, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::address::Address;
use crate::options::{Options, variable};

/// The caller stops helpers after ten seconds.
const LIMIT: Duration = Duration::from_secs(8);
/// A server that does not answer within this time counts as unreachable.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long to wait before a busy server is asked again, if it does not say.
const PAUSE: Duration = Duration::from_millis(500);

/// The characters that need no encoding in a path. All others are encoded, also `%`, because the server decodes the path once.
const PATH: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

pub struct Server {
    client: Client,
    base: String,
    /// The name in messages.
    pub name: String,
    namespace: Option<String>,
    token: Option<Zeroizing<String>>,
    /// True for an agent behind a socket: then the host does not matter.
    is_a_socket: bool,
    /// The token was created for this process, and is not needed after it.
    is_own_token: bool,
    deadline: Instant,
}

/// An answer of the server with any status.
pub struct Reply {
    pub status: u16,
    /// Null if it is not JSON.
    pub body: Value,
}

impl Reply {
    /// True if the server says, with an empty list of errors, that the name does not exist. For a path that it does not know, or that
    /// belongs to another version, the list is not empty.
    pub fn is_absence(&self) -> bool {
        let has_words = |key: &str| self.body[key].as_array().is_some_and(|words| !words.is_empty());
        self.status == 404 && self.body.is_object() && !has_words("errors") && !has_words("warnings")
    }

    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Server {
    pub fn new(address: Address, options: &Options) -> Self {
        let namespace = options.namespace.clone().or_else(|| variable("NAMESPACE").map(|(_, value)| value));
        Self {
            is_a_socket: address.http.socket.is_some(),
            client: Client::new(address.http),
            base: address.base,
            name: address.name,
            namespace,
            token: None,
            is_own_token: false,
            deadline: Instant::now() + LIMIT,
        }
    }

    pub fn use_token(&mut self, token: Zeroizing<String>, is_own: bool) {
        (self.token, self.is_own_token) = (Some(token), is_own);
    }

    pub fn has_token(&self) -> bool {
        self.token.is_some()
    }

    pub fn has_namespace(&self) -> bool {
        self.namespace.is_some()
    }

    /// True if there is time for another try.
    pub fn has_time(&self) -> bool {
        self.deadline > Instant::now() + PAUSE
    }

    /// Sends a request, and a second time if the server says that it is busy.
    pub fn ask(&self, method: http::Method, path: &str, body: Option<&Value>) -> Result<Reply> {
        loop {
            let answer = self.send(&method, path, body)?;
            let status = answer.status();
            let pause = Problem::status(&self.name, status, answer.headers()).retry_after.unwrap_or(PAUSE);
            if status == http::StatusCode::TOO_MANY_REQUESTS && Instant::now() + pause + PAUSE < self.deadline {
                std::thread::sleep(pause);
                continue;
            }
            let body = Zeroizing::new(answer.into_body());
            return Ok(Reply { status: status.as_u16(), body: serde_json::from_slice(&body).unwrap_or_default() });
        }
    }

    pub fn get(&self, path: &str) -> Result<Reply> {
        self.ask(http::Method::GET, path, None)
    }

    fn send(&self, method: &http::Method, path: &str, body: Option<&Value>) -> Result<http::Response<Vec<u8>>> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let question = if query.is_empty() { "" } else { "?" };
        let uri = format!("{}/v1/{}{question}{query}", self.base, utf8_percent_encode(path, &PATH));
        // A proxy in front of the server may require this header, which a browser cannot be made to send.
        let mut request = http::Request::builder().method(method).uri(uri).header("X-Vault-Request", "true");
        if let Some(token) = &self.token {
            request = request.header("X-Vault-Token", header(token, "the token")?);
        }
        if let Some(namespace) = &self.namespace {
            request = request.header("X-Vault-Namespace", header(namespace, "the namespace")?);
        }
        let body = body.map(|body| serde_json::to_vec(body).unwrap_or_default());
        if body.is_some() {
            request = request.header(http::header::CONTENT_TYPE, "application/json");
        }
        let request =
            request.body(body.unwrap_or_default()).map_err(|_| Error::new("a path cannot be part of a URL"))?;
        self.send_on(request).map_err(|problem| match problem.redirects {
            true => problem.error.hint("set VAULT_ADDR to the active server, or let the standby forward requests"),
            false => problem.error,
        })
    }

    /// A standby that does not forward requests names the active server, which is asked once.
    fn send_on(&self, request: http::Request<Vec<u8>>) -> std::result::Result<http::Response<Vec<u8>>, Problem> {
        let limit = || PATIENCE.min(self.deadline.saturating_duration_since(Instant::now()));
        let mut again = request.clone();
        self.client.send(request, limit()).or_else(|problem| {
            let (asked, active) = (again.uri().to_string(), problem.elsewhere.as_deref());
            let active = active.filter(|active| !self.is_a_socket && is_the_active_server(&asked, active));
            let Some(uri) = active.and_then(|active| active.as_str().parse().ok()) else { return Err(problem) };
            *again.uri_mut() = uri;
            self.client.send(again, limit())
        })
    }
}

/// Revokes a token that was created for this process: it would otherwise stay valid for as long as its role allows.
impl Drop for Server {
    fn drop(&mut self) {
        if self.is_own_token {
            let _ = self.send(&http::Method::POST, "auth/token/revoke-self", None);
        }
    }
}

/// True if the token may be sent there: the path and query must be the same, and the URL must be https unless the first one was http. Each
/// server's certificate is checked against the same authorities.
fn is_the_active_server(asked: &str, active: &Url) -> bool {
    let Ok(asked) = Url::parse(asked) else { return false };
    let is_the_question = (active.path(), active.query()) == (asked.path(), asked.query());
    let is_plain = active.username().is_empty() && active.password().is_none() && active.fragment().is_none();
    is_the_question && is_plain && (active.scheme() == "https" || active.scheme() == asked.scheme())
}

fn header(text: &str, name: &str) -> Result<http::HeaderValue> {
    let mut value = http::HeaderValue::from_str(text)
        .map_err(|_| Error::new(format!("{name} has a character that cannot be sent")))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_follows_a_standby_to_the_same_question_over_https_and_nowhere_else() {
        let asked = "https://standby:8200/v1/secret/data/x?version=2";
        let is = |asked: &str, active: &str| is_the_active_server(asked, &Url::parse(active).unwrap());
        assert!(is(asked, "https://active:8200/v1/secret/data/x?version=2"));
        for wrong in [
            "http://active:8200/v1/secret/data/x?version=2",
            "http://127.0.0.1:8200/v1/secret/data/x?version=2",
            "https://active:8200/v1/secret/data/y?version=2",
            "https://active:8200/v1/secret/data/x",
            "https://active:8200/collect?version=2",
            "https://a:b@active:8200/v1/secret/data/x?version=2",
            "ftp://active/v1/secret/data/x?version=2",
        ] {
            assert!(!is(asked, wrong), "{wrong}");
        }
        // Plain http is only used on this machine. Whether the other server is on this machine, too, is checked for each request.
        assert!(is("http://127.0.0.1:8200/v1/x", "http://127.0.0.1:8300/v1/x"));
    }
}
