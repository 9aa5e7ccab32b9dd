//! The keys of an identity file. Each decrypts what is encrypted for it.
//!
//! SSH keys need the `rsa` crate with its open advisory RUSTSEC-2023-0071 (Marvin): an attacker who can have many chosen texts decrypted,
//! and time each precisely, may recover the key. We accept this. Only an `ssh-rsa` identity that the user named reaches that code. It
//! decrypts, with blinding, a file of the user's own store, once per process, after the tag in the header has matched. Nothing here answers
//! a network or another user. What is left is an attacker who can write to a synchronised store and time the processes of this machine.
//! `ssh-ed25519` and age's own keys are not affected.

use std::cell::OnceCell;
use std::io;
use std::path::{Path, PathBuf};

use age::armor::Format;
use age::{DecryptError, EncryptError, plugin, ssh, x25519};
use modelforge_credential_files::tilde;
use modelforge_credential_protocol::{Error, Result};
use zeroize::Zeroizing;

use crate::ask::{self, Person};
use crate::{cipher, text};

/// The file is not an encrypted file, or was changed.
pub struct Damaged;

/// Decrypts files.
pub trait Opens {
    /// The plain text of the age file `file`, armored or not. `None`: it is encrypted for others.
    fn open(&self, content: &[u8], file: &Path) -> Result<Option<Zeroizing<Vec<u8>>>>;
    fn public_key(&self) -> Result<Option<String>>;
    /// True if decrypting may ask a plugin: its device may need a touch each time.
    fn asks_a_plugin(&self) -> Result<bool>;
}

/// The keys of one identity file.
pub struct Keys {
    path: PathBuf,
    /// The keys to encrypt for. They also decrypt.
    current: Vec<Key>,
    /// The keys that a renewal is replacing. They only decrypt.
    old: Vec<Key>,
}

enum Key {
    Native(x25519::Identity),
    /// The key as in the file, and decrypted once the passphrase is known.
    Ssh(ssh::Identity, OnceCell<ssh::Identity>),
    Plugin(plugin::Identity),
}

impl Keys {
    /// The keys in the text of an identity file; `path` is its name in messages.
    pub fn parse(content: &[u8], path: &Path) -> Result<Self> {
        if content.starts_with(b"-----BEGIN ") {
            return match ssh::Identity::from_buffer(content, None) {
                Ok(ssh::Identity::Unsupported(_)) | Err(_) => Err(unusable(path)),
                Ok(key) => {
                    let current = vec![Key::Ssh(key, OnceCell::new())];
                    Ok(Self { path: path.to_owned(), current, old: Vec::new() })
                }
            };
        }
        let text = std::str::from_utf8(content).map_err(|_| unusable(path))?;
        let (current, old) = text::split(text.trim_start_matches(text::MARK));
        let parsed = |part: &str| -> Result<Vec<Key>> {
            let parsed = |line: &str| {
                let plugin = |_| line.parse().map(Key::Plugin);
                line.parse().map(Key::Native).or_else(plugin).map_err(|_| unusable(path))
            };
            text::keys(part).map(parsed).collect()
        };
        let keys = Self { path: path.to_owned(), current: parsed(current)?, old: parsed(old)? };
        if keys.current.is_empty() { Err(unusable(path)) } else { Ok(keys) }
    }

    /// See [`Opens::open`].
    pub fn decrypt(&self, content: &[u8], file: &Path) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let opened: Vec<_> = self.all().map(|key| key.open(&self.path)).collect::<Result<_>>()?;
        match cipher::decrypt(content, opened.iter().map(AsRef::as_ref)) {
            Ok(text) => Ok(Some(text)),
            Err(DecryptError::NoMatchingKeys) => Ok(None),
            Err(refused) => Err(self.refused(&refused, file)),
        }
    }

    fn refused(&self, refused: &DecryptError, file: &Path) -> Error {
        let (identity, file) = (self.path.display(), file.display());
        // If a plugin failed, the file may be fine.
        let is_the_files = !self.are_a_plugins();
        let problem = Error::new(match refused {
            DecryptError::Plugin(_) | DecryptError::PluginResolve(_) => {
                format!("the age plugin of `{identity}` did not decrypt `{file}`")
            }
            DecryptError::Io(error) if error.kind() == io::ErrorKind::ConnectionAborted => {
                format!("the age plugin of `{identity}` ended before it answered")
            }
            _ => format!("`{file}` is damaged or not an age file"),
        });
        if is_the_files { problem.with_cause(Damaged) } else { problem }
    }

    /// Asks for the passphrases of its keys.
    pub fn unlock(&self) -> Result<()> {
        self.all().try_for_each(|key| key.open(&self.path).map(drop))
    }

    /// The public keys to encrypt for.
    fn recipients(&self) -> Result<Vec<Box<dyn age::Recipient>>> {
        self.current.iter().map(|key| key.recipient(&self.path)).collect()
    }

    /// The first public key, in the form that people pass on. A plugin does not tell its own.
    pub fn public(&self) -> Option<String> {
        self.current.iter().find_map(|key| match key {
            Key::Native(key) => Some(key.to_public().to_string()),
            Key::Ssh(key, _) => ssh::Recipient::try_from(key.clone()).ok().map(|key| key.to_string()),
            Key::Plugin(_) => None,
        })
    }

    /// How its keys are protected, not counting a passphrase of the whole file.
    pub fn protection(&self) -> String {
        match self.current.first() {
            Some(Key::Ssh(ssh::Identity::Encrypted(_), _)) => "SSH key with a passphrase".to_owned(),
            Some(Key::Ssh(..)) => "SSH key".to_owned(),
            Some(Key::Plugin(key)) => format!("plugin {}", key.plugin()),
            Some(Key::Native(_)) | None => "unprotected".to_owned(),
        }
    }

    /// True if one of its keys belongs to a plugin: a device may need a touch each time.
    pub fn are_a_plugins(&self) -> bool {
        self.all().any(|key| matches!(key, Key::Plugin(_)))
    }

    /// True if somebody has to enter a passphrase or touch a key.
    pub fn need_a_person(&self) -> bool {
        let is_protected = |key: &Key| matches!(key, Key::Ssh(ssh::Identity::Encrypted(_), _));
        self.are_a_plugins() || self.all().any(is_protected)
    }

    /// True if a renewal has begun and is not finished.
    pub fn are_being_replaced(&self) -> bool {
        !self.old.is_empty()
    }

    fn all(&self) -> impl Iterator<Item = &Key> {
        self.current.iter().chain(&self.old)
    }
}

