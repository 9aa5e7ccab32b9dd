//! Keys: who can open the store, and for whom it is encrypted.
//!
//! SSH keys come with the `rsa` crate and its open advisory RUSTSEC-2023-0071 (Marvin): who can have many chosen texts
//! decrypted and time each precisely may recover the key. It is accepted here, knowingly. Only an `ssh-rsa` identity that
//! the user named reaches that code; it decrypts, with blinding, a file of the user's own folder, once per process, after
//! the header's tag has matched; nothing here answers a network or a second user. What is left is someone who can
//! write to a synced store and time this machine's processes. `ssh-ed25519` and age's own keys are not concerned at all.

use std::cell::OnceCell;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use age::armor::ArmoredReader;
use age::secrecy::ExposeSecret;
use age::{DecryptError, Decryptor, EncryptError, Encryptor, plugin, scrypt, ssh, x25519};
use modelforge_credential_files::{self as files, Own, Trust, tilde};
use modelforge_credential_protocol::{Error, MAX_RECORD, Result};
use time::format_description::well_known::Rfc3339;
use zeroize::Zeroizing;

use crate::ask::{self, Person};

/// Far above any identity: an RSA key of 16,384 bits takes 13 KB.
const MAX_IDENTITY: usize = 1 << 16;

/// The most work that a passphrase may cost, as in `age`: some seconds, and 4 GiB.
const MAX_WORK_FACTOR: u8 = 22;

/// Identity files, each read when it is first needed: who has a key that opens is not asked for the next one's passphrase.
pub struct Identities {
    files: Vec<(PathBuf, OnceCell<Vec<Key>>)>,
    /// Our folder, in which an identity of our own is.
    own: Option<Own>,
}

enum Key {
    Native(x25519::Identity),
    /// As in the file; decrypted once the passphrase is known.
    Ssh(ssh::Identity, OnceCell<ssh::Identity>),
    Plugin(plugin::Identity),
}

impl Identities {
    pub fn new(files: Vec<PathBuf>, own: Option<Own>) -> Self {
        Self { files: files.into_iter().map(|file| (file, OnceCell::new())).collect(), own }
    }

    /// The file that is named for all.
    pub fn path(&self) -> String {
        self.files.first().map(|(path, _)| path.display().to_string()).unwrap_or_default()
    }

    /// Reads every identity now, with the questions that it takes.
    pub fn unlock(&self) -> Result<()> {
        self.files.iter().try_for_each(|file| self.unlock_one(file))
    }

    /// Reads the first identity now: the one that a `get` of what is encrypted for all of them begins with, and ends with.
    pub fn unlock_first(&self) -> Result<()> {
        self.files.iter().take(1).try_for_each(|file| self.unlock_one(file))
    }

    /// The plain text of an age file, armored or not.
    pub fn decrypt(&self, content: &[u8], path: &Path) -> Result<Zeroizing<Vec<u8>>> {
        for file in &self.files {
            let mut opened = Vec::new();
            for key in self.keys(file)? {
                opened.push(key.open(&file.0)?);
            }
            let refused = match decrypt(content, opened.iter().map(AsRef::as_ref)) {
                Ok(text) => return Ok(text),
                Err(DecryptError::NoMatchingKeys) => continue,
                Err(refused) => refused,
            };
            return Err(match refused {
                DecryptError::Plugin(_) | DecryptError::PluginResolve(_) => {
                    Error::new(format!("the age plugin of `{}` did not open `{}`", tilde(&file.0), tilde(path)))
                }
                DecryptError::Io(error) if error.kind() == io::ErrorKind::ConnectionAborted => {
                    Error::new(format!("the age plugin of `{}` died", tilde(&file.0)))
                }
                _ => Error::new(format!("`{}` is damaged or not an age file", tilde(path))),
            });
        }
        let message =
            format!("`{}` is encrypted for another identity than `{}`", tilde(path), tilde(self.path().as_ref()));
        Err(Error::new(message).hint(format!("find the one that opens it: age -d -i IDENTITY {}", files::quoted(path))))
    }

