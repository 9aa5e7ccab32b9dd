//! What a member signs with.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use modelforge_credential_files::{self as files, Trust};
use modelforge_credential_protocol::{Error, Result};

use super::Team;
use super::git::text;
use super::keygen;
use crate::identity::Identities;
use crate::sealed;

/// The name of ours, which all stores share.
const FILE: &str = "signing-key";

/// Far above any key.
const MAX: usize = 1 << 16;

impl Team {
    /// The file of the key: the one that the user named, else the identity, if that is an SSH key, else one of our own.
    pub(super) fn signing_key(&self, identities: &Identities) -> Result<PathBuf> {
        if let Some(named) = &self.signing_key {
            return Ok(named.clone());
        }
        let path = PathBuf::from(identities.path());
        let content = files::read(&path, MAX, Trust::Private)?;
        let is_ssh = content.is_some_and(|content| content.starts_with(b"-----BEGIN ") && !sealed::is_sealed(&content));
        Ok(if is_ssh { path } else { self.data.path().join(FILE) })
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

    /// Makes a key of our own if one is needed. Only with the lock of the identity.
    pub(super) fn make_signing_key(&self, file: &Path) -> Result<()> {
        if file != self.data.path().join(FILE) || file.exists() {
            return Ok(());
        }
        self.data.make_folder("".as_ref())?;
        let workshop = tempfile::Builder::new()
            .prefix(".new-")
            .tempdir_in(self.data.path())
            .map_err(files::failed("make", file))?;
        let made = workshop.path().join(FILE);
        let words = ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f"].map(OsString::from);
        let words: Vec<OsString> = words.into_iter().chain([made.clone().into()]).collect();
        keygen::run(&words)?;
        let content = zeroize::Zeroizing::new(fs::read(&made).map_err(files::failed("read", &made))?);
        self.data.write(file, &content, false)
    }
}
