//! The reports of `--status`, `--dry-run` and `--json`.

use super::*;

fn states(test: Test, more: &[&str]) -> (Test, Vec<(String, String)>) {
    let (test, text, _) = run(test, &[&["migrate", "--status", "--json"], more].concat(), 0);
    let rows = json(&text)["credentials"].as_array().expect("a list").clone();
    let of = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap_or("-").to_owned();
    let states = rows.iter().map(|row| (of(row, "provider"), of(row, "state"))).collect();
    (test, states)
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(provider, state)| ((*provider).to_owned(), (*state).to_owned())).collect()
}

#[test]
fn each_credential_is_in_plain_text_migrated_in_both_places_or_in_none() {
    let test = with_file(Test::new());
    let all = [("github_copilot", "none"), ("google", "plain text"), ("openai", "plain text")];
    let (test, seen) = states(test, &[]);
    assert_eq!(seen, pairs(&all));
    let test = test.args(["approve"]).stdin(format!("provider=openai\npassword={SECRET}\n")).any_stderr().success();
    let (test, seen) = states(test, &[]);
    assert_eq!(seen, pairs(&[all[0], all[1], ("openai", "both, equal")]));
    let other = "provider=openai\npassword=sk-proj-another-key-altogether\n";
    let test = test.args(["approve"]).stdin(other).any_stderr().success();
    let (test, seen) = states(test, &["--provider", "openai"]);
    assert_eq!(seen, pairs(&[("openai", "both, DIFFERENT")]));
    let (test, _, _) = run(test, &["migrate", "--yes", "--provider", "google"], 0);
    let (test, seen) = states(test, &[]);
    assert_eq!(seen, pairs(&[all[0], ("google", "migrated"), ("openai", "both, DIFFERENT")]));
    let (test, text, _) = run(test, &["migrate", "--status"], 0);
    let shown = text.split_once("`modelforge-credential").expect("the way back").0;
    insta::assert_snapshot!(shown);
    // A variable is no place where a key is kept.
    let test = test.env("MODELFORGE_GITHUB_COPILOT_ACCESS_TOKEN", "gho_fromavariablefromavariablefromavar00");
    let (_, seen) = states(test, &["--provider", "github-copilot"]);
    assert_eq!(seen, pairs(&[("github_copilot", "none")]));
}

#[test]
fn a_status_makes_and_changes_nothing() {
    let test = with_file(Test::new());
    let before = files_below(&test.home());
    let (test, _, _) = run(test, &["migrate", "--status"], 0);
    assert_eq!(files_below(&test.home()), before);
    assert!(!test.home().join(".local").exists(), "not even a folder is made");
}

#[test]
fn the_plan_and_the_report_as_json_have_the_documented_shape() {
    let (test, text, _) = run(with_file(Test::new()), &["migrate", "--dry-run", "--json"], 0);
    let home = test.home().display().to_string();
    // Where there always is a keyring, it is a source.
    let shown = |text: &str| text.replace(&home, "~").replace(",\n    \"keyring --modelforge\"", "");
    insta::assert_snapshot!("plan_json", shown(&text));
    let (test, text, _) = run(test, &["migrate", "--yes", "--json"], 0);
    let id = json(&text)["migration"].as_str().expect("a name").to_owned();
    insta::assert_snapshot!("report_json", shown(&text).replace(&id, "ID"));
    let (_, text, _) = run(test, &["migrate", "--rollback", &id, "--yes", "--json"], 0);
    insta::assert_snapshot!("rollback_json", shown(&text).replace(&id, "ID"));
}

#[test]
fn json_is_never_mixed_with_a_question() {
    let (test, stdout, stderr) = run(with_file(Test::new()), &["migrate", "--json"], 1);
    assert_eq!(stdout, "");
    assert!(stderr.contains("hint: modelforge-credential migrate --yes\n"), "{stderr}");
    assert!(file(&test).contains(SECRET));
}

