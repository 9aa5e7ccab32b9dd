//! The files of the table, opened: what is in them, taking it out, and putting it back.

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

/// A file that was read, and what is in it.
pub struct Held {
    pub file: Opened,
    pub entries: Vec<Entry>,
    /// Secrets of which it cannot be told whose they are.
    pub homeless: Vec<Error>,
    /// The entries of each server, for a file that many are looked for in.
    of_servers: OnceCell<HashMap<String, Vec<usize>>>,
}

/// A file of the table, on this machine.
pub struct Place {
    pub source: &'static Source,
    folder: PathBuf,
    pub path: PathBuf,
    pub account: String,
    /// The protocol and the host whose entries are asked for, if it is one alone.
    only: Option<(String, String)>,
}

/// The files that may answer a `get`. The file of the current folder is read only if its account is named:
/// it came with the folder, and its key would send what one asks to its maker.
pub fn that_answer(
    request: &Record,
    read: impl Fn(Place) -> Option<Result<Rc<Held>>>,
) -> impl Iterator<Item = Result<Rc<Held>>> {
    let named = request.has("username");
    each_once(places(request).filter(move |place| named || place.source.folder != Folder::Here).filter_map(read))
}

/// The files that there are.
pub fn all(request: &Record) -> impl Iterator<Item = Result<Rc<Held>>> {
    each_once(places(request).filter_map(|place| place.held()))
}

/// A link from one to another does not make two of it.
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

/// A request that names a `file`, as a list does, means that one alone.
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

    /// True if a request may be about what is in it.
    fn is_meant(&self, request: &Record) -> bool {
        request.text("file").is_none_or(|file| file == shown(&self.path))
            && (self.source.folder != Folder::Here
                || request.text("username").is_none_or(|account| account == self.account))
    }

    /// A link in a folder that came from elsewhere must not make another file look like it belongs there.
    pub fn within(&self) -> Option<&Path> {
        (self.source.folder == Folder::Here).then_some(&*self.folder)
    }

    pub fn open(&self) -> Result<Option<Opened>> {
        foreign::open(&self.path, self.within())
    }

    /// What is in it; `None` where there is no file.
    pub fn held(&self) -> Option<Result<Rc<Held>>> {
        self.open().transpose().map(|file| file.and_then(|file| self.read(file)).map(Rc::new))
    }

    /// The same file, of which all is read, and not one server's entries alone.
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

/// The folder's name, in a form that can be an account, and never the account of those who name none.
fn account_of(folder: &Path) -> String {
    let name = folder.file_name().map_or("/".into(), |name| name.to_string_lossy());
    let name: String = name.chars().map(|c| if c.is_control() { '_' } else { c }).collect();
    if name == DEFAULT_ACCOUNT { format!("./{name}") } else { name }
}

/// A server, in the one spelling of those that [`Location::is_at`] takes for it.
fn server(location: Location) -> String {
    format!("{}://{}", location.protocol, location.bare_host()).to_ascii_lowercase()
}

/// How far down the closest entry of each account is.
fn deepest<'a>(entries: impl Iterator<Item = &'a Entry>) -> HashMap<String, usize> {
    let mut deepest: HashMap<String, usize> = HashMap::new();
    for entry in entries {
        let depth = deepest.entry(entry.account.to_string()).or_default();
        *depth = entry.depth().max(*depth);
    }
    deepest
}

/// True if an entry is no further up than another of its account.
fn is_closest(deepest: &HashMap<String, usize>, entry: &Entry) -> bool {
    deepest.get(&*entry.account).is_none_or(|deepest| entry.depth() >= *deepest)
}

impl Held {
    /// The one of several that a request means: the closest, of these the one by the name that the request uses, else as its program
    /// would have it.
    pub fn best(&self, request: &Record) -> Option<usize> {
        let mut among = self.at_server_of(request).to_vec();
        among.retain(|at| self.entries[*at].answers(request));
        self.best_of(&among, request.text("provider"))
    }

    /// The entries of the server that a request names.
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

    /// Which of several entries are no further up than another of their account. An entry that holds nothing counts: what is
    /// below it never has the key of one above.
    pub fn closest<F: Fn(&Entry) -> bool>(&self, is_one: F) -> impl Fn(&Entry) -> bool + use<F> {
        let deepest = deepest(self.entries.iter().filter(|entry| is_one(entry)));
        move |entry| is_closest(&deepest, entry)
    }

    /// The entries that are in use, each the best of its kind, with the others of that kind. Each entry is looked at once: a file may have
    /// thousands.
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

    /// Problems with entries for the same as this one.
    pub fn duplicates<'a>(&'a self, entry: &'a Entry) -> impl Iterator<Item = Error> {
        let others = self.entries.iter().filter(|other| other.is_alike(entry) && !std::ptr::eq(*other, entry));
        self.problems(entry, others)
    }

    /// The same with these others.
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

    /// Marks the entries that an erase of this description means.
    fn mark_meant(&self, description: &Record, meant: &mut [bool]) {
        let names_secret = description.names_secret();
        let at_server = || self.at_server_of(description).iter().map(|at| (*at, &self.entries[*at]));
        let deepest = deepest(at_server().map(|(_, entry)| entry).filter(|entry| entry.answers(description)));
        // Who names no path means the whole host.
        let is_closest = |entry: &Entry| !description.has("path") || is_closest(&deepest, entry);
        for (at, entry) in at_server() {
            meant[at] |= entry.is_described(description)
                && is_closest(entry)
                && entry.holds_something()
                && (!names_secret
                    || matches!(&entry.secret, Ok(Some(secret)) if secret.record.matches_secret(description)));
        }
    }

    /// The list record of an entry.
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

/// Takes what descriptions describe out of every file, each of which is replaced once. One that cannot be edited does not save the others.
pub fn erase_each(descriptions: &[Record]) -> Vec<Result<()>> {
    let mut outcomes = vec![Ok(()); descriptions.len()];
    for place in places(&Record::new()) {
        let meant: Vec<_> = descriptions.iter().zip(&mut outcomes).filter(|(one, _)| place.is_meant(one)).collect();
        let (meant, outcomes): (Vec<_>, Vec<_>) = meant.into_iter().unzip();
        let erased = match place.erase(&meant) {
            // Which of them cannot be taken out is seen where each is taken out alone.
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
    /// The file and its content, for a caller that will replace it.
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
    /// The text without some secrets; `None` if it would then differ in anything else.
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
                // By position: of two members of one name, as of two of one object, each is asked about.
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
