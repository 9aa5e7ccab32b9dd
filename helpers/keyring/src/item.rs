//! The name of an item in the system's store, and the form of its secret.
//!
//! The secret of a plain key is the key. Other attributes follow it, one `key=value` a line, as in git's libsecret helper.
//! Without a password the first line is empty; an empty password that other attributes follow is a line `password=`.
//! A secret that the store does not keep in that form is encoded as [`one_line`]; where it can, an item beside it keeps the other attributes apart.

#[cfg(any(test, fuzzing))]
pub mod fuzz;

use modelforge_credential_protocol::{ABOUT_THE_EXCHANGE, DESCRIPTION, Error, Record, Result};
use zeroize::Zeroizing;

use crate::{aside, one_line};

/// How the items of a program are named, and what their secrets look like.
pub struct Kind {
    /// The purpose of an item of this service and account. `None`: not one of ours.
    pub describe: fn(&str, &str) -> Option<Record>,
    pub decode: fn(&[u8]) -> Result<Record>,
}

/// Ours, those of Python's keyring for a URL, and of git's libsecret helper.
pub const URL: Kind = Kind { describe: description, decode };

/// Those of Python's keyring for anything but a URL, as `protocol=keyring`. They are found by their name and never listed: which programs
/// they belong to is not known here, and who erases all that is listed must not erase them.
pub const SERVICE: Kind = Kind { describe: service_alone, decode };

/// The protocol of a bare service name.
const KEYRING: &str = "keyring";

/// True if an attribute belongs into the secret: the item's name says which credential it is, and what concerns one request alone is
/// not kept.
pub fn is_kept(key: &str) -> bool {
    !DESCRIPTION.contains(&key) && !ABOUT_THE_EXCHANGE.contains(&key) && !matches!(key, "provider" | "ephemeral")
}

/// True if a bare service name is meant.
pub fn is_bare(description: &Record) -> bool {
    description.text("protocol") == Some(KEYRING)
}

/// The kind of item that keeps what is described.
pub fn kind_of(description: &Record) -> &'static Kind {
    if is_bare(description) { &SERVICE } else { &URL }
}

/// The service under which Python's keyring and `secret-tool` look: the URL, without user name, or the bare name.
pub fn service(description: &Record) -> String {
    if is_bare(description) && !description.has("path") {
        return aside::name(description.text("host").unwrap_or("")).into_owned();
    }
    let part = |key| description.text(key).unwrap_or("");
    let base = format!("{}://{}", part("protocol"), part("host"));
    let url = if part("path").is_empty() { base } else { format!("{base}/{}", part("path")) };
    aside::name(&url).into_owned()
}

/// True if a service can be made of it that leads back to it and to nothing else: `a/b` as a host would be the path `b` of `a`.
pub fn can_be_named(wanted: &Record) -> bool {
    (kind_of(wanted).describe)(&service(wanted), "")
        .is_some_and(|named| ["protocol", "host", "path"].iter().all(|key| named.get(key) == wanted.get(key)))
}

/// The description of an item whose service is no URL; `None` if it is one, or an item beside another.
fn service_alone(service: &str, account: &str) -> Option<Record> {
    let service = aside::service(service)?;
    if service.is_empty() || service.contains("://") || aside::of_which(service).is_some() {
        return None;
    }
    Record::of([("protocol", KEYRING), ("host", service), ("username", account)]).ok()
}

/// The reverse of [`service`]; `None` if it cannot have made it.
pub fn description(service: &str, account: &str) -> Option<Record> {
    let (protocol, rest) = aside::service(service)?.split_once("://")?;
    let (host, path) = rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
    // Of a bare name this is another way to write it, which nobody uses.
    let plain = protocol != KEYRING
        && protocol.starts_with(|c: char| c.is_ascii_alphabetic())
        && protocol.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        && !host.is_empty()
        && !host.contains(|c: char| c.is_whitespace() || "@?#".contains(c))
        && path != Some("");
    let mut description = Record::of([("protocol", protocol), ("host", host)]).ok().filter(|_| plain)?;
    if let Some(path) = path {
        description.set("path", path).ok()?;
    }
    description.set("username", account).ok()?;
    Some(description)
}

