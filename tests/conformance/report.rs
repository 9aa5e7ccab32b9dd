//! How `helpers test` reports, gives up, and cleans up.

use std::env::consts::EXE_SUFFIX;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Judged, SMALL_HELPER, judged};
use crate::support::{Test, as_elsewhere, system};

/// A program of wine takes longer to start than this helper has.
#[cfg(unix)]
#[test]
fn a_helper_that_hangs_costs_at_most_a_second_a_case_and_the_others_go_on() {
    let start = Instant::now();
    let test = Test::new().script("hangs", "[ \"$1\" != get ] || exec sleep 600; exit 0");
    let judged = judged(test, "hangs", &["--timeout", "200ms"]);
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    assert!(judged.names("broken").contains(&"a get of what is not there finds nothing"));
    assert!(judged.reasons().contains("it did not answer within 0.2 s and was stopped"), "{}", judged.reasons());
    assert!(judged.names("holds").contains(&"an unknown operation is ignored: nothing printed, exit status 0"));
    assert_eq!(judged.status, Some(1));
}

#[test]
fn a_helper_that_cannot_store_is_not_judged_and_says_why() {
    let test =
        Test::new().script("locked", "[ \"$1\" != store ] || { echo 'error: the vault is locked' >&2; exit 1; }");
    let judged = judged(test, "locked", &[]);
    let said = "error: helper `locked` was not tested, because its `store` failed: exit status 1: error: the vault is locked\n";
    assert_eq!((judged.status, &*judged.said), (Some(1), said));
}

#[test]
fn a_helper_that_cannot_reach_its_store_is_put_to_no_case() {
    let test = Test::new().script("locked", "echo 'error: there is no D-Bus session' >&2; exit 1");
    let judged = judged(test, "locked", &[]);
    assert_eq!(judged.report["cases"].as_array().map(Vec::len), Some(0));
    assert_eq!((&judged.report["keeps_the_rules_of"], &judged.report["whole"]), (&json!("none"), &json!(false)));
    assert_eq!(judged.report["badge"], format!("modelforge-credential {}: not judged", env!("CARGO_PKG_VERSION")));
    let reason = "exit status 1: error: there is no D-Bus session";
    assert_eq!(judged.said, format!("error: helper `locked` was not tested, because its `store` failed: {reason}\n"));
}

#[test]
fn of_a_python_traceback_the_last_line_is_the_reason() {
    let traceback = "Traceback (most recent call last):\n  File \"x.py\", line 1, in f\nKeyError: \"host\"";
    let test = Test::new().script("python", &format!("echo '{traceback}' >&2; exit 1"));
    let judged = judged(test, "python", &[]);
    let reason = "exit status 1: KeyError: \"host\"";
    assert_eq!(judged.said, format!("error: helper `python` was not tested, because its `store` failed: {reason}\n"));
}

/// A helper whose store is in one place, whatever the home folder is: like a keyring.
fn with_a_shared_store(test: Test, extra: &str) -> Test {
    let (python, folder) = (system("python3", "python3").display().to_string(), test.home());
    let text = SMALL_HELPER.replace("os.environ[\"HOME\"]", &format!("{:?}", folder.display().to_string()));
    let test = test.file("helper.py", text);
    let file = test.home().join("helper.py");
    test.script("shared", &format!("{extra}\nexec '{python}' -I -S '{}' \"$@\"", file.display()))
}

#[test]
#[ignore = "needs python3"]
fn what_is_kept_outside_of_the_home_is_erased_again_whatever_happens() {
    let test = with_a_shared_store(Test::new(), "");
    let kept = test.home().join("kept");
    let test = test.args(["helpers", "test", "shared", "--json"]);
    let judged = Judged::of(&test);
    assert_eq!(judged.report["shared"], true);
    assert_eq!(std::fs::read_to_string(&kept).expect("it is there"), "[]");

    // Ctrl-C in the middle of a case, when something was stored.
    let test = Test::new();
    let kept = test.home().join("kept");
    let extra = format!("[ \"$1\" != get ] || ! grep -q bob '{}' || kill -INT $PPID", kept.display());
    let test = with_a_shared_store(test, &extra).args(["helpers", "test", "shared", "--json"]);
    let judged = Judged::of(&test);
    assert_eq!(judged.said, "error: the test was interrupted; what it had stored was erased\n");
    assert_eq!((judged.status, judged.names("holds").len()), (Some(1), 3));
    assert_eq!(std::fs::read_to_string(&kept).expect("it is there"), "[]");
}

#[test]
#[ignore = "needs python3"]
fn what_a_helper_does_not_erase_is_named() {
    let test = with_a_shared_store(Test::new(), "[ \"$1\" != erase ] || exit 0");
    let judged = Judged::of(&test.args(["helpers", "test", "shared", "--json", "--only", "O5"]));
    assert_eq!(judged.status, Some(1));
    assert!(
        judged.said.starts_with("error: helper `shared` did not erase what the test stored: protocol=https host=zq")
    );
    assert!(!judged.report["left"].as_array().expect("a list").is_empty());
}

