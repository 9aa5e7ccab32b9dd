//! When nobody is prompted.

use std::time::{Duration, Instant};

use super::{Session, answer, asking};
use crate::support::{SECRET, Test};

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
#[ignore = "needs python3"]
fn without_a_terminal_it_never_asks_and_says_so_at_once() {
    let test = asking(Test::new().helpers(""));
    let core = crate::support::program("modelforge-credential").display().to_string();
    // The tests may run at a terminal.
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
         hint: modelforge-credential login openai\n"
    );
}
