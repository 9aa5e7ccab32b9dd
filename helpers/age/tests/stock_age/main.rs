//! The helper as a program, beside the stock `age` and `ssh-keygen`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(unix)]

mod file;
mod identity;
mod plugin;
mod store;

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const SECRET: &str = "sk-sentinel-5f1e";
const OPENAI: &str = "protocol=https\nhost=api.openai.com\n";

/// A home of its own; whatever runs in it knows nothing else.
struct Home {
    folder: tempfile::TempDir,
    env: Vec<(&'static str, String)>,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data").to_str().unwrap().to_owned();
        let home = folder.path().to_str().unwrap().to_owned();
        let path = String::from("/usr/local/bin:/usr/bin:/bin");
        Self { folder, env: vec![("HOME", home), ("XDG_DATA_HOME", data), ("PATH", path)] }
    }

    fn env(mut self, key: &'static str, value: &str) -> Self {
        self.env.retain(|(known, _)| *known != key);
        self.env.push((key, value.to_owned()));
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn store(&self, name: &str) -> PathBuf {
        self.path("data/modelforge-credential/age").join(name)
    }

    fn identity(&self) -> PathBuf {
        self.path("data/modelforge-credential/identity.txt")
    }

    fn command(&self, program: &str) -> Command {
        #[expect(clippy::disallowed_methods, reason = "a test may start what it likes")]
        let mut command = Command::new(program);
        command.env_clear().envs(self.env.iter().cloned()).current_dir(self.folder.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    #[track_caller]
    fn run(&self, program: &str, arguments: &[&str], input: &str) -> Output {
        let started = self.command(program).args(arguments).spawn();
        let mut child = started.unwrap_or_else(|e| {
            panic!("`{program}` does not start ({e}): run `apt-get install age openssh-client`, or the tests through tests/run")
        });
        // Who does not read its input may be gone already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// Runs the helper; its standard error must never hold the secret.
    #[track_caller]
    fn helper(&self, arguments: &[&str], input: &str) -> Output {
        let output = self.run(env!("CARGO_BIN_EXE_modelforge-credential-age"), arguments, input);
        let said = text(&output.stderr);
        assert!(!said.contains("sentinel"), "{said}");
        output
    }

    /// The helper's answer, when it must succeed in silence.
    #[track_caller]
    fn ask(&self, arguments: &[&str], input: &str) -> String {
        let output = self.helper(arguments, input);
        assert_eq!(text(&output.stderr), "");
        assert!(output.status.success());
        text(&output.stdout)
    }

    /// The helper's complaint, when it must fail.
    #[track_caller]
    fn complaint(&self, arguments: &[&str], input: &str) -> String {
        let output = self.helper(arguments, input);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        assert_eq!(text(&output.stdout), "");
        text(&output.stderr).replace(self.folder.path().to_str().unwrap(), "~")
    }

    #[track_caller]
    fn stock(&self, program: &str, arguments: &[&str], input: &str) -> String {
        let output = self.run(program, arguments, input);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    }

    /// The public key of the helper's own identity.
    #[track_caller]
    /// What stock `age` finds in a file of a credential, which says when it was stored, but for that.
    fn opened(&self, arguments: &[&str]) -> String {
        let text = self.stock("age", arguments, "");
        let (credential, created) = text.split_once("created_utc=").expect("it says when it was stored");
        assert!(created.trim_end().parse::<u64>().is_ok(), "{created}");
        credential.to_owned()
    }

    fn public_key(&self) -> String {
        self.stock("age-keygen", &["-y", self.identity().to_str().unwrap()], "").trim().to_owned()
    }

    /// A file that stock age made, in the store.
    #[track_caller]
    fn plant(&self, name: &str, options: &[&str], content: &str) {
        let file = self.store(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let file = file.to_str().unwrap().to_owned();
        self.stock("age", &[&["-o", &file], options].concat(), content);
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn credential(host: &str, username: &str) -> String {
    format!("protocol=https\nhost={host}\nusername={username}\npassword={SECRET}\n")
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A program that answers every question with `answer`.
fn askpass(home: &Home, answer: &str) -> String {
    let program = home.path("askpass");
    fs::write(&program, format!("#!/bin/sh\necho '{answer}'\n")).unwrap();
    set_mode(&program, 0o700);
    program.to_str().unwrap().to_owned()
}

fn ssh_key(home: &Home, options: &[&str]) -> String {
    let file = home.path("ssh").to_str().unwrap().to_owned();
    home.stock("ssh-keygen", &[&["-q", "-C", "", "-f", &file], options].concat(), "");
    file
}

#[test]
fn a_program_without_a_home_still_answers_what_needs_none() {
    let home = Home::new().env("HOME", "relative").env("XDG_DATA_HOME", "relative");
    assert!(home.ask(&["capability"], "").starts_with("version 0\n"));
    assert_eq!(home.ask(&["later"], "ignored"), "");
    let complaint = home.complaint(&["get"], OPENAI);
    assert_eq!(
        complaint,
        "error: there is no directory for the user's data\nhint: set HOME to a directory that exists, or XDG_DATA_HOME to an absolute path\n"
    );
}

#[test]
fn a_command_line_that_is_not_understood_ends_with_status_2() {
    let home = Home::new();
    for (arguments, problem) in [
        (&[][..], "no operation"),
        (&["--identity"], "`--identity` needs a value"),
        (&["--identity", "f"], "no operation"),
        (&["--identiy", "f", "get"], "unknown option `--identiy`"),
        (&["--identity=f"], "no operation"),
        (&["get", "store"], "a word before the operation is not an option"),
    ] {
        let output = home.helper(arguments, OPENAI);
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(text(&output.stderr), format!("error: {problem}\nhint: modelforge-credential-age --help\n"));
    }
    assert!(home.ask(&["--help"], "").contains("--recipient KEY"));
    assert!(home.ask(&["--version"], "").starts_with("modelforge-credential-age "));
}
