//! Messages about stores and erases in a chain.

use modelforge_credential_client::Failure;
use modelforge_credential_protocol::{Error, Record};

pub use crate::error::helper_failed;
use crate::error::{PROGRAM, name_of};

pub fn helper_did_not_keep(helper: &str, reason: &Failure) -> Error {
    Error::from(reason.clone())
        .reworded(format!("helper `{helper}` did not store the credential: {reason}; it may still have an older copy"))
}

pub fn older_copy_left(helper: &str, reason: &Failure) -> Error {
    Error::from(reason.clone()).reworded(format!("helper `{helper}` may still have an older copy: {reason}"))
}

pub fn not_put_back(helper: &str) -> Error {
    Error::new(format!("helper `{helper}` lost its older credential"))
}

pub fn not_taken_out(helper: &str) -> Error {
    Error::new(format!("helper `{helper}` changed the credential, and it could not be removed again"))
        .hint(format!("{PROGRAM} doctor"))
}

pub fn cannot_be_told_apart() -> Error {
    Error::new("it has credentials for several paths of the host, and cannot tell this one apart without a secret")
}

pub fn plain_text_left(record: &Record) -> Error {
    Error::new(format!("a plain-text file still has a credential for {}", name_of(record)))
        .hint(format!("{PROGRAM} migrate"))
}

pub fn refreshed_but_not_kept(record: &Record) -> Error {
    Error::new(format!("no helper stored the refreshed credential for {}; it is used only this time", name_of(record)))
        .hint(format!("{PROGRAM} doctor"))
}
