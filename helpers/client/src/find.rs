//! Where a program is, and whether it may be started.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::Failure;

/// Looks for a program in the absolute entries of PATH, and, where it is one of ours, first beside this program. One that
/// anyone could have put there is passed over, and is the reason if there is no other.
pub fn search(file: &OsStr, beside: bool, missing: impl Fn() -> Failure) -> Result<PathBuf, Failure> {
    let mut refused = None;
    for candidate in all(file, beside) {
        match trusted(&candidate) {
            Ok(path) => return Ok(path),
            Err(problem) => refused = refused.or(Some(problem)),
        }
    }
    Err(refused.unwrap_or_else(missing))
}

/// Looks on `PATH` for a program that a person named, as carefully as for a helper: in absolute entries only, and nothing that anyone
/// could have put there.
///
/// # Errors
/// [`ProgramMissing`](Failure::ProgramMissing), or why the one that is there may not be started.
pub fn on_path(name: &OsStr) -> Result<PathBuf, Failure> {
    search(name, false, || Failure::ProgramMissing(name.to_string_lossy().into_owned()))
}

/// Every program of that name, in the order in which [`search`] looks at them.
pub fn candidates(file: &OsStr, beside: bool) -> Vec<PathBuf> {
    all(file, beside).collect()
}

fn all(file: &OsStr, beside: bool) -> impl Iterator<Item = PathBuf> {
    let own = if beside { own_folder() } else { None };
    let path = std::env::var_os("PATH").unwrap_or_default();
    // A relative entry, the empty one included, would look in the folder that the user happens to stand in.
    let folders = own.into_iter().chain(std::env::split_paths(&path).filter(|folder| folder.is_absolute()));
    let folders = std::env::join_paths(folders).ok();
    // With its ending named, nothing else that PATHEXT allows (a `.bat`, say) is taken for the program.
    let mut file = file.to_os_string();
    if cfg!(windows) && Path::new(&file).extension().is_none() {
        file.push(std::env::consts::EXE_SUFFIX);
    }
    folders.and_then(|folders| which::which_in_all(file, Some(folders), "/").ok()).into_iter().flatten()
}

/// The folder of this program. Each link of a chain is looked for in it.
pub fn own_folder() -> Option<PathBuf> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    FOLDER.get_or_init(|| Some(std::env::current_exe().ok()?.parent()?.to_path_buf())).clone()
}

/// The path, if it is a program, and nobody but its owner and root could have put it there: neither the file, nor a folder or a link
/// on the way to it.
///
/// # Errors
/// [`Unusable`](Failure::Unusable) or [`Untrusted`](Failure::Untrusted).
#[cfg(unix)]
pub fn trusted(path: &Path) -> Result<PathBuf, Failure> {
    use std::os::unix::fs::MetadataExt;
    let metadata = path.metadata().map_err(|_| unusable(path))?;
    if !metadata.is_file() || metadata.mode() & 0o111 == 0 {
        return Err(unusable(path));
    }
    if metadata.mode() & 0o002 != 0 {
        let real = path.canonicalize().map_err(|_| unusable(path))?;
        return Err(untrusted(path, &real));
    }
    // The link is what is started (busybox and its like look at their name); what it leads to must be safe as well.
    refuse_if_others_can_replace(path, path, true)?;
    Ok(path.to_path_buf())
}

/// Every folder on the way to the program, and on the way to what each link on it leads to.
#[cfg(unix)]
fn refuse_if_others_can_replace(program: &Path, way: &Path, is_program: bool) -> Result<(), Failure> {
    use std::os::unix::fs::MetadataExt;
    for (level, place) in way.ancestors().enumerate() {
        let metadata = place.symlink_metadata();
        let is_link = metadata.as_ref().is_ok_and(|metadata| metadata.is_symlink());
        // The mode of a link says nothing; that of the folder it leads to counts.
        let metadata = if is_link { place.metadata() } else { metadata };
        let mode = metadata.map_or(0, |metadata| metadata.mode());
        // Further up, the sticky bit (as on /tmp) keeps others from renaming what is not theirs.
        let is_its_folder = level == 1 && is_program;
        if level > 0 && mode & 0o002 != 0 && (is_its_folder || mode & 0o1000 == 0) {
            return Err(untrusted(program, place));
        }
        if is_link && let (Ok(target), Some(folder)) = (place.read_link(), place.parent()) {
            refuse_if_others_can_replace(program, &folder.join(target), level == 0 && is_program)?;
        }
    }
    Ok(())
}

/// The path, if it is a program.
///
/// # Errors
/// [`Unusable`](Failure::Unusable).
#[cfg(not(unix))]
pub fn trusted(path: &Path) -> Result<PathBuf, Failure> {
    if path.is_file() { Ok(path.to_path_buf()) } else { Err(unusable(path)) }
}

fn unusable(path: &Path) -> Failure {
    Failure::Unusable(path.to_owned())
}

#[cfg(unix)]
fn untrusted(program: &Path, writable: &Path) -> Failure {
    Failure::Untrusted { program: program.to_owned(), writable: writable.to_owned() }
}
