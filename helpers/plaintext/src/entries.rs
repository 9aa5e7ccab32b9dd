//! What a file holds: for each provider whose URL, whose account, and which secret. Messages name places, never what is there.

mod json;
mod keyring;

use std::ops::Range;

use modelforge_credential_protocol::{Error, Record, Result, visible};
use modelforge_credential_providers::{Location, Provider, by_location, by_name, normalize};

use crate::table::Format;

/// A place in a file for the credential of one URL and account.
pub struct Entry {
    /// Where it is, `$.providers.openai`.
    pub place: String,
    /// The name that it has in its file, in the one spelling.
    pub name: String,
    pub location: OwnedLocation,
    /// The protocol and the host as the file has them, if that is not the usual way.
    pub written: Option<(String, String)>,
    pub account: String,
    /// The credential: `None` where there is a place for one, an error where what is there cannot be one.
    pub secret: Result<Option<Secret>>,
    /// Of several for the same, the one with the highest rank is in use, and of these the last.
    pub rank: u8,
    pub spot: Spot,
}

/// A credential, without what it is for.
#[derive(Default)]
pub struct Secret {
    pub record: Record,
    /// Whether there were blanks around it, which are left out.
    pub trimmed: bool,
    /// What goes with it when it is taken out, and is used by nobody.
    pub unused: Vec<Error>,
}

/// A location that outlives its file's text.
#[derive(PartialEq, Eq)]
pub struct OwnedLocation {
    pub protocol: String,
    pub host: String,
    pub path: Option<String>,
}

/// What holds the secret.
pub enum Spot {
    /// A member of this object.
    Member {
        object: Range<usize>,
        name: String,
    },
    Lines(Range<usize>),
}

/// The entries of a file, and those that cannot be said to belong to any URL.
#[derive(Default)]
pub struct Entries {
    pub entries: Vec<Entry>,
    pub homeless: Vec<Error>,
}

impl OwnedLocation {
    fn of(location: &Location) -> Self {
        let path = location.path.map(str::to_owned);
        Self { protocol: location.protocol.to_owned(), host: location.host.to_owned(), path }
    }

    pub fn borrowed(&self) -> Location<'_> {
        Location { protocol: &self.protocol, host: &self.host, path: self.path.as_deref() }
    }
}

impl Entry {
    /// Whether `get` may answer a request with it.
    pub fn answers(&self, request: &Record) -> bool {
        let path = request.text("path");
        let covers = |(protocol, host)| self.location.borrowed().covers(protocol, host, path);
        covers(self.host_in(request)) && self.is_of(request)
    }

    /// Whether an `erase` means it: there, what is not named may be anything.
    pub fn is_described(&self, description: &Record) -> bool {
        let location = &self.location;
        let is_at_host = || self.host_in(description) == (&*location.protocol, &*location.host);
        self.is_of(description) && (self.answers(description) || !description.has("path") && is_at_host())
    }

    /// The protocol and the host of a request. Hosts are compared byte by byte, but who asks for one as the file writes it, as
    /// ModelForge's own configuration does, means this entry.
    fn host_in<'a>(&'a self, request: &'a Record) -> Host<'a> {
        let asked = (request.text("protocol").unwrap_or(""), request.text("host").unwrap_or(""));
        match &self.written {
            Some((protocol, host)) if (&**protocol, &**host) == asked => (&self.location.protocol, &self.location.host),
            _ => asked,
        }
    }

    fn is_of(&self, request: &Record) -> bool {
        request.get("username").is_none_or(|account| account == self.account.as_bytes())
    }

    /// Whether there is something, fit to be a key or not.
    pub fn holds_something(&self) -> bool {
        !matches!(self.secret, Ok(None))
    }

    /// How far down its host it belongs: of several that cover a path, the one with the longest path is the closest.
    pub fn depth(&self) -> usize {
        self.location.path.as_ref().map_or(0, String::len)
    }

    /// Whether both are for the same.
    pub fn is_alike(&self, other: &Self) -> bool {
        self.location == other.location && self.account == other.account
    }

