//! The report of `status`, as JSON.

use modelforge_credential_protocol::Record;
use serde::Serialize;

use crate::chain::now;
use crate::command::plain_files::PlainFile;
use crate::key_shape::end_of;

/// `status --json`. The format is stable: fields are only added.
#[derive(Serialize)]
pub struct Report {
    pub version: u32,
    pub providers: Vec<Row>,
    /// Helpers that could not be asked, and why.
    pub failed: Vec<String>,
    /// Providers that are not at their usual URLs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub elsewhere: Vec<String>,
    /// Files of tools that contain keys. No helper of the chain reads them; `migrate` moves the keys.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<PlainFile>,
    /// True if a helper could not be asked: there may be more.
    #[serde(skip)]
    pub is_unsure: bool,
}

/// Whether a tool would get a credential.
#[derive(Serialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum SignedIn {
    Yes,
    No,
    /// It has expired and cannot be refreshed.
    Expired,
    /// It exists but cannot be decrypted.
    Unreadable,
    /// None was found, but a helper that may have one could not be asked.
    Unknown,
    #[serde(rename = "not needed")]
    NotNeeded,
}

impl SignedIn {
    pub fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Expired => "expired",
            Self::Unreadable => "unreadable",
            Self::Unknown => "unknown",
            Self::NotNeeded => "not needed",
        }
    }
}

/// One account of a provider, or of a URL that is no provider's.
#[derive(Serialize)]
pub struct Row {
    pub provider: Option<String>,
    pub url: String,
    pub account: Option<String>,
    /// `api_key`, `device_flow` or `none`.
    pub sign_in: &'static str,
    pub signed_in: SignedIn,
    /// Every copy. The first one is the answer.
    pub copies: Vec<Copy>,
}

#[derive(Serialize)]
pub struct Copy {
    pub helper: String,
    /// How it is protected at rest.
    pub protection: String,
    /// The same without the identity or the file: many copies share it, and a row has no space for it.
    #[serde(skip)]
    pub storage: String,
    /// What protects the identity that decrypts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protected_by: Option<String>,
    /// `None`: its helper does not say how it is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plain_text: Option<bool>,
    /// Why it could not be decrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_utc: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_utc: Option<u64>,
    /// True if it can be refreshed after it expired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renewable: Option<bool>,
    /// When a program last got it, and which one, as far as the log goes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_utc: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// At most the last four characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
}

impl Copy {
    /// Adds what only the credential itself shows.
    pub fn add(&mut self, opened: &Record, details: bool) {
        self.expires_utc = opened.expiry().or(self.expires_utc);
        self.renewable = Some(opened.has("oauth_refresh_token")).filter(|_| self.expires_utc.is_some());
        self.scope = opened.shown("scope").or(self.scope.take());
        if details {
            self.fingerprint = opened.text("password").and_then(end_of);
        }
    }

    /// True if it has expired and cannot be refreshed.
    pub fn is_over(&self) -> bool {
        self.expires_utc.is_some_and(|at| at < now()) && self.renewable != Some(true)
    }

    /// True if a tool would get it.
    pub fn answers(&self) -> bool {
        self.unreadable.is_none() && !self.is_over()
    }

    /// True if it is known to be in plain text.
    pub fn is_in_plain_text(&self) -> bool {
        self.plain_text == Some(true)
    }
}

impl Row {
    /// The name for people.
    pub fn name(&self) -> &str {
        self.provider.as_deref().unwrap_or(&self.url)
    }
}
