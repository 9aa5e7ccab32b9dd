//! A credential in two items: one whose secret is the password alone, as other programs read it, and one beside it that keeps it whole.

use modelforge_credential_protocol::{Record, Result};
use zeroize::Zeroizing;

#[cfg(not(any(windows, target_os = "macos")))]
use crate::item;
use crate::item::{credential, is_kept};
use crate::one_line;

/// What a store has of an account.
pub struct Found {
    pub account: String,
    /// The secret of the item itself.
    pub own: Zeroizing<Vec<u8>>,
    /// That of an item beside it.
    pub beside: Option<Zeroizing<Vec<u8>>>,
}

/// The secrets that keep a credential.
#[cfg(not(any(windows, target_os = "macos")))]
pub struct Secrets {
    /// That of the item itself.
    pub own: Zeroizing<Vec<u8>>,
    /// That of an item beside it, if the credential is more than the password.
    pub beside: Option<Zeroizing<Vec<u8>>>,
}

/// The secrets for a store that can keep an item beside another: other programs find the password alone, whatever belongs to it.
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

/// The credential that was found. An item beside another counts if it is about the same password: another program may have replaced that
/// since.
pub fn joined(found: &Found) -> Result<Record> {
    let is_whole = |record: &Record| {
        record.get("password") == Some(found.own.as_slice())
            && record.text("username").is_none_or(|name| name == found.account)
            && record.iter().all(|(key, _)| key == "username" || is_kept(key))
    };
    let beside = found.beside.as_ref().and_then(|secret| one_line::decode(secret).ok().flatten());
    beside.filter(is_whole).map_or_else(|| credential(&found.account, &found.own), Ok)
}
