//! The person's terminal. It is neither standard output, which belongs to the protocol, nor standard error, which may be a log.

use std::cell::{Cell, RefCell};
use std::fs::{File, OpenOptions};
use std::io::{IsTerminal, Write};
use std::time::Duration;

use modelforge_credential_protocol::{Interactive, visible};
use oauth2::url::Url;

pub struct Screen {
    terminal: RefCell<File>,
    counting: Cell<usize>,
}

impl Screen {
    /// Opens the terminal, if the caller says that a person is present.
    pub fn open() -> Option<Self> {
        if Interactive::of_environment() != Interactive::Yes {
            return None;
        }
        let name = if cfg!(windows) { "CONOUT$" } else { "/dev/tty" };
        let terminal = OpenOptions::new().read(true).write(true).open(name).ok().filter(File::is_terminal)?;
        Some(Self { terminal: RefCell::new(terminal), counting: Cell::new(0) })
    }

    /// Shows the page, and the code to type there.
    pub fn show(&self, name: &str, url: &Url, code: &str) {
        let (url, code) = (visible(url.as_str()), visible(code));
        self.write(&format!("Sign in to {name}: open\n\n    {url}\n\nand enter the code\n\n    {code}\n\n"));
    }

    /// Shows a separate line.
    pub fn say(&self, line: &str) {
        self.write(&format!("{}\n", visible(line)));
    }

    /// Shows the remaining time, always on the same line.
    pub fn count_down(&self, left: Duration, connected: bool) {
        let (minutes, seconds) = (left.as_secs() / 60, left.as_secs() % 60);
        let what = if connected { "waiting for you" } else { "no connection, still trying" };
        let line = format!("{what}, {minutes}:{seconds:02} left");
        let width = self.counting.replace(line.len());
        self.write(&format!("\r{line:width$}"));
    }

    fn write(&self, text: &str) {
        // If the terminal was closed, this process will end anyway.
        let _ = self.terminal.borrow_mut().write_all(text.as_bytes());
    }
}

/// Clears the line of the countdown.
impl Drop for Screen {
    fn drop(&mut self) {
        let width = self.counting.get();
        if width > 0 {
            self.write(&format!("\r{:width$}\r", ""));
        }
    }
}

/// Opens the person's browser. Its output does not go to our standard output, and no shell sees the URL.
#[cfg(any(windows, target_os = "macos"))]
pub fn open_browser(url: &Url) -> std::io::Result<()> {
    open::that_detached(url.as_str())
}

/// Opens the person's browser with a program that is looked up with the same checks as a helper. It gets its own process group, so that it
/// does not end with this process.
#[cfg(not(any(windows, target_os = "macos")))]
pub fn open_browser(url: &Url) -> std::io::Result<()> {
    use modelforge_credential_client::{command, on_path};
    use std::os::unix::process::CommandExt;
    use std::process::Stdio;
    let found = on_path("xdg-open".as_ref()).or_else(|_| on_path("wslview".as_ref()));
    let mut command = command(&found.map_err(|_| std::io::ErrorKind::NotFound)?);
    command.arg(url.as_str()).process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().map(drop)
}
