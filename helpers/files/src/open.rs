//! Opens files safely.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

use modelforge_credential_protocol::Result;
use zeroize::Zeroizing;

use crate::error;
use crate::rules;
use crate::whole;

/// How far a file is trusted, and so what is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// It decides something: it and the directories above it belong to this user or root, and nobody else can write to them.
    Believed,
    /// It also contains a secret: it belongs to this user, and nobody else can read it.
    Private,
    /// A person has just named it: only its type and its size are checked.
    Named,
}

/// Why a file or a directory is not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It belongs to another user.
    Foreign,
    /// Others can change it, or, where it is private, read it.
    Open,
}

/// What is wrong with a file or a directory itself, without those above it.
#[cfg(unix)]
pub fn fault(path: &Path, metadata: &Metadata, trust: Trust) -> Option<Fault> {
    use std::os::unix::fs::MetadataExt;
    let is_private_group = || rules::is_private_group(path, metadata);
    judge(metadata.uid(), metadata.mode(), trust, rules::user(), is_private_group)
}

#[cfg(unix)]
fn judge(owner: u32, mode: u32, trust: Trust, user: u32, is_private_group: impl FnOnce() -> bool) -> Option<Fault> {
    match trust {
        Trust::Named => None,
        Trust::Private if owner != user => Some(Fault::Foreign),
        Trust::Private => (mode & 0o077 != 0).then_some(Fault::Open),
        Trust::Believed if owner != user && owner != 0 => Some(Fault::Foreign),
        // The owner's private group may write to it, as to a directory above it: with umask 002 every file is like that.
        Trust::Believed => match mode & 0o022 {
            0 => None,
            0o020 if is_private_group() => None,
            _ => Some(Fault::Open),
        },
    }
}

/// What is wrong with a file or a directory itself. Does not check the owner.
#[cfg(not(unix))]
pub fn fault(path: &Path, _: &Metadata, trust: Trust) -> Option<Fault> {
    use crate::access::{lets_others_change, lets_others_in};
    let list = crate::access::of(path).ok()?;
    let is_open = match trust {
        Trust::Private => lets_others_in(&list),
        Trust::Believed => lets_others_change(&list),
        Trust::Named => false,
    };
    is_open.then_some(Fault::Open)
}

/// Opens a file of the user, which may be a link: people keep their settings in a repository. `None`: it does not exist.
///
/// # Errors
/// If it is not a regular file, or not safe enough for `trust`. The error names the file, and its hint is the command that fixes it.
pub fn open(path: &Path, options: &OpenOptions, trust: Trust) -> Result<Option<File>> {
    if is_nothing_there(path) {
        return Ok(None);
    }
    match trust {
        Trust::Named => open_checked(path, path, options, trust, true),
        _ => open_checked(path, &rules::check(path)?, options, trust, false),
    }
}

/// The content of such a file, of at most `limit` bytes. `None`: it does not exist.
///
/// # Errors
/// As [`open`]; also if it is larger.
pub fn read(path: &Path, limit: usize, trust: Trust) -> Result<Option<Zeroizing<Vec<u8>>>> {
    open(path, OpenOptions::new().read(true), trust)?.map(|file| content(path, &file, limit)).transpose()
}

/// Opens a file that was found while walking through directories, for reading: only a regular file, not a link. `None`: it is gone.
///
/// # Errors
/// If it cannot be opened, or has been replaced by something else.
pub fn open_met(path: &Path) -> Result<Option<File>> {
    open_checked(path, path, OpenOptions::new().read(true), Trust::Named, false)
}

/// Check this first: if nothing exists, it does not matter who owns the directories above.
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
    // Windows cannot open a directory, and reports it like a file that another program has open.
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

/// Does not wait for a FIFO, does not get a controlling terminal, and does not follow a link that was put there since the check.
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

fn check_open(path: &Path, real: &Path, metadata: &Metadata, trust: Trust) -> Result<()> {
    if !metadata.is_file() {
        return Err(error::is_not_a_file(path));
    }
    match (fault(real, metadata, trust), trust) {
        // On other systems, the check of its path found whether others can change it.
        (_, Trust::Believed) if cfg!(not(unix)) => Ok(()),
        (None, _) => Ok(()),
        #[cfg(unix)]
        (Some(Fault::Foreign), _) => Err(error::belongs_to_another(path, path)),
        #[cfg(unix)]
        (Some(Fault::Open), Trust::Believed) => Err(error::others_can_write(path, path)),
        (Some(_), _) => Err(error::others_can_reach(path, false)),
    }
}

/// Nobody but the owner, whom the check of the path has verified, can look into a directory.
pub fn check_private(path: &Path, metadata: &Metadata) -> Result<()> {
    #[cfg(unix)]
    let is_open = std::os::unix::fs::MetadataExt::mode(metadata) & 0o077 != 0;
    #[cfg(not(unix))]
    let is_open = fault(path, metadata, Trust::Private).is_some();
    if is_open { Err(error::others_can_reach(path, metadata.is_dir())) } else { Ok(()) }
}

pub fn content(path: &Path, mut file: &File, limit: usize) -> Result<Zeroizing<Vec<u8>>> {
    let size = file.metadata().map_err(error::failed("read", path))?.len();
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let content = if size <= limit { read_at_most(&mut file, size, limit) } else { Ok(None) };
    content.map_err(error::failed("read", path))?.ok_or_else(|| error::is_too_large(path, limit))
}

/// Everything in `input`; `expected` is its likely size in bytes. `None`: it is longer than `limit` bytes.
///
/// # Errors
/// If reading fails.
pub fn read_at_most(input: &mut dyn Read, expected: usize, limit: usize) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    // Reading one byte more shows whether it is too long. The capacity avoids a reallocation, which would leave a copy.
    let mut content = Zeroizing::new(Vec::with_capacity(expected.min(limit) + 64));
    input.take(limit as u64 + 1).read_to_end(&mut content)?;
    Ok(Some(content).filter(|content| content.len() <= limit))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn roots_file_is_believed_and_holds_no_secret_of_this_user() {
        const USER: u32 = 1000;
        let fault = |owner, mode, trust| judge(owner, mode, trust, USER, || owner == USER);
        for (owner, mode, believed, private) in [
            (USER, 0o600, None, None),
            (USER, 0o644, None, Some(Fault::Open)),
            (USER, 0o664, None, Some(Fault::Open)),
            (USER, 0o666, Some(Fault::Open), Some(Fault::Open)),
            (0, 0o644, None, Some(Fault::Foreign)),
            (0, 0o664, Some(Fault::Open), Some(Fault::Foreign)),
            (1001, 0o600, Some(Fault::Foreign), Some(Fault::Foreign)),
        ] {
            let found = [Trust::Believed, Trust::Private].map(|trust| fault(owner, mode, trust));
            assert_eq!(found, [believed, private], "{owner} {mode:o}");
            assert_eq!(fault(owner, mode, Trust::Named), None);
        }
    }
}
