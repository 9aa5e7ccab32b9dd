//! Difficult rollbacks: several sources, several copies, and unknown states.

use super::*;

const JOURNAL: &str = ".local/state/modelforge-credential/migrations.jsonl";

/// Changes what is noted, line by line; `None` leaves it out.
fn notes(test: &Test, change: impl Fn(serde_json::Value) -> Option<serde_json::Value>) {
    let path = test.home().join(JOURNAL);
    let text = std::fs::read_to_string(&path).expect("the journal");
    let lines = text.lines().filter_map(|line| change(json(line)));
    std::fs::write(&path, lines.map(|line| format!("{line}\n")).collect::<String>()).expect("the journal");
}

/// As a version noted it that did not say which source a file came from.
fn without_the_source_of_files(mut line: serde_json::Value) -> serde_json::Value {
    if line["event"] == "kept" {
        let from = line.as_object_mut().expect("an object").remove("from");
        assert!(from.is_some(), "{line}");
    }
    line
}

#[test]
fn a_file_goes_back_to_the_source_that_had_it_and_never_into_another_helper() {
    for noted in ["all", "no source of files", "nothing of the keys in files"] {
        let test = elsewhere(with_file(Test::new())).helpers("age");
        let before = file(&test);
        let input = "provider=mistral\npassword=the-key-that-age-had-all-along-00\n";
        let test = test.args(["approve"]).stdin(input).success();
        let words = ["migrate", "--from", "age", "--from", "plaintext", "--to", "other", "--yes"];
        let (test, _, _) = run(test, &words, 0);
        notes(&test, |line| match noted {
            "all" => Some(line),
            "no source of files" => Some(without_the_source_of_files(line)),
            _ => Some(without_the_source_of_files(line)).filter(|line| line["credential"]["file"].is_null()),
        });
        let (test, text, _) = run(test, &["migrate", "--rollback", "--to", "other", "--yes"], 0);
        assert!(text.contains("restored `~/.config/model-forge/config.json`, byte for byte\n"), "{text}");
        assert_eq!(file(&test), before, "{noted}");
        let test = test.args(["list"]);
        let text = out(&test);
        assert!(text.contains("host=api.mistral.ai\n") && text.ends_with("\ncount=1\n"), "{noted}: {text}");
    }
}

#[test]
fn a_file_of_which_no_note_tells_the_source_is_given_to_none() {
    let age = crate::support::program("modelforge-credential-age").display().to_string();
    let plaintext = crate::support::program("modelforge-credential-plaintext").display().to_string();
    let test = elsewhere(with_file(Test::new())).script("first", &format!("XDG_DATA_HOME=$HOME/first exec '{age}' $1"));
    let (test, _, _) = run(test, &["migrate", "--from", "first", "--from", &plaintext, "--to", "other", "--yes"], 0);
    let after = file(&test);
    notes(&test, |line| Some(without_the_source_of_files(line)).filter(|line| line["event"] != "moving"));
    let words = ["migrate", "--rollback", "--from", "first", "--from", &plaintext, "--to", "other", "--yes"];
    let (test, _, stderr) = run(test, &words, 1);
    assert!(stderr.contains("could not be restored: the source of the file is unknown\n"), "{stderr}");
    assert_eq!(file(&test), after);
    assert!(!files_below(&test.home().join("first")).iter().any(|path| path.extension().is_some_and(|it| it == "age")));
}

/// With a helper `safe` that keeps what it is told in a store of its own, and is locked while there is a file `locked`.
fn with_a_safe(test: Test) -> Test {
    let age = crate::support::program("modelforge-credential-age").display().to_string();
    let locked = "[ -e \"$HOME/locked\" ] && { echo 'error: it is locked' >&2; exit 1; }";
    test.script("safe", &format!("{locked}; XDG_DATA_HOME=$HOME/safe exec '{age}' $1"))
}

fn unlock(test: &Test) {
    std::fs::remove_file(test.home().join("locked")).expect("it is locked");
}

#[test]
fn of_two_copies_the_one_that_was_moved_is_taken_out_and_the_other_stays() {
    let other = "sk-proj-another-key-altogether";
    let test = with_a_safe(with_file(Test::new())).helpers("safe");
    let before = file(&test);
    let test = test.args(["approve"]).stdin(format!("provider=openai\npassword={other}\n")).success();
    let test = test.helpers("safe\nage").file("locked", "");
    let (test, text, _) = run(test, &["migrate", "--yes"], 0);
    assert!(text.contains("moved `openai` (`https://api.openai.com`) to `age`\n"), "{text}");
    unlock(&test);
    let (test, text, stderr) = run(test, &["migrate", "--rollback", "--yes"], 0);
    assert!(text.ends_with("removed 2 from the chain\n"), "{text}");
    assert!(!stderr.contains("was replaced since"), "{stderr}");
    assert_eq!(file(&test), before);
    let test = test.args(["get"]).stdin("provider=openai\n").stdout(&answer(other)).success();
    let test = test.helpers("age").args(["get"]).stdin("provider=openai\n").any_stderr();
    assert!(!out(&test).contains("password="), "the moved key is in `age` no longer");
}

