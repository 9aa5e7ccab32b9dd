//! The kv engine, in both versions.

use modelforge_credential_http::http::Method;
use modelforge_credential_protocol::{Error, Result};
use serde_json::{Map, Value, json};

use crate::options::{Options, Version};
use crate::refusal::Right;
use crate::server::{Reply, Server};

pub struct Kv {
    pub server: Server,
    mount: String,
    version: Version,
    /// True if the server itself said so.
    is_certain: bool,
}

/// The content of a path.
pub struct Secret {
    pub fields: Map<String, Value>,
    /// The number of the version; 0 in an engine without versions.
    pub version: u64,
}

/// The result of a write.
pub enum Written {
    Done,
    /// Somebody else wrote in the meantime, if there is another version now; otherwise this is the error.
    Overtaken(Error),
}

/// What is known about a path without its content.
pub struct State {
    /// When the current version was written, in seconds since 1970.
    pub created: Option<u64>,
    /// The numbers of all versions that still have content.
    pub versions: Vec<u64>,
    /// True if the current version has content.
    pub is_there: bool,
}

impl Kv {
    pub fn open(server: Server, options: &Options) -> Result<Self> {
        let mount = options.mount.clone();
        let (version, is_certain) = match options.kv {
            Some(version) => (version, false),
            None => (probe(&server, &mount)?, true),
        };
        Ok(Self { server, mount, version, is_certain })
    }

    /// The name of a path in messages.
    pub fn shown(&self, path: &str) -> String {
        self.path("data", path)
    }

    fn path(&self, kind: &str, path: &str) -> String {
        match self.version {
            Version::One => format!("{}/{path}", self.mount),
            Version::Two => format!("{}/{kind}/{path}", self.mount),
        }
    }

    /// The secret; if there is none, the number of the last version.
    pub fn read(&self, path: &str) -> Result<std::result::Result<Secret, u64>> {
        let path = self.path("data", path);
        let reply = self.server.get(&path)?;
        let (content, version) = match self.version {
            Version::One => (&reply.body["data"], 0),
            Version::Two => {
                (&reply.body["data"]["data"], reply.body["data"]["metadata"]["version"].as_u64().unwrap_or(0))
            }
        };
        match content.as_object() {
            Some(fields) if reply.is_success() => Ok(Ok(Secret { fields: fields.clone(), version })),
            // It was erased, or never existed.
            _ if reply.is_absence() => {
                self.make_certain()?;
                Ok(Err(version))
            }
            _ if reply.is_success() => {
                Err(Error::new(format!("`{}` answered with no secret at `{path}`", self.server.name)))
            }
            _ => Err(self.server.refusal(&reply, Right::Read, &path)),
        }
    }

    /// Writes the next version after this one. Fails if there is another version already.
    pub fn write(&self, path: &str, fields: Map<String, Value>, after: u64) -> Result<Written> {
        let path = self.path("data", path);
        let body = match self.version {
            Version::One => Value::Object(fields),
            Version::Two => json!({ "data": fields, "options": { "cas": after } }),
        };
        let reply = self.server.ask(Method::POST, &path, Some(&body))?;
        match (self.version, reply.status) {
            _ if reply.is_success() => Ok(Written::Done),
            (Version::Two, 400) => Ok(Written::Overtaken(self.server.refusal(&reply, Right::Write, &path))),
            _ => Err(self.server.refusal(&reply, Right::Write, &path)),
        }
    }

    /// Erases every version.
    pub fn erase(&self, path: &str) -> Result<()> {
        let path = self.path("metadata", path);
        let reply = self.server.ask(Method::DELETE, &path, None)?;
        self.server.expect(reply, Right::Delete, &path).map(drop)
    }

    /// Erases this version and the earlier ones, but none that was written since. In engine version 1 there is only one.
    pub fn erase_up_to(&self, path: &str, version: u64) -> Result<()> {
        if self.version == Version::One {
            return self.erase(path);
        }
        let versions = self.state(path)?.map(|state| state.versions).unwrap_or_default();
        let versions: Vec<u64> = versions.into_iter().filter(|number| *number <= version).collect();
        let path = self.path("destroy", path);
        let reply = self.server.ask(Method::PUT, &path, Some(&json!({ "versions": versions })))?;
        self.server.expect(reply, Right::Destroy, &path).map(drop)
    }

