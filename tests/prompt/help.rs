//! Help for a person who runs a command for programs.

use super::{Session, answer, asking};
use crate::support::{SECRET, Test};

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
