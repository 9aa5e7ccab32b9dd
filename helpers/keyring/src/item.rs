//! The name of an item in the system's store, and the form of its secret.
//!
//! The secret of a simple key is the key. Other attributes follow it, as one `key=value` per line, as in git's libsecret helper. Without a
//! password, the first line is empty. An empty password before other attributes is a line `password=`. A secret that the store does not
//! return unchanged is encoded as [`one_line`]. If the store supports it, a second item has the other attributes.

#[cfg(any(test, fuzzing))]
pub mod fuzz;

use modelforge_credential_protocol::{ABOUT_THE_EXCHANGE, DESCRIPTION, Error, Record, Result};
use zeroize::Zeroizing;

use crate::{aside, one_line};

/// The names and secrets of a program's items.
pub struct Kind {
    /// The description of an item with this service and account. `None`: it is not one of ours.
    pub describe: fn(&str, &str) -> Option<Record>,
    pub decode: fn(&[u8]) -> Result<Record>,
}

/// Our items, those of Python's keyring for a URL, and those of git's libsecret helper.
pub const URL: Kind = Kind { describe: description, decode };

/// Items of Python's keyring for anything but a URL, as `protocol=keyring`. They are looked up by name and never listed: they may belong to
/// any program, and erasing everything in a list must not erase them.
pub const SERVICE: Kind = Kind { describe: service_alone, decode };

/// The protocol of a service name that is not a URL.
const KEYRING: &str = "keyring";

/// True if an attribute is stored in the secret. The description is in the item's name, and attributes of a single request are not stored.
pub fn is_kept(key: &str) -> bool {
    !DESCRIPTION.contains(&key) && !ABOUT_THE_EXCHANGE.contains(&key) && !matches!(key, "provider" | "ephemeral")
}

/// True if it is for a service name that is not a URL.
pub fn is_bare(description: &Record) -> bool {
    description.text("protocol") == Some(KEYRING)
}

/// The kind of item for a description.
pub fn kind_of(description: &Record) -> &'static Kind {
    if is_bare(description) { &SERVICE } else { &URL }
}

/// The service that Python's keyring and `secret-tool` use: the URL without user name, or the plain service name.
pub fn service(description: &Record) -> String {
    if is_bare(description) && !description.has("path") {
        return aside::name(description.text("host").unwrap_or("")).into_owned();
    }
    let part = |key| description.text(key).unwrap_or("");
    let base = format!("{}://{}", part("protocol"), part("host"));
    let url = if part("path").is_empty() { base } else { format!("{base}/{}", part("path")) };
    aside::name(&url).into_owned()
}

/// True if its service leads back to the same description: for example, `a/b` as a host would be the path `b` of `a`.
pub fn can_be_named(wanted: &Record) -> bool {
    (kind_of(wanted).describe)(&service(wanted), "")
        .is_some_and(|named| ["protocol", "host", "path"].iter().all(|key| named.get(key) == wanted.get(key)))
}

/// The description of an item whose service is not a URL; `None` if it is a URL, or a second item.
fn service_alone(service: &str, account: &str) -> Option<Record> {
    let service = aside::service(service)?;
    if service.is_empty() || service.contains("://") || aside::of_which(service).is_some() {
        return None;
    }
    Record::of([("protocol", KEYRING), ("host", service), ("username", account)]).ok()
}

/// The reverse of [`service`]; `None` if that cannot have made it.
pub fn description(service: &str, account: &str) -> Option<Record> {
    let (protocol, rest) = aside::service(service)?.split_once("://")?;
    let (host, path) = rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
    // This is another way to write a plain service name. Nobody uses it.
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

/// The secret of the item for `credential`; `keeps` tells which bytes the store returns unchanged.
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

/// The password, with the other attributes below it; `None` if their names could be taken for another program's lines.
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

/// The credential in an account's item. Only an encoded one can have no user name.
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

/// The attributes in a secret. A secret of another program with more lines of another kind does not fit into a record.
pub fn decode(secret: &[u8]) -> Result<Record> {
    if let Some(record) = one_line::decode(secret)? {
        let is_ours = record.iter().all(|(key, _)| key == "username" || is_kept(key));
        return if is_ours { Ok(record) } else { Err(Error::new("its secret has more than a credential")) };
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
