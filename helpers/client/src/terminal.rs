//! Restores the terminal after a helper that prompts there and may be killed while it does.

use std::fs::{File, OpenOptions};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};

/// The state of the terminal, restored when this is dropped.
pub struct Kept {
    terminal: File,
    before: Termios,
}

impl Kept {
    /// Saves the state of the terminal. `None`: there is no terminal.
    pub fn note() -> Option<Self> {
        let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").ok()?;
        let before = tcgetattr(&terminal).ok()?;
        Some(Self { terminal, before })
    }

    /// Restores that state if it has changed.
    pub fn restore(&self) {
        // In the background, the terminal belongs to another process group, and changing it would stop this program.
        let is_ours = tcgetpgrp(&self.terminal).is_ok_and(|group| group == rustix::process::getpgrp());
        let is_changed = || tcgetattr(&self.terminal).is_ok_and(|now| now.local_modes != self.before.local_modes);
        if is_ours && is_changed() {
            let _ = tcsetattr(&self.terminal, OptionalActions::Flush, &self.before);
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.restore();
    }
}
