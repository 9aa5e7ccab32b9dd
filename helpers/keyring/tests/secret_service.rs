//! The helper with a real GNOME Keyring, the programs that share it, and each way in which it may not be there.
#![cfg(not(any(windows, target_os = "macos")))]
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

#[path = "../../../tests/support/keyring.rs"]
mod keyring;

use std::fs;
use std::io::Write;
use std::os::unix::net::UnixListener;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use keyring::{Keyring, command, missing};

const HELPER: &str = env!("CARGO_BIN_EXE_modelforge-credential-keyring");
const OPENAI: &str = "protocol=https\nhost=api.openai.com\n";
const SECRET: &str = "sk-sentinel-1";
const LOCKED: &str = "error: the keyring is locked\n\
    hint: log in to the desktop, or unlock it in `seahorse`\n";

/// The helper's exit status, standard output and standard error; nobody is there to answer a prompt.
#[track_caller]
fn helper(keyring: &Keyring, operation: &str, input: &str) -> (i32, String, String) {
    let env: Vec<_> = keyring.env().into_iter().chain([("MODELFORGE_CREDENTIAL_INTERACTIVE", "0".into())]).collect();
    helper_with(&env, operation, input)
}

#[track_caller]
fn helper_with(env: &[(&str, std::ffi::OsString)], operation: &str, input: &str) -> (i32, String, String) {
    let started = Instant::now();
    let (status, stdout, stderr) = pipe(HELPER, env, &[operation], input);
    assert!(started.elapsed() < Duration::from_secs(5), "`{operation}` took {:?}", started.elapsed());
    assert!(!stderr.contains("sentinel"), "a secret in the message: {stderr}");
    (status, stdout, stderr)
}

#[track_caller]
fn pipe(program: &str, env: &[(&str, std::ffi::OsString)], arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut command = command(program);
    command.env_clear().envs(env.iter().cloned()).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|e| missing(package(program), &e));
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

fn package(program: &str) -> &str {
    if program.ends_with("secret-tool") { "libsecret-tools" } else { program }
}

#[track_caller]
fn stores(keyring: &Keyring, input: &str) {
    assert_eq!(helper(keyring, "store", input), (0, String::new(), String::new()));
}

#[track_caller]
fn gets(keyring: &Keyring, request: &str, answer: &str) {
    assert_eq!(helper(keyring, "get", request), (0, answer.to_owned(), String::new()));
}

#[track_caller]
fn fails(keyring: &Keyring, operation: &str, input: &str, stderr: &str) {
    assert_eq!(helper(keyring, operation, input), (1, String::new(), stderr.to_owned()));
}

/// What `secret-tool` prints.
#[track_caller]
fn secret_tool(keyring: &Keyring, arguments: &[&str], input: &str) -> String {
    let (_, stdout, _) = pipe("/usr/bin/secret-tool", &keyring.env(), arguments, input);
    stdout
}

