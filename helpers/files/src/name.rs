//! The name of a credential in a store: the parts `<protocol>/<host>[/<path>]/<username>`.
//!
//! Each part is encoded separately, so that no name leaves the directory, and no two names are equal, on any disk or server:
//!
//! * `a`-`z`, `0`-`9`, `-`, `_`, `@`, `+` and a `.` inside stand for themselves. Every other byte of the UTF-8 text is `%` and two
//!   lower-case hexadecimal digits: upper case (some disks ignore case), everything outside ASCII (some disks normalise it), separators,
//!   `%` itself, and a `.` at either end (`..`, hidden files; Windows drops the last one).
//! * The `.` of a final `.age` is `%2e`, so a directory never has the name of an `age` file beside it.
//! * The first byte of a name that Windows takes for a device (`con`, `nul.txt`) is encoded as well.
//! * The empty text is `%_`.
//! * A text of more than 64 bytes is split into pieces of 64, as nested directories. All but the last end in `%`.
//!
//! No information is lost, so a listing reads only the names and opens no file.

#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzz;

use std::fmt::Write as _;

use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Record, Result};

const PIECE: usize = 64;
const SUFFIX: &str = ".age";

/// The parts of the directory for `protocol`, `host` and, if there is one, `path`.
pub fn folder(description: &Record) -> Vec<String> {
    ["protocol", "host", "path"].iter().filter_map(|key| description.get(key)).flat_map(encode).collect()
}

/// The parts of the name of a description that has a `username`.
pub fn name(description: &Record) -> Vec<String> {
    let mut parts = folder(description);
    parts.extend(encode(description.get("username").unwrap_or_default()));
    parts
}

/// The description with this name. `None`: this program did not create it.
pub fn parse<'a>(name: impl IntoIterator<Item = &'a str>) -> Option<Record> {
    let parts: Vec<&str> = name.into_iter().collect();
    let mut texts = vec![Vec::new()];
    for part in &parts {
        let (piece, continues) = part.strip_suffix('%').map_or((*part, false), |piece| (piece, true));
        texts.last_mut()?.extend(decode(piece)?);
        if !continues {
            texts.push(Vec::new());
        }
    }
    texts.pop();
    let keys: &[&str] = match texts.len() {
        3 => &["protocol", "host", "username"],
        4 => &["protocol", "host", "path", "username"],
        _ => return None,
    };
    let description = Record::of(keys.iter().zip(texts)).ok()?;
    (self::name(&description) == parts).then_some(description)
}

/// The attributes that decide where a credential is stored. Without an account, it is stored like the default account.
///
/// # Errors
/// If there are more attributes than a record may hold.
pub fn placed(credential: &Record) -> Result<Record> {
    let mut description = credential.description();
    if !description.has("username") {
        description.set("username", DEFAULT_ACCOUNT)?;
    }
    Ok(description)
}

/// Refuses a credential whose description differs from the name where it is stored: an attacker who can write there could move one, and so
/// give a host the key of another.
///
/// # Errors
/// If they differ. `place` is the name of the place in the message.
pub fn check(credential: &Record, described: &Record, place: &str) -> Result<()> {
    if placed(credential)?.matches(described) && credential.has("path") == described.has("path") {
        return Ok(());
    }
    Err(format!("`{place}` has another credential than its name says").into())
}

/// The order of several credentials that match one request: first without a path, then the default account, then by name.
pub fn rank(description: &Record) -> (Option<&[u8]>, bool, Option<&[u8]>) {
    let username = description.get("username");
    (description.get("path"), username != Some(DEFAULT_ACCOUNT.as_bytes()), username)
}

fn encode(text: &[u8]) -> Vec<String> {
    if text.is_empty() {
        return vec![String::from("%_")];
    }
    let mut pieces: Vec<String> = text.chunks(PIECE).map(encode_piece).collect();
    let last = pieces.len() - 1;
    pieces[..last].iter_mut().for_each(|piece| piece.push('%'));
    pieces
}

fn encode_piece(piece: &[u8]) -> String {
    let mut name = String::with_capacity(piece.len());
    for (i, byte) in piece.iter().enumerate() {
        let plain = match byte {
            b'.' => i > 0 && i + 1 < piece.len() && &piece[i..] != SUFFIX.as_bytes(),
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'@' | b'+' => i > 0 || !is_device(piece),
            _ => false,
        };
        if plain {
            name.push(char::from(*byte));
        } else {
            let _ = write!(name, "%{byte:02x}");
        }
    }
    name
}

