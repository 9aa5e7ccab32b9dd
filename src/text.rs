//! Decodes text, also as Windows programs write it: with a byte order mark, or in UTF-16, as PowerShell 5 does with `>`.

use zeroize::Zeroizing;

/// The text. `None` if it is not text.
pub fn of(bytes: &[u8]) -> Option<Zeroizing<String>> {
    let wide = |from: fn([u8; 2]) -> u16, bytes: &[u8]| {
        let units = bytes.as_chunks::<2>().0.iter().map(|pair| from(*pair));
        // Reserve enough space, so that no reallocation leaves a copy in memory: a unit becomes at most three bytes.
        let mut text = Zeroizing::new(String::with_capacity(bytes.len() / 2 * 3));
        for character in char::decode_utf16(units) {
            text.push(character.ok()?);
        }
        Some(text)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] if rest.len() % 2 == 0 => wide(u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] if rest.len() % 2 == 0 => wide(u16::from_be_bytes, rest),
        // Without a byte order mark, ASCII has a zero in every second byte.
        [_, 0, ..] if bytes.len().is_multiple_of(2) => wide(u16::from_le_bytes, bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => utf_8(rest),
        _ => utf_8(bytes),
    }
}

fn utf_8(bytes: &[u8]) -> Option<Zeroizing<String>> {
    std::str::from_utf8(bytes).ok().map(|text| Zeroizing::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_programs_of_windows_write_is_the_same_text() {
        let wide = |text: &str, bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
        let text = "sk-ключ-🔑\r\n";
        for bytes in [
            text.as_bytes().to_vec(),
            format!("\u{feff}{text}").into_bytes(),
            wide(&format!("\u{feff}{text}"), u16::to_le_bytes),
            wide(&format!("\u{feff}{text}"), u16::to_be_bytes),
            wide(text, u16::to_le_bytes),
        ] {
            assert_eq!(of(&bytes).as_deref().map(String::as_str), Some(text), "{bytes:x?}");
        }
        for none in [&b"\xff"[..], b"\xff\xfe\0\xd8", b"\xff\xfea"] {
            assert!(of(none).is_none(), "{none:x?}");
        }
        assert_eq!(of(b"").as_deref().map(String::as_str), Some(""));
    }
}
