//! Stores each credential in its own file that `age` can decrypt. `name` decides where, `identity` with which key.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use modelforge_credential_files::{Own, kept, name, tilde};
use modelforge_credential_protocol::{Capabilities, Error, Helper, Record, Result, serve};

use crate::identity::{Identities, NoneOpens};
use crate::mine::Mine;
use crate::operation::Operation;
use crate::options::{ABOUT, Options};
use crate::store::{Entry, Listing, Store};
use crate::team::Team;

mod ask;
mod cipher;
#[cfg(test)]
#[path = "../../../fuzz/support.rs"]
mod fuzz_support;
mod held;
mod identity;
mod key;
mod mine;
mod operation;
mod options;
mod progress;
mod renew;
mod sealed;
mod store;
mod team;
mod text;

#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

/// How long a lock is held for several erases. Others wait for it, but not for long.
const HELD_AT_MOST: Duration = Duration::from_secs(1);

struct Age {
    /// Our data directory. If there is none, only operations that need it fail.
    data: Option<Own>,
    identities: Identities,
    /// The identity to create if it is missing; `None` if the user named one.
    own: Option<PathBuf>,
    recipients: Vec<String>,
    /// A store that is shared with others, instead of the user's own; or the reason why it cannot be used.
    team: Option<Result<Team>>,
}

impl Helper for Age {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            identity: true,
            members: self.team.is_some(),
            sync: self.team.is_some(),
            ..Capabilities::default()
        }
    }

    fn get(&self, request: &Record) -> Result<Option<Record>> {
        self.get_from(&mut Listing::of(&self.folder()?), request)
    }

    fn get_each(&self, requests: &[Record]) -> Vec<Result<Option<Record>>> {
        match self.folder() {
            Ok(store) => {
                let mut listing = Listing::of(&store);
                requests.iter().map(|request| self.get_from(&mut listing, request)).collect()
            }
            Err(problem) => requests.iter().map(|_| Err(problem.clone())).collect(),
        }
    }

    fn store(&self, credential: &Record) -> Result<()> {
        let store = self.folder()?;
        let mut credential = credential.clone();
        credential.name_the_account()?;
        // In the record, because the time of the file is the time when it came to this machine.
        credential.set("created_utc", now().to_string())?;
        if let Some(team) = self.team()? {
            return self.store_for(team, &credential);
        }
        self.make_identity()?;
        let mut again = None;
        loop {
            let identities = again.as_ref().unwrap_or(&self.identities);
            // Do this before the lock is taken, because it may prompt a person. A public key is enough to write. But a file that nobody
            // here can decrypt would replace the old one, and the store would then be reported as failed.
            identities.unlock_first()?;
            let content = identities.encrypt(&credential.to_lines(), &self.recipients)?;
            if store.write(&name::placed(&credential)?, &content, || identities.are_as_read())? {
                return Ok(());
            }
            again = Some(self.identities.again());
        }
    }

    fn erase(&self, description: &Record) -> Result<()> {
        self.erase_each(std::slice::from_ref(description)).into_iter().collect()
    }

    fn erase_each(&self, descriptions: &[Record]) -> Vec<Result<()>> {
        let mut outcomes = Vec::with_capacity(descriptions.len());
        while outcomes.len() < descriptions.len() {
            let rest = &descriptions[outcomes.len()..];
            match self.erase_some(rest) {
                Ok(some) => outcomes.extend(some),
                Err(problem) => outcomes.extend(rest.iter().map(|_| Err(problem.clone()))),
            }
        }
        outcomes
    }

    fn list(&self, _: &Record) -> Result<Option<Vec<Record>>> {
        let store = self.folder()?;
        if !store.exists()? {
            return Ok(Some(Vec::new()));
        }
        // A problem with it is reported where it is needed.
        let protection = self.identities.protection().ok().flatten();
        if protection.as_ref().is_some_and(|protection| protection.is_being_replaced) && !store.is_identity_locked() {
            self.warn_of_the_renewal();
        }
        let mut records = Vec::new();
        for entry in store.matching(&Record::new())? {
            let mut record = entry.description.clone();
            if let Some(created) = entry.created() {
                record.set("created_utc", created.to_string())?;
            }
            record.set("storage", "encrypted file")?;
            record.set("plain_text", "0")?;
            record.set("identity", self.identities.path())?;
            if let Some(protection) = &protection {
                record.set("protected_by", &protection.by)?;
                if protection.needs_a_person {
                    record.set("locked", "1")?;
                }
            }
            record.set("file", entry.file.display().to_string())?;
            records.push(record);
        }
        Ok(Some(records))
    }

    fn members(&self, request: &Record) -> Result<Option<Record>> {
        let Some(team) = self.team()? else { return Ok(None) };
        self.data()?;
        let make_identity = || self.make_identity();
        let mine = self.mine(&team.store)?;
        let identities = &self.identities;
        team::Operation { team, identities, mine: mine.as_ref(), make_identity: &make_identity }
            .answer(request)
            .map(Some)
    }

    fn sync(&self, request: &Record) -> Result<Option<Record>> {
        let Some(team) = self.team()? else { return Ok(None) };
        let asked = team::Asked { remote: request.text("remote"), accepts: None, repair: request.has("repair") };
        self.make_identity()?;
        team::sync(team, &self.identities, self.mine(&team.store)?.as_ref(), &asked).map(Some)
    }

    fn identity(&self, request: &Record) -> Result<Option<Record>> {
        let store = self.folder()?;
        let (mine, team) = (self.mine(&store)?, self.team()?);
        let (identities, recipients) = (&self.identities, self.recipients.as_slice());
        Operation { identities, mine, store: &store, recipients, team }.answer(request).map(Some)
    }
}

