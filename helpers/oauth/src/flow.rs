//! The two ways to get a token: RFC 8628 with a person, and the refresh of RFC 6749 without one.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use modelforge_credential_http::{Problem, endpoint, host};
use modelforge_credential_protocol::{Error, Reason, Record, Result, visible};
use oauth2::basic::{BasicClient, BasicErrorResponse, BasicTokenResponse};
use oauth2::url::Url;
use oauth2::{
    ClientId, DeviceAuthorizationUrl, DeviceCodeErrorResponse, RefreshToken, RequestTokenError, Scope,
    StandardDeviceAuthorizationResponse, TokenResponse, TokenUrl,
};

use crate::http::{Failed, Http};
use crate::screen::{Screen, open_browser};

/// What the caller says about a provider with a sign-in through a browser.
pub struct Provider<'a> {
    /// Its name in messages.
    name: String,
    login: Option<String>,
    client_id: &'a str,
    token_url: Url,
    device_code_url: Option<Url>,
    scope: Option<&'a str>,
}

/// The result of a refresh.
pub enum Refreshed {
    Token(Record),
    /// The server no longer accepts the refresh token.
    Refused(Error),
}

/// No person waits longer than this, even if a code is valid longer.
const LONGEST_WAIT: Duration = Duration::from_secs(30 * 60);
/// The longest code to type, and the longest URL to open, that are shown.
const LONGEST_CODE: usize = 64;
const LONGEST_URL: usize = 1024;

impl<'a> Provider<'a> {
    /// `None` if the request is not about such a provider, or lacks some settings.
    pub fn of(request: &'a Record) -> Result<Option<Self>> {
        let text = |key| request.text(key).filter(|text| !text.is_empty());
        let (Some("device_flow"), Some(client_id), Some(token_url)) =
            (text("sign_in"), text("client_id"), text("token_url"))
        else {
            return Ok(None);
        };
        let provider = text("provider").map(visible);
        Ok(Some(Self {
            name: provider.as_ref().map_or_else(|| format!("`{}`", request.url()), |name| format!("`{name}`")),
            login: provider.map(|name| format!("modelforge-credential login {name}")),
            client_id,
            token_url: endpoint("token_url", token_url)?,
            device_code_url: text("device_code_url").map(|url| endpoint("device_code_url", url)).transpose()?,
            scope: text("scope"),
        }))
    }

    /// Refreshes a token. `Err` means that it could not be tried: the refresh token is still valid.
    pub fn refresh(&self, http: &Http, token: &str) -> Result<Refreshed> {
        let client = BasicClient::new(ClientId::new(self.client_id.to_owned()))
            .set_token_uri(TokenUrl::from_url(self.token_url.clone()));
        let token_to_renew = RefreshToken::new(token.to_owned());
        let ask = || client.exchange_refresh_token(&token_to_renew).request(&|r| http.send(r));
        let start = Instant::now();
        let answer = match ask() {
            Err(RequestTokenError::Request(_)) if http.waits(start) => ask(),
            answer => answer,
        };
        match answer {
            Ok(answer) => self.credential(&answer, Some(token)).map(Refreshed::Token),
            Err(RequestTokenError::ServerResponse(refusal)) => match refusal.error().as_ref() {
                "invalid_grant" | "bad_refresh_token" => Ok(Refreshed::Refused(
                    self.sign_in_again(&format!("the sign-in for {} is no longer valid", self.name)),
                )),
                code => Err(self.refused(code, &self.token_url)),
            },
            Err(_) => Err(failed(http, &self.token_url)),
        }
    }

    /// Signs a person in; `None` if this provider does not support it.
    pub fn device_flow(&self, http: &Http, screen: &Screen, browser: bool) -> Result<Option<Record>> {
        let Some(device_code_url) = &self.device_code_url else { return Ok(None) };
        let client = BasicClient::new(ClientId::new(self.client_id.to_owned()))
            .set_token_uri(TokenUrl::from_url(self.token_url.clone()))
            .set_device_authorization_url(DeviceAuthorizationUrl::from_url(device_code_url.clone()));
        let asked = client.exchange_device_code().add_scopes(self.scope.map(|scope| Scope::new(scope.to_owned())));
        let details: std::result::Result<
            StandardDeviceAuthorizationResponse,
            RequestTokenError<Failed, BasicErrorResponse>,
        > = asked.request(&|r| http.send(r));
        let details = details.map_err(|error| match error {
            RequestTokenError::ServerResponse(refusal) => self.refused(refusal.error().as_ref(), device_code_url),
            _ => failed(http, device_code_url),
        })?;
        let deadline = Instant::now() + details.expires_in().min(LONGEST_WAIT);
        let page = page(&details).ok_or_else(|| Problem::malformed(&host(device_code_url)).error)?;
        screen.show(&self.name, &page.url, details.user_code().secret());
        if browser && open_browser(&page.complete).is_err() {
            screen.say("no browser could be started");
        }
        let wait = |interval| wait(screen, http, interval, deadline);
        // Nobody can type faster.
        wait(details.interval());
        let left = deadline.saturating_duration_since(Instant::now());
        let answer = client.exchange_device_access_token(&details).request(&|r| http.send(r), wait, Some(left));
        match answer {
            Ok(answer) => self.credential(&answer, None).map(Some),
            Err(RequestTokenError::ServerResponse(refusal)) => Err(self.not_confirmed(http, &refusal)),
            Err(_) => Err(failed(http, &self.token_url)),
        }
    }

