//! Secrets in public attributes: a user name, a path, a scope, a file name.

use std::fs;
use std::path::PathBuf;

use super::log;
use crate::support::{SECRET, Test};

/// GitHub's own example of a token.
const TOKEN: &str = "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";

/// All that this program shows of these requests but its answers: traces, the log and its table, `status`.
#[track_caller]
fn everything_shown(mut test: Test, requests: &[(&str, String)]) -> String {
    let mut shown = String::new();
    for (operation, request) in requests {
        test = test.args(["--verbose", operation]).stdin(request);
        shown += &String::from_utf8_lossy(&test.output().stderr);
    }
    for words in [&["audit"][..], &["audit", "--json"], &["status", "--verbose"], &["status", "--json"], &["doctor"]] {
        test = test.args(words);
        let output = test.output();
        shown += &String::from_utf8_lossy(&output.stdout);
        shown += &String::from_utf8_lossy(&output.stderr);
    }
    shown + &fs::read_to_string(log(&test)).expect("a log")
}

#[test]
fn a_token_that_comes_as_a_user_name_stands_neither_in_the_log_nor_in_a_trace() {
    let url = format!("url=https://{TOKEN}@github.com/x/y.git\n");
    let approved = format!("url=https://{TOKEN}:x-oauth-basic@github.com/x/y.git\n");
    let unknown = "url=https://a-token-of-no-known-shape:x-oauth-basic@github.com\n".to_owned();
    let requests =
        [("get", url.clone()), ("approve", approved), ("approve", unknown), ("fill", url.clone()), ("reject", url)];
    let shown = everything_shown(Test::new().helpers("age"), &requests);
    assert!(!shown.contains(TOKEN) && !shown.contains("of-no-known-shape"), "{shown}");
    assert!(shown.contains(r#""account":"<redacted>""#), "{shown}");
}

#[test]
fn a_key_in_a_path_and_a_scope_that_repeats_the_token_are_shown_nowhere() {
    let path = format!("protocol=https\nhost=example.com\npath=v1/{TOKEN}/x\nusername=me\n");
    let scope = format!("provider=openai\npassword={SECRET}\nscope=all {SECRET}\ntoken_type={SECRET}\n");
    let requests = [
        ("get", path.clone()),
        ("approve", format!("{path}password=secret-of-mine\n")),
        ("get", path),
        ("approve", scope),
        ("get", "provider=openai\n".to_owned()),
    ];
    let shown = everything_shown(Test::new().helpers("age"), &requests);
    assert!(!shown.contains(TOKEN) && !shown.contains(SECRET), "{shown}");
    assert!(shown.contains("https://example.com/v1/<redacted>/x"), "{shown}");
}

#[test]
fn a_file_that_is_named_by_a_token_is_not_named_in_a_message() {
    let request = format!("protocol=https\nhost=github.com\nusername={TOKEN}\n");
    let test = Test::new().helpers("age").args(["approve"]).stdin(format!("{request}password=a-secret\n"));
    assert!(test.output().status.success());
    let folder = test.home().join(".local/share/modelforge-credential/age");
    let file = find(&folder).expect("the token is kept");
    fs::write(&file, "no age file").unwrap();
    let test = test.args(["get"]).stdin(&request);
    let said = String::from_utf8_lossy(&test.output().stderr).into_owned();
    assert!(said.contains("<redacted>") && !said.contains("ghp_"), "{said}");
}

/// The file of the only credential.
fn find(folder: &std::path::Path) -> Option<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().find_map(|entry| match entry.path() {
        path if path.is_dir() => find(&path),
        path => Some(path).filter(|path| path.extension().is_some_and(|extension| extension == "age")),
    })
}
