//! Appends to the log. A record is one write at the end of the file, so no writer waits for another. Nothing is synchronised, so a `get`
//! does not wait for the disk.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use modelforge_credential_protocol::Result;

use super::files;
use crate::state;

/// When a file is full, and how much is kept.
pub struct Sizes {
    /// A file of this many bytes is full.
    pub full: u64,
    /// A full file is deleted when newer ones have this many bytes.
    pub kept: u64,
}

pub const SIZES: Sizes = Sizes { full: 1 << 20, kept: 10 << 20 };

/// Writes a record, given without its line feed.
pub fn append(folder: &Path, sizes: &Sizes, record: &[u8]) -> Result<()> {
    let mut file = files::open_to_write(folder)?;
    let mut length = file.metadata()?.len();
    if length >= sizes.full {
        rotate(folder, sizes)?;
        file = files::open_to_write(folder)?;
        length = file.metadata()?.len();
    }
    let end = end_of(&mut file, length)?;
    if end.is_empty() || end.windows(KEY_OF_A_HASH.len()).any(|window| window == KEY_OF_A_HASH) {
        let _ = fs::remove_file(folder.join(OLD_HEAD));
    }
    let mut line = Vec::with_capacity(record.len() + 2);
    // A full disk or a crash may have cut the last line short.
    if end.last().is_some_and(|last| *last != b'\n') {
        line.push(b'\n');
    }
    line.extend_from_slice(record);
    line.push(b'\n');
    Ok(file.write_all(&line)?)
}

/// Version 0.1.0 linked its records by hashes, and stored the last hash in this file.
const OLD_HEAD: &str = "audit.head";
const KEY_OF_A_HASH: &[u8] = b"\"previous\":";

/// The last bytes of a file.
fn end_of(file: &mut File, length: u64) -> Result<Vec<u8>> {
    const END: u64 = 96;
    let mut end = Vec::with_capacity(END as usize);
    file.seek(SeekFrom::Start(length.saturating_sub(END)))?;
    file.take(END).read_to_end(&mut end)?;
    Ok(end)
}

/// Renames the current file, and deletes the oldest full ones. A process that is writing at that moment writes to the renamed file.
fn rotate(folder: &Path, sizes: &Sizes) -> Result<()> {
    let lock = state::open_or_make(&folder.join("audit.lock"), OpenOptions::new().write(true).create(true))?;
    if lock.try_lock().is_err() {
        // Another process is doing this.
        return Ok(());
    }
    if fs::metadata(files::current(folder)).map_or(0, |metadata| metadata.len()) < sizes.full {
        return Ok(());
    }
    let next = files::full(folder).last().map_or(0, |(number, _)| *number).saturating_add(1);
    fs::rename(files::current(folder), files::full_path(folder, next))?;
    let mut newer = 0;
    for (_, path) in files::full(folder).into_iter().rev() {
        if newer >= sizes.kept {
            fs::remove_file(path)?;
        } else {
            newer += fs::metadata(&path)?.len();
        }
    }
    Ok(())
}
