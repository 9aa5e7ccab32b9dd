//! The directory of encrypted credentials, one file each. The module `identity` encrypts and decrypts them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use modelforge_credential_files::{self as files, Own, Trust, kept, name, tilde};
use modelforge_credential_protocol::{Error, MAX_RECORD, Record, Result, Shell};
use zeroize::Zeroizing;

pub use listing::Listing;

mod listing;

/// Long enough for many stores at the same time, but shorter than the caller's time limit.
const PATIENCE: Duration = Duration::from_secs(5);

/// The longest path below the directory. On macOS, a whole path has at most 1,024 bytes. Checked here, before only half of it is created.
const LONGEST: usize = 900;

const SUFFIX: &str = ".age";

#[derive(Clone)]
pub struct Store {
    own: Own,
}

/// A credential's description and its file.
#[derive(Clone)]
pub struct Entry {
    pub description: Record,
    pub file: PathBuf,
}

impl Store {
    pub fn new(own: Own) -> Self {
        Self { own }
    }

    /// True if the directory exists. It is an error if other users can change it: they could have planted it.
    pub fn exists(&self) -> Result<bool> {
        self.own.exists()
    }

    /// Every credential that matches a description: see [`Listing::matching`].
    pub fn matching(&self, description: &Record) -> Result<Vec<Entry>> {
        Listing::of(self).matching(description)
    }

    /// Every credential that is synchronised. Backups of migrations belong to this user alone.
    pub fn all(&self) -> Result<Vec<Entry>> {
        let mut all = self.matching(&Record::new())?;
        all.retain(|entry| !entry.description.is_of_a_migration());
        Ok(all)
    }

    /// Creates the directory if necessary, and takes the lock.
    pub fn lock(&self) -> Result<File> {
        self.own.make_folder("".as_ref())?;
        self.exists()?;
        self.own.lock(kept::LOCK.as_ref(), PATIENCE)
    }

    /// Refuses to start with a new `identity` if an older one was lost: after the older one is restored, it could not decrypt what was
    /// stored with the new one. The caller must hold the lock.
    pub fn check_unused(&self, identity: &Path) -> Result<()> {
        let held = match self.matching(&Record::new())?.len() {
            0 => return Ok(()),
            1 => "1 credential is".to_owned(),
            many => format!("{many} credentials are"),
        };
        let message = format!("the identity `{}` is missing, and {held} encrypted for it", tilde(identity));
        let (from, to) = (files::quoted(self.own.path()), files::quoted(&self.own.path().with_extension("old")));
        Err(Error::new(message)
            .hint(format!("restore its copy, or start again: {}", Shell::of_the_person().rename(from, to))))
    }

    /// Waits until no other process changes the identity. This is a separate lock, because a renewal takes long and must let others store
    /// in the meantime.
    pub fn lock_the_identity(&self) -> Result<File> {
        self.own.make_folder("".as_ref())?;
        self.exists()?;
        self.own.lock(kept::RENEWAL_LOCK.as_ref(), PATIENCE)
    }

    /// True if a process is changing the identity.
    pub fn is_identity_locked(&self) -> bool {
        let lock = self.own.open(kept::RENEWAL_LOCK.as_ref(), File::options().read(true), Trust::Believed);
        lock.is_ok_and(|lock| lock.is_some_and(|lock| lock.try_lock().is_err()))
    }

    /// Writes the file of a credential that has a `username`. It does not, and returns false, if the file is encrypted for an identity that
    /// has been replaced: `is_current` tells.
    pub fn write(
        &self,
        credential: &Record,
        content: &[u8],
        is_current: impl FnOnce() -> Result<bool>,
    ) -> Result<bool> {
        let file = file_of(credential);
        if file.as_os_str().len() > LONGEST {
            return Err("the names of host, path and user are too long for a file".into());
        }
        let _lock = self.lock()?;
        if !is_current()? {
            return Ok(false);
        }
        self.own.clean();
        self.own.write(&file, content, true)?;
        Ok(true)
    }

    /// Replaces the content of a credential's file, but keeps the time at which it was stored. `again` converts the content; it returns
    /// `None` to leave the file as it is. Returns whether it was replaced.
    pub fn rewrite(&self, entry: &Entry, again: impl Fn(&[u8]) -> Result<Option<Vec<u8>>>) -> Result<bool> {
        loop {
            // Do this without the lock: a plugin may prompt a person, and others must be able to store in the meantime.
            let Some(old) = self.read(entry)? else { return Ok(false) };
            let Some(new) = again(&old)? else { return Ok(false) };
            let _lock = self.lock()?;
            if self.read(entry)?.is_some_and(|now| now == old) {
                return self.put(entry, &new, modified(entry)).map(|()| true);
            }
        }
    }

    /// The same. The caller must hold the lock.
    pub fn rewrite_with_the_lock(
        &self,
        entry: &Entry,
        again: impl Fn(&[u8]) -> Result<Option<Vec<u8>>>,
    ) -> Result<bool> {
        let Some(old) = self.read(entry)? else { return Ok(false) };
        let Some(new) = again(&old)? else { return Ok(false) };
        self.put(entry, &new, modified(entry)).map(|()| true)
    }

    /// Writes the file of a credential that was stored at this time. The caller must hold the lock.
    pub fn put(&self, entry: &Entry, content: &[u8], stored: Option<SystemTime>) -> Result<()> {
        self.own.write(&entry.file, content, true)?;
        let file = self.own.open(&entry.file, File::options().write(true), Trust::Believed)?;
        if let (Some(file), Some(stored)) = (file, stored) {
            let _ = file.set_modified(stored);
        }
        Ok(())
    }

    /// Removes the temporary files of killed processes. The caller must hold the lock.
    pub fn clean(&self) {
        self.own.clean();
    }

    /// Removes a credential, and the directories that are empty without it. The caller must hold the lock.
    pub fn remove(&self, entry: &Entry) -> Result<()> {
        self.own.remove(&entry.file)
    }

    /// The encrypted content. It may be armored, and so be a third larger than the record.
    pub fn read(&self, entry: &Entry) -> Result<Option<Zeroizing<Vec<u8>>>> {
        self.own.read(&entry.file, 2 * MAX_RECORD, Trust::Believed)
    }
}

impl Entry {
    /// When it was stored, in seconds since 1970.
    pub fn created(&self) -> Option<u64> {
        Some(modified(self)?.duration_since(UNIX_EPOCH).ok()?.as_secs())
    }
}

fn modified(entry: &Entry) -> Option<SystemTime> {
    fs::metadata(&entry.file).and_then(|metadata| metadata.modified()).ok()
}

/// The file of a description that names a `username`, relative to the folder.
fn file_of(description: &Record) -> PathBuf {
    let file: PathBuf = name::name(description).iter().collect();
    let mut file = file.into_os_string();
    file.push(SUFFIX);
    file.into()
}

/// The description for a file. `None`: this program did not create it.
fn described_by_path(file: &Path) -> Option<Record> {
    name::parse(file.to_str()?.strip_suffix(SUFFIX)?.split(std::path::MAIN_SEPARATOR))
}

/// The file of a description that has a `username`, in git's form of a path.
pub fn name_of(description: &Record) -> String {
    format!("{}{SUFFIX}", name::name(description).join("/"))
}

/// The description for a path in git's form. `None`: this program did not create it.
pub fn described_by(file: &str) -> Option<Record> {
    name::parse(file.strip_suffix(SUFFIX)?.split('/')).filter(|_| file.len() <= LONGEST)
}

#[cfg(test)]
mod tests;
