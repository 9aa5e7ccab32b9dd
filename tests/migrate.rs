//! Moving keys out of plain text: each is in one of the two places at any time, and nothing else in the file changes.

mod alternatives;
mod backup;
mod between;
mod folders;
#[cfg(unix)]
pub mod interrupted;
mod limits;
mod modelforge;
mod purge;
mod rollback;
mod shells;
mod since;
mod starts;
mod status;
mod tools;
mod traces;
mod trouble;
mod urls;

use crate::support::{SECRET, Test, files_below};

const CONFIG: &str = ".config/model-forge/config.json";

/// ModelForge's file with the sentinel as openai's key.
fn with_file(test: Test) -> Test {
    let text = include_str!("fixtures/modelforge/four-providers.json");
    let start = text.find("sk-").expect("a key");
    let end = start + text[start..].find('"').expect("its end");
    test.file(CONFIG, format!("{}{SECRET}{}", &text[..start], &text[end..]))
}

fn file(test: &Test) -> String {
    std::fs::read_to_string(test.home().join(CONFIG)).expect("the file is there")
}

/// Reads a file below the home directory.
fn read(test: &Test, path: &str) -> String {
    std::fs::read_to_string(test.home().join(path)).unwrap_or_else(|problem| panic!("{path}: {problem}"))
}

/// Writes a file below the home directory; it may contain the sentinel at the end.
fn holding(test: Test, path: &str) -> Test {
    let path = test.home().join(path);
    test.may_hold_the_secret(path)
}

/// Runs it, whatever it remarks, and expects this exit status.
#[track_caller]
fn run(test: Test, words: &[&str], status: i32) -> (Test, String, String) {
    let test = test.args(words);
    let output = test.output();
    let [stdout, stderr] = [output.stdout, output.stderr].map(|printed| test.text(&printed));
    assert_eq!(output.status.code(), Some(status), "{words:?}\n{stdout}\n{stderr}");
    (test, stdout, stderr)
}

/// With a helper `other` that is not in the chain, and keeps what it is told in a store of its own.
fn elsewhere(test: Test) -> Test {
    let age = crate::support::program("modelforge-credential-age").display().to_string();
    test.script("other", &format!("XDG_DATA_HOME=$HOME/other exec '{age}' $1"))
}

/// The files of that helper that hold a credential or a backup.
fn kept_elsewhere(test: &Test) -> Vec<std::path::PathBuf> {
    let mut files = files_below(&test.home().join("other"));
    files.retain(|path| path.extension().is_some_and(|ending| ending == "age"));
    files
}

/// The chain's answer for openai.
fn answer(key: &str) -> String {
    format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={key}\n")
}

/// A JSON report.
#[track_caller]
fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|problem| panic!("{problem}: {text}"))
}

/// The migration's name in a report of one.
fn id(report: &str) -> String {
    let rest = report.split_once("--rollback ").expect("it says how to undo it").1;
    rest.split(['`', ' ']).next().expect("a name").to_owned()
}

/// Moves what it can; the sentinel is then in no file but an encrypted one.
fn migrate(test: Test, more: &[&str]) -> Test {
    test.args([&["migrate"], more].concat()).any_stderr()
}

fn out(test: &Test) -> String {
    test.text(&test.output().stdout)
}

#[test]
fn a_dry_run_shows_the_plan_and_makes_and_changes_nothing() {
    let test = with_file(Test::new());
    let before = (file(&test), files_below(&test.home()));
    let test = test.args(["migrate", "--dry-run"]);
    let shown = out(&test);
    assert!(
        shown.contains("openai") && shown.contains("google") && shown.ends_with("nothing was changed\n"),
        "{shown}"
    );
    assert_eq!((file(&test), files_below(&test.home())), before);
    assert!(!test.home().join(".local").exists(), "not even a folder is made");
}

#[test]
fn keys_move_into_the_chain_and_every_other_byte_of_the_file_stays() {
    let test = with_file(Test::new());
    let before: serde_json::Value = serde_json::from_str(&file(&test)).expect("JSON");
    let test = migrate(test, &["--yes"]);
    let shown = out(&test);
    assert!(shown.contains("moved `openai` (`https://api.openai.com`) to `age`"), "{shown}");
    let mut wanted = before;
    for provider in ["openai", "google"] {
        wanted["providers"][provider].as_object_mut().expect("an object").remove("auth_data");
    }
    let after = file(&test);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&after).expect("JSON"), wanted);
    assert!(!after.contains(SECRET) && !after.contains("AIzaTESTKEY"));
    let found = format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={SECRET}\n");
    let test = test.args(["get"]).stdin("provider=openai\n").stdout(&found).success();
    // Where there always is a keyring, it is a source.
    let more = if cfg!(target_os = "linux") { "" } else { ", the items of ModelForge 0.2 in the system's keyring" };
    let places = "the files of ModelForge and of Python's keyring, the files of LLM tools and of the shell";
    test.args(["migrate"]).stdout(&format!("no key was found in plain text\nsearched: {places}{more}\n")).success();
}

