//! Restores a single credential in the file that it was removed from.

use std::ops::Range;

use modelforge_credential_files::tilde;
use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Error, Record, Result};
use modelforge_credential_providers::{SignIn, by_location};
use zeroize::Zeroizing;

use crate::entries::{Entry, Spot};
use crate::source::{Place, places};
use crate::table::{Format, Json};
use crate::{json, time};

/// Restores a credential in an empty entry with its URL and account. If there is none, nothing is stored.
pub fn put_back(credential: &Record) -> Result<()> {
    for place in places(credential) {
        if place.put_back(credential)? {
            break;
        }
    }
    Ok(())
}

impl Place {
    /// Returns whether it is there now.
    fn put_back(&self, credential: &Record) -> Result<bool> {
        let Format::Json(row) = &self.source.format else { return Ok(false) };
        let Some(held) = self.open_locked()? else { return Ok(false) };
        let is_for_it = |entry: &Entry| entry.answers(credential) && entry.account == account_in(credential);
        let is_closest = held.closest(is_for_it);
        let is_one = |entry: &&Entry| is_for_it(entry) && is_closest(entry);
        if held.entries.iter().filter(is_one).any(Entry::holds_something) {
            return Ok(false);
        }
        let Some(entry) = held.entries.iter().filter(is_one).max_by_key(|entry| entry.rank) else { return Ok(false) };
        let Spot::Member { object, name } = &entry.spot else { return Ok(false) };
        let edited = put_into(row, held.file.text()?, object, name, entry, credential);
        let edited = edited.ok_or_else(|| Error::new(format!("`{}` could not be edited", tilde(&self.path))))?;
        held.file.replace(edited.as_bytes()).map(|()| true)
    }
}

/// The account of a credential.
fn account_in(credential: &Record) -> &str {
    credential.text("username").unwrap_or(DEFAULT_ACCOUNT)
}

/// The text with a credential in an empty entry.
fn put_into(
    row: &Json,
    text: &str,
    object: &Range<usize>,
    name: &str,
    entry: &Entry,
    credential: &Record,
) -> Option<Zeroizing<String>> {
    // An existing empty one would have the same name.
    let (text, places) = json::without(text, &[object], |_, member| member.name == name)?;
    let known = by_location(&entry.location.protocol, &entry.location.host, entry.location.path.as_deref());
    let is_token = known.is_some_and(|known| known.sign_in == SignIn::DeviceFlow)
        || ["oauth_refresh_token", "password_expiry_utc", "token_type"].iter().any(|key| credential.has(key));
    let key = if is_token { row.password.last() } else { row.password.first() };
    let expires = credential.expiry().map(time::format);
    let pairs = [
        (*key?, credential.text("password")),
        (row.refresh_token, credential.text("oauth_refresh_token")),
        (row.expires, expires.as_deref()),
    ];
    let public = row.public.iter().map(|name| (*name, credential.text(name)));
    let value: Vec<_> = pairs.into_iter().chain(public).filter_map(|(name, value)| Some((name, value?))).collect();
    let edited = json::insert(&text, places.first()?, name, &value).map(Zeroizing::new)?;
    json::check(&edited).is_ok().then_some(edited)
}
