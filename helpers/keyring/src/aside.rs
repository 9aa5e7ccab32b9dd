//! The names of items that are not a credential's own: those beside another, and those that are set aside: a program under test must not touch those of the person, and no store of a system can be moved.

use std::borrow::Cow;
use std::sync::OnceLock;

/// What the services of all items begin with then. It makes no URL of them, so that without it no item that was set aside is ours.
const VARIABLE: &str = "MODELFORGE_CREDENTIAL_KEYRING_PREFIX";

fn prefix() -> Option<&'static str> {
    static PREFIX: OnceLock<Option<String>> = OnceLock::new();
    let read = || {
        let value = std::env::var_os(VARIABLE).filter(|value| !value.is_empty())?;
        // Any value sets them aside: one that cannot be written must not lead to the person's own.
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        Some(value.to_string_lossy().chars().map(plain).chain([':']).collect())
    };
    PREFIX.get_or_init(read).as_deref()
}

/// The name in the store of a service.
pub fn name(service: &str) -> Cow<'_, str> {
    match prefix() {
        Some(prefix) => Cow::Owned(format!("{prefix}{service}")),
        None => Cow::Borrowed(service),
    }
}

/// The service of that name in the store. `None`: it is not for this run.
pub fn service(name: &str) -> Option<&str> {
    match prefix() {
        Some(prefix) => name.strip_prefix(prefix),
        None => Some(name),
    }
}

/// Before the service of an item that is beside another.
const MARK: &str = "modelforge-credential:";

/// The service of the items beside an item: they keep the credential whole, where its own secret is the password alone, as other
/// programs read it.
#[cfg(not(any(windows, target_os = "macos")))]
pub fn beside(service: &str) -> String {
    format!("{MARK}{service}")
}

/// The service of the item that has this one beside it.
pub fn of_which(service: &str) -> Option<&str> {
    service.strip_prefix(MARK)
}
