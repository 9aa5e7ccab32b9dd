//! Files that belong to other programs: read with care, and replaced as a whole or not at all.

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

/// More than any file of keys needs.
const LIMIT: u64 = 4 << 20;

/// Longer than any number of edits that meet needs, shorter than the caller's patience.
const PATIENCE: Duration = Duration::from_secs(5);

/// A file as it was read.
pub struct Opened {
    /// Its name as it was looked for.
    pub path: PathBuf,
    /// Where it really is.
    pub real: PathBuf,
    place: Spot,
    /// It holds the lock, where one was taken and is on the file itself.
    file: File,
    /// The lock, where it is another file.
    _lock: Option<File>,
    metadata: Metadata,
    content: Zeroizing<Vec<u8>>,
}

/// Opens and reads a file; `None` where there is none. `within`: no link is followed below that folder, which may be anybody's.
///
/// # Errors
/// If it cannot be read, or is not to be trusted.
pub fn open(path: &Path, within: Option<&Path>) -> Result<Option<Opened>> {
    open_with(path, within, |_| Ok(()))
}

/// The same, to replace it: one at a time.
///
/// # Errors
/// As [`open`], and if another process keeps it locked.
#[cfg(unix)]
pub fn open_locked(path: &Path, within: Option<&Path>) -> Result<Option<Opened>> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let opened = open_with(path, within, |file| lock(path, file))?;
        // Who had the lock before may have put another file in its place.
        match opened {
            Some(opened) if !opened.is_in_place() && Instant::now() < deadline => {}
            opened => return Ok(opened),
        }
    }
}

/// The same, to replace it: one at a time. Who waits for the lock has not opened the file, which could not be replaced then.
///
/// # Errors
/// As [`open`], and if another process keeps it locked.
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

/// Refuses what is no file, or was put there by another user.
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
    // Room for the whole of it, so that no reallocation leaves a copy.
    let size = file.metadata().map_err(failed("read", path))?.len().min(LIMIT);
    let mut content = Zeroizing::new(Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 64));
    Read::by_ref(&mut file).take(LIMIT + 1).read_to_end(&mut content).map_err(failed("read", path))?;
    if content.len() as u64 > LIMIT { Err(too_large(path)) } else { Ok(content) }
}

/// The lock is on the file itself: nothing is left in a folder of another program.
#[cfg(unix)]
fn lock(path: &Path, file: &File) -> Result<()> {
    match crate::wait(PATIENCE, || file.try_lock()) {
        Ok(true) => Ok(()),
        Ok(false) => {
            let seconds = PATIENCE.as_secs();
            Err(Error::new(format!("another process has held `{}` for {seconds} seconds", tilde(path)))
                .hint(Shell::of_the_person().holders(quoted(path), crate::PROGRAM)))
        }
        // Some network file systems have no locks; that the file has changed is still noticed.
        Err(problem) if problem.kind() == io::ErrorKind::Unsupported => Ok(()),
        Err(problem) => Err(failed("lock", path)(problem)),
    }
}

/// Where a lock keeps everybody from reading, the program whose file it is included, one of our own files is locked.
#[cfg(not(unix))]
fn lock() -> Result<Option<File>> {
    // A unit test has no home of its own.
    let state = if cfg!(test) { Some(std::env::temp_dir()) } else { crate::state() };
    let Some(state) = state else { return Ok(None) };
    Own::new(state).lock("locks/plaintext".as_ref(), PATIENCE).map(Some)
}

/// Makes a file that is not there, for its owner alone. One that came meanwhile stays. `within` as in [`open`]. One process at a time: what
/// killed ones left beside it is removed.
///
/// # Errors
/// If it cannot be made.
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

    /// Puts new content in the file's place, if it still is what was read: a reader finds the old or the new one whole.
    ///
    /// # Errors
    /// If it changed meanwhile, has a second name, or cannot be written.
    pub fn replace(self, content: &[u8]) -> Result<()> {
        #[cfg(unix)]
        if std::os::unix::fs::MetadataExt::nlink(&self.metadata) > 1 {
            let message = format!("`{}` has a second name (a hard link) that would keep the key", tilde(&self.path));
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
        // Windows replaces no file that is open, not even by who opened it.
        #[cfg(not(unix))]
        drop(self.file);
        draft.put(&self.path, true)
    }

    /// Removes what killed processes left. Only with the lock: nobody else is writing then.
    pub fn clean(&self) {
        self.place.clean();
    }

    /// Owner first: changing it would take some of the mode away again. Where the group is one that the user is not in, it cannot be
    /// given again, and no other group gets what it was allowed.
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

    /// Where there is one, the mode says what the list allows at most: without the list, that would be the group's.
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
        // A clock can stand still between two writes. Through the same handle: elsewhere a lock keeps all others out.
        let again = || (&self.file).rewind().ok().and_then(|()| read(&self.path, &self.file).ok());
        untouched && self.is_in_place() && again().is_some_and(|again| again == self.content)
    }

    /// Who else can read it, for a message; folders count, too.
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

    /// Who else can read it: not known on this system.
    #[cfg(not(unix))]
    pub fn readers(&self) -> Option<String> {
        None
    }
}

#[cfg(test)]
mod tests;
