//! Askpass programs, and which of them is started.

use super::{Session, answer, asked, asking, askpass};
use crate::support::{SECRET, Test};

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
fn what_an_askpass_says_is_passed_on_without_the_answer() {
    let encoded = "c2stc2VudGluZWwtNWYwYzlhN2U0MWQ4NGIxZg";
    let body = format!("echo 'a warning of \\033[2Jits toolkit' >&2; echo '{SECRET} {encoded}' >&2; echo '{SECRET}'");
    let (test, path) = askpass(Test::new().helpers(""), "loud", &body);
    let test = asking(test.env("MODELFORGE_CREDENTIAL_ASKPASS", path)).stdin("provider=openai\n");
    let said = "a warning of \\u{1b}[2Jits toolkit\n<redacted> <redacted>\n";
    test.stdout(&answer()).stderr(said).success();
}

#[test]
fn an_askpass_gets_visible_text_and_is_asked_for_the_name_first() {
    let (test, path) = askpass(Test::new().helpers(""), "ask", "case $1 in User*) echo ann;; *) echo pw;; esac");
    let test = asking(test.env("MODELFORGE_CREDENTIAL_ASKPASS", path)).stdin("protocol=https\nhost=a\u{1b}b\n");
    let test = test.stdout("protocol=https\nhost=a\u{1b}b\nusername=ann\npassword=pw\n").success();
    assert_eq!(asked(&test, "ask"), "Username for 'https://a%1Bb': |Password for 'https://ann@a%1Bb': |");
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
