//! The progress of a job whose end is not known, on one line of the terminal.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// How often the line changes.
const PAUSE: Duration = Duration::from_millis(100);

/// A line of the terminal that says how far a job is. It is taken back at the end.
pub struct Meter {
    /// `None`: it is no terminal.
    next: Option<Instant>,
    is_shown: bool,
}

impl Meter {
    /// A job that is done within a moment shows nothing.
    pub fn start() -> Self {
        let next = io::stderr().is_terminal().then(|| Instant::now() + PAUSE * 5);
        Self { next, is_shown: false }
    }

    /// Says how far the job is, now and then.
    pub fn show(&mut self, text: impl FnOnce() -> String) {
        let now = Instant::now();
        if self.next.is_some_and(|next| now >= next) {
            self.next = Some(now + PAUSE);
            self.is_shown = true;
            let _ = io::stderr().write_all(format!("\r\x1b[K{} …", text()).as_bytes());
        }
    }

    /// Takes the line back.
    pub fn end(&mut self) {
        self.next = None;
        if std::mem::take(&mut self.is_shown) {
            let _ = io::stderr().write_all(b"\r\x1b[K");
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.end();
    }
}
