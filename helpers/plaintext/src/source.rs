//! The files of the table: reads them, removes credentials, and restores them.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use modelforge_credential_files::foreign::{self, Opened};
use modelforge_credential_files::tilde;
use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Error, Record, Result, visible};
use modelforge_credential_providers::Location;
use zeroize::Zeroizing;

use crate::entries::{self, Entry, Secret, Spot};
use crate::table::{Folder, Format, SOURCES, Source};
use crate::{ini, json};

/// A file that was read, and its entries.
pub struct Held {
    pub file: Opened,
    pub entries: Vec<Entry>,
    /// Problems with secrets whose URL is not known.
    pub homeless: Vec<Error>,
    /// The entries of each server, for a file in which many are looked up.
    of_servers: OnceCell<HashMap<String, Vec<usize>>>,
}

/// A file of the table, on this machine.
pub struct Place {
    pub source: &'static Source,
    folder: PathBuf,
    pub path: PathBuf,
    pub account: String,
    /// The protocol and the host of the request, if it names one.
    only: Option<(String, String)>,
}

/// The files that may answer a `get`. The file of the current directory is read only if the request names its account: it came with the
/// directory, and its author could read what is sent with that key.
pub fn that_answer(
    request: &Record,
    read: impl Fn(Place) -> Option<Result<Rc<Held>>>,
) -> impl Iterator<Item = Result<Rc<Held>>> {
    let named = request.has("username");
    each_once(places(request).filter(move |place| named || place.source.folder != Folder::Here).filter_map(read))
}

/// The files that exist.
pub fn all(request: &Record) -> impl Iterator<Item = Result<Rc<Held>>> {
    each_once(places(request).filter_map(|place| place.held()))
}

/// If a link leads from one file to another, the file is used once.
fn each_once(files: impl Iterator<Item = Result<Rc<Held>>>) -> impl Iterator<Item = Result<Rc<Held>>> {
    let mut seen: Vec<PathBuf> = Vec::new();
    files.filter(move |held| match held {
        Ok(held) if seen.contains(&held.file.real) => false,
        Ok(held) => {
            seen.push(held.file.real.clone());
            true
        }
        Err(_) => true,
    })
}

/// If a request has `file`, as a list returns it, only that file is meant.
pub fn places(request: &Record) -> impl Iterator<Item = Place> {
    let part = |key| request.text(key).map(str::to_owned);
    let only = part("protocol").zip(part("host"));
    let found = SOURCES.iter().filter_map(|source| Place::find(source, only.clone()));
    found.filter(|place| place.is_meant(request)).collect::<Vec<_>>().into_iter()
}

fn shown(path: &Path) -> String {
    visible(&path.display().to_string())
}

impl Place {
    fn find(source: &'static Source, only: Option<(String, String)>) -> Option<Self> {
        let folder = source.folder.find()?;
        let path = source.path.split('/').fold(folder.clone(), |path, part| path.join(part));
        let account = match source.folder {
            Folder::Here => account_of(&folder),
            Folder::Home | Folder::PythonKeyring => DEFAULT_ACCOUNT.to_owned(),
        };
        Some(Self { source, folder, path, account, only })
    }

    /// True if a request may be about its content.
    fn is_meant(&self, request: &Record) -> bool {
        request.text("file").is_none_or(|file| file == shown(&self.path))
            && (self.source.folder != Folder::Here
                || request.text("username").is_none_or(|account| account == self.account))
    }

    /// The directory of the file: a link in it must not make a file outside look like part of it.
    pub fn within(&self) -> Option<&Path> {
        (self.source.folder == Folder::Here).then_some(&*self.folder)
    }

    pub fn open(&self) -> Result<Option<Opened>> {
        foreign::open(&self.path, self.within())
    }

    /// The file and its entries; `None` if it does not exist.
    pub fn held(&self) -> Option<Result<Rc<Held>>> {
        self.open().transpose().map(|file| file.and_then(|file| self.read(file)).map(Rc::new))
    }

    /// The same file with all its entries, not only those of one server.
    pub fn whole(self) -> Self {
        Self { only: None, ..self }
    }

    fn read(&self, file: Opened) -> Result<Held> {
        let shown = tilde(&self.path);
        let text = file.text()?;
        let only = self.only.as_ref().map(|(protocol, host)| (&**protocol, &**host));
        let entries::Entries { entries, homeless } =
            entries::read(&self.source.format, &shown, text, &self.account, only)?;
        Ok(Held { file, entries, homeless, of_servers: OnceCell::new() })
    }
}

/// An account name made from the directory's name. It is never that of the default account.
fn account_of(folder: &Path) -> String {
    let name = folder.file_name().map_or("/".into(), |name| name.to_string_lossy());
    let name: String = name.chars().map(|c| if c.is_control() { '_' } else { c }).collect();
    if name == DEFAULT_ACCOUNT { format!("./{name}") } else { name }
}

