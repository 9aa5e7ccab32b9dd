//! The folder of encrypted credentials, one file each. What is in the files is the business of `identity`.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, UNIX_EPOCH};

use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Error, MAX_RECORD, Record, Result};
use zeroize::Zeroizing;

use crate::{files, name};

/// Longer than any number of stores that meet needs, shorter than the caller's patience.
const PATIENCE: Duration = Duration::from_secs(5);

/// The longest path below the folder. macOS ends at 1,024 bytes for all of it; found here before a half is made.
const LONGEST: usize = 900;

pub struct Store {
    root: PathBuf,
}

/// A credential's description and its file.
pub struct Entry {
    pub description: Record,
    pub file: PathBuf,
}

impl Store {
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Whether the folder is there; an error if it is not the user's alone: another could have planted it.
    pub fn exists(&self) -> Result<bool> {
        match fs::metadata(&self.root) {
            Err(error) if files::is_absent(&error) => Ok(false),
            Err(error) => Err(files::failed("read", &self.root)(error)),
            Ok(metadata) => files::check_private(&self.root, &metadata).map(|()| true),
        }
    }

    /// The credential that answers `request`: without a `path` the one that has none comes first, without a
    /// `username` the default account, then the order of the names. The usual request is answered by one look, however
    /// many credentials there are; any other by the folder of its host.
    pub fn find(&self, request: &Record) -> Result<Option<Entry>> {
        let mut description = described(request);
        if !description.has("username") {
            description.set("username", DEFAULT_ACCOUNT)?;
        }
        let file = self.root.join(name::file(&description));
        match fs::symlink_metadata(&file) {
            Ok(_) => return Ok(Some(Entry { description, file })),
            Err(error) if files::is_absent(&error) => {}
            Err(error) => return Err(files::failed("read", &file)(error)),
        }
        if request.has("path") && request.has("username") {
            return Ok(None);
        }
        Ok(self.matching(request)?.into_iter().next())
    }

    /// Every credential that a description describes, in the order of [`find`](Self::find); all for an empty one.
    pub fn matching(&self, description: &Record) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        self.collect(&self.root.join(name::folder(description)), &mut entries)?;
        entries.retain(|entry| entry.description.matches(description));
        entries.sort_by(|a, b| rank(&a.description).cmp(&rank(&b.description)));
        Ok(entries)
    }

    fn collect(&self, folder: &Path, entries: &mut Vec<Entry>) -> Result<()> {
        let content = match fs::read_dir(folder) {
            Err(error) if files::is_absent(&error) => return Ok(()),
            content => content.map_err(files::failed("read", folder))?,
        };
        for entry in content {
            let entry = entry.map_err(files::failed("read", folder))?;
            let file = entry.path();
            // A link is followed when a credential is read, but not into a folder: it could lead back.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                if !entry.file_name().to_string_lossy().starts_with('.') {
                    self.collect(&file, entries)?;
                }
            } else if let Some(description) = file.strip_prefix(&self.root).ok().and_then(name::parse) {
                entries.push(Entry { description, file });
            }
        }
        Ok(())
    }

    /// Makes the folder if need be, and takes the lock.
    pub fn lock(&self) -> Result<File> {
        files::make_folder(&self.root)?;
        self.exists()?;
        let path = self.root.join(".lock");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let lock = options.open(&path).map_err(files::failed("lock", &path))?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(lock),
                Err(TryLockError::Error(error)) => return Err(files::failed("lock", &path)(error)),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err(TryLockError::WouldBlock) => {
                    let seconds = PATIENCE.as_secs();
                    let message = format!("another process has held `{}` for {seconds} seconds", path.display());
                    return Err(Error::new(message).hint(format!("fuser -v {}", files::quoted(&path))));
                }
            }
        }
    }

    /// Refuses to begin with a new `identity` where an older one was lost: what it would store, the older one could not
    /// open once its copy is put back. Only for who holds the lock.
    pub fn check_unused(&self, identity: &Path) -> Result<()> {
        let held = match self.matching(&Record::new())?.len() {
            0 => return Ok(()),
            1 => "1 credential is".to_owned(),
            many => format!("{many} credentials are"),
        };
        let message = format!("the identity `{}` is not there, and {held} encrypted for it", identity.display());
        let (from, to) = (files::quoted(&self.root), files::quoted(&self.root.with_extension("old")));
        Err(Error::new(message).hint(format!("put its copy back, or begin anew: mv {from} {to}")))
    }

    /// Keeps the file of a credential that names its `username`.
    pub fn write(&self, credential: &Record, content: &[u8]) -> Result<()> {
        let file = name::file(credential);
        if file.as_os_str().len() > LONGEST {
            return Err("the names of host, path and user are too long for a file".into());
        }
        let file = self.root.join(file);
        let _lock = self.lock()?;
        files::clean(&self.root);
        file.parent().map_or(Ok(()), files::make_folder)?;
        files::write(&file, &self.root, content, true)
    }

    /// Removes a credential and the folders that are empty without it. Only for who holds the lock.
    pub fn remove(&self, entry: &Entry) -> Result<()> {
        match fs::remove_file(&entry.file) {
            Err(error) if !files::is_absent(&error) => return Err(files::failed("erase", &entry.file)(error)),
            _ => {}
        }
        let mut folder = entry.file.parent();
        while let Some(path) = folder.filter(|path| *path != self.root) {
            if fs::remove_dir(path).is_err() {
                return files::sync_folder(path);
            }
            folder = path.parent();
        }
        files::sync_folder(&self.root)
    }
}

