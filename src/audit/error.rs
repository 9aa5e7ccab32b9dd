//! Sentences about the log of who asked for what.

use std::path::Path;

use modelforge_credential_protocol::Error;

pub use crate::error::tilde;
use crate::error::{PROGRAM, Usage};

pub fn not_logged(problem: &Error) -> Error {
    let error = Error::new(format!("this is not in the audit log: {problem}"));
    error.hint(problem.hint_text().map_or_else(|| format!("{PROGRAM} doctor"), str::to_owned))
}

pub fn log_is_locked() -> Error {
    Error::new("another process has been holding the audit log for a second").hint(format!("pgrep -a {PROGRAM}"))
}

pub fn log_needs_a_home() -> Error {
    Error::new("there is no audit log: there is no home folder")
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

pub fn log_misses(first: u64, last: u64) -> Error {
    Error::new(if first == last {
        format!("record {first} is missing")
    } else {
        format!("records {first} to {last} are missing")
    })
}

pub fn log_cut(first: u64, last: u64) -> Error {
    Error::new(match first == last {
        true => format!("record {first} is missing at the end: it was cut off, or lost in a power cut"),
        false => format!("records {first} to {last} are missing at the end: they were cut off, or lost in a power cut"),
    })
}

pub fn log_changed(seq: u64) -> Error {
    Error::new(format!("record {seq} was changed after it was written"))
}

pub fn log_out_of_order(seq: u64) -> Error {
    Error::new(format!("record {seq} stands after one that is newer, or was put there"))
}

pub fn log_was_headless(seq: u64) -> Error {
    Error::new(format!("before record {seq} the file `audit.head` was missing: records may have been cut off there"))
}

pub fn log_without_head() -> Error {
    Error::new("the file `audit.head` is missing: whether records were cut off at the end cannot be told")
}

pub fn log_is_torn(count: u64) -> Error {
    let lines = if count == 1 { "one line was".to_owned() } else { format!("{count} lines were") };
    Error::new(format!("{lines} not written to the end: a process or the machine stopped meanwhile"))
}

pub fn log_not_whole(folder: &Path) -> Error {
    Error::new("the audit log was tampered with, or a part of it is lost")
        .hint(format!("ls -l {}", shell_words::quote(&folder.to_string_lossy())))
}
