//! Files that are either whole or not there, also after a power cut.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use modelforge_credential_protocol::Result;

use crate::error;

/// How temporary files begin: no name of ours begins with a dot.
const TEMPORARY: &str = ".new-";

/// Writes a file; `replace` one that is there, or fail. The temporary file lies in `workshop`, on the same disk.
pub fn write(path: &Path, workshop: &Path, content: &[u8], replace: bool) -> Result<()> {
    write_as(TEMPORARY, path, workshop, content, replace)
}

/// Replaces a file in a folder that may hold files of others: the temporary file bears its name. What killed processes left is removed
/// first. Only with a lock on the file.
pub fn write_beside_others(path: &Path, content: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    let temporary = temporary_of(path.file_name().unwrap_or_default());
    clean_as(&temporary, folder);
    write_as(&temporary, path, folder, content, true)
}

/// How temporary files beside a file begin, in a folder that is not ours alone.
pub fn temporary_of(name: &OsStr) -> String {
    format!(".{}.modelforge-credential-", name.to_string_lossy())
}

fn write_as(temporary: &str, path: &Path, workshop: &Path, content: &[u8], replace: bool) -> Result<()> {
    let attempt = || -> io::Result<()> {
        // Removed when it is dropped, wherever this fails.
        let mut file = tempfile::Builder::new().prefix(temporary).tempfile_in(workshop)?;
        file.write_all(content)?;
        sync(file.as_file())?;
        if replace { put(file, path) } else { file.persist_noclobber(path).map(drop).map_err(|problem| problem.error) }
    };
    attempt().map_err(error::failed("write", path))?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// Writes a file that a person named and that is not there yet, for its owner alone.
///
/// # Errors
/// If there is anything of that name, or it cannot be written. Nothing is left over then.
pub fn make(path: &Path, content: &[u8]) -> Result<()> {
    write(path, path.parent().unwrap_or(path), content, false)
}

#[cfg(unix)]
fn put(file: tempfile::NamedTempFile, path: &Path) -> io::Result<()> {
    file.persist(path).map(drop).map_err(|problem| problem.error)
}

/// Closed first, and by the standard library: `persist` replaces no file that somebody reads.
#[cfg(not(unix))]
fn put(file: tempfile::NamedTempFile, path: &Path) -> io::Result<()> {
    let (file, temporary) = file.keep().map_err(|problem| problem.error)?;
    drop(file);
    rename(&temporary, path).inspect_err(|_| drop(fs::remove_file(&temporary)))
}

/// Gives a file another name, in the place of one that has it.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    patiently(|| fs::rename(from, to))
}

/// Does what another program may be in the way of: on Windows a scanner, an editor, or a process that reads or replaces the same file
/// holds it for a moment.
pub fn patiently<T>(attempt: impl Fn() -> io::Result<T>) -> io::Result<T> {
    /// Longer than a scanner needs, shorter than the caller's patience.
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

/// Removes what killed processes left in `workshop`, a folder of ours. Only with the lock: no other file is being written then. Another
/// program may have made its files in a folder.
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
/// If the disk does not take it.
pub fn sync(file: &File) -> io::Result<()> {
    match file.sync_all() {
        // macOS asks the disk itself, which one of another machine (SMB, NFS) does not allow: then the usual call has to do.
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

/// Makes what changed in a folder durable.
///
/// # Errors
/// If the disk does not take it.
pub fn sync_folder(path: &Path) -> Result<()> {
    // Windows cannot open a folder for this and does not need it.
    if cfg!(unix) {
        File::open(path).and_then(|folder| sync(&folder)).map_err(error::failed("sync", path))?;
    }
    Ok(())
}
