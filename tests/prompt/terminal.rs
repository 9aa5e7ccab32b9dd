//! At the terminal: without echo, editable, and ended by Ctrl-C.

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use super::{Session, answer, asking};
use crate::support::{SECRET, Test};

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
    assert!(shown.starts_with("Password for 'https://a%07%1B%5D0%3Bx@git%1B[2Jhub.com%E2%80%AE': "), "{shown:?}");
    assert!(!shown.chars().any(|c| c.is_control() && c != '\r' && c != '\n'), "{shown:?}");
}
