//! The programs that tests run, and the files that they leave.

use std::env::consts::EXE_SUFFIX;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;

use super::keyring::command;

/// The core, which cargo builds for its own tests.
const CORE: &str = env!("CARGO_BIN_EXE_modelforge-credential");

/// The folder of the programs under test.
pub fn programs() -> PathBuf {
    static HELPERS: OnceLock<bool> = OnceLock::new();
    // If it was built on another system, its path has no drive.
    let core = std::path::absolute(CORE).expect("a path");
    let folder = core.parent().expect("a program lies in a folder");
    let built = HELPERS.get_or_init(|| names().iter().all(|name| is_fresh(&path_of(folder, name))) || build(folder));
    assert!(built, "the helpers cannot be built: `cargo build --workspace` says why");
    folder.to_path_buf()
}

/// A program under test.
pub fn program(name: &str) -> PathBuf {
    let path = path_of(&programs(), name);
    assert!(path.exists(), "{} is not built", path.display());
    path
}

fn path_of(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}{EXE_SUFFIX}"))
}

/// The programs in the helpers' packages.
fn names() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("helpers");
    let packages = fs::read_dir(folder).expect("the helpers' packages").flatten();
    let programs = packages.filter(|package| package.path().join("src/main.rs").exists());
    let mut names: Vec<_> =
        programs.map(|package| format!("modelforge-credential-{}", package.file_name().display())).collect();
    // This runs scripts if there is no shell.
    names.extend(cfg!(windows).then(|| "tests-sh".to_owned()));
    names
}

/// True if a program is newer than all its sources. Cargo lists those in a file beside it: `PROGRAM: SOURCE SOURCE…`.
fn is_fresh(program: &Path) -> bool {
    let changed = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    let list = fs::read_to_string(program.with_extension("d")).unwrap_or_default();
    let (Some(built), Some((_, sources))) = (changed(program), list.split_once(": ")) else { return false };
    sources.split_whitespace().all(|source| changed(Path::new(source)).is_some_and(|changed| changed <= built))
}

/// Builds the helpers in the same way as the core, because `cargo test` without `--workspace` does not.
fn build(folder: &Path) -> bool {
    let profile = folder.file_name().and_then(OsStr::to_str).expect("cargo's folder for a profile");
    let target = folder.parent().expect("cargo's folder for a target");
    let mut cargo = command(&std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    cargo.args(["build", "--quiet", "--bins", "--workspace", "--exclude", env!("CARGO_PKG_NAME")]);
    cargo.args(["--profile", if profile == "debug" { "dev" } else { profile }]);
    cargo.arg("--target").arg(target.file_name().expect("a target"));
    cargo.arg("--target-dir").arg(target.parent().expect("cargo's folder"));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    cargo.status().expect("cargo starts").success()
}

/// Puts a program under test somewhere else, as a link if possible: a copy that another test's process has open while it starts could not
/// be run ("Text file busy").
pub fn place(name: &str, to: &Path) {
    let from = program(name);
    fs::hard_link(&from, to).or_else(|_| fs::copy(&from, to).map(drop)).expect("a program can be copied");
}

/// A script may be written again; the program that runs it stays.
pub fn place_if_not_there(name: &str, to: &Path) {
    if !to.exists() {
        place(name, to);
    }
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
