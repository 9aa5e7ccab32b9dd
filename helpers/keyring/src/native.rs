//! macOS Keychain and Windows Credential Manager, through the keyring crates.
//!
//! An error of those crates may contain the secret, so only its kind is shown.

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
    if !crate::may_prompt() {
        // A dialog that nobody answers would outlive this process. Dropping this value would allow dialogs again.
        std::mem::forget(security_framework::os::macos::keychain::SecKeychain::disable_user_interaction());
    }
    apple_native_keyring_store::keychain::Store::new().map_err(said)
}

/// `account@service` is where Python's keyring looks.
#[cfg(windows)]
fn open() -> Result<Arc<impl CredentialStoreApi>> {
    windows_native_keyring_store::Store::new_with_configuration(&HashMap::from([("divider", "@")])).map_err(said)
}

#[cfg(target_os = "macos")]
pub fn find(service: &str, account: Option<&str>) -> Result<Option<Found>> {
    let store = open()?;
    let wanted = account.unwrap_or(DEFAULT_ACCOUNT);
    if let Some(own) = secret(&store.build(service, wanted, None).map_err(said)?)? {
        return Ok(Some(Found { account: wanted.to_owned(), own, beside: None }));
    }
    if account.is_some() {
        return Ok(None);
    }
    // Only those of this service: a search for all would read every password of the person.
    let mut others = entries(&*store, &HashMap::from([("service", service)]))?;
    others.sort_by_key(|(_, account, _)| account.clone());
    first(others)
}

#[cfg(windows)]
pub fn find(service: &str, account: Option<&str>) -> Result<Option<Found>> {
    let mut others = entries(&*open()?, &HashMap::new())?;
    others.retain(|(its_service, its_account, _)| {
        its_service == service && account.is_none_or(|account| its_account == account)
    });
    // Python's keyring writes to the plain service name, and looks there first.
    others.sort_by_key(|(_, account, entry)| {
        (account != DEFAULT_ACCOUNT, account.clone(), entry.get_specifiers().is_some())
    });
    first(others)
}

/// The first item that has a secret.
fn first(entries: Vec<(String, String, Entry)>) -> Result<Option<Found>> {
    for (_, account, entry) in entries {
        if let Some(own) = secret(&entry)? {
            return Ok(Some(Found { account, own, beside: None }));
        }
    }
    Ok(None)
}

/// Only text, because that is what other programs read there.
pub fn keeps(secret: &[u8]) -> bool {
    std::str::from_utf8(secret).is_ok()
}

/// Stores everything in one item: here, two items could not be written in one step.
pub fn set(service: &str, account: &str, credential: &Record) -> Result<()> {
    set_secret(service, account, &item::encode(credential, keeps))
}

pub fn set_secret(service: &str, account: &str, secret: &[u8]) -> Result<()> {
    let store = open()?;
    let entry = store.build(service, account, kept_how().as_ref()).map_err(said)?;
    #[cfg(windows)]
    refuse_another_case(&entry, service, account)?;
    match std::str::from_utf8(secret) {
        Ok(text) => entry.set_password(text).map_err(said)?,
        Err(_) => return Err(Error::new(format!("the {NAME} stores only text"))),
    }
    // The same credential, under the name that Python's keyring uses for the first account of a service.
    #[cfg(windows)]
    if let Some(other) = under_the_bare_service(&store, service, account)? {
        absent_is_fine(other.delete_credential())?;
    }
    Ok(())
}

/// Only on this machine. By default, it would be copied to other machines that the person signs in to.
fn kept_how() -> Option<HashMap<&'static str, &'static str>> {
    cfg!(windows).then(|| HashMap::from([("persistence", "Local")]))
}

/// To Credential Manager, `Work` and `work` are the same name, so storing one would overwrite the other.
#[cfg(windows)]
fn refuse_another_case(entry: &Entry, service: &str, account: &str) -> Result<()> {
    let held = match entry.get_attributes() {
        Err(Fault::NoEntry) => return Ok(()),
        held => held.map_err(said)?,
    };
    let is = |key: &str, value: &str| held.get(key).is_some_and(|held| held == value);
    if is("username", account) && is("target_name", &format!("{account}@{service}")) {
        return Ok(());
    }
    let other = held.get("target_name").map(String::as_str).unwrap_or_default();
    Err(Error::new(format!("the {NAME} cannot tell `{account}@{service}` from `{other}`, which it has")))
}

