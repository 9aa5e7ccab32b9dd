//! `doctor`: its output if all is well, one test for each problem, and that the test credential is never left behind.

mod configuration;
mod files;
mod helpers;
mod keyring;
mod throw_away;

use serde_json::Value;

use crate::support::{Test, as_elsewhere, programs};

/// The findings of a run with `--json`, each as `level check: message | hint`, and the exit status.
#[track_caller]
fn findings(test: Test) -> (Test, Vec<String>) {
    let test = test.args(["doctor", "--json"]);
    let output = test.output();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    assert_eq!(report["version"], 1);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut lines = Vec::new();
    for finding in report["findings"].as_array().expect("a list") {
        let hint = finding["hint"].as_str().map(|hint| format!(" | {hint}")).unwrap_or_default();
        let line =
            format!("{} {}: {}{hint}", text(&finding["level"]), text(&finding["check"]), text(&finding["message"]));
        let line = line.replace(&*programs().to_string_lossy(), "BIN").replace(&*test.home().to_string_lossy(), "~");
        lines.push(as_elsewhere(line.replace(&*test.bin().to_string_lossy(), "TEST")));
    }
    let count = |level: &str| lines.iter().filter(|line| line.starts_with(level)).count() as u64;
    assert_eq!(
        (report["errors"].as_u64(), report["warnings"].as_u64()),
        (Some(count("error ")), Some(count("warning ")))
    );
    assert_eq!(output.status.code(), Some(i32::from(count("error ") > 0)), "{lines:?}");
    (test, lines)
}

/// This finding is there, and it is the only one of its kind that is not `ok`.
#[track_caller]
fn finds(test: Test, expected: &str) -> Test {
    let (test, found) = findings(test);
    let check = |line: &str| line.split(": ").next().unwrap_or_default().to_owned();
    let same: Vec<&String> = found.iter().filter(|line| check(line) == check(expected)).collect();
    assert_eq!(same, [expected], "{found:#?}");
    test
}

/// A home in which nothing is wrong, and no keyring is asked, so that no variable has to set its keys aside.
fn well() -> Test {
    Test::new().config("helpers = [\"env\", \"age\"]\n").env("MODELFORGE_CREDENTIAL_KEYRING_PREFIX", "")
}

/// A helper that keeps one credential in a file; `first` is run before anything else, with the operation in `$1`.
fn chest(test: Test, first: &str) -> Test {
    let kept = test.home().join("chest.kept").display().to_string();
    let body = format!(
        "kept='{kept}'\n{first}\ncase $1 in\nget) cat \"$kept\" 2>/dev/null;;\nstore) cat > \"$kept\";;\n\
         erase) rm -f \"$kept\";;\nlist) echo count=0;;\nesac; exit 0"
    );
    test.script("chest", &body).config("helpers = [\"chest\"]\n")
}

fn kept(test: &Test) -> bool {
    test.home().join("chest.kept").exists()
}

const DONE: &str =
    "ok helper: `chest` (TEST/modelforge-credential-chest) stored, returned and deleted a test credential";

/// What `doctor` printed, with the home folder as `~`. Only Unix is asked how much room there is.
fn shown(test: &Test, printed: Vec<u8>) -> String {
    let text = test.text(&printed).replace(&as_elsewhere(programs().display().to_string()), "BIN");
    let text = text.replace(&*test.home().to_string_lossy(), "~");
    assert_eq!(text.contains("there is free space in `~/.local"), cfg!(unix), "{text}");
    text
}

const TIME: (&str, &str) = (r"\d{4}-\d\d-\d\dT\S+Z", "2026-01-31T12:00:00.000Z");

#[test]
fn where_all_is_well_it_says_what_it_looked_at() {
    let test = well().env("MODELFORGE_CREDENTIAL_INTERACTIVE", "").args(["doctor"]);
    let output = test.output();
    insta::with_settings!({ filters => vec![TIME, (r"ok  disk .*\n", "")] }, {
        insta::assert_snapshot!("doctor", shown(&test, output.stdout))
    });
    assert_eq!((output.status.code(), &*String::from_utf8_lossy(&output.stderr)), (Some(0), ""));
}

#[test]
fn as_json_it_has_a_stable_shape() {
    let test = well().config("helpers = []").env("MODELFORGE_CREDENTIAL_INTERACTIVE", "").args(["doctor", "--json"]);
    let output = test.output();
    let disk = r#"    \{\n      "check": "disk",\n.*\n.*\n    \},\n"#;
    insta::with_settings!({ filters => vec![TIME, (disk, "")] }, {
        insta::assert_snapshot!("doctor_json", shown(&test, output.stdout))
    });
    assert_eq!(String::from_utf8_lossy(&output.stderr), "error: one check failed\n");
    assert_eq!(output.status.code(), Some(1));
}
