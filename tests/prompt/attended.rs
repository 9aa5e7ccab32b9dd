//! Helpers that may prompt: their messages, and the terminal afterwards.

use std::io::Write;
use std::process::Stdio;

use super::{Session, asking};
use crate::support::{SECRET, Test};

#[test]
fn what_an_attended_helper_says_is_redacted_and_visible_and_its_error_is_the_reason() {
    let body = "[ $1 = store ] || exit 0; P=$(sed -n 's/^password=//p'); printf 'debug: %s \\033]0;title\\007\\n' \"$P\" >&2\n\
        echo 'error: the vault is sealed' >&2; echo 'hint: vault unseal' >&2; exit 1";
    let test = asking(Test::new().script("chatty", body).helpers("chatty")).args(["approve"]);
    let (status, _, shown) = Session::start(&test, &format!("provider=openai\npassword={SECRET}\n")).end();
    assert_eq!(status.code(), Some(1));
    let expected = "debug: <redacted> \\u{1b}]0;title\\u{7}\r\n\
        warning: helper `chatty` did not store the credential: the vault is sealed; it may still have an older copy\r\n\
        hint: vault unseal\r\n";
    assert!(shown.starts_with(expected), "{shown:?}");
    assert_eq!(shown.matches("the vault is sealed").count(), 1, "{shown:?}");
}

#[test]
fn what_a_helper_lists_or_answers_cannot_move_the_cursor_of_a_terminal_and_is_exact_in_a_pipe() {
    let body = "cat > /dev/null; case $1 in\n\
        list) printf 'protocol=https\\nhost=example.com\\nusername=a\\033]52;c;eA\\007\\n\\ncount=1\\n';;\n\
        get) printf 'username=a\\033]52;c;eA\\007\\npassword=p\\n';; esac";
    let url = "protocol=https\nhost=example.com\n";
    let mut test = Test::new().script("paints", body).helpers("paints");
    for operation in ["list", "get"] {
        test = asking(test).args([operation]);
        let stdin = if operation == "get" { Stdio::piped() } else { Stdio::null() };
        let mut session = Session::with(&test, |command| command.stdin(stdin));
        if let Some(mut input) = session.child.stdin.take() {
            input.write_all(url.as_bytes()).expect("it reads");
        }
        let (status, _, shown) = session.end();
        assert!(status.success() && shown.contains("username=a\\u{1b}]52;c;eA\\u{7}\r\n"), "{shown:?}");
        assert!(!shown.contains('\u{1b}'), "{shown:?}");
        let input = if operation == "get" { url } else { "" };
        let core = crate::support::program("modelforge-credential").display().to_string();
        let piped = String::from_utf8(test.run(&[&core, operation], input).stdout).unwrap();
        assert!(piped.contains("username=a\u{1b}]52;c;eA\u{7}\n"), "{piped:?}");
    }
}

#[test]
fn what_an_attended_helper_says_is_seen_while_it_waits() {
    let body = "[ \"$1\" = get ] || exit 0; [ \"$MODELFORGE_CREDENTIAL_INTERACTIVE\" = 1 ] || exit 1\n\
        echo 'touch your key' >&2; read touched < /dev/tty; echo password=p";
    let test = asking(Test::new().script("token", body).helpers("token"));
    let mut session = Session::start(&test, "provider=openai\n");
    session.expect("touch your key");
    session.types("\r");
    let (status, found, _) = session.end();
    assert!(status.success() && found.ends_with("password=p\n"), "{found}");
}

#[test]
fn the_terminal_is_as_it_was_after_a_helper_that_was_ended() {
    let body = "[ \"$MODELFORGE_CREDENTIAL_INTERACTIVE\" = 1 ] || exit 1; stty -echo -icanon -isig < /dev/tty\n\
        echo ready > /dev/tty; exec sleep 60";
    let test = Test::new().script("rude", body);
    let rude = test.bin().join("modelforge-credential-rude").display().to_string();
    let config = format!("helpers = [{{ command = ['{rude}'], timeout = '2s' }}]");
    let test = asking(test.config(&config).env("MODELFORGE_CREDENTIAL_INTERACTIVE", "")).args(["approve"]);
    // `end` looks at the terminal.
    let (status, _, shown) = Session::start(&test, &format!("provider=openai\npassword={SECRET}\n")).end();
    assert_eq!(status.code(), Some(1));
    assert!(shown.starts_with("ready") && shown.contains("did not answer within 2 s"), "{shown:?}");
    // By a signal to the core as well.
    let test = asking(test.config(&config.replace("2s", "30s"))).args(["approve"]);
    let mut session = Session::start(&test, &format!("provider=openai\npassword={SECRET}\n"));
    session.expect("ready");
    let core = rustix::process::Pid::from_raw(session.id().try_into().unwrap()).unwrap();
    rustix::process::kill_process(core, rustix::process::Signal::TERM).unwrap();
    session.end();
}