impl Age {
    fn new(options: Options) -> Self {
        let Options { mut identities, recipients, store, signing_key } = options;
        let data = modelforge_credential_files::data().map(Own::new);
        let state = modelforge_credential_files::state().map(Own::new);
        // Without reading the others: the identity of one store can be renewed alone.
        let name = kept::identity(store.as_deref());
        let own = data.as_ref().filter(|_| identities.is_empty()).map(|data| data.path().join(name));
        identities.extend(own.clone());
        let team = store.map(|name| match (&data, &state) {
            (Some(data), Some(state)) => Ok(Team::new(&name, data, state, signing_key)),
            _ => Err(no_folder()),
        });
        Self { identities: Identities::new(identities, data.clone()), data, own, recipients, team }
    }

    fn warn_of_the_renewal(&self) {
        let path = tilde(self.identities.path().as_ref());
        let (state, command) = match self.team {
            Some(_) => ("is not finished", "sync"),
            None => ("was interrupted", "identity renew"),
        };
        let warning = format!("warning: the renewal of the identity `{path}` {state}");
        let _ = writeln!(std::io::stderr(), "{warning}\nhint: modelforge-credential {command}");
    }

    fn get_from(&self, listing: &mut Listing, request: &Record) -> Result<Option<Record>> {
        if !listing.store().exists()? {
            return Ok(None);
        }
        match listing.find(request)? {
            Some(entry) => self.open(&entry),
            None => Ok(None),
        }
    }

    /// Erases what the first of these describe, at least one, under one lock.
    fn erase_some(&self, descriptions: &[Record]) -> Result<Vec<Result<()>>> {
        let store = self.folder()?;
        let mut before = Listing::of(&store);
        let is_nothing_there = |description| matches!(before.find(description), Ok(None));
        if !store.exists()? || descriptions.iter().all(is_nothing_there) {
            return Ok(descriptions.iter().map(|_| Ok(())).collect());
        }
        // Do this before the lock is taken, because it may prompt a person.
        let unlocked = if descriptions.iter().any(Record::names_secret) { self.identities.unlock() } else { Ok(()) };
        let (_lock, start) = (store.lock()?, Instant::now());
        let mut listing = Listing::of(&store);
        let mut outcomes = Vec::new();
        for description in descriptions.iter().take_while(|_| start.elapsed() < HELD_AT_MOST) {
            outcomes.push(self.erase_from(&mut listing, description, &unlocked));
        }
        Ok(outcomes)
    }

