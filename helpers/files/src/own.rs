//! One of our directories, and the files in it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use modelforge_credential_protocol::Result;
use zeroize::Zeroizing;

use crate::error;
use crate::open::{self, Trust};
use crate::rules;
use crate::whole;

/// One of our directories. No link below it is followed. It may be a link itself, if the user created that. Paths are absolute and below
/// it, or relative to it.
#[derive(Debug, Clone)]
pub struct Own {
    root: PathBuf,
    /// The root, or a directory below it.
    folder: PathBuf,
}

impl Own {
    /// The directory `root`. It need not exist yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        Self { folder: root.clone(), root }
    }

    /// A directory inside it, which must not be a link.
    #[must_use]
    pub fn below(&self, name: &str) -> Self {
        Self { root: self.root.clone(), folder: self.folder.join(name) }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Checks the path to a file inside it, and returns the real path.
    ///
    /// # Errors
    /// If another user owns a part of the path or can write to it, or there is a link below this directory.
    pub fn check(&self, path: &Path) -> Result<PathBuf> {
        rules::check_below(&self.root, &self.folder.join(path))
    }

    /// True if this directory exists. Nobody else may access it.
    ///
    /// # Errors
    /// As [`check`](Self::check); also if others can read it.
    pub fn exists(&self) -> Result<bool> {
        if open::is_nothing_there(&self.folder) {
            return Ok(false);
        }
        let metadata = fs::metadata(self.check(&self.folder)?).map_err(error::failed("read", &self.folder))?;
        if !metadata.is_dir() {
            return Err(error::is_not_a_folder(&self.folder));
        }
        open::check_private(&self.folder, &metadata).map(|()| true)
    }

    /// Opens a file. `None`: it does not exist, and `options` does not create it.
    ///
    /// # Errors
    /// If it is not a regular file, or not safe enough for `trust`.
    pub fn open(&self, path: &Path, options: &OpenOptions, trust: Trust) -> Result<Option<File>> {
        let path = self.folder.join(path);
        open::open_checked(&path, &self.check(&path)?, options, trust, false)
    }

    /// Opens a file. If it is missing, creates it and its directories.
    ///
    /// # Errors
    /// As [`open`](Self::open); also if it cannot be created.
    pub fn open_or_make(&self, path: &Path, options: &mut OpenOptions) -> Result<File> {
        let path = self.folder.join(path);
        if let Some(file) = self.open(&path, options, Trust::Believed)? {
            return Ok(file);
        }
        self.make_folder(path.parent().unwrap_or(&path))?;
        let made = self.open(&path, options.create(true), Trust::Believed)?;
        made.ok_or_else(|| error::failed("make", &path)(io::ErrorKind::NotFound.into()))
    }

    /// The content of a file, of at most `limit` bytes. `None`: it does not exist.
    ///
    /// # Errors
    /// As [`open`](Self::open); also if it is larger.
    pub fn read(&self, path: &Path, limit: usize, trust: Trust) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let path = self.folder.join(path);
        if open::is_nothing_there(&path) {
            return Ok(None);
        }
        let file = self.open(&path, OpenOptions::new().read(true), trust)?;
        file.map(|file| open::content(&path, &file, limit)).transpose()
    }

    /// Creates a directory and those above it, only for their owner, so that they survive a power cut.
    ///
    /// # Errors
    /// If it would be in another user's directory, or where others can write.
    pub fn make_folder(&self, path: &Path) -> Result<()> {
        let path = self.folder.join(path);
        let real = self.check(&path)?;
        let missing: Vec<&Path> = real.ancestors().take_while(|place| open::is_nothing_there(place)).collect();
        #[cfg(unix)]
        if let (Some(first), false) = (missing.last().and_then(|first| first.parent()), missing.is_empty())
            && !is_for_this_user(first)
        {
            return Err(error::in_another_users_folder(&path));
        }
        for folder in missing.into_iter().rev() {
            make_one(folder).map_err(error::failed("make", folder))?;
            folder.parent().map_or(Ok(()), whole::sync_folder)?;
        }
        self.check(&path)?;
        if path.is_dir() { Ok(()) } else { Err(error::is_not_a_folder(&path)) }
    }

    /// Writes a file as a whole: a reader finds the old or the new content. Without `replace`, fails if it exists. The temporary file is in
    /// this directory.
    ///
    /// # Errors
    /// If it cannot be written. Then nothing is left.
    pub fn write(&self, path: &Path, content: &[u8], replace: bool) -> Result<()> {
        let path = self.folder.join(path);
        self.make_folder(path.parent().unwrap_or(&path))?;
        let (real, workshop) = (self.check(&path)?, self.check(&self.folder)?);
        whole::write(&real, &workshop, content, replace)
    }

    /// The same for a file in a directory that may have other people's files, such as a person's repository. The temporary file's name
    /// begins with that of the file, and what a killed process left is removed first. The caller must hold a lock on the file, so nobody
    /// else is writing it.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_beside_others(&self, path: &Path, content: &[u8]) -> Result<()> {
        let path = self.folder.join(path);
        self.make_folder(path.parent().unwrap_or(&path))?;
        whole::write_beside_others(&self.check(&path)?, content)
    }

    /// Removes the temporary files of killed processes. The caller must hold the lock, so no other file is being written.
    pub fn clean(&self) {
        if let Ok(workshop) = self.check(&self.folder) {
            whole::clean(&workshop);
        }
    }

    /// Removes a file, and the directories that are empty without it, up to this one. A file that is already gone is not an error.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn remove(&self, path: &Path) -> Result<()> {
        let path = self.folder.join(path);
        let (real, root) = (self.check(&path)?, self.check(&self.folder)?);
        match whole::patiently(|| fs::remove_file(&real)) {
            Err(problem) if !error::is_absent(&problem) => return Err(error::failed("erase", &path)(problem)),
            _ => {}
        }
        let mut folder = real.parent();
        while let Some(place) = folder.filter(|place| *place != root) {
            if fs::remove_dir(place).is_err() {
                return whole::sync_folder(place);
            }
            folder = place.parent();
        }
        whole::sync_folder(&root)
    }

    /// Waits for the lock on a file, which is created if it is missing. The lock ends when the file is closed, however the process ends.
    ///
    /// # Errors
    /// If another process still holds it after `patience`.
    pub fn lock(&self, path: &Path, patience: Duration) -> Result<File> {
        let path = self.folder.join(path);
        let file = self.open_or_make(&path, OpenOptions::new().read(true).write(true))?;
        match wait(patience, || file.try_lock()).map_err(error::failed("lock", &path))? {
            true => Ok(file),
            false => Err(error::is_locked(&path, patience.as_secs())),
        }
    }
}

