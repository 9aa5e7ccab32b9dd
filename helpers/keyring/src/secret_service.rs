//! The Secret Service of free desktops: GNOME Keyring, KWallet, KeePassXC.
//!
//! The session is not encrypted: that would take longer than everything else, and a program that can read the user's bus can also request
//! the secret.

mod beside;
mod bus;
mod making;
mod socket;

use std::cmp::Reverse;
use std::collections::HashMap;

use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Record, Result};
use zbus::message::Message;
use zbus::{ObjectPath, OwnedObjectPath, OwnedVariant, Variant};
use zeroize::Zeroizing;

use crate::aside::{beside as beside_of, of_which};
use crate::beside::Found;
use crate::item::{self, Kind};
use bus::{Bus, Failure, run, together};

pub use beside::set;

use making::{create, ends_with_the_session};

pub const NAME: &str = "OS keyring (Secret Service)";

const ROOT: ObjectPath<'static> = ObjectPath::from_static_str_unchecked("/org/freedesktop/secrets");
const SERVICE: &str = "org.freedesktop.Secret.Service";
const COLLECTION: &str = "org.freedesktop.Secret.Collection";
const ITEM: &str = "org.freedesktop.Secret.Item";
type Outcome<T> = std::result::Result<T, Failure>;
/// A secret on the bus: session, parameters, value, content type.
type Secret<'a> = (ObjectPath<'a>, &'a [u8], &'a [u8], &'a str);

/// The credential of this account; if none is named, of the account `default`, otherwise of the first one.
pub fn find(service: &str, account: Option<&str>) -> Result<Option<Found>> {
    run(async |bus| {
        let mut found = candidates(bus, service, account).await?;
        if found.is_empty() && reveal(bus).await? {
            found = candidates(bus, service, account).await?;
        }
        let first = found.iter().map(|(account, _)| account.clone()).min();
        let Some(account) = first else { return Ok(None) };
        let paths = found.into_iter().filter(|(name, _)| *name == account).map(|(_, path)| path).collect();
        match newest(bus, paths).await?.first() {
            Some(path) => beside::whole(bus, path, service, account).await.map(Some),
            None => Ok(None),
        }
    })
}

/// GNOME Keyring stores a keyring without a password in an INI file. It writes a secret unchanged, but reads it with escapes resolved and
/// without blanks at its ends. With a line break in a secret, it loses the whole file.
pub fn keeps(secret: &[u8]) -> bool {
    let keeps = |text: &str| text.trim() == text && !text.contains(|c: char| c.is_control() || c == '\\');
    std::str::from_utf8(secret).is_ok_and(keeps)
}

/// Stores a secret in the existing item, or creates one.
pub fn set_secret(service: &str, account: &str, secret: &[u8]) -> Result<()> {
    run(async |bus| set_in(bus, service, account, secret).await)
}

/// Other items with the same name are removed, because some programs would read those.
async fn set_in(bus: &Bus, service: &str, account: &str, secret: &[u8]) -> Outcome<()> {
    let paths = search(bus, &named(service, account), true).await?;
    let paths = newest(bus, paths).await?;
    let session = session(bus).await?;
    let value: Secret = (session.as_ref(), &[], secret, "text/plain");
    let kept_in = paths.iter().find(|path| !ends_with_the_session(path));
    match kept_in {
        Some(path) => bus.call(path, ITEM, "SetSecret", &(value,)).await.map(drop)?,
        None => drop(create(bus, service, account, secret, true).await?),
    }
    for other in paths.iter().filter(|path| Some(*path) != kept_in) {
        delete(bus, other).await?;
    }
    Ok(())
}

/// The attributes that identify an item.
fn named<'a>(service: &'a str, account: &'a str) -> [(&'static str, &'a str); 2] {
    [("service", service), ("username", account)]
}

/// The account and secret of the first item of a kind that matches a description.
pub fn find_of_kind(kind: &Kind, description: &Record) -> Result<Option<Zeroizing<Vec<u8>>>> {
    run(async |bus| {
        let held = credentials(bus, kind).await?.own.into_iter().filter(|(_, held)| held.matches(description));
        let paths = newest(bus, held.map(|(path, _)| path).collect()).await?;
        let Some(path) = paths.first() else { return Ok(None) };
        unlock_items(bus, std::slice::from_ref(path)).await?;
        Ok(Some(secret(bus, path).await?))
    })
}

/// Erases what a description matches; with a secret, only items with the same one.
pub fn erase(kind: &Kind, description: &Record) -> Result<()> {
    run(async |bus| {
        let Credentials { own, beside } = credentials(bus, kind).await?;
        // Other programs that delete an item do not know of its second item.
        let is_alone = |held: &Record| own.iter().all(|(_, other)| other != held);
        let alone: Vec<_> = beside.iter().filter(|(_, held)| is_alone(held)).map(|(path, _)| path.clone()).collect();
        let held = own.into_iter().chain(beside).filter(|(_, held)| held.matches(description));
        let paths: Vec<_> = held.map(|(path, _)| path).collect();
        delete_meant(bus, kind, &paths, description).await?;
        beside::sweep(bus, alone).await;
        Ok(())
    })
}

