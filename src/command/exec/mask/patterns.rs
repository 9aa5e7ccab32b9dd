//! The forms in which a secret is written where it was not meant to be: as it is, in base64, in a URL, in JSON.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use zeroize::Zeroizing;

/// What RFC 3986 leaves alone; besides that, what Python's `quote`, and JavaScript's `encodeURIComponent` and `encodeURI` leave alone.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const PATH: &AsciiSet = &COMPONENT.remove(b'/');
const MARKED: &AsciiSet = &COMPONENT.remove(b'!').remove(b'*').remove(b'\'').remove(b'(').remove(b')');
const URL: &AsciiSet = &MARKED
    .remove(b'/')
    .remove(b'?')
    .remove(b':')
    .remove(b'@')
    .remove(b'&')
    .remove(b'=')
    .remove(b'+')
    .remove(b'$')
    .remove(b',')
    .remove(b';')
    .remove(b'#');

/// Every form of a secret, each once.
pub fn forms(secret: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    let mut forms = vec![secret.to_vec()];
    for set in [COMPONENT, PATH, MARKED, URL] {
        let upper = percent_encode(secret, set).to_string();
        forms.push(lower_case_escapes(&upper).into_bytes());
        forms.push(upper.replace("%20", "+").into_bytes());
        forms.push(upper.into_bytes());
    }
    if let Ok(text) = std::str::from_utf8(secret) {
        let json = |text: &str| {
            let quoted = serde_json::to_string(text).unwrap_or_default();
            quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned()
        };
        let plain = json(text);
        // PHP escapes the slash, Go what HTML minds, Python all that is not ASCII, .NET all that.
        let html = plain.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
        forms.extend([plain.replace('/', "\\/"), html, dotnet(text), ascii(&plain), plain].map(String::into_bytes));
    }
    for before in 0..3 {
        let standard = base64_after(before, secret);
        let text = String::from_utf8_lossy(&standard);
        forms.push(text.replace('+', "-").replace('/', "_").into_bytes());
        forms.push(standard);
    }
    // Bytes that are no text have another alphabet's form of their own, which is the one above; whole encodings end in it too.
    forms.push(STANDARD.encode(secret).into_bytes());
    forms.push(URL_SAFE.encode(secret).into_bytes());
    let mut seen = HashSet::new();
    forms.retain(|form| !form.is_empty() && seen.insert(form.clone()));
    forms.into_iter().map(Zeroizing::new).collect()
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

fn ascii(json: &str) -> String {
    let mut text = String::new();
    for character in json.chars() {
        if character.is_ascii() {
            text.push(character);
        } else {
            let mut units = [0; 2];
            character.encode_utf16(&mut units).iter().for_each(|unit| text.push_str(&format!("\\u{unit:04x}")));
        }
    }
    text
}

fn dotnet(text: &str) -> String {
    let mut json = String::new();
    for character in text.chars() {
        match character {
            '\\' => json.push_str("\\\\"),
            '"' | '&' | '\'' | '+' | '<' | '>' | '`' => json.push_str(&format!("\\u{:04X}", u32::from(character))),
            _ if character.is_ascii() => json.push(character),
            _ => character.encode_utf16(&mut [0; 2]).iter().for_each(|unit| json.push_str(&format!("\\u{unit:04X}"))),
        }
    }
    json
}

/// What base64 makes of the secret when so many bytes stand before it (more than two only repeat these): the characters in which
/// nothing but the secret has a part. Those at both ends are shared with what stands beside it, and say almost nothing.
fn base64_after(before: usize, secret: &[u8]) -> Vec<u8> {
    let mut bytes = Zeroizing::new(vec![0; before]);
    bytes.extend_from_slice(secret);
    let whole = STANDARD.encode(&*bytes);
    let shared = [0, 2, 3];
    let first = shared.get(before).copied().unwrap_or(0);
    let last = bytes.len() * 8 / 6;
    whole.as_bytes().get(first..last).unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_stands_beside_it_the_base64_of_a_text_holds_a_form_of_the_secret() {
        let secret = "sk-proj-a/b+c?d~e>f";
        let forms = forms(secret.as_bytes());
        for before in ["", "u", "us", "usr", "user:"] {
            for after in ["", "x", "xy", "xyz"] {
                let text = format!("{before}{secret}{after}");
                for encoded in [STANDARD.encode(&text), URL_SAFE.encode(&text)] {
                    let found = forms
                        .iter()
                        .any(|form| form.len() > secret.len() && encoded.contains(std::str::from_utf8(form).unwrap()));
                    assert!(found, "{text}: {encoded}");
                }
            }
        }
    }

    #[test]
    fn a_secret_is_known_in_urls_and_in_json_as_others_write_it() {
        let known =
            |secret: &str, form: &str| forms(secret.as_bytes()).iter().any(|known| ***known == *form.as_bytes());
        for form in [
            "a/b+c é\"<\\",
            "a%2Fb%2Bc%20%C3%A9%22%3C%5C",
            "a%2fb%2bc%20%c3%a9%22%3c%5c",
            "a%2Fb%2Bc+%C3%A9%22%3C%5C",
            "a/b+c%20%C3%A9%22%3C%5C",
            "a/b+c é\\\"<\\\\",
            "a\\/b+c é\\\"<\\\\",
            "a/b+c é\\\"\\u003c\\\\",
            "a/b+c \\u00e9\\\"<\\\\",
            "a/b%2Bc%20%C3%A9%22%3C%5C",
            "a/b\\u002Bc \\u00E9\\u0022\\u003C\\\\",
        ] {
            assert!(known("a/b+c é\"<\\", form), "{form}");
        }
        assert!(known("a/(b)!*'", "a%2F(b)!*'"));
    }
}
