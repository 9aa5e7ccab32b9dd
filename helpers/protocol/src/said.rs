//! What a helper prints on standard error.

use std::io::{self, Write};
use std::process::ExitCode;

use crate::{Error, Record, Result, shown, visible};

/// Prints an error on standard error in the form that a helper's caller expects. Use it for problems before [`serve`](crate::serve) is
/// called. Returns exit status 1.
pub fn fail(error: &Error) -> ExitCode {
    say("error", error);
    ExitCode::FAILURE
}

/// Prints a warning on standard error.
pub fn warn(problem: &Error) {
    say("warning", problem);
}

fn say(what: &str, problem: &Error) {
    let mut lines = format!("{what}: {}\n", shown(&problem.to_string()));
    if let Some(hint) = problem.hint_text() {
        lines.push_str(&format!("hint: {}\n", shown(hint)));
    }
    // If standard error is closed, nobody can be told.
    let _ = io::stderr().write_all(lines.as_bytes());
}

/// The cause of a problem in a list that hides nothing: the place was searched, and the key stays there on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stays;

/// A problem must not hide the rest of a list. A caller with `capability[]=problem` gets each as a separate record, any other as a warning.
///
/// # Errors
/// If a problem cannot be the value of an attribute.
pub fn list_problems(problems: &[Error], request: &Record, records: &mut Vec<Record>) -> Result<()> {
    for problem in problems {
        if request.announces("problem") {
            let mut record = Record::of([("problem", visible(&problem.to_string()))])?;
            if problem.cause::<Stays>().is_some() {
                record.push("stays", "1")?;
            }
            if let Some(hint) = problem.hint_text() {
                record.push("hint", visible(hint))?;
            }
            records.push(record);
        } else {
            warn(problem);
        }
    }
    Ok(())
}
