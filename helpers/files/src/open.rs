//! Opens files with care.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

use modelforge_credential_protocol::Result;
use zeroize::Zeroizing;

use crate::error;
use crate::rules;
use crate::whole;

/// How far a file is believed, and so what is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// It decides something: it and the folders above it belong to this user or root, and nobody else can write to them.
    Believed,
    /// It holds a secret as well: it belongs to this user, and nobody else can read it.
    Private,
    /// A person named it just now: only its kind and its size are checked.
    Named,
}

/// Opens a file of the user's own, which may be a link: people keep their settings in a repository. `None`: there is none.
///
/// # Errors
/// With the name of the file, and the command that fixes it: if it is no file, or is not to be trusted that far.
pub fn open(path: &Path, options: &OpenOptions, trust: Trust) -> Result<Option<File>> {
    if is_nothing_there(path) {
        return Ok(None);
    }
    match trust {
        Trust::Named => open_checked(path, path, options, trust, true),
        _ => open_checked(path, &rules::check(path)?, options, trust, false),
    }
}

/// The content of such a file, of at most `limit` bytes. `None`: there is no file.
///
/// # Errors
/// As [`open`], and if it is larger.
pub fn read(path: &Path, limit: usize, trust: Trust) -> Result<Option<Zeroizing<Vec<u8>>>> {
    open(path, OpenOptions::new().read(true), trust)?.map(|file| content(path, &file, limit)).transpose()
}

/// Opens a file that a walk through folders met, to read it: no link, and nothing but a file. `None`: it is gone.
///
/// # Errors
/// If it cannot be opened, or is something else by now.
pub fn open_met(path: &Path) -> Result<Option<File>> {
    open_checked(path, path, OpenOptions::new().read(true), Trust::Named, false)
}

/// Asked first: what is not there is no fault, no matter who owns the folders above.
pub fn is_nothing_there(path: &Path) -> bool {
    path.symlink_metadata().is_err_and(|problem| error::is_absent(&problem))
}

/// Opens `real`, which was checked; `path` is its name in messages.
pub fn open_checked(
    path: &Path,
    real: &Path,
    options: &OpenOptions,
    trust: Trust,
    follow: bool,
) -> Result<Option<File>> {
    // Windows opens no folder, and says the same of it as of a file that somebody holds.
    if cfg!(windows) && real.is_dir() {
        return Err(error::is_not_a_file(path));
    }
    let file = match whole::patiently(|| careful(options, follow).open(real)) {
        Err(problem) if error::is_absent(&problem) => return Ok(None),
        Err(problem) if problem.kind() == io::ErrorKind::IsADirectory => return Err(error::is_not_a_file(path)),
        Err(_) if !follow && real.is_symlink() => return Err(error::is_a_link(path)),
        file => file.map_err(error::failed("open", path))?,
    };
    check_open(path, real, &file.metadata().map_err(error::failed("open", path))?, trust)?;
    Ok(Some(file))
}

/// Waits for no FIFO, takes no terminal, and follows no link that was put there meanwhile.
#[cfg(unix)]
fn careful(options: &OpenOptions, follow: bool) -> OpenOptions {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;
    let mut flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    flags.set(OFlags::NOFOLLOW, !follow);
    options.clone().mode(0o600).custom_flags(flags.bits().cast_signed()).clone()
}

#[cfg(not(unix))]
fn careful(options: &OpenOptions, _: bool) -> OpenOptions {
    options.clone()
}

#[cfg(unix)]
fn check_open(path: &Path, real: &Path, metadata: &Metadata, trust: Trust) -> Result<()> {
    use std::os::unix::fs::MetadataExt;
    if !metadata.is_file() {
        return Err(error::is_not_a_file(path));
    }
    let is_own = metadata.uid() == crate::rules::user();
    match trust {
        Trust::Named => Ok(()),
        Trust::Private if !is_own => Err(error::belongs_to_another(path, path)),
        Trust::Private => check_private(path, metadata),
        Trust::Believed if !is_own && metadata.uid() != 0 => Err(error::belongs_to_another(path, path)),
        // Its owner's private group may write, as to a folder above it: with umask 002 every file is like that.
        Trust::Believed => match metadata.mode() & 0o022 {
            0 => Ok(()),
            0o020 if crate::rules::is_private_group(real, metadata) => Ok(()),
            _ => Err(error::others_can_write(path, path)),
        },
    }
}

#[cfg(not(unix))]
fn check_open(path: &Path, _: &Path, metadata: &Metadata, trust: Trust) -> Result<()> {
    match trust {
        _ if !metadata.is_file() => Err(error::is_not_a_file(path)),
        Trust::Private => check_private(path, metadata),
        // Whether others can change it was found on the way to it.
        Trust::Believed | Trust::Named => Ok(()),
    }
}

/// Nobody but the owner can read or change it.
#[cfg(unix)]
pub fn check_private(path: &Path, metadata: &Metadata) -> Result<()> {
    match std::os::unix::fs::MetadataExt::mode(metadata) & 0o077 {
        0 => Ok(()),
        _ => Err(error::others_can_reach(path, metadata.is_dir())),
    }
}

#[cfg(not(unix))]
pub fn check_private(path: &Path, metadata: &Metadata) -> Result<()> {
    match crate::access::of(path) {
        Ok(list) if crate::access::lets_others_in(&list) => Err(error::others_can_reach(path, metadata.is_dir())),
        _ => Ok(()),
    }
}

pub fn content(path: &Path, mut file: &File, limit: usize) -> Result<Zeroizing<Vec<u8>>> {
    let size = file.metadata().map_err(error::failed("read", path))?.len();
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let content = if size <= limit { read_at_most(&mut file, size, limit) } else { Ok(None) };
    content.map_err(error::failed("read", path))?.ok_or_else(|| error::is_too_large(path, limit))
}

/// All that there is to read, of which `expected` bytes are likely. `None`: it is more than `limit` bytes.
///
/// # Errors
/// Those of reading.
pub fn read_at_most(input: &mut dyn Read, expected: usize, limit: usize) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    // One byte more tells what just fits from what is longer, and no reallocation leaves a copy.
    let mut content = Zeroizing::new(Vec::with_capacity(expected.min(limit) + 64));
    input.take(limit as u64 + 1).read_to_end(&mut content)?;
    Ok(Some(content).filter(|content| content.len() <= limit))
}
