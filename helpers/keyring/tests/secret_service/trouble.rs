//! A keyring that is locked, missing, silent or stopped.

use std::fs;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

use super::{LOCKED, OPENAI, SECRET, fails, gets, helper_with, stores};
use crate::keyring::Keyring;

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn a_locked_keyring_is_neither_empty_nor_a_prompt() {
    let mut keyring = Keyring::start();
    stores(&keyring, &format!("{OPENAI}password={SECRET}\n"));
    keyring.lock();
    for restart in [false, true] {
        if restart {
            keyring.restart();
            fails(&keyring, "list", "", LOCKED);
        }
        let started = Instant::now();
        fails(&keyring, "get", OPENAI, LOCKED);
        fails(&keyring, "get", &format!("{OPENAI}username=default\n"), LOCKED);
        fails(&keyring, "store", &format!("{OPENAI}password=new\n"), LOCKED);
        fails(&keyring, "store", "protocol=https\nhost=new\npassword=new\n", LOCKED);
        fails(&keyring, "erase", OPENAI, LOCKED);
        gets(&keyring, "protocol=https\nhost=never.stored\n", "");
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    }
    let mut env = keyring.env();
    let message = "error: the keyring is locked, and there is no display for its password prompt\n\
        hint: unlock it on the desktop; without one, store keys in the `age` helper\n";
    assert_eq!(helper_with(&env, "get", OPENAI), (1, String::new(), message.to_owned()));
    env.push(("DISPLAY", ":12345".into()));
    let message = "error: nobody unlocked the keyring: the prompt was dismissed\n";
    assert_eq!(helper_with(&env, "get", OPENAI), (1, String::new(), message.to_owned()));
}

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn a_locked_keyring_that_shows_nothing_is_not_taken_for_an_empty_one() {
    let keyring = Keyring::start();
    keyring.lock();
    for operation in ["get", "erase"] {
        fails(&keyring, operation, OPENAI, LOCKED);
    }
    fails(&keyring, "erase", &format!("{OPENAI}path=v1\nusername=u\n"), LOCKED);
    fails(&keyring, "list", "", LOCKED);
}

/// All operations fail with this one line.
#[track_caller]
fn unavailable(env: &[(&str, std::ffi::OsString)], message: &str) {
    for (operation, input) in [
        ("get", OPENAI.to_owned()),
        ("store", format!("{OPENAI}password={SECRET}\n")),
        ("erase", OPENAI.to_owned()),
        ("list", String::new()),
    ] {
        assert_eq!(helper_with(env, operation, &input), (1, String::new(), message.to_owned()), "{operation}");
    }
}

#[test]
fn a_missing_bus_and_a_stale_address_are_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    let runtime = ("XDG_RUNTIME_DIR", directory.path().into());
    let none = "error: there is no D-Bus session bus\n\
        hint: without a desktop session, store keys in the `age` helper\n";
    unavailable(std::slice::from_ref(&runtime), none);
    unavailable(&[runtime.clone(), ("DBUS_SESSION_BUS_ADDRESS", "".into())], none);
    let stale = "error: nothing listens at the address of the D-Bus session bus\n\
        hint: log in again, or correct DBUS_SESSION_BUS_ADDRESS\n";
    let socket = directory.path().join("bus");
    let address = format!("unix:path={}", socket.display());
    unavailable(&[("DBUS_SESSION_BUS_ADDRESS", address.clone().into())], stale);
    drop(UnixListener::bind(&socket).unwrap());
    unavailable(&[("DBUS_SESSION_BUS_ADDRESS", address.into())], stale);
    unavailable(&[runtime], stale);
    let nonsense = "error: DBUS_SESSION_BUS_ADDRESS is not a valid address\nhint: log in again\n";
    for address in ["nonsense", "autolaunch:"] {
        unavailable(&[("DBUS_SESSION_BUS_ADDRESS", address.into())], nonsense);
    }
}

#[test]
fn a_bus_that_is_no_unix_socket_is_not_spoken_to() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    for (kind, rest) in [
        ("tcp", format!("host=127.0.0.1,port={port}")),
        ("nonce-tcp", format!("host=127.0.0.1,port={port},noncefile=/dev/null")),
        ("unixexec", "path=/bin/false".to_owned()),
    ] {
        let message = format!(
            "error: the D-Bus session bus is at a `{kind}:` address, and secrets need a Unix socket\n\
             hint: log in again, or correct DBUS_SESSION_BUS_ADDRESS\n"
        );
        unavailable(&[("DBUS_SESSION_BUS_ADDRESS", format!("{kind}:{rest}").into())], &message);
    }
    assert!(listener.accept().is_err(), "it connected");
}

