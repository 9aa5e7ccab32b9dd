//! Prompting a person: at a real terminal, through an askpass program, or not at all.

mod askpass;
mod attended;
mod help;
mod never;
mod place;
mod signals;
mod terminal;

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::{ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use pty_process::blocking::{Command, Pty};
use rustix::termios::{LocalModes, tcgetattr};

use crate::support::{SECRET, Test};

/// A program that runs at a terminal of its own, and what it showed there.
pub struct Session {
    child: std::process::Child,
    terminal: Pty,
    heard: Receiver<Vec<u8>>,
    shown: String,
}

const PATIENCE: Duration = Duration::from_secs(30);

impl Session {
    /// Starts what was prepared, in a new session with a terminal; the request comes through a pipe, the answer goes into one.
    pub fn start(test: &Test, request: &str) -> Self {
        let mut session = Self::with(test, |command| command.stdin(Stdio::piped()).stdout(Stdio::piped()));
        session.child.stdin.take().expect("an input").write_all(request.as_bytes()).expect("it reads");
        session
    }

    /// The same as a person does it: the input is the terminal, and only the answer goes into a pipe.
    pub fn typed(test: &Test) -> Self {
        Self::with(test, |command| command.stdout(Stdio::piped()))
    }

    /// The same with nothing but the terminal.
    pub fn bare(test: &Test) -> Self {
        Self::with(test, |command| command)
    }

    /// The same at a terminal of so many columns.
    pub fn wide(test: &Test, columns: u16) -> Self {
        Self::sized(test, Some(columns), |command| command)
    }

    fn with(test: &Test, pipes: impl FnOnce(Command) -> Command) -> Self {
        Self::sized(test, None, pipes)
    }

    fn sized(test: &Test, columns: Option<u16>, pipes: impl FnOnce(Command) -> Command) -> Self {
        let prepared = test.command();
        let (terminal, end) = pty_process::blocking::open().expect("a terminal");
        if let Some(columns) = columns {
            terminal.resize(pty_process::Size::new(24, columns)).expect("it has a size");
        }
        let command =
            Command::new(prepared.get_program()).args(prepared.get_args()).env_clear().current_dir(test.work());
        let mut command = pipes(command);
        for (name, value) in prepared.get_envs() {
            command = command.env(name, value.expect("a value"));
        }
        let child = command.spawn(end).expect("the program starts");
        let mut reader = std::fs::File::from(terminal.as_fd().try_clone_to_owned().expect("a descriptor"));
        let (sender, heard) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { child, terminal, heard, shown: String::new() }
    }

    /// Waits until this is shown.
    #[track_caller]
    pub fn expect(&mut self, text: &str) {
        let start = Instant::now();
        while !self.shown.contains(text) {
            match self.heard.recv_timeout(Duration::from_millis(100)) {
                Ok(bytes) => self.shown.push_str(&String::from_utf8_lossy(&bytes)),
                Err(_) => assert!(start.elapsed() < PATIENCE, "`{text}` is not shown, but: {:?}", self.shown),
            }
        }
    }

    #[track_caller]
    fn echoes(&self) -> bool {
        let modes = tcgetattr(self.terminal.as_fd()).expect("the terminal is there").local_modes;
        modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
    }

    /// Waits until the program has turned echo off.
    #[track_caller]
    pub fn expect_hidden(&self) {
        let start = Instant::now();
        while self.echoes() {
            assert!(start.elapsed() < PATIENCE, "the terminal still echoes");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn types(&mut self, keys: &str) {
        self.terminal.write_all(keys.as_bytes()).expect("keys arrive");
    }

    /// Makes the terminal larger or smaller.
    pub fn resize(&self, rows: u16, columns: u16) {
        self.terminal.resize(pty_process::Size::new(rows, columns)).expect("it has a size");
    }

    /// The process that was started.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the end: the status, the answer, and all that was shown.
    pub fn end(mut self) -> (ExitStatus, String, String) {
        let mut answer = String::new();
        if let Some(mut output) = self.child.stdout.take() {
            output.read_to_string(&mut answer).expect("text");
        }
        let status = self.child.wait().expect("it ends");
        assert!(self.echoes(), "the terminal was left without echo");
        while let Ok(bytes) = self.heard.recv_timeout(Duration::from_millis(300)) {
            self.shown.push_str(&String::from_utf8_lossy(&bytes));
        }
        assert!(!self.shown.contains(SECRET), "the terminal shows the secret: {:?}", self.shown);
        (status, answer, self.shown)
    }
}

fn asking(test: Test) -> Test {
    test.env("MODELFORGE_CREDENTIAL_INTERACTIVE", "").args(["fill"])
}

fn answer() -> String {
    format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={SECRET}\n")
}

/// Writes a program that answers prompts, and keeps what it was asked.
fn askpass(test: Test, name: &str, body: &str) -> (Test, String) {
    let asked = test.home().join(format!("{name}.asked"));
    let test = test.script(name, &format!("printf '%s|' \"$@\" >> '{}'\n{body}", asked.display()));
    let path = test.bin().join(format!("modelforge-credential-{name}")).display().to_string();
    (test, path)
}

fn asked(test: &Test, name: &str) -> String {
    std::fs::read_to_string(test.home().join(format!("{name}.asked"))).unwrap_or_default()
}

#[test]
fn a_locked_helper_is_asked_again_with_a_person_and_can_read_the_terminal() {
    let body = format!(
        "[ \"$1\" = get ] || exit 0\n[ \"$MODELFORGE_CREDENTIAL_INTERACTIVE\" = 1 ] || {{ echo 'error: it is locked' >&2; exit 1; }}\n\
         printf 'PIN: ' > /dev/tty; read pin < /dev/tty; [ \"$pin\" = 1234 ] && echo 'password={SECRET}'"
    );
    let test = asking(Test::new().script("locked", &body).helpers("locked"));
    let mut session = Session::start(&test, "provider=openai\n");
    session.expect("PIN: ");
    session.types("1234\r");
    let (status, found, _) = session.end();
    assert_eq!((status.code(), found), (Some(0), answer()));
    // Where nobody is, it is not.
    let test = test.env("MODELFORGE_CREDENTIAL_INTERACTIVE", "0").args(["fill"]);
    let (status, _, shown) = Session::start(&test, "provider=openai\n").end();
    assert_eq!(status.code(), Some(1));
    assert!(
        shown.starts_with("warning: helper `locked` failed: it is locked\r\n") && !shown.contains("PIN"),
        "{shown:?}"
    );
}
