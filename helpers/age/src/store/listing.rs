//! The content of a store's directories.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::fs;
use std::path::{Path, PathBuf};

use modelforge_credential_files::{self as files, name};
use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Record, Result};

use super::{Entry, Store, described, described_by_path, file_of};

/// Each directory as it was when it was first read. If several requests are for one host, its directory is read once. Otherwise the time
/// would grow with the square of the number of credentials.
pub struct Listing<'a> {
    store: &'a Store,
    folders: HashMap<PathBuf, Folder>,
}

/// The credentials below a folder, by account.
type Folder = HashMap<Vec<u8>, Vec<Entry>>;

impl<'a> Listing<'a> {
    pub fn of(store: &'a Store) -> Self {
        Self { store, folders: HashMap::new() }
    }

    pub fn store(&self) -> &'a Store {
        self.store
    }

    /// The credential that answers `request`. Without a `path`, one without a path comes first; without a `username`, the default account;
    /// then the order of the names. The usual request needs one lookup, however many credentials there are. Any other request reads the
    /// directory of its host.
    pub fn find(&mut self, request: &Record) -> Result<Option<Entry>> {
        let mut description = described(request);
        if !description.has("username") {
            description.set("username", DEFAULT_ACCOUNT)?;
        }
        let file = self.store.own.path().join(file_of(&description));
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

    /// Every credential that matches a description, in the order of [`find`](Self::find); all for an empty one.
    pub fn matching(&mut self, description: &Record) -> Result<Vec<Entry>> {
        let folder = self.folder(name::folder(description).iter().collect())?;
        let entries: Vec<&Entry> = match description.get("username") {
            Some(account) => folder.get(account).into_iter().flatten().collect(),
            None => folder.values().flatten().collect(),
        };
        let mut entries: Vec<Entry> =
            entries.into_iter().filter(|entry| entry.description.matches(description)).cloned().collect();
        entries.sort_by(|a, b| name::rank(&a.description).cmp(&name::rank(&b.description)));
        Ok(entries)
    }

    fn folder(&mut self, path: PathBuf) -> Result<&Folder> {
        match self.folders.entry(path) {
            Slot::Occupied(known) => Ok(known.into_mut()),
            Slot::Vacant(place) => {
                self.store.own.check(place.key())?;
                let mut folder = Folder::new();
                collect(self.store, &self.store.own.path().join(place.key()), &mut folder)?;
                Ok(place.insert(folder))
            }
        }
    }
}

fn collect(store: &Store, folder: &Path, found: &mut Folder) -> Result<()> {
    let content = match fs::read_dir(folder) {
        Err(error) if files::is_absent(&error) => return Ok(()),
        content => content.map_err(files::failed("read", folder))?,
    };
    for entry in content {
        let entry = entry.map_err(files::failed("read", folder))?;
        let file = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if !entry.file_name().to_string_lossy().starts_with('.') {
                collect(store, &file, found)?;
            }
        } else if let Some(description) = file.strip_prefix(store.own.path()).ok().and_then(described_by_path) {
            let account = description.get("username").unwrap_or_default().to_vec();
            found.entry(account).or_default().push(Entry { description, file });
        }
    }
    Ok(())
}
