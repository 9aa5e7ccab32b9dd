//! The audit log: what is in it and what must not be, and that a `get` works if it cannot be written.

mod secrets;
mod show;
#[cfg(target_os = "linux")]
mod system_log;
mod trouble;

use std::fs;
use std::path::PathBuf;

use crate::login::keeper;
use crate::support::{SECRET, Test, program};

fn folder(test: &Test) -> PathBuf {
    test.home().join(".local/state/modelforge-credential")
}

fn log(test: &Test) -> PathBuf {
    folder(test).join("audit.jsonl")
}

fn lines(test: &Test) -> Vec<String> {
    fs::read_to_string(log(test)).unwrap_or_default().lines().map(str::to_owned).collect()
}

/// The records as JSON.
fn records(test: &Test) -> Vec<serde_json::Value> {
    lines(test).iter().map(|line| serde_json::from_str(line).expect("a record is JSON")).collect()
}

/// Some fields of a record, as one text.
fn shown(record: &serde_json::Value, fields: &[&str]) -> String {
    let text = |field: &&str| record[field].as_str().unwrap_or("-").to_owned();
    fields.iter().map(text).collect::<Vec<_>>().join(" ")
}

const FIELDS: [&str; 6] = ["operation", "provider", "url", "account", "helper", "outcome"];

fn has(test: Test) -> Test {
    test.script("has", &format!("case $1 in get) echo password={SECRET};; esac; cat > /dev/null")).helpers("has")
}

/// Asks for a key as often as that.
#[track_caller]
fn asked(mut test: Test, times: usize) -> Test {
    for _ in 0..times {
        test = test.args(["get"]).stdin("provider=openai\n");
        let output = test.output();
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    }
    test
}

const ANSWER: &str =
    "protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword=sk-sentinel-5f0c9a7e41d84b1f\n";

#[test]
fn every_operation_that_reaches_the_chain_is_logged_and_no_value() {
    let test = keeper(Test::new(), "chest", "").helpers("chest");
    let request = format!("provider=openai\npassword={SECRET}\n");
    let asked = |test: Test, words: &[&str], input: &str| {
        let test = test.args(words).stdin(input);
        test.output();
        test
    };
    let mut test = test;
    for (words, input) in [
        (&["get"][..], "provider=openai\n"),
        (&["fill"], "provider=openai\n"),
        (&["approve"], &request),
        (&["get"], "url=https://api.openai.com/v1\n"),
        (&["fill"], "provider=openai\n"),
        (&["list"], ""),
        (&["reject"], "provider=openai\n"),
        (&["store"], &request),
        (&["erase"], "provider=openai\n"),
        (&["login", "openai", "--account", "work"], &format!("{SECRET}\n")),
        (&["login", "openai", "--account", "work"], &format!("{SECRET}\n")),
        (&["logout", "openai", "--account", "work"], ""),
        (&["get"], "protocol=https\nhost=example.com\npath=a\nusername=me\n"),
    ] {
        test = asked(test, words, input);
    }
    let seen: Vec<String> = records(&test).iter().map(|record| shown(record, &FIELDS)).collect();
    let openai = "openai https://api.openai.com";
    assert_eq!(
        seen,
        [
            format!("get {openai} - - not found"),
            format!("fill {openai} - - not found"),
            format!("approve {openai} default chest stored"),
            format!("get {openai} default chest found"),
            format!("fill {openai} default chest found"),
            "list - - - - listed".to_owned(),
            format!("reject {openai} - - erased"),
            format!("store {openai} default chest stored"),
            format!("erase {openai} - - erased"),
            format!("login {openai} work chest stored"),
            format!("login {openai} work chest signed in already"),
            format!("logout {openai} work - erased"),
            "get - https://example.com/a me - not found".to_owned(),
        ]
    );
}

#[test]
fn a_key_that_is_handed_to_a_program_is_logged_as_well() {
    let mut test = has(Test::new());
    for words in [&["print", "openai"][..], &["env", "openai"], &["exec", "openai", "mistral", "--", "true"]] {
        test = test.args(words);
        assert!(test.output().status.success());
    }
    let fields = ["operation", "provider", "outcome"];
    let seen: Vec<String> = records(&test).iter().map(|record| shown(record, &fields)).collect();
    assert_eq!(seen, ["print openai found", "env openai found", "exec openai found", "exec mistral found"]);
}

