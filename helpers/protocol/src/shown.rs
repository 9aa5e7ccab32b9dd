//! What may be shown of a text in messages, traces and logs.

use crate::visible::{shown_host, shown_path, shown_user, visible};
use crate::{Record, is_public};

/// What a secret is replaced by.
pub const REDACTED: &str = "<redacted>";

/// The prefixes of keys and tokens, of LLM providers and of other services that developers use. Sources: the issuers' own pages, and the
/// rules of gitleaks and of GitHub's secret scanning (2026).
const PREFIXES: &[&str] = &[
    "ABSK",
    "AIza",
    "AKIA",
    "ASIA",
    "GOCSPX-",
    "bedrock-api-key-",
    "csk-",
    "dapi",
    "eyJ",
    "fw_",
    "gho_",
    "ghp_",
    "ghr_",
    "ghs_",
    "ghu_",
    "github_pat_",
    "glpat-",
    "gsk_",
    "hf_",
    "npm_",
    "nvapi-",
    "pplx-",
    "pypi-",
    "r8_",
    "sk-",
    "sk_",
    "tgp_",
    "vck_",
    "xai-",
    "xox",
    "ya29",
];

/// The shortest word that counts as a key because of its prefix.
const SHORTEST: usize = 20;

/// The shortest word that counts as a key because it looks random.
const SHORTEST_RANDOM: usize = 32;

/// `text` for people: as [`visible`], and with `<redacted>` in place of every word that looks like a key.
///
/// ```
/// use modelforge_credential_protocol::shown;
///
/// let text = "no answer for https://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@github.com/me";
/// assert_eq!(shown(text), "no answer for https://<redacted>@github.com/me");
/// ```
pub fn shown(text: &str) -> String {
    let text = visible(text);
    let mut shown = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(start) = rest.find(is_of_a_word) {
        let (before, from) = rest.split_at(start);
        shown.push_str(before);
        // A fingerprint is as random as a key, but people have to compare it.
        if let Some(length) = fingerprint(&shown, from) {
            let (print, after) = from.split_at(length);
            shown.push_str(print);
            rest = after;
            continue;
        }
        let (word, after) = from.split_at(end_of_word(from));
        let holds_a_key = decoded(word).split(|c: char| !is_of_a_word(c)).any(looks_like_a_key);
        shown.push_str(if holds_a_key { REDACTED } else { word });
        rest = after;
    }
    shown + rest
}

/// The length of the fingerprint of a public key at the start of `text`, in OpenSSH's form.
fn fingerprint(before: &str, text: &str) -> Option<usize> {
    let is_of_it = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/');
    let length = text.find(|c| !is_of_it(c)).unwrap_or(text.len());
    (before.ends_with("SHA256:") && length == 43).then_some(length)
}

fn is_of_a_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '%')
}

/// The end of the word at the start of `text`. The `age` helper's file names continue in the next directory after `%/`.
fn end_of_word(text: &str) -> usize {
    let goes_on = |at: usize, c: char| is_of_a_word(c) || c == '/' && text[..at].ends_with('%');
    text.char_indices().find(|(at, c)| !goes_on(*at, *c)).map_or(text.len(), |(at, _)| at)
}

