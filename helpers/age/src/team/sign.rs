//! The keys that a member signs with.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use modelforge_credential_files::kept::SIGNING_KEY;
use modelforge_credential_files::{self as files, Trust};
use modelforge_credential_protocol::{Error, Result};

use super::Team;
use super::git::text;
use super::keygen;
use super::members::{Keys, Members};
use crate::identity::Identities;
use crate::key::Opens;
use crate::sealed;

/// Far more than any key needs, in bytes.
const MAX: usize = 1 << 16;

impl Team {
    /// The file of the key: the one that the user named, otherwise the identity if that is an SSH key, otherwise our own.
    pub(super) fn signing_key(&self, identities: &Identities) -> Result<PathBuf> {
        if let Some(named) = &self.signing_key {
            return Ok(named.clone());
        }
        let path = PathBuf::from(identities.path());
        Ok(if is_of_ssh(&path)? { path } else { self.data.path().join(SIGNING_KEY) })
    }

    /// The public key of the file, without its comment.
    pub(super) fn public_signing_key(&self, file: &Path) -> Result<String> {
        let mut public = file.as_os_str().to_owned();
        if file.extension().is_none_or(|end| end != "pub") {
            public.push(".pub");
        }
        let said = match files::read(Path::new(&public), MAX, Trust::Believed)? {
            Some(content) => text(&content),
            None => text(&keygen::run(&["-y".into(), "-f".into(), file.into()])?),
        };
        let mut words = said.split_whitespace();
        match (words.next(), words.next()) {
            (Some(kind), Some(key)) => Ok(format!("{kind} {key}")),
            _ => Err(Error::new(format!("`{}` is not the public key of SSH", files::tilde(Path::new(&public))))),
        }
    }

    /// The files of all keys that this user may sign with. The one for new lists of members comes first. A user who replaces an SSH key
    /// signs with the old one until the others know the new one.
    fn signing_keys(&self, identities: &Identities) -> Result<Vec<PathBuf>> {
        let mut all = vec![self.signing_key(identities)?];
        if self.signing_key.is_some() {
            return Ok(all);
        }
        let own = self.data.path().join(SIGNING_KEY);
        for path in identities.paths().map(Path::to_owned).chain(own.exists().then_some(own)) {
            if !all.contains(&path) && is_of_ssh(&path)? {
                all.push(path);
            }
        }
        Ok(all)
    }

    /// This user's name among these members, and the key that they sign with.
    pub(super) fn signer(&self, identities: &Identities, members: &Members) -> Result<Option<(String, PathBuf)>> {
        for (at, file) in self.signing_keys(identities)?.into_iter().enumerate() {
            let public = match self.public_signing_key(&file) {
                Err(problem) if at == 0 => return Err(problem),
                public => public.ok(),
            };
            if let Some(name) = public.and_then(|public| members.of_signer(&public)) {
                return Ok(Some((name.to_owned(), file)));
            }
        }
        Ok(None)
    }

    pub(super) fn name_among(&self, identities: &Identities, members: &Members) -> Result<Option<String>> {
        Ok(self.signer(identities, members)?.map(|(name, _)| name))
    }

    /// This user's reading key and signing key, as another member adds them. The caller must hold the lock of the identity.
    pub(super) fn keys(&self, identities: &Identities) -> Result<Keys> {
        identities.unlock_first()?;
        let recipient = identities.public_key()?.ok_or_else(Self::no_public_key)?;
        let file = self.signing_key(identities)?;
        self.make_signing_key(&file)?;
        let mut words = recipient.split_whitespace();
        let recipient = match (words.next(), words.next()) {
            (Some(kind), Some(key)) => format!("{kind} {key}"),
            _ => recipient.clone(),
        };
        Ok(Keys { recipient, signer: self.public_signing_key(&file)? })
    }

    pub(super) fn no_public_key() -> Error {
        Error::new("the public key of an age plugin's identity is unknown here")
            .hint("another member adds you by it: modelforge-credential members add NAME age1… ssh-ed25519 …")
    }

    /// Creates our own key if one is needed. The caller must hold the lock of the identity.
    pub(super) fn make_signing_key(&self, file: &Path) -> Result<()> {
        if file != self.data.path().join(SIGNING_KEY) || file.exists() {
            return Ok(());
        }
        self.data.make_folder("".as_ref())?;
        // Removes an unprotected key that a killed process left here.
        self.data.clean();
        let workshop = tempfile::Builder::new()
            .prefix(".new-")
            .tempdir_in(self.data.path())
            .map_err(files::failed("make", file))?;
        let made = workshop.path().join(SIGNING_KEY);
        let words = ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f"].map(OsString::from);
        let words: Vec<OsString> = words.into_iter().chain([made.clone().into()]).collect();
        keygen::run(&words)?;
        let content = zeroize::Zeroizing::new(fs::read(&made).map_err(files::failed("read", &made))?);
        self.data.write(file, &content, false)
    }
}

/// True if an identity file is an SSH key.
fn is_of_ssh(path: &Path) -> Result<bool> {
    let content = files::read(path, MAX, Trust::Private)?;
    Ok(content.is_some_and(|content| content.starts_with(b"-----BEGIN ") && !sealed::is_sealed(&content)))
}
