//! Creates an item in a collection that still exists after a logout.

use std::collections::HashMap;

use modelforge_credential_protocol::Error;
use zbus::{ObjectPath, OwnedObjectPath, Variant};

use super::bus::{Bus, Failure};
use super::{COLLECTION, Outcome, ROOT, SERVICE, Secret, session, unlock};

/// With other attributes than those of Python's keyring, its next `set_password` would create a second item.
const APPLICATION: &str = "Python keyring library";

/// Creates an item; with `replaces`, instead of one with the same attributes. Returns it, unless a person had to be prompted first.
pub(super) async fn create(
    bus: &Bus,
    service: &str,
    account: &str,
    secret: &[u8],
    replaces: bool,
) -> Outcome<Option<OwnedObjectPath>> {
    let session = session(bus).await?;
    let value: Secret = (session.as_ref(), &[], secret, "text/plain");
    let collection = lasting_collection(bus).await?;
    let attributes = HashMap::from([("application", APPLICATION), ("service", service), ("username", account)]);
    let properties = HashMap::from([
        ("org.freedesktop.Secret.Item.Label", Variant::from(format!("{service} ({account})"))),
        ("org.freedesktop.Secret.Item.Attributes", Variant::from(attributes)),
    ]);
    let arguments = (&properties, &value, replaces);
    let reply = match bus.call(&collection, COLLECTION, "CreateItem", &arguments).await {
        Err(Failure::Locked) => {
            unlock(bus, std::slice::from_ref(&collection)).await?;
            bus.call(&collection, COLLECTION, "CreateItem", &arguments).await?
        }
        reply => reply?,
    };
    let (made, prompt): (OwnedObjectPath, OwnedObjectPath) = reply.body().deserialize()?;
    bus.prompt(prompt).await?;
    Ok(Some(made).filter(|made| made.as_str() != "/"))
}

/// The default collection; if that ends with the session, the first other one.
async fn lasting_collection(bus: &Bus) -> Outcome<OwnedObjectPath> {
    let reply = bus.call(&ROOT, SERVICE, "ReadAlias", &("default",)).await?;
    let default: OwnedObjectPath = reply.body().deserialize()?;
    let none = |message| {
        Err(Error::new(message).hint("log in to the desktop once, or create the keyring `Login` in `seahorse`").into())
    };
    if default.as_str() == "/" {
        return none("the secret service has no default keyring to store in");
    }
    if !ends_with_the_session(&default) {
        return Ok(default);
    }
    let all = bus.property::<Vec<OwnedObjectPath>>(&ROOT, SERVICE, "Collections").await?;
    match all.into_iter().find(|path| !ends_with_the_session(path)) {
        Some(path) => Ok(path),
        None => none("the secret service has no keyring that survives a log-out"),
    }
}

/// True for the collection in memory, or an item in it: its name is the same in all services.
pub(super) fn ends_with_the_session(path: &ObjectPath<'_>) -> bool {
    let name = path.as_str().strip_prefix("/org/freedesktop/secrets/collection/session");
    name.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