#[test]
fn it_is_told_as_it_goes_with_a_verdict_and_a_badge() {
    let said = "\
testing `liar` (TEST/bin/modelforge-credential-liar)
ok       O1  an unknown operation is ignored: nothing printed, exit status 0
BROKEN   O1  an unknown operation does not read what might mean something else there: `WORD` failed with exit status 1
it stores nothing, and was tested as a helper that only answers
verdict: keeps git's rules, breaks O1 of the protocol
";
    let test = Test::new().script("liar", "case $1 in get|store|erase) ;; *) ! grep -q junk ;; esac");
    let output = test.args(["helpers", "test", "liar", "--only", "O1"]);
    let output = output.output();
    let text = as_elsewhere(String::from_utf8_lossy(&output.stdout).into_owned());
    let word = text.split('`').find(|word| word.starts_with("zq")).expect("the operation is named").to_owned();
    let folder = text.split(['(', ')']).nth(1).expect("the path").replace("/bin/modelforge-credential-liar", "");
    assert_eq!(text.replace(&word, "WORD").replace(&folder, "TEST"), said);
    let said = "error: helper `liar` breaks rules of the protocol\n";
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(1), said));
    let output = Test::new().args(["helpers", "test", "env"]).output();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.ends_with("keeps the protocol, and no credentials (11 of 11 cases)\n"), "{text}");
}

/// It answers with a user name and a password that it was not given, and repeats what it was told.
const CHATTY: &str = "[ \"$1\" = get ] && printf 'username=ann\\npassword=of-a-person\\n'\n\
                      echo \"$1: $(grep password=)\" >&2; printf '\\033[2J of-a-person\\n' >&2";

#[test]
fn a_broken_case_shows_with_verbose_what_was_asked_and_answered_without_secrets() {
    let rule = "a get of what is not there finds nothing";
    let test = Test::new().script("chatty", CHATTY).args(["helpers", "test", "chatty", "--only", rule]);
    let quiet = String::from_utf8_lossy(&test.output().stdout).into_owned();
    assert!(!quiet.contains("      > "), "{quiet}");
    let test = test.args(["--verbose", "helpers", "test", "chatty", "--only", rule]);
    let text = String::from_utf8_lossy(&test.output().stdout).into_owned();
    let host = text.split("> host=").nth(1).and_then(|rest| rest.lines().next()).expect("the request is shown");
    let shown = "    get: exit status 0
      > protocol=https
      > host=HOST
      < username=ann
      < password=<redacted>
      ! get:\u{20}
      ! \\u{1b}[2J <redacted>
";
    assert!(text.replace(host, "HOST").contains(shown), "{text}");
    assert!(!text.contains("of-a-person") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn a_broken_case_has_its_requests_in_the_json_where_verbose_is_asked_for() {
    let rule = "a get of what is not there finds nothing";
    let test = Test::new().script("chatty", CHATTY);
    let judged = Judged::of(&test.args(["helpers", "test", "chatty", "--json", "--verbose", "--only", rule]));
    let request = &judged.report["cases"][0]["requests"][0];
    assert_eq!((&request["operation"], &request["end"]), (&json!("get"), &json!("exit status 0")));
    assert_eq!(request["answer"], json!(["username=ann", "password=<redacted>"]));
    let test = Test::new().script("chatty", CHATTY);
    let judged = Judged::of(&test.args(["helpers", "test", "chatty", "--json", "--only", rule]));
    assert_eq!(judged.report["cases"][0]["requests"], Value::Null);
}

#[test]
fn the_badge_for_gits_rules_counts_gits_cases() {
    let test = Test::new().script("liar", "case $1 in get|store|erase) ;; *) ! grep -q junk ;; esac");
    let judged = judged(test, "liar", &["--rules", "git"]);
    let cases = judged.report["cases"].as_array().expect("a list");
    let held = cases.iter().filter(|case| case["level"] == "git" && case["outcome"] == "holds").count();
    let badge =
        format!("modelforge-credential {}: keeps git's rules ({held} of {held} cases)", env!("CARGO_PKG_VERSION"));
    assert_eq!((judged.status, &judged.report["badge"]), (Some(0), &json!(badge)));
}

#[test]
fn a_helper_that_ran_no_case_gets_no_verdict_and_is_called_as_it_was_typed() {
    let test = Test::new().script("mine", "exit 1");
    let program = test.script_path("mine");
    let here = test.work().join("mine").with_extension(EXE_SUFFIX.trim_start_matches('.'));
    std::fs::copy(&program, &here).expect("a copy");
    if cfg!(windows) {
        std::fs::copy(program.with_extension("sh"), here.with_extension("sh")).expect("its lines");
    }
    let test = test.args(["helpers", "test", "./mine", "--only", "O6"]);
    let problem = "error: helper `./mine` was not tested, because its `store` failed: exit status 1\n";
    let said = "testing `./mine` (TEST/work/mine)\n\
                not tested, because `store` failed; a helper that stores nothing must ignore `store` (O4)\n";
    test.stdout(said).stderr(problem).failure();
}

#[test]
fn what_cannot_be_tested_is_a_mistake_of_the_caller() {
    let test = Test::new();
    let test = test.args(["helpers", "test", "age", "--only", "nonsense"]);
    let hint = "hint: modelforge-credential helpers test age --only O5\n";
    let test = test.stderr(&format!("error: no case has `nonsense` as its rule or in its name\n{hint}")).status(2);
    let test = test.args(["helpers", "test", "age", "--timeout", "soon"]);
    let test = test.stderr("error: `--timeout` is not a duration\nhint: --timeout 5s  # or 500ms, 2m\n").status(2);
    let test = test.args(["helpers", "test"]);
    let hint = "hint: modelforge-credential helpers test --help\n";
    let test = test.stderr(&format!("error: `<HELPER>` is missing\n{hint}")).status(2);
    let test = test.args(["helpers", "test", "not there"]);
    let missing = "error: helper `not` is not installed beside the program or on PATH\n";
    test.stderr(&format!("{missing}hint: put a program named modelforge-credential-not on PATH\n")).failure();
}
