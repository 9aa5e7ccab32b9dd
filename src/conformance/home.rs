//! A home folder that nobody has used yet, and what is left in it.

use std::path::Path;

/// An empty one; it goes when it is dropped.
pub fn new() -> std::io::Result<tempfile::TempDir> {
    tempfile::Builder::new().prefix("modelforge-credential-test-").tempdir()
}

/// Whether a file below it holds these bytes.
pub fn holds(home: &Path, secret: &[u8]) -> bool {
    let mut folders = vec![home.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) if kind.is_file() => {
                    let content = std::fs::read(entry.path()).unwrap_or_default();
                    if content.windows(secret.len()).any(|window| window == secret) {
                        return true;
                    }
                }
                _ => {}
            }
        }
    }
    false
}
