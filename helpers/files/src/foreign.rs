//! Files of other programs: read with care, and replaced as a whole or not at all.

mod spot;
mod whole;

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::time::Duration;
#[cfg(unix)]
use std::time::Instant;

#[cfg(unix)]
use modelforge_credential_protocol::Shell;
use modelforge_credential_protocol::{Error, Result};
use zeroize::Zeroizing;

#[cfg(not(unix))]
use crate::Own;
#[cfg(not(unix))]
use crate::open::is_nothing_there;
#[cfg(unix)]
use crate::quoted;
use crate::{failed, is_absent, tilde};
use spot::{Spot, is_behind_a_link};

pub use whole::{Left, is_whole, put_back, whole};

/// The largest file, in bytes: more than any file with keys needs.
const LIMIT: u64 = 4 << 20;

/// Long enough for several edits at the same time, but shorter than the caller's time limit.
const PATIENCE: Duration = Duration::from_secs(5);

/// A file that was read.
pub struct Opened {
    /// The path that was requested.
    pub path: PathBuf,
    /// Its real path.
    pub real: PathBuf,
    place: Spot,
    /// Holds the lock, if there is one on the file itself.
    file: File,
    /// The lock, if it is on another file.
    _lock: Option<File>,
    metadata: Metadata,
    content: Zeroizing<Vec<u8>>,
}

/// Opens and reads a file; `None` if it does not exist. With `within`, no link is followed below that directory, which may be anybody's.
///
/// # Errors
/// If it cannot be read, or is not safe to use.
pub fn open(path: &Path, within: Option<&Path>) -> Result<Option<Opened>> {
    open_with(path, within, |_| Ok(()))
}

/// The same, to replace the file. Only one process at a time can.
///
/// # Errors
/// As [`open`]; also if another process keeps it locked.
#[cfg(unix)]
pub fn open_locked(path: &Path, within: Option<&Path>) -> Result<Option<Opened>> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let opened = open_with(path, within, |file| lock(path, file))?;
        // The previous holder of the lock may have put another file in its place.
        match opened {
            Some(opened) if !opened.is_in_place() && Instant::now() < deadline => {}
            opened => return Ok(opened),
        }
    }
}

/// The same, to replace the file. Only one process at a time can. The file is opened after the lock is taken: an open file could not be
/// replaced.
///
/// # Errors
/// As [`open`]; also if another process keeps it locked.
#[cfg(not(unix))]
pub fn open_locked(path: &Path, within: Option<&Path>) -> Result<Option<Opened>> {
    if is_nothing_there(path) {
        return Ok(None);
    }
    let lock = lock()?;
    Ok(open(path, within)?.map(|opened| Opened { _lock: lock, ..opened }))
}

fn open_with(path: &Path, within: Option<&Path>, before: impl Fn(&File) -> Result<()>) -> Result<Option<Opened>> {
    let Some((place, real)) = spot::find(path, within)? else { return Ok(None) };
    let file = match place.folder.file(&place.name) {
        Err(problem) if is_absent(&problem) => return Ok(None),
        Err(_) if place.folder.has_link(&place.name) => return Err(is_behind_a_link(path)),
        file => file.map_err(failed("read", path))?,
    };
    check(path, &file.metadata().map_err(failed("read", path))?)?;
    before(&file)?;
    let metadata = file.metadata().map_err(failed("read", path))?;
    let content = read(path, &file)?;
    Ok(Some(Opened { path: path.to_owned(), real, place, file, _lock: None, metadata, content }))
}

/// Refuses a path that is not a regular file, or that another user has put there.
fn check(path: &Path, metadata: &Metadata) -> Result<()> {
    if !metadata.is_file() {
        return Err(format!("`{}` is not a file", tilde(path)).into());
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if ![rustix::process::geteuid().as_raw(), 0].contains(&metadata.uid()) {
            return Err(format!("`{}` belongs to another user", tilde(path)).into());
        }
    }
    if metadata.len() > LIMIT { Err(too_large(path)) } else { Ok(()) }
}

