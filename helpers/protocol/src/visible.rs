//! Makes text from elsewhere safe to show.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Spells out control characters, and characters that are invisible or reorder text. So the text cannot move the cursor, fake another line,
/// hide a part, or look like another text.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_invisible(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Unicode's Default_Ignorable_Code_Point and Bidi_Control (17.0), line and paragraph separators, and annotation marks.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// As git shows hosts since CVE-2024-50349: no host can end the quotation or look like another host.
const HOST: AsciiSet =
    NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':').remove(b'[').remove(b']');
const PATH: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
const USER: AsciiSet = PATH.add(b'/');

/// A host, with an optional port, for a URL that is shown.
pub fn shown_host(host: &str) -> String {
    utf8_percent_encode(host, &HOST).to_string()
}

/// A path for a URL that is shown.
pub fn shown_path(path: &str) -> String {
    utf8_percent_encode(path, &PATH).to_string()
}

/// A user name for a URL that is shown.
pub fn shown_user(user: &str) -> String {
    utf8_percent_encode(user, &USER).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_that_cannot_be_seen_or_reorders_is_spelled_out() {
        let hidden = "\u{ad}\u{34f}\u{61c}\u{115f}\u{1160}\u{200b}\u{202e}\u{2066}\u{3164}\u{fe0f}\u{feff}\u{fff9}\u{e0061}\u{e0100}\u{7}\u{1b}";
        for c in hidden.chars() {
            assert_eq!(visible(&c.to_string()), format!("\\u{{{:x}}}", c as u32));
        }
        let plain = "https://bücher.example/é/日本語 – „x“ '`\\";
        assert_eq!(visible(plain), plain);
    }

    #[test]
    fn what_is_shown_of_a_url_can_end_no_quotation_and_looks_like_no_other_host() {
        assert_eq!(shown_host("api.openai.com':   x"), "api.openai.com%27%3A%20%20%20x".replace("%3A", ":"));
        assert_eq!(shown_host("[::1]:8080"), "[::1]:8080");
        assert_eq!(shown_host("api.\u{43e}penai.com"), "api.%D0%BEpenai.com");
        assert_eq!(shown_user("a@b/c:d"), "a%40b%2Fc%3Ad");
        assert_eq!(shown_path("a/b c"), "a/b%20c");
    }
}
