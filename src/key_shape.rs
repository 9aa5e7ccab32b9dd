//! Remarks about a key before it is stored. [`Flaw`] recognises what cannot be a key. An unknown length or prefix is only mentioned,
//! because issuers change theirs without notice.

#[cfg(any(test, fuzzing))]
pub mod fuzz;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use modelforge_credential_protocol::Error;
use modelforge_credential_providers::{Flaw, Shape, by_name, is_json, shape_of};

/// Providers whose keys always begin in one of the known ways. Any other beginning is worth a remark.
const COMPLETE: &[&str] =
    &["anthropic", "github_copilot", "google", "groq", "huggingface", "openai", "openrouter", "perplexity", "xai"];

/// The first keys of OpenAI began like those of other providers, so this prefix does not show whose key it is.
const EARLY: (&str, &str, usize) = ("openai", "sk-", 20);

/// No provider issues keys as short as passwords. (A server on this machine accepts any key.)
const SHORTEST: usize = 16;

/// What the shape of a key shows, without asking its issuer.
#[derive(Debug, Default)]
pub struct Checked {
    /// The remarks.
    pub remarks: Vec<Error>,
    /// Why it cannot be a key for the provider.
    pub flaw: Option<Flaw>,
    /// When it expires, in seconds since 1970, if the key itself says so (a JWT's `exp`, RFC 7519).
    pub expiry: Option<u64>,
}

/// Checks a key for a provider.
pub fn check(provider: &str, key: &str) -> Checked {
    let flaw = Flaw::of(provider, key);
    let mut checked = Checked { flaw, expiry: jwt_expiry(key), ..Checked::default() };
    if flaw.is_some() || is_json(key) {
        return checked;
    }
    match shape_of(key) {
        Some(shape) if !is_of(shape, provider) => {}
        Some(shape) if !shape.length.contains(&key.len()) => {
            checked.remarks.push(odd_length(provider, key.len()));
        }
        Some(Shape { prefix: "gho_" | "ghp_" | "ghu_", .. }) if !has_github_checksum(key) => {
            checked.remarks.push(bad_checksum(provider));
        }
        None if is_early(provider, key) => {}
        None if COMPLETE.contains(&provider) => checked.remarks.push(odd_shape(provider)),
        None if key.len() < SHORTEST && is_remote(provider) => checked.remarks.push(odd_length(provider, key.len())),
        Some(_) | None => {}
    }
    checked
}

fn is_early(provider: &str, key: &str) -> bool {
    let (early, prefix, least) = EARLY;
    provider == early && key.starts_with(prefix) && key.len() >= least
}

fn is_remote(provider: &str) -> bool {
    by_name(provider).and_then(|known| known.url).is_some_and(|url| url.starts_with("https://"))
}

/// A provider of the user's own may be a gateway that accepts somebody else's keys.
fn is_of(shape: &Shape, provider: &str) -> bool {
    shape.provider == provider || (shape.provider.starts_with("github") && provider.starts_with("github"))
}

/// The end of a key, by which a person recognises it, if enough of it stays hidden.
pub fn end_of(key: &str) -> Option<String> {
    let shown = if key.len() >= 24 { 4 } else { 0 };
    key.get(key.len() - shown..).filter(|end| !end.is_empty()).map(|end| format!("…{end}"))
}

/// `gho_`, 30 random characters, and their CRC-32 in base 62.
fn has_github_checksum(token: &str) -> bool {
    let Some((body, checksum)) = token.get(4..).and_then(|rest| rest.split_at_checked(rest.len().saturating_sub(6)))
    else {
        return false;
    };
    let digit = |b: u8| match b {
        b'0'..=b'9' => u64::from(b - b'0'),
        b'A'..=b'Z' => u64::from(b - b'A') + 10,
        _ => u64::from(b.wrapping_sub(b'a')) + 36,
    };
    let value = checksum.bytes().fold(0_u64, |value, b| value.wrapping_mul(62).wrapping_add(digit(b)));
    value == u64::from(crc32fast::hash(body.as_bytes()))
}

