//! Prompts a person: with an askpass program, or at the terminal. Afterwards the terminal is as it was before, whether the prompt ends by
//! an answer, a signal, a stop, or a panic.
//!
//! A prompt is shown unchanged, so make it visible first.

#![deny(missing_docs)]

mod program;
#[cfg(unix)]
mod quiet;
#[cfg(unix)]
mod signals;

use std::fs::File;
#[cfg(unix)]
use std::fs::OpenOptions;
use std::io::{self, IsTerminal};
#[cfg(unix)]
use std::io::{BufRead, Write};

use zeroize::Zeroizing;

pub use program::{chosen_program, program};
#[cfg(unix)]
pub use quiet::hidden;

/// The terminal to read from.
const TERMINAL: &str = if cfg!(windows) { "CONIN$" } else { "/dev/tty" };

/// True if there is a terminal for prompts.
pub fn terminal_is_there() -> bool {
    #[cfg(windows)]
    if is_hidden() {
        return false;
    }
    File::open(TERMINAL).is_ok_and(|terminal| terminal.is_terminal())
}

/// True in a window of MSYS (Git Bash without ConPTY): its terminal is a pipe to Windows programs, and the console of this process is
/// hidden, so nobody would see a prompt.
#[cfg(windows)]
fn is_hidden() -> bool {
    use winapi_util::HandleRef;
    let is_console = |stream: HandleRef| winapi_util::console::mode(stream).is_ok();
    (io::stdin().is_terminal() && !is_console(HandleRef::stdin()))
        || (io::stderr().is_terminal() && !is_console(HandleRef::stderr()))
}

/// Asks for a line, and shows it while it is typed. Returns it without its line end.
///
/// # Errors
/// If there is no terminal.
#[cfg(unix)]
pub fn line(prompt: &str) -> io::Result<Zeroizing<String>> {
    OpenOptions::new().write(true).open(TERMINAL)?.write_all(prompt.as_bytes())?;
    let mut line = Zeroizing::new(String::new());
    io::BufReader::new(File::open(TERMINAL)?).read_line(&mut line)?;
    Ok(Zeroizing::new(line.trim_end_matches(['\n', '\r']).to_owned()))
}

/// Asks for a line, and shows it while it is typed. Returns it without its line end. It does not read the console as a file, because then
/// the bytes would depend on the console's code page.
///
/// # Errors
/// If there is no terminal.
#[cfg(windows)]
pub fn line(prompt: &str) -> io::Result<Zeroizing<String>> {
    let seen = rpassword::ConfigBuilder::new().password_feedback_partial_mask('*', usize::MAX).build();
    rpassword::prompt_password_with_config(prompt, seen).map(Zeroizing::new)
}

/// Asks for a secret without echo.
///
/// # Errors
/// If there is no terminal; of the kind `UnexpectedEof` if the person closed the input (Ctrl-D on Unix).
#[cfg(windows)]
pub fn hidden(prompt: &str) -> io::Result<Zeroizing<String>> {
    rpassword::prompt_password(prompt).map(Zeroizing::new)
}
