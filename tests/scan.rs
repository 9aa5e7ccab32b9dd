//! `scan`: finds other copies of the stored keys, in real files and real repositories.

mod files;
/// They are made with git, in a shell.
#[cfg(unix)]
mod git;
#[cfg(unix)]
mod standing;
#[cfg(unix)]
mod trouble;

use crate::support::{SECRET, Test};

const ROTATE: &str = "to do for `openai`: create a new key at https://platform.openai.com/api-keys, run \
                      `modelforge-credential login openai`, and revoke the old one\n";

/// A home where the sentinel is kept for a provider.
pub fn signed_in() -> Test {
    keep(Test::new().helpers("age"), "openai", SECRET)
}

pub fn keep(test: Test, provider: &str, key: &str) -> Test {
    let request = format!("provider={provider}\nusername=default\npassword={key}\n");
    test.args(["approve"]).stdin(request).success()
}

/// What is printed if one place was found.
pub fn one(place: &str, line: &str, form: &str, searched: &str) -> String {
    let width = place.chars().count().max(5);
    let lines = line.chars().count().max(4);
    format!(
        "{:width$}  {:lines$}  KEY OF  AS\n{place:width$}  {line:lines$}  openai  {form}\nsearched {searched}\n{ROTATE}",
        "PLACE", "LINE"
    )
}

pub const FOUND: &str = "error: a stored key was found in one place\n";

#[test]
fn a_search_is_no_use_of_a_key() {
    let used = |test: Test| {
        let test = test.args(["status", "openai", "--verbose"]);
        let shown = String::from_utf8_lossy(&test.output().stdout).into_owned();
        (test, shown.contains("last used"))
    };
    let (test, before) = used(signed_in().args(["scan"]).any_stdout().success());
    let (_, after) = used(test.args(["get"]).stdin("provider=openai\n").any_stdout().success());
    assert_eq!((before, after), (false, true));
}

#[test]
fn a_key_is_found_where_tools_leave_it_if_nobody_names_a_place() {
    let places = [
        ".bash_history",
        ".zshrc.bak",
        ".env",
        ".claude/projects/-home-me-app/0a1b2c3d-0000-4000-8000-000000000000.jsonl",
        ".codex/sessions/2026/01/31/rollout-2026-01-31.jsonl",
        ".aider.chat.history.md",
        ".local/share/opencode/storage/message/1.json",
        ".local/share/fish/fish_history",
        ".config/some-tool/config.yaml",
        ".local/state/some-tool/log",
        ".qwen/settings.json.orig",
        "AppData/Roaming/Microsoft/Windows/PowerShell/PSReadLine/ConsoleHost_history.txt",
    ];
    let test = places.iter().fold(signed_in(), |test, place| test.file(place, format!("a\nb {SECRET} c\n")));
    let roaming = test.home().join("AppData/Roaming").display().to_string();
    let test = test.file("projects/app/.env", SECRET).env("APPDATA", roaming);
    let output = test.args(["scan"]);
    let seen = output.output();
    assert_eq!(seen.status.code(), Some(1));
    let text = output.text(&seen.stdout);
    for place in places {
        let row = text.lines().find(|line| line.contains(place)).unwrap_or_else(|| panic!("{place}: {text}"));
        let words: Vec<&str> = row.split_whitespace().collect();
        assert_eq!(words[1..], ["2", "openai", "plain", "text"], "{row}");
    }
    assert!(!text.contains("projects/app/.env") && !text.contains(SECRET), "{text}");
    assert_eq!(String::from_utf8_lossy(&seen.stderr), "error: stored keys were found in 12 places\n");
}

#[test]
fn a_home_without_a_copy_is_told_so() {
    let test = signed_in().file("notes/a.txt", "nothing\n").file("notes/sub/b.txt", &SECRET[..SECRET.len() - 1]);
    let path = test.home().join("notes").display().to_string();
    let nothing = "no stored key was found; searched 2 files, 35 bytes\n";
    test.args(["scan", &path]).stdout(nothing).success();
}

#[test]
fn a_folder_and_a_file_can_be_named_also_from_where_one_stands() {
    let test = signed_in();
    std::fs::write(test.work().join("log"), format!("one\n\n{SECRET}")).expect("a file");
    let log = test.work().join("log");
    let test = test.may_hold_the_secret(log);
    for path in ["log", ".", "./log"] {
        let output = test.run(&["BIN", "scan", path].map(|word| word.replace("BIN", &core())), "");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.lines().nth(1).is_some_and(|row| row.contains("log  3     openai  plain text")), "{text}");
    }
}