/// Tries to lock until it succeeds or `patience` is over. Returns whether it succeeded.
///
/// # Errors
/// If the file system has no locks.
pub fn wait(patience: Duration, lock: impl Fn() -> std::result::Result<(), TryLockError>) -> io::Result<bool> {
    let start = Instant::now();
    let mut pause = Duration::from_micros(50);
    loop {
        match lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::Error(problem)) => return Err(problem),
            Err(TryLockError::WouldBlock) if start.elapsed() > patience => return Ok(false),
            Err(TryLockError::WouldBlock) => std::thread::sleep(pause),
        }
        pause = (pause * 2).min(Duration::from_millis(5));
    }
}

/// Only root should add files to root's directories, even if this user could.
#[cfg(unix)]
fn is_for_this_user(folder: &Path) -> bool {
    let owner = folder.metadata().map(|metadata| std::os::unix::fs::MetadataExt::uid(&metadata));
    owner.is_ok_and(|owner| owner == crate::rules::user() || owner == 0)
}

/// Another process may create it at the same time.
fn make_one(folder: &Path) -> io::Result<()> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(folder) {
        Err(problem) if problem.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        // If a file is on the path, Windows only says that there is no such directory.
        Err(_) if folder.parent().is_some_and(Path::is_file) => Err(io::ErrorKind::NotADirectory.into()),
        // A disk without access lists cannot make anything private.
        #[cfg(windows)]
        Ok(()) => Ok(crate::access::make_private(folder).unwrap_or_default()),
        made => made,
    }
}
