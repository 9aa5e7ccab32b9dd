//! Files that are either whole or not there, also after a power cut.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use modelforge_credential_protocol::Result;

use crate::error;

/// How temporary files begin: no name of ours begins with a dot.
const TEMPORARY: &str = ".new-";

/// Writes a file; `replace` one that is there, or fail. The temporary file lies in `workshop`, on the same disk.
pub fn write(path: &Path, workshop: &Path, content: &[u8], replace: bool) -> Result<()> {
    let attempt = || -> io::Result<()> {
        // Removed when it is dropped, wherever this fails.
        let mut file = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(workshop)?;
        file.write_all(content)?;
        file.as_file().sync_all()?;
        let kept = if replace { file.persist(path) } else { file.persist_noclobber(path) };
        kept.map(drop).map_err(|problem| problem.error)
    };
    attempt().map_err(error::failed("write", path))?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// Writes a file that a person named and that is not there yet, for its owner alone.
///
/// # Errors
/// If there is anything of that name, or it cannot be written. Nothing is left over then.
pub fn make(path: &Path, content: &[u8]) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    write(path, folder, content, false)
}

/// Removes what killed processes left in `workshop`. Only with the lock: no other file is being written then.
pub fn clean(workshop: &Path) {
    for entry in fs::read_dir(workshop).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Makes what changed in a folder durable.
///
/// # Errors
/// If the disk does not take it.
pub fn sync_folder(path: &Path) -> Result<()> {
    // Windows cannot open a folder for this and does not need it.
    if cfg!(unix) {
        File::open(path).and_then(|folder| folder.sync_all()).map_err(error::failed("sync", path))?;
    }
    Ok(())
}
