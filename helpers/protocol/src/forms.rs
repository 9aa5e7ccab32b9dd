//! The forms in which tools write a secret: plain, base64, hexadecimal, UTF-16, URL, mail, JSON, shell trace.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use zeroize::Zeroizing;

/// The unreserved characters of RFC 3986.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How the characters of a form relate to the bytes of the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// One or more characters for each byte.
    Text,
    /// Four characters for three bytes. Text before the secret shifts it.
    Base64,
    /// Two digits for each byte.
    Hex,
    /// Two digits for each byte, separated by spaces.
    SpacedHex,
    /// Each character, with another one between it and the next.
    Utf16,
    /// The same with two characters in between.
    Caret,
}

/// One form of a secret.
#[derive(Clone)]
pub struct Form {
    /// The form, without padding.
    pub bytes: Zeroizing<Vec<u8>>,
    /// How it is written.
    pub way: Way,
}

/// Every form of a secret. The first is the secret itself. Some may be equal.
///
/// ```
/// use modelforge_credential_protocol::forms;
///
/// let forms = forms(b"to+morrow");
/// let has = |text: &str| forms.iter().any(|form| *form.bytes == text.as_bytes());
/// assert!(has("to+morrow") && has("to%2Bmorrow") && has("dG8rbW9ycm93"));
/// ```
pub fn forms(secret: &[u8]) -> Vec<Form> {
    let mut forms = vec![(secret.to_vec(), Way::Text)];
    // At the end of a line, `=` is a soft line break of quoted-printable.
    let equals = secret.iter().enumerate().filter(|(_, byte)| **byte == b'=').map(|(at, _)| at).take(MOST_EQUALS);
    forms.extend(equals.map(|at| ([&secret[..at], &secret[at + 1..]].concat(), Way::Text)));
    let percent = percent_encode(secret, COMPONENT).to_string();
    forms.push((lower_case_escapes(&percent).into_bytes(), Way::Text));
    forms.push((percent.into_bytes(), Way::Text));
    forms.push((quoted_printable(secret).into_bytes(), Way::Text));
    if let Ok(text) = std::str::from_utf8(secret) {
        let json = json(text);
        forms.extend([ascii(&json), json, text.replace('\'', "'\\''")].map(|form| (form.into_bytes(), Way::Text)));
        forms.extend(utf16(text));
    }
    for before in 0..3 {
        let standard = base64_after(before, secret);
        forms.push((url_safe(&standard), Way::Base64));
        forms.push((standard, Way::Base64));
    }
    forms.push((STANDARD.encode(secret).into_bytes(), Way::Base64));
    forms.push((URL_SAFE.encode(secret).into_bytes(), Way::Base64));
    for (digits, way) in [(hex(secret, ""), Way::Hex), (hex(secret, " "), Way::SpacedHex)] {
        forms.push((digits.to_ascii_uppercase().into_bytes(), way));
        forms.push((digits.into_bytes(), way));
    }
    forms.into_iter().map(|(form, way)| Form { bytes: Zeroizing::new(without_padding(form)), way }).collect()
}

/// Padding carries no information, and `=` at the end of a line may be a line break of quoted-printable. A short form keeps its padding.
fn without_padding(mut form: Vec<u8>) -> Vec<u8> {
    let end = form.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    form.truncate(end.max(SHORTEST));
    form
}

/// A key has at most two of them at its end. One form for each of thousands would fill the memory.
const MOST_EQUALS: usize = 16;

/// A secret with fewer bytes cannot be told from ordinary text.
pub const SHORTEST: usize = 8;

/// The text as JSON writes it between quotation marks.
fn json(text: &str) -> String {
    text.chars().fold(String::new(), |mut json, character| {
        match character {
            '"' | '\\' => json.extend(['\\', character]),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            '\0'..='\u{1f}' => _ = write!(json, "\\u{:04x}", u32::from(character)),
            _ => json.push(character),
        }
        json
    })
}

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

/// Quoted-printable, as in mail: escapes `=` and everything that is not printable.
fn quoted_printable(secret: &[u8]) -> String {
    secret.iter().fold(String::new(), |mut text, byte| {
        match byte {
            b' '..=b'<' | b'>'..=b'~' => text.push(char::from(*byte)),
            _ => _ = write!(text, "={byte:02X}"),
        }
        text
    })
}

/// Python's JSON escapes everything outside ASCII.
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

/// Both byte orders, and the way viewers show them, with a dot or `^@` for each NUL. It goes from the first character to the last, without
/// the outer NUL.
fn utf16(text: &str) -> Vec<(Vec<u8>, Way)> {
    if text.is_ascii() {
        let joined = |between: &str| text.chars().map(String::from).collect::<Vec<_>>().join(between).into_bytes();
        return vec![(joined("\0"), Way::Utf16), (joined("."), Way::Utf16), (joined("^@"), Way::Caret)];
    }
    let units = || text.encode_utf16();
    vec![
        (units().flat_map(u16::to_le_bytes).collect(), Way::Utf16),
        (units().flat_map(u16::to_be_bytes).collect(), Way::Utf16),
    ]
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

/// The base64 of the secret after this many bytes (more than two only repeat the pattern), without the characters at both ends: those also
/// depend on the neighbouring bytes.
fn base64_after(before: usize, secret: &[u8]) -> Vec<u8> {
    let mut bytes = Zeroizing::new(vec![0; before]);
    bytes.extend_from_slice(secret);
    let whole = STANDARD.encode(&*bytes);
    let shared = [0, 2, 3];
    let first = shared.get(before).copied().unwrap_or(0);
    let last = bytes.len() * 8 / 6;
    whole.as_bytes().get(first..last).unwrap_or_default().to_vec()
}
