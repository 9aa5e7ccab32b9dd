//! Backs up a whole file before anything is removed from it, and restores it.

#[cfg(any(test, fuzzing))]
pub mod fuzz;

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use modelforge_credential_files::foreign::{self, Left};
use modelforge_credential_files::tilde;
use modelforge_credential_protocol::{Error, Record, Result, visible};
use zeroize::Zeroizing;

use crate::entries::{self, Entry, Spot};
use crate::source::{Place, places};
use crate::table::Format;
use crate::{ini, json};

/// The file as it is.
pub fn get(request: &Record) -> Result<Option<Record>> {
    let place = place(request)?;
    foreign::whole(&place.path, place.within())
}

/// Restores the file. If it was changed since, apart from the removed secrets, only these are restored. If it is gone, it is created again.
pub fn put_back(record: &Record) -> Result<()> {
    let place = place(record)?;
    foreign::put_back(&place.path, place.within(), record, |before, now| {
        if place.differs_by_secrets(before, now)? {
            return Ok(Left::TheRest);
        }
        let (edited, count) = place.merged(before, now)?;
        Ok(Left::Changed(edited, count))
    })
}

fn place(request: &Record) -> Result<Place> {
    let file = visible(request.text("file").unwrap_or_default());
    places(request).find(|_| request.has("file")).ok_or_else(|| {
        let error = Error::new(format!("`{file}` is not a known file"));
        // The file of a directory is known only if that is the working directory.
        match file.strip_suffix("/.model-forge/config.json").or(file.strip_suffix(r"\.model-forge\config.json")) {
            Some(folder) => error.hint(format!("cd {}", modelforge_credential_files::quoted(folder.as_ref()))),
            None => error,
        }
    })
}

impl Place {
    fn entries(&self, text: &str) -> Result<Vec<Entry>> {
        Ok(entries::read(&self.source.format, &tilde(&self.path), text, &self.account, None)?.entries)
    }

    /// True if the file differs only by secrets that were removed.
    fn differs_by_secrets(&self, before: &str, now: &str) -> Result<bool> {
        let (then, held) = (self.entries(before)?, self.entries(now)?);
        let spots: Vec<&Spot> = missing(&then, &held).map(|entry| &entry.spot).collect();
        let without = self.source.format.without(before, &spots);
        Ok(without.is_some_and(|without| *without == now))
    }

    /// The file with its missing secrets restored where there still is an entry for them, and their number.
    fn merged(&self, before: &str, now: &str) -> Result<(Zeroizing<String>, usize)> {
        let (then, held) = (self.entries(before)?, self.entries(now)?);
        let mut text = Zeroizing::new(now.to_owned());
        let mut count = 0;
        for entry in missing(&then, &held) {
            // Each position is looked up again in the edited text.
            let edited = match (&self.source.format, &entry.spot) {
                (Format::Json(_), Spot::Member { object, name }) => {
                    let was = json::members(before, object).into_iter().flatten().rfind(|member| member.name == *name);
                    let value = was.and_then(|member| before.get(member.value));
                    let here = self.entries(&text)?.into_iter().find(|here| here.place == entry.place);
                    match (value, here.as_ref().map(|here| &here.spot)) {
                        (Some(value), Some(Spot::Member { object, .. })) => with_member(&text, object, name, value),
                        _ => None,
                    }
                }
                (Format::KeyringIni, Spot::Lines(lines)) => ini::with_lines(before, lines, &text),
                _ => None,
            };
            if let Some(edited) = edited.map(Zeroizing::new).filter(|edited| self.entries(edited).is_ok()) {
                text = edited;
                count += 1;
            }
        }
        Ok((text, count))
    }
}

/// The entries that have lost their secret. A name can occur several times: then each is compared with the entries at the same place.
fn missing<'a>(then: &'a [Entry], now: &'a [Entry]) -> impl Iterator<Item = &'a Entry> {
    let mut places: HashMap<&str, (Vec<&Entry>, Vec<&Entry>)> = HashMap::new();
    then.iter().for_each(|entry| places.entry(&entry.place).or_default().0.push(entry));
    now.iter().for_each(|entry| places.entry(&entry.place).or_default().1.push(entry));
    let gone: HashSet<*const Entry> =
        places.values().flat_map(|(then, now)| missing_of_a_place(then, now)).map(std::ptr::from_ref).collect();
    then.iter().filter(move |entry| gone.contains(&std::ptr::from_ref(*entry)))
}

/// The same for one place. If no entry is missing completely, they are compared in order, otherwise by their content.
fn missing_of_a_place<'a>(then: &[&'a Entry], now: &[&'a Entry]) -> Vec<&'a Entry> {
    let mut held: Vec<&Entry> = then.iter().copied().filter(|entry| entry.holds_something()).collect();
    if then.len() == now.len() {
        let pairs = then.iter().zip(now).filter(|(then, now)| then.holds_something() && !now.holds_something());
        return pairs.map(|(then, _)| *then).collect();
    }
    let left: Vec<&Entry> = now.iter().copied().filter(|entry| entry.holds_something()).collect();
    let count = held.len().saturating_sub(left.len());
    // Those that are gone come last.
    held.sort_by_key(|entry| !left.iter().any(|other| holds_the_same(entry, other)));
    held.split_off(held.len() - count)
}

fn holds_the_same(one: &Entry, other: &Entry) -> bool {
    match (&one.secret, &other.secret) {
        (Ok(Some(one)), Ok(Some(other))) => one.record.holds_the_same_secrets(&other.record),
        (Ok(None), Ok(None)) => true,
        (Err(one), Err(other)) => one.to_string() == other.to_string(),
        _ => false,
    }
}

/// The text with a member in an object. It replaces an empty member with the same name.
fn with_member(text: &str, object: &Range<usize>, name: &str, value: &str) -> Option<String> {
    let (text, places) = json::without(text, &[object], |_, member| member.name == name)?;
    json::insert_raw(&text, places.first()?, name, value).filter(|edited| json::check(edited).is_ok())
}
