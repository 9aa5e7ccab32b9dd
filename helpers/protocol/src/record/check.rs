//! The values that an attribute may have.

use std::fmt::Write as _;

use secrecy::SecretSlice;

use super::is_public;
use crate::wire::MAX_LINE;
use crate::{Error, Result};

/// git's booleans (`git_config_bool`).
pub fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" => Some(true),
        "false" | "no" | "off" | "" => Some(false),
        number => number.parse::<i32>().ok().map(|n| n != 0),
    }
}

fn is_plain_number(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u64>().is_ok()
}

pub fn checked(key: &str, value: &[u8]) -> Result<SecretSlice<u8>> {
    // Do not repeat a key that does not look like one of ours: it may be a misplaced secret.
    let known = key.len() <= 32 && key.bytes().all(|b| b.is_ascii_lowercase() || b"_[]".contains(&b));
    let fault = |problem: &str| {
        let mut message = String::new();
        let _ = if known { write!(message, "`{key}` {problem}") } else { write!(message, "an attribute {problem}") };
        Err(Error::new(message))
    };
    if key.is_empty() {
        return Err("an attribute has no name before its `=`".into());
    }
    if key.bytes().any(|b| matches!(b, b'\n' | b'\r' | 0 | b'='))
        || value.iter().any(|b| matches!(b, b'\n' | b'\r' | 0))
    {
        return fault("has a line break or a NUL");
    }
    if key.len() + value.len() + 2 > MAX_LINE {
        return fault("is longer than a line may be (65,535 bytes)");
    }
    if !is_public(key) {
        return Ok(value.to_vec().into());
    }
    let Ok(text) = std::str::from_utf8(value) else { return fault("is not UTF-8") };
    match key {
        "password_expiry_utc"
        | "created_utc"
        | "count"
        | "credentials"
        | "unreadable"
        | "received"
        | "sent"
        | "unsent"
        | "kept_more"
        | "renew_more"
            if !is_plain_number(text) =>
        {
            return fault("is not a plain number");
        }
        "quit" | "ephemeral" | "continue" | "consent" | "locked" | "plain_text" if boolean(text).is_none() => {
            return fault("must be true or false");
        }
        _ => {}
    }
    Ok(value.to_vec().into())
}