    fn not_confirmed(&self, http: &Http, refusal: &DeviceCodeErrorResponse) -> Error {
        // If the network fails, the OAuth crate keeps trying until the code has expired.
        match http.problem() {
            Some(problem) => problem.error,
            None => self.refused(refusal.error().as_ref(), &self.token_url),
        }
    }

    /// Converts the answer into attributes.
    fn credential(&self, answer: &BasicTokenResponse, old: Option<&str>) -> Result<Record> {
        let host = host(&self.token_url);
        let mut record = Record::new();
        let mut set_token = |key: &str, token: &str| match is_token(token) && record.set(key, token).is_ok() {
            true => Ok(()),
            false => Err(Error::new(format!("`{host}` answered with an invalid token"))),
        };
        set_token("password", answer.access_token().secret())?;
        if let Some(token) = answer.refresh_token().map(|token| token.secret().as_str()).or(old) {
            set_token("oauth_refresh_token", token)?;
        }
        if let Some(life) = answer.expires_in() {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            record.set("password_expiry_utc", now.saturating_add(life).as_secs().to_string())?;
        }
        let scopes: Vec<&str> = answer.scopes().into_iter().flatten().map(|scope| scope.as_str()).collect();
        for (key, text) in [("scope", scopes.join(" ")), ("token_type", answer.token_type().as_ref().to_owned())] {
            // This is only shown to people, so it is left out if it does not fit.
            if is_token(&text) {
                let _ = record.set(key, text);
            }
        }
        Ok(record)
    }

    /// The message for an error code of the server. Its own description may quote anything.
    fn refused(&self, code: &str, url: &Url) -> Error {
        let (name, host) = (&self.name, host(url));
        match code {
            "access_denied" => self.sign_in_again(&format!("the sign-in to {name} was denied")),
            "expired_token" | "token_expired" | "invalid_grant" | "incorrect_device_code" | "bad_verification_code" => {
                self.sign_in_again(&format!("the code for {name} expired before it was confirmed"))
            }
            "invalid_client" | "incorrect_client_credentials" => {
                Error::new(format!("`{host}` does not know the `client_id` of {name}"))
            }
            "unauthorized_client" | "device_flow_disabled" => {
                Error::new(format!("`{host}` does not let the `client_id` of {name} sign in this way"))
            }
            "unsupported_grant_type" => Error::new(format!("`{host}` does not know this way of signing in")),
            "invalid_scope" => Error::new(format!("`{host}` does not grant the `scope` of {name}")),
            _ => Error::new(format!("`{host}` refused the request")),
        }
    }

    fn sign_in_again(&self, message: &str) -> Error {
        let error = Error::new(message).with_reason(Reason::Refused);
        match &self.login {
            Some(login) => error.hint(login),
            None => error,
        }
    }
}

/// The request failed, or the OAuth crate could not parse the answer.
fn failed(http: &Http, url: &Url) -> Error {
    http.problem().unwrap_or_else(|| Problem::malformed(&host(url))).error
}

/// True if RFC 6749 allows it in a token: it will be in a header, and in a line of the protocol.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// The page where a person confirms. `complete` includes the code, if the server sent such a URL for the same host.
struct Page {
    url: Url,
    complete: Url,
}

fn page(details: &StandardDeviceAuthorizationResponse) -> Option<Page> {
    let is_web = |url: &Url| matches!(url.scheme(), "http" | "https") && url.as_str().len() <= LONGEST_URL;
    let url = Some(details.verification_uri().url().clone()).filter(is_web)?;
    let code = details.user_code().secret();
    if code.is_empty() || code.len() > LONGEST_CODE {
        return None;
    }
    let complete = details.verification_uri_complete().and_then(|complete| Url::parse(complete.secret()).ok());
    let complete = complete.filter(|complete| is_web(complete) && complete.origin() == url.origin());
    Some(Page { complete: complete.unwrap_or_else(|| url.clone()), url })
}

/// Waits before the next request, and shows the remaining time. The last wait ends shortly after the code has expired, so that the OAuth
/// crate notices that.
fn wait(screen: &Screen, http: &Http, interval: Duration, deadline: Instant) {
    let start = Instant::now();
    let end = (start + interval.max(http.pause()))
        .min(deadline + Duration::from_millis(100))
        .max(start + Duration::from_secs(1));
    loop {
        let now = Instant::now();
        if now >= end {
            return;
        }
        screen.count_down(deadline.saturating_duration_since(now), !http.has_problem());
        std::thread::sleep((end - now).min(Duration::from_secs(1)));
    }
}