fn too_large(path: &Path) -> Error {
    format!("`{}` is larger than {} MiB", tilde(path), LIMIT >> 20).into()
}

fn read(path: &Path, mut file: &File) -> Result<Zeroizing<Vec<u8>>> {
    // Reserve space for the whole file, so that no reallocation leaves a copy in memory.
    let size = file.metadata().map_err(failed("read", path))?.len().min(LIMIT);
    let mut content = Zeroizing::new(Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 64));
    Read::by_ref(&mut file).take(LIMIT + 1).read_to_end(&mut content).map_err(failed("read", path))?;
    if content.len() as u64 > LIMIT { Err(too_large(path)) } else { Ok(content) }
}

/// Locks the file itself, so that nothing is left in another program's directory.
#[cfg(unix)]
fn lock(path: &Path, file: &File) -> Result<()> {
    match crate::wait(PATIENCE, || file.try_lock()) {
        Ok(true) => Ok(()),
        Ok(false) => {
            let seconds = PATIENCE.as_secs();
            Err(Error::new(format!("another process has locked `{}` for {seconds} seconds", tilde(path)))
                .hint(Shell::of_the_person().holders(quoted(path), crate::PROGRAM)))
        }
        // Some network file systems have no locks. A change of the file is still noticed.
        Err(problem) if problem.kind() == io::ErrorKind::Unsupported => Ok(()),
        Err(problem) => Err(failed("lock", path)(problem)),
    }
}

/// On this system, a lock would block every reader, also the program that the file belongs to. So one of our own files is locked.
#[cfg(not(unix))]
fn lock() -> Result<Option<File>> {
    // A unit test has no home of its own.
    let state = if cfg!(test) { Some(std::env::temp_dir()) } else { crate::state() };
    let Some(state) = state else { return Ok(None) };
    Own::new(state).lock("locks/plaintext".as_ref(), PATIENCE).map(Some)
}

/// Creates a file that only its owner can access. If it was created meanwhile, it stays. `within` as in [`open`]. Only one process may call
/// this at a time: it removes the temporary files of killed ones.
///
/// # Errors
/// If it cannot be created.
pub fn create(path: &Path, within: Option<&Path>, content: &[u8]) -> Result<()> {
    let place = spot::make(path, within)?;
    place.clean();
    let draft = place.draft(path, content)?;
    draft.sync(path)?;
    draft.put(path, false)
}

impl Opened {
    /// Its content.
    pub fn bytes(&self) -> &[u8] {
        &self.content
    }

    /// Its text.
    ///
    /// # Errors
    /// If it is not UTF-8.
    pub fn text(&self) -> Result<&str> {
        std::str::from_utf8(&self.content).map_err(|_| format!("`{}` is not UTF-8", tilde(&self.path)).into())
    }

    /// Replaces the file if it has not changed since it was read. A reader finds the complete old or the complete new file.
    ///
    /// # Errors
    /// If it has changed, has a second name (a hard link), or cannot be written.
    pub fn replace(self, content: &[u8]) -> Result<()> {
        #[cfg(unix)]
        if std::os::unix::fs::MetadataExt::nlink(&self.metadata) > 1 {
            let message = format!("`{}` has a second name (a hard link), where the key would stay", tilde(&self.path));
            return Err(Error::new(message).hint(format!("find ~ -samefile {}", quoted(&self.real))));
        }
        self.clean();
        let draft = self.place.draft(&self.path, content)?;
        self.make_alike(&draft.file).map_err(failed("write beside", &self.path))?;
        if !self.is_unchanged() {
            return Err(Error::new(format!("`{}` changed while it was being edited", tilde(&self.path)))
                .hint("run the same command again"));
        }
        draft.sync(&self.path)?;
        // Windows cannot replace an open file, even for the process that opened it.
        #[cfg(not(unix))]
        drop(self.file);
        draft.put(&self.path, true)
    }