    /// Erases the credentials that match a description. The caller must hold the lock.
    fn erase_from(&self, listing: &mut Listing, description: &Record, unlocked: &Result<()>) -> Result<()> {
        let mut outcome = Ok(());
        for entry in listing.matching(description)? {
            let is_meant = || match description.names_secret() {
                true => {
                    unlocked.clone()?;
                    Ok(self.open(&entry)?.is_some_and(|held| held.matches_secret(description)))
                }
                false => Ok(true),
            };
            let erased = is_meant().and_then(|meant| if meant { listing.store().remove(&entry) } else { Ok(()) });
            outcome = outcome.and(erased);
        }
        outcome
    }

    /// Creates the identity that is used if none is named.
    fn make_identity(&self) -> Result<()> {
        let Some(own) = self.own.as_ref().filter(|own| !own.exists()) else { return Ok(()) };
        let store = self.folder()?;
        let _lock = store.lock()?;
        // Another process may have created it in the meantime.
        if !own.exists() {
            store.check_unused(own)?;
            self.identities.create(own)?;
        }
        Ok(())
    }

    /// Our own identity, if the user named none.
    fn mine<'a>(&'a self, store: &'a Store) -> Result<Option<Mine<'a>>> {
        let data = self.data()?;
        Ok(self.own.clone().map(|path| Mine { data, path, store }))
    }

    /// Stores for the members at the moment when the file is written.
    fn store_for(&self, team: &Team, credential: &Record) -> Result<()> {
        let description = name::placed(credential)?;
        let mut again = None;
        loop {
            let identities = again.as_ref().unwrap_or(&self.identities);
            let members = team.members()?;
            identities.unlock_first()?;
            let content = match team.encrypt(&credential.to_lines(), &members, identities, team.path()) {
                // A renewal has replaced both in the meantime.
                Err(_) if !identities.are_as_read()? => {
                    again = Some(self.identities.again());
                    continue;
                }
                content => content?,
            };
            if team.store.write(&description, &content, || Ok(team.members()? == members))? {
                return Ok(());
            }
        }
    }

    fn team(&self) -> Result<Option<&Team>> {
        self.team.as_ref().map(|team| team.as_ref().map_err(Clone::clone)).transpose()
    }

    fn data(&self) -> Result<&Own> {
        self.data.as_ref().ok_or_else(no_folder)
    }

    fn folder(&self) -> Result<Store> {
        let data = self.data()?;
        Ok(self.team()?.map_or_else(|| Store::new(data.below(kept::STORE)), |team| team.store.clone()))
    }

    /// The credential in a file. It must have the description in the file's name: anybody can encrypt for a public key, and a file can be
    /// renamed.
    fn open(&self, entry: &Entry) -> Result<Option<Record>> {
        let store = self.folder()?;
        let Some(mut content) = store.read(entry)? else { return Ok(None) };
        let text = match self.identities.decrypt(&content, &entry.file) {
            // A renewal may have replaced one of the two after the other was read.
            Err(problem) if problem.cause::<NoneOpens>().is_some() => {
                let Some(now) = store.read(entry)? else { return Ok(None) };
                if now == content && self.identities.are_as_read()? {
                    return Err(problem);
                }
                content = now;
                self.identities.again().decrypt(&content, &entry.file)?
            }
            text => text?,
        };
        let file = entry.file.display();
        let mut record =
            Record::read_from(&text[..]).map_err(|e| Error::new(format!("`{file}` has no credential: {e}")))?;
        record.name_the_account()?;
        name::check(&record, &entry.description, &file.to_string())?;
        // This attribute is about this copy.
        record.remove("created_utc");
        Ok(Some(record))
    }
}

fn no_folder() -> Error {
    Error::new("there is no directory for the user's data").hint(match cfg!(windows) {
        true => "set LOCALAPPDATA, or XDG_DATA_HOME, to an absolute path",
        false => "set HOME to a directory that exists, or XDG_DATA_HOME to an absolute path",
    })
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs())
}

fn main() -> ExitCode {
    let given = match ABOUT.values(&options::NAMES) {
        Ok(given) => given,
        Err(ended) => return ended,
    };
    match Options::of(given) {
        Ok(options) => serve(Age::new(options)),
        Err(message) => ABOUT.explain(&message),
    }
}
