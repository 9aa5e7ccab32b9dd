//! What must hold for any item in the system's store, and for any credential that becomes one.

use modelforge_credential_protocol::Record;

use super::{can_be_named, credential, decode, description, encode, is_kept, service};
use crate::fuzz_support::is_telling;

/// Reads the input as an item (service and account on one line each, then the secret), and as a credential to store.
pub fn check(input: &[u8]) {
    let mut parts = input.splitn(3, |byte| *byte == b'\n');
    let mut text = || std::str::from_utf8(parts.next().unwrap_or_default()).unwrap_or_default();
    let (service, account) = (text(), text());
    check_item(service, account, parts.next().unwrap_or_default());
    if let Ok(record) = Record::read_from(input) {
        check_credential(&record);
    }
}

fn check_item(named: &str, account: &str, secret: &[u8]) {
    if let Some(described) = description(named, account) {
        assert_eq!(service(&described), named, "another item is meant");
        assert!(can_be_named(&described), "an item that is there could not be named");
    }
    match decode(secret) {
        Ok(kept) => {
            assert!(kept.iter().all(|(key, _)| key == "username" || is_kept(key)), "a secret says which item it is");
            for keeps in [anything, text] {
                let again = decode(&encode(&kept, keeps));
                // The user name comes from the item's name.
                let [mut wanted, mut found] = [kept.clone(), again.unwrap_or_default()];
                for record in [&mut wanted, &mut found] {
                    record.retain(|key| key != "username");
                }
                let is_same = is_within(&found, &wanted) && is_within(&wanted, &found);
                assert!(wanted.is_empty() || is_same, "kept again, it is another");
            }
        }
        Err(problem) => {
            let secret = String::from_utf8_lossy(secret);
            assert!(!is_telling(&secret) || !problem.to_string().contains(&*secret), "an error quotes a secret");
        }
    }
}

/// A stored credential comes back, except its description and attributes of a single request.
fn check_credential(record: &Record) {
    let mut wanted = record.clone();
    wanted.retain(|key| key == "username" || is_kept(key));
    if !wanted.has_account() || !wanted.has_secret() {
        return;
    }
    let account = wanted.text("username").unwrap_or("default").to_owned();
    wanted.set("username", &account).expect("there is room for it");
    for keeps in [anything, text] {
        let found = credential(&account, &encode(&wanted, keeps)).expect("it is kept");
        assert!(
            found.len() == wanted.len() && is_within(&found, &wanted) && is_within(&wanted, &found),
            "it is another"
        );
    }
}

/// True if every attribute of one is in the other, with repeated ones in the same order.
fn is_within(one: &Record, other: &Record) -> bool {
    one.iter().all(|(key, _)| one.all(key).eq(other.all(key)))
}

/// A store that accepts any bytes, as the Secret Service does.
fn anything(_: &[u8]) -> bool {
    true
}

/// A store that accepts only text.
fn text(secret: &[u8]) -> bool {
    std::str::from_utf8(secret).is_ok()
}

#[cfg(test)]
#[test]
fn what_fuzzing_has_seen_is_kept_and_comes_back() {
    crate::fuzz_support::replay("item", check);
}
