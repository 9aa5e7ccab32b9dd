//! Merges the changes of two machines, file by file. It compares the decrypted content.

use std::collections::BTreeSet;

use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Error, Record, Result};
use zeroize::Zeroizing;

use super::history::Files;
use super::readable;
use crate::store;

/// Decrypts a file of the store.
pub type Open<'a> = &'a dyn Fn(&str, &[u8]) -> Result<Zeroizing<Vec<u8>>>;

/// The three states in a merge.
pub struct Sides<'a> {
    /// The common ancestor.
    pub base: &'a Files,
    pub ours: &'a Files,
    pub theirs: &'a Files,
}

/// Where the content of a file comes from.
#[derive(Debug, PartialEq, Eq)]
pub enum Chosen {
    Ours,
    Theirs,
    /// The content of a credential that got another account, because both sides had one.
    Moved(Zeroizing<Vec<u8>>),
}

/// The files of the result, and what a person should know about it.
#[derive(Default)]
pub struct Merged {
    pub files: std::collections::BTreeMap<String, Chosen>,
    /// Credentials of which both versions were kept.
    pub kept: Vec<String>,
    /// Credentials that replaced a file that nobody can decrypt here.
    pub unread: Vec<String>,
}

/// The side whose version of a file is used.
enum Winner {
    Ours,
    Theirs,
    /// Because theirs cannot be decrypted here.
    OnlyOurs,
    Both,
}

pub fn merge(sides: &Sides, open: Open) -> Result<Merged> {
    let mut merged = Merged::default();
    let names: BTreeSet<&String> = sides.base.keys().chain(sides.ours.keys()).chain(sides.theirs.keys()).collect();
    for name in names {
        let (ours, theirs) = (sides.ours.get(name), sides.theirs.get(name));
        match winner(sides, name, open)? {
            Winner::Ours if ours.is_some() => _ = merged.files.insert(name.clone(), Chosen::Ours),
            Winner::Theirs if theirs.is_some() => _ = merged.files.insert(name.clone(), Chosen::Theirs),
            Winner::Ours | Winner::Theirs => {}
            Winner::OnlyOurs => {
                merged.files.insert(name.clone(), Chosen::Ours);
                let account = store::described_by(name);
                merged.unread.extend(account.map(|description| {
                    format!("{} {}", shown(&description), description.text("username").unwrap_or_default())
                }));
            }
            Winner::Both => keep_both(&mut merged, sides, name, open)?,
        }
    }
    Ok(merged)
}

fn winner(sides: &Sides, name: &str, open: Open) -> Result<Winner> {
    let (base, ours, theirs) = (sides.base.get(name), sides.ours.get(name), sides.theirs.get(name));
    if ours == theirs || ours == base {
        return Ok(Winner::Theirs);
    }
    if theirs == base {
        return Ok(Winner::Ours);
    }
    // A file that nobody can decrypt here is not a key: it replaces none that can be decrypted, and any key replaces it.
    let text = |content: Option<&Vec<u8>>| match content.map(|content| open(name, content)) {
        Some(opened) => readable(opened).map(std::result::Result::ok),
        None => Ok(None),
    };
    // A file that cannot be compared counts as changed.
    let was = text(base).unwrap_or_default();
    let is_as_before = |now: &Option<Zeroizing<Vec<u8>>>| now.is_some() && *now == was;
    Ok(match (ours, theirs) {
        // A stored key beats an erase: the person who erased the old one did not know the new one.
        (None, _) => {
            if is_as_before(&text(theirs)?) {
                Winner::Ours
            } else {
                Winner::Theirs
            }
        }
        (_, None) => {
            if is_as_before(&text(ours)?) {
                Winner::Theirs
            } else {
                Winner::Ours
            }
        }
        (Some(_), Some(_)) => match (text(ours)?, text(theirs)?) {
            (None, _) => Winner::Theirs,
            (_, None) => Winner::OnlyOurs,
            (ours, theirs) if ours == theirs || is_as_before(&ours) => Winner::Theirs,
            (_, theirs) if is_as_before(&theirs) => Winner::Ours,
            _ => Winner::Both,
        },
    })
}