#[test]
fn a_key_is_not_said_to_be_replaced_while_a_helper_that_may_have_it_is_locked() {
    let other = "sk-proj-another-key-altogether";
    let test = with_a_safe(with_file(Test::new())).helpers("safe");
    let (test, text, _) = run(test, &["migrate", "--yes", "--provider", "openai"], 0);
    let (test, _, _) = run(test, &["migrate", "--forget-backup", &id(&text)], 0);
    let test = test.helpers("age").args(["approve"]).stdin(format!("provider=openai\npassword={other}\n")).success();
    // The key is in the file again, from elsewhere.
    let test = with_file(test).helpers("age\nsafe").file("locked", "");
    let (test, _, stderr) = run(test, &["migrate", "--rollback", "--yes"], 1);
    assert!(stderr.contains("helper `safe` failed: it is locked\n"), "{stderr}");
    assert!(!stderr.contains("was replaced since") && !stderr.contains("any more"), "{stderr}");
    unlock(&test);
    let (test, _, _) = run(test, &["migrate", "--rollback", "--yes"], 0);
    let test = test.helpers("safe").args(["get"]).stdin("provider=openai\n").any_stderr();
    assert!(!out(&test).contains("password="), "the moved key is in `safe` no longer");
}

#[test]
fn of_a_backup_in_a_helper_that_is_locked_nobody_says_that_there_is_none() {
    let test = with_a_safe(with_file(Test::new())).helpers("safe");
    let (test, text, _) = run(test, &["migrate", "--yes"], 0);
    let id = id(&text);
    let mut test = test.file("locked", "");
    for id in [&*id, "20000101-000000"] {
        let problem = format!(
            "warning: helper `safe` failed: it is locked\nerror: the backup of {id} could not be erased everywhere\n\
             hint: modelforge-credential migrate --forget-backup {id}\n"
        );
        test = test.args(["migrate", "--forget-backup", id]).stderr(&problem).failure();
    }
    unlock(&test);
    // Nothing was noted that did not happen.
    let (test, text, _) = run(test, &["migrate", "--rollback", "--yes"], 0);
    assert!(text.contains("byte for byte"), "{text}");
    let (_, text, _) = run(test, &["migrate", "--forget-backup", &id], 0);
    assert_eq!(text, format!("erased the backup of {id}\n"));
}

#[test]
fn of_a_file_that_was_changed_since_it_is_said_what_could_be_put_back_and_nothing_is_counted_twice() {
    let test = with_file(Test::new());
    let (test, _, _) = run(test, &["migrate", "--yes"], 0);
    // Its entry for openai is gone: there is no place for the key.
    let mut changed = json(&file(&test));
    let openai = changed["providers"].as_object_mut().expect("an object").remove("openai").expect("its entry");
    std::fs::write(test.home().join(CONFIG), changed.to_string()).expect("the file");
    let (test, text, stderr) = run(test, &["migrate", "--rollback", "--yes"], 1);
    let told = "`~/.config/model-forge/config.json` has 1 of 2 keys again; its other changes were kept\n";
    assert!(text.ends_with(&format!("{told}removed 1 from the chain\n")), "{text}");
    assert!(stderr.contains("could not be restored to `plaintext`, and stays in the chain\n"), "{stderr}");
    let (test, text, _) = run(test, &["migrate", "--rollback", "--yes"], 1);
    assert!(text.ends_with(told), "{text}");
    let (test, text, _) = run(test, &["migrate", "--rollback", "--yes", "--json"], 1);
    assert_eq!(json(&text)["taken_back"], 0, "{text}");
    // With its entry again, it goes back.
    let mut changed = json(&file(&test));
    changed["providers"]["openai"] = openai;
    std::fs::write(test.home().join(CONFIG), changed.to_string()).expect("the file");
    let (test, text, _) = run(test, &["migrate", "--rollback", "--yes"], 0);
    let told = "` has all 2 keys again; its other changes were kept\nremoved 1 from the chain\n";
    assert!(text.ends_with(told), "{text}");
    assert!(file(&test).contains(SECRET));
}

#[test]
fn a_rollback_that_had_only_to_be_noted_says_that_nothing_was_left() {
    let test = elsewhere(Test::new()).helpers("age");
    let test = test.args(["approve"]).stdin(format!("provider=openai\npassword={SECRET}\n")).success();
    let (test, text, _) = run(test, &["migrate", "--from", "age", "--to", "other", "--yes"], 0);
    let id = id(&text);
    let (test, text, _) = run(test, &["migrate", "--rollback", "--to", "other", "--yes"], 0);
    assert!(text.ends_with("removed 1 from the chain\n"), "{text}");
    notes(&test, |line| Some(line).filter(|line| line["event"] != "rolled_back"));
    let (_, text, _) = run(test, &["migrate", "--rollback", &id, "--to", "other", "--yes"], 0);
    assert!(text.ends_with("there was nothing left to restore\n"), "{text}");
}

