//! Files that belong to other programs: read with care, and replaced as a whole or not at all.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use modelforge_credential_protocol::{Error, Result};
use zeroize::Zeroizing;

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
    /// It holds the lock, where one was taken.
    file: File,
    metadata: Metadata,
    content: Zeroizing<Vec<u8>>,
}

/// Opens and reads a file; `None` where there is none. `within`: it must really lie in that folder, wherever links lead.
pub fn open(path: &Path, within: Option<&Path>) -> Result<Option<Opened>> {
    open_with(path, within, |_| Ok(()))
}

/// The same, for who is going to replace it: one at a time.
pub fn open_locked(path: &Path, within: Option<&Path>) -> Result<Option<Opened>> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let opened = open_with(path, within, |file| lock(path, file, deadline))?;
        // Whoever had the lock before may have put another file in its place.
        match opened {
            Some(opened) if !opened.is_in_place() && Instant::now() < deadline => {}
            opened => return Ok(opened),
        }
    }
}

fn open_with(path: &Path, within: Option<&Path>, before: impl Fn(&File) -> Result<()>) -> Result<Option<Opened>> {
    let real = match path.canonicalize() {
        Err(problem) if is_absent(&problem) => return Ok(None),
        real => real.map_err(failed("read", path))?,
    };
    refuse_if_outside(path, &real, within)?;
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        // A FIFO in the place of the file must not make us wait for who writes to it. The links were followed already.
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW;
        options.custom_flags(flags.bits().cast_signed());
    }
    let file = match options.open(&real) {
        Err(problem) if is_absent(&problem) => return Ok(None),
        file => file.map_err(failed("read", path))?,
    };
    check(path, &file.metadata().map_err(failed("read", path))?)?;
    before(&file)?;
    let metadata = file.metadata().map_err(failed("read", path))?;
    let content = read(path, &file)?;
    Ok(Some(Opened { path: path.to_owned(), real, file, metadata, content }))
}

fn refuse_if_outside(path: &Path, real: &Path, within: Option<&Path>) -> Result<()> {
    let Some(folder) = within else { return Ok(()) };
    let folder = folder.canonicalize().map_err(failed("read", folder))?;
    if real.starts_with(&folder) {
        return Ok(());
    }
    Err(format!("`{}` is a link that leads out of its folder", tilde(path)).into())
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
    format!("`{}` is larger than {LIMIT} bytes", tilde(path)).into()
}

fn read(path: &Path, mut file: &File) -> Result<Zeroizing<Vec<u8>>> {
    // Room for the whole of it, so that no reallocation leaves a copy.
    let size = file.metadata().map_err(failed("read", path))?.len().min(LIMIT);
    let mut content = Zeroizing::new(Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 64));
    Read::by_ref(&mut file).take(LIMIT + 1).read_to_end(&mut content).map_err(failed("read", path))?;
    if content.len() as u64 > LIMIT { Err(too_large(path)) } else { Ok(content) }
}

/// The lock is on the file itself: nothing is left in a folder of another program.
fn lock(path: &Path, file: &File, deadline: Instant) -> Result<()> {
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            // Some network file systems have no locks; that the file has changed is still noticed.
            Err(TryLockError::Error(problem)) if problem.kind() == io::ErrorKind::Unsupported => return Ok(()),
            Err(TryLockError::Error(problem)) => return Err(failed("lock", path)(problem)),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(TryLockError::WouldBlock) => {
                let seconds = PATIENCE.as_secs();
                return Err(format!("another process has held `{}` for {seconds} seconds", tilde(path)).into());
            }
        }
    }
}

/// Makes a file that is not there, for its owner alone. One that came meanwhile stays. `within` as in [`open`].
pub fn create(path: &Path, within: Option<&Path>, content: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(failed("make the folder of", path))?;
    let real = folder.canonicalize().map_err(failed("read", folder))?;
    refuse_if_outside(path, &real, within)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed("write", path))?;
    file.write_all(content).and_then(|()| file.as_file().sync_all()).map_err(failed("write", path))?;
    file.persist_noclobber(path).map_err(|problem| failed("write", path)(problem.error))?;
    sync(folder).map_err(failed("sync the folder of", path))
}

