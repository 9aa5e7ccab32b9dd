//! Reads the log from its end, the newest record first, and only as much as is needed.

use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::SystemTime;

use modelforge_credential_protocol::Result;

use super::backwards::Backwards;
use super::files;
use super::line::Line;
use super::{Operation, Outcome, process_name};
use crate::error::tilde;

/// The most files searched for the last use of a key.
const RECENT: usize = 2;

/// Passes on the records with their lines, the newest first, until `visit` stops it, from at most this many files. An invalid line is
/// skipped.
pub fn newest_first(folder: &Path, files: usize, mut visit: impl FnMut(Line, &[u8]) -> ControlFlow<()>) -> Result<()> {
    for path in files::paths(folder).iter().rev().take(files) {
        let file = match files::open_to_read(path) {
            // It was renamed or deleted since it was listed.
            Err(problem) if problem.kind() == io::ErrorKind::NotFound => continue,
            opened => opened?,
        };
        let mut lines = Backwards::new(file)?;
        while let Some(line) = lines.next_line()? {
            if let Ok(record) = serde_json::from_slice::<Line>(&line)
                && visit(record, &line).is_break()
            {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// When a credential was last given to a program, and to which one.
#[derive(Clone)]
pub struct Use {
    pub utc: u64,
    pub program: Option<String>,
}

/// The last use of each of these credentials (URL, account, helper), as far as the newest files go back.
pub fn last_uses(wanted: &[(String, String, String)]) -> Vec<Option<Use>> {
    let mut uses = vec![None; wanted.len()];
    let Some(folder) = files::folder().filter(|_| !wanted.is_empty()) else { return uses };
    // If the log cannot be read, nothing is known. `audit` reports why.
    let _ = newest_first(&folder, RECENT, |record, _| {
        if record.outcome != Outcome::Found.name() || !Operation::hands_out(&record.operation) {
            return ControlFlow::Continue(());
        }
        let [url, account, helper] = [&record.url, &record.account, &record.helper].map(Option::as_deref);
        let is_it = |wanted: &(String, String, String)| {
            url == Some(&wanted.0) && account == Some(&wanted.1) && helper == Some(&wanted.2)
        };
        let at = wanted.iter().position(is_it).filter(|at| uses.get(*at).is_some_and(Option::is_none));
        if let (Some(at), Some(utc)) = (at, seconds(&record.time)) {
            uses[at] = Some(Use { utc, program: used_by(&record) });
        }
        if uses.iter().all(Option::is_some) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    uses
}

/// The program that got a key.
fn used_by(record: &Line) -> Option<String> {
    match &record.command {
        Some(command) => Some(tilde(command.as_ref())),
        None => record.asker().map(|asker| process_name(&asker)),
    }
}

/// A time of the log in seconds since 1970.
fn seconds(time: &str) -> Option<u64> {
    let time = humantime::parse_rfc3339(time).ok()?;
    time.duration_since(SystemTime::UNIX_EPOCH).ok().map(|since| since.as_secs())
}
