//! Messages about members.

use modelforge_credential_protocol::{Error, Shell, visible};

use crate::error::PROGRAM;

/// No helper has members, or the named one has none.
pub fn none(named: Option<&str>) -> Error {
    match named {
        Some(helper) => {
            Error::new(format!("helper `{}` has no shared store", visible(helper))).hint(format!("{PROGRAM} helpers"))
        }
        None => Error::new("no helper in the chain has a shared store")
            .hint("helpers = [\"env\", \"age\", \"age --store team\"]  # in config.toml"),
    }
}

pub fn several(helper: &str) -> Error {
    Error::new("several helpers have a shared store")
        .hint(format!("{PROGRAM} members --helper {}  # one of them", Shell::of_the_person().word(&visible(helper))))
}

pub fn no_answer(helper: &str) -> Error {
    Error::new(format!("helper `{}` did not list its members", visible(helper)))
}

/// The word is not repeated: it may be a misplaced key.
pub fn not_keys() -> Error {
    Error::new("a member has a public key of age and one of SSH, or one of SSH for both")
        .hint(format!("{PROGRAM} members add ben age1… ssh-ed25519 AAAA…"))
}
