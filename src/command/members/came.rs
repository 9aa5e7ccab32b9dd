//! Prints the result of a synchronisation.

use anyhow::Result;
use modelforge_credential_protocol::{Error, Record, visible};

use crate::error::PROGRAM;
use crate::terminal;

/// What a person should know of, beside how much it was. An error if something was not sent.
pub fn tell(answer: &Record) -> Result<()> {
    if let Some(replaced) = answer.text("replaced") {
        let short: String = visible(replaced).chars().take(12).collect();
        terminal::note(&format!("the refused commit `{short}` was removed from the remote"));
    }
    for kept in answer.all("kept[]").map(String::from_utf8_lossy) {
        terminal::warning(&both_kept(&kept));
    }
    if let Some(more) = answer.text("kept_more") {
        let message = format!("{} more keys were replaced here and elsewhere", visible(more));
        terminal::warning(&Error::new(message).hint(format!("{PROGRAM} status  # shows the accounts")));
    }
    unsent(answer)
}

/// An error if something was not sent.
pub fn unsent(answer: &Record) -> Result<()> {
    let Some(problem) = answer.text("problem") else { return Ok(()) };
    let (number, problem) = (visible(answer.text("unsent").unwrap_or("0")), visible(problem));
    let were = if number == "1" { "change was" } else { "changes were" };
    let message = format!("{number} {were} not sent; the next `sync` tries again: {problem}");
    Err(Error::new(message).into())
}

fn both_kept(what: &str) -> Error {
    let (place, account) = what.rsplit_once(' ').unwrap_or((what, ""));
    let message = format!(
        "the key for `{}` was replaced here and elsewhere: the older one is now the account `{}`",
        visible(place),
        visible(account)
    );
    Error::new(message)
        .hint(format!("find out which one works, and delete the other: {PROGRAM} logout PROVIDER --account NAME"))
}
