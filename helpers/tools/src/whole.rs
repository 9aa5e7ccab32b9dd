//! Backs up a whole file before anything is removed from it, and restores it byte for byte. If its tool has written to it since, only the
//! keys are restored.

mod exec;
pub mod merge;

use modelforge_credential_files::foreign::{self, Left};
use modelforge_credential_files::tilde;
use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Error, Record, Result, visible, warn};
use zeroize::Zeroizing;

use crate::change::{self, Asks, Word, hook};
use crate::format::leaf::Leaf;
use crate::found::{self, Found, Spot};
use crate::places::{Place, places};
use crate::table::{File, Hook};

fn place(request: &Record) -> Result<Place> {
    let file = visible(request.text("file").unwrap_or_default());
    let found = places(request).into_iter().next().filter(|_| request.has("file"));
    found.ok_or_else(|| Error::new(format!("`{file}` is not a known file")))
}

/// The file as it is.
pub fn get(request: &Record) -> Result<Option<Record>> {
    let place = place(request)?;
    foreign::whole(&place.path, place.within())
}

/// Restores the file. If it was changed since, apart from the removed keys and their replacements, only these are undone. If it is gone, it
/// is created again.
pub fn put_back(record: &Record) -> Result<()> {
    // Nobody can store anything without consent, and the stored record does not keep that attribute.
    let file = record.text("file").unwrap_or_default();
    let place = place(&Record::of([("protocol", "file"), ("host", ""), ("file", file), ("consent", "1")])?)?;
    foreign::put_back(&place.path, place.within(), record, |before, now| {
        let shown = tilde(&place.path);
        let then = found::read(place.tool, place.file, &shown, before)?.found;
        let held = found::read(place.tool, place.file, &shown, now)?.found;
        let missing: Vec<&Found> = then.iter().filter(|found| !held.iter().any(|here| here.is_same(found))).collect();
        if is_what_was_left(place.file, before, &missing, now) {
            return Ok(Left::TheRest);
        }
        let merged = merge::merged(place.file, before, &missing, now);
        for name in merged.replaced {
            warn(&Error::new(format!("`{shown}` now has something else in `{}`, which stays", visible(&name))));
        }
        Ok(Left::Changed(merged.text, merged.count))
    })
}

/// True if the file is exactly what is left after these keys were removed, with or without making the tool ask.
pub fn is_what_was_left(file: &'static File, before: &str, missing: &[&Found], now: &str) -> bool {
    [(true, true), (true, false), (false, false)].into_iter().any(|(rewired, by_line)| {
        let mut text = Some(Zeroizing::new(before.to_owned()));
        for gone in missing {
            text = text.and_then(|text| {
                let shown = found::read(&crate::table::PROJECT, file, "", &text).ok()?;
                let here = shown.found.iter().find(|here| here.is_same(gone))?;
                let word = word(file, gone, now).filter(|_| rewired);
                let word = word.as_deref().and_then(Word::new);
                change::without(file, &text, here, word.map(|word| Asks { word, by_line }))
            });
        }
        text.is_some_and(|text| *text == *now)
    })
}

/// The word by which the tool asks for the key, as the file is now. An account is tried first. Your own provider can have any name.
fn word(file: &File, found: &Found, now: &str) -> Option<String> {
    let Some(provider) = found.provider else {
        let leaves = file.format.leaves(now).ok()?;
        return found.spots.iter().find_map(|spot| leaves.iter().find_map(|leaf| said(spot, leaf)));
    };
    let provider = provider.name;
    let accounts = found.accounts.iter().filter(|account| *account != DEFAULT_ACCOUNT);
    let named = accounts.map(|account| format!("{provider}:{account}")).find(|word| now.contains(word.as_str()));
    Some(named.unwrap_or_else(|| provider.to_owned()))
}

/// The word for the key in a value of the file.
fn said(spot: &Spot, leaf: &Leaf) -> Option<String> {
    let is_in = |more: usize, name: &str| {
        let within = spot.path.len().checked_sub(more).and_then(|length| spot.path.get(..length));
        let path = within.and_then(|within| leaf.path.strip_prefix(within));
        path.is_some_and(|path| path.first().is_some_and(|first| first == name))
    };
    let word = match spot.key.hook {
        Some(Hook::CodexAuth) => Some(leaf.text.as_str()).filter(|_| is_in(1, "auth") && leaf.name() == "#1"),
        Some(Hook::Exec) if is_in(2, "args") => leaf.text.strip_prefix(&*spot.variable)?.strip_prefix('='),
        _ if leaf.path == spot.path => {
            let asks = leaf.text.split_once(&format!("{} print ", hook::PROGRAM));
            asks.and_then(|(_, rest)| rest.split([' ', ')']).next())
        }
        _ => None,
    };
    word.map(str::to_owned)
}
