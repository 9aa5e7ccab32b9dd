//! What the journal names: credentials and files, without a secret.

use modelforge_credential_protocol::{Record, Result};
use serde::{Deserialize, Serialize};

/// A credential, by what says which one it is.
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, Hash)]
pub struct Named {
    /// Which of the migration's sources it came from, as it was called.
    pub from: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    protocol: String,
    host: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    username: String,
}

/// A file of which a copy was kept.
#[derive(Serialize, Deserialize, Clone)]
pub struct Kept {
    pub file: String,
    /// Which of the migration's sources handed it out, as it was called. Earlier versions did not note it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Of what was kept, so that a backup that somebody else put in its place is not put back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

impl Named {
    pub fn of(from: &str, file: Option<&str>, description: &Record) -> Self {
        let text = |key| description.text(key).map(str::to_owned);
        let [protocol, host, username] = ["protocol", "host", "username"].map(|key| text(key).unwrap_or_default());
        let (from, file) = (from.to_owned(), file.map(str::to_owned));
        Self { from, file, protocol, host, path: text("path"), username }
    }

    pub fn description(&self) -> Result<Record> {
        let mut record = Record::of([("protocol", &self.protocol), ("host", &self.host)])?;
        if let Some(path) = &self.path {
            record.set("path", path)?;
        }
        record.set("username", &self.username)?;
        Ok(record)
    }
}