/// The newer one keeps its account, and the older one gets a new account.
fn keep_both(merged: &mut Merged, sides: &Sides, name: &str, open: Open) -> Result<()> {
    let read = |files: &Files| -> Result<Record> {
        let content = files.get(name).map(Vec::as_slice).unwrap_or_default();
        Record::read_from(&open(name, content)?[..])
    };
    let (ours, theirs) = match (read(sides.ours), read(sides.theirs)) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        // Nobody could use a file that is not a record.
        (ours, _) => {
            let only = if ours.is_ok() { Chosen::Ours } else { Chosen::Theirs };
            merged.files.insert(name.to_owned(), only);
            return Ok(());
        }
    };
    let is_ours_newer = created(&ours) > created(&theirs);
    let (stays, mut moves) = if is_ours_newer { (Chosen::Ours, theirs) } else { (Chosen::Theirs, ours) };
    merged.files.insert(name.to_owned(), stays);
    let mut description =
        store::described_by(name).ok_or_else(|| Error::new("a file of the store has no name of a credential"))?;
    let account = description.text("username").unwrap_or(DEFAULT_ACCOUNT).to_owned();
    for number in 1.. {
        let other = if number == 1 { format!("{account}-conflict") } else { format!("{account}-conflict-{number}") };
        description.set("username", &other)?;
        // Every member would refuse a name that is too long for a file.
        let is_too_long = store::described_by(&store::name_of(&description)).is_none();
        let other = if is_too_long { number.to_string() } else { other };
        description.set("username", &other)?;
        let place = store::name_of(&description);
        if merged.files.contains_key(&place) || sides.ours.contains_key(&place) || sides.theirs.contains_key(&place) {
            continue;
        }
        moves.set("username", &other)?;
        merged.files.insert(place, Chosen::Moved(moves.to_lines()));
        merged.kept.push(format!("{} {other}", shown(&description)));
        break;
    }
    Ok(())
}

/// When it was stored, according to the record.
pub fn created(record: &Record) -> Option<u64> {
    record.text("created_utc")?.parse().ok()
}

