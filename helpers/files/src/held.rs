//! A folder that is held open: what is done in it is done there, wherever its name leads meanwhile.

use std::fs::File;
use std::io;
use std::path::Path;

/// A folder that is held open. Names are single parts of a path, and no link among them is followed.
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

    /// To look in only: a folder that one may enter need not be one that one may list.
    const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

    impl Held {
        /// Opens a folder by its path, links included: check it first.
        ///
        /// # Errors
        /// If there is none.
        pub fn open(path: &Path) -> io::Result<Self> {
            Ok(Self { folder: rustix::fs::openat(CWD, path, FOLDER, Mode::empty())?.into() })
        }

        /// Opens a folder in this one.
        ///
        /// # Errors
        /// If there is none, or a link in its place.
        pub fn enter(&self, name: &Path) -> io::Result<Self> {
            let flags = FOLDER | OFlags::NOFOLLOW;
            Ok(Self { folder: rustix::fs::openat(&self.folder, name, flags, Mode::empty())?.into() })
        }

        /// Makes a folder for its owner alone, and opens it. One that is there is opened.
        ///
        /// # Errors
        /// If it cannot be made, or a link is in its place.
        pub fn make_folder(&self, name: &Path) -> io::Result<Self> {
            match rustix::fs::mkdirat(&self.folder, name, Mode::RWXU) {
                Ok(()) | Err(rustix::io::Errno::EXIST) => self.enter(name),
                Err(problem) => Err(problem.into()),
            }
        }

        /// Opens a file to read it. Waits for no FIFO.
        ///
        /// # Errors
        /// If there is none, or a link in its place.
        pub fn file(&self, name: &Path) -> io::Result<File> {
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
            Ok(rustix::fs::openat(&self.folder, name, flags, Mode::empty())?.into())
        }

        /// Makes a file that is not there, for its owner alone.
        ///
        /// # Errors
        /// If there is anything of that name.
        pub fn make(&self, name: &Path) -> io::Result<File> {
            let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            Ok(rustix::fs::openat(&self.folder, name, flags, Mode::RUSR | Mode::WUSR)?.into())
        }

        /// True if `file` is what has that name here.
        pub fn has(&self, name: &Path, file: &File) -> bool {
            let (Ok(here), Ok(open)) =
                (rustix::fs::statat(&self.folder, name, AtFlags::SYMLINK_NOFOLLOW), rustix::fs::fstat(file))
            else {
                return false;
            };
            (here.st_dev, here.st_ino) == (open.st_dev, open.st_ino)
        }

        /// True if a link has that name here.
        pub fn has_link(&self, name: &Path) -> bool {
            rustix::fs::statat(&self.folder, name, AtFlags::SYMLINK_NOFOLLOW)
                .is_ok_and(|here| rustix::fs::FileType::from_raw_mode(here.st_mode).is_symlink())
        }

        /// Gives what is called `from` the name `to`; `replace` what has it, or fail.
        ///
        /// # Errors
        /// If that cannot be done.
        pub fn rename(&self, from: &Path, to: &Path, replace: bool) -> io::Result<()> {
            if replace {
                return Ok(rustix::fs::renameat(&self.folder, from, &self.folder, to)?);
            }
            match rustix::fs::renameat_with(&self.folder, from, &self.folder, to, RenameFlags::NOREPLACE) {
                // Some file systems cannot.
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
        /// If there is none.
        pub fn remove(&self, name: &Path) -> io::Result<()> {
            Ok(rustix::fs::unlinkat(&self.folder, name, AtFlags::empty())?)
        }

        /// The names of what is here, as far as they can be read.
        pub fn names(&self) -> Vec<std::ffi::OsString> {
            use std::os::unix::ffi::OsStringExt;
            let entries = rustix::fs::Dir::read_from(&self.folder).into_iter().flatten().flatten();
            entries.map(|entry| std::ffi::OsString::from_vec(entry.file_name().to_bytes().to_vec())).collect()
        }

        /// Makes what changed here durable.
        ///
        /// # Errors
        /// If the disk does not take it.
        pub fn sync(&self) -> io::Result<()> {
            crate::whole::sync(&self.folder)
        }
    }
}

/// Elsewhere a folder cannot be held, but no other user can swap one in this user's profile.
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
