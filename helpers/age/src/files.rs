//! Files and folders that nobody but their owner can read or change.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use modelforge_credential_protocol::{Error, Result};
use zeroize::Zeroizing;

/// The content of a file of at most `limit` bytes. `None`: there is none. `private`: others must not be able to read it.
pub fn read(path: &Path, limit: usize, private: bool) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        // A FIFO in the place of the file must not make us wait for who writes to it.
        options.custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed());
    }
    let file = match options.open(path) {
        Err(error) if is_absent(&error) => return Ok(None),
        opened => opened.map_err(failed("read", path))?,
    };
    let metadata = file.metadata().map_err(failed("read", path))?;
    if !metadata.is_file() {
        return Err(format!("`{}` is not a file", path.display()).into());
    }
    if private {
        check_private(path, &metadata)?;
    }
    // One byte more tells a file that grows meanwhile from one that just fits, and no reallocation leaves a copy.
    let size = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
    let mut content = Zeroizing::new(Vec::with_capacity(size.min(limit) + 64));
    if size <= limit {
        file.take(limit as u64 + 1).read_to_end(&mut content).map_err(failed("read", path))?;
    }
    if size > limit || content.len() > limit {
        return Err(format!("`{}` is larger than {limit} bytes", path.display()).into());
    }
    Ok(Some(content))
}

/// Refuses what another user owns, or what others than the owner can read or change.
#[cfg(unix)]
pub fn check_private(path: &Path, metadata: &Metadata) -> Result<()> {
    use std::os::unix::fs::MetadataExt;
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(format!("`{}` belongs to another user", path.display()).into());
    }
    if metadata.mode() & 0o077 != 0 {
        let mode = if metadata.is_dir() { "700" } else { "600" };
        return Err(Error::new(format!("others than its owner can reach `{}`", path.display()))
            .hint(format!("chmod {mode} {}", quoted(path))));
    }
    Ok(())
}

/// Elsewhere the folder in the user's profile is private by inheritance.
#[cfg(not(unix))]
pub fn check_private(_: &Path, _: &Metadata) -> Result<()> {
    Ok(())
}

/// Makes a folder and those above it, for the owner alone, so that they survive a power cut.
pub fn make_folder(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = path.parent().unwrap_or(path);
    if parent != path {
        make_folder(parent)?;
    }
    #[cfg_attr(not(unix), expect(unused_mut, reason = "modes are a matter of Unix"))]
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(failed("make", path)(error)),
        Ok(()) => sync_folder(parent),
    }
}

/// The prefix of temporary files: no name of a credential begins with a dot.
const TEMPORARY: &str = ".new-";

/// Writes a file that is either whole or not there, also after a power cut; `replace` an existing one or fail.
/// The temporary file lies in `workshop`, on the same disk.
pub fn write(path: &Path, workshop: &Path, content: &[u8], replace: bool) -> Result<()> {
    let attempt = || -> io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(workshop)?;
        file.write_all(content)?;
        file.as_file().sync_all()?;
        let kept = if replace { file.persist(path) } else { file.persist_noclobber(path) };
        kept.map(drop).map_err(|error| error.error)
    };
    attempt().map_err(failed("write", path))?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// Removes what killed processes left in `workshop`. Only for who holds the lock: no other file is being written then.
pub fn clean(workshop: &Path) {
    for entry in fs::read_dir(workshop).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Makes what changed in a folder durable.
pub fn sync_folder(path: &Path) -> Result<()> {
    // Windows cannot open a folder for this and does not need it.
    if cfg!(unix) {
        File::open(path).and_then(|folder| folder.sync_all()).map_err(failed("sync", path))?;
    }
    Ok(())
}

/// Whether there is nothing of that name; also where there cannot be.
pub fn is_absent(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidFilename, NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory | InvalidFilename)
}

/// The error of a file operation in our words.
pub fn failed(verb: &str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    move |error| {
        let reason = match error.kind() {
            io::ErrorKind::Other => error.to_string(),
            kind => kind.to_string(),
        };
        Error::new(format!("cannot {verb} `{}`: {reason}", path.display()))
    }
}

/// A path as a word for a shell.
pub fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    if text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-+@%:,\\".contains(&b)) {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}
