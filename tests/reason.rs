//! The kind of problem for a program that announced `reason`: a line `reason=` in addition to the message.

use crate::support::{SECRET, Test};

/// A helper that fails, and says why.
const LOCKED: &str =
    r#"grep -q '^capability\[\]=reason$' && echo reason=locked; echo 'error: it is locked' >&2; exit 1"#;

#[track_caller]
fn ends(test: Test, operation: &str, request: &str, stdout: &str) {
    let test = test.args([operation]).stdin(format!("capability[]=reason\n{request}"));
    let output = test.output();
    assert_eq!((output.status.code(), &*String::from_utf8_lossy(&output.stdout)), (Some(1), stdout), "{request}");
    assert!(output.stderr.starts_with(b"error: ") || output.stderr.starts_with(b"warning: "), "the message stays");
    // Who did not ask for it finds standard output empty, as ever.
    let output = test.args([operation]).stdin(request).output();
    assert_eq!((output.status.code(), &*output.stdout), (Some(1), &b""[..]), "{request}");
}

#[test]
fn a_program_is_told_what_kind_of_problem_it_is() {
    let test = || Test::new().helpers("env");
    let openai = "provider=openai\n";
    ends(test(), "fill", openai, "reason=not-found\n");
    ends(test(), "fill", "url=https://llm.example\n", "reason=not-found\n");
    for request in ["provider=opnai\n", "provider=azure_openai\n"] {
        ends(test(), "get", request, "reason=unknown-provider\n");
    }
    let invalid = [
        "host=h\n",
        "url=nowhere\n",
        "provider=a b\n",
        "provider=openai\nprotocol=https\nhost=elsewhere\n",
        "url=https://h\nhost=i\n",
    ];
    for request in invalid {
        ends(test(), "get", request, "reason=invalid-request\n");
    }
    ends(test(), "store", openai, "reason=invalid-request\n");
    ends(test(), "store", "provider=openai\npassword=a\tb\n", "reason=invalid-request\n");
    ends(test(), "get", "protocol=backup\nhost=h\n", "reason=refused\n");
    ends(test().script("quits", "echo quit=1").helpers("quits"), "fill", openai, "reason=refused\n");
    ends(test(), "store", "provider=openai\npassword=p\n", "reason=failed\n");
}

#[test]
fn a_helper_that_says_that_it_is_locked_is_told_from_one_that_failed() {
    let locked = || Test::new().script("sealed", LOCKED).script("fails", "exit 1");
    let key = &format!("provider=openai\npassword={SECRET}\n");
    for (operation, request) in [("get", "provider=openai\n"), ("fill", "provider=openai\n"), ("store", key)] {
        ends(locked().helpers("fails\nsealed"), operation, request, "reason=locked\n");
        ends(locked().helpers("fails"), operation, request, "reason=failed\n");
    }
    ends(locked().helpers("fails\nsealed"), "erase", "provider=openai\n", "reason=locked\n");
}

#[test]
fn a_reason_beside_an_answer_is_no_part_of_it() {
    let test = Test::new().script("odd", "echo reason=locked; echo password=p").helpers("odd");
    let answer = "protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword=p\n";
    test.args(["get"]).stdin("capability[]=reason\nprovider=openai\n").stdout(answer).success();
}

#[test]
fn looking_and_finding_nothing_is_no_failure() {
    let test = Test::new().helpers("env").args(["get"]).stdin("capability[]=reason\nprovider=openai\n");
    let test = test.success();
    // A request that cannot be read has announced nothing.
    let test = test.args(["get"]).stdin("capability[]=reason\nno line\n");
    test.stderr("error: line 2 has no `=`\n").failure();
}
