//! What must hold for any credential that gets a name, and for any name in a store.

use modelforge_credential_protocol::Record;

use super::{is_device, name, parse};

/// Reads the input as a name, and as a description to name: protocol, host, user name and an optional path, one per line.
pub fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Some(description) = parse(text.split('/')) {
        assert_eq!(name(&description).join("/"), text, "two names of one credential");
    }
    let mut lines = text.splitn(4, '\n');
    let mut description = Record::new();
    for key in ["protocol", "host", "username", "path"] {
        if let Some(value) = lines.next()
            && description.set(key, value).is_err()
        {
            return;
        }
    }
    if !description.has("username") {
        return;
    }
    let parts = name(&description);
    for part in &parts {
        assert!(!part.contains(['/', '\\']), "it leaves the folder");
        assert!(part.len() <= 200 && !part.starts_with('.') && !part.ends_with(['.', ' ']), "a disk refuses it");
        assert!(
            !is_device(part.as_bytes()) && !part.bytes().any(|byte| byte.is_ascii_uppercase()),
            "a disk changes it"
        );
    }
    let found = parse(parts.iter().map(String::as_str)).expect("its own name");
    let keys = ["protocol", "host", "path", "username"];
    assert!(keys.iter().all(|key| found.get(key) == description.get(key)), "it is read back as another");
}

#[cfg(test)]
#[test]
fn what_fuzzing_has_seen_stays_in_the_folder_under_a_name_of_its_own() {
    crate::fuzz_support::replay("name", check);
}
