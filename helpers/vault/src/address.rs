//! The server's address, and how its certificate is checked.

use std::path::{Path, PathBuf};

use modelforge_credential_files::{self as files, Trust};
use modelforge_credential_http::{Options as Http, endpoint, host, url::Url};
use modelforge_credential_protocol::{Error, Record, Result, visible};

use crate::options::{Options, variable};

/// The default of the clients of both products.
const USUAL: &str = "https://127.0.0.1:8200";
/// The largest file of certificates, and the largest answer: a record may have 4 MiB, and text gets longer in JSON.
const MAX_FILE: usize = 1 << 20;
const MAX_BODY: u64 = 32 << 20;

pub struct Address {
    /// The part of the URL before the path: `https://vault.example:8200`.
    pub base: String,
    /// The name in messages.
    pub name: String,
    /// The URL that its token belongs to. `None`: a socket.
    url: Option<Url>,
    /// True for an agent, which may add its own token.
    pub is_agent: bool,
    pub http: Http,
}

impl Address {
    pub fn of(options: &Options) -> Result<Self> {
        let (name, text, is_agent) = match &options.address {
            Some(address) => ("--address".to_owned(), address.clone(), false),
            None => match (variable("AGENT_ADDR"), variable("ADDR")) {
                (Some((name, address)), _) => (name, address, true),
                (None, Some((name, address))) => (name, address, false),
                (None, None) => ("--address".to_owned(), USUAL.to_owned(), false),
            },
        };
        let mut http = Http { max_body: MAX_BODY, ..Http::default() };
        if let Some(path) = text.strip_prefix("unix://") {
            http.socket = Some(socket(&name, Path::new(path))?);
            let name = visible(path);
            return Ok(Self { base: "http://localhost".to_owned(), name, url: None, is_agent: true, http });
        }
        let url = endpoint(&name, text.trim_end_matches('/'))?;
        trust(&mut http, options)?;
        let base = url.as_str().trim_end_matches('/').to_owned();
        Ok(Self { base, name: host(&url), url: Some(url), is_agent, http })
    }

    /// True for a request about this server itself: its own token must not be stored in it. A token helper that asks a chain with this
    /// helper in it would otherwise ask forever.
    pub fn is_of(&self, request: &Record) -> bool {
        let Some(url) = &self.url else { return false };
        let host = url.host_str().unwrap_or_default();
        let with_port = format!("{host}:{}", url.port_or_known_default().unwrap_or_default());
        let is_host = |asked: &str| asked.eq_ignore_ascii_case(host) && url.port().is_none();
        let asked = request.text("host").unwrap_or_default();
        request.text("protocol") == Some(url.scheme()) && (is_host(asked) || asked.eq_ignore_ascii_case(&with_port))
    }
}

/// The path of a socket that no other user could have put there.
fn socket(name: &str, path: &Path) -> Result<PathBuf> {
    if !cfg!(unix) {
        return Err(Error::new(format!("`{name}` is a Unix socket, which this system does not have")));
    }
    if !path.is_absolute() {
        return Err(Error::new(format!("`{name}` is not the absolute path of a socket")));
    }
    if !path.exists() {
        return Err(Error::new(format!("there is no socket `{}`: the agent is not running", files::tilde(path))));
    }
    files::check(path)
}

fn trust(http: &mut Http, options: &Options) -> Result<()> {
    if let Some((name, _)) = variable("SKIP_VERIFY").filter(|(_, value)| !matches!(value.as_str(), "0" | "false")) {
        let error = Error::new(format!("`{name}` would send the token to any server, so nothing is sent"));
        return Err(error.hint("set VAULT_CACERT to the file of the certificate authority instead"));
    }
    if let Some((name, _)) = variable("TLS_SERVER_NAME") {
        return Err(Error::new(format!("`{name}` is not supported"))
            .hint("use the server name of the certificate in the address"));
    }
    if let Some(file) = &options.ca_cert {
        http.trust("--ca-cert", &read("--ca-cert", file, Trust::Believed)?)?;
    } else if let Some((name, pem)) = variable("CACERT_BYTES") {
        http.trust(&name, pem.as_bytes())?;
    } else if let Some((name, file)) = variable("CACERT") {
        http.trust(&name, &read(&name, Path::new(&file), Trust::Believed)?)?;
    } else if let Some((name, folder)) = variable("CAPATH") {
        for file in files_in(&name, Path::new(&folder))? {
            http.trust(&name, &read(&name, &file, Trust::Believed)?)?;
        }
    }
    match (variable("CLIENT_CERT"), variable("CLIENT_KEY")) {
        (None, None) => Ok(()),
        (Some((name, certificate)), Some((key_name, key))) => {
            let certificate = read(&name, Path::new(&certificate), Trust::Believed)?;
            let key = read(&key_name, Path::new(&key), Trust::Private)?;
            http.identify(&name, &certificate, &key_name, &key)
        }
        _ => Err("set both `VAULT_CLIENT_CERT` and `VAULT_CLIENT_KEY`, or neither".into()),
    }
}

fn read(name: &str, file: &Path, trust: Trust) -> Result<zeroize::Zeroizing<Vec<u8>>> {
    let missing = || Error::new(format!("there is no file `{}`, which `{name}` names", files::tilde(file)));
    files::read(file, MAX_FILE, trust)?.ok_or_else(missing)
}

fn files_in(name: &str, folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).map_err(files::failed("read", folder))?;
    let mut found: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    found.sort();
    if found.is_empty() {
        Err(Error::new(format!("there is no file in the directory that `{name}` names")))
    } else {
        Ok(found)
    }
}
