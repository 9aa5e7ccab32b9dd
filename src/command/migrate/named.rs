//! The credentials and files in the journal, without secrets.

use modelforge_credential_protocol::{Record, Result};
use serde::{Deserialize, Serialize};

/// A credential, by its description.
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, Hash)]
pub struct Named {
    /// The source of the credential, as the person named it.
    pub from: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    protocol: String,
    host: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    username: String,
}

/// A file that was backed up.
#[derive(Serialize, Deserialize, Clone)]
pub struct Kept {
    pub file: String,
    /// The source that returned it, as the person named it. Earlier versions did not record this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The checksum of the backup, so that a backup which somebody replaced is not restored.
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
