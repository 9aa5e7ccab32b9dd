//! Messages about identities.

use std::path::Path;

use modelforge_credential_protocol::{Error, Shell, visible};

use crate::error::PROGRAM;
pub use crate::error::{no_such_file, tilde};

pub fn nobody_has_one() -> Error {
    Error::new("no helper of the chain has an identity").hint("helpers = [\"env\", \"age\"]  # in config.toml")
}

pub fn has_none(helper: &str) -> Error {
    Error::new(format!("helper `{}` has no identity", visible(helper))).hint(format!("{PROGRAM} identity"))
}

pub fn no_answer(helper: &str) -> Error {
    Error::new(format!("helper `{}` did not tell about its identity", visible(helper)))
}

pub fn nothing_exported() -> Error {
    Error::new("the helper gave no identity")
}

pub fn not_at_a_terminal() -> Error {
    Error::new("the identity is shown on a terminal only").hint(format!("{PROGRAM} identity export --output FILE"))
}

pub fn nobody_to_type() -> Error {
    Error::new("cannot ask for the backup: questions are switched off").hint(check_a_file())
}

pub fn nothing_given() -> Error {
    Error::new("standard input holds no identity").hint(check_a_file())
}

fn check_a_file() -> String {
    Shell::of_the_person().with_input(format_args!("{PROGRAM} identity check"), "identity.txt")
}

pub fn opens_none() -> Error {
    Error::new("nothing is stored here that it could open")
}

pub fn opens_some(opened: usize, all: usize) -> Error {
    Error::new(format!("it opens {opened} of the {all} credentials that are stored here"))
}

pub fn unreadable(unreadable: usize, all: usize) -> Error {
    Error::new(format!("{unreadable} of {all} credentials are unreadable with this identity"))
        .hint(format!("{PROGRAM} status"))
}

pub fn cannot_open(identity: &Path, problem: &str) -> Error {
    Error::new(format!("the identity `{}` was not opened: {}", tilde(identity), visible(problem)))
}
