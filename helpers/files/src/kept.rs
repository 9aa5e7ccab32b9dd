//! The contents of our [data](crate::data) directory: one list for the code that creates, checks and removes them.

use std::fs;
use std::path::{Path, PathBuf};

/// The user's own store.
pub const STORE: &str = "age";
/// The shared stores, a directory each.
pub const SHARED_STORES: &str = "stores";
/// The histories of the shared stores, a git repository each.
pub const REPOSITORIES: &str = "repositories";
/// The signing key of a user who named none.
pub const SIGNING_KEY: &str = "signing-key";

/// In a store: the lock for changing a credential.
pub const LOCK: &str = ".lock";
/// In a store: the lock for changing the identity, and for a synchronisation.
pub const RENEWAL_LOCK: &str = ".renewal";

/// The file name of the identity of a shared store, or of the user's own.
pub fn identity(shared: Option<&str>) -> String {
    shared.map_or_else(|| "identity.txt".to_owned(), |name| format!("identity-{name}.txt"))
}

/// True for the file name of an [`identity`].
pub fn is_identity(name: &str) -> bool {
    name == identity(None) || name.starts_with("identity-") && name.ends_with(".txt")
}

/// True if this program creates a file or directory of this name there.
pub fn is_kept(name: &str) -> bool {
    matches!(name, STORE | SHARED_STORES | REPOSITORIES | SIGNING_KEY) || is_identity(name)
}

/// Every one that exists, in the order of their names.
pub fn all(data: &Path) -> Vec<PathBuf> {
    let mut all = names(data);
    all.retain(|name| is_kept(name));
    all.iter().map(|name| data.join(name)).collect()
}

/// The names of the shared stores that exist.
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