/// The secret of the item that keeps `credential`; `keeps` says which bytes the store gives back as they were.
pub fn encode(credential: &Record, keeps: fn(&[u8]) -> bool) -> Zeroizing<Vec<u8>> {
    let mut kept = credential.clone();
    kept.retain(is_kept);
    let plain = plain(&kept).filter(|secret| credential.has_account() && keeps(secret) && !one_line::is_marked(secret));
    plain.unwrap_or_else(|| {
        let mut named = credential.clone();
        named.retain(|key| key == "username");
        // Both are parts of one record.
        let _ = named.merge(&kept);
        one_line::encode(&named)
    })
}

/// The password, and the other attributes below it; `None` if their names could not be told from another program's lines.
fn plain(kept: &Record) -> Option<Zeroizing<Vec<u8>>> {
    let password = kept.get("password").unwrap_or_default();
    let mut others = kept.clone();
    if !password.is_empty() || others.iter().all(|(key, _)| key == "password") {
        others.remove("password");
    }
    if !others.iter().all(|(key, _)| is_plain(key)) {
        return None;
    }
    let lines = others.to_lines();
    let mut secret = Zeroizing::new(Vec::with_capacity(password.len() + 1 + lines.len()));
    secret.extend_from_slice(password);
    if let Some(lines) = lines.strip_suffix(b"\n") {
        secret.push(b'\n');
        secret.extend_from_slice(lines);
    }
    Some(secret)
}

/// The credential that an account's item keeps. Only an encoded one says that it has no user name.
pub fn credential(account: &str, secret: &[u8]) -> Result<Record> {
    let kept = decode(secret)?;
    if one_line::is_marked(secret) {
        let is_the_accounts = kept.text("username").is_none_or(|name| name == account);
        return if is_the_accounts { Ok(kept) } else { Err(Error::new("its secret was stored for another account")) };
    }
    let mut credential = Record::of([("username", account)])?;
    credential.merge(&kept)?;
    Ok(credential)
}

/// The attributes in a secret. Another program's, with further lines of another kind, has no place in a record.
pub fn decode(secret: &[u8]) -> Result<Record> {
    if let Some(record) = one_line::decode(secret)? {
        let is_ours = record.iter().all(|(key, _)| key == "username" || is_kept(key));
        return if is_ours { Ok(record) } else { Err(Error::new("its secret says more than a credential")) };
    }
    let foreign = || Error::new("its secret has several lines and was written by another program");
    let secret = secret.strip_suffix(b"\n").unwrap_or(secret);
    let mut lines = secret.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)).peekable();
    let password = lines.next().unwrap_or_default();
    let mut record = Record::new();
    if !password.is_empty() || lines.peek().is_none() {
        record.set("password", password).map_err(|_| Error::new("its secret cannot be written as one line"))?;
    }
    for line in lines {
        let split = line.iter().position(|b| *b == b'=').ok_or_else(foreign)?;
        let key = std::str::from_utf8(&line[..split]).ok().filter(|key| is_plain(key)).ok_or_else(foreign)?;
        if !is_kept(key) || (key == "password" && record.has("password")) {
            return Err(foreign());
        }
        record.push(key, &line[split + 1..]).map_err(|_| foreign())?;
    }
    Ok(record)
}

impl Kind {
    /// True if a secret is the one that is meant.
    pub fn holds_secret(&self, secret: &[u8], description: &Record) -> bool {
        (self.decode)(secret).is_ok_and(|kept| kept.matches_secret(description))
    }
}

fn is_plain(key: &str) -> bool {
    let name = key.strip_suffix("[]").unwrap_or(key);
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
mod tests;