/// The same for the items of a known service and account, without reading all others.
pub fn erase_named(service: &str, account: &str, description: &Record) -> Result<()> {
    run(async |bus| {
        reveal(bus).await?;
        let mut paths = search(bus, &named(service, account), true).await?;
        paths.extend(search(bus, &named(&beside_of(service), account), true).await?);
        delete_meant(bus, &item::URL, &paths, description).await
    })
}

async fn delete_meant(bus: &Bus, kind: &Kind, paths: &[OwnedObjectPath], description: &Record) -> Outcome<()> {
    unlock_items(bus, paths).await?;
    for path in paths {
        if !description.names_secret() || kind.holds_secret(&secret(bus, path).await?, description) {
            delete(bus, path).await?;
        }
    }
    Ok(())
}

/// The credentials of a kind.
pub fn list(kind: &Kind) -> Result<Vec<Record>> {
    run(async |bus| {
        let mut records: HashMap<_, (u64, Record)> = HashMap::new();
        let (paths, held): (Vec<_>, Vec<_>) = credentials(bus, kind).await?.own.into_iter().unzip();
        for (modified, record) in dates(bus, &paths).await?.into_iter().zip(held) {
            let name = (item::service(&record), record.text("username").map(str::to_owned));
            let newest = &mut records.entry(name).or_insert((0, record)).0;
            *newest = modified.max(*newest);
        }
        let mut records: Vec<_> = records.into_values().collect();
        for (modified, record) in records.iter_mut().filter(|(modified, _)| *modified != 0) {
            record.set("created_utc", modified.to_string())?;
        }
        Ok(records.into_iter().map(|(_, record)| record).collect())
    })
}

/// The items that may answer a request, with their accounts.
async fn candidates(bus: &Bus, service: &str, account: Option<&str>) -> Outcome<Vec<(String, OwnedObjectPath)>> {
    let wanted = account.unwrap_or(DEFAULT_ACCOUNT);
    let named = [("service", service), ("username", wanted)];
    let found = search(bus, &named, false).await?;
    if !found.is_empty() || account.is_some() {
        return Ok(found.into_iter().map(|path| (wanted.to_owned(), path)).collect());
    }
    let mut found = Vec::new();
    for path in search(bus, &named[..1], false).await? {
        if let Some(account) = attributes(bus, &path).await?.remove("username") {
            found.push((account, path));
        }
    }
    Ok(found)
}

/// The readable items with these attributes. Unlocks others if there are none, or if `every` one is wanted.
async fn search(bus: &Bus, attributes: &[(&str, &str)], every: bool) -> Outcome<Vec<OwnedObjectPath>> {
    let attributes: HashMap<_, _> = attributes.iter().copied().collect();
    for attempt in 0..2 {
        let reply = bus.call(&ROOT, SERVICE, "SearchItems", &(&attributes,)).await?;
        let (unlocked, locked): (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) = reply.body().deserialize()?;
        if locked.is_empty() || (!every && !unlocked.is_empty()) {
            return Ok(unlocked);
        }
        if attempt == 0 {
            unlock(bus, &locked).await?;
        }
    }
    Err(Failure::Locked)
}

/// Unlocks the collections that show no items while they are locked. Returns whether there were any.
async fn reveal(bus: &Bus) -> Outcome<bool> {
    let mut hidden = Vec::new();
    for path in bus.property::<Vec<OwnedObjectPath>>(&ROOT, SERVICE, "Collections").await? {
        let hides = bus.property::<bool>(&path, COLLECTION, "Locked").await?
            && bus.property::<Vec<OwnedObjectPath>>(&path, COLLECTION, "Items").await?.is_empty();
        if hides {
            hidden.push(path);
        }
    }
    if !hidden.is_empty() {
        unlock(bus, &hidden).await?;
    }
    Ok(!hidden.is_empty())
}

/// Items, with their descriptions.
#[derive(Default)]
struct Credentials {
    own: Vec<(OwnedObjectPath, Record)>,
    /// The second items of credentials.
    beside: Vec<(OwnedObjectPath, Record)>,
}

