//! The content of a store's directories.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::ffi::OsString;
use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};

use modelforge_credential_files::{self as files, name};
use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Record, Result};

use super::{Entry, Store, described_by_path, file_of};

/// Each directory as it was when it was first read. If several requests are for one host, its directory is read once. Otherwise the time
/// would grow with the square of the number of credentials.
pub struct Listing<'a> {
    store: &'a Store,
    /// All files below a folder.
    files: HashMap<PathBuf, Vec<PathBuf>>,
    /// The files in the folders below a folder, by their last names.
    deeper: HashMap<PathBuf, HashMap<OsString, Vec<PathBuf>>>,
}

impl<'a> Listing<'a> {
    pub fn of(store: &'a Store) -> Self {
        Self { store, files: HashMap::new(), deeper: HashMap::new() }
    }

    pub fn store(&self) -> &'a Store {
        self.store
    }

    /// The credential that answers `request`. Without a `path`, one without a path comes first; without a `username`, the default account;
    /// then the order of the names. The usual request needs one lookup, however many credentials there are. Any other request reads the
    /// directory of its host.
    pub fn find(&mut self, request: &Record) -> Result<Option<Entry>> {
        let mut description = request.place();
        if !description.has("username") {
            description.set("username", DEFAULT_ACCOUNT)?;
        }
        let file = self.store.own.path().join(file_of(&description));
        if exists(&file)? {
            return Ok(Some(Entry { description, file }));
        }
        if request.has("path") && request.has("username") {
            return Ok(None);
        }
        Ok(self.matching(request)?.into_iter().next())
    }

    /// Every credential that matches a description, in the order of [`find`](Self::find); all for an empty one.
    pub fn matching(&mut self, description: &Record) -> Result<Vec<Entry>> {
        let folder: PathBuf = name::folder(description).iter().collect();
        let files = match description.has("username") {
            false => self.files_below(folder)?.to_vec(),
            true => self.files_of_an_account(folder, description)?,
        };
        let entry = |file: PathBuf| {
            let described = described_by_path(file.strip_prefix(self.store.own.path()).ok()?)?;
            described.matches(description).then_some(Entry { description: described, file })
        };
        let mut entries: Vec<Entry> = files.into_iter().filter_map(entry).collect();
        entries.sort_by(|a, b| name::rank(&a.description).cmp(&name::rank(&b.description)));
        Ok(entries)
    }

    fn files_below(&mut self, folder: PathBuf) -> Result<&[PathBuf]> {
        match self.files.entry(folder) {
            Slot::Occupied(known) => Ok(known.into_mut()),
            Slot::Vacant(place) => {
                self.store.own.check(place.key())?;
                let mut files = Vec::new();
                walk(&self.store.own.path().join(place.key()), &mut |file| files.push(file))?;
                Ok(place.insert(files))
            }
        }
    }

    /// The account's own file, and those of the account at paths of the host. Of the other files in the folder, which can be many thousands,
    /// not even the names are kept.
    fn files_of_an_account(&mut self, folder: PathBuf, description: &Record) -> Result<Vec<PathBuf>> {
        let own = self.store.own.path().join(file_of(description));
        let mut files = Vec::new();
        if description.has("path") {
            self.store.own.check(&folder)?;
        } else {
            let name = own.file_name().unwrap_or_default();
            let deeper = self.deeper(folder)?.get(name).into_iter().flatten();
            files.extend(deeper.filter(|file| **file != own).cloned());
        }
        if exists(&own)? {
            files.push(own);
        }
        Ok(files)
    }

    fn deeper(&mut self, folder: PathBuf) -> Result<&HashMap<OsString, Vec<PathBuf>>> {
        match self.deeper.entry(folder) {
            Slot::Occupied(known) => Ok(known.into_mut()),
            Slot::Vacant(place) => {
                self.store.own.check(place.key())?;
                let mut files: HashMap<OsString, Vec<PathBuf>> = HashMap::new();
                for inner in content(&self.store.own.path().join(place.key()))? {
                    let inner = inner?;
                    if is_folder(&inner) {
                        walk(&inner.path(), &mut |file: PathBuf| {
                            let name = file.file_name().unwrap_or_default().to_owned();
                            files.entry(name).or_default().push(file);
                        })?;
                    }
                }
                Ok(place.insert(files))
            }
        }
    }
}

fn walk(folder: &Path, found: &mut dyn FnMut(PathBuf)) -> Result<()> {
    for entry in content(folder)? {
        let entry = entry?;
        if is_folder(&entry) {
            walk(&entry.path(), found)?;
        } else if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found(entry.path());
        }
    }
    Ok(())
}

/// What a folder holds; nothing if it is not there.
fn content(folder: &Path) -> Result<impl Iterator<Item = Result<DirEntry>>> {
    let content = match fs::read_dir(folder) {
        Err(error) if files::is_absent(&error) => None,
        content => Some(content.map_err(files::failed("read", folder))?),
    };
    let folder = folder.to_owned();
    Ok(content.into_iter().flatten().map(move |entry| entry.map_err(files::failed("read", &folder))))
}

/// True for a folder that may hold credentials. A hidden one is of who synchronises the files.
fn is_folder(entry: &DirEntry) -> bool {
    entry.file_type().is_ok_and(|kind| kind.is_dir()) && !entry.file_name().to_string_lossy().starts_with('.')
}

fn exists(file: &Path) -> Result<bool> {
    match fs::symlink_metadata(file) {
        Ok(_) => Ok(true),
        Err(error) if files::is_absent(&error) => Ok(false),
        Err(error) => Err(files::failed("read", file)(error)),
    }
}
