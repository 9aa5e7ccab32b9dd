//! Attacks: every known attack on programs of this kind, and other hostile input, folders and environments. Nothing may crash, hang, start
//! a program that must not start, or change what is stored.

mod end;
mod files;
mod helper;
mod host;
mod limits;
mod owner;
mod request;
mod start;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::Test;

const OPERATIONS: [&str; 6] = ["fill", "get", "approve", "store", "reject", "erase"];
const HELPERS: [&str; 3] = ["env", "age", "keyring"];

/// A helper that leaves a mark when it is started.
fn marking(test: Test) -> Test {
    let mark = test.home().join("started");
    test.script("mark", &format!("echo \"$@\" >> '{}'; cat > /dev/null", mark.display())).helpers("mark")
}

#[track_caller]
fn assert_not_started(test: &Test) {
    let mark = test.home().join("started");
    assert!(!mark.exists(), "a helper was started: {}", std::fs::read_to_string(&mark).unwrap_or_default());
}

/// The core refuses the request for every operation, in one line, before any helper starts.
#[track_caller]
fn core_refuses(request: impl AsRef<[u8]>) {
    let mut test = marking(Test::new());
    for operation in OPERATIONS {
        test = refuses(test, operation, request.as_ref());
        assert_not_started(&test);
    }
}

/// Each helper refuses the request, before it looks anywhere: the keyring without a word about the bus that it has not got.
#[track_caller]
fn helpers_refuse(request: impl AsRef<[u8]>) {
    for helper in HELPERS {
        let mut test = Test::new().program(format!("modelforge-credential-{helper}"));
        for operation in ["get", "store", "erase"] {
            test = refuses(test, operation, request.as_ref());
        }
    }
}

#[track_caller]
fn refuses(test: Test, operation: &str, request: &[u8]) -> Test {
    let test = test.args([operation]).stdin(request);
    let output = test.output();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let seen = format!("{operation} of {:?}: {stdout}{stderr}", String::from_utf8_lossy(request).get(..200));
    assert_eq!(output.status.code(), Some(1), "{seen}");
    assert_eq!(stdout, "", "{seen}");
    let lines: Vec<&str> = stderr.lines().collect();
    assert!(matches!(lines[..], [error] | [error, _] if error.starts_with("error: ")), "{seen}");
    assert!(lines.len() < 2 || lines[1].starts_with("hint: "), "{seen}");
    assert!(!stderr.contains("D-Bus") && !stderr.contains(['\r', '\0', '\u{1b}']), "{seen}");
    test
}

#[track_caller]
fn all_refuse(request: impl AsRef<[u8]>) {
    core_refuses(&request);
    helpers_refuse(&request);
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("a mode can be set");
}
