//! The only module that prints or prompts. Standard output is for the answer, the terminal for prompts, standard error for remarks.
//! Everything is made visible first: no control character reaches a terminal.

mod fold;
mod held;
mod meter;
mod table;

use std::io::{self, IsTerminal, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use modelforge_credential_client::Failure;
use modelforge_credential_protocol::{Error, Result, shown, visible};
use zeroize::Zeroizing;

use crate::error;
use fold::fold;
pub use held::{Remark, hold, release};
pub use meter::Meter;
pub use table::{Paint, columns};

static VERBOSE: AtomicBool = AtomicBool::new(false);

/// Turns the trace on.
pub fn set_verbose(verbose: bool) {
    VERBOSE.store(verbose, Ordering::Relaxed);
}

/// True if the trace is on.
pub fn is_verbose() -> bool {
    VERBOSE.load(Ordering::Relaxed)
}

/// Writes an answer to standard output, in one piece.
pub fn answer(lines: &[u8]) -> io::Result<()> {
    // The Windows console would take bytes for characters of its code page. The standard library writes text to it.
    if cfg!(windows) && io::stdout().is_terminal() {
        let mut console = io::stdout().lock();
        return console.write_all(lines).and_then(|()| console.flush());
    }
    modelforge_credential_protocol::stdout()?.write_all(lines)
}

/// A report in the form that `--json` prints.
pub fn json(report: &impl serde::Serialize) -> anyhow::Result<Vec<u8>> {
    let mut lines = serde_json::to_vec_pretty(report)?;
    lines.push(b'\n');
    Ok(lines)
}

/// Writes an answer in the protocol. At a terminal a person reads it, so text from a helper must not move the cursor there.
pub fn protocol(lines: &[u8]) -> io::Result<()> {
    if !io::stdout().is_terminal() {
        return answer(lines);
    }
    let text = Zeroizing::new(String::from_utf8_lossy(lines).into_owned());
    let mut seen = Zeroizing::new(String::with_capacity(text.len()));
    text.split_terminator('\n').for_each(|line| {
        seen.push_str(&Zeroizing::new(visible(line)));
        seen.push('\n');
    });
    answer(seen.as_bytes())
}

/// Prints on standard output what was done.
pub fn done(line: &str) -> io::Result<()> {
    tell(&format!("{}\n", shown(line)))
}

/// Prints text for a person on standard output. On a terminal, lines are broken between words.
pub fn tell(text: &str) -> io::Result<()> {
    let Some(width) = fold::width_of(&io::stdout()) else { return answer(text.as_bytes()) };
    answer(text.lines().map(|line| fold(line, width, 0) + "\n").collect::<String>().as_bytes())
}

/// After a second, shows on the terminal what takes so long. The line is cleared when this is dropped.
pub struct Progress {
    end: Option<std::sync::mpsc::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Progress {
    pub fn start(what: &'static str) -> Self {
        if !io::stderr().is_terminal() || !table::understands_escapes() {
            return Self { end: None, thread: None };
        }
        let (end, ended) = std::sync::mpsc::channel::<()>();
        // If this fails, the job continues without a progress line.
        let thread = std::thread::Builder::new().spawn(move || {
            let timeout = std::sync::mpsc::RecvTimeoutError::Timeout;
            if ended.recv_timeout(std::time::Duration::from_secs(1)) == Err(timeout) {
                let _ = io::stderr().write_all(format!("{what} …").as_bytes());
                let _ = ended.recv();
                let _ = io::stderr().write_all(b"\r\x1b[K");
            }
        });
        Self { end: Some(end), thread: thread.ok() }
    }
}

/// Above this, show one progress line instead of one line for each step.
const MANY: usize = 20;

/// The progress of a long job, on one line of the terminal.
pub struct Count {
    what: &'static str,
    done: usize,
    total: usize,
    is_shown: bool,
    /// True if the report of each step goes to the same terminal.
    hides_lines: bool,
}

impl Progress {
    /// Counts the steps of a job.
    pub fn count(what: &'static str, total: usize) -> Count {
        let is_shown = total > MANY && io::stderr().is_terminal() && table::understands_escapes();
        Count { what, done: 0, total, is_shown, hides_lines: is_shown && io::stdout().is_terminal() }
    }
}

impl Count {
    /// Counts a step, and calls `tell` to report it. On the terminal that shows the count, only warnings are reported.
    pub fn step(&mut self, tell: impl FnOnce(bool) -> anyhow::Result<()>) -> anyhow::Result<()> {
        self.done += 1;
        if !self.is_shown {
            return tell(true);
        }
        let _ = io::stderr().write_all(b"\r\x1b[K");
        tell(!self.hides_lines)?;
        const WIDTH: usize = 30;
        let full = self.done * WIDTH / self.total.max(1);
        let (what, done, total, rest) = (self.what, self.done, self.total, WIDTH - full);
        let _ = io::stderr()
            .write_all(format!("{what} [{}{}] {done}/{total}", "#".repeat(full), " ".repeat(rest)).as_bytes());
        Ok(())
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        if self.is_shown {
            let _ = io::stderr().write_all(b"\r\x1b[K");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Prints an error.
pub fn error(problem: &anyhow::Error) {
    say("error", &format!("{problem:#}"));
    if let Some(hint) = problem.chain().find_map(hint_of) {
        say("hint", &hint);
    }
}

fn hint_of(cause: &(dyn std::error::Error + 'static)) -> Option<String> {
    if let Some(failure) = cause.downcast_ref::<Failure>() {
        return failure.hint();
    }
    let usage = || cause.downcast_ref::<error::Usage>().map(|usage| &usage.0);
    let not_started = || cause.downcast_ref::<error::NotStarted>().map(|problem| &problem.0);
    let error = cause.downcast_ref::<Error>().or_else(usage).or_else(not_started);
    error.and_then(Error::hint_text).map(str::to_owned)
}

/// Prints a warning: the work continues, but the person should know.
pub fn warning(problem: &Error) {
    if held::keep(Remark::Own(problem.clone())).is_none() {
        return;
    }
    say("warning", &problem.to_string());
    if let Some(hint) = problem.hint_text() {
        say("hint", hint);
    }
}

/// Prints a note for a person on standard error.
pub fn note(line: &str) {
    write_line(&shown(line));
}

/// Passes on a line of a helper.
pub fn remark(line: &str) {
    if let Some(Remark::OfAHelper(line)) = held::keep(Remark::OfAHelper(shown(line))) {
        write_line(&line);
    }
}

/// Shows a note on the terminal about what is going on. It is not written to a file, because there it would depend on the machine's speed.
pub fn aside(line: &str) {
    if io::stderr().is_terminal() {
        write_line(&shown(line));
    }
}

/// True if this line of a helper is new. A helper that is asked several times repeats itself.
pub fn is_news(warning: &str) -> bool {
    static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let Ok(mut said) = SAID.lock() else { return true };
    let is_news = said.iter().all(|other| other != warning);
    if is_news {
        said.push(warning.to_owned());
    }
    is_news
}

/// Prints a warning only once: a helper that fails for one credential fails for the next as well.
pub fn warn_once(problem: &Error) {
    if is_news(&problem.to_string()) {
        warning(problem);
    }
}

/// Prints a line of the trace.
pub fn trace(line: &str) {
    if is_verbose() {
        say("trace", line);
    }
}

/// Tells a person who starts a command that reads a request, but types nothing, what it waits for.
pub fn tell_what_is_awaited(input: &impl IsTerminal) {
    if input.is_terminal() {
        write_line("reading key=value lines (for example `provider=openai`); an empty line ends them");
    }
}

fn say(kind: &str, text: &str) {
    write_line(&format!("{kind}: {}", shown(text)));
}

fn write_line(line: &str) {
    let folded = fold::width_of(&io::stderr()).map(|width| fold(line, width, 2));
    // If standard error is closed, nobody can be told.
    let _ = io::stderr().write_all(format!("{}\n", folded.as_deref().unwrap_or(line)).as_bytes());
}

/// Asks at the terminal whether to continue.
pub fn confirm(question: &str) -> Result<bool> {
    Ok(matches!(read_line(question)?.trim(), "y" | "Y" | "yes"))
}

/// The same, but without echo, because a person who has not read the question may paste a key. `None`: the input is not an answer.
pub fn confirm_unseen(question: &str) -> Result<Option<bool>> {
    let entered = match modelforge_credential_ask::hidden(question) {
        // Ctrl-D.
        Err(problem) if problem.kind() == io::ErrorKind::UnexpectedEof => return Ok(Some(false)),
        entered => entered?,
    };
    Ok(match entered.trim() {
        "y" | "Y" | "yes" => Some(true),
        "" | "n" | "N" | "no" => Some(false),
        _ => None,
    })
}

/// Asks at the terminal for a line that is not secret.
pub fn read_line(prompt: &str) -> Result<Zeroizing<String>> {
    Ok(modelforge_credential_ask::line(prompt)?)
}

/// Asks at the terminal for a secret, without echo.
pub fn read_hidden(prompt: &str) -> Result<Zeroizing<String>> {
    match modelforge_credential_ask::hidden(prompt) {
        // Ctrl-D.
        Err(problem) if problem.kind() == io::ErrorKind::UnexpectedEof => Err(error::nothing_entered()),
        entered => Ok(entered?),
    }
}
