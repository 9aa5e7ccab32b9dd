//! macOS Keychain and Windows Credential Manager, through the keyring crates.
//!
//! An error of those crates may carry the secret: none is ever shown, only what kind it is.

use std::collections::HashMap;
use std::sync::Arc;

use keyring_core::api::CredentialStoreApi;
use keyring_core::{Entry, Error as Fault};
use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Error, Reason, Record, Result};
use zeroize::Zeroizing;

use crate::beside::Found;
use crate::item::{self, Kind};

#[cfg(target_os = "macos")]
pub const NAME: &str = "OS keyring (macOS Keychain)";
#[cfg(windows)]
pub const NAME: &str = "OS keyring (Windows Credential Manager)";

#[cfg(target_os = "macos")]
fn open() -> Result<Arc<impl CredentialStoreApi>> {
    apple_native_keyring_store::keychain::Store::new().map_err(said)
}

/// `account@service` is where Python's keyring looks.
#[cfg(windows)]
fn open() -> Result<Arc<impl CredentialStoreApi>> {
    windows_native_keyring_store::Store::new_with_configuration(&HashMap::from([("divider", "@")])).map_err(said)
}

pub fn find(service: &str, account: Option<&str>) -> Result<Option<Found>> {
    let found = |account: &str, own| Some(Found { account: account.to_owned(), own, beside: None });
    let store = open()?;
    let wanted = account.unwrap_or(DEFAULT_ACCOUNT);
    // On Windows the same credential may also be where Python's keyring moved it last: see below.
    if cfg!(target_os = "macos")
        && let Some(secret) = secret(&store.build(service, wanted, None).map_err(said)?)?
    {
        return Ok(found(wanted, secret));
    }
    let mut others = entries(&*store)?;
    others.retain(|(its_service, its_account, _)| {
        its_service == service && account.is_none_or(|account| its_account == account)
    });
    // Python's keyring writes to the bare service name, and reads there first.
    others.sort_by_key(|(_, account, entry)| {
        (account != DEFAULT_ACCOUNT, account.clone(), entry.get_specifiers().is_some())
    });
    for (_, account, entry) in others {
        if let Some(secret) = secret(&entry)? {
            return Ok(found(&account, secret));
        }
    }
    Ok(None)
}

/// Text: that is what other programs read there.
pub fn keeps(secret: &[u8]) -> bool {
    std::str::from_utf8(secret).is_ok()
}

/// One item is all: here a store of two could not be made in one step.
pub fn set(service: &str, account: &str, credential: &Record) -> Result<()> {
    set_secret(service, account, &item::encode(credential, keeps))
}

pub fn set_secret(service: &str, account: &str, secret: &[u8]) -> Result<()> {
    let store = open()?;
    let entry = store.build(service, account, None).map_err(said)?;
    match std::str::from_utf8(secret) {
        Ok(text) => entry.set_password(text).map_err(said)?,
        Err(_) => return Err(Error::new(format!("the {NAME} keeps only text"))),
    }
    // The same credential under the name that Python's keyring gives to the first account of a service.
    #[cfg(windows)]
    if let Some(other) = under_the_bare_service(&store, service, account)? {
        absent_is_fine(other.delete_credential())?;
    }
    Ok(())
}

/// The entry that is named like the service alone, if it is this account's. It is looked for by its name: a list of all, while
/// others store, is more than wine can take, and more than is needed.
#[cfg(windows)]
fn under_the_bare_service(store: &Arc<impl CredentialStoreApi>, service: &str, account: &str) -> Result<Option<Entry>> {
    let entry = store.build(service, account, Some(&HashMap::from([("target", service)]))).map_err(said)?;
    match entry.get_attributes() {
        Ok(held) => Ok(Some(entry).filter(|_| held.get("username").is_some_and(|name| name == account))),
        Err(Fault::NoEntry) => Ok(None),
        Err(fault) => Err(said(fault)),
    }
}

/// The secret of the first item of a kind that is described.
pub fn find_of_kind(kind: &Kind, description: &Record) -> Result<Option<Zeroizing<Vec<u8>>>> {
    for (service, account, entry) in entries(&*open()?)? {
        if (kind.describe)(&service, &account).is_some_and(|held| held.matches(description)) {
            return secret(&entry);
        }
    }
    Ok(None)
}

pub fn erase_named(_: &str, _: &str, description: &Record) -> Result<()> {
    erase(&item::URL, description)
}

pub fn erase(kind: &Kind, description: &Record) -> Result<()> {
    for (service, account, entry) in entries(&*open()?)? {
        let described = (kind.describe)(&service, &account).is_some_and(|held| held.matches(description));
        let meant = described
            && (!item::names_secret(description)
                || secret(&entry)?.is_some_and(|secret| kind.holds_secret(&secret, description)));
        if meant {
            absent_is_fine(entry.delete_credential())?;
        }
    }
    Ok(())
}

pub fn list(kind: &Kind) -> Result<Vec<Record>> {
    let mut records: Vec<Record> = Vec::new();
    for (service, account, _) in entries(&*open()?)? {
        if let Some(record) = (kind.describe)(&service, &account).filter(|record| !records.contains(record)) {
            records.push(record);
        }
    }
    Ok(records)
}

/// Everything in the store, with its service and account.
fn entries(store: &impl CredentialStoreApi) -> Result<Vec<(String, String, Entry)>> {
    let mut entries = Vec::new();
    for entry in store.search(&HashMap::new()).map_err(said)? {
        let name = entry.get_specifiers().or_else(|| {
            let mut attributes = entry.get_attributes().ok()?;
            Some((attributes.remove("target_name")?, attributes.remove("username")?))
        });
        if let Some((service, account)) = name {
            entries.push((service, account, entry));
        }
    }
    Ok(entries)
}

fn secret(entry: &Entry) -> Result<Option<Zeroizing<Vec<u8>>>> {
    match entry.get_password() {
        Ok(text) => Ok(Some(Zeroizing::new(text.into_bytes()))),
        Err(Fault::BadEncoding(bytes)) => Ok(Some(Zeroizing::new(bytes))),
        Err(Fault::NoEntry) => Ok(None),
        Err(fault) => Err(said(fault)),
    }
}

fn absent_is_fine(outcome: keyring_core::Result<()>) -> Result<()> {
    match outcome {
        Err(Fault::NoEntry) => Ok(()),
        outcome => outcome.map_err(said),
    }
}

fn said(fault: Fault) -> Error {
    let reason = if matches!(fault, Fault::NoStorageAccess(_)) { Reason::Locked } else { Reason::Failed };
    let error = Error::new(match fault {
        Fault::NoStorageAccess(_) => format!("the {NAME} is locked or does not let this program in"),
        Fault::TooLong(_, limit) => format!("the credential is longer than the {limit} bytes that fit in the {NAME}"),
        Fault::Invalid(..) => format!("the {NAME} cannot keep a credential of that name"),
        Fault::Ambiguous(_) => format!("the {NAME} has several items of that name"),
        _ => format!("the {NAME} failed"),
    });
    error.is(reason)
}