/// The normalised name of a server, the same for all spellings that [`Location::is_at`] accepts.
fn server(location: Location) -> String {
    format!("{}://{}", location.protocol, location.bare_host()).to_ascii_lowercase()
}

/// The length of the longest path of each account.
fn deepest<'a>(entries: impl Iterator<Item = &'a Entry>) -> HashMap<String, usize> {
    let mut deepest: HashMap<String, usize> = HashMap::new();
    for entry in entries {
        let depth = deepest.entry(entry.account.to_string()).or_default();
        *depth = entry.depth().max(*depth);
    }
    deepest
}

/// True if no entry of the same account has a longer path.
fn is_closest(deepest: &HashMap<String, usize>, entry: &Entry) -> bool {
    deepest.get(&*entry.account).is_none_or(|deepest| entry.depth() >= *deepest)
}

impl Held {
    /// The entry that a request means: the closest one; if there are several, the one with the name in the request, otherwise the one that
    /// its program would use.
    pub fn best(&self, request: &Record) -> Option<usize> {
        let mut among = self.at_server_of(request).to_vec();
        among.retain(|at| self.entries[*at].answers(request));
        self.best_of(&among, request.text("provider"))
    }

    /// The entries of the server in a request.
    fn at_server_of(&self, request: &Record) -> &[usize] {
        let of_servers = self.of_servers.get_or_init(|| {
            let mut of_servers: HashMap<String, Vec<usize>> = HashMap::new();
            for (at, entry) in self.entries.iter().enumerate() {
                of_servers.entry(server(entry.location.borrowed())).or_default().push(at);
            }
            of_servers
        });
        let [protocol, host] = ["protocol", "host"].map(|key| request.text(key).unwrap_or_default());
        of_servers.get(&server(Location { protocol, host, path: None })).map_or(&[], Vec::as_slice)
    }

    fn best_of(&self, among: &[usize], provider: Option<&str>) -> Option<usize> {
        let entries = || among.iter().map(|at| (*at, &self.entries[*at]));
        let deepest = deepest(entries().map(|(_, entry)| entry));
        let rank = |at: usize, entry: &Entry| {
            (entry.account == DEFAULT_ACCOUNT, entry.depth(), provider == Some(&*entry.name), entry.rank, at)
        };
        let meant = entries().filter(|(_, entry)| is_closest(&deepest, entry) && entry.holds_something());
        meant.max_by_key(|(at, entry)| rank(*at, entry)).map(|(at, _)| at)
    }

    /// Tests whether no other entry of the same account is closer. An empty entry counts: a path below it never gets the key of a path
    /// above it.
    pub fn closest<F: Fn(&Entry) -> bool>(&self, is_one: F) -> impl Fn(&Entry) -> bool + use<F> {
        let deepest = deepest(self.entries.iter().filter(|entry| is_one(entry)));
        move |entry| is_closest(&deepest, entry)
    }

    /// The entries in use, each the best for its credential, with the others for the same credential. Each entry is visited once, because a
    /// file may have thousands.
    pub fn in_use(&self) -> Vec<(&Entry, Vec<&Entry>)> {
        let mut kinds: HashMap<_, Vec<usize>> = HashMap::new();
        for (at, entry) in self.entries.iter().enumerate() {
            kinds.entry((&entry.location, &entry.account)).or_default().push(at);
        }
        let mut used: Vec<(usize, Vec<usize>)> = Vec::new();
        for among in kinds.into_values() {
            if let Some(best) = self.best_of(&among, None) {
                used.push((best, among.into_iter().filter(|at| *at != best).collect()));
            }
        }
        used.sort_unstable();
        let entry = |at: usize| &self.entries[at];
        used.into_iter().map(|(best, others)| (entry(best), others.into_iter().map(entry).collect())).collect()
    }

