//! The helper in Python is a source.

use super::sources::SOURCES;
use super::with_program;
use crate::conformance::Judged;
use crate::support::{SECRET, Test};

#[test]
#[ignore = "needs python3"]
fn the_helper_in_python_answers_from_netrc_for_its_own_host_alone() {
    let test = with_netrc();
    let found = format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={SECRET}\n");
    let test = test.args(["get"]).stdin("provider=openai\n").stdout(&found).success();
    let test = test.args(["get"]).stdin("provider=mistral\n").success();
    let test = test.args(["get"]).stdin("protocol=http\nhost=api.openai.com\n").success();
    let test = test.args(["get"]).stdin("provider=openai\nusername=work\n").success();
    let listed = "protocol=https\nhost=api.openai.com\nusername=default\nstorage=~/.netrc\nplain_text=1\nfile=~/.netrc\n\
                  helper=netrc\nprovider=openai\n\ncount=1\n";
    test.args(["list"]).stdout(listed).success();
    let test = with_program("netrc", "python");
    let netrc = test.bin().join("modelforge-credential-netrc");
    let run = |operation: &str, request: &str| {
        let output = test.run(&[netrc.as_os_str(), std::ffi::OsStr::new(operation)], request);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(run("a-later-operation", "junk"), (Some(0), String::new()));
    let refused = (Some(1), "error: the request has no protocol or no host\n".to_owned());
    assert_eq!(run("get", "protocol=https\n"), refused);
    for request in ["protocol=https\nhost=a\0b\n", "protocol=https\nhost=a\rb\n", "protocol=https\nhost\n", "=x\n"] {
        assert_eq!(run("get", request), (Some(1), "error: the request is not valid\n".to_owned()));
    }
}

/// The helper in Python, with a key for openai and one for a host that is no provider's.
pub fn with_netrc() -> Test {
    let netrc =
        format!("# mine\nmachine api.openai.com login default password {SECRET}\nmachine  h.example\tlogin me\n\n");
    with_program("netrc", "python").file(".netrc", netrc).helpers("netrc")
}

#[test]
#[ignore = "needs python3"]
fn the_helper_in_python_keeps_every_rule_of_a_source() {
    let keys =
        "machine a.example login me password one\n\nmachine a.example login you  password  two\nmachine b login x\n";
    let test = with_program("netrc", "python").file("files/.netrc", keys);
    let files = test.home().join("files").display().to_string();
    let judged = Judged::of(&test.args(["helpers", "test", "netrc", "--json", "--home", &files]));
    assert_eq!(judged.names("broken"), [""; 0]);
    assert_eq!(judged.names("holds").iter().filter(|name| SOURCES.contains(name)).count(), SOURCES.len());
}