#[test]
fn after_a_move_it_says_how_it_is_undone_and_how_modelforge_is_started() {
    let (_, shown, _) = run(with_file(Test::new()), &["migrate", "--yes"], 0);
    let id = id(&shown);
    let next = format!(
        "2 moved, 0 left; `modelforge-credential migrate --rollback {id}` undoes it\n\
         keep a copy of `~/.local/share/modelforge-credential/identity.txt` in a safe place: nothing else decrypts the keys in `age`\n\
         encrypted backups of the files are stored; `modelforge-credential migrate --forget-backup {id}` erases them\n\
         start ModelForge with `modelforge-credential exec -- modelforge …`: it gets each key that was moved\n"
    );
    assert!(shown.ends_with(&next), "{shown}");
}

#[test]
fn without_a_terminal_it_wants_to_be_told_and_changes_nothing() {
    let test = with_file(Test::new());
    let before = file(&test);
    let test = test.args(["migrate"]).any_stderr();
    assert_eq!(test.output().status.code(), Some(1));
    assert_eq!(file(&test), before);
}

#[test]
fn a_target_that_does_not_keep_a_key_leaves_it_where_it_was() {
    for body in ["exit 1", "exit 0", "[ $1 = get ] && echo password=other; exit 0", "kill -9 $$"] {
        let test = with_file(Test::new()).script("bad", body).config("helpers = ['bad', 'plaintext']");
        let before = file(&test);
        let test = migrate(test, &["--yes"]);
        assert_eq!(test.output().status.code(), Some(1), "{body}");
        assert_eq!(file(&test), before, "{body}");
    }
}

#[test]
fn of_two_different_keys_both_stay_until_one_is_preferred() {
    let other = "provider=openai\npassword=sk-proj-another-key-altogether\n";
    let conflict = || with_file(Test::new()).args(["approve"]).stdin(other).any_stderr().success();
    let why = "a different key is already stored for `openai` (`https://api.openai.com`), so neither was changed";
    let (test, text, _) = run(conflict(), &["migrate", "--dry-run", "--json", "--provider", "openai"], 0);
    assert_eq!(json(&text)["credentials"][0]["problem"], why, "{text}");
    let test = migrate(test, &["--yes", "--provider", "openai"]);
    let before = file(&test);
    let output = test.output();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("a different key is already stored for `openai`"));
    assert_eq!(file(&test), before);
    let kept = |test: Test, key: &str| {
        assert!(!file(&test).contains(SECRET));
        let found = format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={key}\n");
        test.args(["get"]).stdin("provider=openai\n").stdout(&found).success();
    };
    let all = ["migrate", "--yes", "--provider", "openai", "--prefer"];
    let prefer = |which: &str| {
        let test = conflict().args([all.as_slice(), &[which]].concat()).any_stderr();
        assert_eq!(test.output().status.code(), Some(0), "{which}");
        test
    };
    kept(prefer("source"), SECRET);
    kept(prefer("target"), "sk-proj-another-key-altogether");
}

/// The file that `modelforge config migrate` reads, and leaves behind.
const OLD: &str = ".config/model-forge/models.json";

fn old(test: &Test) -> String {
    std::fs::read_to_string(test.home().join(OLD)).expect("the older file is there")
}

#[test]
fn a_key_that_lies_in_two_files_is_taken_out_of_both() {
    let test = with_file(Test::new());
    let text = file(&test);
    let (test, shown, _) = run(test.file(OLD, text), &["migrate", "--yes"], 0);
    assert!(shown.contains("default  ~/.config/model-forge/models.json  stored already: erase here"), "{shown}");
    assert!(shown.contains("4 moved, 0 left"), "{shown}");
    assert!(!file(&test).contains(SECRET) && !old(&test).contains(SECRET));
    let (test, _, _) = run(test, &["migrate", "--rollback", "--yes"], 0);
    assert!(file(&test).contains(SECRET) && old(&test).contains(SECRET));
}

#[test]
fn of_different_keys_in_two_files_the_one_that_is_in_use_is_never_replaced_by_the_other() {
    let two = || {
        let test = with_file(Test::new());
        let text = file(&test).replace(SECRET, "sk-an-older-key-of-models-json-0000");
        test.file(OLD, text)
    };
    let words = ["migrate", "--yes", "--provider", "openai"];
    let (test, shown, stderr) = run(two(), &words, 1);
    assert!(shown.contains("conflict: another key comes first"), "{shown}");
    assert!(
        stderr.contains("is in `~/.config/model-forge/config.json`, which comes first, so the one in `~/.config/model-forge/models.json` stays"),
        "{stderr}"
    );
    assert!(old(&test).contains("sk-an-older-key") && !file(&test).contains(SECRET));
    test.args(["get"]).stdin("provider=openai\n").any_stderr().stdout(&answer(SECRET)).success();
    for which in ["source", "target"] {
        let (test, _, _) = run(two(), &[&words[..], &["--prefer", which]].concat(), 0);
        assert!(!old(&test).contains("sk-an-older-key"), "{which}");
        test.args(["get"]).stdin("provider=openai\n").stdout(&answer(SECRET)).success();
    }
}

#[test]
fn a_key_that_only_the_environment_holds_besides_is_moved_and_not_taken_for_kept() {
    let test = migrate(with_file(Test::new()).env("OPENAI_API_KEY", SECRET), &["--yes", "--provider", "openai"]);
    assert_eq!(test.output().status.code(), Some(0));
    let test = test.env("OPENAI_API_KEY", "");
    let found = format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={SECRET}\n");
    test.args(["get"]).stdin("provider=openai\n").stdout(&found).success();
}