#[test]
#[cfg(target_os = "linux")]
#[ignore = "needs root and dbus"]
fn a_bus_of_another_user_is_not_spoken_to_wherever_it_listens_as_root() {
    use std::os::unix::fs::{PermissionsExt, chown};
    let directory = tempfile::tempdir().unwrap();
    chown(directory.path(), Some(61_001), None).expect("only root can play another user");
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let (socket, name) = (directory.path().join("bus"), format!("modelforge-test-{}", std::process::id()));
    let listen = [format!("unix:path={}", socket.display()), format!("unix:abstract={name}")];
    let mut bus = crate::keyring::bus_of(61_001, directory.path(), &listen);
    let message = "error: the D-Bus session bus belongs to another user, who would get the secrets\n\
        hint: log in again, or correct DBUS_SESSION_BUS_ADDRESS\n";
    for address in &listen {
        unavailable(&[("DBUS_SESSION_BUS_ADDRESS", address.into())], message);
    }
    unavailable(&[("XDG_RUNTIME_DIR", directory.path().into())], message);
    bus.kill().unwrap();
    bus.wait().unwrap();
}

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn of_several_addresses_the_first_that_answers_is_used() {
    let keyring = Keyring::start();
    let env = |addresses: String| {
        let others = keyring.env().into_iter().filter(|(name, _)| *name != "DBUS_SESSION_BUS_ADDRESS");
        others.chain([("DBUS_SESSION_BUS_ADDRESS", addresses.into())]).collect::<Vec<_>>()
    };
    for addresses in
        ["unix:path=/nowhere;LIVE", "tcp:host=127.0.0.1,port=9;LIVE", "autolaunch:;LIVE;nonsense", ";LIVE;"]
    {
        let addresses = addresses.replace("LIVE", keyring.address());
        assert_eq!(helper_with(&env(addresses), "list", ""), (0, "count=0\n".to_owned(), String::new()));
    }
}

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn the_bus_is_found_without_its_variable() {
    let keyring = Keyring::start();
    let socket = keyring.address().strip_prefix("unix:path=").unwrap().split(',').next().unwrap().to_owned();
    std::os::unix::fs::symlink(socket, keyring.directory().join("run/bus")).unwrap();
    let env: Vec<_> = keyring.env().into_iter().filter(|(name, _)| *name != "DBUS_SESSION_BUS_ADDRESS").collect();
    assert_eq!(helper_with(&env, "list", ""), (0, "count=0\n".to_owned(), String::new()));
}

#[test]
fn a_bus_that_accepts_and_says_nothing_is_given_up() {
    let directory = tempfile::tempdir().unwrap();
    let _socket = UnixListener::bind(directory.path().join("bus")).unwrap();
    let env = [("XDG_RUNTIME_DIR", directory.path().into())];
    assert_eq!(helper_with(&env, "get", OPENAI).2, "error: the D-Bus session bus does not answer\n");
}

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn a_bus_without_a_secret_service_is_named() {
    let keyring = Keyring::bus_alone();
    let message = "error: no secret service on the D-Bus session bus\n\
        hint: start one: `gnome-keyring-daemon --start --components=secrets`, KWallet or KeePassXC\n";
    unavailable(&keyring.env(), message);
}

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn a_service_without_a_keyring_finds_nothing_and_says_that_it_cannot_store() {
    let keyring = Keyring::without_login();
    gets(&keyring, OPENAI, "");
    let message = "error: the secret service has no default keyring to store in\n\
        hint: log in to the desktop once, or create the keyring `Login` in `seahorse`\n";
    fails(&keyring, "store", &format!("{OPENAI}password={SECRET}\n"), message);
}

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn a_service_that_is_started_and_never_appears_is_given_up() {
    let keyring = Keyring::starting("/bin/sleep 8");
    let message = "error: the secret service was started and never appeared on the D-Bus session bus\n";
    fails(&keyring, "get", OPENAI, message);
}

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn a_service_that_stopped_answering_is_given_up() {
    let keyring = Keyring::start();
    keyring.freeze();
    let message = "error: the secret service does not answer\nhint: log in to the desktop again\n";
    fails(&keyring, "get", OPENAI, message);
    fails(&keyring, "store", &format!("{OPENAI}password={SECRET}\n"), message);
}

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn the_secret_stays_when_it_cannot_be_replaced() {
    let keyring = Keyring::start();
    stores(&keyring, &format!("{OPENAI}password={SECRET}\n"));
    let keyrings = keyring.directory().join("home/.local/share/keyrings");
    let before = fs::read(keyrings.join("login.keyring")).unwrap();
    keyring.lock();
    fails(&keyring, "store", &format!("{OPENAI}password=new\n"), LOCKED);
    assert_eq!(fs::read(keyrings.join("login.keyring")).unwrap(), before);
}