fn is_device(piece: &[u8]) -> bool {
    match piece.split(|byte| *byte == b'.').next() {
        Some(b"con" | b"prn" | b"aux" | b"nul") => true,
        Some([b'c', b'o', b'm', digit] | [b'l', b'p', b't', digit]) => digit.is_ascii_digit(),
        _ => false,
    }
}

fn decode(piece: &str) -> Option<Vec<u8>> {
    if piece == "%_" {
        return Some(Vec::new());
    }
    let mut parts = piece.split('%');
    let mut text = parts.next()?.as_bytes().to_vec();
    for part in parts {
        text.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        text.extend_from_slice(&part.as_bytes()[2..]);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn described(protocol: &str, host: &str, path: Option<&str>, username: &str) -> Record {
        let mut record = Record::of([("protocol", protocol), ("host", host)]).unwrap();
        if let Some(path) = path {
            record.set("path", path).unwrap();
        }
        record.set("username", username).unwrap();
        record
    }

    fn named(host: &str, path: Option<&str>, username: &str) -> String {
        name(&described("https", host, path, username)).join("/")
    }

    #[test]
    fn usual_names_stay_readable() {
        assert_eq!(named("api.openai.com", None, "default"), "https/api.openai.com/default");
        assert_eq!(named("localhost:8080", Some("v1/x"), "Me"), "https/localhost%3a8080/v1%2fx/%4de");
        assert_eq!(named("github.com", None, "a.b+c@d-e_f"), "https/github.com/a.b+c@d-e_f");
    }

    #[test]
    fn awkward_names_are_encoded() {
        assert_eq!(named("", Some(""), ""), "https/%_/%_/%_");
        assert_eq!(named("..", Some("../x"), ".hidden."), "https/%2e%2e/%2e.%2fx/%2ehidden%2e");
        assert_eq!(named("con", Some("nul.txt"), "com1"), "https/%63on/%6eul.txt/%63om1");
        assert_eq!(named("h", Some("u.age"), "u.age"), "https/h/u%2eage/u%2eage");
        assert_eq!(named("h", None, "%41"), "https/h/%2541");
        assert_eq!(named("h", None, "\u{e9}"), "https/h/%c3%a9");
    }

    #[test]
    fn a_long_name_becomes_nested_folders_and_is_read_back() {
        let long = "x".repeat(200);
        let piece = "x".repeat(64);
        assert_eq!(named("h", None, &long), format!("https/h/{piece}%/{piece}%/{piece}%/xxxxxxxx"));
        let description = described("https", &long, Some(&long), &long);
        assert!(parse(name(&description).iter().map(String::as_str)) == Some(description));
    }

    #[test]
    fn a_name_that_this_program_would_not_have_written_is_foreign() {
        for name in [
            "x",
            "https/h",
            "https/h/U",
            "https/h/%41%",
            "https/h/%4",
            "https/h/%e9",
            "https/h/%0a",
            "https/h/p/q/u",
            "https/h/%75",
            "https/h/%+1",
            "https//u",
            "https/h/",
            "https/h/u.age",
            "https/h/%\u{e9}",
        ] {
            assert!(parse(name.split('/')).is_none(), "{name}");
        }
    }

    /// Short texts from a small alphabet collide soonest; long texts are split into pieces.
    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            "[aA.%/_ ]{0,4}",
            "[a.]{60,70}",
            "(con|nul|lpt1)?\\.?(age|AGE)?",
            "\\PC{0,20}",
            "[^\n\r\0]{0,80}",
            "\u{e9}{30,40}"
        ]
    }

    fn description() -> impl Strategy<Value = Record> {
        (text(), text(), proptest::option::of(text()), text())
            .prop_map(|(protocol, host, path, username)| described(&protocol, &host, path.as_deref(), &username))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

        #[test]
        fn a_name_tells_its_description(description in description()) {
            prop_assert!(parse(name(&description).iter().map(String::as_str)) == Some(description));
        }

        #[test]
        fn no_two_descriptions_share_a_name_even_where_case_does_not_count(a in description(), b in description()) {
            let [one, other] = [&a, &b].map(|d| name(d).join("/").to_lowercase());
            prop_assert_eq!(one == other, a == b);
        }

        #[test]
        fn no_part_leaves_the_folder_or_is_a_name_that_a_disk_refuses(description in description()) {
            let parts = name(&description);
            for name in &parts {
                prop_assert!(name.len() <= 200 && !name.starts_with('.') && !name.ends_with(['.', ' ']));
                prop_assert!(name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'@' | b'+' | b'.' | b'%')));
                prop_assert!(!is_device(name.as_bytes()));
            }
            prop_assert!(parts.iter().all(|part| !part.ends_with(".age")));
        }
    }
}
