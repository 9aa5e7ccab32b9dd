//! Whether other users could have put a program where it is.

use std::path::{Path, PathBuf};

use crate::Failure;

/// Returns the path if it is a program that only its owner and root could have put there. A link is started as it is, because programs such
/// as busybox look at their name; its target is checked as well.
#[cfg(unix)]
pub fn out_of_reach(path: &Path) -> Result<PathBuf, Failure> {
    use crate::Others;
    use modelforge_credential_files::{Unsafe, check_program};
    use std::os::unix::fs::MetadataExt;
    let metadata = path.metadata().map_err(|_| unusable(path))?;
    if !metadata.is_file() {
        return Err(unusable(path));
    }
    if metadata.mode() & 0o111 == 0 {
        return Err(Failure::NotExecutable(path.to_owned()));
    }
    let untrusted = |place, others| Failure::Untrusted { program: path.to_owned(), place, others };
    match check_program(path) {
        Ok(_) => Ok(path.to_path_buf()),
        Err(Unsafe::Foreign(place)) => Err(untrusted(place, Others::Own)),
        Err(Unsafe::OpenToAll(place)) => Err(untrusted(place, Others::AllWrite)),
        Err(Unsafe::OpenToAGroup(place)) => Err(untrusted(place, Others::AGroupWrites)),
        Err(Unsafe::Unclear(_)) => Err(unusable(path)),
    }
}

/// Returns the path if it is a program that not every user could have put there.
#[cfg(not(unix))]
pub fn out_of_reach(path: &Path) -> Result<PathBuf, Failure> {
    use modelforge_credential_files::{Unsafe, check_program};
    if !crate::ending::is_program(path) {
        return Err(unusable(path));
    }
    match check_program(path) {
        Ok(_) => Ok(path.to_path_buf()),
        Err(Unsafe::Unclear(_)) => Err(unusable(path)),
        Err(Unsafe::OpenToAll(place) | Unsafe::OpenToAGroup(place) | Unsafe::Foreign(place)) => {
            Err(Failure::Untrusted { program: path.to_owned(), place, others: crate::Others::AllWrite })
        }
    }
}

fn unusable(path: &Path) -> Failure {
    Failure::Unusable(path.to_owned())
}