    /// Problems with other entries for the same credential.
    pub fn duplicates<'a>(&'a self, entry: &'a Entry) -> impl Iterator<Item = Error> {
        let others = self.entries.iter().filter(|other| other.is_alike(entry) && !std::ptr::eq(*other, entry));
        self.problems(entry, others)
    }

    /// The same with these other entries.
    pub fn problems<'a>(
        &'a self,
        entry: &'a Entry,
        others: impl IntoIterator<Item = &'a Entry>,
    ) -> impl Iterator<Item = Error> {
        let others = others.into_iter().filter(|other| matches!(other.secret, Ok(Some(_))));
        others.map(|other| {
            let (file, url) = (tilde(&self.file.path), entry.location.borrowed());
            let (place, used) = (visible(&other.place), visible(&entry.place));
            Error::new(format!("`{file}`: `{place}` is another key for `{url}`; that of `{used}` is used"))
        })
    }

    /// Marks the entries that an erase with this description matches.
    fn mark_meant(&self, description: &Record, meant: &mut [bool]) {
        let names_secret = description.names_secret();
        let at_server = || self.at_server_of(description).iter().map(|at| (*at, &self.entries[*at]));
        let deepest = deepest(at_server().map(|(_, entry)| entry).filter(|entry| entry.answers(description)));
        // Without a path, a request means the whole host.
        let is_closest = |entry: &Entry| !description.has("path") || is_closest(&deepest, entry);
        for (at, entry) in at_server() {
            meant[at] |= entry.is_described(description)
                && is_closest(entry)
                && entry.holds_something()
                && (!names_secret
                    || matches!(&entry.secret, Ok(Some(secret)) if secret.record.matches_secret(description)));
        }
    }

    /// The record for a list.
    pub fn listed(&self, entry: &Entry, secret: &Secret) -> Result<Record> {
        let mut record = entry.description()?;
        record.merge(&secret.record.public())?;
        self.mark(&mut record)?;
        Ok(record)
    }

    /// The answer to a `get`.
    pub fn answer(&self, entry: &Entry, secret: &Secret) -> Result<Record> {
        let mut record = Record::of([("username", &entry.account)])?;
        record.merge(&secret.record)?;
        self.mark(&mut record)?;
        Ok(record)
    }

    fn mark(&self, record: &mut Record) -> Result<()> {
        record.set("storage", "plain text")?;
        record.set("plain_text", "1")?;
        record.set("file", shown(&self.file.path))
    }
}

/// Erases what the descriptions match in every file, and replaces each file once. A file that cannot be edited does not stop the others.
pub fn erase_each(descriptions: &[Record]) -> Vec<Result<()>> {
    let mut outcomes = vec![Ok(()); descriptions.len()];
    for place in places(&Record::new()) {
        let meant: Vec<_> = descriptions.iter().zip(&mut outcomes).filter(|(one, _)| place.is_meant(one)).collect();
        let (meant, outcomes): (Vec<_>, Vec<_>) = meant.into_iter().unzip();
        let erased = match place.erase(&meant) {
            // Try each of them alone, to see which ones cannot be removed.
            Err(_) if meant.len() > 1 => meant.iter().map(|one| place.erase(&[one])).collect(),
            erased => vec![erased; meant.len()],
        };
        for (outcome, erased) in outcomes.into_iter().zip(erased) {
            if outcome.is_ok() {
                *outcome = erased;
            }
        }
    }
    outcomes
}

impl Place {
    /// Opens and reads the file for a caller that will replace it.
    pub fn open_locked(&self) -> Result<Option<Held>> {
        let Some(file) = foreign::open_locked(&self.path, self.within())? else { return Ok(None) };
        file.clean();
        self.read(file).map(Some)
    }

    fn erase(&self, descriptions: &[&Record]) -> Result<()> {
        if descriptions.is_empty() {
            return Ok(());
        }
        let Some(held) = self.open_locked()? else { return Ok(()) };
        let mut meant = vec![false; held.entries.len()];
        for description in descriptions {
            held.mark_meant(description, &mut meant);
        }
        let entries = held.entries.iter().zip(meant).filter_map(|(entry, is_meant)| is_meant.then_some(entry));
        let spots: Vec<&Spot> = entries.map(|entry| &entry.spot).collect();
        if spots.is_empty() {
            return Ok(());
        }
        let edited =
            self.source.format.without(held.file.text()?, &spots).ok_or_else(|| {
                Error::new(format!("`{}` could not be edited safely, and was not", tilde(&self.path)))
            })?;
        held.file.replace(edited.as_bytes())
    }
}

impl Format {
    /// The text without some secrets; `None` if anything else would change.
    pub fn without(&self, text: &str, spots: &[&Spot]) -> Option<Zeroizing<String>> {
        match self {
            Self::Json(_) => {
                let members = spots.iter().filter_map(|spot| match spot {
                    Spot::Member { object, name } => Some((object, name)),
                    Spot::Lines(_) => None,
                });
                let mut objects: Vec<_> = members.clone().map(|(object, _)| object).collect();
                objects.sort_by_key(|object| object.start);
                objects.dedup();
                // Compared by position, because several members or objects may have the same name.
                let gone = |object: &Range<usize>, member: &json::Member| {
                    members.clone().any(|(same, name)| same == object && *name == member.name)
                };
                json::without(text, &objects, gone).map(|(edited, _)| edited)
            }
            Self::KeyringIni => {
                let cuts = spots.iter().filter_map(|spot| match spot {
                    Spot::Lines(lines) => Some(lines.clone()),
                    Spot::Member { .. } => None,
                });
                ini::without(text, cuts.collect()).map(Zeroizing::new)
            }
        }
    }
}
