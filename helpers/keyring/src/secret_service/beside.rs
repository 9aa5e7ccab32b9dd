//! A credential in two items: see [`crate::beside`]. Whatever other processes do at the same time, a reader finds one complete credential.

use std::collections::HashMap;
use std::pin::Pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use modelforge_credential_protocol::{Record, Result};
use zbus::message::Message;
use zbus::{ObjectPath, OwnedObjectPath};
use zeroize::Zeroizing;

use super::bus::{Bus, Failure, run, together};
use super::{
    ITEM, Outcome, ROOT, SERVICE, create, delete, keeps, named, newest, search, secret, secret_of, session, set_in,
    unlock,
};
use crate::aside::beside as beside_of;
use crate::beside::{Found, split};
use crate::item;

/// More changes than this during one read are not realistic.
const MOST_CHANGES: usize = 20;

/// A call without an answer yet.
type Call<'a> = Pin<Box<dyn Future<Output = Outcome<Message>> + 'a>>;

/// Stores a credential: the password, and the rest in a second item. The new second item is created before the password is replaced, and
/// the old one is removed after that. So a reader finds either credential complete.
pub fn set(service: &str, account: &str, credential: &Record) -> Result<()> {
    let secrets = split(credential, keeps);
    run(async |bus| {
        let others = search(bus, &named(&beside_of(service), account), true).await?;
        let older = match others.is_empty() {
            true => None,
            false => current(bus, service, account).await?,
        };
        let made = match &secrets.beside {
            Some(secret) => create(bus, &beside_of(service), account, secret, false).await?,
            None => None,
        };
        set_in(bus, service, account, &secrets.own).await?;
        for path in others {
            if is_left_over(bus, &path, older.as_ref().map(|older| older.as_slice())).await? {
                delete(bus, &path).await?;
            }
        }
        // Another process may have stored at the same time, after this one.
        if let Some(made) = made
            && current(bus, service, account).await?.as_ref() != Some(&secrets.own)
        {
            delete(bus, &made).await?;
        }
        Ok(())
    })
}

/// The current secret of an item.
async fn current(bus: &Bus, service: &str, account: &str) -> Outcome<Option<Zeroizing<Vec<u8>>>> {
    let paths = search(bus, &named(service, account), true).await?;
    match newest(bus, paths).await?.first() {
        Some(path) => secret(bus, path).await.map(Some),
        None => Ok(None),
    }
}

/// Deletes second items without a first one, as far as possible without a person.
pub(super) async fn sweep(bus: &Bus, alone: Vec<OwnedObjectPath>) {
    for path in alone {
        if matches!(is_left_over(bus, &path, None).await, Ok(true)) {
            let _ = delete(bus, &path).await;
        }
    }
}

/// True for a second item that is no longer needed: it is about the older password, or is left from a store that was interrupted. A recent
/// one may belong to a process that is still storing.
async fn is_left_over(bus: &Bus, path: &ObjectPath<'_>, older: Option<&[u8]>) -> Outcome<bool> {
    const UNFINISHED: Duration = Duration::from_secs(60);
    let held = match secret(bus, path).await {
        Err(Failure::Gone) => return Ok(false),
        held => held?,
    };
    let is_about_the_older = item::decode(&held).is_ok_and(|held| held.get("password") == older);
    let made = match bus.property::<u64>(path, ITEM, "Created").await {
        Err(Failure::Gone) => return Ok(false),
        made => made?,
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(is_about_the_older || Duration::from_secs(made) + UNFINISHED < now)
}

/// An item with its second item. The first item is read before and after: if it did not change, both belong together.
pub(super) async fn whole(bus: &Bus, path: &ObjectPath<'_>, service: &str, account: String) -> Outcome<Found> {
    let session = session(bus).await?;
    let service = beside_of(service);
    let attributes = HashMap::from(named(&service, &account));
    let (root, asked, wanted) = (ROOT, (session,), (&attributes,));
    for _ in 0..MOST_CHANGES {
        // All at once: three answers take little longer than one.
        let calls: [Call<'_>; 3] = [
            Box::pin(bus.call(path, ITEM, "GetSecret", &asked)),
            Box::pin(bus.call(&root, SERVICE, "SearchItems", &wanted)),
            Box::pin(bus.call(path, ITEM, "GetSecret", &asked)),
        ];
        let mut replies = together(calls).await.into_iter();
        let mut next = || replies.next().unwrap_or(Err(Failure::Gone));
        let (own, found, again) = (secret_of(&next()?)?, next()?, secret_of(&next()?)?);
        let (unlocked, locked): (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) = found.body().deserialize()?;
        if !locked.is_empty() {
            unlock(bus, &locked).await?;
            continue;
        }
        if own != again {
            continue;
        }
        match about(bus, unlocked, &own).await {
            Err(Failure::Gone) => {}
            beside => return Ok(Found { account, own, beside: beside? }),
        }
    }
    Err(Failure::Gone)
}

/// The secret of the second item for this password, if there is one. Those for other passwords come and go.
async fn about(bus: &Bus, paths: Vec<OwnedObjectPath>, own: &[u8]) -> Outcome<Option<Zeroizing<Vec<u8>>>> {
    let mut is_gone = false;
    for path in newest(bus, paths).await? {
        match secret(bus, &path).await {
            Err(Failure::Gone) => is_gone = true,
            held => {
                let held = held?;
                if item::decode(&held).is_ok_and(|record| record.get("password") == Some(own)) {
                    return Ok(Some(held));
                }
            }
        }
    }
    if is_gone { Err(Failure::Gone) } else { Ok(None) }
}
