//! Asking a person: at a real terminal, through an askpass program, or not at all.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
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

#[test]
fn a_key_is_asked_for_at_the_terminal_without_echo_and_stands_on_standard_output_alone() {
    let test = asking(Test::new().helpers(""));
    let mut session = Session::start(&test, "provider=openai\n");
    session.expect("API key for openai (https://api.openai.com): ");
    session.expect_hidden();
    session.types(&format!("{SECRET}\r"));
    let (status, found, shown) = session.end();
    assert_eq!(found, answer());
    assert_eq!(shown, "API key for openai (https://api.openai.com): \r\n");
    assert!(status.success());
    test.check_files();
}

#[test]
fn a_key_can_be_corrected_while_it_is_typed() {
    let test = asking(Test::new().helpers(""));
    let mut session = Session::start(&test, "provider=openai\n");
    session.expect("API key");
    session.expect_hidden();
    session.types(&format!("wrong\u{15}{SECRET}xy\u{7f}\u{7f}\u{1b}[A\r"));
    let (status, found, _) = session.end();
    assert_eq!(found, answer());
    assert!(status.success());
}

#[test]
fn a_key_longer_than_a_line_of_the_terminal_arrives_whole() {
    let test = asking(Test::new().helpers(""));
    let mut session = Session::start(&test, "provider=openai\n");
    session.expect("API key");
    session.expect_hidden();
    let key = "k".repeat(10_000);
    for part in key.as_bytes().chunks(1000) {
        session.types(&String::from_utf8_lossy(part));
        std::thread::sleep(Duration::from_millis(20));
    }
    session.types("\r");
    let (status, found, _) = session.end();
    assert_eq!(found.len(), answer().len() - SECRET.len() + key.len());
    assert!(status.success());
}

#[test]
fn ctrl_c_ends_it_by_the_signal_and_leaves_the_terminal_as_it_was() {
    let test = asking(Test::new().helpers(""));
    let mut session = Session::start(&test, "provider=openai\n");
    session.expect("API key");
    session.expect_hidden();
    session.types("sk-half\u{3}");
    let (status, found, shown) = session.end();
    assert!(status.signal() == Some(2) || status.code() == Some(130), "{status:?}");
    assert_eq!(found, "");
    assert!(!shown.contains("sk-half"), "{shown:?}");
}

#[test]
fn nothing_entered_is_an_error() {
    for keys in ["\r", "  \r", "\u{4}"] {
        let test = asking(Test::new().helpers(""));
        let mut session = Session::start(&test, "provider=openai\n");
        session.expect("API key");
        session.expect_hidden();
        session.types(keys);
        let (status, found, shown) = session.end();
        assert_eq!((status.code(), &*found), (Some(1), ""));
        assert!(shown.ends_with("error: nothing was entered\r\n"), "{shown:?}");
    }
}

#[test]
fn a_host_that_nobody_knows_needs_a_user_name_as_well() {
    let test = asking(Test::new().helpers(""));
    let mut session = Session::start(&test, "url=https://example.com/x\n");
    session.expect("Username for 'https://example.com': ");
    session.types("ann\r");
    session.expect("Password for 'https://ann@example.com': ");
    session.expect_hidden();
    session.types(&format!("{SECRET}\r"));
    let (status, found, _) = session.end();
    assert_eq!(found, format!("protocol=https\nhost=example.com\nusername=ann\npassword={SECRET}\n"));
    assert!(status.success());
}

#[test]
fn control_characters_of_a_request_are_visible_in_the_prompt() {
    let test = asking(Test::new().helpers(""));
    let request = "protocol=https\nhost=git\u{1b}[2Jhub.com\u{202e}\nusername=a\u{7}\u{1b}]0;x\n";
    let mut session = Session::start(&test, request);
    session.expect("': ");
    session.expect_hidden();
    session.types("\u{3}");
    let (_, _, shown) = session.end();
    assert!(
        shown.starts_with("Password for 'https://a\\u{7}\\u{1b}]0;x@git\\u{1b}[2Jhub.com\\u{202e}': "),
        "{shown:?}"
    );
    assert!(!shown.chars().any(|c| c.is_control() && c != '\r' && c != '\n'), "{shown:?}");
}

