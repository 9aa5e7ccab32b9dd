//! A helper's standard error without secrets, split into its reason to fail and other lines.

use std::time::{Duration, Instant};

use modelforge_credential_protocol::{Record, Secrets, requests as lines_of};

use crate::process::{Finished, Moment};

/// How long a helper has to be silent before its lines are passed on. A script with `set -x` prints its answer on standard error a moment
/// before it sends it. After this time the answer is known and can be redacted.
const SILENCE: Duration = Duration::from_millis(200);

/// The text so far.
pub struct Said<'a> {
    requests: &'a [Record],
    /// How many lines have been handled.
    sorted: usize,
    /// How many bytes had come at the last read, and when that was.
    heard: (usize, Instant),
    has_waited: bool,
    /// True inside a Python traceback. Its last line is the reason.
    in_traceback: bool,
    /// The reason that the helper gave.
    pub reason: Option<String>,
    /// Its hint.
    pub hint: Option<String>,
}

impl<'a> Said<'a> {
    pub fn new(requests: &'a [Record]) -> Self {
        Self {
            requests,
            sorted: 0,
            heard: (0, Instant::now()),
            has_waited: false,
            in_traceback: false,
            reason: None,
            hint: None,
        }
    }

    /// The complete lines to pass on while the helper is silent.
    pub fn so_far(&mut self, moment: &Moment) -> Vec<String> {
        if moment.said.len() != self.heard.0 {
            self.heard = (moment.said.len(), Instant::now());
        }
        let whole = moment.said.iter().rposition(|b| *b == b'\n').map_or(0, |end| end + 1);
        if self.heard.1.elapsed() < SILENCE { Vec::new() } else { self.sort(&moment.said[..whole], moment.output) }
    }

    /// The remaining lines, after it has exited.
    pub fn rest(&mut self, finished: &Finished) -> Vec<String> {
        self.sort(&finished.said, &finished.output)
    }

    /// True for the first call only.
    pub fn is_first_wait(&mut self) -> bool {
        !std::mem::replace(&mut self.has_waited, true)
    }

    /// A traceback is for the author of the helper. Only its last line says what went wrong.
    fn is_of_a_traceback(&mut self, line: &str) -> bool {
        if line.starts_with("Traceback (most recent call last):") {
            self.in_traceback = true;
        } else if self.in_traceback && !line.is_empty() && !line.starts_with(' ') {
            self.in_traceback = false;
            self.reason = Some(line.to_owned());
            return true;
        }
        self.in_traceback
    }

    fn sort(&mut self, said: &[u8], output: &[u8]) -> Vec<String> {
        let said = String::from_utf8_lossy(said);
        if said.lines().nth(self.sorted).is_none() {
            return Vec::new();
        }
        let mut remarks = Vec::new();
        // The secrets of the requests and of the answers, in case the helper repeats them.
        let requests = lines_of(self.requests);
        let secrets = Secrets::of([requests.as_slice(), output]);
        for line in said.lines().skip(self.sorted) {
            self.sorted += 1;
            let line = secrets.redacted(line);
            if self.is_of_a_traceback(&line) {
                continue;
            }
            if let Some(text) = line.strip_prefix("error: ").or(line.strip_prefix("fatal: ")) {
                self.reason = Some(text.to_owned());
            } else if let Some(text) = line.strip_prefix("hint: ").filter(|_| self.reason.is_some()) {
                self.hint = Some(text.to_owned());
            } else if !line.trim().is_empty() {
                remarks.push(line);
            }
        }
        remarks
    }
}
