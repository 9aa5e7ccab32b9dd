//! The helper with a real GNOME Keyring, the programs that share it, and each way in which it may not be there.
#![cfg(not(any(windows, target_os = "macos")))]
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod lasting;
mod others;
mod trouble;

#[path = "../../../../tests/support/keyring.rs"]
mod keyring;

use std::io::Write;
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

/// The output of `secret-tool`.
#[track_caller]
fn secret_tool(keyring: &Keyring, arguments: &[&str], input: &str) -> String {
    let (_, stdout, _) = pipe("/usr/bin/secret-tool", &keyring.env(), arguments, input);
    stdout
}

/// The output of a line of Python that knows Python's keyring as `k`.
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
#[ignore = "needs dbus and gnome-keyring"]
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
    assert_eq!(after, "storage=OS keyring (Secret Service)\nplain_text=0\n\ncount=1\n");
    assert_eq!(helper(&keyring, "erase", OPENAI), (0, String::new(), String::new()));
    gets(&keyring, OPENAI, "");
    assert_eq!(helper(&keyring, "list", "").1, "count=0\n");
}

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn every_attribute_of_a_token_is_kept() {
    let keyring = Keyring::start();
    let token = "password=t\npassword_expiry_utc=4102444800\noauth_refresh_token=r=1\nmystery=m\n";
    stores(&keyring, &format!("{OPENAI}username=u\nprovider=openai\n{token}"));
    gets(&keyring, OPENAI, &format!("username=u\n{token}"));
    let bearer = "capability[]=authtype\nprotocol=https\nhost=h\n";
    stores(&keyring, &format!("{bearer}authtype=Bearer\ncredential=c\n"));
    gets(&keyring, bearer, "capability[]=authtype\nauthtype=Bearer\ncredential=c\n");
    stores(&keyring, &format!("{bearer}username=u\nauthtype=Bearer\ncredential=d\n"));
    gets(&keyring, bearer, "capability[]=authtype\nauthtype=Bearer\ncredential=c\n");
    let answer = "capability[]=authtype\nusername=u\nauthtype=Bearer\ncredential=d\n";
    gets(&keyring, &format!("{bearer}username=u\n"), answer);
}

#[test]
#[ignore = "needs dbus, gnome-keyring and libsecret-tools"]
fn an_empty_password_for_a_provider_is_neither_kept_nor_handed_out() {
    let keyring = Keyring::start();
    let (status, _, said) = helper(&keyring, "store", "protocol=https\nhost=empty\nprovider=empty\npassword=\n");
    assert_eq!((status, &*said), (1, "error: the password is empty\n"));
    assert_eq!(keyring.items(), 0);
    secret_tool(&keyring, &["store", "--label", "l", "service", "https://empty", "username", "default"], "");
    let (status, found, _) = helper(&keyring, "get", "protocol=https\nhost=empty\nprovider=empty\n");
    assert_eq!((status, &*found), (1, ""));
}

#[test]
#[ignore = "needs dbus and gnome-keyring"]
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
#[ignore = "needs dbus and gnome-keyring"]
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
#[ignore = "needs dbus and gnome-keyring"]
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
fn the_command_line_is_that_of_a_helper() {
    let run = |word: &str| pipe(HELPER, &[], &[word], "");
    assert_eq!(run("capability").1, "version 0\ncapability authtype\ncapability state\ncapability each\n");
    assert_eq!(run("frobnicate"), (0, String::new(), String::new()));
    let usage = "\nUsage: modelforge-credential-keyring [OPTIONS] get|store|erase|list|capability\n";
    assert!(run("--help").1.contains(usage));
    assert_eq!(run("--version").1, format!("modelforge-credential-keyring {}\n", env!("CARGO_PKG_VERSION")));
    let message = "error: unknown option `--verbose`\nhint: modelforge-credential-keyring --help\n".to_owned();
    assert_eq!(run("--verbose"), (2, String::new(), message));
}

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn items_that_are_set_aside_and_those_of_the_person_do_not_meet() {
    let keyring = Keyring::start();
    stores(&keyring, &format!("{OPENAI}password={SECRET}\n"));
    let aside = |value: &str| {
        let set = [("MODELFORGE_CREDENTIAL_INTERACTIVE", "0"), ("MODELFORGE_CREDENTIAL_KEYRING_PREFIX", value)];
        keyring.env().into_iter().chain(set.map(|(name, value)| (name, value.into()))).collect::<Vec<_>>()
    };
    let nothing = (0, String::new(), String::new());
    // A prefix with which a name would be that of another one's, if it were taken as it is.
    for prefix in ["test", "https://"] {
        let env = aside(prefix);
        assert_eq!(helper_with(&env, "get", OPENAI), nothing);
        assert_eq!(helper_with(&env, "erase", OPENAI), nothing);
        assert_eq!(helper_with(&env, "list", "").1, "count=0\n");
        assert_eq!(helper_with(&env, "store", &format!("{OPENAI}password=sk-made-up\n")), nothing);
        assert_eq!(helper_with(&env, "get", OPENAI).1, "username=default\npassword=sk-made-up\n");
        gets(&keyring, OPENAI, &format!("username=default\npassword={SECRET}\n"));
        assert_eq!(helper(&keyring, "list", "").1.lines().last(), Some("count=1"));
        assert_eq!(helper_with(&env, "erase", OPENAI), nothing);
    }
    assert_eq!(keyring.items(), 1);
}
