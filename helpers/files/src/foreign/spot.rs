//! The position of a file in an open directory: found or created without following a link that must not be followed, and written as a
//! whole.

use std::fs::File;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::Write;
use std::path::{Path, PathBuf};

use modelforge_credential_protocol::{Error, Result};

use crate::{Held, Own, failed, is_absent, quoted, tilde};

/// A name in an open directory. A link that is put there later cannot lead elsewhere.
pub(super) struct Spot {
    pub(super) folder: Held,
    pub(super) name: PathBuf,
}

/// The position of a file, and its real path; `None` if it does not exist. With `within`, no link is followed below that directory.
pub(super) fn find(path: &Path, within: Option<&Path>) -> Result<Option<(Spot, PathBuf)>> {
    match within {
        Some(top) => Ok(find_below(path, top)?.map(|spot| (spot, path.to_owned()))),
        None => find_own(path),
    }
}

/// The position for a new file. The directories above it are created.
pub(super) fn make(path: &Path, within: Option<&Path>) -> Result<Spot> {
    let Some(top) = within else {
        let folder = Own::new(path.parent().unwrap_or(path));
        folder.make_folder("".as_ref())?;
        let real = folder.check(path.file_name().unwrap_or_default().as_ref())?;
        let folder = Held::open(real.parent().unwrap_or(&real)).map_err(failed("read", path))?;
        return Ok(Spot { folder, name: real.file_name().unwrap_or_default().into() });
    };
    make_below(path, top)
}

/// A file of the user, wherever the user's links lead.
fn find_own(path: &Path) -> Result<Option<(Spot, PathBuf)>> {
    match path.canonicalize() {
        Err(problem) if is_absent(&problem) => return Ok(None),
        found => found.map_err(failed("read", path))?,
    };
    let real = crate::check(path)?;
    let (Some(folder), Some(name)) = (real.parent(), real.file_name()) else { return Ok(None) };
    let folder = Held::open(folder).map_err(failed("read", path))?;
    Ok(Some((Spot { folder, name: name.into() }, real)))
}

/// A file below a directory that may be anybody's: each part of the path is opened relative to the one before it.
fn find_below(path: &Path, top: &Path) -> Result<Option<Spot>> {
    let mut folder = Held::open(top).map_err(failed("read", path))?;
    let mut parts: Vec<_> = path.strip_prefix(top).unwrap_or(path).components().collect();
    let Some(name) = parts.pop() else { return Ok(None) };
    for part in parts {
        folder = match folder.enter(part.as_ref()) {
            Err(_) if folder.has_link(part.as_ref()) => return Err(is_behind_a_link(path)),
            Err(problem) if is_absent(&problem) => return Ok(None),
            entered => entered.map_err(failed("read", path))?,
        };
    }
    Ok(Some(Spot { folder, name: name.as_os_str().into() }))
}

pub(super) fn is_behind_a_link(path: &Path) -> Error {
    Error::new(format!("`{}` is a link or behind one, so it is not used", tilde(path))).hint(format!(
        "ls -ld {} {}",
        quoted(path.parent().unwrap_or(path)),
        quoted(path)
    ))
}

fn make_below(path: &Path, top: &Path) -> Result<Spot> {
    let mut folder = Held::open(top).map_err(failed("read", path))?;
    let mut parts: Vec<_> = path.strip_prefix(top).unwrap_or(path).components().collect();
    let name = parts.pop().map(|name| name.as_os_str().into()).unwrap_or_default();
    for part in parts {
        folder = match folder.make_folder(part.as_ref()) {
            Err(_) if folder.has_link(part.as_ref()) => return Err(is_behind_a_link(path)),
            made => made.map_err(failed("create the directory of", path))?,
        };
    }
    Ok(Spot { folder, name })
}

impl Spot {
    /// How the names of temporary files beside it begin.
    fn temporary(&self) -> String {
        crate::whole::temporary_of(self.name.as_os_str())
    }

    /// Removes temporary files of killed processes beside it: they contain keys. Only if nobody else is writing.
    pub(super) fn clean(&self) {
        let temporary = self.temporary();
        for name in self.folder.names() {
            if name.to_string_lossy().starts_with(&temporary) {
                let _ = self.folder.remove(name.as_ref());
            }
        }
    }

    /// Begins to write a complete new file.
    pub(super) fn draft(&self, path: &Path, content: &[u8]) -> Result<Draft<'_>> {
        // In a container, every process may have the same id.
        let random = RandomState::new().build_hasher().finish();
        let name = PathBuf::from(format!("{}{random:016x}", self.temporary()));
        let file = self.folder.make(&name).map_err(failed("write beside", path))?;
        let mut draft = Draft { place: self, name, file };
        draft.file.write_all(content).map_err(failed("write beside", path))?;
        Ok(draft)
    }
}

/// The new content in a temporary file, which is removed when this is dropped.
pub(super) struct Draft<'a> {
    place: &'a Spot,
    name: PathBuf,
    pub(super) file: File,
}

impl Draft<'_> {
    pub(super) fn sync(&self, path: &Path) -> Result<()> {
        crate::sync(&self.file).map_err(failed("write beside", path))
    }

    /// Renames it to its final name. Without `replace`, fails if that exists.
    pub(super) fn put(self, path: &Path, replace: bool) -> Result<()> {
        self.place.folder.rename(&self.name, &self.place.name, replace).map_err(failed("replace", path))?;
        self.place.folder.sync().map_err(failed("sync the directory of", path))
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        // After the rename, the temporary name no longer exists.
        let _ = self.place.folder.remove(&self.name);
    }
}