#[cfg(unix)]
#[test]
fn of_a_folder_that_one_stands_in_the_key_is_moved_for_an_account_of_its_name() {
    let test = Test::new();
    let local = test.work().join(".model-forge/config.json");
    std::fs::create_dir_all(local.parent().expect("a folder")).expect("a folder");
    let entry = format!("\"openai\": {{\"auth_strategy\": \"api_key\", \"auth_data\": {{\"api_key\": \"{SECRET}\"}}}}");
    std::fs::write(&local, format!("{{\"providers\": {{{entry}}}}}")).expect("a file");
    let test = test.may_hold_the_secret(local.clone());
    let (test, text, stderr) = run(test, &["auth", "migrate", "--yes"], 0);
    assert!(text.contains("moved `openai` (`https://api.openai.com`, account `work`) to `age`\n"), "{text}");
    assert!(
        stderr.contains("/work/.model-forge/config.json` came with this directory; after the move they are used"),
        "{stderr}"
    );
    assert!(!std::fs::read_to_string(&local).expect("the file").contains(SECRET));
    let (test, _, _) = run(test, &["migrate", "--rollback", "--yes"], 0);
    assert!(std::fs::read_to_string(&local).expect("the file").contains(SECRET));
    // Nor does a way back lead out of the folder, whatever was put there since.
    let (test, _, _) = run(test, &["migrate", "--yes"], 0);
    let elsewhere = test.home().join("elsewhere");
    std::fs::create_dir(&elsewhere).expect("a folder");
    std::fs::remove_dir_all(test.work().join(".model-forge")).expect("the folder");
    std::os::unix::fs::symlink(&elsewhere, test.work().join(".model-forge")).expect("a link");
    let (test, _, stderr) = run(test, &["migrate", "--rollback", "--yes"], 1);
    assert!(stderr.contains("is a link or behind one"), "{stderr}");
    assert!(files_below(&elsewhere).is_empty());
    drop(test);
}

#[test]
fn an_expired_token_moves_if_it_can_be_renewed_and_is_dropped_only_when_told() {
    let token = |more: &str| {
        format!(
            "{{\"providers\": {{\"github_copilot\": {{\"auth_strategy\": \"device_flow\", \"auth_data\": {{\
             \"access_token\": \"gho_{}\", {more}\"expires_at\": \"2024-01-01T00:00:00+00:00\"}}}}}}}}",
            "x".repeat(36)
        )
    };
    let test = Test::new().file(CONFIG, token("\"refresh_token\": \"ghr_renewable\", "));
    let (test, text, _) = run(test, &["migrate", "--yes"], 0);
    assert!(text.contains("moved `github_copilot`"), "{text}");
    drop(test);
    let test = Test::new().file(CONFIG, token(""));
    let (test, text, stderr) = run(test, &["migrate", "--yes"], 1);
    assert!(text.contains("leave: expired"), "{text}");
    assert!(stderr.contains("hint: modelforge-credential migrate --drop-expired\n"), "{stderr}");
    assert!(file(&test).contains("gho_"));
    let (test, text, _) = run(test, &["migrate", "--yes", "--drop-expired"], 0);
    assert!(text.contains("erased `github_copilot` (`https://api.githubcopilot.com`) in"), "{text}");
    assert!(text.contains("0 moved, 1 erased, 0 left; "), "{text}");
    assert!(!text.contains("gets each key") && !text.contains("keep a copy"), "nothing was stored: {text}");
    assert!(!file(&test).contains("gho_"));
    // Dropped, and still to be had from the backup.
    let (test, _, _) = run(test, &["migrate", "--rollback", "--yes"], 0);
    assert!(file(&test).contains("gho_"));
}

#[test]
fn two_keys_that_cannot_be_compared_are_not_said_to_differ() {
    let age = crate::support::program("modelforge-credential-age").display().to_string();
    let input = format!("provider=openai\npassword={SECRET}\n");
    let test = with_file(Test::new()).helpers("age").args(["approve"]).stdin(input).success();
    let locked = format!("[ $1 = get ] && {{ echo 'error: it is locked' >&2; exit 1; }}; exec '{age}' $1");
    let (test, states) = states(test.script("safe", &locked).helpers("safe"), &["--provider", "openai"]);
    assert_eq!(states, pairs(&[("openai", "both")]));
    let (_, _, stderr) = run(test, &["migrate", "--status"], 0);
    assert_eq!(stderr, "warning: helper `safe` failed: it is locked\n");
}

#[test]
fn a_key_that_cannot_be_read_at_its_source_is_not_said_to_differ() {
    let age = crate::support::program("modelforge-credential-age").display().to_string();
    let locked = "[ $1 = get ] && [ -e \"$HOME/locked\" ] && { echo 'error: it is locked' >&2; exit 1; }";
    let mut test = Test::new().script("safe", &format!("{locked}; XDG_DATA_HOME=$HOME/safe exec '{age}' $1"));
    for helper in ["safe", "age"] {
        let input = format!("provider=openai\npassword={SECRET}\n");
        test = test.helpers(helper).args(["approve"]).stdin(input).success();
    }
    for (is_locked, expected) in [(false, "both, equal"), (true, "both")] {
        test = if is_locked { test.file("locked", "") } else { test };
        let words = ["migrate", "--status", "--json", "--from", "safe", "--provider", "openai"];
        let (next, text, stderr) = run(test, &words, 0);
        assert_eq!(json(&text)["credentials"][0]["state"], expected, "{text}");
        assert_eq!(stderr.contains("it is locked"), is_locked, "{stderr}");
        test = next;
    }
}