/// The word without percent-encoding. If that is not text, it is not a key either.
fn decoded(word: &str) -> String {
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word.as_bytes();
    while let [first, after @ ..] = rest {
        let code = after.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        match (*first, code.and_then(|code| u8::from_str_radix(code, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            (b'%', None) => rest = after.strip_prefix(b"/").unwrap_or(after),
            (byte, _) => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn looks_like_a_key(word: &str) -> bool {
    let has = |class: fn(&u8) -> bool| word.bytes().any(|b| class(&b));
    let (digits, capitals) = (has(u8::is_ascii_digit), has(u8::is_ascii_uppercase));
    let begins_like_one = || PREFIXES.iter().any(|prefix| word.starts_with(prefix));
    let is_random = || {
        let is_hex = word.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'));
        let is_base_62 = capitals && has(u8::is_ascii_lowercase) && word.bytes().all(|b| b.is_ascii_alphanumeric());
        is_hex || is_base_62
    };
    word.len() >= SHORTEST && (digits || capitals) && begins_like_one()
        || word.len() >= SHORTEST_RANDOM && digits && is_random()
}

/// True if an attribute contains a secret of the credential. Lists belong to one exchange and do not count.
fn is_a_secret(key: &str) -> bool {
    !is_public(key) && key != "url" && !key.ends_with("[]")
}

/// The shortest secret that is searched for inside other values, in bytes.
const SHORTEST_PART: usize = 8;

impl Record {
    /// `protocol://host/path` for a message, percent-encoded as in git: never with user name or password, and without a key inside it.
    pub fn url(&self) -> String {
        self.shown_url("")
    }

    /// `protocol://user@host/path` for a prompt: never with a password.
    pub fn url_with_user(&self) -> String {
        self.shown_url(&self.part("username", shown_user).map(|user| format!("{user}@")).unwrap_or_default())
    }

    fn shown_url(&self, user: &str) -> String {
        let part = |key, encode| self.part(key, encode).unwrap_or_default();
        let path = self.part("path", shown_path).map(|path| format!("/{path}")).unwrap_or_default();
        shown(&format!("{}://{user}{}{path}", part("protocol", shown_user), part("host", shown_host)))
    }

    /// A part of the URL, encoded, without any secret of this record.
    fn part(&self, key: &str, encode: fn(&str) -> String) -> Option<String> {
        Some(self.without_secrets(key)?.split(REDACTED).map(encode).collect::<Vec<_>>().join(REDACTED))
    }

    /// The value of a public attribute as people may see it, `None` for any other. It is redacted as by [`shown`], and secrets of this
    /// record are removed: a token may come as a user name (`https://TOKEN@github.com`), in a path, or as a scope.
    ///
    /// ```
    /// # use modelforge_credential_protocol::Record;
    /// let record = Record::of([("username", "me"), ("scope", "repo s3cr3t-t0k3n"), ("password", "s3cr3t-t0k3n")]).unwrap();
    /// assert_eq!(record.shown("username").unwrap(), "me");
    /// assert_eq!(record.shown("scope").unwrap(), "repo <redacted>");
    /// assert_eq!(record.shown("password"), None);
    /// ```
    pub fn shown(&self, key: &str) -> Option<String> {
        self.without_secrets(key).map(|text| shown(&text))
    }

    fn without_secrets(&self, key: &str) -> Option<String> {
        let text = self.text(key).filter(|_| is_public(key))?;
        if key == "username" && self.is_its_username_a_token() {
            return Some(REDACTED.to_owned());
        }
        let mut text = text.to_owned();
        for (_, secret) in self.iter().filter(|(key, _)| is_a_secret(key)) {
            let Ok(secret) = std::str::from_utf8(secret) else { continue };
            // A short secret is part of many words.
            if text == secret && !secret.is_empty() || secret.len() >= SHORTEST_PART {
                text = text.replace(secret, REDACTED);
            }
        }
        Some(text)
    }

    /// GitHub and others accept a token as the user name, with this or an empty password.
    fn is_its_username_a_token(&self) -> bool {
        self.get("password") == Some(b"x-oauth-basic")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_hidden_wherever_it_stands_and_the_rest_stays() {
        for (text, expected) in [
            ("sk-proj-0123456789abcdefghij", "<redacted>"),
            ("v1/sk-ant-api03-0123456789abcdef/chat", "v1/<redacted>/chat"),
            ("~/x/github.com/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.age", "~/x/github.com/<redacted>.age"),
            ("x/ghp_z%51%57%42u%54%53%4fo%52i4%419sp%48c%56%595ncns%44kxk%4a0m%4cq17.age", "x/<redacted>.age"),
            ("x/%41%49za0123456789%/0123456789/0123456789.age", "x/<redacted>/0123456789.age"),
            ("?q=a%2Fsk-proj-0123456789abcdefghij%2Fb", "?q=<redacted>"),
            ("eyJhbGciOiJub25lIn0wMDAw.eyJzdWIiOiJhIiwiZXhwIjo0MTAyNDQ0ODAwfQ.x", "<redacted>.<redacted>.x"),
            ("id 0f3c9a7e41d84b1f0f3c9a7e41d84b1f", "id <redacted>"),
            ("Ab3dEf6hIj9lMn2pQr5tUv8xYz1bCd4f", "<redacted>"),
            ("SHA256:Ab3dEf6hIj9lMn2pQr5tUv8xYz1bCd4f", "SHA256:<redacted>"),
        ] {
            assert_eq!(shown(text), expected);
        }
    }

    proptest::proptest! {
        #[test]
        fn what_was_shown_once_is_shown_the_same_again(text in "([a-zA-Z0-9%/_.-]|\\PC){0,80}") {
            proptest::prop_assert_eq!(shown(&shown(&text)), shown(&text));
        }
    }

    #[test]
    fn what_only_resembles_a_key_is_shown() {
        for text in [
            "https://api.openai.com/v1",
            "sk-short1",
            "sk-district-kosice-stare-mesto",
            "8d8ac610-566d-4ef0-9c22-186b2a5ed793",
            "modelforge-credential-with-a-very-long-name",
            "MODELFORGE_GITHUB_COPILOT_ACCESS_TOKEN",
            "/nix/store/0c0h1a6ib5yq3aqrrgvzqvgyl1qb7k2x-age",
            "12345678901234567890",
            "100 %, 5%/6%, %zz%",
            "caf\u{e9}-%c3%a9",
            "ann (SHA256:zPkmFpTLoNVcg3mau1jzuPRdzmaQxfTnRTU4VdHJGyA), ben (SHA256:wV1ZqZLZ+L2f0l8PGF2ZdSFeAHgFuPU3bqbo/VBkpwA)",
        ] {
            assert_eq!(shown(text), text);
        }
    }
}
