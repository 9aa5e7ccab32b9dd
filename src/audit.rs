//! The audit log: one record for each operation that reaches a chain, with the program that asked, and the result, but never a secret. An
//! operation fills an [`Event`], which is written when it is dropped. That happens before the answer is given, so a caller that reads the
//! answer and then stops this process is in the log, too.

mod asker;
mod backwards;
pub mod error;
pub mod files;
#[cfg(test)]
mod fuzz;
pub mod line;
mod log;
pub mod read;
#[cfg(unix)]
pub mod syslog;
#[cfg(test)]
mod tests;
mod words;

use std::path::Path;
use std::time::{Instant, SystemTime};

use modelforge_credential_client::depth;
use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Record, visible};

use crate::chain::{Answer, Erased, Stored};
use crate::config;
use crate::providers::Providers;
use crate::state;
use crate::terminal;
use line::{Line, text};

#[cfg(windows)]
pub use asker::asker;
pub use files::{folder, paths};
pub use read::last_uses;
pub use words::{Operation, Outcome};

/// An operation in progress. When dropped, it becomes a record of the log.
pub struct Event {
    started: Instant,
    line: Line,
    log: config::Audit,
}

impl Event {
    /// Starts a record with the time and the request. The outcome is "failed" until another one is set.
    pub fn start(operation: Operation, providers: &Providers, description: &Record) -> Self {
        let log = providers.audit();
        let (operation, outcome) = (operation.name().to_owned(), Outcome::Failed.name().to_owned());
        let mut line = Line { operation, outcome, ..Line::default() };
        if log.enabled {
            line.time = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
            line.provider = description.text("provider").map(text);
            line.url = description.has("host").then(|| text(&description.url()));
            line.account = description.shown("username").as_deref().map(text);
            line.depth = Some(depth()).filter(|depth| *depth > 0);
        }
        Self { started: Instant::now(), line, log }
    }

    /// It began earlier, together with others.
    pub fn began(&mut self, started: Instant) {
        self.started = started;
    }

    /// Sets the outcome.
    pub fn outcome(&mut self, outcome: Outcome) {
        self.line.outcome = outcome.name().to_owned();
    }

    /// The helper that did it.
    pub fn helper(&mut self, helper: &str) {
        self.line.helper = Some(text(helper));
    }

    /// The command that gets the keys. Only its path is logged, because its arguments may contain keys.
    pub fn handed_to(&mut self, command: &Path) {
        self.line.command = Some(line::name(&command.to_string_lossy()));
    }

    /// Records the chain's answer to a `get`.
    pub fn answered(&mut self, answer: &Answer) {
        self.line.helper = answer.helper.as_deref().or(answer.quit.as_deref()).map(text);
        if answer.complete {
            self.account(&answer.record);
        }
        self.outcome(match answer {
            Answer { complete: true, .. } => Outcome::Found,
            Answer { quit: Some(_), .. } => Outcome::ToldToQuit,
            Answer { failed, .. } if !failed.is_empty() => Outcome::Failed,
            _ => Outcome::NotFound,
        });
    }

    /// The result of a store.
    pub fn stored(&mut self, record: &Record, stored: &Stored) {
        self.account(record);
        if !stored.kept_by.is_empty() {
            self.helper(&stored.kept_by.join(", "));
        }
        self.outcome(if stored.kept_by.is_empty() { Outcome::NotKept } else { Outcome::Stored });
    }

    fn account(&mut self, record: &Record) {
        self.line.account = Some(record.shown("username").as_deref().map_or_else(|| DEFAULT_ACCOUNT.to_owned(), text));
    }

    /// The result of an erase.
    pub fn erased(&mut self, erased: &Erased) {
        self.outcome(if erased.failed.is_empty() { Outcome::Erased } else { Outcome::NotErased });
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        if !self.log.enabled {
            return;
        }
        self.line.asked_by(asker::asker());
        self.line.ms = (self.started.elapsed().as_secs_f64() * 10_000.0).round() / 10.0;
        let Ok(record) = serde_json::to_string(&self.line) else { return };
        keep(&record);
        if self.log.syslog {
            hand_on(&record);
        }
    }
}

fn keep(record: &str) {
    let Some(folder) = folder() else {
        return terminal::trace("nothing is logged: there is no home directory");
    };
    match log::append(&folder, &log::SIZES, record.as_bytes()) {
        // For example, in a read-only container. The user cannot fix that, so do not warn on every call.
        Err(problem) if state::is_out_of_reach(&folder) => terminal::trace(&error::not_logged(&problem).to_string()),
        Err(problem) => terminal::warn_once(&error::not_logged(&problem)),
        Ok(()) => {}
    }
}

#[cfg(unix)]
fn hand_on(record: &str) {
    if let Err(problem) = syslog::send(record) {
        terminal::warn_once(&error::not_in_the_systems_log(&problem));
    }
}

#[cfg(not(unix))]
fn hand_on(_: &str) {
    terminal::warn_once(&error::not_in_the_systems_log(&"this system has none".into()));
}

/// A process for people: the program, the name of the script that it runs, and its number.
pub fn process_name(process: &line::Process) -> String {
    let program = process.program.as_deref().map(|path| error::tilde(path.as_ref()));
    let name = process.name.as_deref().map(visible);
    match (program, name) {
        (Some(program), Some(name)) => format!("{program} [{name}]"),
        (Some(name), None) | (None, Some(name)) => name,
        (None, None) => "?".to_owned(),
    }
}
