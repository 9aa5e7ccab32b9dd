//! Messages about helpers and their tests.

use modelforge_credential_protocol::{Error, visible};

use crate::error::Usage;
pub use crate::error::{PROGRAM, tilde};

pub fn not_an_entry(problem: &str) -> Usage {
    Usage(Error::new(visible(problem)).hint(format!("{PROGRAM} helpers test './my-helper --its --options'")))
}

pub fn not_a_duration() -> Usage {
    Usage(Error::new("`--timeout` is not a duration").hint("--timeout 5s  # or 500ms, 2m"))
}

pub fn no_such_case(word: &str) -> Usage {
    Usage(
        Error::new(format!("no case has `{}` as its rule or in its name", visible(word)))
            .hint(format!("{PROGRAM} helpers test age --only O5")),
    )
}

pub fn does_not_conform(helper: &str) -> Error {
    Error::new(format!("helper `{}` breaks rules of the protocol", visible(helper)))
}

pub fn could_not_store(helper: &str, reason: &str) -> Error {
    Error::new(format!("helper `{}` was not tested, because its `store` failed: {}", visible(helper), visible(reason)))
}

pub fn left_behind(helper: &str, entries: &[String]) -> Error {
    Error::new(format!("helper `{}` did not erase what the test stored: {}", visible(helper), entries.join("; ")))
}

pub fn test_interrupted() -> Error {
    Error::new("the test was interrupted; what it had stored was erased")
}

pub fn helpers_not_ready(names: &[String]) -> Error {
    let names: Vec<String> = names.iter().map(|name| format!("`{}`", visible(name))).collect();
    Error::new(format!("some configured helpers cannot be used: {}", names.join(", ")))
}

pub fn not_a_name(name: &str) -> Usage {
    let problem = "a helper's name has lower-case letters, digits and `-`";
    Usage(
        Error::new(format!("`{}` is not a name: {problem}", visible(name)))
            .hint(format!("{PROGRAM} helpers new my-vault")),
    )
}

pub fn no_home() -> Error {
    Error::new("there is no home directory for the helper").hint(format!("{PROGRAM} helpers new NAME --folder FOLDER"))
}
