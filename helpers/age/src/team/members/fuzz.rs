//! What must hold for any list of members that comes from a remote.

use super::{Members, fingerprint};

/// Reads the input as up to three lists, separated by NUL: the common one, and the changed one of each side.
pub fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let lists: Vec<Members> = text.split('\0').take(3).filter_map(read).collect();
    if let [base, ours, theirs] = lists.as_slice() {
        merge(base, ours, theirs);
    }
}

fn read(text: &str) -> Option<Members> {
    let members = Members::parse(text).ok()?;
    assert_eq!(members.to_text(), text, "it is written otherwise than it was read");
    assert_eq!(members.recipients().len(), members.signers().count());
    // A person is shown each member in a separate line, with the right name.
    for (line, signer) in members.lines().iter().zip(members.signers()) {
        assert!(!line.contains(char::is_control), "a line of the list is not one line");
        let name = members.of_signer(signer).expect("whose key it is");
        let print = fingerprint(signer).expect("a key that was taken");
        assert_eq!(members.of_fingerprint(&print), Some(name), "two members have one key");
        assert!(line.starts_with(&format!("{name} {print} ")), "the list shows another member");
    }
    Some(members)
}

fn merge(base: &Members, ours: &Members, theirs: &Members) {
    assert!(ours.changes_to(theirs).is_empty() == (ours == theirs), "a change is not told");
    let merged = Members::merged(base, ours, theirs);
    let again = Members::merged(base, theirs, ours);
    assert_eq!(merged.is_ok(), again.is_ok(), "the order of the sides counts");
    let Ok(merged) = merged else { return };
    assert_eq!(again.ok().as_ref(), Some(&merged), "the order of the sides counts");
    assert!(merged.who_are_not_in(&[ours, theirs]).is_empty(), "somebody is a member whom neither side has");
    assert_eq!(read(&merged.to_text()), Some(merged), "what was merged cannot be read");
}

#[cfg(test)]
#[test]
fn what_fuzzing_has_seen_is_read_as_it_is_written_or_refused() {
    crate::fuzz_support::replay("members", check);
}