/// What a line of Python prints that knows Python's keyring as `k`.
#[track_caller]
fn python(keyring: &Keyring, line: &str) -> String {
    let python = std::env::var("MODELFORGE_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let program = format!("from keyring.backends.SecretService import Keyring\nk = Keyring()\n{line}");
    let mut env = keyring.env();
    env.extend(std::env::var_os("PATH").map(|path| ("PATH", path)));
    let (status, stdout, stderr) = pipe(&python, &env, &["-c", &program], "");
    assert!(
        !stderr.contains("ModuleNotFoundError"),
        "this test needs the Python packages `keyring` and `secretstorage`: run tests/run, which installs them, or \
         `python3 -m venv DIRECTORY && DIRECTORY/bin/pip install keyring` and set MODELFORGE_TEST_PYTHON=DIRECTORY/bin/python"
    );
    assert_eq!(status, 0, "{stderr}");
    stdout.trim_end().to_owned()
}

#[test]
fn what_is_stored_is_found_replaced_listed_and_erased() {
    let keyring = Keyring::start();
    gets(&keyring, OPENAI, "");
    stores(&keyring, &format!("{OPENAI}password=older\n"));
    stores(&keyring, &format!("{OPENAI}password={SECRET}\n"));
    gets(&keyring, OPENAI, &format!("username=default\npassword={SECRET}\n"));
    gets(&keyring, &format!("{OPENAI}username=default\n"), &format!("username=default\npassword={SECRET}\n"));
    gets(&keyring, &format!("{OPENAI}username=other\n"), "");
    gets(&keyring, &format!("{OPENAI}path=v1\n"), "");
    gets(&keyring, "protocol=http\nhost=api.openai.com\n", "");
    assert_eq!(keyring.items(), 1);
    let (status, list, _) = helper(&keyring, "list", "");
    let (before, after) = list.split_once("created_utc=").unwrap();
    assert_eq!((status, before), (0, "protocol=https\nhost=api.openai.com\nusername=default\n"));
    let (seconds, after) = after.split_once('\n').unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    assert!(now - seconds.parse::<u64>().unwrap() < 60);
    assert_eq!(after, "storage=OS keyring (Secret Service)\n\ncount=1\n");
    assert_eq!(helper(&keyring, "erase", OPENAI), (0, String::new(), String::new()));
    gets(&keyring, OPENAI, "");
    assert_eq!(helper(&keyring, "list", "").1, "count=0\n");
}

#[test]
fn every_attribute_of_a_token_is_kept() {
    let keyring = Keyring::start();
    let token = "password=t\npassword_expiry_utc=4102444800\noauth_refresh_token=r=1\nmystery=m\n";
    stores(&keyring, &format!("{OPENAI}username=u\nprovider=openai\n{token}"));
    gets(&keyring, OPENAI, &format!("username=u\n{token}"));
    assert_eq!(
        secret_tool(&keyring, &["lookup", "service", "https://api.openai.com", "username", "u"], ""),
        "t\npassword_expiry_utc=4102444800\noauth_refresh_token=r=1\nmystery=m"
    );
    let bearer = "capability[]=authtype\nprotocol=https\nhost=h\n";
    stores(&keyring, &format!("{bearer}authtype=Bearer\ncredential=c\n"));
    gets(&keyring, bearer, "capability[]=authtype\nusername=default\nauthtype=Bearer\ncredential=c\n");
}

#[test]
fn an_empty_password_is_neither_kept_nor_handed_out() {
    let keyring = Keyring::start();
    let (status, _, said) = helper(&keyring, "store", "protocol=https\nhost=empty\npassword=\n");
    assert_eq!((status, &*said), (1, "error: the password is empty\n"));
    assert_eq!(keyring.items(), 0);
    secret_tool(&keyring, &["store", "--label", "l", "service", "https://empty", "username", "default"], "");
    let (status, found, _) = helper(&keyring, "get", "protocol=https\nhost=empty\n");
    assert_eq!((status, &*found), (1, ""));
}

#[test]
fn secret_tool_reads_what_the_helper_wrote_and_the_helper_what_secret_tool_wrote() {
    let keyring = Keyring::start();
    let name = ["service", "https://api.openai.com", "username", "default"];
    stores(&keyring, &format!("{OPENAI}password={SECRET}\n"));
    assert_eq!(secret_tool(&keyring, &[&["lookup"], &name[..]].concat(), ""), SECRET);
    let mut env = keyring.env();
    env.push(("LC_ALL", "C".into()));
    let (_, stdout, stderr) = pipe("/usr/bin/secret-tool", &env, &[&["search"], &name[..]].concat(), "");
    assert!(stdout.contains("label = https://api.openai.com (default)\n"), "{stdout}");
    assert!(stderr.contains("attribute.application = Python keyring library\n"), "{stderr}");

    let mistral = ["service", "https://api.mistral.ai", "username", "me", "made", "by-hand"];
    secret_tool(&keyring, &[&["store", "--label=x"], &mistral[..]].concat(), "by hand");
    let request = "protocol=https\nhost=api.mistral.ai\n";
    gets(&keyring, request, "username=me\npassword=by hand\n");
    stores(&keyring, &format!("{request}username=me\npassword=new\n"));
    assert_eq!(secret_tool(&keyring, &[&["lookup"], &mistral[..]].concat(), ""), "new");
    assert_eq!(keyring.items(), 2);
}

#[test]
fn python_reads_what_the_helper_wrote_and_the_helper_what_python_wrote() {
    let keyring = Keyring::start();
    stores(&keyring, &format!("{OPENAI}password={SECRET}\n"));
    assert_eq!(python(&keyring, "print(k.get_password('https://api.openai.com', 'default'))"), SECRET);
    python(&keyring, "k.set_password('https://api.openai.com', 'default', 'from python')");
    assert_eq!(keyring.items(), 1, "Python replaced the item instead of making a second one");
    gets(&keyring, OPENAI, "username=default\npassword=from python\n");

    python(&keyring, "k.set_password('https://api.mistral.ai', 'me', 'theirs')");
    let request = "protocol=https\nhost=api.mistral.ai\n";
    gets(&keyring, request, "username=me\npassword=theirs\n");
    stores(&keyring, &format!("{request}username=me\npassword=ours\n"));
    assert_eq!(python(&keyring, "print(k.get_password('https://api.mistral.ai', 'me'))"), "ours");
    assert_eq!(keyring.items(), 2);
    python(&keyring, "k.delete_password('https://api.mistral.ai', 'me')");
    gets(&keyring, request, "");
}

#[test]
fn of_several_items_of_one_name_the_newest_answers_and_a_store_leaves_one() {
    let keyring = Keyring::start();
    let name = ["service", "https://api.openai.com", "username", "default"];
    secret_tool(&keyring, &[&["store", "--label=x"], &name[..]].concat(), "first");
    python(&keyring, "k.set_password('https://api.openai.com', 'default', 'second')");
    assert_eq!(keyring.items(), 2);
    gets(&keyring, OPENAI, "username=default\npassword=second\n");
    assert!(helper(&keyring, "list", "").1.ends_with("\n\ncount=1\n"));
    stores(&keyring, &format!("{OPENAI}password=third\n"));
    assert_eq!(keyring.items(), 1);
    assert_eq!(secret_tool(&keyring, &[&["lookup"], &name[..]].concat(), ""), "third");
    assert_eq!(python(&keyring, "print(k.get_password('https://api.openai.com', 'default'))"), "third");
}

#[test]
fn another_programs_secret_of_several_lines_is_named_and_not_shown() {
    let keyring = Keyring::start();
    let name = ["store", "--label=x", "service", "https://api.openai.com", "username", "default"];
    secret_tool(&keyring, &name, "{\n  \"key\": \"sentinel\"\n}\n");
    let message = "error: the item `https://api.openai.com` of `default` cannot be used: \
        its secret has several lines and was written by another program\n";
    fails(&keyring, "get", OPENAI, message);
}

#[test]
fn an_account_that_is_not_named_is_the_default_one_or_the_first() {
    let keyring = Keyring::start();
    for account in ["work", "home"] {
        stores(&keyring, &format!("{OPENAI}username={account}\npassword=of {account}\n"));
    }
    gets(&keyring, OPENAI, "username=home\npassword=of home\n");
    gets(&keyring, &format!("{OPENAI}username=work\n"), "username=work\npassword=of work\n");
    stores(&keyring, &format!("{OPENAI}password=of default\n"));
    gets(&keyring, OPENAI, "username=default\npassword=of default\n");
    assert!(helper(&keyring, "list", "").1.ends_with("count=3\n"));
}

#[test]
fn erasing_takes_what_is_described_and_nothing_else() {
    let keyring = Keyring::start();
    let left = || {
        let list = helper(&keyring, "list", "").1;
        list.split("\n\n").filter(|record| record.contains("host=")).count()
    };
    secret_tool(&keyring, &["store", "--label=x", "service", "openai", "username", "default"], "not ours");
    secret_tool(
        &keyring,
        &["store", "--label=x", "service", "https://api.openai.com.evil", "username", "u"],
        "other host",
    );
    for name in ["username=a\n", "username=b\n", "path=v1\nusername=a\n"] {
        stores(&keyring, &format!("{OPENAI}{name}password={SECRET}\n"));
    }
    let erase = |description: &str| {
        assert_eq!(helper(&keyring, "erase", description), (0, String::new(), String::new()));
        left()
    };
    assert_eq!(left(), 4);
    assert_eq!(erase(&format!("{OPENAI}password=another\n")), 4);
    assert_eq!(erase(&format!("{OPENAI}username=c\n")), 4);
    assert_eq!(erase("protocol=https\nhost=api.openai\n"), 4);
    assert_eq!(erase(&format!("{OPENAI}path=v1\n")), 3);
    assert_eq!(erase(&format!("{OPENAI}username=a\npassword={SECRET}\n")), 2);
    stores(&keyring, &format!("{OPENAI}path=v2\npassword={SECRET}\n"));
    assert_eq!(erase(OPENAI), 1);
    assert_eq!(secret_tool(&keyring, &["lookup", "service", "openai"], ""), "not ours");
    fails(&keyring, "erase", "username=u\n", "error: the request has no `protocol`\n");
}

#[test]
fn twenty_stores_at_once_are_all_kept() {
    let keyring = Keyring::start();
    thread::scope(|scope| {
        for number in 0..20 {
            let keyring = &keyring;
            scope.spawn(move || stores(keyring, &format!("{OPENAI}username=u{number}\npassword=p{number}\n")));
        }
    });
    for number in 0..20 {
        let account = format!("username=u{number}\n");
        gets(&keyring, &format!("{OPENAI}{account}"), &format!("{account}password=p{number}\n"));
    }
    thread::scope(|scope| {
        for number in 0..20 {
            let keyring = &keyring;
            scope.spawn(move || stores(keyring, &format!("{OPENAI}password=p{number}\n")));
        }
    });
    assert_eq!(keyring.items(), 21);
}

#[test]
fn a_locked_keyring_is_neither_empty_nor_a_prompt() {
    let mut keyring = Keyring::start();
    stores(&keyring, &format!("{OPENAI}password={SECRET}\n"));
    keyring.lock();
    for restart in [false, true] {
        if restart {
            keyring.restart_locked();
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
    let message = "error: the keyring is locked, and there is no display to ask for its password on\n\
        hint: unlock it on the desktop; without one, keep keys in the `age` helper\n";
    assert_eq!(helper_with(&env, "get", OPENAI), (1, String::new(), message.to_owned()));
    env.push(("DISPLAY", ":12345".into()));
    let message = "error: nobody unlocked the keyring: the prompt was dismissed\n";
    assert_eq!(helper_with(&env, "get", OPENAI), (1, String::new(), message.to_owned()));
}

#[test]
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
        hint: without a desktop session, keep keys in the `age` helper\n";
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
    let nonsense = "error: DBUS_SESSION_BUS_ADDRESS is not an address that can be used\nhint: log in again\n";
    for address in ["nonsense", "autolaunch:"] {
        unavailable(&[("DBUS_SESSION_BUS_ADDRESS", address.into())], nonsense);
    }
}

#[test]
fn of_several_addresses_the_first_that_answers_is_used() {
    let keyring = Keyring::start();
    let env = |addresses: String| {
        let others = keyring.env().into_iter().filter(|(name, _)| *name != "DBUS_SESSION_BUS_ADDRESS");
        others.chain([("DBUS_SESSION_BUS_ADDRESS", addresses.into())]).collect::<Vec<_>>()
    };
    for addresses in ["unix:path=/nowhere;LIVE", "autolaunch:;LIVE;nonsense", ";LIVE;"] {
        let addresses = addresses.replace("LIVE", keyring.address());
        assert_eq!(helper_with(&env(addresses), "list", ""), (0, "count=0\n".to_owned(), String::new()));
    }
}

#[test]
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
fn a_bus_without_a_secret_service_is_named() {
    let keyring = Keyring::bus_alone();
    let message = "error: no secret service on the D-Bus session bus\n\
        hint: start one: `gnome-keyring-daemon --start --components=secrets`, KWallet or KeePassXC\n";
    unavailable(&keyring.env(), message);
}

#[test]
fn a_service_without_a_keyring_finds_nothing_and_says_that_it_cannot_store() {
    let keyring = Keyring::without_login();
    gets(&keyring, OPENAI, "");
    let message = "error: the secret service has no default keyring to store in\n\
        hint: log in to the desktop once, or create the keyring `Login` in `seahorse`\n";
    fails(&keyring, "store", &format!("{OPENAI}password={SECRET}\n"), message);
}

#[test]
fn a_service_that_is_started_and_never_appears_is_given_up() {
    let keyring = Keyring::starting("/bin/sleep 8");
    let message = "error: the secret service was started and never appeared on the D-Bus session bus\n";
    fails(&keyring, "get", OPENAI, message);
}

#[test]
fn a_service_that_stopped_answering_is_given_up() {
    let keyring = Keyring::start();
    keyring.freeze();
    let message = "error: the secret service does not answer\nhint: log in to the desktop again\n";
    fails(&keyring, "get", OPENAI, message);
    fails(&keyring, "store", &format!("{OPENAI}password={SECRET}\n"), message);
}

#[test]
fn the_secret_stays_when_it_cannot_be_replaced() {
    let keyring = Keyring::start();
    stores(&keyring, &format!("{OPENAI}password={SECRET}\n"));
    let keyrings = keyring.directory().join("home/.local/share/keyrings");
    let before = fs::read(keyrings.join("login.keyring")).unwrap();
    keyring.lock();
    fails(&keyring, "store", &format!("{OPENAI}password=new\n"), LOCKED);
    assert_eq!(fs::read(keyrings.join("login.keyring")).unwrap(), before);
}

#[test]
fn the_command_line_is_that_of_a_helper() {
    let run = |word: &str| pipe(HELPER, &[], &[word], "");
    assert_eq!(run("capability").1, "version 0\ncapability authtype\ncapability state\n");
    assert_eq!(run("frobnicate"), (0, String::new(), String::new()));
    let usage = "\nUsage: modelforge-credential-keyring [OPTIONS] get|store|erase|list|capability\n";
    assert!(run("--help").1.contains(usage));
    assert_eq!(run("--version").1, format!("modelforge-credential-keyring {}\n", env!("CARGO_PKG_VERSION")));
    let message = "error: unknown option `--verbose`\nhint: modelforge-credential-keyring --help\n".to_owned();
    assert_eq!(run("--verbose"), (2, String::new(), message));
}
