//! Helpers that are missing, misspelled, unsafe, hidden or slow.

use std::fs;
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use super::{DONE, chest, findings, finds, well};
use crate::support::{SECRET, Test, program};

#[test]
fn a_helper_that_is_missing_or_mistyped_is_an_error() {
    finds(
        Test::new().config("helpers = ['age', 'nowhere']"),
        "error helper: helper `nowhere` is not installed beside the program or on PATH | put a program named modelforge-credential-nowhere on PATH",
    );
    finds(
        Test::new().config("helpers = ['age', 'keyrng']"),
        "error helper: there is no helper `keyrng` | did you mean `keyring`?",
    );
    finds(
        Test::new().config("helpers = ['age', { command = ['no-such-program', 'x'] }]"),
        "error helper: program `no-such-program` is not on PATH",
    );
}

#[cfg(unix)]
#[test]
fn a_helper_that_anyone_could_have_put_there_is_an_error_with_its_fix() {
    let test = chest(Test::new(), "");
    let path = test.bin().join("modelforge-credential-chest");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
    let (_, found) = findings(test);
    let expected = "error helper: `TEST/modelforge-credential-chest` is not started: anyone can write to `TEST/modelforge-credential-chest` | chmod o-w TEST/modelforge-credential-chest";
    assert!(found.iter().any(|line| line == expected), "{found:#?}");
}

#[cfg(unix)]
#[test]
fn a_helper_that_hides_another_of_its_name_is_a_warning() {
    let test = well().script("age", "exit 0");
    finds(
        test,
        "warning helper: helper `age` is `BIN/modelforge-credential-age`, which hides `TEST/modelforge-credential-age` | rm TEST/modelforge-credential-age  # if it is the older one",
    );
    // A link to the same is none.
    let test = well();
    std::os::unix::fs::symlink(program("modelforge-credential-age"), test.bin().join("modelforge-credential-age"))
        .unwrap();
    let (_, found) = findings(test);
    assert!(!found.iter().any(|line| line.starts_with("warning helper")), "{found:#?}");
}

#[test]
fn a_helper_that_hangs_is_an_error_after_a_few_seconds_and_does_not_hold_up_the_others() {
    let start = Instant::now();
    let test = Test::new()
        .script("slow", "sleep 60")
        .script("slower", "sleep 60")
        .script("loses", "case $1 in list | capability) ;; *) sleep 60 ;; esac");
    let (_, found) = findings(test.config("helpers = ['slow', 'slower', 'loses', 'age']"));
    for name in ["slow", "slower"] {
        let hint = format!("modelforge-credential helpers test {name}");
        let expected =
            format!("error helper: helper `{name}` failed: it did not answer within 5 s and was stopped | {hint}");
        assert!(found.contains(&expected), "{found:#?}");
    }
    // One that was ended while it stored may have stored.
    let may_hold = "error helper: helper `loses` failed: it may still have the test credential for `https://canary.invalid`: it did not answer within 5 s and was stopped | printf 'url=https://canary.invalid\\n' | modelforge-credential erase";
    assert!(found.iter().any(|line| line == may_hold), "{found:#?}");
    assert!(found.iter().any(|line| line.starts_with("ok helper: `age` ")), "{found:#?}");
    assert!(start.elapsed() < Duration::from_secs(25), "{:?}", start.elapsed());
}

#[test]
fn a_key_in_the_words_of_a_helper_is_in_no_report() {
    let key = "sk-proj-0123456789abcdefghij";
    let config = format!("helpers = [{{ command = ['sh', '-c', 'exit 1', '{key}'] }}]");
    let (test, found) = findings(Test::new().config(&config));
    assert!(found.iter().any(|line| line.contains("<redacted>` failed: exit status 1")), "{found:#?}");
    for options in [&["doctor"][..], &["doctor", "--json"]] {
        let said = test.run(&[&[&*program("modelforge-credential").display().to_string()], options].concat(), "");
        assert!(!String::from_utf8_lossy(&said.stdout).contains(key), "{said:?}");
    }
}

#[test]
fn a_chain_in_which_nobody_keeps_anything_is_an_error() {
    let nobody = "error helper: no helper in the chain can store credentials | helpers = [\"env\", \"keyring\", \"age\"]  # in config.toml";
    finds(Test::new().config("helpers = ['env', 'oauth', 'plaintext']"), nobody);
    finds(Test::new().config("helpers = []"), nobody);
    // A chain named in a variable, as in CI, is mostly meant.
    let test = Test::new().env("MODELFORGE_CREDENTIAL_HELPERS", "env");
    let (_, found) = findings(test);
    assert!(found.contains(&nobody.replacen("error", "warning", 1)), "{found:#?}");
    let test = finds(Test::new().script("sink", "cat > /dev/null").config("helpers = ['sink']"), nobody);
    let (_, found) = findings(test);
    assert!(
        found.contains(&"ok helper: `sink` (TEST/modelforge-credential-sink) works; it does not store keys".to_owned()),
        "{found:#?}"
    );
}

#[test]
fn a_provider_with_helpers_of_its_own_has_them_checked_as_well() {
    let test = Test::new().config("helpers = ['age']\n[provider.openai]\nhelpers = ['nowhere', 'age']\n");
    let test = finds(
        test,
        "error helper: helper `nowhere` is not installed beside the program or on PATH | put a program named modelforge-credential-nowhere on PATH",
    );
    let (_, found) = findings(test);
    assert_eq!(found.iter().filter(|line| line.starts_with("ok helper: `age` ")).count(), 1);
}

#[test]
fn what_a_helper_remarks_is_told_once_in_the_report_and_nowhere_else() {
    let broken = "`~/.config/model-forge/config.json`, line 2, column 0: this is not JSON";
    let test = Test::new().file(".config/model-forge/config.json", "{\n").config("helpers = ['age', 'plaintext']\n");
    let (test, found) = findings(test);
    let about: Vec<&String> = found.iter().filter(|line| line.contains("this is not JSON")).collect();
    let failed = format!("error helper: helper `plaintext` failed: {broken}");
    assert_eq!(about, [&format!("warning configuration: {broken}"), &failed]);
    let output = test.args(["doctor"]).output();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "error: one check failed\n");
    let talks = chest(Test::new(), "echo 'warning: the chest is old' >&2; echo 'hint: renew it' >&2");
    let (talks, found) = findings(talks);
    let about: Vec<&String> = found.iter().filter(|line| line.contains("helper:")).collect();
    assert_eq!(about, [DONE, "warning helper: the chest is old | renew it"]);
    assert!(talks.args(["doctor"]).output().stderr.is_empty());
}

#[test]
fn a_credential_that_cannot_be_opened_is_an_error() {
    let test = Test::new().helpers("age").args(["approve"]).stdin(format!("provider=openai\npassword={SECRET}\n"));
    let test = test.success();
    let file = test.home().join(".local/share/modelforge-credential/age/https/api.openai.com/default.age");
    std::fs::write(&file, "garbage").expect("it is there");
    let output = test.args(["doctor"]).any_stderr();
    let run = output.output();
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(text.contains("helper `age` cannot decrypt its credential for `https://api.openai.com`: "), "{text}");
    assert_eq!(run.status.code(), Some(1));
}
