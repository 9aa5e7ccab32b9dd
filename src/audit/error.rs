//! Messages about the audit log.

use std::path::Path;

use modelforge_credential_protocol::Error;

pub use crate::error::tilde;
use crate::error::{PROGRAM, Usage};

/// Marks a problem for which the hint is to run `doctor`. `doctor` itself leaves that hint out.
pub struct ForDoctor;

pub fn not_logged(problem: &Error) -> Error {
    let error = Error::new(format!("this is not in the audit log: {problem}"));
    match problem.hint_text() {
        Some(hint) => error.hint(hint),
        None => error.hint(format!("{PROGRAM} doctor")).with_cause(ForDoctor),
    }
}

pub fn not_in_the_systems_log(problem: &Error) -> Error {
    Error::new(format!("this is not in the system's log: {problem}"))
        .hint(format!("{PROGRAM} doctor"))
        .with_cause(ForDoctor)
}

pub fn log_needs_a_home() -> Error {
    Error::new("there is no audit log: there is no home directory")
}

pub fn log_is_off() -> Error {
    Error::new("nothing more is logged: `[audit] enabled = false` in config.toml")
}

pub fn log_unreadable(problem: &Error) -> Error {
    problem.reworded(format!("cannot read the audit log: {problem}"))
}

pub fn log_unwritable(problem: &Error, folder: &Path) -> Error {
    let error = Error::new(format!("cannot write the audit log: {problem}"));
    error.hint(match problem.hint_text() {
        Some(hint) => hint.to_owned(),
        None => format!("ls -la {}", shell_words::quote(&folder.to_string_lossy())),
    })
}

pub fn not_a_time() -> Usage {
    Usage(
        Error::new("`--since` is neither a span of time nor a date")
            .hint(format!("{PROGRAM} audit --since 2d  # or 2026-01-31")),
    )
}

#[cfg(unix)]
pub fn no_system_log(problem: &Error) -> Error {
    Error::new(format!("no record reaches the system's log (`[audit] syslog = true` in config.toml): {problem}"))
        .hint("ls -l /dev/log")
}
