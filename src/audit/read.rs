//! Reads the log from its end, the newest record first, and no more of it than is needed.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::SystemTime;

use modelforge_credential_protocol::Result;

use super::files;
use super::line::Line;
use super::process_name;
use crate::error::tilde;

/// Bytes read at once. A longer line is not a record.
const BLOCK: usize = 64 << 10;

/// The most files searched for the last use of a key.
const RECENT: usize = 2;

/// Hands out the records with their lines, the newest first, until it is told to stop; from at most so many files. A line that is
/// no record is passed over.
pub fn newest_first(folder: &Path, files: usize, mut visit: impl FnMut(Line, &[u8]) -> ControlFlow<()>) -> Result<()> {
    for path in files::paths(folder).iter().rev().take(files) {
        let file = match files::open_to_read(path) {
            // Closed or deleted since it was listed.
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

/// The lines of a file from its end, a block at a time.
struct Backwards {
    file: File,
    /// The offset at which the part already read begins.
    start: u64,
    /// Bytes read but not yet handed out.
    rest: Vec<u8>,
}

impl Backwards {
    fn new(file: File) -> io::Result<Self> {
        let start = file.metadata()?.len();
        Ok(Self { file, start, rest: Vec::new() })
    }

    fn next_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(at) = self.rest.iter().rposition(|byte| *byte == b'\n') {
                let line = self.rest.split_off(at + 1);
                self.rest.truncate(at);
                return Ok(Some(line));
            }
            if self.start == 0 {
                let line = std::mem::take(&mut self.rest);
                return Ok(Some(line).filter(|line| !line.is_empty()));
            }
            if self.rest.len() > BLOCK {
                self.rest.clear();
            }
            let mut block = vec![0; usize::try_from(self.start).map_or(BLOCK, |start| start.min(BLOCK))];
            self.start -= block.len() as u64;
            self.file.seek(SeekFrom::Start(self.start))?;
            self.file.read_exact(&mut block)?;
            block.append(&mut self.rest);
            self.rest = block;
        }
    }
}

/// When a credential was last given to a program, and to which.
#[derive(Clone)]
pub struct Use {
    pub utc: u64,
    pub program: Option<String>,
}

/// The last use of each of these credentials (URL, account, helper), as far as the newest files go back.
pub fn last_uses(wanted: &[(String, String, String)]) -> Vec<Option<Use>> {
    let mut uses = vec![None; wanted.len()];
    let Some(folder) = files::folder().filter(|_| !wanted.is_empty()) else { return uses };
    // A log that cannot be read says nothing; `audit` says why.
    let _ = newest_first(&folder, RECENT, |record, _| {
        if record.outcome != "found" || record.operation == "login" {
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
