//! A credential in two items: the first one's secret is only the password, so that other programs can read it, and the second one has the
//! whole credential.

use modelforge_credential_protocol::{Record, Result};
use zeroize::Zeroizing;

#[cfg(not(any(windows, target_os = "macos")))]
use crate::item;
use crate::item::{credential, is_kept};
use crate::one_line;

/// What a store has for an account.
pub struct Found {
    pub account: String,
    /// The secret of the first item.
    pub own: Zeroizing<Vec<u8>>,
    /// The secret of the second item.
    pub beside: Option<Zeroizing<Vec<u8>>>,
}

/// The secrets of a credential.
#[cfg(not(any(windows, target_os = "macos")))]
pub struct Secrets {
    /// The secret of the first item.
    pub own: Zeroizing<Vec<u8>>,
    /// The secret of the second item, if the credential is more than the password.
    pub beside: Option<Zeroizing<Vec<u8>>>,
}

/// The secrets for a store that supports a second item: other programs find only the password in the first one.
#[cfg(not(any(windows, target_os = "macos")))]
pub fn split(credential: &Record, keeps: fn(&[u8]) -> bool) -> Secrets {
    let password = credential.get("password").unwrap_or_default();
    let is_more = credential.iter().any(|(key, _)| key != "password" && is_kept(key));
    let stands_alone = credential.has_account() && keeps(password) && !one_line::is_marked(password);
    if !is_more || password.is_empty() || !stands_alone {
        return Secrets { own: item::encode(credential, keeps), beside: None };
    }
    let (mut whole, mut kept) = (credential.clone(), credential.clone());
    whole.retain(|key| key == "username");
    kept.retain(is_kept);
    // Both are parts of one record.
    let _ = whole.merge(&kept);
    Secrets { own: Zeroizing::new(password.to_vec()), beside: Some(one_line::encode(&whole)) }
}

/// The credential that was found. The second item counts only if it has the same password as the first: another program may have replaced
/// the password.
pub fn joined(found: &Found) -> Result<Record> {
    let is_whole = |record: &Record| {
        record.get("password") == Some(found.own.as_slice())
            && record.text("username").is_none_or(|name| name == found.account)
            && record.iter().all(|(key, _)| key == "username" || is_kept(key))
    };
    let beside = found.beside.as_ref().and_then(|secret| one_line::decode(secret).ok().flatten());
    beside.filter(is_whole).map_or_else(|| credential(&found.account, &found.own), Ok)
}
