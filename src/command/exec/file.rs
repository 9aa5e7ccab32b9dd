//! A secret in a file, for programs that take nothing else: for this user alone, in memory where the system has a place for that, and
//! gone when the command exits. Should this program be killed, a process that waits for its end takes the file away (on Unix);
//! should both be, the next `exec` does.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

#[cfg(unix)]
use modelforge_credential_client::Watcher;
use tempfile::TempDir;

const PREFIX: &str = "modelforge-credential-exec-";
const NAME: &str = "credentials.json";
/// Locked as long as the file is in use.
const LOCK: &str = "lock";

pub struct PrivateFile {
    // Windows removes no folder that holds an open file.
    #[cfg(not(unix))]
    _lock: File,
    // Dropped in this order: nobody takes the folder for an abandoned one while it is removed.
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

/// A new file that nobody else can open.
fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A folder in memory that only this user can open, else the one for temporary files.
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

/// A folder of ours in the user's profile, which is private by inheritance; that for temporary files need not be.
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

/// The folder is ours.
#[cfg(not(unix))]
fn is_ours_alone(folder: &Path) -> bool {
    folder.is_dir() && !folder.is_symlink()
}

/// Folders whose process, and whose watcher, were killed.
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

/// Removes the file should this process be killed.
#[cfg(unix)]
fn watch(folder: &Path) -> io::Result<Watcher> {
    let [file, lock] = [NAME, LOCK].map(|name| folder.join(name));
    Watcher::start("rm -f -- \"$1\" \"$2\" && rmdir -- \"$3\"", &[file.as_path(), &lock, folder])
}
