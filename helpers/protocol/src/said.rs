//! What a helper says on standard error.

use std::io::{self, Write};
use std::process::ExitCode;

use crate::{Error, Record, Result, shown, visible};

/// Says on standard error what went wrong, as the caller of a helper expects it, for what a program notices before it calls
/// [`serve`](crate::serve). Returns exit status 1.
pub fn fail(error: &Error) -> ExitCode {
    say("error", error);
    ExitCode::FAILURE
}

/// A remark on standard error: it makes nothing fail.
pub fn warn(problem: &Error) {
    say("warning", problem);
}

fn say(what: &str, problem: &Error) {
    let mut lines = format!("{what}: {}\n", shown(&problem.to_string()));
    if let Some(hint) = problem.hint_text() {
        lines.push_str(&format!("hint: {}\n", shown(hint)));
    }
    // There is nobody left to tell that standard error is closed.
    let _ = io::stderr().write_all(lines.as_bytes());
}

/// The cause of a problem of a list that hides nothing: it was looked at, and stays where it is on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stays;

/// What could not be listed does not hide the rest: a record of its own each for a caller that understands those
/// (`capability[]=problem`), else a warning.
///
/// # Errors
/// If a problem cannot be a value of a record.
pub fn list_problems(problems: &[Error], request: &Record, records: &mut Vec<Record>) -> Result<()> {
    for problem in problems {
        if request.announces("problem") {
            let mut record = Record::of([("problem", visible(&problem.to_string()))])?;
            if problem.cause::<Stays>().is_some() {
                record.push("stays", "1")?;
            }
            records.push(record);
        } else {
            warn(problem);
        }
    }
    Ok(())
}
