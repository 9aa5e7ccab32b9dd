//! The files of the table, opened: what is in them, taking it out, and putting it back.

use std::ops::Range;
use std::path::{Path, PathBuf};

use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Error, Record, Result, visible};
use modelforge_credential_providers::{SignIn, by_location};
use zeroize::Zeroizing;

use crate::entries::{self, Entry, Secret, Spot};
use crate::files::{self, Opened, tilde};
use crate::table::{Folder, Format, Json, SOURCES, Source};
use crate::{ini, json, time};

/// A file that was read, and what is in it.
pub struct Held {
    pub file: Opened,
    pub entries: Vec<Entry>,
    /// What it holds of which it cannot be told whose it is.
    pub homeless: Vec<Error>,
}

/// A file of the table, on this machine.
struct Place {
    source: &'static Source,
    folder: PathBuf,
    path: PathBuf,
    account: String,
}

/// The files that may answer a `get`. That of the folder that one is in is not even looked at unless its account is named:
/// it came with the folder, and its key would send what one asks to whoever made it.
pub fn that_answer(request: &Record) -> impl Iterator<Item = Result<Held>> {
    let named = request.has("username");
    read_each(places(request).filter(move |place| named || place.source.folder != Folder::Here))
}

/// The files that there are.
pub fn all(request: &Record) -> impl Iterator<Item = Result<Held>> {
    read_each(places(request))
}

fn read_each(places: impl Iterator<Item = Place>) -> impl Iterator<Item = Result<Held>> {
    let mut seen: Vec<PathBuf> = Vec::new();
    places.filter_map(move |place| match place.open().transpose()? {
        // A link from one to another does not make two of it.
        Ok(file) if seen.contains(&file.real) => None,
        Ok(file) => {
            seen.push(file.real.clone());
            Some(place.read(file))
        }
        Err(problem) => Some(Err(problem)),
    })
}

/// A request that names a `file`, as a list does, means that one alone.
fn places(request: &Record) -> impl Iterator<Item = Place> {
    let file = request.text("file").map(str::to_owned);
    let account = request.text("username").map(str::to_owned);
    SOURCES.iter().filter_map(Place::find).filter(move |place| {
        file.as_ref().is_none_or(|file| *file == shown(&place.path))
            && (place.source.folder != Folder::Here || account.as_ref().is_none_or(|account| *account == place.account))
    })
}

fn shown(path: &Path) -> String {
    visible(&path.display().to_string())
}

impl Place {
    fn find(source: &'static Source) -> Option<Self> {
        let folder = source.folder.find()?;
        let path = folder.join(source.path);
        let account = match source.folder {
            Folder::Here => account_of(&folder),
            Folder::Home | Folder::PythonKeyring => DEFAULT_ACCOUNT.to_owned(),
        };
        Some(Self { source, folder, path, account })
    }

    /// A link in a folder that came from elsewhere must not make another file look like it belongs there.
    fn within(&self) -> Option<&Path> {
        (self.source.folder == Folder::Here).then_some(&*self.folder)
    }

    fn open(&self) -> Result<Option<Opened>> {
        files::open(&self.path, self.within())
    }

    fn read(&self, file: Opened) -> Result<Held> {
        let shown = tilde(&self.path);
        let text = file.text()?;
        let entries::Entries { entries, homeless } = entries::read(&self.source.format, &shown, text, &self.account)?;
        Ok(Held { file, entries, homeless })
    }
}

/// The folder's name, in a form that can be an account, and never the account of those who name none.
fn account_of(folder: &Path) -> String {
    let name = folder.file_name().map_or("/".into(), |name| name.to_string_lossy());
    let name: String = name.chars().map(|c| if c.is_control() { '_' } else { c }).collect();
    if name == DEFAULT_ACCOUNT { format!("./{name}") } else { name }
}

impl Held {
    /// The one of several that is meant: by the name that the request uses, else as its program would have it.
    pub fn best(&self, is_one: impl Fn(&Entry) -> bool, provider: Option<&str>) -> Option<usize> {
        let one = self.entries.iter().enumerate().filter(|(_, entry)| is_one(entry) && entry.holds_something());
        let rank = |at: usize, entry: &Entry| {
            (entry.account == DEFAULT_ACCOUNT, provider == Some(&*entry.name), entry.rank, at)
        };
        one.max_by_key(|(at, entry)| rank(*at, entry)).map(|(at, _)| at)
    }

    /// The entries that are in use, each the best of its kind.
    pub fn in_use(&self) -> impl Iterator<Item = &Entry> {
        let in_use = |at: &usize, entry: &Entry| self.best(|other| other.is_alike(entry), None) == Some(*at);
        self.entries.iter().enumerate().filter(move |(at, entry)| in_use(at, entry)).map(|(_, entry)| entry)
    }

    /// What to say of entries for the same as this one.
    pub fn duplicates<'a>(&'a self, entry: &'a Entry) -> impl Iterator<Item = Error> {
        let others = self.entries.iter().filter(|other| {
            other.is_alike(entry) && matches!(other.secret, Ok(Some(_))) && !std::ptr::eq(*other, entry)
        });
        others.map(|other| {
            let (file, url) = (tilde(&self.file.path), entry.location.borrowed());
            let (place, used) = (visible(&other.place), visible(&entry.place));
            Error::new(format!("`{file}`: `{place}` is another key for `{url}`; that of `{used}` is used"))
        })
    }

    /// What a list says of an entry.
    pub fn listed(&self, entry: &Entry, secret: &Secret) -> Result<Record> {
        let mut record = entry.description()?;
        record.merge(&secret.record.public());
        self.mark(&mut record)?;
        Ok(record)
    }

    /// What a get answers.
    pub fn answer(&self, entry: &Entry, secret: &Secret) -> Result<Record> {
        let mut record = Record::of([("username", &entry.account)])?;
        record.merge(&secret.record);
        self.mark(&mut record)?;
        Ok(record)
    }

    fn mark(&self, record: &mut Record) -> Result<()> {
        record.set("storage", "PLAIN TEXT")?;
        record.set("file", shown(&self.file.path))
    }
}

