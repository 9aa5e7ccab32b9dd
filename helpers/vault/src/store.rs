//! The paths of credentials in the engine: below `modelforge/`, with the same names as in the store of `age`.

use modelforge_credential_files::name;
use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Error, Record, Result};

use crate::address::Address;
use crate::fields;
use crate::kv::{Kv, Written};
use crate::options::Options;
use crate::token;

/// Our own directory. Everything beside it belongs to others.
const FOLDER: &str = "modelforge";
/// More than anybody has. A longer list is an error.
const MOST: usize = 50_000;

pub struct Store {
    kv: Kv,
}

/// A credential's description, and the path of its secret.
struct Entry {
    description: Record,
    path: String,
}

impl Store {
    pub fn open(options: &Options) -> Result<Self> {
        Self::at(Address::of(options)?, options)
    }

    /// `None`: the request is about the server itself.
    pub fn open_for(options: &Options, request: &Record) -> Result<Option<Self>> {
        let address = Address::of(options)?;
        if address.is_of(request) { Ok(None) } else { Self::at(address, options).map(Some) }
    }

    fn at(address: Address, options: &Options) -> Result<Self> {
        Ok(Self { kv: Kv::open(token::connect(address, options)?, options)? })
    }

    /// The usual request needs one lookup, however many credentials there are. Any other request lists the directory of its host.
    pub fn get(&self, request: &Record) -> Result<Option<Record>> {
        let mut description = request.place();
        if !description.has("username") {
            description.set("username", DEFAULT_ACCOUNT)?;
        }
        let entry = Entry { path: path(&name::name(&description)), description };
        if let Some((found, _)) = self.read(&entry)? {
            return Ok(Some(found));
        }
        if request.has("path") && request.has("username") {
            return Ok(None);
        }
        let others = self.matching(request)?;
        for entry in others.iter().filter(|other| other.path != entry.path) {
            if let Some((found, _)) = self.read(entry)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    pub fn store(&self, credential: &Record) -> Result<()> {
        let mut credential = credential.clone();
        credential.name_the_account()?;
        let path = path(&name::name(&name::placed(&credential)?));
        let version = || Ok::<_, Error>(self.kv.read(&path)?.map_or_else(|last| last, |secret| secret.version));
        let mut after = version()?;
        while let Written::Overtaken(error) = self.kv.write(&path, fields::of(&credential), after)? {
            let newer = version()?;
            if newer == after || !self.kv.server.has_time() {
                return Err(error);
            }
            after = newer;
        }
        Ok(())
    }

    pub fn erase(&self, description: &Record) -> Result<()> {
        let names_secret = description.names_secret();
        let mut outcome = Ok(());
        for entry in self.matching(description)? {
            let erased = if names_secret { self.erase_if(&entry, description) } else { self.kv.erase(&entry.path) };
            outcome = outcome.and(erased);
        }
        outcome
    }

    /// Erases only what was read, not what somebody else stores in the meantime.
    fn erase_if(&self, entry: &Entry, description: &Record) -> Result<()> {
        match self.read(entry)? {
            Some((held, version)) if held.matches_secret(description) => self.kv.erase_up_to(&entry.path, version),
            _ => Ok(()),
        }
    }

    pub fn list(&self) -> Result<Vec<Record>> {
        let mut records = Vec::new();
        for entry in self.matching(&Record::new())? {
            let state = self.kv.state(&entry.path)?;
            if state.as_ref().is_some_and(|state| !state.is_there) {
                continue;
            }
            let mut record = entry.description;
            if let Some(created) = state.and_then(|state| state.created) {
                record.set("created_utc", created.to_string())?;
            }
            record.set("storage", format!("server {}", self.kv.server.name))?;
            record.set("plain_text", "0")?;
            records.push(record);
        }
        Ok(records)
    }

    /// The credential at a path, and its version. It must have the description in its path.
    fn read(&self, entry: &Entry) -> Result<Option<(Record, u64)>> {
        let Ok(secret) = self.kv.read(&entry.path)? else { return Ok(None) };
        let place = self.kv.shown(&entry.path);
        let mut record = fields::record(&secret.fields, &entry.description, &place)?;
        record.name_the_account()?;
        name::check(&record, &entry.description, &place)?;
        Ok(Some((record, secret.version)))
    }

    /// Every credential that matches a description, in the order in which they answer; all for an empty one.
    fn matching(&self, description: &Record) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        let mut folders = vec![name::folder(description)];
        while let Some(folder) = folders.pop() {
            for found in self.kv.list(&path(&folder))? {
                let mut parts = folder.clone();
                parts.push(found.trim_end_matches('/').to_owned());
                if found.ends_with('/') {
                    folders.push(parts);
                } else if let Some(description) = name::parse(parts.iter().map(String::as_str)) {
                    entries.push(Entry { description, path: path(&parts) });
                }
                if entries.len() + folders.len() > MOST {
                    return Err(Error::new(format!("`{}` names more than {MOST} credentials", self.kv.server.name)));
                }
            }
        }
        entries.retain(|entry| entry.description.matches(description));
        entries.sort_by(|a, b| name::rank(&a.description).cmp(&name::rank(&b.description)));
        Ok(entries)
    }
}

fn path(parts: &[String]) -> String {
    std::iter::once(FOLDER).chain(parts.iter().map(String::as_str)).collect::<Vec<_>>().join("/")
}
