//! What must hold for any text that is taken for a URL.

use modelforge_credential_protocol::{REDACTED, Record, visible};
use modelforge_credential_providers::Location;

use super::{base_url, is_safe_url, parse};
use crate::fuzz_support::is_telling;

/// Parses a URL as in a request of git, and as that of a provider.
pub fn check(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    match parse(input) {
        Ok(record) => check_record(&record),
        Err(problem) => {
            assert!(!is_telling(&text) || !problem.to_string().contains(&*text), "an error quotes the URL");
        }
    }
    if let Ok(base) = base_url(&text) {
        check_base(&text, &base);
    }
    assert!(!is_safe_url(&text) || base_url(&text).is_ok(), "what is no base URL is called safe");
}

fn check_record(record: &Record) {
    assert!(record.has("protocol") && record.has("host"), "a part is missing");
    let shown = record.url();
    assert_eq!(visible(&shown), shown, "what is shown can move the cursor");
    let parts = ["protocol", "host", "path"].map(|key| record.text(key).unwrap_or_default());
    // A plus is encoded when it is shown, and a scheme is never decoded. Slashes at the ends of a path are dropped.
    let is_regular = !parts[0].contains('+') && !parts[2].starts_with('/') && !parts[2].ends_with('/');
    if is_regular && !shown.contains(REDACTED) {
        let again = parse(shown.as_bytes()).expect("what is shown of a URL is one");
        assert_eq!(["protocol", "host", "path"].map(|key| again.text(key).unwrap_or_default()), parts, "of {shown}");
    }
}

fn check_base(text: &str, base: &Record) {
    let location = Location::parse(text).expect("a base URL is a place");
    let [protocol, host] = ["protocol", "host"].map(|key| base.text(key).unwrap_or_default());
    assert!(location.is_at(protocol, host) && !host.is_empty(), "it leads elsewhere");
    assert!(!base.has("username") && !base.has("password"), "a provider's URL holds a secret");
    let path = base.text("path");
    assert!(
        location.covers(protocol, host, path) || path.is_some_and(|path| path.contains("..")),
        "it is not its own place"
    );
    let is_this_machine = || ["localhost", "127.0.0.1", "[::1]"].iter().any(|name| host.starts_with(name));
    assert!(!is_safe_url(text) || protocol == "https" || (protocol == "http" && is_this_machine()), "not encrypted");
    let shown = location.to_string();
    assert!(base_url(&shown).is_ok_and(|again| again == *base), "written again, it is another place");
}

#[cfg(test)]
#[test]
fn what_fuzzing_has_seen_is_taken_apart_as_it_should_be() {
    crate::fuzz_support::replay("url", check);
}