    /// Encrypts for every identity and for the further `recipients`.
    pub fn encrypt(&self, text: &[u8], recipients: &[String]) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        for file in &self.files {
            for key in self.keys(file)? {
                all.push(key.recipient(&file.0)?);
            }
        }
        for (i, text) in recipients.iter().enumerate() {
            all.push(recipient(text, i + 1)?);
        }
        let encrypt = || -> std::result::Result<Vec<u8>, EncryptError> {
            let encryptor = Encryptor::with_recipients(all.iter().map(|recipient| recipient.as_ref() as _))?;
            let mut content = Vec::with_capacity(text.len() + 4096);
            let mut writer = encryptor.wrap_output(&mut content)?;
            io::Write::write_all(&mut writer, text)?;
            writer.finish()?;
            Ok(content)
        };
        encrypt().map_err(|error| {
            Error::new(match error {
                EncryptError::IncompatibleRecipients { .. } => "a recipient cannot be combined with the others",
                EncryptError::Plugin(_) | EncryptError::PluginResolve(_) => "an age plugin did not encrypt",
                _ => "the credential could not be encrypted",
            })
        })
    }

    /// Makes the identity that is used when none is named, as `age-keygen` writes it. Only with the lock.
    pub fn create(&self, path: &Path) -> Result<()> {
        let Some(own) = &self.own else { return Ok(()) };
        own.clean();
        own.write(path, new_identity().as_bytes(), false)
    }

    fn keys<'a>(&self, (path, keys): &'a (PathBuf, OnceCell<Vec<Key>>)) -> Result<&'a [Key]> {
        if keys.get().is_none() {
            let _ = keys.set(load(path, &self.content(path)?)?);
        }
        Ok(keys.get().map_or(&[], Vec::as_slice))
    }

    fn content(&self, path: &Path) -> Result<Zeroizing<Vec<u8>>> {
        let content = match self.own.as_ref().filter(|own| path.starts_with(own.path())) {
            Some(own) => own.read(path, MAX_IDENTITY, Trust::Private),
            None => files::read(path, MAX_IDENTITY, Trust::Private),
        };
        content?.ok_or_else(|| Error::new(format!("there is no identity `{}`", tilde(path))))
    }

    fn unlock_one(&self, file: &(PathBuf, OnceCell<Vec<Key>>)) -> Result<()> {
        self.keys(file)?.iter().try_for_each(|key| key.open(&file.0).map(drop))
    }
}

impl Key {
    fn open(&self, path: &Path) -> Result<Box<dyn age::Identity>> {
        Ok(match self {
            Self::Native(key) => Box::new(key.clone()),
            Self::Ssh(key, opened) => {
                if let (ssh::Identity::Encrypted(key), None) = (key, opened.get()) {
                    let wrong = |_| Error::new(format!("that is not the passphrase of the SSH key `{}`", tilde(path)));
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

/// The text of a new identity, as `age-keygen` writes it.
fn new_identity() -> Zeroizing<String> {
    let key = x25519::Identity::generate();
    let now = time::OffsetDateTime::now_utc().replace_nanosecond(0).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    let created = now.format(&Rfc3339).unwrap_or_default();
    let mut text = Zeroizing::new(String::with_capacity(512));
    for part in ["# created: ", &created, "\n# public key: ", &key.to_public().to_string(), "\n"] {
        text.push_str(part);
    }
    text.push_str(key.to_string().expose_secret());
    text.push('\n');
    text
}

fn load(path: &Path, content: &[u8]) -> Result<Vec<Key>> {
    if !content.starts_with(b"age-encryption.org/") && !content.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----") {
        return parse(content, path);
    }
    // Looked at before anybody is asked.
    match Decryptor::new_buffered(ArmoredReader::new(content)) {
        Ok(decryptor) if decryptor.is_scrypt() => {}
        _ => return Err(unusable(path)),
    }
    let mut key = scrypt::Identity::new(ask::passphrase("identity", path)?);
    key.set_max_work_factor(MAX_WORK_FACTOR);
    let text = decrypt(content, std::iter::once(&key as _)).map_err(|error| match error {
        DecryptError::ExcessiveWork { .. } => Error::new(format!("`{}` asks for too much work", tilde(path))),
        _ => Error::new(format!("that is not the passphrase of the identity `{}`", tilde(path))),
    })?;
    parse(&text, path)
}

fn parse(content: &[u8], path: &Path) -> Result<Vec<Key>> {
    if content.starts_with(b"-----BEGIN ") {
        return match ssh::Identity::from_buffer(content, None) {
            Ok(ssh::Identity::Unsupported(_)) | Err(_) => Err(unusable(path)),
            Ok(key) => Ok(vec![Key::Ssh(key, OnceCell::new())]),
        };
    }
    let lines = std::str::from_utf8(content).map_err(|_| unusable(path))?.lines().map(str::trim);
    let keys: Result<Vec<Key>> = lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let plugin = |_| line.parse().map(Key::Plugin);
            line.parse().map(Key::Native).or_else(plugin).map_err(|_| unusable(path))
        })
        .collect();
    keys.and_then(|keys| if keys.is_empty() { Err(unusable(path)) } else { Ok(keys) })
}

fn recipient(text: &str, number: usize) -> Result<Box<dyn age::Recipient>> {
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
    // Not quoted: it may be a secret key, given by mistake.
    Err(Error::new(format!("recipient {number} is neither an age nor an SSH public key"))
        .hint("--recipient age1…, or --recipient \"$(cat key.pub)\""))
}

fn decrypt<'a>(
    content: &[u8],
    keys: impl Iterator<Item = &'a dyn age::Identity>,
) -> std::result::Result<Zeroizing<Vec<u8>>, DecryptError> {
    let reader = Decryptor::new_buffered(ArmoredReader::new(content))?.decrypt(keys)?;
    // The plain text is shorter than the file, so this never grows and leaves a copy.
    let mut text = Zeroizing::new(Vec::with_capacity(content.len()));
    reader.take(2 * MAX_RECORD as u64).read_to_end(&mut text)?;
    Ok(text)
}

fn unusable(path: &Path) -> Error {
    Error::new(format!("`{}` holds no identity that age can use", tilde(path)))
        .hint("age-keygen -o identity.txt, or ssh-keygen -t ed25519")
}

fn missing(plugin: &str) -> Error {
    Error::new(format!("the age plugin `age-plugin-{plugin}` is not on PATH"))
}
