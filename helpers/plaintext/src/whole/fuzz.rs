//! What must hold for any file when keys are removed from it and restored.

use modelforge_credential_protocol::Record;

use super::holds_the_same;
use crate::entries::{self, Entry, Spot};
use crate::source::{Place, places};
use crate::table::SOURCES;
use modelforge_credential_files::tilde;

/// Reads a file in every format. Removes all keys, a single one, and every second one, and undoes each change.
pub fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Some(mut place) = places(&Record::new()).last() else { return };
    for source in SOURCES {
        place.source = source;
        check_in(&place, text);
    }
}

fn check_in(place: &Place, text: &str) {
    let Ok(before) = place.entries(text) else { return };
    check_host_by_host(place, text, &before);
    let held: Vec<&Entry> = before.iter().filter(|entry| entry.holds_something()).collect();
    for step in [1, 2, held.len().max(1)] {
        let gone: Vec<&Entry> = held.iter().copied().step_by(step).collect();
        let spots: Vec<&Spot> = gone.iter().map(|entry| &entry.spot).collect();
        // It may refuse an edit that would change something else.
        if let Some(edited) = place.source.format.without(text, &spots) {
            check_edit(place, text, &edited, &gone);
        }
    }
}

/// Only the secrets are gone, and both ways of undoing lead back.
fn check_edit(place: &Place, before: &str, after: &str, gone: &[&Entry]) {
    assert!(after.len() <= before.len(), "it is longer than before");
    let left = place.entries(after).expect("it can still be read");
    // If two entries are completely equal, it is unknown which one is gone.
    let all = place.entries(before).expect("it was read");
    let is_like = |one: &Entry, other: &Entry| one.place == other.place && holds_the_same(one, other);
    let has_twin = |entry: &Entry| all.iter().filter(|other| is_like(entry, other)).count() > 1;
    for entry in gone.iter().filter(|entry| !has_twin(entry)) {
        let is_there = left.iter().any(|other| other.place == entry.place && is_the_same(other, entry));
        assert!(!is_there, "`{}` is still there", entry.place);
    }
    // A rollback checks this before it restores the file byte for byte.
    let is_known = place.differs_by_secrets(before, after).is_ok_and(|differs| differs);
    assert!(is_known || gone.iter().any(|entry| has_twin(entry)), "it does not know its own edit");
    let (merged, count) = place.merged(before, after).expect("both can be read");
    let found = place.entries(&merged).expect("what was put back can be read");
    let lost = all.iter().filter(|entry| !found.iter().any(|other| is_the_same(entry, other))).count();
    assert!(count == 0 || lost <= gone.len() - count, "something that was put back is not there");
}

/// A request for one host finds all entries for it.
fn check_host_by_host(place: &Place, text: &str, all: &[Entry]) {
    for entry in all {
        let only = (&*entry.location.protocol, &*entry.location.host);
        let some = entries::read(&place.source.format, &tilde(&place.path), text, &place.account, Some(only));
        let is_there =
            |some: Vec<Entry>| some.iter().any(|other| other.place == entry.place && is_the_same(other, entry));
        assert!(some.is_ok_and(|some| is_there(some.entries)), "`{}` is not found for its host", entry.place);
    }
}

/// True if two entries have the same secrets for the same account and host.
fn is_the_same(one: &Entry, other: &Entry) -> bool {
    holds_the_same(one, other) && one.account == other.account && one.location.host == other.location.host
}

#[cfg(test)]
#[test]
fn what_fuzzing_has_seen_is_edited_and_undone() {
    crate::fuzz_support::replay("editors", check);
}