fn jwt_expiry(token: &str) -> Option<u64> {
    #[derive(serde::Deserialize)]
    struct Claims {
        exp: Option<u64>,
    }
    let mut parts = token.split('.');
    let (header, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || !header.starts_with("eyJ") {
        return None;
    }
    let claims = zeroize::Zeroizing::new(URL_SAFE_NO_PAD.decode(claims).ok()?);
    serde_json::from_slice::<Claims>(&claims).ok()?.exp
}

fn odd_length(provider: &str, length: usize) -> Error {
    Error::new(format!("a key for `{provider}` rarely has {length} characters; did you copy all of it?"))
}

fn odd_shape(provider: &str) -> Error {
    Error::new(format!("this does not match the current key format of `{provider}`"))
}

fn bad_checksum(provider: &str) -> Error {
    Error::new(format!("the checksum in this token for `{provider}` is wrong; did you copy all of it?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GitHub's own example of the format.
    const EXAMPLE: &str = "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";

    fn verdict(provider: &str, key: &str) -> String {
        let checked = check(provider, key);
        match (checked.flaw, checked.remarks.first()) {
            (Some(flaw), _) => flaw.to_string(),
            (None, Some(remark)) => remark.to_string(),
            (None, None) => "fine".to_owned(),
        }
    }

    #[test]
    fn githubs_checksum_tells_a_mistyped_token() {
        assert!(has_github_checksum(EXAMPLE));
        assert_eq!(verdict("github_copilot", EXAMPLE), "fine");
        assert_eq!(verdict("github_models", EXAMPLE), "fine");
        let mistyped = EXAMPLE.replace("zQWB", "zQWC");
        assert!(verdict("github_copilot", &mistyped).contains("checksum"));
        for short in ["ghp_", "ghp_a", "ghp_abcdef"] {
            assert!(check("github_copilot", short).flaw.is_none(), "{short}");
        }
    }

    #[test]
    fn a_key_of_another_provider_is_recognised_by_its_longest_prefix() {
        let openrouter = format!("sk-or-v1-{}", "a".repeat(64));
        assert_eq!(verdict("openai", &openrouter), "looks like a key for `openrouter`");
        assert_eq!(verdict("openrouter", &openrouter), "fine");
        assert_eq!(verdict("our_gateway", &openrouter), "fine");
        assert_eq!(verdict("openai", &format!("sk-proj-{}", "a".repeat(120))), "fine");
        assert_eq!(verdict("openai", &format!("sk-{}", "a".repeat(48))), "fine");
        assert_eq!(verdict("deepseek", &format!("sk-{}", "a".repeat(32))), "fine");
    }

    #[test]
    fn what_is_typed_as_a_password_is_remarked_on_where_keys_are_made_by_the_provider() {
        for word in ["hunter2", "sk-foo"] {
            assert!(verdict("openai", word).contains("format of `openai`"), "{word}");
        }
        assert!(verdict("mistral", "hunter2").contains("rarely has 7 characters"));
        assert_eq!(verdict("lmstudio", "lm-studio"), "fine");
        assert_eq!(verdict("our_gateway", "hunter2"), "fine");
    }

    #[test]
    fn the_end_of_a_key_is_told_only_of_long_ones() {
        assert_eq!(end_of("sk-proj-0123456789abcdefABCD").as_deref(), Some("…ABCD"));
        for short in ["", "hunter2", "sk-0123456789abcdefABCD"] {
            assert_eq!(end_of(short), None, "{short}");
        }
    }

    #[test]
    fn a_jwt_says_when_it_ends() {
        let token = format!("eyJhbGciOiJub25lIn0.{}.x", URL_SAFE_NO_PAD.encode(r#"{"sub":"a","exp":4102444800}"#));
        assert_eq!(check("our_gateway", &token).expiry, Some(4_102_444_800));
        assert_eq!(check("our_gateway", "eyJ.not.ajwt").expiry, None);
    }
}
