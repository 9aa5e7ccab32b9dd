//! Messages of a purge.

use std::path::Path;

use modelforge_credential_protocol::{Error, Record, Shell, visible};

use crate::error::name_of;
pub use crate::error::{PROGRAM, no_state_folder, not_everything_erased, tilde};

pub fn purge_not_confirmed() -> Error {
    Error::new("cannot ask whether to continue: there is no terminal")
        .hint(format!("{PROGRAM} logout --all --purge --yes"))
}

pub fn identity_goes_too(identity: &Path) -> Error {
    Error::new(format!(
        "the age identity `{}` is deleted as well: other copies of the store, such as backups, can then not be decrypted",
        tilde(identity)
    ))
}

/// `unsent`: `None` if it is unknown.
pub fn shared_store_goes_too(store: &str, unsent: Option<u64>) -> Error {
    let store = visible(store);
    Error::new(match unsent {
        Some(1) => format!("the shared store `{store}` has a change that its other members do not have: it is lost"),
        Some(many) => {
            format!("the shared store `{store}` has {many} changes that its other members do not have: they are lost")
        }
        None => {
            format!("the shared store `{store}` may have changes that its other members do not have: they are lost")
        }
    })
    .hint(format!(
        "send them first: {PROGRAM} sync --helper {}",
        Shell::of_the_person().word(&format!("age --store {store}"))
    ))
}

pub fn files_stay() -> Error {
    Error::new(
        "this program's files were not deleted, because they are needed to find the credentials that could not be deleted",
    )
}

pub fn not_everything_purged() -> Error {
    Error::new("some credentials could not be deleted").hint(format!("{PROGRAM} logout --all --purge"))
}

/// A helper that could not be asked. Its store may not exist at all.
pub fn not_purged_from(left_out: &Error) -> Error {
    Error::new(format!("{left_out}; its keys from earlier sessions were not deleted"))
        .hint(format!("in such a session: {PROGRAM} logout --all --purge"))
}

pub fn somebody_elses(helper: &str, record: &Record) -> Error {
    Error::new(format!(
        "helper `{}` has a credential for {}, which may be another program's and stays",
        visible(helper),
        name_of(record)
    ))
}

pub fn cannot_remove(path: &Path, problem: &std::io::Error) -> Error {
    Error::new(format!("cannot remove `{}`: {problem}", tilde(path)))
}
