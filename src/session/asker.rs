//! This program as a caller of helpers: how it finds them, and what it does with their messages.

use std::sync::Arc;
use std::time::Duration;

use modelforge_credential_client::{Caller, Entry, Failure, Hop, Outcome, Program};

use crate::config::similar_helper;
use crate::error::tilde;
use crate::lock;
use crate::terminal;

/// Finds the program of a helper for this session.
pub fn program(entry: &Entry) -> std::result::Result<Program, Failure> {
    match Program::find(entry) {
        Err(Failure::HelperMissing { name, hint }) => {
            Err(Failure::HelperMissing { hint: how_to_install(&name).unwrap_or(hint), name })
        }
        found => Ok(found?.called_by(Arc::new(Asker))),
    }
}

/// The hint for one of our own helpers that is missing or misspelled.
fn how_to_install(name: &str) -> Option<String> {
    Some(match similar_helper(name)? {
        ours if ours == name => format!("cargo install --locked --path helpers/{name}  # in the project's directory"),
        ours => format!("did you mean `{ours}`?"),
    })
}

/// This program as a caller of helpers.
struct Asker;

impl Caller for Asker {
    fn environment(&self) -> Vec<(&'static str, String)> {
        vec![(lock::HELD, lock::held().unwrap_or_default())]
    }

    /// A helper that is asked several times may repeat its messages.
    fn said(&self, helper: &str, lines: &[String]) {
        for line in lines.iter().filter(|line| terminal::is_news(&format!("{helper}: {line}"))) {
            let is_kind = line.starts_with("warning: ") || line.starts_with("hint: ");
            if !is_kind || terminal::is_news(line) {
                terminal::remark(line);
            }
        }
    }

    fn waits(&self, helper: &str, left: Duration) {
        let seconds = left.as_secs().max(1);
        let line = format!("waiting for helper `{helper}`, at most {seconds} s more; Ctrl-C stops");
        if terminal::is_news(&format!("waiting for {helper}")) {
            terminal::aside(&line);
        }
    }

    fn hop(&self, hop: &Hop) {
        if !terminal::is_verbose() {
            return;
        }
        let outcome = match hop.outcome {
            Outcome::Found => "found".to_owned(),
            Outcome::FoundNothing => "found nothing".to_owned(),
            Outcome::Done => "done".to_owned(),
            Outcome::Failed(failure) => format!("failed: {failure}"),
        };
        let milliseconds = hop.elapsed.as_secs_f64() * 1000.0;
        let (helper, operation, path) = (hop.helper, hop.operation.name(), tilde(hop.program));
        let line = format!("{helper} {operation}: {outcome} in {milliseconds:.1} ms ({path}) {:?}", hop.record);
        terminal::trace(line.trim_end());
    }
}
