//! What lies in the folder of our [data](crate::data): one list for the code that makes it, checks it and removes it.

use std::fs;
use std::path::{Path, PathBuf};

/// The store of this user alone.
pub const STORE: &str = "age";
/// The stores that are shared, a folder each.
pub const SHARED_STORES: &str = "stores";
/// The history of each of those, a repository each.
pub const REPOSITORIES: &str = "repositories";
/// What this user signs with, where they named no key of their own.
pub const SIGNING_KEY: &str = "signing-key";

/// In a store: the lock of who changes a credential.
pub const LOCK: &str = ".lock";
/// In a store: the lock of who changes the identity, or synchronises.
pub const RENEWAL_LOCK: &str = ".renewal";

/// The name of the identity of a shared store, or of the user's own.
pub fn identity(shared: Option<&str>) -> String {
    shared.map_or_else(|| "identity.txt".to_owned(), |name| format!("identity-{name}.txt"))
}

/// True if this is the name of something that this program keeps there.
pub fn is_kept(name: &str) -> bool {
    let is_identity = || name.starts_with("identity-") && name.ends_with(".txt");
    name == identity(None) || matches!(name, STORE | SHARED_STORES | REPOSITORIES | SIGNING_KEY) || is_identity()
}

/// All that is there, in the order of the names.
pub fn all(data: &Path) -> Vec<PathBuf> {
    let mut all = names(data);
    all.retain(|name| is_kept(name));
    all.iter().map(|name| data.join(name)).collect()
}

/// The names of the shared stores that are there.
pub fn shared(data: &Path) -> Vec<String> {
    names(&data.join(SHARED_STORES))
}

/// The locks of every store.
pub fn locks(data: &Path) -> Vec<PathBuf> {
    let shared = shared(data).into_iter().map(|name| data.join(SHARED_STORES).join(name));
    let stores = std::iter::once(data.join(STORE)).chain(shared);
    stores.flat_map(|store| [LOCK, RENEWAL_LOCK].map(|lock| store.join(lock))).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let all = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = all.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}
