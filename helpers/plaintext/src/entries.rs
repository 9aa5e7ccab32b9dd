//! The entries of a file: each with its URL, its account, and its secret. Messages name the place of a value, never the value.

mod json;
mod keyring;

use std::ops::Range;

use modelforge_credential_protocol::{Error, Record, Result, visible};
use modelforge_credential_providers::{Flaw, OwnedLocation, by_location, by_name, normalize};

use crate::table::Format;

/// A place in a file for the credential of one URL and account.
pub struct Entry {
    /// Its position: `$.providers.openai`.
    pub place: String,
    /// Its name in the file, normalised.
    pub name: String,
    pub location: OwnedLocation,
    pub account: String,
    /// The credential: `None` if the place is empty, an error if its value cannot be a credential.
    pub secret: Result<Option<Secret>>,
    /// If several entries are for the same credential, the one with the highest rank is used, and among these the last one.
    pub rank: u8,
    pub spot: Spot,
}

/// A credential without its description.
#[derive(Default)]
pub struct Secret {
    pub record: Record,
    /// True if whitespace around it was removed.
    pub trimmed: bool,
    /// Other parts that are removed together with it, and that nothing uses.
    pub unused: Vec<Error>,
}

/// The member with the secret.
pub enum Spot {
    /// A member of this object.
    Member {
        object: Range<usize>,
        name: String,
    },
    Lines(Range<usize>),
}

/// The entries of a file, and the problems with those that belong to no known URL.
#[derive(Default)]
pub struct Entries {
    pub entries: Vec<Entry>,
    pub homeless: Vec<Error>,
}

impl Entry {
    /// True if `get` may answer a request with it.
    pub fn answers(&self, request: &Record) -> bool {
        let (protocol, host) = (request.text("protocol").unwrap_or(""), request.text("host").unwrap_or(""));
        self.location.borrowed().covers(protocol, host, request.text("path")) && self.is_of(request)
    }

    /// True if an `erase` matches it. A missing attribute matches anything.
    pub fn is_described(&self, description: &Record) -> bool {
        let host_alone = || {
            let server = description.text("protocol").zip(description.text("host"));
            !description.has("path")
                && server.is_some_and(|(protocol, host)| self.location.borrowed().is_at(protocol, host))
        };
        self.is_of(description) && (self.answers(description) || host_alone())
    }

    fn is_of(&self, request: &Record) -> bool {
        request.get("username").is_none_or(|account| account == self.account.as_bytes())
    }

    /// True if it is not empty, whether it can be a key or not.
    pub fn holds_something(&self) -> bool {
        !matches!(self.secret, Ok(None))
    }

    /// The length of its path. If several entries cover a path, the one with the longest path is the closest.
    pub fn depth(&self) -> usize {
        self.location.path.as_ref().map_or(0, String::len)
    }

    /// True if both are for the same credential.
    pub fn is_alike(&self, other: &Self) -> bool {
        self.location == other.location && self.account == other.account
    }

    /// The record for a list.
    pub fn description(&self) -> Result<Record> {
        let OwnedLocation { protocol, host, path } = &self.location;
        let mut record = Record::of([("protocol", protocol), ("host", host)])?;
        if let Some(path) = path {
            record.push("path", path)?;
        }
        record.push("username", &self.account)?;
        let known = by_location(protocol, host, path.as_deref()).map(|provider| provider.name);
        // The name of a known provider would be misleading for another URL.
        if let Some(name) = known.or((by_name(&self.name).is_none()).then_some(&*self.name)) {
            record.push("provider", name)?;
        }
        Ok(record)
    }
}

/// More than anybody has. It keeps comparing all of them fast.
const MOST: usize = 1_000;

/// The protocol and the host that entries are for.
pub type Host<'a> = (&'a str, &'a str);

/// Reads a file. `shown` is its name in messages, `account` the account of entries that name none. With `only`, entries are skipped as soon
/// as it is clear that they are for another host.
pub fn read(format: &Format, shown: &str, text: &str, account: &str, only: Option<Host>) -> Result<Entries> {
    let file = File { shown, text, account, only };
    match format {
        Format::Json(row) => file.json(row),
        Format::KeyringIni => file.keyring(),
    }
}

struct File<'a> {
    shown: &'a str,
    text: &'a str,
    account: &'a str,
    only: Option<Host<'a>>,
}

impl File<'_> {
    fn fault(&self, place: &str, problem: &str) -> Error {
        Error::new(format!("`{}`: `{}` {problem}", self.shown, visible(place)))
    }

    fn check_number(&self, entries: usize) -> Result<()> {
        if entries > MOST { Err(format!("`{}` has more than {MOST} entries", self.shown).into()) } else { Ok(()) }
    }

    fn entry(
        &self,
        place: &str,
        written: &str,
        known: Option<&str>,
        location: OwnedLocation,
        secret: Result<Option<Secret>>,
        spot: Spot,
    ) -> Entry {
        let name = normalize(written);
        let secret =
            secret.and_then(|secret| match (known, secret.as_ref().and_then(|one| one.record.text("password"))) {
                (Some(known), Some(key)) => match Flaw::of(known, key) {
                    Some(flaw) => Err(self.fault(place, &format!("has a value that {flaw}"))),
                    None => Ok(secret),
                },
                _ => Ok(secret),
            });
        let rank = match known {
            Some(known) if known != name => 0,
            _ => 1 + u8::from(written == name),
        };
        Entry { place: place.to_owned(), name, location, account: self.account.to_owned(), secret, rank, spot }
    }

    /// Whitespace around a key comes from pasting, and no key has any. A key with a line break cannot be sent.
    fn put(&self, secret: &mut Secret, attribute: &str, place: &str, value: &str) -> Result<()> {
        let trimmed = value.trim();
        if visible(trimmed) != trimmed {
            return Err(self.fault(place, "has a line break or another invisible character"));
        }
        if !trimmed.is_empty() {
            // The provider is not known here yet.
            if let Some(flaw) = Flaw::of("", trimmed).filter(|_| attribute == "password") {
                return Err(self.fault(place, &flaw.to_string()));
            }
            secret.record.set(attribute, trimmed).map_err(|_| self.fault(place, "is longer than a key can be"))?;
        }
        secret.trimmed |= trimmed != value;
        Ok(())
    }
}

/// The known provider of a URL, with its own URL, or the URL itself. `None`: it is not a base URL.
fn place_of(url: &str) -> Option<(Option<&'static str>, OwnedLocation)> {
    let (known, location) = OwnedLocation::of_url(url)?;
    Some((known.map(|provider| provider.name), location))
}

#[cfg(test)]
mod tests;
