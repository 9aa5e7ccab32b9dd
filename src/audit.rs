//! The log of who asked for what: one record for each operation that reaches a chain, with the program that asked and what came
//! of it, and never a value. An operation fills an [`Event`] on its way; it is written when it is dropped, before the answer is
//! given, so that whoever reads the answer and ends this process is in the log all the same.

mod asker;
pub mod error;
pub mod files;
pub mod line;
mod log;
pub mod read;
#[cfg(test)]
mod tests;
mod verify;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Instant, SystemTime};

use modelforge_credential_client::depth;
use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Record, visible};

use crate::chain::{Answer, Erased, Stored};
use crate::providers::Providers;
use crate::state;
use crate::terminal;
use line::{Line, text};

pub use files::{folder, head as head_file, paths, try_to_write};
pub use read::last_uses;
pub use verify::{Verified, verify};

/// Whether anything of this process is to be logged.
static IS_WANTED: AtomicBool = AtomicBool::new(false);

/// Looks who asks, if that will be wanted, and rehearses the rest: what is touched for the first time takes longer than what is then
/// done with it, and a helper is awaited meanwhile.
pub fn get_ready() {
    if IS_WANTED.swap(false, Ordering::Relaxed) {
        let mut line =
            Line { time: humantime::format_rfc3339_millis(SystemTime::now()).to_string(), ..Line::default() };
        line.asked_by(asker::asker());
        log::rehearse(&line);
    }
}

/// What is known so far about an operation. Dropped, it becomes a record of the log.
pub struct Event {
    started: Instant,
    line: Line,
    is_logged: bool,
}

impl Event {
    /// Begins with the time and what is asked for. Until it is told better, the outcome is "failed".
    pub fn start(operation: &'static str, providers: &Providers, description: &Record) -> Self {
        let is_logged = providers.are_audited();
        let mut line = Line { operation: operation.to_owned(), outcome: "failed".to_owned(), ..Line::default() };
        if is_logged {
            line.time = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
            line.provider = description.text("provider").map(text);
            line.url = description.has("host").then(|| text(&description.url()));
            line.account = description.text("username").map(text);
            line.depth = Some(depth()).filter(|depth| *depth > 0);
            IS_WANTED.store(true, Ordering::Relaxed);
        }
        Self { started: Instant::now(), line, is_logged }
    }

    /// What came of it, in a word or two.
    pub fn outcome(&mut self, outcome: &'static str) {
        self.line.outcome = outcome.to_owned();
    }

    /// Which helper did it.
    pub fn helper(&mut self, helper: &str) {
        self.line.helper = Some(text(helper));
    }

    /// What a chain answered to a `get`.
    pub fn answered(&mut self, answer: &Answer) {
        self.line.helper = answer.helper.as_deref().or(answer.quit.as_deref()).map(text);
        if answer.complete {
            let account = answer.record.text("username").unwrap_or(DEFAULT_ACCOUNT);
            self.line.account = Some(text(account));
        }
        self.outcome(match answer {
            Answer { complete: true, .. } => "found",
            Answer { quit: Some(_), .. } => "told to quit",
            Answer { failed, .. } if !failed.is_empty() => "failed",
            _ => "not found",
        });
    }

    /// What became of a store.
    pub fn stored(&mut self, record: &Record, stored: &Stored) {
        self.line.account = Some(text(record.text("username").unwrap_or(DEFAULT_ACCOUNT)));
        if !stored.kept_by.is_empty() {
            self.helper(&stored.kept_by.join(", "));
        }
        self.outcome(if stored.kept_by.is_empty() { "not kept" } else { "stored" });
    }

    /// What became of an erase.
    pub fn erased(&mut self, erased: &Erased) {
        self.outcome(if erased.failed.is_empty() { "erased" } else { "not erased" });
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        if !self.is_logged {
            return;
        }
        let Some(folder) = folder() else {
            return terminal::trace("nothing is logged: there is no home folder");
        };
        self.line.asked_by(asker::asker());
        self.line.ms = (self.started.elapsed().as_secs_f64() * 10_000.0).round() / 10.0;
        match log::append(&folder, &log::SIZES, &mut self.line) {
            // As in a container that is meant to change nothing: nobody can mend it, each time anew.
            Err(problem) if state::is_out_of_reach(&folder) => {
                terminal::trace(&error::not_logged(&problem).to_string())
            }
            Err(problem) => terminal::warning(&error::not_logged(&problem)),
            Ok(()) => {}
        }
    }
}

/// A process as people read it: the program, the script that it runs where that has a name of its own, and its number.
pub fn process_name(process: &line::Process) -> String {
    let program = process.program.as_deref().map(|path| error::tilde(path.as_ref()));
    let name = process.name.as_deref().map(visible);
    match (program, name) {
        (Some(program), Some(name)) => format!("{program} [{name}]"),
        (Some(name), None) | (None, Some(name)) => name,
        (None, None) => "?".to_owned(),
    }
}
