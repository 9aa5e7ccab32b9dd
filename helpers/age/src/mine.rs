//! Our own identity: one file, which is always replaced as a whole, and only by a process that has read it.

use std::path::PathBuf;

use age::secrecy::SecretString;
use modelforge_credential_files::{Own, Trust, tilde};
use modelforge_credential_protocol::{Error, Result};
use zeroize::Zeroizing;

use crate::held::Held;
use crate::identity::MAX_IDENTITY;
use crate::sealed;
use crate::store::Store;

/// The paths.
pub struct Mine<'a> {
    pub data: &'a Own,
    pub path: PathBuf,
    pub store: &'a Store,
}

impl Mine<'_> {
    /// Reads it, and asks for the passphrase. It is an error if there is none.
    pub fn read(&self) -> Result<Held> {
        let missing = || {
            Error::new(format!("there is no identity `{}` yet", tilde(&self.path)))
                .hint("it is created with the first key: modelforge-credential login openai")
        };
        Held::of(self.content()?.ok_or_else(missing)?, &self.path)
    }

    /// The current content of the file.
    pub fn content(&self) -> Result<Option<Zeroizing<Vec<u8>>>> {
        self.data.read(&self.path, MAX_IDENTITY, Trust::Private)
    }

    /// Replaces it by this text with this passphrase. Fails if another process has changed it since it was read.
    pub fn replace(&self, held: &Held, text: &str, passphrase: Option<&SecretString>) -> Result<Held> {
        let content = sealed::seal(text.as_bytes(), passphrase)?;
        let _lock = self.store.lock()?;
        self.replace_locked(held, text, passphrase, content)
    }

    /// The same. The caller must hold the lock.
    pub fn replace_with_the_lock(&self, held: &Held, text: &str, passphrase: Option<&SecretString>) -> Result<Held> {
        self.replace_locked(held, text, passphrase, sealed::seal(text.as_bytes(), passphrase)?)
    }

    fn replace_locked(
        &self,
        held: &Held,
        text: &str,
        passphrase: Option<&SecretString>,
        content: Zeroizing<Vec<u8>>,
    ) -> Result<Held> {
        if self.content()?.is_none_or(|now| now != held.content) {
            let message = format!("another process changed the identity `{}` in the meantime", tilde(&self.path));
            return Err(Error::new(message).hint("try again"));
        }
        self.store.clean();
        self.data.clean();
        self.data.write(&self.path, &content, true)?;
        Ok(Held { content, text: Zeroizing::new(text.to_owned()), passphrase: passphrase.cloned() })
    }

    /// Creates it. It is an error if there is one already. The caller must hold the lock.
    pub fn put(&self, content: &[u8]) -> Result<()> {
        self.data.clean();
        self.data.write(&self.path, content, false)
    }
}
