//! An open directory. Operations in it stay in it, even if its name leads elsewhere in the meantime.

use std::fs::File;
use std::io;
use std::path::Path;

/// An open directory. Names are single parts of a path, and no link among them is followed.
#[derive(Debug)]
pub struct Held {
    #[cfg(unix)]
    folder: File,
    #[cfg(not(unix))]
    folder: std::path::PathBuf,
}

#[cfg(unix)]
mod system {
    use rustix::fs::{AtFlags, CWD, Mode, OFlags, RenameFlags};

    use super::{File, Held, Path, io};

    /// Only to enter: some directories can be entered but not listed.
    const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

    impl Held {
        /// Opens a directory by its path, and follows links. Check the path first.
        ///
        /// # Errors
        /// If it does not exist.
        pub fn open(path: &Path) -> io::Result<Self> {
            Ok(Self { folder: rustix::fs::openat(CWD, path, FOLDER, Mode::empty())?.into() })
        }

        /// Opens a directory inside this one.
        ///
        /// # Errors
        /// If it does not exist, or is a link.
        pub fn enter(&self, name: &Path) -> io::Result<Self> {
            let flags = FOLDER | OFlags::NOFOLLOW;
            Ok(Self { folder: rustix::fs::openat(&self.folder, name, flags, Mode::empty())?.into() })
        }

        /// Creates a directory that only its owner can access, and opens it. An existing one is opened.
        ///
        /// # Errors
        /// If it cannot be created, or is a link.
        pub fn make_folder(&self, name: &Path) -> io::Result<Self> {
            match rustix::fs::mkdirat(&self.folder, name, Mode::RWXU) {
                Ok(()) | Err(rustix::io::Errno::EXIST) => self.enter(name),
                Err(problem) => Err(problem.into()),
            }
        }

        /// Opens a file for reading. Does not wait for a FIFO.
        ///
        /// # Errors
        /// If it does not exist, or is a link.
        pub fn file(&self, name: &Path) -> io::Result<File> {
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
            Ok(rustix::fs::openat(&self.folder, name, flags, Mode::empty())?.into())
        }

        /// Creates a new file that only its owner can read.
        ///
        /// # Errors
        /// If the name exists.
        pub fn make(&self, name: &Path) -> io::Result<File> {
            let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            Ok(rustix::fs::openat(&self.folder, name, flags, Mode::RUSR | Mode::WUSR)?.into())
        }

        /// True if this name is `file`.
        pub fn has(&self, name: &Path, file: &File) -> bool {
            let (Ok(here), Ok(open)) =
                (rustix::fs::statat(&self.folder, name, AtFlags::SYMLINK_NOFOLLOW), rustix::fs::fstat(file))
            else {
                return false;
            };
            (here.st_dev, here.st_ino) == (open.st_dev, open.st_ino)
        }

        /// True if this name is a link.
        pub fn has_link(&self, name: &Path) -> bool {
            rustix::fs::statat(&self.folder, name, AtFlags::SYMLINK_NOFOLLOW)
                .is_ok_and(|here| rustix::fs::FileType::from_raw_mode(here.st_mode).is_symlink())
        }

        /// Renames `from` to `to`. Without `replace`, fails if `to` exists.
        ///
        /// # Errors
        /// If it cannot be renamed.
        pub fn rename(&self, from: &Path, to: &Path, replace: bool) -> io::Result<()> {
            if replace {
                return Ok(rustix::fs::renameat(&self.folder, from, &self.folder, to)?);
            }
            match rustix::fs::renameat_with(&self.folder, from, &self.folder, to, RenameFlags::NOREPLACE) {
                // Some file systems do not support this.
                Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
                    rustix::fs::linkat(&self.folder, from, &self.folder, to, AtFlags::empty())?;
                    self.remove(from)
                }
                renamed => Ok(renamed?),
            }
        }

        /// Removes a file.
        ///
        /// # Errors
        /// If it does not exist.
        pub fn remove(&self, name: &Path) -> io::Result<()> {
            Ok(rustix::fs::unlinkat(&self.folder, name, AtFlags::empty())?)
        }

        /// The names in this directory, as far as they can be read.
        pub fn names(&self) -> Vec<std::ffi::OsString> {
            use std::os::unix::ffi::OsStringExt;
            let entries = rustix::fs::Dir::read_from(&self.folder).into_iter().flatten().flatten();
            entries.map(|entry| std::ffi::OsString::from_vec(entry.file_name().to_bytes().to_vec())).collect()
        }

        /// Makes changes in this directory durable.
        ///
        /// # Errors
        /// If the disk reports an error.
        pub fn sync(&self) -> io::Result<()> {
            crate::whole::sync(&self.folder)
        }
    }
}

/// On other systems a directory cannot be kept open like this, but no other user can replace one in this user's profile.
#[cfg(not(unix))]
#[expect(missing_docs, clippy::missing_errors_doc, reason = "as above")]
mod system {
    use super::{File, Held, Path, io};
    use crate::whole::patiently;

    impl Held {
        pub fn open(path: &Path) -> io::Result<Self> {
            if path.is_dir() { Ok(Self { folder: path.to_path_buf() }) } else { Err(io::ErrorKind::NotFound.into()) }
        }

        pub fn enter(&self, name: &Path) -> io::Result<Self> {
            if self.has_link(name) {
                return Err(io::ErrorKind::NotADirectory.into());
            }
            Self::open(&self.folder.join(name))
        }

        pub fn make_folder(&self, name: &Path) -> io::Result<Self> {
            match std::fs::create_dir(self.folder.join(name)) {
                Err(problem) if problem.kind() != io::ErrorKind::AlreadyExists => Err(problem),
                _ => self.enter(name),
            }
        }

        pub fn file(&self, name: &Path) -> io::Result<File> {
            let path = self.folder.join(name);
            if path.is_dir() { Err(io::ErrorKind::IsADirectory.into()) } else { patiently(|| File::open(&path)) }
        }

        pub fn make(&self, name: &Path) -> io::Result<File> {
            File::options().read(true).write(true).create_new(true).open(self.folder.join(name))
        }

        pub fn has(&self, name: &Path, file: &File) -> bool {
            let here = same_file::Handle::from_path(self.folder.join(name));
            let open = file.try_clone().and_then(same_file::Handle::from_file);
            !self.has_link(name) && here.is_ok_and(|here| open.is_ok_and(|open| here == open))
        }

        pub fn has_link(&self, name: &Path) -> bool {
            self.folder.join(name).is_symlink()
        }

        pub fn rename(&self, from: &Path, to: &Path, replace: bool) -> io::Result<()> {
            if !replace && self.folder.join(to).exists() {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            crate::whole::rename(&self.folder.join(from), &self.folder.join(to))
        }

        pub fn remove(&self, name: &Path) -> io::Result<()> {
            patiently(|| std::fs::remove_file(self.folder.join(name)))
        }

        pub fn names(&self) -> Vec<std::ffi::OsString> {
            std::fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|entry| entry.file_name()).collect()
        }

        pub fn sync(&self) -> io::Result<()> {
            Ok(())
        }
    }
}
