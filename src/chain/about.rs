//! Questions about records: which credential is meant, whether two are the same, whether one has expired.

use std::time::{SystemTime, UNIX_EPOCH};

use modelforge_credential_protocol::{ABOUT_THE_COPY, ABOUT_THE_EXCHANGE, Record, Result, SECRETS};

use crate::request::Request;

/// The request for a helper: everything that is known, and what the core adds.
pub(super) fn question(known: &Record, context: &Record) -> Result<Record> {
    let mut question = with_capabilities(known)?;
    question.merge(context)?;
    Ok(question)
}

/// The record in the form in which it is sent. This program understands every capability, whatever its caller announced. Backups are
/// stored, found and erased with consent; a request of a caller for one never gets this far.
pub(super) fn with_capabilities(record: &Record) -> Result<Record> {
    let mut question = Record::of(["authtype", "state", "reason"].map(|name| ("capability[]", name)))?;
    let mut rest = record.clone();
    rest.remove("capability[]");
    question.merge(&rest)?;
    if record.is_of_a_migration() {
        question.set("consent", "1")?;
    }
    Ok(question)
}

/// The request for the credential that a record describes.
pub(super) fn description_of(record: &Record) -> Result<Record> {
    with_capabilities(&record.description())
}

/// The attributes that distinguish a secret from others with the same description.
pub(super) const WHICH_SECRET: [&str; 3] = ["password", "authtype", "credential"];

/// Removes attributes about a copy of the credential or about this exchange: if stored, they would return in another exchange.
pub(super) fn keep_the_credential_alone(record: &mut Record) {
    record.retain(|key| !ABOUT_THE_COPY.contains(&key) && !ABOUT_THE_EXCHANGE.contains(&key));
}

/// A record with these attributes of `other`, as far as it has them.
pub(super) fn with_those_of(record: &Record, other: &Record, keys: &[&str]) -> Result<Record> {
    let mut record = record.clone();
    for key in keys {
        other.get(key).map_or(Ok(()), |value| record.set(key, value))?;
    }
    Ok(record)
}

/// True if the record that was read back is the stored one: every secret and the expiry are equal.
pub(super) fn holds_the_same(found: &Record, stored: &Record) -> bool {
    (SECRETS.iter().chain(&["authtype", "password_expiry_utc"]))
        .all(|key| !stored.has(key) || found.get(key) == stored.get(key))
        && (stored.has("password_expiry_utc") || found.expiry().is_none())
}

/// A token that expires within this many seconds is refreshed if possible, because the tool that asks has yet to use it.
pub(super) const SOON: u64 = 60;

/// Seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs())
}

/// As in git: expired if its time is in the past.
pub fn is_expired(record: &Record) -> bool {
    is_expired_in(record, 0)
}

pub(super) fn is_expired_in(record: &Record, seconds: u64) -> bool {
    record.expiry().is_some_and(|expiry| expiry < now() + seconds)
}

/// A pre-encoded credential, or a user name and a password. A provider's key needs no user name.
pub(super) fn is_complete(record: &Record, request: &Request) -> bool {
    match request.provider {
        Some(_) => record.holds("credential") || record.holds("password"),
        // git's own rule: an empty password is a password.
        None => record.has("credential") || (record.has("password") && record.has("username")),
    }
}