    /// The names in a directory. Those of directories end in a slash.
    pub fn list(&self, folder: &str) -> Result<Vec<String>> {
        // Without the slash, a policy for everything below the directory does not apply.
        let path = self.path("metadata", &format!("{folder}/"));
        let reply = self.server.get(&format!("{path}?list=true"))?;
        let reply = self.server.expect(reply, Right::List, &path)?;
        if !reply.is_success() {
            self.make_certain()?;
            return Ok(Vec::new());
        }
        let names = reply.body["data"]["keys"].as_array().map(Vec::as_slice).unwrap_or_default();
        Ok(names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect())
    }

    /// The state without the content. `None`: unknown, as in version 1.
    pub fn state(&self, path: &str) -> Result<Option<State>> {
        if self.version == Version::One {
            return Ok(None);
        }
        let path = self.path("metadata", path);
        let reply = self.server.get(&path)?;
        let reply = self.server.expect(reply, Right::Read, &path)?;
        Ok(Some(state(&reply)))
    }

    /// If the engine's version is wrong, a missing secret may still exist. So this checks the version.
    fn make_certain(&self) -> Result<()> {
        if self.is_certain {
            return Ok(());
        }
        match probe(&self.server, &self.mount) {
            Ok(version) if version != self.version => {
                let number = if version == Version::One { "1" } else { "2" };
                let message = format!("`{}` is a kv engine of version {number} on `{}`", self.mount, self.server.name);
                Err(Error::new(message).hint(format!("give `vault` the option --kv {number}, or none")))
            }
            // A user who set the version may have no right to ask for it.
            _ => Ok(()),
        }
    }
}

fn state(reply: &Reply) -> State {
    let data = &reply.body["data"];
    let has_content =
        |version: &Value| version["destroyed"] != true && version["deletion_time"].as_str().is_none_or(str::is_empty);
    let all = data["versions"].as_object().into_iter().flatten();
    let versions =
        all.filter(|(_, version)| version["destroyed"] != true).filter_map(|(number, _)| number.parse().ok());
    let versions = versions.collect();
    let current = &data["versions"][data["current_version"].as_u64().unwrap_or(0).to_string()];
    let created = current["created_time"].as_str().and_then(|time| humantime::parse_rfc3339(time).ok());
    let created = created.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    State {
        created: created.map(|time| time.as_secs()),
        versions,
        is_there: current.is_object() && has_content(current),
    }
}

/// Asks the server for the version of the engine.
fn probe(server: &Server, mount: &str) -> Result<Version> {
    let path = format!("sys/internal/ui/mounts/{mount}");
    let reply = server.get(&path)?;
    if !reply.is_success() {
        let error = server.refusal(&reply, Right::Read, &format!("{mount}/"));
        return Err(match reply.status {
            403 if error.hint_text().is_some_and(|hint| hint.starts_with("add ")) => {
                let message = format!(
                    "`{}` does not show the version of `{mount}`: the token has no right to anything in it, or there is no such engine",
                    server.name
                );
                Error::new(message).hint("give `vault` the option --kv 2, or --mount with the name of the engine")
            }
            404 if server.has_namespace() => {
                Error::new(format!("`{}` has no namespace of that name", server.name)).hint("bao namespace list")
            }
            404 => Error::new(format!("`{}` does not show the version of `{mount}`", server.name))
                .hint("give `vault` the option --kv 1 or --kv 2"),
            _ => error,
        });
    }
    let data = &reply.body["data"];
    if data["type"] != "kv" && data["type"] != "generic" {
        return Err(Error::new(format!("`{mount}` on `{}` is not a kv engine", server.name)).hint("bao secrets list"));
    }
    if data["path"].as_str().is_some_and(|path| path.trim_matches('/') != mount) {
        let message = format!("`{mount}` is below an engine on `{}`, and not one itself", server.name);
        return Err(Error::new(message).hint("give `vault` the option --mount with the name of the engine"));
    }
    Ok(if data["options"]["version"] == "2" { Version::Two } else { Version::One })
}
