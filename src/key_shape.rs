//! What keys look like, as data: it catches a wrong key, or one for another provider, before it is kept. A shape that is not
//! known here is only mentioned, for issuers change theirs without asking.
//!
//! Sources: the issuers' own pages where they say so (GitHub's "token formats" of 2021 with the checksum, Google, Anthropic,
//! Hugging Face), and the rules of gitleaks and GitHub's secret scanning (2026) for the rest.

use std::ops::RangeInclusive;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use modelforge_credential_protocol::{Error, Result};

use crate::error;

struct Shape {
    /// Whose keys begin like this.
    provider: &'static str,
    /// How they begin. Where several match, the longest counts.
    prefix: &'static str,
    /// How many characters they have.
    length: RangeInclusive<usize>,
    /// Whether the last six characters are GitHub's checksum of what is between them and the prefix.
    checksum: bool,
}

const fn shape(provider: &'static str, prefix: &'static str, least: usize, most: usize) -> Shape {
    Shape { provider, prefix, length: least..=most, checksum: false }
}

const fn github(prefix: &'static str) -> Shape {
    Shape { provider: "github_copilot", prefix, length: 40..=255, checksum: true }
}

const SHAPES: &[Shape] = &[
    shape("amazon_bedrock", "ABSK", 100, 300),
    shape("amazon_bedrock", "bedrock-api-key-", 40, 4096),
    shape("anthropic", "sk-ant-", 80, 200),
    shape("cerebras", "csk-", 40, 80),
    shape("databricks", "dapi", 36, 40),
    shape("fireworks_ai", "fw_", 20, 80),
    github("gho_"),
    github("ghp_"),
    github("ghu_"),
    shape("github_copilot", "github_pat_", 82, 110),
    shape("gitlab", "glpat-", 26, 320),
    shape("google", "AIza", 39, 39),
    shape("groq", "gsk_", 40, 80),
    shape("huggingface", "hf_", 30, 60),
    shape("nvidia", "nvapi-", 60, 90),
    shape("openai", "sk-admin-", 40, 220),
    shape("openai", "sk-proj-", 40, 220),
    shape("openai", "sk-svcacct-", 40, 220),
    shape("openrouter", "sk-or-", 60, 90),
    shape("perplexity", "pplx-", 40, 80),
    shape("vercel", "vck_", 30, 80),
    shape("xai", "xai-", 60, 110),
];

/// Providers whose keys always begin in one of the ways above: any other beginning is worth a remark.
const COMPLETE: &[&str] =
    &["anthropic", "github_copilot", "google", "groq", "huggingface", "openrouter", "perplexity", "xai"];

/// What could be said of a key without asking its issuer.
#[derive(Debug, Default)]
pub struct Checked {
    /// What is odd about it.
    pub remarks: Vec<Error>,
    /// The provider whose keys look like it, if it is not the one that it was given for.
    pub belongs_to: Option<&'static str>,
    /// When it ends, in seconds since 1970, where it says so itself (a JWT's `exp`, RFC 7519).
    pub expiry: Option<u64>,
}

/// Checks a key for a provider.
///
/// # Errors
/// If it can be nobody's key: empty, with white space, line breaks or control characters in it, or not ASCII.
pub fn check(provider: &str, key: &str) -> Result<Checked> {
    if key.is_empty() {
        return Err(error::nothing_entered());
    }
    if let Some(odd) = key.chars().find(|c| !c.is_ascii_graphic()) {
        let what = match odd {
            '\n' | '\r' => "a line break",
            c if c.is_whitespace() => "white space",
            c if c.is_control() => "a control character",
            _ => "a character that is not ASCII",
        };
        return Err(error::bad_key(provider, what));
    }
    let mut checked = Checked { expiry: jwt_expiry(key), ..Checked::default() };
    let shape = SHAPES.iter().filter(|shape| key.starts_with(shape.prefix)).max_by_key(|shape| shape.prefix.len());
    let is_github = |name: &str| name.starts_with("github");
    match shape {
        Some(shape) if shape.provider == provider || (is_github(shape.provider) && is_github(provider)) => {
            if !shape.length.contains(&key.len()) {
                checked.remarks.push(error::odd_length(provider, key.len()));
            } else if shape.checksum && !has_github_checksum(key) {
                checked.remarks.push(error::bad_checksum(provider));
            }
        }
        // A declared provider may well be a gateway that is opened with somebody else's key.
        Some(shape) if modelforge_credential_providers::by_name(provider).is_some() => {
            checked.belongs_to = Some(shape.provider);
        }
        None if COMPLETE.contains(&provider) => checked.remarks.push(error::odd_shape(provider)),
        Some(_) | None => {}
    }
    Ok(checked)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// GitHub's own example of the format.
    const EXAMPLE: &str = "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";

    fn verdict(provider: &str, key: &str) -> String {
        match check(provider, key) {
            Err(problem) => problem.to_string(),
            Ok(checked) => match (checked.belongs_to, checked.remarks.first()) {
                (Some(other), _) => format!("belongs to {other}"),
                (None, Some(remark)) => remark.to_string(),
                (None, None) => "fine".to_owned(),
            },
        }
    }

    #[test]
    fn the_shapes_are_those_of_known_providers() {
        for shape in SHAPES {
            assert!(modelforge_credential_providers::by_name(shape.provider).is_some(), "{}", shape.provider);
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
            assert!(check("github_copilot", short).is_ok(), "{short}");
        }
    }

    #[test]
    fn a_key_of_another_provider_is_recognised_by_its_longest_prefix() {
        let openrouter = format!("sk-or-v1-{}", "a".repeat(64));
        assert_eq!(verdict("openai", &openrouter), "belongs to openrouter");
        assert_eq!(verdict("openrouter", &openrouter), "fine");
        assert_eq!(verdict("our_gateway", &openrouter), "fine");
        assert_eq!(verdict("openai", &format!("sk-proj-{}", "a".repeat(120))), "fine");
        assert_eq!(verdict("openai", &format!("sk-{}", "a".repeat(48))), "fine");
        assert_eq!(verdict("deepseek", &format!("sk-{}", "a".repeat(32))), "fine");
    }

    #[test]
    fn what_can_be_no_key_is_an_error_that_does_not_show_it() {
        for key in ["", "sk secret", "sk\nsecret", "sk\u{7}secret", "sk\u{a0}secret", "schlüssel"] {
            let error = check("openai", key).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_jwt_says_when_it_ends() {
        let token = format!("eyJhbGciOiJub25lIn0.{}.x", URL_SAFE_NO_PAD.encode(r#"{"sub":"a","exp":4102444800}"#));
        assert_eq!(check("our_gateway", &token).unwrap().expiry, Some(4_102_444_800));
        assert_eq!(check("our_gateway", "eyJ.not.ajwt").unwrap().expiry, None);
    }
}