#[test]
fn a_person_sees_for_whom_they_wait() {
    let test = asking(Test::new().script("slow", "cat > /dev/null; sleep 2.6; echo password=p").helpers("slow"));
    let mut session = Session::start(&test, "provider=openai\n");
    session.expect("waiting for helper `slow`, at most 7 s more; Ctrl-C stops");
    let (status, _, _) = session.end();
    assert!(status.success());
}

#[test]
fn what_an_attended_helper_shows_of_a_key_before_it_answers_is_not_seen() {
    let key = "3f2b9c1e-77aa-4d10-9be2-0c5d1f6a8e41";
    let body = format!(
        "[ \"$1\" = get ] || exit 0; [ \"$MODELFORGE_CREDENTIAL_INTERACTIVE\" = 1 ] || exit 1\n\
         echo 'debug: the key is {key}' >&2; set -x; : {key}; {{ set +x; }} 2> /dev/null\n\
         echo 'touch your key' >&2; read touched < /dev/tty; echo password={key}"
    );
    let test = asking(Test::new().script("slow", &body).helpers("slow"));
    let mut session = Session::start(&test, "provider=openai\n");
    session.expect("touch your key");
    session.types("\r");
    let (status, found, shown) = session.end();
    assert!(status.success() && found.ends_with(&format!("password={key}\n")), "{found}");
    assert!(!shown.contains("3f2b9c1e"), "{shown}");
    assert!(shown.contains("debug: the key is <redacted>"), "{shown}");
}

#[test]
fn a_line_that_may_show_a_key_is_seen_without_the_key_while_the_helper_waits() {
    let body = "[ \"$1\" = get ] || exit 0; [ \"$MODELFORGE_CREDENTIAL_INTERACTIVE\" = 1 ] || exit 1\n\
        echo 'error: no browser could be opened' >&2; echo 'hint: enter 3f2b9c1e-77aa-4d10-9be2 at example.com' >&2\n\
        echo '2026-11-28T10:40:35Z touch your key' >&2; read touched < /dev/tty; echo password=p";
    let test = asking(Test::new().script("token", body).helpers("token"));
    let mut session = Session::start(&test, "provider=openai\n");
    session.expect("touch your key");
    session.types("\r");
    let (status, found, shown) = session.end();
    assert!(status.success() && found.ends_with("password=p\n"), "{found}");
    assert!(!shown.contains("3f2b9c1e"), "{shown}");
}

#[test]
fn a_helper_that_fails_with_a_person_there_is_not_tried_again_for_each_account() {
    let listed = |name: &str| format!("protocol=https\\nhost=api.openai.com\\nusername={name}\\n\\n");
    let body = format!(
        "case $1 in capability) exit 0;; list) printf '{}{}{}count=3\\n'; exit 0;; esac\n\
         [ \"$MODELFORGE_CREDENTIAL_INTERACTIVE\" = 1 ] && echo \"$1\" >> \"$HOME/asked\"\n\
         echo 'error: it is locked' >&2; exit 1",
        listed("default"),
        listed("home"),
        listed("work")
    );
    let test = Test::new().script("locked", &body).helpers("locked").env("MODELFORGE_CREDENTIAL_INTERACTIVE", "");
    let test = test.args(["logout", "--all", "--yes"]);
    let (status, _, shown) = Session::bare(&test).end();
    assert_eq!(status.code(), Some(1), "{shown}");
    assert_eq!(std::fs::read_to_string(test.home().join("asked")).expect("it was asked"), "erase\n", "{shown}");
}
