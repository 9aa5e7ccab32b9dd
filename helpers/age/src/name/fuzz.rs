//! What holds for any credential that gets a file, and for any file that is found in the store.

use std::path::{Component, Path};

use modelforge_credential_protocol::Record;

use super::{file, is_device, parse};

/// Reads an input as a file's name, and as a description of which it makes one: protocol, host, user name and perhaps path, a line each.
pub fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Some(description) = parse(Path::new(text)) {
        assert_eq!(file(&description), Path::new(text), "two names of one credential");
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
    let file = file(&description);
    for component in file.components() {
        let Component::Normal(name) = component else { panic!("it leaves the folder") };
        let name = name.to_str().expect("it is text");
        assert!(name.len() <= 200 && !name.starts_with('.') && !name.ends_with(['.', ' ']), "a disk refuses it");
        assert!(
            !is_device(name.as_bytes()) && !name.bytes().any(|byte| byte.is_ascii_uppercase()),
            "a disk changes it"
        );
    }
    let found = parse(&file).expect("its own name");
    let parts = ["protocol", "host", "path", "username"];
    assert!(parts.iter().all(|key| found.get(key) == description.get(key)), "it is read back as another");
}

#[cfg(test)]
#[test]
fn what_fuzzing_has_seen_stays_in_the_folder_under_a_name_of_its_own() {
    crate::fuzz_support::replay("name", check);
}
