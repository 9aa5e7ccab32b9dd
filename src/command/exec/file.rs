//! A file with a secret, for programs that accept nothing else: private, in memory if possible, and removed when the command exits. If this
//! program is killed, a process that waits for that removes the file (on Unix). If both are killed, the next `exec` removes it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

#[cfg(unix)]
use modelforge_credential_client::Watcher;
use tempfile::TempDir;

const PREFIX: &str = "modelforge-credential-exec-";
const NAME: &str = "credentials.json";
/// Locked while the file is in use.
const LOCK: &str = "lock";

pub struct PrivateFile {
    // Windows removes no directory that has an open file.
    #[cfg(not(unix))]
    _lock: File,
    // Keep this order of fields: the directory is removed while it is still locked, so no other process takes it for abandoned.
    folder: TempDir,
    path: PathBuf,
    #[cfg(unix)]
    _lock: File,
    #[cfg(unix)]
    _watcher: Watcher,
}

impl PrivateFile {
    pub fn new(content: &[u8]) -> io::Result<Self> {
        let place = place()?;
        remove_abandoned(&place);
        let mut folder = tempfile::Builder::new();
        #[cfg(unix)]
        folder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let folder = folder.prefix(PREFIX).tempdir_in(&place)?;
        let lock = private(&folder.path().join(LOCK))?;
        lock.try_lock()?;
        #[cfg(unix)]
        let watcher = watch(folder.path())?;
        let path = folder.path().join(NAME);
        private(&path)?.write_all(content)?;
        Ok(Self {
            folder,
            path,
            _lock: lock,
            #[cfg(unix)]
            _watcher: watcher,
        })
    }

    pub fn path(&self) -> &Path {
        debug_assert!(self.path.starts_with(self.folder.path()));
        &self.path
    }
}

/// A new file that only this user can open.
fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A directory in memory that only this user can open, otherwise the directory for temporary files.
#[cfg(unix)]
fn place() -> io::Result<PathBuf> {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
    if let Some(folder) = runtime.filter(|folder| is_ours_alone(folder)) {
        return Ok(folder);
    }
    let memory = Path::new("/dev/shm");
    if cfg!(target_os = "linux") && tempfile::tempfile_in(memory).is_ok() {
        return Ok(memory.to_path_buf());
    }
    Ok(std::env::temp_dir())
}

/// Our directory in the user's profile, which is private by inheritance. The one for temporary files may not be.
#[cfg(not(unix))]
fn place() -> io::Result<PathBuf> {
    let state = modelforge_credential_files::state().ok_or(io::ErrorKind::NotFound)?;
    let own = modelforge_credential_files::Own::new(state).below("run");
    own.make_folder("".as_ref()).map_err(io::Error::other)?;
    Ok(own.path().to_path_buf())
}

#[cfg(unix)]
fn is_ours_alone(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let user = rustix::process::geteuid().as_raw();
    folder.symlink_metadata().is_ok_and(|folder| folder.is_dir() && folder.uid() == user && folder.mode() & 0o077 == 0)
}

/// True if the directory is ours.
#[cfg(not(unix))]
fn is_ours_alone(folder: &Path) -> bool {
    folder.is_dir() && !folder.is_symlink()
}

/// Removes directories whose process and watcher were both killed.
fn remove_abandoned(place: &Path) {
    for entry in std::fs::read_dir(place).into_iter().flatten().flatten() {
        let folder = entry.path();
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) || !is_ours_alone(&folder) {
            continue;
        }
        // A new file may not be locked yet.
        let is_old = entry.metadata().and_then(|folder| folder.modified());
        let is_old = is_old.is_ok_and(|changed| changed.elapsed().is_ok_and(|age| age.as_secs() > 60));
        let is_left =
            || OpenOptions::new().write(true).open(folder.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_ok());
        if is_old && is_left() {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

/// Removes the file if this process is killed.
#[cfg(unix)]
fn watch(folder: &Path) -> io::Result<Watcher> {
    let [file, lock] = [NAME, LOCK].map(|name| folder.join(name));
    Watcher::start("rm -f -- \"$1\" \"$2\" && rmdir -- \"$3\"", &[file.as_path(), &lock, folder])
}