impl Entry {
    /// The encrypted content. It may be armored, so it can be larger than the record by a third.
    pub fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>> {
        files::read(&self.file, 2 * MAX_RECORD, false)
    }

    /// When it was stored, in seconds since 1970.
    pub fn created(&self) -> Option<u64> {
        let modified = fs::metadata(&self.file).and_then(|metadata| metadata.modified()).ok()?;
        Some(modified.duration_since(UNIX_EPOCH).ok()?.as_secs())
    }
}

/// What of a request says which credential.
fn described(request: &Record) -> Record {
    let mut description = request.clone();
    description.retain(|key| matches!(key, "protocol" | "host" | "path" | "username"));
    description
}

fn rank(description: &Record) -> (Option<&[u8]>, bool, Option<&[u8]>) {
    let username = description.get("username");
    (description.get("path"), username != Some(DEFAULT_ACCOUNT.as_bytes()), username)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(lines: &[(&str, &str)]) -> Record {
        let url = [("protocol", "https"), ("host", "h")];
        Record::of(url.iter().chain(lines).copied()).unwrap()
    }

    fn url(host: &str) -> Record {
        Record::of([("protocol", "https"), ("host", host)]).unwrap()
    }

    /// A store with these credentials; what they hold does not matter here.
    fn store(folder: &Path, credentials: &[&[(&str, &str)]]) -> Store {
        let store = Store::new(folder.join("data/age"));
        for lines in credentials {
            store.write(&record(lines), b"content").unwrap();
        }
        store
    }

    fn found(store: &Store, request: &Record) -> Option<Record> {
        store.find(request).unwrap().map(|entry| entry.description)
    }

    #[test]
    fn the_usual_request_never_reads_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path(), &[&[("username", "default")], &[("path", "p"), ("username", "u")]]);
        // A file in the place of the folder that a listing would have to read.
        let request = record(&[("username", "nobody"), ("path", "p")]);
        fs::remove_dir_all(store.root.join("https/h/p")).unwrap();
        fs::write(store.root.join("https/h/p"), "").unwrap();
        assert!(found(&store, &request).is_none());
        assert!(found(&store, &url("h")) == Some(record(&[("username", "default")])));
    }

    #[test]
    fn no_path_comes_first_then_the_default_account_then_the_order_of_the_names() {
        let folder = tempfile::tempdir().unwrap();
        let entries: &[&[(&str, &str)]] = &[
            &[("path", "b"), ("username", "default")],
            &[("path", "a"), ("username", "z")],
            &[("path", "a"), ("username", "default")],
            &[("username", "B")],
            &[("username", "a")],
            &[("username", "")],
        ];
        let store = store(folder.path(), entries);
        for expected in [5, 3, 4, 2, 1, 0] {
            let entry = store.find(&url("h")).unwrap().unwrap();
            assert!(entry.description == record(entries[expected]), "{expected}");
            store.remove(&entry).unwrap();
        }
        assert!(found(&store, &url("h")).is_none());
    }

    #[test]
    fn a_host_whose_name_begins_like_another_is_not_that_other() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path(), &[&[("username", "u")]]);
        for host in ["", "h.", "hh", "H", "%68", ".", "..", "h/u"] {
            assert!(store.matching(&url(host)).unwrap().is_empty(), "{host}");
        }
    }

    #[test]
    fn removing_the_last_credential_of_a_host_removes_its_folders_and_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path(), &[&[("path", "p"), ("username", "u")], &[("username", "u")]]);
        for (path, left) in [("p", "https/h"), ("", "")] {
            let mut entries = store.matching(&url("h")).unwrap();
            entries.retain(|entry| entry.description.text("path").unwrap_or_default() == path);
            store.remove(&entries[0]).unwrap();
            assert!(store.root.join(left).exists());
        }
        assert!(!store.root.join("https").exists());
    }

    #[test]
    fn a_link_to_a_folder_is_not_followed_by_a_listing() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path(), &[&[("username", "u")]]);
        #[cfg(unix)]
        std::os::unix::fs::symlink(&store.root, store.root.join("https/loop")).unwrap();
        assert_eq!(store.matching(&Record::new()).unwrap().len(), 1);
    }

    #[test]
    fn an_older_credential_is_replaced_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path(), &[&[("username", "u")]]);
        store.write(&record(&[("username", "u")]), b"new").unwrap();
        let entry = store.find(&url("h")).unwrap().unwrap();
        assert_eq!(entry.read().unwrap().unwrap().as_slice(), b"new");
        assert_eq!(fs::read_dir(store.root.join("https/h")).unwrap().count(), 1);
    }

    #[test]
    fn a_file_too_large_to_be_a_credential_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path(), &[&[("username", "u")]]);
        let entry = store.find(&url("h")).unwrap().unwrap();
        File::options().write(true).open(&entry.file).unwrap().set_len(1 << 40).unwrap();
        assert!(entry.read().unwrap_err().to_string().ends_with("is larger than 8388608 bytes"));
    }

    #[test]
    fn a_name_too_long_for_the_disk_is_not_there_and_cannot_be_stored() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path(), &[]);
        let long = "x".repeat(20_000);
        let credential = record(&[("username", &long)]);
        assert!(found(&store, &credential).is_none());
        assert!(store.write(&credential, b"content").is_err());
        assert!(!store.root.exists());
    }
}
