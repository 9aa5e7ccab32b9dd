//! The terminal is restored, however a prompt ends.

use std::os::unix::process::ExitStatusExt;

use rustix::process::{Pid, Signal, kill_process};

use super::{Session, asking};
use crate::support::Test;

#[test]
fn a_signal_ends_a_prompt_as_it_ends_any_program_and_restores_the_terminal() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT] {
        let test = asking(Test::new().helpers(""));
        let mut session = Session::start(&test, "provider=openai\n");
        session.expect("API key");
        session.expect_hidden();
        session.types("sk-half");
        let process = Pid::from_raw(session.id().cast_signed()).expect("it runs");
        kill_process(process, signal).expect("it gets the signal");
        // Fails if the terminal is not as it was.
        let (status, found, shown) = session.end();
        assert_eq!((status.signal(), &*found), (Some(signal.as_raw()), ""), "{shown:?}");
        assert!(!shown.contains("sk-half"), "{shown:?}");
    }
}

#[test]
fn a_signal_that_was_to_be_ignored_does_not_end_a_prompt() {
    let core = crate::support::program("modelforge-credential").display().to_string();
    let test = asking(Test::new().helpers("").script("nohup", &format!("trap '' HUP; exec {core} fill")));
    let script = test.bin().join("modelforge-credential-nohup").display().to_string();
    let test = test.program(script);
    let mut session = Session::start(&test, "provider=openai\n");
    session.expect("API key");
    session.expect_hidden();
    let process = Pid::from_raw(session.id().cast_signed()).expect("it runs");
    kill_process(process, Signal::HUP).expect("it gets the signal");
    std::thread::sleep(std::time::Duration::from_millis(100));
    session.types("entered\r");
    let (status, found, _) = session.end();
    assert!(status.success() && found.contains("password=entered"), "{status:?} {found}");
}

#[test]
fn a_helper_that_is_killed_while_it_asks_leaves_the_terminal_as_it_was() {
    let body = "[ $1 = get ] || exit 0; [ \"$MODELFORGE_CREDENTIAL_INTERACTIVE\" = 1 ] || { echo locked >&2; exit 1; }\n\
        stty -echo -icanon < /dev/tty; printf asking > /dev/tty; sleep 60";
    let test = Test::new().script("asks", body);
    let path = test.bin().join("modelforge-credential-asks").display().to_string();
    let test = asking(test.config(&format!("helpers = [{{ command = ['{path}'], timeout = '1s' }}]")));
    let mut session = Session::start(&test, "provider=openai\n");
    session.expect("asking");
    session.expect("API key");
    session.types("\u{3}");
    session.end();
}

#[test]
fn a_prompt_that_was_stopped_gives_the_terminal_back_and_asks_again_when_it_goes_on() {
    let core = crate::support::program("modelforge-credential").display().to_string();
    let body =
        format!("set -m; '{core}' fill < \"$HOME/request\"; echo given back > /dev/tty; sleep 1; fg > /dev/null");
    let test = asking(Test::new().helpers("").file("request", "provider=openai\n").script("shell", &body));
    let script = test.bin().join("modelforge-credential-shell").display().to_string();
    let test = test.program(script);
    let mut session = Session::bare(&test);
    session.expect("API key");
    session.expect_hidden();
    session.types("half");
    std::thread::sleep(std::time::Duration::from_millis(200));
    session.types("\u{1a}");
    session.expect("given back");
    assert!(session.echoes());
    session.expect_hidden();
    session.types("entered\r");
    session.expect("password=entered");
    session.end();
}
