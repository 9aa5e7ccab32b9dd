//! A new home directory, and its content.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// Creates an empty one, or a copy of a directory. It is removed when it is dropped.
pub fn new(like: Option<&Path>) -> io::Result<tempfile::TempDir> {
    let home = tempfile::Builder::new().prefix("modelforge-credential-test-").tempdir()?;
    if let Some(like) = like {
        copy(like, home.path())?;
    }
    Ok(home)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (path, kind) = (to.join(entry.file_name()), entry.file_type()?);
        if kind.is_dir() {
            std::fs::create_dir(&path)?;
            copy(&entry.path(), &path)?;
        } else if kind.is_file() {
            std::fs::copy(entry.path(), &path)?;
        }
    }
    Ok(())
}

/// Every file below a directory, with its content.
pub fn files(home: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut files, mut folders) = (BTreeMap::new(), vec![home.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) if kind.is_file() => {
                    let content = std::fs::read(entry.path()).unwrap_or_default();
                    files.insert(entry.path(), content);
                }
                _ => {}
            }
        }
    }
    files
}

/// True if a file below it contains these bytes.
pub fn holds(home: &Path, secret: &[u8]) -> bool {
    files(home).values().any(|content| content.windows(secret.len()).any(|window| window == secret))
}
