//! The Secret Service of free desktops: GNOME Keyring, KWallet, KeePassXC.
//!
//! The session is plain: encrypting it costs more than everything else together, and who can read the user's own bus
//! can ask for the secret as well.

mod bus;

use std::collections::HashMap;

use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Error, Record, Result};
use zbus::{ObjectPath, OwnedObjectPath, OwnedVariant, Variant};
use zeroize::Zeroizing;

use crate::item;
use bus::{Bus, Failure, run};

pub const NAME: &str = "OS keyring (Secret Service)";

const ROOT: ObjectPath<'static> = ObjectPath::from_static_str_unchecked("/org/freedesktop/secrets");
const SERVICE: &str = "org.freedesktop.Secret.Service";
const COLLECTION: &str = "org.freedesktop.Secret.Collection";
const ITEM: &str = "org.freedesktop.Secret.Item";
/// With other attributes than Python's keyring sets, its next `set_password` would make a second item.
const APPLICATION: &str = "Python keyring library";

type Outcome<T> = std::result::Result<T, Failure>;
/// On the bus: session, parameters, value, content type.
type Secret<'a> = (ObjectPath<'a>, &'a [u8], &'a [u8], &'a str);

struct Item {
    path: OwnedObjectPath,
    attributes: HashMap<String, String>,
    modified: u64,
}

/// The account and secret of that account; without one of the account `default`, else of the first.
pub fn find(service: &str, account: Option<&str>) -> Result<Option<(String, Zeroizing<Vec<u8>>)>> {
    run(async |bus| {
        let mut paths = candidates(bus, service, account).await?;
        if paths.is_empty() && reveal(bus).await? {
            paths = candidates(bus, service, account).await?;
        }
        let mut items = Vec::new();
        if let ([path], Some(account)) = (&paths[..], account) {
            return Ok(Some((account.to_owned(), secret(bus, path).await?)));
        }
        for path in paths {
            items.push(look(bus, path).await?);
        }
        let first = items
            .iter()
            .filter_map(|item| item.attributes.get("username"))
            .min_by_key(|name| (*name != DEFAULT_ACCOUNT, *name));
        let Some(account) = first.cloned() else { return Ok(None) };
        items.retain(|item| item.attributes.get("username") == Some(&account));
        match newest(items).first() {
            Some(item) => Ok(Some((account, secret(bus, &item.path).await?))),
            None => Ok(None),
        }
    })
}

/// Keeps the secret in the item that is there, or makes one. Other items of the same name would be read by some programs.
pub fn set(service: &str, account: &str, secret: &[u8]) -> Result<()> {
    run(async |bus| {
        let mut items = Vec::new();
        for path in search(bus, &[("service", service), ("username", account)], true).await? {
            items.push(look(bus, path).await?);
        }
        let session = session(bus).await?;
        let value: Secret = (session.as_ref(), &[], secret, "text/plain");
        let mut items = newest(items).into_iter();
        match items.next() {
            Some(item) => bus.call(&item.path, ITEM, "SetSecret", &(value,)).await.map(drop)?,
            None => create(bus, service, account, &value).await?,
        }
        for other in items {
            delete(bus, &other.path).await?;
        }
        Ok(())
    })
}

/// Erases what is described; where that names a secret, only what holds the same.
pub fn erase(description: &Record) -> Result<()> {
    run(async |bus| {
        let service = item::service(description);
        let mut paths = Vec::new();
        if description.has("path") {
            let account = description.text("username").map(|account| ("username", account));
            let attributes: Vec<_> = std::iter::once(("service", service.as_str())).chain(account).collect();
            paths = search(bus, &attributes, true).await?;
        } else {
            for (item, held) in credentials(bus).await? {
                if held.matches(description) {
                    paths.push(item.path);
                }
            }
        }
        for path in &paths {
            if !item::names_secret(description) || item::holds_secret(&secret(bus, path).await?, description) {
                delete(bus, path).await?;
            }
        }
        Ok(())
    })
}

/// The credentials that [`find`] could be asked for.
pub fn list() -> Result<Vec<Record>> {
    run(async |bus| {
        let mut newest = HashMap::new();
        for (item, record) in credentials(bus).await? {
            let key = (item::service(&record), record.text("username").map(str::to_owned));
            let kept = newest.entry(key).or_insert((0, record));
            kept.0 = item.modified.max(kept.0);
        }
        let mut records = Vec::new();
        for (modified, mut record) in newest.into_values() {
            if modified != 0 {
                record.set("created_utc", modified.to_string())?;
            }
            records.push(record);
        }
        Ok(records)
    })
}

async fn candidates(bus: &Bus, service: &str, account: Option<&str>) -> Outcome<Vec<OwnedObjectPath>> {
    let named = [("service", service), ("username", account.unwrap_or(DEFAULT_ACCOUNT))];
    let found = search(bus, &named, false).await?;
    if found.is_empty() && account.is_none() { search(bus, &named[..1], false).await } else { Ok(found) }
}

/// The items with these attributes that can be read: unlocks them if there are no others, or if `every` one is wanted.
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

