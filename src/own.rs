//! The files that this program keeps for itself: locks, the audit log, what migrations did. Only their owner may look into them,
//! and what somebody else put in their place is refused.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use modelforge_credential_protocol::Result;

use crate::error::{self, PROGRAM};

/// Their folder. `None`: the user has no home.
pub fn folder() -> Option<PathBuf> {
    if !modelforge_credential_protocol::has_home("XDG_STATE_HOME") {
        return None;
    }
    Some(dirs::state_dir().or_else(dirs::data_local_dir)?.join(PROGRAM))
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

/// Whether the disk of a folder, or of where it would be made, cannot be written to by anybody. Windows has no such disks to speak of.
pub fn is_read_only(folder: &Path) -> bool {
    #[cfg(unix)]
    let is_read_only = |place: &Path| {
        let disk = rustix::fs::statvfs(place).ok()?;
        Some(disk.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY))
    };
    #[cfg(not(unix))]
    let is_read_only = |_: &Path| Some(false);
    folder.ancestors().find_map(is_read_only).unwrap_or(false)
}
