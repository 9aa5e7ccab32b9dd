//! Special names of items: for the second item of a credential, and for tests. A program under test must not touch the person's own items,
//! and a system's store cannot be moved.

use std::borrow::Cow;
use std::sync::OnceLock;

/// In tests, the service of every item begins with this. It is not a URL, so without the variable, no such item is taken for one of ours.
const VARIABLE: &str = "MODELFORGE_CREDENTIAL_KEYRING_PREFIX";

fn prefix() -> Option<&'static str> {
    static PREFIX: OnceLock<Option<String>> = OnceLock::new();
    let read = || {
        let value = std::env::var_os(VARIABLE).filter(|value| !value.is_empty())?;
        // Any value counts: one that cannot be written must not lead to the person's own items.
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        Some(value.to_string_lossy().chars().map(plain).chain([':']).collect())
    };
    PREFIX.get_or_init(read).as_deref()
}

/// The name of a service in the store.
pub fn name(service: &str) -> Cow<'_, str> {
    match prefix() {
        Some(prefix) => Cow::Owned(format!("{prefix}{service}")),
        None => Cow::Borrowed(service),
    }
}

/// The service with this name in the store. `None`: it is not for this run.
pub fn service(name: &str) -> Option<&str> {
    match prefix() {
        Some(prefix) => name.strip_prefix(prefix),
        None => Some(name),
    }
}

/// The prefix of the service of a second item.
const MARK: &str = "modelforge-credential:";

/// The service of the second item of a credential. It has the whole credential, while the first item's secret is only the password, so that
/// other programs can read it.
#[cfg(not(any(windows, target_os = "macos")))]
pub fn beside(service: &str) -> String {
    format!("{MARK}{service}")
}

/// The service of the first item that belongs to this second one.
pub fn of_which(service: &str) -> Option<&str> {
    service.strip_prefix(MARK)
}
