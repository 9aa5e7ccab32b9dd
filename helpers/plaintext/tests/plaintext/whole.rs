//! Files as a whole: got for a backup, and put back byte for byte, or as far as what was changed since allows.

use super::*;

fn of(test: &Test, file: &str) -> String {
    format!("protocol=file\nhost=\nfile={}\nconsent=1\n", test.path(file).display())
}

/// The record of a file as it is now, ready to be stored.
#[track_caller]
fn backup(test: &Test, file: &str) -> String {
    let answer = test.run(&["get"], &of(test, file)).success().stdout;
    format!("{}{answer}", of(test, file))
}

#[test]
fn a_file_as_a_whole_takes_consent_and_is_one_of_the_known_files() {
    let test = Test::with(GLOBAL, FOUR).file("other.json", "{}");
    let without = of(&test, GLOBAL).replace("consent=1\n", "");
    test.run(&["get"], &without).failure("error: only a migration asks for files and their backups\n");
    assert!(test.run(&["get"], &of(&test, GLOBAL)).success().stdout.starts_with("content[]="));
    let problem = "error: `HOME/other.json` is not a known file\n";
    test.run(&["get"], &of(&test, "other.json")).failure(problem);
    let stored = format!("{}content[]=e30=\n", of(&test, "other.json"));
    test.change("store", &stored).failure(problem);
    test.run(&["get"], &of(&test, OLD)).nothing();
}

#[test]
fn a_file_from_which_secrets_were_taken_is_made_what_it_was_byte_for_byte() {
    for text in [FOUR, LOGGED_IN, HAND_EDITED] {
        let test = Test::with(GLOBAL, text);
        let record = backup(&test, GLOBAL);
        for taken in [OPENAI, COPILOT, "protocol=https\nhost=llm.firma.example:8443\n"] {
            test.change("erase", taken).success();
            let now = test.content(GLOBAL);
            test.change("store", &record).nothing();
            assert_eq!(test.content(GLOBAL), text);
            fs::write(test.path(GLOBAL), now).unwrap();
        }
        test.change("store", &record).nothing();
        assert_eq!(test.content(GLOBAL), text);
        test.change("store", &record).nothing();
        assert_eq!(test.content(GLOBAL), text);
    }
}

#[test]
fn a_file_longer_than_a_line_is_whole_again() {
    let entry = |n: usize| one(&format!("p{n}"), &format!("\"x\": \"{}\"", "y".repeat(3_000))).replace(['{'], "{ ");
    let text = format!("{{\"note\": [{}]}}", (0..80).map(entry).collect::<Vec<_>>().join(","));
    let test = Test::with(GLOBAL, &text);
    let record = backup(&test, GLOBAL);
    assert!(record.matches("content[]=").count() > 3);
    fs::remove_file(test.path(GLOBAL)).unwrap();
    test.change("store", &record).nothing();
    assert_eq!(test.content(GLOBAL), text);
}

#[test]
fn of_a_file_that_was_changed_since_only_what_was_taken_is_put_back() {
    let test = Test::with(GLOBAL, LOGGED_IN);
    let record = backup(&test, GLOBAL);
    test.change("erase", OPENAI).success();
    test.change("erase", COPILOT).success();
    let changed = test.content(GLOBAL).replace("\"show_telemetry\": false", "\"show_telemetry\": true");
    fs::write(test.path(GLOBAL), &changed).unwrap();
    let answer = test.change("store", &record).success();
    assert_eq!(
        answer.stderr,
        "warning: `~/.config/model-forge/config.json` was changed since: restored 2 of its keys and nothing else\n"
    );
    let wanted: serde_json::Value =
        serde_json::from_str(&LOGGED_IN.replace("\"show_telemetry\": false", "\"show_telemetry\": true")).unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&test.content(GLOBAL)).unwrap(), wanted);
}

#[test]
fn a_key_that_came_since_and_an_entry_that_was_removed_stay_as_they_are_without_a_word() {
    let test = Test::with(GLOBAL, FOUR);
    let record = backup(&test, GLOBAL);
    test.change("erase", OPENAI).success();
    let google = "protocol=https\nhost=generativelanguage.googleapis.com\n";
    test.change("erase", google).success();
    let mut file: serde_json::Value = serde_json::from_str(&test.content(GLOBAL)).unwrap();
    file["providers"]["openai"]["auth_data"] = serde_json::json!({"api_key": "sk-SENTINEL-newer"});
    file["providers"].as_object_mut().unwrap().remove("google");
    let text = serde_json::to_string_pretty(&file).unwrap();
    fs::write(test.path(GLOBAL), &text).unwrap();
    test.change("store", &record).nothing();
    assert_eq!(test.content(GLOBAL), text);
}

#[test]
fn a_file_that_is_gone_is_made_again_for_its_owner_alone() {
    let test = Test::with(GLOBAL, FOUR);
    let record = backup(&test, GLOBAL);
    fs::remove_dir_all(test.path(".config/model-forge")).unwrap();
    test.change("store", &record).nothing();
    assert_eq!(test.content(GLOBAL), FOUR);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(test.path(GLOBAL)).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_file_that_is_broken_now_is_not_touched() {
    let test = Test::with(GLOBAL, FOUR);
    let record = backup(&test, GLOBAL);
    fs::write(test.path(GLOBAL), "{ broken").unwrap();
    let problem = "error: `~/.config/model-forge/config.json`, line 1, column 3: this is not JSON\n";
    test.change("store", &record).failure(problem);
    assert_eq!(test.content(GLOBAL), "{ broken");
}

#[test]
fn the_plain_text_keyring_of_python_is_put_back_exactly_or_merged() {
    let text = "[https_3A_2F_2Fapi_2Eopenai_2Ecom]\ndefault = \n\tc2stU0VOVElORUw=\n\t\nwork = \n\tc2stMg==\n\t\n\n";
    let test = Test::with(KEYRING, text);
    let record = backup(&test, KEYRING);
    test.change("erase", &format!("{OPENAI}username=default\n")).success();
    let without = test.content(KEYRING);
    test.change("store", &record).nothing();
    assert_eq!(test.content(KEYRING), text);
    let changed = format!("{without}[some_2Eother]\nme = \n\teA==\n\t\n\n");
    fs::write(test.path(KEYRING), &changed).unwrap();
    test.change("store", &record).success();
    let merged = test.content(KEYRING);
    test.run(&["get"], &format!("{OPENAI}username=default\n")).password("sk-SENTINEL");
    assert!(merged.contains("[some_2Eother]\nme = \n\teA==\n"), "{merged}");
    // All the keys of a section gone, with the section itself.
    fs::write(test.path(KEYRING), "[some_2Eother]\nme = \n\teA==\n\t\n").unwrap();
    test.change("store", &record).success();
    test.run(&["get"], &format!("{OPENAI}username=work\n")).password("sk-2");
}
