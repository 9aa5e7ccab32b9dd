//! Messages of the protocol's operations.

use modelforge_credential_protocol::{Error, Reason, Record};

use crate::error::PROGRAM;
pub use crate::error::{
    already_expired, bad_key, list_not_whole, name_of, no_credential, not_erased, not_kept, reason, told_to_quit,
};

pub fn could_not_look(request: &Record) -> Error {
    Error::new(format!("no credential for {}; some helpers could not be queried", name_of(request)))
}

pub fn for_migrations_alone() -> Error {
    Error::new("only `migrate` reads and writes the files of other programs and their backups")
        .with_reason(Reason::Refused)
        .hint(format!("{PROGRAM} migrate --backups"))
}

pub fn nothing_to_keep() -> Error {
    Error::new("the request has no `password` and no `credential` to store").with_reason(Reason::InvalidRequest)
}

pub fn answers_first(helper: &str, kept_by: &str) -> Error {
    Error::new(format!("helper `{helper}` comes first and has another key than `{kept_by}`, where this one was stored"))
}
