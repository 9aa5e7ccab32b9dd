//! Shows the progress of a long task.

use std::io::Write;
use std::time::{Duration, Instant};

use modelforge_credential_protocol::Interactive;

/// How long a person waits before progress is shown.
const LONG: Duration = Duration::from_secs(2);

pub struct Progress {
    all: usize,
    done: usize,
    said: Instant,
    is_wanted: bool,
}

impl Progress {
    pub fn new(all: usize) -> Self {
        let is_wanted = Interactive::of_environment() == Interactive::Yes;
        Self { all, done: 0, said: Instant::now(), is_wanted }
    }

    pub fn step(&mut self) {
        self.done += 1;
        if self.is_wanted && self.said.elapsed() >= LONG {
            self.said = Instant::now();
            let _ = writeln!(std::io::stderr(), "re-encrypted {} of {} credentials", self.done, self.all);
        }
    }
}
