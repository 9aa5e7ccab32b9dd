//! The text of an identity file: comments, and one key per line, as `age-keygen` writes it.

use age::secrecy::ExposeSecret;
use age::x25519;
use time::format_description::well_known::Rfc3339;
use zeroize::Zeroizing;

/// This line separates the old keys from the new ones during a renewal. To `age` it is a comment, so `age` can decrypt everything at any
/// moment.
const BEING_REPLACED: &str = "# being replaced: these keys are removed once nothing is encrypted for them any more";

/// The byte order mark that Windows editors put before UTF-8 text.
pub const MARK: &str = "\u{feff}";

/// The beginning of a key. Nothing else begins so.
const BEGINNING: &str = "AGE-";

/// A new identity.
pub fn generate() -> Zeroizing<String> {
    let key = x25519::Identity::generate();
    let now = time::OffsetDateTime::now_utc().replace_nanosecond(0).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    let created = now.format(&Rfc3339).unwrap_or_default();
    let mut text = Zeroizing::new(String::with_capacity(512));
    for part in ["# created: ", &created, "\n# public key: ", &key.to_public().to_string(), "\n"] {
        text.push_str(part);
    }
    text.push_str(key.to_string().expose_secret());
    text.push('\n');
    text
}

/// The lines with keys.
pub fn keys(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The current keys, and those that a renewal is replacing.
pub fn split(text: &str) -> (&str, &str) {
    text.split_once(BEING_REPLACED).unwrap_or((text, ""))
}

/// Both in one text.
pub fn join(current: &str, old: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(current.len() + old.len() + BEING_REPLACED.len() + 4));
    for part in [current, BEING_REPLACED, "\n", old] {
        text.push_str(part);
    }
    text
}

/// An identity that a person typed from paper: spaces, line breaks and lower case within a key do not matter.
pub fn typed(text: &str) -> Zeroizing<String> {
    let mut whole = Zeroizing::new(String::with_capacity(text.len() + 2));
    for line in text.trim_start_matches(MARK).lines().map(str::trim).filter(|line| !line.is_empty()) {
        let is_comment = line.starts_with('#');
        let begins = is_comment || beginning(line).eq(BEGINNING.chars());
        if begins && !whole.is_empty() && !whole.ends_with('\n') {
            whole.push('\n');
        }
        if is_comment {
            whole.push_str(line);
            whole.push('\n');
        } else {
            whole.extend(line.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()));
        }
    }
    if !whole.is_empty() && !whole.ends_with('\n') {
        whole.push('\n');
    }
    whole
}

/// The first letters of a line, without what does not matter.
fn beginning(line: &str) -> impl Iterator<Item = char> {
    line.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).take(BEGINNING.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_on_paper_in_groups_and_rows_is_read_as_it_was() {
        let text = generate();
        let key = keys(&text).next().unwrap().to_owned();
        let (first, rest) = key.split_at(30);
        let groups = |part: &str| {
            let parts: Vec<String> =
                part.as_bytes().chunks(4).map(|c| String::from_utf8_lossy(c).into_owned()).collect();
            parts.join(" ")
        };
        for paper in [
            format!("{}\n  {}\n", groups(first), groups(rest)),
            format!("\n# made on a Friday\n{}\r\n\r\n{}", groups(first).to_lowercase(), rest),
            key.clone(),
            format!("\u{feff}# made on a Friday\r\n{key}\r\n"),
        ] {
            assert_eq!(keys(&typed(&paper)).collect::<Vec<_>>(), [key.as_str()]);
        }
        let two = format!("{key}\n{}", groups(&key));
        assert_eq!(keys(&typed(&two)).collect::<Vec<_>>(), [key.as_str(), key.as_str()]);
        assert_eq!(*typed(&text), *text);
    }

    #[test]
    fn the_two_identities_of_a_renewal_are_told_apart_again() {
        let (new, old) = (generate(), generate());
        let both = join(&new, &old);
        let (current, before) = split(&both);
        assert_eq!((current, before.trim_start()), (new.as_str(), old.as_str()));
        assert_eq!(keys(&both).count(), 2);
        assert_eq!(split(&new), (new.as_str(), ""));
    }
}