/// Unlocks the collections that show no items while they are locked. Whether there were any.
async fn reveal(bus: &Bus) -> Outcome<bool> {
    let mut hidden = Vec::new();
    for (collection, locked, items) in collections(bus).await? {
        if locked && items.is_empty() {
            hidden.push(collection);
        }
    }
    if !hidden.is_empty() {
        unlock(bus, &hidden).await?;
    }
    Ok(!hidden.is_empty())
}

/// Every item that is a credential of ours, be it another program that made it. All of them, or a failure.
async fn credentials(bus: &Bus) -> Outcome<Vec<(Item, Record)>> {
    for attempt in 0..2 {
        let (mut found, mut hidden) = (Vec::new(), Vec::new());
        for (collection, locked, paths) in collections(bus).await? {
            let mut hides = locked && paths.is_empty();
            for path in paths {
                let item = match look(bus, path).await {
                    Err(Failure::Gone) => continue,
                    item => item?,
                };
                // GNOME Keyring knows only hashes of attributes until it is first unlocked.
                hides |=
                    locked && (item.attributes.is_empty() || item.attributes.contains_key("gkr:compat:hashed:service"));
                let name = item.attributes.get("service").zip(item.attributes.get("username"));
                if let Some(record) = name.and_then(|(service, account)| item::description(service, account)) {
                    found.push((item, record));
                }
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
    for path in property::<Vec<OwnedObjectPath>>(&mut bus.properties(&ROOT, SERVICE).await?, "Collections")? {
        let mut properties = bus.properties(&path, COLLECTION).await?;
        let locked = property(&mut properties, "Locked")?;
        collections.push((path, locked, property(&mut properties, "Items")?));
    }
    Ok(collections)
}

async fn look(bus: &Bus, path: OwnedObjectPath) -> Outcome<Item> {
    let mut properties = bus.properties(&path, ITEM).await?;
    let attributes = property(&mut properties, "Attributes")?;
    Ok(Item { path, attributes, modified: property(&mut properties, "Modified").unwrap_or(0) })
}

fn property<T: TryFrom<OwnedVariant>>(properties: &mut HashMap<String, OwnedVariant>, name: &str) -> Outcome<T> {
    properties.remove(name).and_then(|value| T::try_from(value).ok()).ok_or(zbus::Error::InvalidReply.into())
}

/// The most recently changed first; of the same second, the one that was made last.
fn newest(mut items: Vec<Item>) -> Vec<Item> {
    items.sort_by(|a, b| {
        let key = |item: &Item| (item.modified, item.path.as_str().len(), item.path.to_string());
        key(b).cmp(&key(a))
    });
    items
}

async fn session(bus: &Bus) -> Outcome<OwnedObjectPath> {
    let reply = bus.call(&ROOT, SERVICE, "OpenSession", &("plain", Variant::from(""))).await?;
    let (_, session): (OwnedVariant, OwnedObjectPath) = reply.body().deserialize()?;
    Ok(session)
}

async fn secret(bus: &Bus, path: &ObjectPath<'_>) -> Outcome<Zeroizing<Vec<u8>>> {
    let session = session(bus).await?;
    let reply = bus.call(path, ITEM, "GetSecret", &(session,)).await?;
    let body = reply.body();
    let (_, _, value, _): Secret = body.deserialize()?;
    Ok(Zeroizing::new(value.to_vec()))
}

async fn create(bus: &Bus, service: &str, account: &str, secret: &Secret<'_>) -> Outcome<()> {
    let reply = bus.call(&ROOT, SERVICE, "ReadAlias", &("default",)).await?;
    let collection: OwnedObjectPath = reply.body().deserialize()?;
    if collection.as_str() == "/" {
        let error = Error::new("the secret service has no default keyring to store in");
        return Err(error.hint("log in to the desktop once, or create the keyring `Login` in `seahorse`").into());
    }
    let attributes = HashMap::from([("application", APPLICATION), ("service", service), ("username", account)]);
    let properties = HashMap::from([
        ("org.freedesktop.Secret.Item.Label", Variant::from(format!("{service} ({account})"))),
        ("org.freedesktop.Secret.Item.Attributes", Variant::from(attributes)),
    ]);
    let arguments = (&properties, secret, true);
    let reply = match bus.call(&collection, COLLECTION, "CreateItem", &arguments).await {
        Err(Failure::Locked) => {
            unlock(bus, std::slice::from_ref(&collection)).await?;
            bus.call(&collection, COLLECTION, "CreateItem", &arguments).await?
        }
        reply => reply?,
    };
    let (_, prompt): (OwnedObjectPath, OwnedObjectPath) = reply.body().deserialize()?;
    bus.prompt(prompt).await
}

async fn delete(bus: &Bus, path: &ObjectPath<'_>) -> Outcome<()> {
    match bus.call(path, ITEM, "Delete", &()).await {
        Ok(reply) => bus.prompt(reply.body().deserialize()?).await,
        Err(Failure::Gone) => Ok(()),
        Err(failure) => Err(failure),
    }
}

async fn unlock(bus: &Bus, objects: &[OwnedObjectPath]) -> Outcome<()> {
    // Some services open a window at this call already.
    if !bus::may_prompt() {
        return Err(Failure::Locked);
    }
    let reply = bus.call(&ROOT, SERVICE, "Unlock", &(objects,)).await?;
    let (_, prompt): (Vec<OwnedObjectPath>, OwnedObjectPath) = reply.body().deserialize()?;
    bus.prompt(prompt).await
}