/// Makes what was renamed into a folder last, where that is a matter of its own.
fn sync(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

impl Opened {
    /// What is in it.
    pub fn bytes(&self) -> &[u8] {
        &self.content
    }

    /// Its text.
    pub fn text(&self) -> Result<&str> {
        std::str::from_utf8(&self.content).map_err(|_| format!("`{}` is not UTF-8", tilde(&self.path)).into())
    }

    /// Puts new content in the file's place, if it still is what was read: whoever looks finds the old or the new one whole.
    pub fn replace(&self, content: &[u8]) -> Result<()> {
        #[cfg(unix)]
        if std::os::unix::fs::MetadataExt::nlink(&self.metadata) > 1 {
            let message = format!("`{}` has a second name (a hard link) that would keep the key", tilde(&self.path));
            return Err(Error::new(message).hint(format!("find ~ -samefile {}", quoted(&self.real))));
        }
        let folder = self.real.parent().unwrap_or(&self.real);
        self.clean();
        let mut file = tempfile::Builder::new()
            .prefix(&self.temporary())
            .tempfile_in(folder)
            .map_err(failed("write beside", &self.path))?;
        let mut attempt = || -> io::Result<()> {
            file.write_all(content)?;
            self.make_alike(file.as_file())?;
            file.as_file().sync_all()
        };
        attempt().map_err(failed("write beside", &self.path))?;
        if !self.is_unchanged() {
            return Err(Error::new(format!("`{}` changed while it was being edited", tilde(&self.path)))
                .hint("run the same command again"));
        }
        file.persist(&self.real).map_err(|problem| failed("replace", &self.path)(problem.error))?;
        sync(folder).map_err(failed("sync the folder of", &self.path))
    }

    /// How temporary files beside it begin. They hold keys: what a killed process left is removed by the next one.
    fn temporary(&self) -> String {
        let name = self.real.file_name().unwrap_or_default().to_string_lossy();
        format!(".{name}.modelforge-credential-")
    }

    /// Removes what killed processes left. Only for who holds the lock: nobody else is writing then.
    pub fn clean(&self) {
        let temporary = self.temporary();
        let folder = self.real.parent().and_then(|folder| fs::read_dir(folder).ok());
        for entry in folder.into_iter().flatten().flatten() {
            let left = entry.file_name().to_string_lossy().starts_with(&temporary);
            if left && entry.file_type().is_ok_and(|kind| kind.is_file()) {
                let _ = fs::remove_file(entry.path());
            }
        }
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

    /// Whether its name still leads to the file that was opened.
    fn is_in_place(&self) -> bool {
        let real = self.path.canonicalize().ok().filter(|real| *real == self.real);
        real.and_then(|real| fs::symlink_metadata(real).ok()).is_some_and(|now| self.is_same(&now))
    }

    #[cfg(unix)]
    fn is_same(&self, now: &Metadata) -> bool {
        use std::os::unix::fs::MetadataExt;
        (now.dev(), now.ino()) == (self.metadata.dev(), self.metadata.ino())
    }

    #[cfg(not(unix))]
    fn is_same(&self, now: &Metadata) -> bool {
        now.created().ok() == self.metadata.created().ok()
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
            mode & read != 0 && folders.all(|folder| fs::metadata(folder).is_ok_and(|m| m.mode() & enter != 0))
        };
        if open_to(0o004, 0o001) {
            Some(format!("which any user of this machine can read (mode {mode:04o})"))
        } else if open_to(0o040, 0o011) {
            Some(format!("which its group can read (mode {mode:04o})"))
        } else {
            None
        }
    }

    #[cfg(not(unix))]
    pub fn readers(&self) -> Option<String> {
        None
    }
}

/// Whether there is nothing of that name; also where there cannot be.
fn is_absent(problem: &io::Error) -> bool {
    use io::ErrorKind::{InvalidFilename, NotADirectory, NotFound};
    matches!(problem.kind(), NotFound | NotADirectory | InvalidFilename)
}

fn failed(verb: &str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    move |problem| {
        let reason = match problem.kind() {
            io::ErrorKind::Other => problem.to_string(),
            kind => kind.to_string(),
        };
        Error::new(format!("cannot {verb} `{}`: {reason}", tilde(path)))
    }
}

/// A path for a message.
pub fn tilde(path: &Path) -> String {
    match home().and_then(|home| path.strip_prefix(home).ok().map(|rest| Path::new("~").join(rest))) {
        Some(short) => short.display().to_string(),
        None => path.display().to_string(),
    }
}

/// A path as a word for a shell.
pub fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    if text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-+@%:,\\".contains(&b)) {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests;

/// The user's home folder.
pub fn home() -> Option<PathBuf> {
    modelforge_credential_protocol::has_home("HOME").then(dirs::home_dir).flatten()
}
