//! The command line, and the operations that are not this helper's.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(target_os = "linux")]

mod support;

use support::{HELPER, command, finish, text};

#[track_caller]
fn run(arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut command = command(HELPER);
    command.args(arguments);
    let output = finish(command, input);
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn help_and_version_are_answered_and_an_unknown_option_is_refused_without_its_value() {
    assert!(run(&["--help"], "").1.starts_with("A credential helper that signs in with a browser"));
    let version = format!("modelforge-credential-oauth {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(run(&["--version"], ""), (0, version, String::new()));
    let said = "error: unknown option `--token`\nhint: modelforge-credential-oauth --help\n";
    assert_eq!(run(&["--token=sentinel", "get"], ""), (2, String::new(), said.into()));
}

#[test]
fn nothing_is_kept_and_nothing_listed() {
    let credential = "protocol=https\nhost=api.example.com\npassword=sentinel\n";
    for operation in ["store", "erase", "sing"] {
        assert_eq!(run(&[operation], credential), (0, String::new(), String::new()));
    }
    assert_eq!(run(&["list"], ""), (0, "count=0\n".into(), String::new()));
    assert_eq!(run(&["get"], "protocol=https\nhost=api.openai.com\n"), (0, String::new(), String::new()));
    assert_eq!(run(&["get"], "host=h\n").0, 1);
}
