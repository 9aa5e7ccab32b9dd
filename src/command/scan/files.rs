//! Searches files: one, or all below a directory. It follows no link, and opens only regular files.

use std::fs::{File, FileType};
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use modelforge_credential_files as files;

use super::Scan;
use super::error;
use super::git;
use super::stream::Seen;

/// These are not on a disk: they have no real files, or files that never end.
const OF_THE_SYSTEM: [&str; 3] = ["/dev", "/proc", "/sys"];

/// A file that grows during the search is read up to its first size, or to this one.
const GROWS_TO: u64 = 1 << 20;

/// The most that is unpacked of a packed file.
const UNPACKED: u64 = 4 << 30;

/// The first bytes of a file that gzip packed.
const GZIP: [u8; 3] = [0x1f, 0x8b, 8];

/// Searches a path that a person named. A problem with it is an error.
pub fn look_at_named(scan: &mut Scan, path: &Path) -> modelforge_credential_protocol::Result<()> {
    let path = &std::path::absolute(path).map_err(|problem| error::unreadable(path, &problem))?;
    let metadata = match path.symlink_metadata() {
        Err(problem) if files::is_absent(&problem) => return Err(error::not_there(path)),
        metadata => metadata.map_err(|problem| error::unreadable(path, &problem))?,
    };
    let kind = metadata.file_type();
    if kind.is_symlink() {
        return Err(error::is_a_link(path));
    } else if !kind.is_dir() && !kind.is_file() {
        return Err(error::not_a_file(path));
    }
    look_at_usual(scan, path);
    Ok(())
}

/// Searches a path that may not exist.
pub fn look_at_usual(scan: &mut Scan, path: &Path) {
    match path.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => look_below(scan, path),
        Ok(metadata) if metadata.is_file() => look_at(scan, path),
        _ => {}
    }
}

/// Searches all files below a directory. Only the directories still to be visited are kept in memory.
fn look_below(scan: &mut Scan, folder: &Path) {
    let mut folders = vec![folder.to_path_buf()];
    scan.elsewhere.walks(folder);
    while let Some(folder) = folders.pop() {
        if OF_THE_SYSTEM.iter().any(|system| folder == Path::new(system)) || !scan.is_first_visit(&folder) {
            continue;
        }
        let is_repository = git::is_repository(&folder);
        if is_repository {
            git::look(scan, &folder);
        }
        let mut entries = match entries(&folder) {
            Ok(entries) => entries,
            Err(problem) => {
                scan.fail(error::unreadable(&folder, &problem));
                continue;
            }
        };
        entries.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let first = folders.len();
        for (path, kind) in entries {
            if kind.is_dir() {
                let is_packed = is_repository && path.file_name().is_some_and(|name| name == "objects");
                folders.extend(Some(path).filter(|_| !is_packed));
            } else if kind.is_file() {
                if path.file_name().is_some_and(|name| name == ".git") {
                    scan.elsewhere.met(&folder, &path);
                }
                look_at(scan, &path);
            }
        }
        folders[first..].reverse();
    }
}

/// Searches the files of a directory, without the directories below it.
pub fn look_in(scan: &mut Scan, folder: &Path) {
    let mut entries = entries(folder).unwrap_or_default();
    entries.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    entries.iter().filter(|(_, kind)| kind.is_file()).for_each(|(path, _)| look_at(scan, path));
}

fn entries(folder: &Path) -> io::Result<Vec<(PathBuf, FileType)>> {
    let entries = std::fs::read_dir(folder)?.flatten();
    Ok(entries.filter_map(|entry| Some((entry.path(), entry.file_type().ok()?))).collect())
}

/// Searches one file.
fn look_at(scan: &mut Scan, path: &Path) {
    let mut seen = Seen::new();
    scan.look_at_name(path, &mut seen);
    match files::open_met(path) {
        Ok(Some(file)) => {
            scan.counts.files += 1;
            if let Err(problem) = read(scan, path, file, &mut seen) {
                scan.fail(error::unreadable(path, &problem));
            }
        }
        // It was deleted in the meantime.
        Ok(None) => {}
        Err(problem) => scan.fail(problem),
    }
    scan.note(path, None, seen);
}

fn read(scan: &mut Scan, path: &Path, mut file: File, seen: &mut Seen) -> io::Result<()> {
    let mut start = Vec::with_capacity(GZIP.len());
    (&mut file).take(GZIP.len() as u64).read_to_end(&mut start)?;
    file.rewind()?;
    if start == GZIP {
        let mut packed = MultiGzDecoder::new(BufReader::with_capacity(64 << 10, &mut file)).take(UNPACKED);
        let unpacked = scan.look(&mut packed, seen);
        match unpacked {
            Ok(()) if packed.limit() > 0 => return Ok(()),
            Ok(()) => scan.fail(error::unpacks_to_too_much(path, UNPACKED)),
            Err(_) => scan.fail(error::not_unpacked(path)),
        }
        file.rewind()?;
    }
    let size = file.metadata()?.len().max(GROWS_TO);
    scan.look(&mut WithoutHoles::of(file, size), seen)
}

/// A file without its holes, which may be larger than any disk. Each hole becomes one NUL.
struct WithoutHoles {
    file: File,
    at: u64,
    /// The end of the current part with data.
    data: u64,
    size: u64,
}

impl WithoutHoles {
    fn of(file: File, size: u64) -> Self {
        Self { file, at: 0, data: 0, size }
    }

    /// Goes to the next part with data. Returns false if there is none.
    #[cfg(target_os = "linux")]
    fn go_on(&mut self) -> io::Result<bool> {
        use rustix::fs::{SeekFrom, seek};
        let start = match seek(&self.file, SeekFrom::Data(self.at)) {
            Err(rustix::io::Errno::NXIO) => return Ok(false),
            // The file system cannot tell.
            Err(_) => {
                seek(&self.file, SeekFrom::Start(self.at))?;
                self.data = self.size;
                return Ok(true);
            }
            Ok(start) => start,
        };
        self.data = seek(&self.file, SeekFrom::Hole(start)).unwrap_or(self.size).min(self.size);
        self.at = seek(&self.file, SeekFrom::Start(start))?;
        Ok(self.at < self.data)
    }

    #[cfg(not(target_os = "linux"))]
    fn go_on(&mut self) -> io::Result<bool> {
        self.data = self.size;
        Ok(true)
    }
}

impl Read for WithoutHoles {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.size {
            return Ok(0);
        }
        if self.at >= self.data {
            let is_hole = self.at > 0;
            if !self.go_on()? {
                return Ok(0);
            }
            if let (true, Some(first)) = (is_hole, buffer.first_mut()) {
                *first = 0;
                return Ok(1);
            }
        }
        let most = usize::try_from(self.data - self.at).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.file.read(&mut buffer[..most])?;
        self.at += count as u64;
        Ok(count)
    }
}
