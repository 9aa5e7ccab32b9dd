//! Walks through a JSON file: from its root to the entries, and from each to its URL and its secret.

use std::collections::HashMap;
use std::ops::Range;

use modelforge_credential_protocol::{Error, Result, visible};
use modelforge_credential_providers::{Location, Provider, at_host, by_name, normalize};
use zeroize::Zeroizing;

use super::{Entries, Entry, File, OwnedLocation, Secret, Spot, place_of};
use crate::table::Json;
use crate::{json, time};

impl File<'_> {
    pub(super) fn json(&self, row: &Json) -> Result<Entries> {
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
        // Most of a thousand entries can be skipped without parsing them: neither is their name that of a provider at this host, nor do
        // they contain a URL with this host.
        let at_host = self.only.map(|(protocol, host)| (host, at_host(protocol, host).collect::<Vec<_>>()));
        let is_elsewhere = |member: &json::Member| {
            at_host.as_ref().is_some_and(|(host, known)| {
                let raw = self.raw(&member.value);
                let is_of = |known: &Provider| {
                    let name = normalize(&member.name);
                    known.name == name || known.aliases.contains(&&*name)
                };
                !raw.contains('\\') && !names(raw, host) && !known.iter().any(|(known, _)| is_of(known))
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

    /// An error if the entry has a secret whose URL is not known.
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
            // It is not an object, so nothing in it is known to be a key.
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
            Some(Some(url)) => place_of(&url).ok_or("is not a base URL"),
            Some(None) => Err("is not a string"),
            None => by_name(&entry.name)
                .and_then(|known| Some((Some(known.name), OwnedLocation::of(&known.location()?))))
                .ok_or("is missing"),
        };
        // The host of an unknown provider is compared byte by byte, as in git.
        let is_at = |known: bool, location: &OwnedLocation, (protocol, host)| match known {
            true => location.borrowed().is_at(protocol, host),
            false => (&*location.protocol, &*location.host) == (protocol, host),
        };
        if let Ok((known, location)) = &whose
            && self.only.is_some_and(|only| !is_at(known.is_some(), location, only))
        {
            return Ok(None);
        }
        let mut secret = value.map_or(Ok(None), |value| self.json_secret(row, &place_of_secret, value));
        let filled = |name: &str| {
            let is_one = |member: &&json::Member| member.name == name && !self.is_empty(&member.value);
            members.iter().flatten().filter(is_one).count()
        };
        if let (Ok(Some(secret)), Some(name)) = (&mut secret, row.secret)
            && filled(name) > 1
        {
            let problem = "is there more than once; the last is used, and all are removed";
            secret.unused.push(self.fault(&place_of_secret, problem));
        }
        match whose {
            Ok((known, location)) => Ok(Some(self.entry(place, &entry.name, known, location, secret, spot))),
            Err(_) if matches!(secret, Ok(None)) => Ok(None),
            Err(problem) => {
                let problem = format!("{problem}, so the owner of its key is unknown");
                Err(self.fault(&format!("{place}.{}", row.url), &problem))
            }
        }
    }

    /// True if a value contains nothing that could be lost.
    fn is_empty(&self, value: &Range<usize>) -> bool {
        matches!(self.raw(value), "null" | "\"\"" | "{}")
    }

    fn raw(&self, value: &Range<usize>) -> &str {
        self.text.get(value.clone()).unwrap_or_default()
    }

    pub(super) fn json_secret(&self, row: &Json, place: &str, value: &Range<usize>) -> Result<Option<Secret>> {
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
        // As in Python: if a name occurs twice, the last one counts, and null means missing.
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
            let place = format!("{place}.{name}");
            match secret.record.text("password") {
                None => {
                    if let Some(key) = text(name)? {
                        self.put(&mut secret, "password", &place, &key)?;
                    }
                }
                Some(used) => {
                    if text(name).ok().flatten().is_some_and(|key| key.trim() != used) {
                        secret.unused.push(self.fault(&place, "is another key, which is not used, and is removed too"));
                    }
                }
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
            // This value is optional: it is left out unless it is text.
            if let Some(value) = text(name).ok().flatten().filter(|value| visible(value) == **value) {
                secret.record.set(name, value.as_str())?;
            }
        }
        Ok(Some(secret))
    }
}

/// True if a text contains the host, in any spelling.
fn names(text: &str, host: &str) -> bool {
    let (text, name) = (text.as_bytes(), host.split(':').next().unwrap_or(host).as_bytes());
    let Some(first) = name.first() else { return true };
    let mut starts = memchr::memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), text);
    starts.any(|at| text.get(at..at + name.len()).is_some_and(|part| part.eq_ignore_ascii_case(name)))
}

/// As in the core: a path matters only if something else on that host has another path.
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
