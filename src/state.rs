//! The files that this program keeps for itself: locks, the audit log, what migrations did. Only their owner may look into them,
//! and what somebody else put in their place is refused.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use modelforge_credential_protocol::Result;

use crate::error::{self, PROGRAM};

/// Their folder. `None`: the user has no home.
pub fn folder() -> Option<PathBuf> {
    if !modelforge_credential_protocol::has_home("XDG_STATE_HOME") {
        return None;
    }
    Some(dirs::state_dir().or_else(dirs::data_local_dir)?.join(PROGRAM))
}

/// The folder in which programs keep a user's data. `None`: the user has no home.
pub fn data_home() -> Option<PathBuf> {
    modelforge_credential_protocol::has_home("XDG_DATA_HOME").then(dirs::data_dir).flatten()
}

/// Opens a file that is one and no link, which may lead anywhere, and no FIFO, which may never answer.
///
/// # Errors
/// With the name of the file, but for one that is not there.
pub fn open(path: &Path, options: &OpenOptions) -> io::Result<File> {
    #[cfg(unix)]
    let options = {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.clone().mode(0o600).custom_flags(flags.bits().cast_signed()).clone()
    };
    let file = options.open(path).map_err(|problem| match problem.kind() {
        _ if path.is_symlink() => io::Error::other(format!("`{}` is a link", error::tilde(path))),
        io::ErrorKind::NotFound => problem,
        io::ErrorKind::IsADirectory => io::Error::other(format!("`{}` is not a file", error::tilde(path))),
        kind => io::Error::new(kind, format!("`{}`: {problem}", error::tilde(path))),
    })?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::other(format!("`{}` is not a file", error::tilde(path)))),
    }
}

/// The same for one that is made, with its folder, where it is missing.
pub fn open_or_make(path: &Path, options: &mut OpenOptions) -> Result<File> {
    match open(path, options) {
        Err(problem) if problem.kind() == io::ErrorKind::NotFound => {
            make_folder(path.parent().unwrap_or(path))?;
            Ok(open(path, options.create(true))?)
        }
        opened => Ok(opened?),
    }
}

/// Tries to lock until it can, or the patience ends: whether it could.
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

/// Makes a folder, for its owner alone. In another user's, nothing is made: it would be in their way.
fn make_folder(folder: &Path) -> Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, MetadataExt};
        let nearest = folder.ancestors().find_map(|place| place.metadata().ok());
        let owner = nearest.map_or(0, |metadata| metadata.uid());
        let own = rustix::process::geteuid().as_raw();
        if own != owner && owner != 0 {
            return Err(error::in_another_users_folder(folder));
        }
        builder.mode(0o700);
    }
    let made = builder.recursive(true).create(folder);
    Ok(made.map_err(|problem| io::Error::new(problem.kind(), format!("`{}`: {problem}", error::tilde(folder))))?)
}

/// Whether nobody expects this program to keep anything in a folder: its disk, or that where it would be made, cannot be written to
/// at all, or it would have to be made where only somebody else may write, as in a container whose user has no home of its own.
pub fn is_out_of_reach(folder: &Path) -> bool {
    #[cfg(unix)]
    let is_out_of_reach = |place: &Path| {
        use std::os::unix::fs::MetadataExt;
        let is_anothers = place.metadata().ok()?.uid() != rustix::process::geteuid().as_raw();
        let is_closed = || rustix::fs::access(place, rustix::fs::Access::WRITE_OK).is_err();
        let is_read_only =
            || rustix::fs::statvfs(place).is_ok_and(|disk| disk.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY));
        Some((is_anothers && is_closed()) || is_read_only())
    };
    #[cfg(not(unix))]
    let is_out_of_reach = |_: &Path| Some(false);
    folder.ancestors().find_map(is_out_of_reach).unwrap_or(false)
}
