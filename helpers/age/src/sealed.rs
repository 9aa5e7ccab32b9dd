//! Identities with a passphrase: age files that the passphrase decrypts, as `age -p` makes them.

use std::path::Path;

use age::armor::{ArmoredReader, Format};
use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, scrypt};
use modelforge_credential_files::tilde;
use modelforge_credential_protocol::{Error, Result};
use zeroize::Zeroizing;

use crate::key::unusable;
use crate::{ask, cipher};

/// The most work that a passphrase may need, as in `age`: some seconds, and 4 GiB.
const MAX_WORK_FACTOR: u8 = 22;

/// The work that our passphrases need: 128 MiB and less than half a second, for every `get`. OWASP recommends this much.
const WORK_FACTOR: u8 = 17;

/// The text of an identity, and its passphrase if it has one.
pub struct Opened {
    pub text: Zeroizing<Vec<u8>>,
    pub passphrase: Option<SecretString>,
}

/// True if it has a passphrase.
pub fn is_sealed(content: &[u8]) -> bool {
    content.starts_with(b"age-encryption.org/") || content.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----")
}

/// Asks for the passphrase if it has one.
pub fn open(content: &[u8], path: &Path) -> Result<Opened> {
    if !is_sealed(content) {
        return Ok(Opened { text: Zeroizing::new(content.to_vec()), passphrase: None });
    }
    // Check the file before anybody is asked.
    match Decryptor::new_buffered(ArmoredReader::new(content)) {
        Ok(decryptor) if decryptor.is_scrypt() => {}
        _ => return Err(unusable(path)),
    }
    let passphrase = ask::passphrase("identity", path)?;
    let mut key = scrypt::Identity::new(passphrase.clone());
    key.set_max_work_factor(MAX_WORK_FACTOR);
    let text = cipher::decrypt(content, std::iter::once(&key as _)).map_err(|error| match error {
        DecryptError::ExcessiveWork { .. } => Error::new(format!("decrypting `{}` takes too much work", tilde(path))),
        _ => Error::new(format!("wrong passphrase for the identity `{}`", tilde(path))),
    })?;
    Ok(Opened { text, passphrase: Some(passphrase) })
}

/// An identity as it is written: encrypted if there is a passphrase, and armored, so that it can be printed and mailed.
pub fn seal(text: &[u8], passphrase: Option<&SecretString>) -> Result<Zeroizing<Vec<u8>>> {
    let Some(passphrase) = passphrase else { return Ok(Zeroizing::new(text.to_vec())) };
    let mut recipient = scrypt::Recipient::new(passphrase.clone());
    recipient.set_work_factor(WORK_FACTOR);
    let sealed = cipher::encrypt(text, &[Box::new(recipient)], Format::AsciiArmor);
    sealed.map(Zeroizing::new).map_err(|_| "the identity could not be encrypted".into())
}
