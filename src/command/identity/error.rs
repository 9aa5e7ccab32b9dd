//! Messages about identities.

use std::path::Path;

use modelforge_credential_protocol::{Error, Shell, visible};

use crate::error::PROGRAM;
pub use crate::error::{no_such_file, tilde};

pub fn nobody_has_one() -> Error {
    Error::new("no helper in the chain has an identity").hint("helpers = [\"env\", \"age\"]  # in config.toml")
}

pub fn has_none(helper: &str) -> Error {
    Error::new(format!("helper `{}` has no identity", visible(helper))).hint(format!("{PROGRAM} identity"))
}

pub fn no_answer(helper: &str) -> Error {
    Error::new(format!("helper `{}` did not describe its identity", visible(helper)))
}

pub fn nothing_exported() -> Error {
    Error::new("the helper gave no identity")
}

pub fn not_at_a_terminal() -> Error {
    Error::new("the identity is shown on a terminal only").hint(format!("{PROGRAM} identity export --output FILE"))
}

pub fn nobody_to_type() -> Error {
    Error::new("cannot prompt for the backup: prompts are off (MODELFORGE_CREDENTIAL_INTERACTIVE=0)")
        .hint(check_a_file())
}

pub fn nothing_given() -> Error {
    Error::new("standard input has no identity").hint(check_a_file())
}

fn check_a_file() -> String {
    Shell::of_the_person().with_input(format_args!("{PROGRAM} identity check"), "identity.txt")
}

pub fn opens_none() -> Error {
    Error::new("there are no stored credentials to decrypt")
}

pub fn opens_some(opened: usize, all: usize) -> Error {
    Error::new(format!("it decrypts {opened} of {all} stored credentials"))
}

pub fn unreadable(unreadable: usize, all: usize) -> Error {
    Error::new(format!("{unreadable} of {all} credentials are unreadable with this identity"))
        .hint(format!("{PROGRAM} status"))
}

pub fn cannot_open(identity: &Path, problem: &str) -> Error {
    Error::new(format!("the identity `{}` was not unlocked: {}", tilde(identity), visible(problem)))
}
