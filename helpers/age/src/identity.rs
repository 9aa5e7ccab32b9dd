//! Identity files: they decrypt the store, and decide for whom it is encrypted.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use modelforge_credential_files::{self as files, Own, Trust};
use modelforge_credential_protocol::{Error, Result};
use zeroize::Zeroizing;

use crate::held::Held;
use crate::key::{self, Keys, Opens};
use crate::{sealed, text};

/// Far more than any identity needs: an RSA key of 16,384 bits takes 13 KB.
pub const MAX_IDENTITY: usize = 1 << 16;

/// Identity files. Each is read when it is first needed, so if one decrypts the file, nobody is asked for the passphrase of the next.
pub struct Identities {
    files: Vec<(PathBuf, OnceCell<Loaded>)>,
    /// Our data directory, if the identity is our own.
    own: Option<Own>,
}

struct Loaded {
    held: Held,
    keys: Keys,
}

/// How an identity file is protected, as far as that can be seen without a person.
pub struct Protection {
    pub by: String,
    /// True if somebody has to enter a passphrase or touch a key each time.
    pub needs_a_person: bool,
    pub is_a_plugins: bool,
    /// True if a renewal is running, or was interrupted.
    pub is_being_replaced: bool,
}

/// No identity decrypts the file: it is encrypted for another one.
pub struct NoneOpens;

impl Identities {
    pub fn new(files: Vec<PathBuf>, own: Option<Own>) -> Self {
        Self { files: files.into_iter().map(|file| (file, OnceCell::new())).collect(), own }
    }

    /// The same files, to be read again.
    pub fn again(&self) -> Self {
        Self::new(self.files.iter().map(|(path, _)| path.clone()).collect(), self.own.clone())
    }

    /// The same files. `held` is the first one, so nobody is asked for its passphrase again.
    pub fn with_first(&self, held: Held) -> Result<Self> {
        let again = self.again();
        if let Some((path, loaded)) = again.files.first() {
            let keys = Keys::parse(held.text.as_bytes(), path)?;
            let _ = loaded.set(Loaded { held, keys });
        }
        Ok(again)
    }

    /// True if the files have not changed since they were read.
    pub fn are_as_read(&self) -> Result<bool> {
        for (path, loaded) in &self.files {
            if let Some(loaded) = loaded.get()
                && self.read(path)?.is_none_or(|now| now != loaded.held.content)
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The file that messages name.
    pub fn path(&self) -> String {
        self.files.first().map(|(path, _)| path.display().to_string()).unwrap_or_default()
    }

    /// How that file is protected. `None`: it does not exist.
    pub fn protection(&self) -> Result<Option<Protection>> {
        let Some((path, _)) = self.files.first() else { return Ok(None) };
        let Some(content) = self.read(path)? else { return Ok(None) };
        if sealed::is_sealed(&content) {
            return Ok(Some(Protection {
                by: "passphrase".to_owned(),
                needs_a_person: true,
                is_a_plugins: false,
                is_being_replaced: false,
            }));
        }
        let keys = Keys::parse(&content, path)?;
        Ok(Some(Protection {
            by: keys.protection(),
            needs_a_person: keys.need_a_person(),
            is_a_plugins: keys.are_a_plugins(),
            is_being_replaced: keys.are_being_replaced(),
        }))
    }

    /// Reads every identity now, and asks for passphrases.
    pub fn unlock(&self) -> Result<()> {
        self.files.iter().try_for_each(|file| self.keys(file)?.unlock())
    }

    /// Reads the first identity now. That is enough to decrypt anything that is encrypted for all of them.
    pub fn unlock_first(&self) -> Result<()> {
        self.files.iter().take(1).try_for_each(|file| self.keys(file)?.unlock())
    }

    /// The first identity. Nobody is asked twice for its passphrase.
    pub fn held(&self) -> Result<Option<&Held>> {
        self.files.first().map(|file| Ok(&self.loaded(file)?.held)).transpose()
    }

    /// The plain text of an age file, armored or not. If no identity decrypts it, the cause is [`NoneOpens`].
    pub fn decrypt(&self, content: &[u8], path: &Path) -> Result<Zeroizing<Vec<u8>>> {
        for file in &self.files {
            if let Some(text) = self.keys(file)?.decrypt(content, path)? {
                return Ok(text);
            }
        }
        let message = format!("`{}` is encrypted for another identity than `{}`", path.display(), self.path());
        let hint = format!("find the one that decrypts it: age -d -i IDENTITY {}", files::quoted(path));
        Err(Error::new(message).hint(hint).with_cause(NoneOpens))
    }

    /// Encrypts for every identity and for the additional `recipients`.
    pub fn encrypt(&self, text: &[u8], recipients: &[String]) -> Result<Vec<u8>> {
        let keys: Vec<&Keys> = self.files.iter().map(|file| self.keys(file)).collect::<Result<_>>()?;
        key::encrypt(text, keys.into_iter(), recipients)
    }

    /// Creates the identity that is used if none is named. The caller must hold the lock.
    pub fn create(&self, path: &Path) -> Result<()> {
        let Some(own) = &self.own else { return Ok(()) };
        own.clean();
        own.write(path, text::generate().as_bytes(), false)
    }

    /// All files, in the order in which they are tried.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|(path, _)| path.as_path())
    }

    fn keys<'a>(&self, file: &'a (PathBuf, OnceCell<Loaded>)) -> Result<&'a Keys> {
        Ok(&self.loaded(file)?.keys)
    }

    fn loaded<'a>(&self, (path, loaded): &'a (PathBuf, OnceCell<Loaded>)) -> Result<&'a Loaded> {
        if let Some(loaded) = loaded.get() {
            return Ok(loaded);
        }
        let missing = || Error::new(format!("there is no identity `{}`", files::tilde(path)));
        let content = self.read(path)?.ok_or_else(missing)?;
        let held = Held::of(content, path)?;
        let keys = Keys::parse(held.text.as_bytes(), path)?;
        Ok(loaded.get_or_init(|| Loaded { held, keys }))
    }

    fn read(&self, path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>> {
        match self.own.as_ref().filter(|own| path.starts_with(own.path())) {
            Some(own) => own.read(path, MAX_IDENTITY, Trust::Private),
            None => files::read(path, MAX_IDENTITY, Trust::Private),
        }
    }
}

impl Opens for Identities {
    fn open(&self, content: &[u8], file: &Path) -> Result<Option<Zeroizing<Vec<u8>>>> {
        match self.decrypt(content, file) {
            Err(problem) if problem.cause::<NoneOpens>().is_some() => Ok(None),
            opened => opened.map(Some),
        }
    }

    /// The public key of the first identity.
    fn public_key(&self) -> Result<Option<String>> {
        self.files.first().map_or(Ok(None), |file| Ok(self.keys(file)?.public()))
    }

    fn asks_a_plugin(&self) -> Result<bool> {
        self.files.iter().try_fold(false, |found, file| Ok(found || self.keys(file)?.are_a_plugins()))
    }
}
