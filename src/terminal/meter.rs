//! Shows the progress of a job of unknown length, on one line of the terminal.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// How often the line changes.
const PAUSE: Duration = Duration::from_millis(100);

/// A progress line on the terminal. It is cleared at the end.
pub struct Meter {
    /// `None`: there is no terminal.
    next: Option<Instant>,
    is_shown: bool,
}

impl Meter {
    /// Nothing is shown for a job that takes only a moment.
    pub fn start() -> Self {
        let next = io::stderr().is_terminal().then(|| Instant::now() + PAUSE * 5);
        Self { next, is_shown: false }
    }

    /// Updates the line from time to time.
    pub fn show(&mut self, text: impl FnOnce() -> String) {
        let now = Instant::now();
        if self.next.is_some_and(|next| now >= next) {
            self.next = Some(now + PAUSE);
            self.is_shown = true;
            let _ = io::stderr().write_all(format!("\r\x1b[K{} …", text()).as_bytes());
        }
    }

    /// Clears the line.
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