/// Takes what a description describes out of every file. One that cannot be edited does not save the others.
pub fn erase(description: &Record) -> Result<()> {
    let mut outcome = Ok(());
    for place in places(description) {
        outcome = outcome.and(place.erase(description));
    }
    outcome
}

/// Puts a credential back where it was taken from: into an entry of its URL and account that has none. Where there is no
/// such entry, nothing is kept.
pub fn put_back(credential: &Record) -> Result<()> {
    for place in places(credential) {
        if place.put_back(credential)? {
            break;
        }
    }
    Ok(())
}

impl Place {
    fn open_locked(&self) -> Result<Option<Held>> {
        let Some(file) = files::open_locked(&self.path, self.within())? else { return Ok(None) };
        file.clean();
        self.read(file).map(Some)
    }

    fn erase(&self, description: &Record) -> Result<()> {
        let Some(held) = self.open_locked()? else { return Ok(()) };
        let names_secret = ["password", "credential"].iter().any(|key| description.has(key));
        let is_meant = |entry: &&Entry| {
            entry.is_described(description)
                && entry.holds_something()
                && (!names_secret
                    || matches!(&entry.secret, Ok(Some(secret)) if secret.record.matches_secret(description)))
        };
        let spots: Vec<&Spot> = held.entries.iter().filter(is_meant).map(|entry| &entry.spot).collect();
        if spots.is_empty() {
            return Ok(());
        }
        let edited =
            self.source.format.without(held.file.text()?, &spots).ok_or_else(|| {
                Error::new(format!("`{}` could not be edited safely, and was not", tilde(&self.path)))
            })?;
        held.file.replace(edited.as_bytes())
    }

    /// Whether it is there now.
    fn put_back(&self, credential: &Record) -> Result<bool> {
        let Format::Json(row) = &self.source.format else { return Ok(false) };
        let Some(held) = self.open_locked()? else { return Ok(false) };
        let is_one = |entry: &&Entry| entry.answers(credential) && entry.account == account_in(credential);
        if held.entries.iter().filter(is_one).any(Entry::holds_something) {
            return Ok(false);
        }
        let Some(entry) = held.entries.iter().filter(is_one).max_by_key(|entry| entry.rank) else { return Ok(false) };
        let Spot::Member { object, name } = &entry.spot else { return Ok(false) };
        let edited = put_into(row, held.file.text()?, object, name, entry, credential);
        let edited = edited.ok_or_else(|| Error::new(format!("`{}` could not be edited", tilde(&self.path))))?;
        held.file.replace(edited.as_bytes()).map(|()| true)
    }
}

impl Format {
    /// The text without some secrets; `None` if it would then differ in anything else.
    fn without(&self, text: &str, spots: &[&Spot]) -> Option<Zeroizing<String>> {
        match self {
            Self::Json(row) => {
                let mut cuts = Vec::new();
                let mut seen = Vec::new();
                for spot in spots {
                    let Spot::Member { object, .. } = spot else { continue };
                    if seen.contains(&object) {
                        continue;
                    }
                    seen.push(object);
                    // By position: of two members of one name, as of two of one object, each is asked about.
                    cuts.extend(json::cuts(text, object, |member| {
                        spots.iter().any(|spot| match spot {
                            Spot::Member { object: same, name } => same == object && *name == member.name,
                            Spot::Lines(_) => false,
                        })
                    }));
                }
                json::without(text, cuts, row.entries.len() + 1).map(Zeroizing::new)
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

/// The account that a credential is for.
fn account_in(credential: &Record) -> &str {
    credential.text("username").unwrap_or(DEFAULT_ACCOUNT)
}

/// The text with a credential in an entry that has none.
fn put_into(
    row: &Json,
    text: &str,
    object: &Range<usize>,
    name: &str,
    entry: &Entry,
    credential: &Record,
) -> Option<Zeroizing<String>> {
    // An empty one that is there would be a second of that name.
    let cuts = json::cuts(text, object, |member| member.name == name);
    let shorter = object.start..object.end - cuts.iter().map(|cut| cut.len()).sum::<usize>();
    let text = Zeroizing::new(json::without(text, cuts, row.entries.len() + 1)?);
    let known = by_location(&entry.location.protocol, &entry.location.host, entry.location.path.as_deref());
    let is_token = known.is_some_and(|known| matches!(known.sign_in, SignIn::DeviceFlow { .. }))
        || ["oauth_refresh_token", "password_expiry_utc", "token_type"].iter().any(|key| credential.has(key));
    let key = if is_token { row.password.last() } else { row.password.first() };
    let expires = credential.expiry().map(|at| time::format(at.min(time::LAST)));
    let pairs = [
        (*key?, credential.text("password")),
        (row.refresh_token, credential.text("oauth_refresh_token")),
        (row.expires, expires.as_deref()),
    ];
    let public = row.public.iter().map(|name| (*name, credential.text(name)));
    let value: Vec<_> = pairs.into_iter().chain(public).filter_map(|(name, value)| Some((name, value?))).collect();
    let edited = json::insert(&text, &shorter, name, &value).map(Zeroizing::new)?;
    json::check(&edited).is_ok().then_some(edited)
}