/// Every item that is a credential of a kind, also if another program created it. It returns all of them or fails.
async fn credentials(bus: &Bus, kind: &Kind) -> Outcome<Credentials> {
    for attempt in 0..2 {
        let (mut found, mut hidden) = (Credentials::default(), Vec::new());
        for (collection, locked, paths) in collections(bus).await? {
            let mut hides = locked && paths.is_empty();
            let all = in_chunks(&paths, |path| attributes(bus, path)).await;
            for (path, attributes) in paths.into_iter().zip(all) {
                let attributes = match attributes {
                    Err(Failure::Gone) => continue,
                    attributes => attributes?,
                };
                // GNOME Keyring knows only hashes of attributes until it is unlocked for the first time.
                hides |= locked && (attributes.is_empty() || attributes.contains_key("gkr:compat:hashed:service"));
                let name = attributes.get("service").zip(attributes.get("username"));
                let Some((service, account)) = name else { continue };
                let (held, service) = match of_which(service) {
                    Some(service) => (&mut found.beside, service),
                    None => (&mut found.own, service.as_str()),
                };
                held.extend((kind.describe)(service, account).map(|record| (path, record)));
            }
            if hides {
                hidden.push(collection);
            }
        }
        if hidden.is_empty() {
            return Ok(found);
        }
        if attempt == 0 {
            unlock(bus, &hidden).await?;
        }
    }
    Err(Failure::Locked)
}

/// Each collection, whether it is locked, and the items that it shows.
async fn collections(bus: &Bus) -> Outcome<Vec<(OwnedObjectPath, bool, Vec<OwnedObjectPath>)>> {
    let mut collections = Vec::new();
    for path in bus.property::<Vec<OwnedObjectPath>>(&ROOT, SERVICE, "Collections").await? {
        let locked = bus.property(&path, COLLECTION, "Locked").await?;
        let items = bus.property(&path, COLLECTION, "Items").await?;
        collections.push((path, locked, items));
    }
    Ok(collections)
}

async fn attributes(bus: &Bus, item: &ObjectPath<'_>) -> Outcome<HashMap<String, String>> {
    bus.property(item, ITEM, "Attributes").await
}

/// When the items were last changed.
async fn dates(bus: &Bus, paths: &[OwnedObjectPath]) -> Outcome<Vec<u64>> {
    in_chunks(paths, |path| bus.property(path, ITEM, "Modified")).await.into_iter().collect()
}

/// Asks about all items at once, as far as the bus can queue the calls.
async fn in_chunks<'a, T>(paths: &'a [OwnedObjectPath], ask: impl Fn(&'a OwnedObjectPath) -> T) -> Vec<T::Output>
where
    T: Future,
{
    let mut answers = Vec::new();
    for some in paths.chunks(64) {
        answers.extend(together(some.iter().map(&ask)).await);
    }
    answers
}

/// The most recently changed one first; in the same second, the one that was created last.
async fn newest(bus: &Bus, paths: Vec<OwnedObjectPath>) -> Outcome<Vec<OwnedObjectPath>> {
    if paths.len() < 2 {
        return Ok(paths);
    }
    let mut dated: Vec<_> = dates(bus, &paths).await?.into_iter().zip(paths).collect();
    dated.sort_by_key(|(modified, path)| Reverse((*modified, path.as_str().len(), path.to_string())));
    Ok(dated.into_iter().map(|(_, path)| path).collect())
}

async fn session(bus: &Bus) -> Outcome<OwnedObjectPath> {
    let reply = bus.call(&ROOT, SERVICE, "OpenSession", &("plain", Variant::from(""))).await?;
    let (_, session): (OwnedVariant, OwnedObjectPath) = reply.body().deserialize()?;
    Ok(session)
}

async fn secret(bus: &Bus, path: &ObjectPath<'_>) -> Outcome<Zeroizing<Vec<u8>>> {
    let session = session(bus).await?;
    secret_of(&bus.call(path, ITEM, "GetSecret", &(session,)).await?)
}

fn secret_of(reply: &Message) -> Outcome<Zeroizing<Vec<u8>>> {
    let body = reply.body();
    let (_, _, value, _): Secret = body.deserialize()?;
    Ok(Zeroizing::new(value.to_vec()))
}

async fn delete(bus: &Bus, path: &ObjectPath<'_>) -> Outcome<()> {
    match bus.call(path, ITEM, "Delete", &()).await {
        Ok(reply) => bus.prompt(reply.body().deserialize()?).await,
        Err(Failure::Gone) => Ok(()),
        Err(failure) => Err(failure),
    }
}

/// A keyring without a password lists its items before it is opened.
async fn unlock_items(bus: &Bus, paths: &[OwnedObjectPath]) -> Outcome<()> {
    let mut locked = Vec::new();
    for (path, answer) in paths.iter().zip(in_chunks(paths, |path| bus.property(path, ITEM, "Locked")).await) {
        match answer {
            Ok(true) => locked.push(path.clone()),
            Ok(false) | Err(Failure::Gone) => {}
            Err(failure) => return Err(failure),
        }
    }
    if locked.is_empty() { Ok(()) } else { unlock(bus, &locked).await }
}

async fn unlock(bus: &Bus, objects: &[OwnedObjectPath]) -> Outcome<()> {
    if !crate::may_prompt() && !bus.unlocks_in_silence().await {
        return Err(Failure::Locked);
    }
    let reply = bus.call(&ROOT, SERVICE, "Unlock", &(objects,)).await?;
    let (_, prompt): (Vec<OwnedObjectPath>, OwnedObjectPath) = reply.body().deserialize()?;
    bus.prompt(prompt).await
}
