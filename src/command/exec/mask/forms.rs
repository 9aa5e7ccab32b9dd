//! The forms in which tools write a key: as it is, in base64 and hexadecimal, in UTF-16, in a URL, a mail, JSON, a shell's trace.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use zeroize::Zeroizing;

use super::text::without_gaps;
use super::{ENOUGH, SHORTEST};

/// RFC 3986: the characters that are not reserved.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A form in which a key may be written.
pub struct Form {
    /// Without gaps.
    pub bytes: Zeroizing<Vec<u8>>,
    /// So many bytes of it, anywhere, are as good as all.
    pub enough: usize,
}

impl Form {
    /// True if a part of it is enough.
    pub fn is_partial(&self) -> bool {
        self.enough < self.bytes.len()
    }
}

/// Every form of a secret, each once. Of a text of several words (a service account's file) only the whole is secret; its parts that
/// are secret too are secrets of their own.
pub fn forms(secret: &[u8]) -> Vec<Form> {
    let is_one_word = !secret.iter().any(u8::is_ascii_whitespace);
    let mut forms: Vec<Form> = Vec::new();
    for (text, enough) in written(secret) {
        let mut bytes = without_gaps(&text);
        // Padding says nothing, and `=` at the end of a line may be a line break of quoted-printable.
        let end = bytes.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
        bytes.truncate(end.max(SHORTEST));
        let enough = if is_one_word { enough.min(bytes.len()) } else { bytes.len() };
        if bytes.len() >= SHORTEST && forms.iter().all(|form| form.bytes != bytes) {
            forms.push(Form { bytes, enough });
        }
    }
    forms
}

/// Every form of a secret that is one word, each once and whole: for text in which nothing is broken into lines.
pub fn whole_forms(secret: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    let mut forms: Vec<Zeroizing<Vec<u8>>> = Vec::new();
    for (mut bytes, _) in written(secret) {
        let end = bytes.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
        bytes.truncate(end.max(SHORTEST));
        if bytes.len() >= SHORTEST && !forms.contains(&bytes) {
            forms.push(bytes);
        }
    }
    forms
}

/// Each form, and how many bytes [`ENOUGH`] characters of the key are in it.
fn written(secret: &[u8]) -> Vec<(Zeroizing<Vec<u8>>, usize)> {
    let mut forms = vec![(secret.to_vec(), ENOUGH)];
    // Before a line end, it is a soft line break of quoted-printable.
    let equals = secret.iter().enumerate().filter(|(_, byte)| **byte == b'=').map(|(at, _)| at);
    forms.extend(equals.map(|at| ([&secret[..at], &secret[at + 1..]].concat(), ENOUGH)));
    let percent = percent_encode(secret, COMPONENT).to_string();
    forms.push((lower_case_escapes(&percent).into_bytes(), ENOUGH));
    forms.push((percent.into_bytes(), ENOUGH));
    forms.push((quoted_printable(secret).into_bytes(), ENOUGH));
    if let Ok(text) = std::str::from_utf8(secret) {
        let json = serde_json::to_string(text).unwrap_or_default();
        let json = json.get(1..json.len().saturating_sub(1)).unwrap_or_default();
        forms.extend(
            [ascii(json), json.to_owned(), text.replace('\'', "'\\''")].map(|form| (form.into_bytes(), ENOUGH)),
        );
        forms.extend(utf16(text));
    }
    for before in 0..3 {
        let standard = base64_after(before, secret);
        forms.push((url_safe(&standard), ENOUGH_BASE64));
        forms.push((standard, ENOUGH_BASE64));
    }
    forms.push((STANDARD.encode(secret).into_bytes(), ENOUGH_BASE64));
    forms.push((URL_SAFE.encode(secret).into_bytes(), ENOUGH_BASE64));
    for (digits, between) in [(hex(secret, ""), 0), (hex(secret, " "), 1)] {
        let enough = 2 * ENOUGH + between * (ENOUGH - 1);
        forms.push((digits.to_ascii_uppercase().into_bytes(), enough));
        forms.push((digits.into_bytes(), enough));
    }
    forms.into_iter().map(|(form, enough)| (Zeroizing::new(form), enough)).collect()
}

/// Wherever they begin, [`ENOUGH`] bytes determine at least so many characters of base64.
const ENOUGH_BASE64: usize = (ENOUGH * 8 - 4) / 6;

fn lower_case_escapes(text: &str) -> String {
    let mut parts = text.split('%');
    let mut lower = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        lower.push('%');
        lower.push_str(&digits.to_ascii_lowercase());
        lower.push_str(rest);
    }
    lower
}

/// As in mail: everything except printable characters, and `=`.
fn quoted_printable(secret: &[u8]) -> String {
    secret.iter().fold(String::new(), |mut text, byte| {
        match byte {
            b' '..=b'<' | b'>'..=b'~' => text.push(char::from(*byte)),
            _ => _ = write!(text, "={byte:02X}"),
        }
        text
    })
}

/// Python's JSON escapes all that is not ASCII.
fn ascii(json: &str) -> String {
    let mut text = String::new();
    for character in json.chars() {
        match character.is_ascii() {
            true => text.push(character),
            false => character.encode_utf16(&mut [0; 2]).iter().for_each(|unit| _ = write!(text, "\\u{unit:04x}")),
        }
    }
    text
}

/// Both byte orders, and as a viewer shows them, which has a dot or `^@` for each NUL. From the first character to the last: the NUL
/// beside them says nothing.
fn utf16(text: &str) -> Vec<(Vec<u8>, usize)> {
    let enough = 2 * ENOUGH - 1;
    if text.is_ascii() {
        let joined = |between: &str| text.chars().map(String::from).collect::<Vec<_>>().join(between).into_bytes();
        return vec![(joined("\0"), enough), (joined("."), enough), (joined("^@"), 3 * ENOUGH - 2)];
    }
    let units = || text.encode_utf16();
    vec![(units().flat_map(u16::to_le_bytes).collect(), enough), (units().flat_map(u16::to_be_bytes).collect(), enough)]
}

fn hex(secret: &[u8], between: &str) -> String {
    secret.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(between)
}

fn url_safe(base64: &[u8]) -> Vec<u8> {
    let other = |byte: &u8| match byte {
        b'+' => b'-',
        b'/' => b'_',
        _ => *byte,
    };
    base64.iter().map(other).collect()
}

/// The base64 of the secret when so many bytes stand before it (more than two only repeat these): the characters in which nothing but
/// the secret has a part. Those at both ends are shared with what stands beside it, and say almost nothing.
fn base64_after(before: usize, secret: &[u8]) -> Vec<u8> {
    let mut bytes = Zeroizing::new(vec![0; before]);
    bytes.extend_from_slice(secret);
    let whole = STANDARD.encode(&*bytes);
    let shared = [0, 2, 3];
    let first = shared.get(before).copied().unwrap_or(0);
    let last = bytes.len() * 8 / 6;
    whole.as_bytes().get(first..last).unwrap_or_default().to_vec()
}
