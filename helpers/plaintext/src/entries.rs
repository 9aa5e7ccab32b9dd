//! What a file holds: for each provider whose URL, whose account, and which secret. Messages name places, never what is there.

use std::collections::HashMap;
use std::ops::Range;

use base64::Engine;
use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Error, Record, Result, visible};
use modelforge_credential_providers::{Location, Provider, at_host, by_location, by_name, normalize};
use zeroize::Zeroizing;

use crate::table::{Format, Json};
use crate::{ini, json, time};

/// A place in a file for the credential of one URL and account.
pub struct Entry {
    /// Where it is, `$.providers.openai`.
    pub place: String,
    /// The name that it has in its file, in the one spelling.
    pub name: String,
    pub location: OwnedLocation,
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
        let (protocol, host) = (request.text("protocol").unwrap_or(""), request.text("host").unwrap_or(""));
        self.location.borrowed().covers(protocol, host, request.text("path")) && self.is_of(request)
    }

    /// Whether an `erase` means it: there, what is not named may be anything.
    pub fn is_described(&self, description: &Record) -> bool {
        let host_alone = || {
            let location = &self.location;
            !description.has("path")
                && description.text("protocol") == Some(&location.protocol)
                && description.text("host") == Some(&location.host)
        };
        self.is_of(description) && (self.answers(description) || host_alone())
    }

    fn is_of(&self, request: &Record) -> bool {
        request.get("username").is_none_or(|account| account == self.account.as_bytes())
    }

    /// Whether there is something, fit to be a key or not.
    pub fn holds_something(&self) -> bool {
        !matches!(self.secret, Ok(None))
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

    fn json(&self, row: &Json) -> Result<Entries> {
        json::check(self.text).map_err(|(line, column)| {
            Error::new(format!("`{}`, line {line}, column {column}: this is not JSON", self.shown))
        })?;
        let mut place = String::from("$");
        let mut objects = vec![json::root(self.text)];
        for step in row.entries {
            let mut inner = Vec::new();
            for object in &objects {
                let members = json::members(self.text, object).ok_or_else(|| self.fault(&place, "is not an object"))?;
                inner.extend(members.into_iter().filter(|member| member.name == *step).map(|member| member.value));
            }
            objects = inner;
            place = format!("{place}.{step}");
        }
        // Of a thousand entries most can be told without being taken apart: theirs is neither the name of a provider of the host
        // nor a URL that names it.
        let at_host = self.only.map(|(protocol, host)| (host, at_host(protocol, host).collect::<Vec<_>>()));
        let is_elsewhere = |member: &json::Member| {
            at_host.as_ref().is_some_and(|(host, known)| {
                let (raw, name) = (self.raw(&member.value), normalize(&member.name));
                let is_of = |known: &Provider| known.name == name || known.aliases.contains(&&*name);
                !raw.contains('\\') && !raw.contains(host) && !known.iter().any(|(known, _)| is_of(known))
            })
        };
        let mut found = Entries::default();
        for object in &objects {
            let members = json::members(self.text, object).ok_or_else(|| self.fault(&place, "is not an object"))?;
            self.check_number(members.len() + found.entries.len())?;
            for member in members {
                if is_elsewhere(&member) {
                    continue;
                }
                let place = format!("{place}.{}", member.name);
                match self.json_entry(row, &place, object, &member) {
                    Ok(entry) => found.entries.extend(entry),
                    Err(problem) => found.homeless.push(problem),
                }
            }
        }
        drop_needless_paths(&mut found.entries);
        Ok(found)
    }

    /// An error is one of an entry that holds something of which it cannot be told whose it is.
    fn json_entry(
        &self,
        row: &Json,
        place: &str,
        object: &Range<usize>,
        entry: &json::Member,
    ) -> Result<Option<Entry>> {
        let members = json::members(self.text, &entry.value);
        let last = |name: &str| members.iter().flatten().rev().find(|member| member.name == name).map(|m| &m.value);
        let (value, spot, place_of_secret) = match row.secret {
            // Not an object: there is nothing in it that would be known to be a key.
            Some(_) if members.is_none() => return Ok(None),
            Some(name) => {
                let spot = Spot::Member { object: entry.value.clone(), name: name.to_owned() };
                (last(name), spot, format!("{place}.{name}"))
            }
            None => {
                let spot = Spot::Member { object: object.clone(), name: entry.name.clone() };
                (Some(&entry.value), spot, place.to_owned())
            }
        };
        let url = last(row.url).filter(|url| !matches!(self.raw(url), "null" | "\"\""));
        let whose = match url.map(|url| json::string(self.text, url)) {
            Some(Some(url)) => place_of(&url).ok_or("is no base URL"),
            Some(None) => Err("is not a string"),
            None => by_name(&entry.name)
                .and_then(|known| Some((Some(known.name), OwnedLocation::of(&known.location()?))))
                .ok_or("is missing"),
        };
        if let Ok((_, location)) = &whose
            && self.only.is_some_and(|only| only != (&*location.protocol, &*location.host))
        {
            return Ok(None);
        }
        let secret = value.map_or(Ok(None), |value| self.json_secret(row, &place_of_secret, value));
        match whose {
            Ok((known, location)) => Ok(Some(self.entry(place, &entry.name, known, location, secret, spot))),
            Err(_) if matches!(secret, Ok(None)) => Ok(None),
            Err(problem) => {
                let problem = format!("{problem}, so it is not known whom its key is for");
                Err(self.fault(&format!("{place}.{}", row.url), &problem))
            }
        }
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
        let rank = match known {
            Some(known) if known != name => 0,
            _ => 1 + u8::from(written == name),
        };
        Entry { place: place.to_owned(), name, location, account: self.account.to_owned(), secret, rank, spot }
    }

    fn raw(&self, value: &Range<usize>) -> &str {
        self.text.get(value.clone()).unwrap_or_default()
    }

    fn json_secret(&self, row: &Json, place: &str, value: &Range<usize>) -> Result<Option<Secret>> {
        let mut secret = Secret::default();
        let Some(members) = json::members(self.text, value) else {
            return match (self.raw(value), json::string(self.text, value).map(Zeroizing::new)) {
                ("null", _) => Ok(None),
                (_, Some(key)) => {
                    self.put(&mut secret, "password", place, &key)?;
                    Ok(Some(secret).filter(|secret| secret.record.has_secret()))
                }
                (_, None) => Err(self.fault(place, "is neither an object nor a string")),
            };
        };
        // As Python reads it: of two of one name the last counts, and what is null is not there.
        let text = |name: &str| -> Result<Option<Zeroizing<String>>> {
            match members.iter().rev().find(|member| member.name == name).map(|member| &member.value) {
                Some(value) if self.raw(value) != "null" => {
                    let text = json::string(self.text, value)
                        .ok_or_else(|| self.fault(&format!("{place}.{name}"), "is not a string"))?;
                    Ok(Some(Zeroizing::new(text)).filter(|text| !text.trim().is_empty()))
                }
                _ => Ok(None),
            }
        };
        for name in row.password {
            if !secret.record.has("password")
                && let Some(key) = text(name)?
            {
                self.put(&mut secret, "password", &format!("{place}.{name}"), &key)?;
            }
        }
        if let Some(token) = text(row.refresh_token)? {
            self.put(&mut secret, "oauth_refresh_token", &format!("{place}.{}", row.refresh_token), &token)?;
        }
        if !secret.record.has_secret() {
            return Ok(None);
        }
        if let Some(expires) = text(row.expires)? {
            let expires = time::parse(&expires)
                .ok_or_else(|| self.fault(&format!("{place}.{}", row.expires), "is not a time"))?;
            secret.record.set("password_expiry_utc", expires.to_string())?;
        }
        for name in row.public {
            // Of no consequence: what is no text is left out.
            if let Some(value) = text(name).ok().flatten().filter(|value| visible(value) == **value) {
                secret.record.set(name, value.as_str())?;
            }
        }
        Ok(Some(secret))
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

    fn keyring(&self) -> Result<Entries> {
        let items = ini::items(self.text).map_err(|line| {
            Error::new(format!("`{}`, line {line}: this is neither a section nor an option", self.shown))
        })?;
        let mut found = Entries::default();
        for item in items {
            self.check_number(found.entries.len())?;
            // What is not an LLM provider's is some other program's.
            let by_url = || {
                let (known, location) = place_of(&item.section)?;
                Some((known?, location, item.option.clone(), 2))
            };
            // ModelForge 0.2, so long ago that anything else is newer.
            let by_its_name = || {
                let provider = by_name(&item.section)?;
                let is_modelforge = item.option == format!("{}_user", item.section.to_lowercase());
                let location = OwnedLocation::of(&provider.location()?);
                is_modelforge.then(|| (provider.name, location, DEFAULT_ACCOUNT.to_owned(), 1))
            };
            let Some((known, location, account, rank)) = by_url().or_else(by_its_name) else { continue };
            let place = format!("[{}] {}", item.section, item.option);
            let secret = self.keyring_secret(&place, &item.value);
            let mut entry = self.entry(&place, known, Some(known), location, secret, Spot::Lines(item.lines));
            (entry.account, entry.rank) = (account, rank);
            found.entries.push(entry);
        }
        Ok(found)
    }

    fn keyring_secret(&self, place: &str, value: &str) -> Result<Option<Secret>> {
        let decoded = base64::engine::general_purpose::STANDARD.decode(value).map(Zeroizing::new);
        let decoded = decoded.map_err(|_| self.fault(place, "is not base64"))?;
        let text = std::str::from_utf8(&decoded).map_err(|_| self.fault(place, "is not UTF-8"))?;
        // A token is kept as JSON.
        if text.starts_with('{') && json::check(text).is_ok() {
            let token = File { text, ..*self };
            return token.json_secret(&crate::table::MODELFORGE, place, &json::root(text));
        }
        let mut secret = Secret::default();
        self.put(&mut secret, "password", place, text)?;
        Ok(Some(secret).filter(|secret| secret.record.has_secret()))
    }
}

/// Whose a URL is: a known provider's and where that is, or its own place. `None`: it is no base URL.
fn place_of(url: &str) -> Option<(Option<&'static str>, OwnedLocation)> {
    let location = Location::parse(url).filter(|_| !url.contains('%'))?;
    match by_location(location.protocol, location.host, location.path) {
        Some(known) => Some((Some(known.name), OwnedLocation::of(&known.location()?))),
        None => Some((None, OwnedLocation::of(&location))),
    }
}

/// As the core has it: a path is part of where a key belongs only if something else on that host has another.
fn drop_needless_paths(entries: &mut [Entry]) {
    let mut paths: HashMap<(&str, &str), Option<Option<&str>>> = HashMap::new();
    for entry in &*entries {
        let Location { protocol, host, path } = entry.location.borrowed();
        let one = paths.entry((protocol, host)).or_insert(Some(path));
        *one = one.filter(|one| *one == path);
    }
    let is_needless = |entry: &Entry| {
        let Location { protocol, host, path } = entry.location.borrowed();
        let is_the_only_one = || paths.get(&(protocol, host)).is_some_and(Option::is_some);
        path.is_some() && is_the_only_one() && at_host(protocol, host).next().is_none()
    };
    let needless: Vec<bool> = entries.iter().map(is_needless).collect();
    for (entry, _) in entries.iter_mut().zip(needless).filter(|(_, is_needless)| *is_needless) {
        entry.location.path = None;
    }
}

#[cfg(test)]
mod tests;