    /// Removes the temporary files of killed processes. The caller must hold the lock, so nobody else is writing.
    pub fn clean(&self) {
        self.place.clean();
    }

    /// The owner comes first, because changing it resets some mode bits. If the user is not in the file's group, the group cannot be kept,
    /// and no other group gets its rights.
    #[cfg(unix)]
    fn make_alike(&self, file: &File) -> io::Result<()> {
        use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
        let made = file.metadata()?;
        let mut permissions = self.metadata.permissions();
        if (made.uid(), made.gid()) != (self.metadata.uid(), self.metadata.gid()) {
            match fchown(file, Some(self.metadata.uid()), Some(self.metadata.gid())) {
                Err(problem)
                    if problem.kind() == io::ErrorKind::PermissionDenied && made.uid() == self.metadata.uid() =>
                {
                    permissions.set_mode(permissions.mode() & !0o070);
                    return file.set_permissions(permissions);
                }
                changed => changed?,
            }
        }
        file.set_permissions(permissions)?;
        self.copy_access_list(file)
    }

    /// If there is an access list, the mode shows the most that it allows. Without the list, the file's group would get those rights.
    #[cfg(target_os = "linux")]
    fn copy_access_list(&self, file: &File) -> io::Result<()> {
        use rustix::fs::{XattrFlags, fgetxattr, fsetxattr};
        const NAME: &str = "system.posix_acl_access";
        let mut list = [0_u8; 4096];
        match fgetxattr(&self.file, NAME, &mut list[..]) {
            Ok(length) => Ok(fsetxattr(file, NAME, list.get(..length).unwrap_or_default(), XattrFlags::empty())?),
            Err(rustix::io::Errno::NODATA | rustix::io::Errno::NOTSUP) => Ok(()),
            Err(problem) => Err(problem.into()),
        }
    }

    #[cfg(all(unix, not(target_os = "linux")))]
    fn copy_access_list(&self, _: &File) -> io::Result<()> {
        Ok(())
    }

    #[cfg(not(unix))]
    fn make_alike(&self, _: &File) -> io::Result<()> {
        Ok(())
    }

    /// True if its name still leads to the file that was opened.
    fn is_in_place(&self) -> bool {
        let is_where_it_was = self.path == self.real || self.path.canonicalize().is_ok_and(|real| real == self.real);
        is_where_it_was && self.place.folder.has(&self.place.name, &self.file)
    }

    fn is_unchanged(&self) -> bool {
        let now = self.file.metadata().ok();
        let untouched = now.is_some_and(|now| {
            (now.len(), now.modified().ok()) == (self.metadata.len(), self.metadata.modified().ok())
        });
        // A clock may not change between two writes, so the content is compared. It is read through the same handle, because on some
        // systems a lock blocks all others.
        let again = || (&self.file).rewind().ok().and_then(|()| read(&self.path, &self.file).ok());
        untouched && self.is_in_place() && again().is_some_and(|again| again == self.content)
    }

    /// Who else can read it, for a message. Directories above it count, too.
    #[cfg(unix)]
    pub fn readers(&self) -> Option<String> {
        use std::os::unix::fs::MetadataExt;
        let mode = self.metadata.mode() & 0o7777;
        let open_to = |read: u32, enter: u32| {
            let mut folders = self.real.ancestors().skip(1);
            mode & read != 0 && folders.all(|folder| std::fs::metadata(folder).is_ok_and(|m| m.mode() & enter != 0))
        };
        if open_to(0o004, 0o001) {
            Some(format!("which any user of this machine can read (mode {mode:04o})"))
        } else if open_to(0o040, 0o011) {
            Some(format!("which its group can read (mode {mode:04o})"))
        } else {
            None
        }
    }

    /// Who else can read it: unknown on this system.
    #[cfg(not(unix))]
    pub fn readers(&self) -> Option<String> {
        None
    }
}

#[cfg(test)]
mod tests;
