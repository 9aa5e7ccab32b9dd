//! Sends records to the system's log, where this user cannot change them.

use modelforge_credential_protocol::{Error, Result};
use syslog::{Facility, Formatter3164, Logger, LoggerBackend};

use crate::error::PROGRAM;

/// The socket of the system's log.
const SOCKET: &str = if cfg!(target_vendor = "apple") {
    "/var/run/syslog"
} else if cfg!(target_os = "freebsd") {
    "/var/run/log"
} else {
    "/dev/log"
};

/// Sends a record. It never waits: if the log cannot take it now, that is an error.
///
/// # Errors
/// If there is no system log, or it does not take the record.
pub fn send(record: &str) -> Result<()> {
    connect()?.info(record).map_err(reason)
}

/// Checks that there is a system log.
///
/// # Errors
/// If there is none.
pub fn check() -> Result<()> {
    connect().map(drop)
}

fn connect() -> Result<Logger<LoggerBackend, Formatter3164>> {
    let pid = std::process::id();
    let formatter =
        Formatter3164 { facility: Facility::LOG_AUTHPRIV, hostname: None, process: PROGRAM.to_owned(), pid };
    let logger = syslog::unix_custom(formatter, SOCKET).map_err(reason)?;
    match &logger.backend {
        LoggerBackend::Unix(socket) => socket.set_nonblocking(true)?,
        LoggerBackend::UnixStream(socket) => socket.get_ref().set_nonblocking(true)?,
        _ => {}
    }
    Ok(logger)
}

/// The system's own message, without the library's.
fn reason(problem: syslog::Error) -> Error {
    match problem {
        syslog::Error::Initialization(inner) => match inner.downcast::<syslog::Error>() {
            Ok(inner) => reason(*inner),
            Err(inner) => Error::new(format!("`{SOCKET}`: {inner}")),
        },
        syslog::Error::Io(inner) | syslog::Error::Write(inner) => Error::new(format!("`{SOCKET}`: {inner}")),
    }
}