#[test]
fn a_request_that_is_refused_or_needs_no_helper_reaches_no_chain_and_is_not_logged() {
    let test = has(Test::new());
    for (input, code) in [("provider=nobody\n", 1), ("nonsense\n", 1), ("provider=openai\nusername=a\npassword=p\n", 0)]
    {
        let test = has(Test::new()).args(["get"]).stdin(input);
        assert_eq!(test.output().status.code(), Some(code));
        assert!(!log(&test).exists());
    }
    test.args(["audit"]).stdout("there are no records yet\n").success();
}

#[test]
fn a_failing_helper_is_logged_as_a_failure_and_not_as_absence() {
    let test = Test::new().script("fails", "exit 42").helpers("fails").args(["get"]).stdin("provider=openai\n");
    assert!(!test.output().status.success());
    assert_eq!(shown(&records(&test)[0], &["operation", "outcome"]), "get failed");
}

#[test]
#[cfg(target_os = "linux")]
fn the_asking_program_is_named_with_its_parents_and_never_its_arguments() {
    let test = has(Test::new());
    let core = program("modelforge-credential");
    let tool = test.bin().join("tool");
    let test = test.script("unused", "");
    fs::write(
        &tool,
        format!("#!/bin/sh\nprintf 'provider=openai\\n' | {{ '{}' get > /dev/null; :; }}\n", core.display()),
    )
    .unwrap();
    let line = format!(
        "/bin/sh '{0}' --api-key argument-of-the-tool; chmod 755 '{0}'; '{0}' argument-of-the-tool; :",
        tool.display()
    );
    let output = test.run(&["/bin/sh", "-c", &line], "");
    assert!(output.status.success(), "{output:?}");
    let shell = fs::canonicalize("/bin/sh").unwrap().display().to_string();
    let records = records(&test);
    for record in &records {
        assert_eq!(record["program"], *shell);
        assert!(record["pid"].as_u64().is_some_and(|pid| pid > 1));
        let parents = record["parents"].as_array().expect("parents");
        assert!(parents.iter().all(|parent| parent["pid"].as_u64().is_some()));
        assert!((1..5).contains(&parents.len()), "{record}");
    }
    // A script that is started by its own name says more than the shell that reads it.
    assert_eq!(records[1]["name"], "tool");
    assert_ne!(records[0]["name"], "tool");
    assert!(!fs::read_to_string(log(&test)).unwrap().contains("argument-of-the-tool"));
}

#[test]
fn what_moves_a_cursor_is_visible_in_the_log_and_when_it_is_shown() {
    let test = has(Test::new()).args(["get"]).stdin("protocol=https\nhost=a\u{1b}[2Jb\nusername=u\u{202e}\n");
    assert!(test.output().status.success());
    let text = fs::read_to_string(log(&test)).unwrap();
    assert!(text.contains("https://a%1B[2Jb") && text.contains(r"u\\u{202e}"), "{text}");
    let table = String::from_utf8(test.args(["audit"]).output().stdout).unwrap();
    assert!(table.contains("  a%1B[2Jb") && !table.contains('\u{1b}'), "{table}");
}

#[test]
fn a_text_of_any_length_makes_a_short_record() {
    let test =
        has(Test::new()).args(["get"]).stdin(format!("protocol=https\nhost={}\nusername=u\n", "h".repeat(60_000)));
    assert!(test.output().status.success());
    assert!(lines(&test)[0].len() < 4096);
}

#[test]
fn a_record_says_how_often_the_program_was_its_own_helper() {
    let test = has(Test::new()).env("MODELFORGE_CREDENTIAL_DEPTH", "1");
    let test = asked(test, 1).env("MODELFORGE_CREDENTIAL_DEPTH", "0");
    let test = asked(test, 1);
    let depths: Vec<_> = records(&test).iter().map(|record| record["depth"].as_u64()).collect();
    assert_eq!(depths, [Some(1), None]);
}
