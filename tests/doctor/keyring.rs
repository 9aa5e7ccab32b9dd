//! The keyring: working, locked, missing or silent.

use std::time::{Duration, Instant};

use super::{findings, finds};
use crate::support::keyring::Keyring;
use crate::support::{SECRET, Test};

fn with(test: Test, keyring: &Keyring) -> Test {
    let run = keyring.directory().join("run").display().to_string();
    test.env("DBUS_SESSION_BUS_ADDRESS", keyring.address()).env("XDG_RUNTIME_DIR", run).config("helpers = ['keyring']")
}

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn a_keyring_that_works_is_left_as_it_was() {
    let keyring = Keyring::start();
    let (_, found) = findings(with(Test::new(), &keyring));
    let expected =
        "ok helper: `keyring` (BIN/modelforge-credential-keyring) stored, returned and deleted a test credential";
    assert!(found.iter().any(|line| line == expected), "{found:#?}");
    assert_eq!(keyring.items(), 0);
}

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn a_keyring_that_is_locked_is_an_error_with_its_fix() {
    let keyring = Keyring::start();
    let test =
        with(Test::new(), &keyring).args(["approve"]).stdin(format!("provider=openai\npassword={SECRET}\n")).success();
    keyring.lock();
    finds(
        test,
        "error helper: helper `keyring` failed: the keyring is locked | log in to the desktop, or unlock it in `seahorse`",
    );
}

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn a_keyring_that_is_not_there_is_an_error() {
    let keyring = Keyring::bus_alone();
    let (_, found) = findings(with(Test::new(), &keyring));
    assert!(
        found
            .iter()
            .any(|line| line.starts_with("error helper: helper `keyring` failed: ") && line.contains("secret service")),
        "{found:#?}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_bus_that_cannot_be_reached_is_an_error() {
    let test = Test::new().env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere").config("helpers = ['keyring']");
    finds(
        test,
        "error helper: helper `keyring` failed: nothing listens at the address of the D-Bus session bus | log in again, or correct DBUS_SESSION_BUS_ADDRESS",
    );
}

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn a_keyring_that_answers_nothing_is_an_error_within_seconds() {
    let keyring = Keyring::start();
    keyring.freeze();
    let start = Instant::now();
    let (_, found) = findings(with(Test::new(), &keyring));
    assert!(found.iter().any(|line| line.starts_with("error helper: helper `keyring` failed: ")), "{found:#?}");
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[cfg(target_os = "linux")]
#[test]
fn in_the_default_chain_without_a_session_the_keyring_is_only_a_warning() {
    let test = Test::new().env("XDG_RUNTIME_DIR", "/nowhere");
    finds(test, "warning keyring: skipped helper `keyring`: there is no D-Bus session bus");
}
