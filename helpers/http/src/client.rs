//! The only way to a server, with the rules for every request.

use std::path::PathBuf;
use std::time::Duration;

#[cfg(unix)]
use modelforge_credential_protocol::visible;
use modelforge_credential_protocol::{Error, Result};
use ureq::Agent;
use ureq::http::{Request, Response, header};
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::transport::DefaultConnector;

use crate::endpoint::{endpoint, host, is_loopback};
use crate::problem::{Problem, is_passing};
use crate::proxy;
use crate::resolve::Resolve;

/// Which certificates to trust, and how much to read.
pub struct Options {
    /// The largest answer, in bytes.
    pub max_body: u64,
    /// The authorities to trust, and no others. `None`: the system's, or those in `SSL_CERT_FILE`.
    pub authorities: Option<Vec<Certificate<'static>>>,
    /// The client certificate, if the server asks for one.
    pub identity: Option<ClientCert>,
    /// Connects to this Unix socket, whatever host the request names. The caller has checked it.
    pub socket: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self { max_body: 1 << 20, authorities: None, identity: None, socket: None }
    }
}

impl Options {
    /// Trusts only the authorities in this PEM text.
    ///
    /// # Errors
    /// If it contains no certificate. `name` is its name in the message.
    pub fn trust(&mut self, name: &str, pem: &[u8]) -> Result<()> {
        let certificates = certificates(name, pem)?;
        self.authorities.get_or_insert_default().extend(certificates);
        Ok(())
    }

    /// Uses a client certificate, with its chain, from one PEM text, and its key from another.
    ///
    /// # Errors
    /// If one of them is missing.
    pub fn identify(&mut self, name: &str, pem: &[u8], key_name: &str, key: &[u8]) -> Result<()> {
        let key =
            PrivateKey::from_pem(key).map_err(|_| Error::new(format!("there is no private key in `{key_name}`")))?;
        self.identity = Some(ClientCert::new_with_certs(&certificates(name, pem)?, key));
        Ok(())
    }
}

fn certificates(name: &str, pem: &[u8]) -> Result<Vec<Certificate<'static>>> {
    let items = parse_pem(pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(Ok(certificate)),
        Ok(_) => None,
        Err(_) => Some(Err(Error::new(format!("`{name}` is not a PEM file")))),
    });
    let found: Vec<_> = items.collect::<Result<_>>()?;
    if found.is_empty() { Err(Error::new(format!("there is no certificate in `{name}`"))) } else { Ok(found) }
}

/// Sends requests. Connections are reused.
pub struct Client {
    agent: Agent,
    max_body: u64,
    /// The socket's path, which messages name instead of the host.
    socket: Option<String>,
}

impl Client {
    /// A client that has not connected yet.
    pub fn new(options: Options) -> Self {
        let roots = options.authorities.map_or(RootCerts::PlatformVerifier, RootCerts::from);
        let tls = TlsConfig::builder().root_certs(roots).client_cert(options.identity);
        #[cfg(any(windows, target_vendor = "apple"))]
        let tls = tls.provider(ureq::tls::TlsProvider::NativeTls);
        #[cfg(not(any(windows, target_vendor = "apple")))]
        let tls = tls.unversioned_rustls_crypto_provider(std::sync::Arc::new(rustls::crypto::ring::default_provider()));
        let config = Agent::config_builder()
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("modelforge-credential/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls.build())
            .build();
        #[cfg(unix)]
        if let Some(path) = options.socket {
            let name = visible(&path.to_string_lossy());
            let agent = Agent::with_parts(config, crate::socket::Socket(path), Resolve);
            return Self { agent, max_body: options.max_body, socket: Some(name) };
        }
        let agent = Agent::with_parts(config, DefaultConnector::default(), Resolve);
        Self { agent, max_body: options.max_body, socket: None }
    }

    /// Sends a request and reads the answer, with any status, within `limit`: from looking up the name to the last byte.
    ///
    /// # Errors
    /// If there is no answer, or only a redirect.
    pub fn send(&self, request: Request<Vec<u8>>, limit: Duration) -> std::result::Result<Response<Vec<u8>>, Problem> {
        // The caller has checked the URL. The URL that is finally used is checked again.
        let url = endpoint("the URL", &request.uri().to_string()).map_err(Problem::lasting)?;
        let host = self.socket.clone().unwrap_or_else(|| host(&url));
        // A proxy is another host.
        let proxy = if is_loopback(&url) { None } else { proxy::for_url(&url)? };
        let request = self.agent.configure_request(request).timeout_global(Some(limit)).proxy(proxy).build();
        let response = self.agent.run(request).map_err(|error| Problem::of(&error, &host, self.max_body))?;
        let (head, mut body) = response.into_parts();
        if head.status.is_redirection() {
            let to = head.headers.get(header::LOCATION).and_then(|location| location.to_str().ok());
            let to = to.and_then(|location| url.join(location).ok());
            return Err(Problem::redirected(&host, head.status, to));
        }
        match body.with_config().limit(self.max_body).read_to_vec() {
            Ok(body) => Ok(Response::from_parts(head, body)),
            // The status is enough.
            Err(_) if is_passing(head.status) => Ok(Response::from_parts(head, Vec::new())),
            Err(error) => Err(Problem::of(&error, &host, self.max_body)),
        }
    }
}
