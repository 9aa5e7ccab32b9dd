//! The files that this program keeps for itself: locks, the audit log, the journal of migrations. The rules are those of the library
//! `files`.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use modelforge_credential_files::{Own, Trust};
use modelforge_credential_protocol::Result;
use zeroize::Zeroizing;

pub use modelforge_credential_files::{is_out_of_reach, wait};

/// Their directory. `None`: the user has no home.
pub fn folder() -> Option<PathBuf> {
    modelforge_credential_files::state()
}

/// The directory of the stores. `None`: the user has no home.
pub fn data() -> Option<PathBuf> {
    modelforge_credential_files::data()
}

/// Opens one of our files.
///
/// # Errors
/// With the name of the file, except if it does not exist.
pub fn open(path: &Path, options: &OpenOptions) -> io::Result<File> {
    match own(path).open(path, options, Trust::Believed) {
        Ok(Some(file)) => Ok(file),
        Ok(None) => Err(io::ErrorKind::NotFound.into()),
        Err(problem) => Err(io::Error::other(problem)),
    }
}

/// The same, but creates the file and its directory if they are missing.
pub fn open_or_make(path: &Path, options: &mut OpenOptions) -> Result<File> {
    own(path).open_or_make(path, options)
}

/// The content of a file of ours, of at most `limit` bytes. `None`: it does not exist.
///
/// # Errors
/// If it cannot be read safely, or is too long. The error names the file.
pub fn read(path: &Path, limit: usize) -> Result<Option<Zeroizing<Vec<u8>>>> {
    own(path).read(path, limit, Trust::Believed)
}

/// Our directory that contains a file.
fn own(path: &Path) -> Own {
    let root = folder().filter(|folder| path.starts_with(folder));
    Own::new(root.as_deref().or(path.parent()).unwrap_or(path))
}