#[test]
fn a_key_that_is_found_is_not_asked_for() {
    let test = asking(Test::new().helpers("env").env("OPENAI_API_KEY", SECRET));
    let (status, found, shown) = Session::start(&test, "provider=openai\n").end();
    assert!(status.success() && found.starts_with(&answer()), "{found}");
    assert_eq!(shown, "");
}

#[test]
fn interactive_0_never_asks_even_at_a_terminal() {
    for value in ["0", "false", "no", "never"] {
        let test = asking(Test::new().helpers("").script("askpass", "echo typed"));
        let askpass = test.bin().join("modelforge-credential-askpass").display().to_string();
        let test = test.env("MODELFORGE_CREDENTIAL_INTERACTIVE", value).env("SSH_ASKPASS", askpass);
        let (status, found, shown) = Session::start(&test, "provider=openai\n").end();
        assert_eq!((status.code(), &*found), (Some(1), ""));
        assert!(
            shown.starts_with("error: no credential for `openai` (`https://api.openai.com`)\r\nhint: "),
            "{shown:?}"
        );
    }
}

#[test]
fn as_a_helper_it_never_asks() {
    let test = asking(Test::new().helpers("")).args(["get"]);
    let (status, found, shown) = Session::start(&test, "provider=openai\n").end();
    assert_eq!((status.code(), &*found, &*shown), (Some(0), "", ""));
}

#[test]
fn without_a_terminal_it_never_asks_and_says_so_at_once() {
    let test = asking(Test::new().helpers(""));
    let core = crate::support::program("modelforge-credential").display().to_string();
    // Whoever runs the tests may sit at a terminal.
    let python = crate::support::system("python3", "python3").display().to_string();
    let detached = "import os, sys; os.fork() and sys.exit(os.waitstatus_to_exitcode(os.wait()[1])); os.setsid(); os.execv(sys.argv[1], sys.argv[1:])";
    let start = Instant::now();
    let output = test.run(&[&*python, "-c", detached, &core, "fill"], "provider=openai\n");
    assert!(start.elapsed() < Duration::from_secs(5), "it waited");
    drop(test.command());
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "error: no credential for `openai` (`https://api.openai.com`)\n\
         hint: printf 'provider=openai\\npassword=%s\\n' \"$KEY\" | modelforge-credential approve\n"
    );
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
fn our_askpass_is_asked_before_that_of_ssh_and_that_before_the_terminal() {
    let (test, ours) = askpass(Test::new().helpers(""), "ours", &format!("printf '{SECRET}\\r\\nmore\\n'"));
    let (test, ssh) = askpass(test, "ssh", "echo from-ssh");
    let test = asking(test.env("MODELFORGE_CREDENTIAL_ASKPASS", &ours).env("SSH_ASKPASS", &ssh));
    let (status, found, shown) = Session::start(&test, "provider=openai\n").end();
    assert_eq!((status.code(), found, &*shown), (Some(0), answer(), ""));
    assert_eq!(asked(&test, "ours"), "API key for openai (https://api.openai.com): |");
    assert_eq!(asked(&test, "ssh"), "");
    // Set to nothing is not set.
    let test = asking(test.env("MODELFORGE_CREDENTIAL_ASKPASS", ""));
    let (_, found, _) = Session::start(&test, "provider=openai\n").end();
    assert_eq!(found, answer().replace(SECRET, "from-ssh"));
    let test = asking(test.env("SSH_ASKPASS", ""));
    let mut session = Session::start(&test, "provider=openai\n");
    session.expect("API key for openai");
    session.expect_hidden();
    session.types("at-the-terminal\r");
    assert_eq!(session.end().1, answer().replace(SECRET, "at-the-terminal"));
}