impl Opens for Keys {
    fn open(&self, content: &[u8], file: &Path) -> Result<Option<Zeroizing<Vec<u8>>>> {
        self.decrypt(content, file)
    }

    fn public_key(&self) -> Result<Option<String>> {
        Ok(self.public())
    }

    fn asks_a_plugin(&self) -> Result<bool> {
        Ok(self.are_a_plugins())
    }
}

impl Key {
    fn open(&self, path: &Path) -> Result<Box<dyn age::Identity>> {
        Ok(match self {
            Self::Native(key) => Box::new(key.clone()),
            Self::Ssh(key, opened) => {
                if let (ssh::Identity::Encrypted(key), None) = (key, opened.get()) {
                    let wrong = |_| Error::new(format!("wrong passphrase for the SSH key `{}`", path.display()));
                    let key = key.decrypt(ask::passphrase("SSH key", path)?).map_err(wrong)?;
                    let _ = opened.set(key.into());
                }
                Box::new(opened.get().unwrap_or(key).clone())
            }
            Self::Plugin(key) => {
                ask::check_plugin(key.plugin())?;
                let opened = plugin::IdentityPluginV1::new(key.plugin(), std::slice::from_ref(key), Person);
                Box::new(opened.map_err(|_| missing(key.plugin()))?)
            }
        })
    }

    fn recipient(&self, path: &Path) -> Result<Box<dyn age::Recipient>> {
        Ok(match self {
            Self::Native(key) => Box::new(key.to_public()),
            Self::Ssh(key, _) => Box::new(ssh::Recipient::try_from(key.clone()).map_err(|_| unusable(path))?),
            Self::Plugin(key) => {
                ask::check_plugin(key.plugin())?;
                let recipient = plugin::RecipientPluginV1::new(key.plugin(), &[], std::slice::from_ref(key), Person);
                Box::new(recipient.map_err(|_| missing(key.plugin()))?)
            }
        })
    }
}

/// Encrypts for the current keys of all these, and for the additional `recipients`.
pub fn encrypt<'a>(text: &[u8], keys: impl Iterator<Item = &'a Keys>, recipients: &[String]) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    for keys in keys {
        all.extend(keys.recipients()?);
    }
    for (i, text) in recipients.iter().enumerate() {
        all.push(recipient(text, i + 1)?);
    }
    cipher::encrypt(text, &all, Format::Binary).map_err(|error| {
        Error::new(match error {
            EncryptError::IncompatibleRecipients { .. } => "a recipient cannot be combined with the others",
            EncryptError::Plugin(_) | EncryptError::PluginResolve(_) => "an age plugin did not encrypt",
            _ => "the credential could not be encrypted",
        })
    })
}

pub fn recipient(text: &str, number: usize) -> Result<Box<dyn age::Recipient>> {
    if let Ok(key) = text.parse::<x25519::Recipient>() {
        return Ok(Box::new(key));
    }
    if let Ok(key) = text.parse::<age::tag::Recipient>() {
        return Ok(Box::new(key));
    }
    if let Ok(key) = text.parse::<age::tagpq::Recipient>() {
        return Ok(Box::new(key));
    }
    if let Ok(key) = text.parse::<ssh::Recipient>() {
        return Ok(Box::new(key));
    }
    if let Ok(key) = text.parse::<plugin::Recipient>() {
        ask::check_plugin(key.plugin())?;
        let recipient = plugin::RecipientPluginV1::new(key.plugin(), std::slice::from_ref(&key), &[], Person);
        return Ok(Box::new(recipient.map_err(|_| missing(key.plugin()))?));
    }
    // Do not quote it: it may be a secret key, given by mistake.
    Err(Error::new(format!("recipient {number} is neither an age nor an SSH public key"))
        .hint("--recipient age1…, or --recipient \"$(cat key.pub)\""))
}

pub fn unusable(path: &Path) -> Error {
    Error::new(format!("`{}` has no identity that age can use", tilde(path)))
        .hint("age-keygen -o identity.txt, or ssh-keygen -t ed25519")
}

fn missing(plugin: &str) -> Error {
    Error::new(format!("the age plugin `age-plugin-{plugin}` is not on PATH"))
        .with_cause(ask::Plugin::Missing(plugin.to_owned()))
}