/// The URL and account of a credential, for people.
pub fn shown(description: &Record) -> String {
    let part = |key| description.text(key).unwrap_or_default();
    let path = description.text("path").map(|path| format!("/{path}")).unwrap_or_default();
    format!("{}://{}{path}", part("protocol"), part("host"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "https/h/default.age";

    /// In these tests, a file is a version number of its encryption, followed by its text.
    fn open(_: &str, content: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        Ok(Zeroizing::new(content[1..].to_vec()))
    }

    fn files(content: Option<&str>) -> Files {
        content.iter().map(|content| (NAME.to_owned(), content.as_bytes().to_vec())).collect()
    }

    fn key(version: u8, key: &str, created: u64) -> String {
        format!("{version}protocol=https\nhost=h\nusername=default\npassword={key}\ncreated_utc={created}\n")
    }

    fn merged(base: Option<&str>, ours: Option<&str>, theirs: Option<&str>) -> Merged {
        merge(&Sides { base: &files(base), ours: &files(ours), theirs: &files(theirs) }, &open).unwrap()
    }

    #[test]
    fn a_change_on_one_side_counts_and_one_of_the_encryption_does_not() {
        let (old, again, new) = (key(1, "old", 1), key(2, "old", 1), key(1, "new", 2));
        let [old, again, new] = [&old, &again, &new].map(|text| Some(text.as_str()));
        for (ours, theirs, expected) in [
            (old, new, Some(Chosen::Theirs)),
            (new, old, Some(Chosen::Ours)),
            (again, new, Some(Chosen::Theirs)),
            (new, again, Some(Chosen::Ours)),
            (again, again, Some(Chosen::Theirs)),
            (old, None, None),
            (None, old, None),
            (again, None, None),
            (None, again, None),
            // Encrypted again here, removed there.
            (new, None, Some(Chosen::Ours)),
            (None, new, Some(Chosen::Theirs)),
            (None, None, None),
        ] {
            let merged = merged(old, ours, theirs);
            assert_eq!(merged.files.get(NAME), expected.as_ref(), "{ours:?} {theirs:?}");
            assert!(merged.kept.is_empty());
        }
    }

    #[test]
    fn what_cannot_be_opened_replaces_nothing_that_can() {
        let open = |name: &str, content: &[u8]| match content.first() {
            Some(b'!') => Err(Error::new("damaged").with_cause(crate::key::Damaged)),
            _ => open(name, content),
        };
        let (old, new) = (key(1, "old", 1), key(1, "new", 2));
        for (ours, theirs, expected) in [
            (Some(&*new), Some("!garbage"), Some(Chosen::Ours)),
            (Some("!garbage"), Some(&*new), Some(Chosen::Theirs)),
            (Some("!garbage"), Some("!other"), Some(Chosen::Theirs)),
            // It is not a record, so it has no other account.
            (Some(&*new), Some("1no record"), Some(Chosen::Ours)),
            (Some("1no record"), Some(&*new), Some(Chosen::Theirs)),
        ] {
            let (base, ours, theirs) = (files(Some(&old)), files(ours), files(theirs));
            let merged = merge(&Sides { base: &base, ours: &ours, theirs: &theirs }, &open).unwrap();
            assert_eq!(merged.files.get(NAME), expected.as_ref());
            assert_eq!(merged.files.len(), 1);
        }
    }

    #[test]
    fn the_older_of_two_whose_name_is_as_long_as_it_may_be_gets_one_that_is_no_longer() {
        let mut description = Record::of([("protocol", "https"), ("host", "h"), ("username", "u")]).unwrap();
        while store::described_by(&store::name_of(&description)).is_some() {
            description.set("host", format!("{}x", description.text("host").unwrap())).unwrap();
        }
        let host = description.text("host").unwrap()[1..].to_owned();
        description.set("host", &host).unwrap();
        let name = store::name_of(&description);
        let text = |key: &str, created: u64| {
            let lines = format!("protocol=https\nhost={host}\nusername=u\npassword={key}\ncreated_utc={created}\n");
            Files::from([(name.clone(), format!("1{lines}").into_bytes())])
        };
        let (base, ours, theirs) = (text("old", 1), text("one", 2), text("other", 3));
        let merged = merge(&Sides { base: &base, ours: &ours, theirs: &theirs }, &open).unwrap();
        assert_eq!(merged.files.len(), 2);
        assert!(merged.files.keys().all(|name| store::described_by(name).is_some()), "{:?}", merged.files.keys());
        assert_eq!(merged.kept, [format!("https://{host} 1")]);
    }

    #[test]
    fn two_renewals_are_both_kept_and_the_newer_one_stays_in_its_place() {
        for (ours, theirs, stays) in [(3, 2, Chosen::Ours), (2, 3, Chosen::Theirs), (2, 2, Chosen::Theirs)] {
            let (old, one, other) = (key(1, "old", 1), key(1, "one", ours), key(1, "other", theirs));
            let merged = merged(Some(&old), Some(&one), Some(&other));
            let loser = if stays == Chosen::Ours { "other" } else { "one" };
            assert_eq!(merged.files.get(NAME), Some(&stays));
            let Some(Chosen::Moved(text)) = merged.files.get("https/h/default-conflict.age") else {
                panic!("it is lost")
            };
            let record = Record::read_from(&text[..]).unwrap();
            assert_eq!((record.text("username"), record.text("password")), (Some("default-conflict"), Some(loser)));
            assert_eq!(merged.kept, ["https://h default-conflict"]);
        }
    }
}
