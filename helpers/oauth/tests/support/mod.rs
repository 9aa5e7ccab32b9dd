//! The helper as a program, with or without a terminal of its own.

#![allow(dead_code, reason = "not every test needs all of it")]

pub mod server;
#[path = "../../../../tests/support/signals.rs"]
mod signals;

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// No run may say or show this: every token and device code that the tests' servers know is made with it.
pub const SECRET: &str = "sentinel";

/// A `get` for a provider with these URLs, and further lines.
pub fn request(device_code_url: &str, token_url: &str, more: &str) -> String {
    format!(
        "protocol=https\nhost=api.example.com\nprovider=example\nsign_in=device_flow\nclient_id=modelforge\n\
         device_code_url={device_code_url}\ntoken_url={token_url}\nscope=read:user\n{more}"
    )
}

#[expect(clippy::disallowed_methods, reason = "a test may start what it likes")]
pub fn command(program: &str) -> Command {
    signals::restore();
    let mut command = Command::new(program);
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").stderr(Stdio::piped());
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

pub const HELPER: &str = env!("CARGO_BIN_EXE_modelforge-credential-oauth");

#[track_caller]
pub fn finish(mut command: Command, input: &str) -> Output {
    let mut child = command.spawn().unwrap();
    // Who does not read its input may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    assert!(!text(&output.stderr).contains(SECRET), "standard error shows a secret");
    output
}

/// The helper's answer without a person; it must succeed in silence.
#[track_caller]
pub fn ask(input: &str) -> String {
    let output = finish(helper(&[]), input);
    assert_eq!(text(&output.stderr), "");
    assert!(output.status.success());
    text(&output.stdout)
}

/// The helper's words when it fails without a person.
#[track_caller]
pub fn complaint(input: &str) -> String {
    let output = finish(helper(&[]), input);
    assert_eq!(text(&output.stdout), "");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    text(&output.stderr)
}

pub fn helper(options: &[&str]) -> Command {
    let mut command = command(HELPER);
    command.args(options).arg("get").env("MODELFORGE_CREDENTIAL_INTERACTIVE", "0");
    command
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The attribute of an answer.
pub fn attribute<'a>(answer: &'a str, key: &str) -> Option<&'a str> {
    answer.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
}

/// The helper with a person at a real terminal, which is not its standard input or output.
pub struct Person {
    child: Child,
    keyboard: File,
    /// Held open, since a terminal that nobody has open hangs up.
    _terminal: File,
    seen: Arc<Mutex<String>>,
    folder: tempfile::TempDir,
}

impl Person {
    pub fn starts(options: &[&str], input: &str) -> Self {
        Self::starts_with(options, input, |_, _| {})
    }

    /// `prepare` may change the command; the path is a folder on its PATH.
    pub fn starts_with(options: &[&str], input: &str, prepare: impl FnOnce(&mut Command, PathBuf)) -> Self {
        use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("request"), input).unwrap();
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        let name = ptsname(&keyboard, Vec::new()).unwrap().into_string().unwrap();
        let terminal = fs::OpenOptions::new().read(true).write(true).open(name).unwrap();
        let mut command = command("setsid");
        let script = "cd \"$1\"; shift; exec \"$@\" <request >answer 2>said";
        command.args(["--ctty", "sh", "-c", script, "sh"]).arg(folder.path()).arg(HELPER).args(options).arg("get");
        command
            .env("MODELFORGE_CREDENTIAL_INTERACTIVE", "1")
            .stdin(terminal.try_clone().unwrap())
            .stdout(Stdio::null());
        prepare(&mut command, folder.path().to_path_buf());
        let child = command.spawn().expect("`setsid` starts: it is part of util-linux");
        drop(command);
        let keyboard = File::from(keyboard);
        let mut screen = keyboard.try_clone().unwrap();
        let seen = Arc::new(Mutex::new(String::new()));
        let shown = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = screen.read(&mut bytes) {
                shown.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        Self { child, keyboard, _terminal: terminal, seen, folder }
    }

    /// All that was on the screen so far.
    pub fn seen(&self) -> String {
        self.seen.lock().unwrap().clone()
    }

    #[track_caller]
    pub fn sees(&self, what: &str) {
        let start = Instant::now();
        while !self.seen().contains(what) {
            let said = fs::read_to_string(self.folder.path().join("said")).unwrap_or_default();
            assert!(start.elapsed() < Duration::from_secs(30), "no {what:?} in {:?}; said: {said}", self.seen());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn types(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_path_buf()
    }

    /// Waits for the end: what it answered, and what it said on standard error.
    #[track_caller]
    pub fn waits(mut self) -> (ExitStatus, String, String) {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if start.elapsed() > Duration::from_secs(60) {
                self.child.kill().unwrap();
                panic!("it does not end: {:?}", self.seen());
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        let read = |name| fs::read_to_string(self.folder.path().join(name)).unwrap();
        let (answer, said) = (read("answer"), read("said"));
        assert!(!said.contains(SECRET) && !self.seen().contains(SECRET), "a secret is shown");
        (status, answer, said)
    }

    /// Waits for success in silence.
    #[track_caller]
    pub fn gets(self) -> String {
        let (status, answer, said) = self.waits();
        assert_eq!(said, "");
        assert!(status.success());
        answer
    }

    /// Waits for a failure.
    #[track_caller]
    pub fn fails(self) -> String {
        let (status, answer, said) = self.waits();
        assert_eq!((answer.as_str(), status.code(), status.signal()), ("", Some(1), None));
        said
    }
}