#[test]
fn of_helpers_that_cannot_be_asked_nobody_says_that_there_was_no_migration_or_is_no_backup() {
    let (test, _, stderr) = run(with_a_safe(Test::new()).helpers("safe"), &["migrate", "--rollback"], 1);
    assert!(stderr.starts_with("error: there is no migration to roll back\n"), "{stderr}");
    let test = test.file("locked", "");
    let locked = "warning: helper `safe` failed: it is locked\n";
    let problem = format!(
        "{locked}error: some helpers could not be queried, so older migrations may be missing\n\
         hint: modelforge-credential migrate --backups\n"
    );
    let test = test.args(["migrate", "--rollback"]).stderr(&problem).failure();
    let test = test.args(["migrate", "--rollback", "20261125-101500"]).stderr(&problem).failure();
    let (test, text, _) = run(test, &["migrate", "--backups"], 1);
    assert_eq!(text, "no backup was found, but some helpers could not be queried\n");
    let (test, text, stderr) = run(test, &["migrate", "--status", "--provider", "google", "--account", "work"], 0);
    assert_eq!(
        (text.as_str(), stderr.as_str()),
        ("no credential was found, but some places could not be searched\n", locked)
    );
    unlock(&test);
    let (test, text, _) = run(test, &["migrate", "--backups"], 0);
    assert_eq!(text, "there is no backup\n");
    let (_, text, _) = run(test, &["migrate", "--status", "--provider", "google", "--account", "work"], 0);
    assert_eq!(text, "there are no credentials in plain text or in the chain\n");
}

#[test]
fn no_name_of_a_migration_reaches_the_terminal_raw() {
    let line = "{\"migration\":\"\\u001b[31m\",\"at\":1,\"event\":\"begun\",\"from\":[\"plaintext\"],\"to\":null}\n";
    let mut test = Test::new().helpers("age").file(JOURNAL, line);
    for words in [&["migrate", "--status"][..], &["migrate", "--rollback", "--yes"], &["migrate", "--backups"]] {
        let (next, text, stderr) = run(test, words, 1);
        assert!(!text.contains('\u{1b}') && !stderr.contains('\u{1b}'), "{text:?} {stderr:?}");
        assert!(stderr.contains("migrations.jsonl`, line 1: this is not a record of a migration\n"), "{stderr}");
        test = next;
    }
}

#[test]
fn of_two_different_keys_in_the_chain_none_is_taken_for_the_one_that_was_moved() {
    let age = crate::support::program("modelforge-credential-age").display().to_string();
    let at = |folder: &str| format!("XDG_DATA_HOME=$HOME/{folder} exec '{age}' $1");
    let test = Test::new().script("first", &at("first")).script("second", &at("second")).script("third", &at("third"));
    let stored = |test: Test, helper: &str, key: &str| {
        let input = format!("provider=mistral\npassword={key}\n");
        test.helpers(helper).args(["approve"]).stdin(input).success()
    };
    let test = stored(test, "first", "the-key-that-was-moved-0000000000").helpers("second\nthird");
    let (test, _, _) = run(test, &["migrate", "--from", "first", "--yes"], 0);
    let test = stored(test, "third", "another-key-of-somebody-000000000").helpers("third\nsecond");
    let (test, _, stderr) = run(test, &["migrate", "--rollback", "--from", "first", "--yes"], 1);
    assert!(stderr.contains("helpers have different keys for `https://api.mistral.ai`"), "{stderr}");
    let test = test.helpers("second").args(["print", "mistral"]);
    let test = test.stdout("the-key-that-was-moved-0000000000\n").success();
    let test = test.helpers("third").args(["print", "mistral"]);
    test.stdout("another-key-of-somebody-000000000\n").success();
}

#[test]
fn a_key_that_was_in_two_files_is_taken_out_of_the_chain_once() {
    let entry =
        "{\"base_url\": \"https://api.openai.com/v1\", \"auth_data\": {\"api_key\": \"sk-made-up-0123456789abcdef\"}}";
    let test = Test::new()
        .file(CONFIG, format!("{{\"providers\": {{\"openai\": {entry}}}}}"))
        .file(".aider.conf.yml", "openai-api-key: sk-made-up-0123456789abcdef\n")
        .helpers("age");
    let (test, text, _) = run(test, &["migrate", "--yes"], 0);
    assert!(text.contains("2 moved, 0 left"), "{text}");
    let (_, text, stderr) = run(test, &["migrate", "--rollback", "--yes"], 0);
    assert!(text.contains("\nremoved 1 from the chain\n"), "{text}{stderr}");
}

#[test]
fn a_rollback_ends_although_a_configured_helper_is_not_installed() {
    let test = with_file(Test::new()).helpers("age\n1password");
    let before = file(&test);
    let (test, _, _) = run(test, &["migrate", "--yes"], 0);
    assert_ne!(file(&test), before);
    let (test, _, stderr) = run(test, &["migrate", "--rollback", "--yes"], 0);
    assert!(!stderr.contains("1password"), "{stderr}");
    assert_eq!(file(&test), before);
    let (_, text, _) = run(test, &["migrate", "--rollback", "--yes"], 1);
    assert!(!text.contains("restored"), "{text}");
}