fn core() -> String {
    crate::support::program("modelforge-credential").display().to_string()
}

#[test]
fn the_report_as_json_names_file_line_and_key_and_what_to_do() {
    let test = signed_in().file("log/one", format!("\n{SECRET}\n{SECRET} {SECRET}\n"));
    let folder = test.home().join("log").display().to_string();
    let test = test.args(["scan", &folder, "--json"]).stderr(FOUND).stdout(
        r#"{
  "version": 1,
  "files": 1,
  "bytes": 88,
  "repositories": 0,
  "objects": 0,
  "findings": [
    {
      "provider": "openai",
      "url": "https://api.openai.com",
      "account": "default",
      "file": "~/log/one",
      "lines": [
        2,
        3
      ],
      "count": 2,
      "encoded": false,
      "in_name": false
    }
  ],
  "rotate": [
    {
      "provider": "openai",
      "url": "https://api.openai.com",
      "account": "default",
      "page": "https://platform.openai.com/api-keys",
      "command": "modelforge-credential login openai"
    }
  ],
  "failed": []
}
"#,
    );
    drop(test.failure());
}

#[test]
fn keys_of_accounts_and_of_hosts_that_are_no_providers_are_named_as_they_are_asked_for() {
    let (work, host) = ("sk-work-0123456789abcdef0123", "a-password-of-a-git-host-0123");
    let test = signed_in();
    let request = format!("provider=openai\nusername=work\npassword={work}\n");
    let test = test.args(["approve"]).stdin(request).success();
    let request = format!("protocol=https\nhost=git.example.com\nusername=me\npassword={host}\n");
    let test = test.args(["approve"]).stdin(request).success();
    let test = test.file("a/one", work).file("a/two", host);
    let folder = test.home().join("a").display().to_string();
    let expected = "\
PLACE    LINE  KEY OF                   AS
~/a/one  1     openai:work              plain text
~/a/two  1     https://git.example.com  plain text
searched 2 files, 57 bytes
to do for `https://git.example.com`: create a new key, and revoke the old one
to do for `openai:work`: create a new key at https://platform.openai.com/api-keys, run `modelforge-credential login openai:work`, and revoke the old one
";
    test.args(["scan", &folder]).stdout(expected).stderr("error: stored keys were found in 2 places\n").failure();
}

#[test]
fn without_a_key_there_is_nothing_to_look_for() {
    let none = "error: there is no key to search for\nhint: modelforge-credential status\n";
    Test::new().helpers("age").args(["scan"]).stderr(none).failure();
}

#[test]
fn the_log_says_that_each_key_was_read() {
    let test = signed_in();
    let folder = test.work().display().to_string();
    let test = test.args(["scan", &folder]).stdout("no stored key was found; searched 0 files, 0 bytes\n").success();
    let log =
        std::fs::read_to_string(test.home().join(".local/state/modelforge-credential/audit.jsonl")).expect("a log");
    let last = log.lines().last().expect("a line");
    assert!(last.contains("\"scan\"") && last.contains("\"openai\"") && last.contains("\"found\""), "{last}");
}

#[test]
fn a_helper_that_fails_is_named_and_the_keys_of_the_others_are_looked_for() {
    let test = signed_in().script("broken", "echo 'error: it is locked' >&2; exit 1").helpers("age\nbroken");
    let test = test.file("a/one", SECRET);
    let folder = test.home().join("a").display().to_string();
    let said = format!("warning: helper `broken` failed: it is locked\n{FOUND}");
    test.args(["scan", &folder]).stdout(&one("~/a/one", "1", "plain text", "1 file, 28 bytes")).stderr(&said).failure();
}

#[test]
fn more_keys_cost_no_further_start_of_a_helper() {
    let starts = |keys: usize| {
        let test = Test::new().counting("counted", "modelforge-credential-age").helpers("counted");
        let store = |test: Test, n: usize| {
            let request = format!("provider=openai\nusername=u{n}\npassword=sk-made-up-{n}-0123456789abcdef\n");
            test.args(["approve"]).stdin(request).success()
        };
        let test = (0..keys).fold(test, store).file("a/one", "sk-made-up-1-0123456789abcdef");
        test.starts();
        let folder = test.home().join("a").display().to_string();
        let test = test.args(["scan", &folder]);
        let output = test.output();
        assert!(String::from_utf8_lossy(&output.stdout).contains("openai:u1  plain text"), "{output:?}");
        test.starts()
    };
    let many = starts(7);
    assert_eq!(starts(2), many);
    assert_eq!(many.get("counted get-each"), Some(&1), "{many:?}");
}
