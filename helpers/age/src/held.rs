//! An identity file as it was read: its content, and its decrypted text.

use std::path::Path;

use age::secrecy::SecretString;
use modelforge_credential_protocol::Result;
use zeroize::Zeroizing;

use crate::key::unusable;
use crate::{sealed, text};

/// An identity file.
pub struct Held {
    pub content: Zeroizing<Vec<u8>>,
    pub text: Zeroizing<String>,
    pub passphrase: Option<SecretString>,
}

impl Held {
    /// Asks for the passphrase if it has one. `path` is its name in messages.
    pub fn of(content: Zeroizing<Vec<u8>>, path: &Path) -> Result<Self> {
        let opened = sealed::open(&content, path)?;
        let text = std::str::from_utf8(&opened.text).map_err(|_| unusable(path))?;
        Ok(Self { text: Zeroizing::new(text.to_owned()), passphrase: opened.passphrase, content })
    }

    /// True if a renewal has begun and is not finished.
    pub fn is_being_replaced(&self) -> bool {
        text::keys(text::split(&self.text).1).next().is_some()
    }
}
