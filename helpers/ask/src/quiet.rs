//! Prompts at the terminal without echo.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::signals::{Around, Watch};

/// The open prompt. The thread that handles signals uses it to restore the terminal.
static OPEN: Mutex<Option<Question>> = Mutex::new(None);

struct Question {
    terminal: File,
    before: Termios,
    prompt: String,
}

/// Asks for a secret without echo. A signal that ends the program restores the terminal first. After a stop (Ctrl-Z), the prompt is shown
/// again.
///
/// # Errors
/// If there is no terminal; of the kind `UnexpectedEof` if the person closed the input (Ctrl-D).
pub fn hidden(prompt: &str) -> io::Result<Zeroizing<String>> {
    let mut terminal = OpenOptions::new().read(true).write(true).open(crate::TERMINAL)?;
    let input = Typed { terminal: terminal.try_clone()?, waiting: Zeroizing::new(None) };
    let _asked = Asked::start(Question {
        before: tcgetattr(&terminal)?,
        terminal: terminal.try_clone()?,
        prompt: prompt.to_owned(),
    })?;
    // rpassword edits the line itself. The terminal would cut a key after 4,095 bytes.
    let config = rpassword::ConfigBuilder::new().input_reader(input).output_discard().build();
    let entered = rpassword::read_password_with_config(config).map(Zeroizing::new);
    let _ = terminal.write_all(b"\n");
    entered
}

impl Question {
    fn ask(&mut self) -> io::Result<()> {
        let mut quiet = self.before.clone();
        quiet.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON);
        tcsetattr(&self.terminal, OptionalActions::Now, &quiet)?;
        self.terminal.write_all(self.prompt.as_bytes())
    }
}

/// Restores the terminal when it is dropped.
struct Asked {
    _watch: Watch,
}

impl Asked {
    fn start(question: Question) -> io::Result<Self> {
        restore_before_a_panic();
        // Before echo is turned off, because a signal may come at any moment.
        let asked = Self { _watch: Watch::start(Around { before: give_back, after: ask_again })? };
        STARTS_OVER.store(false, Ordering::SeqCst);
        open().insert(question).ask()?;
        Ok(asked)
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if let Some(question) = open().take() {
            let _ = tcsetattr(&question.terminal, OptionalActions::Now, &question.before);
        }
    }
}

fn open() -> MutexGuard<'static, Option<Question>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Restores the terminal before a signal ends or stops the program. Half a typed key must not go to the shell.
fn give_back() {
    if let Some(question) = &mut *open() {
        let _ = tcsetattr(&question.terminal, OptionalActions::Flush, &question.before);
        let _ = question.terminal.write_all(b"\n");
    }
}

/// Shows the prompt again after a stop. The shell may have changed the terminal in the meantime.
fn ask_again() {
    if let Some(question) = &mut *open() {
        if let Ok(now) = tcgetattr(&question.terminal)
            && now.local_modes.contains(LocalModes::ECHO)
        {
            question.before = now;
        }
        STARTS_OVER.store(true, Ordering::SeqCst);
        let _ = question.ask();
    }
}

/// A panic that aborts drops nothing.
fn restore_before_a_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if let Ok(question) = OPEN.try_lock()
                && let Some(question) = &*question
            {
                let _ = tcsetattr(&question.terminal, OptionalActions::Flush, &question.before);
            }
            report(panic);
        }));
    });
}

/// Reads byte by byte, because input after the line belongs to others.
struct Typed {
    terminal: File,
    waiting: Zeroizing<Option<u8>>,
}

/// Set when the prompt is shown again: what was typed before the stop does not count.
static STARTS_OVER: AtomicBool = AtomicBool::new(false);

/// Ctrl-U, which clears the line.
const EMPTY_THE_LINE: u8 = 0x15;

impl Read for Typed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(byte) = buffer.first_mut() else { return Ok(0) };
        if let Some(waiting) = self.waiting.take() {
            *byte = waiting;
            return Ok(1);
        }
        let count = loop {
            match self.terminal.read(std::slice::from_mut(byte)) {
                // The program was stopped and continued.
                Err(problem) if problem.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        if count > 0 && STARTS_OVER.swap(false, Ordering::SeqCst) {
            *self.waiting = Some(std::mem::replace(byte, EMPTY_THE_LINE));
        }
        Ok(count)
    }
}