#[test]
fn an_askpass_that_fails_falls_back_to_the_terminal() {
    let (test, failing) = askpass(Test::new().helpers(""), "failing", "echo half; exit 1");
    let test = asking(test.env("MODELFORGE_CREDENTIAL_ASKPASS", &failing));
    let mut session = Session::start(&test, "provider=openai\n");
    session.expect("failed: exit status 1");
    session.expect("API key for openai (https://api.openai.com): ");
    session.expect_hidden();
    session.types(&format!("{SECRET}\r"));
    assert_eq!(session.end().1, answer());
}

#[test]
fn an_askpass_gets_visible_text_and_is_asked_for_the_name_first() {
    let (test, path) = askpass(Test::new().helpers(""), "ask", "case $1 in User*) echo ann;; *) echo pw;; esac");
    let test = asking(test.env("MODELFORGE_CREDENTIAL_ASKPASS", path)).stdin("protocol=https\nhost=a\u{1b}b\n");
    let test = test.stdout("protocol=https\nhost=a\u{1b}b\nusername=ann\npassword=pw\n").success();
    assert_eq!(asked(&test, "ask"), "Username for 'https://a\\u{1b}b': |Password for 'https://ann@a\\u{1b}b': |");
}

#[test]
fn an_askpass_in_a_place_that_anyone_can_write_to_is_not_started() {
    use std::os::unix::fs::PermissionsExt;
    let (test, path) = askpass(Test::new().helpers(""), "ask", "echo pw");
    std::fs::set_permissions(test.bin(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let test = asking(test.env("MODELFORGE_CREDENTIAL_ASKPASS", path));
    let mut session = Session::start(&test, "provider=openai\n");
    session.expect("is not started: anyone can write to");
    session.expect("API key for openai");
    session.expect_hidden();
    session.types("\u{3}");
    session.end();
    assert_eq!(asked(&test, "ask"), "");
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

#[test]
fn who_types_a_request_is_told_what_is_awaited() {
    let test = asking(Test::new().helpers("env").env("OPENAI_API_KEY", SECRET));
    let core = crate::support::program("modelforge-credential").display().to_string();
    let test = test.program("/bin/sh").args(["-c", &format!("exec '{core}' fill < /dev/tty")]);
    let mut session = Session::start(&test, "");
    session.expect("reading key=value lines (for example `provider=openai`); an empty line ends them");
    session.types("provider=openai\r\r");
    let (status, found, _) = session.end();
    assert!(status.success() && found.starts_with(&answer()));
}

#[test]
fn the_help_says_what_the_program_does() {
    let output = Test::new().args(["--help"]).output();
    assert!(output.status.success() && output.stderr.is_empty());
    insta::assert_snapshot!("help", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn a_mistyped_command_is_named_with_what_was_meant_and_what_may_be_a_key_is_not_repeated() {
    let meant = |word: &str, meant: &str| format!("error: unknown command `{word}`\nhint: did you mean `{meant}`?\n");
    let mut test = Test::new();
    for (arguments, said) in [
        (&["lgoin"][..], meant("lgoin", "login")),
        (&["lgoin", "openai"], meant("lgoin", "login")),
        (&["exce", "openai", "--", "true"], meant("exce", "exec")),
        (&["auth", "lgoin"], meant("lgoin", "login")),
        (&["auth", "exce"], "error: unknown command `exce`\nhint: modelforge-credential --help\n".to_owned()),
        (&["helpers", "tets", "age"], meant("tets", "test")),
        (&["auth", "sk-Key1"], "error: unknown command\nhint: modelforge-credential --help\n".to_owned()),
        (&["sk-Key1", "openai"], "error: unknown command\nhint: modelforge-credential --help\n".to_owned()),
    ] {
        test = test.args(arguments).stderr(&said).status(2);
    }
}