    /// What a list says about it.
    pub fn description(&self) -> Result<Record> {
        let OwnedLocation { protocol, host, path } = &self.location;
        let mut record = Record::of([("protocol", protocol), ("host", host)])?;
        if let Some(path) = path {
            record.push("path", path)?;
        }
        record.push("username", &self.account)?;
        let known = by_location(protocol, host, path.as_deref()).map(|provider| provider.name);
        // A known provider's name at somebody else's URL would be misleading.
        if let Some(name) = known.or((by_name(&self.name).is_none()).then_some(&*self.name)) {
            record.push("provider", name)?;
        }
        Ok(record)
    }
}

/// More than anybody has; what compares them with each other stays quick.
const MOST: usize = 1_000;

/// The protocol and the host that entries are for.
pub type Host<'a> = (&'a str, &'a str);

/// Reads a file. `shown` is its name in messages, `account` whose its entries are unless they say so themselves. Where only
/// what is for one host is asked for, the others are passed over as soon as it is clear that they are for another.
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
        name_as_written: &str,
        whose: Whose,
        secret: Result<Option<Secret>>,
        spot: Spot,
    ) -> Entry {
        let Whose { known, location, written: host_as_written } = whose;
        let name = normalize(name_as_written);
        let rank = match known {
            Some(known) if known != name => 0,
            _ => 1 + u8::from(name_as_written == name),
        };
        let (place, account) = (place.to_owned(), self.account.to_owned());
        Entry { place, name, location, written: host_as_written, account, secret, rank, spot }
    }

    /// Blanks around a key came with a paste, and no key has any; what breaks a line cannot be sent.
    fn put(&self, secret: &mut Secret, attribute: &str, place: &str, value: &str) -> Result<()> {
        let trimmed = value.trim();
        if visible(trimmed) != trimmed {
            return Err(self.fault(place, "holds a line break or another character that cannot be seen"));
        }
        if !trimmed.is_empty() {
            secret.record.set(attribute, trimmed).map_err(|_| self.fault(place, "is longer than a key can be"))?;
        }
        secret.trimmed |= trimmed != value;
        Ok(())
    }
}

/// Whose an entry is.
struct Whose {
    /// The name of the provider, if it is a known one.
    known: Option<&'static str>,
    location: OwnedLocation,
    written: Option<(String, String)>,
}

impl Whose {
    /// Of a URL: a known provider's and where that is, or its own place. `None`: it is no base URL.
    fn of(url: &str) -> Option<Self> {
        let Location { protocol, host, path } = Location::parse(url).filter(|_| !url.contains('%'))?;
        let (usual_protocol, usual_host) = usual(protocol, host);
        let is_usual = (protocol, host) == (&*usual_protocol, &*usual_host);
        let written = (!is_usual).then(|| (protocol.to_owned(), host.to_owned()));
        match by_location(&usual_protocol, &usual_host, path) {
            Some(known) => {
                Some(Self { known: Some(known.name), location: OwnedLocation::of(&known.location()?), written })
            }
            None => {
                let path = path.map(str::to_owned);
                let location = OwnedLocation { protocol: usual_protocol, host: usual_host, path };
                Some(Self { known: None, location, written })
            }
        }
    }

    /// Of an entry that names no URL.
    fn known(provider: &Provider) -> Option<Self> {
        let location = OwnedLocation::of(&provider.location()?);
        Some(Self { known: Some(provider.name), location, written: None })
    }
}

/// A scheme and a host as they are usually written (RFC 3986, 6.2.2.1 and 6.2.3): in lower case, without the scheme's own port.
pub fn usual(protocol: &str, host: &str) -> (String, String) {
    let (protocol, host) = (protocol.to_ascii_lowercase(), host.to_ascii_lowercase());
    let port = match &*protocol {
        "https" => ":443",
        "http" => ":80",
        _ => "",
    };
    let name = host.strip_suffix(port).filter(|name| !name.is_empty()).unwrap_or(&host).to_owned();
    (protocol, name)
}

#[cfg(test)]
mod tests;
