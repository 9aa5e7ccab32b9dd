//! The terminal, around a helper that asks there and may be killed while it does.

use std::fs::{File, OpenOptions};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

/// The state of the terminal, restored when this is dropped.
pub struct Kept {
    terminal: File,
    before: Termios,
}

impl Kept {
    /// Notes the state of the terminal. `None`: there is none.
    pub fn note() -> Option<Self> {
        let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").ok()?;
        let before = tcgetattr(&terminal).ok()?;
        Some(Self { terminal, before })
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // In the background, where a change would stop this program, there is nothing to restore either.
        let changed = tcgetattr(&self.terminal).is_ok_and(|now| now.local_modes != self.before.local_modes);
        if changed {
            let _ = tcsetattr(&self.terminal, OptionalActions::Flush, &self.before);
        }
    }
}