/// The entry with the plain service name, if it is for this account. It is looked up by name: listing all items while others store fails
/// under wine, and is not needed.
#[cfg(windows)]
fn under_the_bare_service(store: &Arc<impl CredentialStoreApi>, service: &str, account: &str) -> Result<Option<Entry>> {
    let entry = store.build(service, account, Some(&HashMap::from([("target", service)]))).map_err(said)?;
    match entry.get_attributes() {
        Ok(held) => {
            let is = |key: &str, value: &str| held.get(key).is_some_and(|held| held == value);
            Ok(Some(entry).filter(|_| is("username", account) && is("target_name", service)))
        }
        Err(Fault::NoEntry) => Ok(None),
        Err(fault) => Err(said(fault)),
    }
}

/// The secret of the first item of a kind that matches a description.
pub fn find_of_kind(kind: &Kind, description: &Record) -> Result<Option<Zeroizing<Vec<u8>>>> {
    for (service, account, entry) in entries(&*open()?, &HashMap::new())? {
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
    for (service, account, entry) in entries(&*open()?, &HashMap::new())? {
        let described = (kind.describe)(&service, &account).is_some_and(|held| held.matches(description));
        let meant = described
            && (!description.names_secret()
                || secret(&entry)?.is_some_and(|secret| kind.holds_secret(&secret, description)));
        if meant {
            absent_is_fine(entry.delete_credential())?;
        }
    }
    Ok(())
}

pub fn list(kind: &Kind) -> Result<Vec<Record>> {
    let mut records: Vec<Record> = Vec::new();
    for (service, account, _) in entries(&*open()?, &HashMap::new())? {
        if let Some(record) = (kind.describe)(&service, &account).filter(|record| !records.contains(record)) {
            records.push(record);
        }
    }
    Ok(records)
}

/// The matching items in the store, with their services and accounts.
fn entries(store: &impl CredentialStoreApi, wanted: &HashMap<&str, &str>) -> Result<Vec<(String, String, Entry)>> {
    let mut entries = Vec::new();
    let found = match store.search(wanted) {
        Err(fault) if is_no_store(&fault) => return Ok(entries),
        found => found.map_err(said)?,
    };
    for entry in found {
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
        Err(fault) if is_no_store(&fault) => Ok(None),
        Err(fault) => Err(said(fault)),
    }
}

/// True if there is no store at all.
#[cfg(target_os = "macos")]
fn is_no_store(fault: &Fault) -> bool {
    code_of(fault) == Some(crate::keychain::NO_DEFAULT_KEYCHAIN)
}

#[cfg(windows)]
fn is_no_store(_: &Fault) -> bool {
    false
}

/// The Keychain's number of an error.
#[cfg(target_os = "macos")]
fn code_of(fault: &Fault) -> Option<i32> {
    let (Fault::PlatformFailure(inner) | Fault::NoStorageAccess(inner)) = fault else { return None };
    inner.downcast_ref::<security_framework::base::Error>().map(|error| error.code())
}

fn absent_is_fine(outcome: keyring_core::Result<()>) -> Result<()> {
    match outcome {
        Err(Fault::NoEntry) => Ok(()),
        outcome => outcome.map_err(said),
    }
}

fn said(fault: Fault) -> Error {
    #[cfg(target_os = "macos")]
    if let Some(error) = code_of(&fault).and_then(crate::keychain::fault) {
        return error;
    }
    let reason = if matches!(fault, Fault::NoStorageAccess(_)) { Reason::Locked } else { Reason::Failed };
    let error = Error::new(match fault {
        Fault::NoStorageAccess(_) => format!("the {NAME} is locked or denies access to this program"),
        Fault::TooLong(_, limit) => format!("the credential is longer than the {limit} bytes that fit in the {NAME}"),
        Fault::Invalid(..) => format!("the {NAME} cannot store a credential of that name"),
        Fault::Ambiguous(_) => format!("the {NAME} has several items of that name"),
        _ => format!("the {NAME} failed"),
    });
    error.with_reason(reason)
}
