//! Reading the log: the table, its filters, and the last use in `status`.

use std::fs;

use super::{asked, has, log, shown};
use crate::support::{SECRET, Test, program};

#[test]
fn an_account_of_any_length_leaves_room_for_the_other_columns() {
    let request = format!("provider=openai\nusername={}\n", "u".repeat(5000));
    let test = Test::new().helpers("").args(["get"]).stdin(request).success();
    let test = test.args(["audit"]);
    let shown = String::from_utf8(test.output().stdout).unwrap();
    assert!(shown.contains(&format!("  openai:{}…  not found", "u".repeat(60))), "{shown}");
}

#[test]
fn the_option_that_is_gone_says_why() {
    let said = "error: `--verify` was removed: a program that can change the log can change it without a trace\nhint: [audit] syslog = true  # in config.toml: writes each record to the system's log as well\n";
    Test::new().args(["audit", "--verify"]).stderr(said).status(2);
    Test::new().args(["audit", "--verify", "--json"]).stderr(said).status(2);
}

#[test]
fn it_is_shown_as_a_table_with_the_newest_last() {
    let test = asked(has(Test::new()), 1);
    let test = test.args(["get"]).stdin("protocol=https\nhost=example.com\nusername=me\n");
    test.output();
    let table = String::from_utf8(test.args(["audit"]).output().stdout).unwrap();
    insta::with_settings!({ filters => vec![
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "2026-01-31 12:00:00"),
        (r"in has  .*", "in has  PROGRAM"),
    ] }, { insta::assert_snapshot!("audit_table", table) });
}

#[test]
fn in_detail_it_has_the_time_taken_and_the_path_and_number_of_each_program() {
    let test = asked(has(Test::new()), 1);
    let table = String::from_utf8(test.args(["audit", "--verbose"]).output().stdout).unwrap();
    insta::with_settings!({ filters => vec![
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "2026-01-31 12:00:00"),
        (r"\d+\.\d +\S+ .*", "1.0  PROGRAM"),
        (r"MS .*", "MS BY"),
    ] }, { insta::assert_snapshot!("audit_details", table) });
}

#[test]
fn the_command_of_exec_is_named_and_not_the_shell_that_typed_it() {
    let test = if cfg!(windows) { has(Test::new()) } else { has(Test::new()).on_path("true", "#!/bin/sh\n") };
    let tool = test.bin().join(format!("true{}", std::env::consts::EXE_SUFFIX));
    let core = program("modelforge-credential").display().to_string();
    let line = format!("'{core}' exec openai -- '{}' argument; :", tool.display());
    assert!(test.run(&["sh", "-c", &line], "").status.success());
    let record: serde_json::Value = serde_json::from_str(&fs::read_to_string(log(&test)).unwrap()).unwrap();
    assert_eq!(record["command"], *tool.display().to_string());
    let table = String::from_utf8(test.run(&[&*core, "audit"], "").stdout).unwrap();
    assert!(table.ends_with("  exec       openai  found in has  true\n"), "{table}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_shell_that_asks_is_named_with_the_program_that_it_works_for() {
    let test = has(Test::new());
    let core = program("modelforge-credential").display().to_string();
    let line = format!("printf 'provider=openai\\n' | {{ '{core}' get >/dev/null; :; }}");
    assert!(test.run(&["/bin/sh", "-c", &line], "").status.success());
    let table = String::from_utf8(test.run(&[&*core, "audit"], "").stdout).unwrap();
    let (_, by) = table.trim_end().rsplit_once("found in has  ").expect("a row");
    let (shell, parent) = by.split_once(", from ").expect("a parent");
    assert!(["sh", "dash", "bash"].contains(&shell) && parent.starts_with("tests"), "{by}");
}

#[test]
fn it_is_filtered_by_provider_account_time_and_number() {
    let mut test = has(Test::new());
    for (provider, account) in [("openai", "work"), ("mistral", "default"), ("openai", "home"), ("together_ai", "work")]
    {
        test = test.args(["get"]).stdin(format!("provider={provider}\nusername={account}\n"));
        assert!(test.output().status.success());
    }
    let seen = |arguments: &[&str]| {
        let words = [program("modelforge-credential").display().to_string(), "audit".into(), "--json".into()];
        let words: Vec<String> = words.into_iter().chain(arguments.iter().map(|word| (*word).to_owned())).collect();
        let output = test.run(&words, "");
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let name = |line: &str| shown(&serde_json::from_str(line).unwrap(), &["provider", "account"]);
        text.lines().map(name).collect::<Vec<_>>()
    };
    let all = ["openai work", "mistral default", "openai home", "togetherai work"];
    assert_eq!(seen(&[]), all);
    assert_eq!(seen(&["--provider", "openai"]), ["openai work", "openai home"]);
    assert_eq!(seen(&["--provider", "together-ai"]), ["togetherai work"]);
    assert_eq!(seen(&["--account", "work"]), ["openai work", "togetherai work"]);
    assert_eq!(seen(&["--limit", "2"]), ["openai home", "togetherai work"]);
    assert_eq!(seen(&["--limit", "0"]), [""; 0]);
    assert_eq!(seen(&["--since", "1h"]), all);
    assert_eq!(seen(&["--since", "2026-01-01"]), all);
    assert_eq!(seen(&["--since", "2999-01-01"]), [""; 0]);
    assert_eq!(seen(&["--since", "2026-01-01T00:00:00", "--limit", "1"]), ["togetherai work"]);
    let words = [program("modelforge-credential").display().to_string(), "audit".into(), "--json".into()];
    assert_eq!(String::from_utf8(test.run(&words, "").stdout).unwrap(), fs::read_to_string(log(&test)).unwrap());
}

#[test]
fn a_time_that_is_none_is_a_mistake_of_the_command_line() {
    for time in ["yesterday", "2026-13-01", "", "-1d"] {
        let test = Test::new().args(["audit".to_owned(), format!("--since={time}")]);
        test.stderr("error: `--since` is neither a span of time nor a date\nhint: modelforge-credential audit --since 2d  # or 2026-01-31\n").status(2);
    }
}

#[test]
fn status_says_in_detail_when_a_key_was_last_used_and_by_whom() {
    let test = Test::new().helpers("age");
    let test = test.args(["approve"]).stdin(format!("provider=openai\npassword={SECRET}\n")).success();
    let detail = |test: &Test| {
        let core = program("modelforge-credential");
        let output = test.run(&[core.as_os_str(), "status".as_ref(), "--verbose".as_ref(), "--json".as_ref()], "");
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()["providers"][0]["copies"][0].clone()
    };
    assert_eq!(detail(&test)["used_utc"], serde_json::Value::Null);
    let test = test.args(["get"]).stdin("provider=openai\n");
    assert!(test.output().status.success());
    assert!(detail(&test)["used_utc"].as_u64().is_some_and(|at| at > 1_700_000_000));
    let used_by = detail(&test)["used_by"].as_str().unwrap_or_default().to_owned();
    assert!(used_by.contains("tests-"), "{used_by}");
    let test = test.args(["status", "--verbose"]);
    assert!(String::from_utf8(test.output().stdout).unwrap().contains(", last used "));
}
