//! Writes files so that each is complete or does not exist, also after a power cut.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use modelforge_credential_protocol::Result;

use crate::error;

/// The prefix of temporary files: no name of ours begins with a dot.
const TEMPORARY: &str = ".new-";

/// Writes a file. Without `replace`, fails if it exists. The temporary file is in `workshop`, on the same disk.
pub fn write(path: &Path, workshop: &Path, content: &[u8], replace: bool) -> Result<()> {
    write_as(TEMPORARY, path, workshop, content, replace)
}

/// Replaces a file in a directory that may have other people's files: the temporary file's name begins with that of the file. What killed
/// processes left is removed first. The caller must hold a lock on the file.
pub fn write_beside_others(path: &Path, content: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    let temporary = temporary_of(path.file_name().unwrap_or_default());
    clean_as(&temporary, folder);
    write_as(&temporary, path, folder, content, true)
}

/// The prefix of a file's temporary files, in a directory that is not only ours.
pub fn temporary_of(name: &OsStr) -> String {
    format!(".{}.modelforge-credential-", name.to_string_lossy())
}

fn write_as(temporary: &str, path: &Path, workshop: &Path, content: &[u8], replace: bool) -> Result<()> {
    let attempt = || -> io::Result<()> {
        // It is removed when it is dropped, wherever this fails.
        let mut file = tempfile::Builder::new().prefix(temporary).tempfile_in(workshop)?;
        file.write_all(content)?;
        sync(file.as_file())?;
        if replace { put(file, path) } else { file.persist_noclobber(path).map(drop).map_err(|problem| problem.error) }
    };
    attempt().map_err(error::failed("write", path))?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// Writes a new file that a person named, and that only its owner can read.
///
/// # Errors
/// If the name exists, or the file cannot be written. Then nothing is left.
pub fn make(path: &Path, content: &[u8]) -> Result<()> {
    write(path, path.parent().unwrap_or(path), content, false)
}

#[cfg(unix)]
fn put(file: tempfile::NamedTempFile, path: &Path) -> io::Result<()> {
    file.persist(path).map(drop).map_err(|problem| problem.error)
}

/// Close it first, and rename it with the standard library: `persist` cannot replace a file that somebody is reading.
#[cfg(not(unix))]
fn put(file: tempfile::NamedTempFile, path: &Path) -> io::Result<()> {
    let (file, temporary) = file.keep().map_err(|problem| problem.error)?;
    drop(file);
    rename(&temporary, path).inspect_err(|_| drop(fs::remove_file(&temporary)))
}

/// Renames a file, and replaces an existing one.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    patiently(|| fs::rename(from, to))
}

/// Repeats what another program may block: on Windows, a scanner, an editor, or a process that reads or replaces the same file has it open
/// for a moment.
pub fn patiently<T>(attempt: impl Fn() -> io::Result<T>) -> io::Result<T> {
    /// Longer than a scanner needs, but shorter than the caller's time limit.
    const PATIENCE: Duration = Duration::from_secs(2);
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        match attempt() {
            Err(problem) if is_held(&problem) && start.elapsed() < PATIENCE => std::thread::sleep(pause),
            outcome => return outcome,
        }
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// True if another program has the file open: access denied, a sharing violation, or a lock.
fn is_held(problem: &io::Error) -> bool {
    cfg!(windows) && matches!(problem.raw_os_error(), Some(5 | 32 | 33))
}

/// Removes temporary files of killed processes in `workshop`, a directory of ours. Call it only with the lock: then nobody else is writing.
/// In other directories, such files may belong to another program.
pub fn clean(workshop: &Path) {
    for left in temporaries(TEMPORARY, workshop) {
        let _ = if left.file_type().is_ok_and(|kind| kind.is_dir()) {
            fs::remove_dir_all(left.path())
        } else {
            fs::remove_file(left.path())
        };
    }
}

fn clean_as(temporary: &str, folder: &Path) {
    for left in temporaries(temporary, folder) {
        let _ = fs::remove_file(left.path());
    }
}

fn temporaries(begin: &str, folder: &Path) -> impl Iterator<Item = fs::DirEntry> {
    let all = fs::read_dir(folder).into_iter().flatten().flatten();
    all.filter(move |entry| entry.file_name().to_string_lossy().starts_with(begin))
}

/// Makes a file durable.
///
/// # Errors
/// If the disk reports an error.
pub fn sync(file: &File) -> io::Result<()> {
    match file.sync_all() {
        // On macOS this asks the disk itself. A disk of another machine (SMB, NFS) does not support that, so the usual call is used.
        #[cfg(target_os = "macos")]
        Err(problem) if is_of_the_disk(&problem) => Ok(rustix::fs::fsync(file)?),
        outcome => outcome,
    }
}

#[cfg(target_os = "macos")]
fn is_of_the_disk(problem: &io::Error) -> bool {
    use rustix::io::Errno;
    matches!(Errno::from_io_error(problem), Some(Errno::NOTSUP | Errno::OPNOTSUPP | Errno::INVAL | Errno::NOTTY))
}

/// Makes changes in a directory durable.
///
/// # Errors
/// If the disk reports an error.
pub fn sync_folder(path: &Path) -> Result<()> {
    // Windows cannot open a directory for this, and does not need it.
    if cfg!(unix) {
        File::open(path).and_then(|folder| sync(&folder)).map_err(error::failed("sync", path))?;
    }
    Ok(())
}
