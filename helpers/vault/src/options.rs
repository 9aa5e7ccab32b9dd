//! The command line, and the variables for options that are missing.

use std::ffi::OsString;
use std::path::PathBuf;

use modelforge_credential_providers::Location;

pub const NAMES: [&str; 14] = [
    "--address",
    "--auth",
    "--auth-mount",
    "--ca-cert",
    "--field",
    "--jwt",
    "--kv",
    "--mount",
    "--namespace",
    "--path",
    "--role",
    "--role-id",
    "--secret-id",
    "--url",
];

#[derive(Default)]
pub struct Options {
    pub address: Option<String>,
    pub ca_cert: Option<PathBuf>,
    pub namespace: Option<String>,
    pub mount: String,
    pub kv: Option<Version>,
    pub foreign: Option<Foreign>,
    pub auth: Auth,
}

/// The version of a kv engine.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Version {
    One,
    Two,
}

/// How to get a token.
#[derive(Default)]
pub enum Auth {
    #[default]
    Token,
    Approle {
        mount: String,
        role_id: PathBuf,
        secret_id: Option<PathBuf>,
    },
    /// Also for `kubernetes`, whose requests are the same.
    Jwt {
        mount: String,
        role: String,
        jwt: PathBuf,
    },
}

/// The file of a pod's token.
const OF_A_POD: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

impl Options {
    /// Parses the given options. The error is about the command line.
    pub fn of(given: &[(&'static str, OsString)]) -> Result<Self, String> {
        let value = |name: &str| {
            let last = given.iter().rev().find(|(other, _)| *other == name);
            last.map(|(_, value)| value.to_string_lossy().into_owned())
        };
        let file = |name: &str| {
            let absolute = |value: String| std::path::absolute(value).map_err(|_| format!("`{name}` needs a file"));
            value(name).map(absolute).transpose()
        };
        let need = |name: &str, of: &str| value(name).ok_or_else(|| format!("`{of}` needs `{name}`"));
        let need_file = |name: &str, of: &str| file(name)?.ok_or_else(|| format!("`{of}` needs `{name}`"));
        let mount = trimmed(&value("--mount").unwrap_or_else(|| "secret".to_owned()));
        if mount.is_empty() {
            return Err("`--mount` needs a name".to_owned());
        }
        let kv = match value("--kv").as_deref() {
            None => None,
            Some("1") => Some(Version::One),
            Some("2") => Some(Version::Two),
            Some(_) => return Err("`--kv` is 1 or 2".to_owned()),
        };
        let method = value("--auth").unwrap_or_else(|| "token".to_owned());
        let at = |method: &str| trimmed(&value("--auth-mount").unwrap_or_else(|| method.to_owned()));
        let auth = match method.as_str() {
            "token" => Auth::Token,
            "approle" => Auth::Approle {
                mount: at("approle"),
                role_id: need_file("--role-id", "--auth approle")?,
                secret_id: file("--secret-id")?,
            },
            "jwt" => Auth::Jwt {
                mount: at("jwt"),
                role: need("--role", "--auth jwt")?,
                jwt: need_file("--jwt", "--auth jwt")?,
            },
            "kubernetes" => Auth::Jwt {
                mount: at("kubernetes"),
                role: need("--role", "--auth kubernetes")?,
                jwt: file("--jwt")?.unwrap_or_else(|| OF_A_POD.into()),
            },
            _ => return Err("`--auth` is token, approle, jwt or kubernetes".to_owned()),
        };
        let foreign = match value("--path") {
            None if value("--field").is_some() || value("--url").is_some() => {
                return Err("`--field` and `--url` need `--path`".to_owned());
            }
            None => None,
            Some(path) => Some(foreign(&path, need("--field", "--path")?, value("--url"))?),
        };
        let (address, namespace) = (value("--address"), value("--namespace"));
        Ok(Self { address, ca_cert: file("--ca-cert")?, namespace, mount, kv, foreign, auth })
    }
}

/// Keys that others store in the server.
pub struct Foreign {
    /// The path of the secret. [`PROVIDER`](Self::PROVIDER) in it stands for the name of the provider whose URL the request is for.
    pub path: String,
    /// The field with the key.
    pub field: String,
    /// The URL that the key is for, if the path does not depend on the provider.
    pub url: Option<String>,
}

impl Foreign {
    pub const PROVIDER: &str = "{provider}";
}

fn foreign(path: &str, field: String, url: Option<String>) -> Result<Foreign, String> {
    let path = trimmed(path);
    let is_for_each = path.contains(Foreign::PROVIDER);
    if url.as_deref().is_some_and(|url| Location::parse(url).is_none()) {
        return Err("`--url` is not a URL".to_owned());
    }
    if is_for_each == url.is_some() {
        return Err("`--path` needs either {provider} in it or `--url`: a key belongs to one place".to_owned());
    }
    Ok(Foreign { path, field, url })
}

fn trimmed(path: &str) -> String {
    path.trim_matches('/').to_owned()
}

/// A variable of OpenBao or of Vault that is set and not empty, with its full name.
pub fn variable(name: &str) -> Option<(String, String)> {
    ["BAO_", "VAULT_"].iter().find_map(|product| {
        let name = format!("{product}{name}");
        let value = std::env::var(&name).ok().filter(|value| !value.is_empty())?;
        Some((name, value))
    })
}
