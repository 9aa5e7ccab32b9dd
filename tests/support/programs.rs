//! The programs that tests run, and the files that are left behind.

use std::fs;
use std::path::{Path, PathBuf};

/// The folder of the programs under test.
pub fn programs() -> PathBuf {
    let core = PathBuf::from(env!("CARGO_BIN_EXE_modelforge-credential"));
    core.parent().expect("a program lies in a folder").to_path_buf()
}

/// A program under test. Only the core is built by `cargo test` for itself.
pub fn program(name: &str) -> PathBuf {
    let path = programs().join(name);
    assert!(path.exists(), "{} is not built: run `sh tests/run`, or `cargo build --workspace` first", path.display());
    path
}

/// Puts a program under test somewhere else. Linked where that can be: a copy that the process of another test has open while it
/// starts could not be run ("Text file busy").
pub fn place(name: &str, to: &Path) {
    let from = program(name);
    fs::hard_link(&from, to).or_else(|_| fs::copy(&from, to).map(drop)).expect("a program can be copied");
}

/// A program of the system that a test needs.
pub fn system(name: &str, package: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("`{name}` is not installed: run `sh tests/run`, or `apt-get install {package}`"))
}

/// Every regular file below a folder.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) if kind.is_file() => files.push(entry.path()),
                _ => {}
            }
        }
    }
    files.sort();
    files
}
