//! Backups of files: stored encrypted, restored exactly or as far as possible, and erased.

mod whole;

use super::*;

/// Migrated, and the migration's name.
fn migrated() -> (Test, String, String) {
    let test = with_file(Test::new());
    let before = file(&test);
    let (test, text, _) = run(test, &["migrate", "--yes"], 0);
    (test, id(&text), before)
}

#[test]
fn after_a_migration_no_file_holds_a_key_and_a_rollback_restores_the_file_byte_for_byte() {
    let (test, id, before) = migrated();
    for path in files_below(&test.home()) {
        let text = std::fs::read(&path).expect("a file");
        for key in [SECRET, "AIzaTESTKEY"] {
            let holds = text.windows(key.len()).any(|window| window == key.as_bytes());
            assert!(!holds, "{} holds a key", path.display());
        }
    }
    let (test, text, stderr) = run(test, &["migrate", "--rollback", &id, "--yes"], 0);
    assert!(text.contains("restored `~/.config/model-forge/config.json`, byte for byte\n"), "{text}");
    assert!(stderr.starts_with("warning: a rollback restores keys to files"), "{stderr}");
    assert_eq!(file(&test), before);
    // Nothing of it is left in the chain: ModelForge's file is where it is changed from now on.
    let (test, text, _) = run(test, &["migrate", "--status", "--provider", "openai"], 0);
    assert!(text.contains("plain text"), "{text}");
    let (test, _, stderr) = run(test, &["migrate", "--rollback", &id, "--yes"], 1);
    assert_eq!(stderr, format!("error: migration {id} is already rolled back\n"));
    let (_, _, stderr) = run(test, &["migrate", "--rollback", "--yes"], 1);
    assert!(stderr.starts_with("error: there is no migration to roll back\n"), "{stderr}");
}

#[test]
fn a_rollback_asks_and_without_a_terminal_wants_to_be_told() {
    let (test, id, _) = migrated();
    let after = file(&test);
    let (test, _, stderr) = run(test, &["migrate", "--rollback"], 1);
    assert!(stderr.ends_with(&format!("hint: modelforge-credential migrate --rollback {id} --yes\n")), "{stderr}");
    assert_eq!(file(&test), after);
}

#[test]
fn a_file_that_was_changed_since_gets_back_only_what_was_taken() {
    let (test, _, before) = migrated();
    let changed = file(&test).replace("\"qwen3\": {}", "\"qwen3\": {}, \"llama\": {}");
    std::fs::write(test.home().join(CONFIG), &changed).expect("a file");
    let (test, text, stderr) = run(test, &["migrate", "--rollback", "--yes"], 0);
    assert!(
        text.contains("`~/.config/model-forge/config.json` has all 2 keys again; its other changes were kept\n"),
        "{text}"
    );
    assert!(stderr.contains("was changed since: restored 2 of its keys and nothing else"), "{stderr}");
    let mut wanted = json(&before);
    wanted["providers"]["ollama"]["models"]["llama"] = serde_json::json!({});
    assert_eq!(json(&file(&test)), wanted);
}

#[test]
fn a_key_that_was_replaced_since_stays_in_the_chain() {
    let (test, _, before) = migrated();
    let newer = "sk-proj-another-key-altogether";
    let test = test.args(["approve"]).stdin(format!("provider=openai\npassword={newer}\n")).any_stderr().success();
    let (test, text, stderr) = run(test, &["migrate", "--rollback", "--yes", "--json"], 0);
    assert_eq!(json(&text)["taken_back"], 1, "{text}");
    assert!(
        stderr.contains("`https://api.openai.com` was replaced since, so the source and the chain each keep their key"),
        "{stderr}"
    );
    assert_eq!(file(&test), before);
    let test = test.args(["get"]).stdin("provider=openai\n").stdout(&answer(newer)).success();
    drop(test);
}

#[test]
fn a_key_that_the_chain_held_before_stays_in_it() {
    let test = with_file(Test::new());
    let test = test.args(["approve"]).stdin(format!("provider=openai\npassword={SECRET}\n")).any_stderr().success();
    let (test, text, _) = run(test, &["migrate", "--yes"], 0);
    assert!(text.contains("it was stored already\n"), "{text}");
    let (test, _, _) = run(test, &["migrate", "--rollback", "--yes"], 0);
    std::fs::remove_file(test.home().join(CONFIG)).expect("the file");
    test.args(["get"]).stdin("provider=openai\n").stdout(&answer(SECRET)).success();
}

#[test]
fn a_backup_is_listed_and_can_be_forgotten() {
    let (test, id, _) = migrated();
    let (test, text, _) = run(test, &["migrate", "--backups"], 0);
    insta::assert_snapshot!("backups", text.replace(&id, "ID             "));
    let (test, text, _) = run(test, &["migrate", "--backups", "--json"], 0);
    assert_eq!(json(&text)["backups"][0]["migration"], id.as_str());
    let (test, text, _) = run(test, &["migrate", "--forget-backup", &id], 0);
    assert_eq!(text, format!("erased the backup of {id}\n"));
    let (test, text, _) = run(test, &["migrate", "--backups"], 0);
    assert_eq!(text, "there is no backup\n");
    let (test, _, stderr) = run(test, &["migrate", "--forget-backup", &id], 1);
    // Without a session the keyring was not.
    if cfg!(target_os = "linux") {
        assert!(stderr.contains("warning: skipped helper `keyring`"), "{stderr}");
        let none = format!("\nerror: no helper that could be queried has a backup of migration {id}\n");
        assert!(stderr.contains(&none), "{stderr}");
    }
    let (test, _, stderr) = run(test.helpers("age"), &["migrate", "--forget-backup", &id], 1);
    assert!(stderr.starts_with(&format!("error: no helper has a backup of migration {id}\n")), "{stderr}");
    let (_, _, stderr) = run(test, &["migrate", "--forget-backup", "nobody"], 1);
    assert!(stderr.starts_with("error: there is no migration `nobody`\n"), "{stderr}");
}

#[test]
fn without_its_backup_a_file_gets_its_keys_back_one_by_one() {
    let (test, id, before) = migrated();
    let (test, _, _) = run(test, &["migrate", "--forget-backup", &id], 0);
    let (test, text, _) = run(test, &["migrate", "--rollback", "--yes"], 0);
    assert!(text.ends_with("removed 2 from the chain\n"), "{text}");
    assert_eq!(json(&file(&test)), json(&before));
    test.helpers("age").args(["get"]).stdin("provider=openai\n").success();
}

#[cfg(unix)]
#[test]
#[ignore = "needs strace"]
fn a_rollback_from_a_backup_alone_that_failed_can_be_tried_again() {
    let (test, id, before) = migrated();
    std::fs::remove_file(test.home().join(".local/state/modelforge-credential/migrations.jsonl")).expect("the journal");
    // A file is replaced by its name in its folder.
    let path = test.home().join(".config/model-forge").display().to_string();
    let core = crate::support::program("modelforge-credential").display().to_string();
    let strace = crate::support::system("strace", "strace").display().to_string();
    let inject = "inject=rename,renameat,renameat2:error=EROFS";
    let line = ["-f", "-o", "/dev/null", "-P", &path, "-e", inject, &core, "migrate", "--rollback", "--yes"];
    let (test, status, _) = confirmed(test.program(&strace), &line);
    assert_eq!(status, Some(1));
    let (test, text, _) = run(test.program(&core), &["migrate", "--status"], 0);
    let finishes =
        format!("the rollback of {id} was interrupted; `modelforge-credential migrate --rollback {id}` finishes it");
    assert!(text.contains(&finishes), "{text}");
    let (test, _, text) = confirmed(test, &["migrate", "--rollback", &id, "--yes"]);
    assert!(text.contains("byte for byte"), "{text}");
    assert_eq!(file(&test), before);
}

/// At a terminal, where a person agrees to put back what no note vouches for.
#[cfg(unix)]
#[track_caller]
fn confirmed(test: Test, words: &[&str]) -> (Test, Option<i32>, String) {
    let test = test.env("MODELFORGE_CREDENTIAL_INTERACTIVE", "").args(words);
    let mut session = crate::prompt::Session::bare(&test);
    session.expect("restore this backup although it may be forged? [y/N]");
    session.types("y\n");
    let (status, _, shown) = session.end();
    (test.env("MODELFORGE_CREDENTIAL_INTERACTIVE", "0"), status.code(), shown)
}

#[test]
fn of_a_store_that_cannot_be_asked_nobody_says_that_it_has_nothing() {
    let age = crate::support::program("modelforge-credential-age").display().to_string();
    let locked = format!("[ -e \"$HOME/locked\" ] && {{ echo 'error: it is locked' >&2; exit 1; }}; exec '{age}' $1");
    let test = with_file(Test::new()).script("safe", &locked).config("helpers = ['safe']");
    let (test, _, _) = run(test, &["migrate", "--yes"], 0);
    let test = test.file("locked", "");
    let (test, _, stderr) = run(test, &["migrate", "--rollback", "--yes"], 1);
    assert!(stderr.contains("helper `safe` failed: it is locked"), "{stderr}");
    assert!(!stderr.contains("any more"), "{stderr}");
    std::fs::remove_file(test.home().join("locked")).expect("the file");
    let (test, _, _) = run(test, &["migrate", "--rollback", "--yes"], 0);
    assert!(file(&test).contains(SECRET));
}

#[cfg(unix)]
#[test]
fn without_the_journal_a_backup_alone_is_enough_where_a_person_agrees() {
    let (test, _, before) = migrated();
    std::fs::remove_file(test.home().join(".local/state/modelforge-credential/migrations.jsonl")).expect("the journal");
    let taken = file(&test);
    let (test, _, stderr) = run(test, &["migrate", "--rollback", "--yes"], 1);
    assert!(stderr.contains("may be forged: your notes have no checksum of it\n"), "{stderr}");
    assert_eq!(file(&test), taken);
    let (test, _, text) = confirmed(test, &["migrate", "--rollback", "--yes"]);
    assert!(text.contains("byte for byte"), "{text}");
    assert_eq!(file(&test), before);
    let test = test.args(["get"]).stdin("provider=openai\n").stdout(&answer(SECRET)).success();
    drop(test);
}

#[test]
fn the_backup_of_a_migration_to_a_helper_outside_the_chain_is_listed_and_erased_there() {
    let (test, text, _) = run(with_file(elsewhere(Test::new())), &["migrate", "--to", "other", "--yes"], 0);
    let id = id(&text);
    // No note alone starts a program.
    let (test, _, stderr) = run(test, &["migrate", "--backups"], 1);
    assert!(stderr.contains("hint: modelforge-credential migrate --backups --to other\n"), "{stderr}");
    let (test, text, _) = run(test, &["migrate", "--backups", "--to", "other", "--json"], 0);
    assert_eq!(json(&text)["backups"][0]["migration"], id.as_str(), "{text}");
    let (test, _, _) = run(test, &["migrate", "--forget-backup", &id, "--to", "other"], 0);
    assert_eq!(kept_elsewhere(&test).len(), 2, "the two keys");
}

#[test]
fn a_backup_that_no_helper_has_is_not_said_to_be_erased() {
    let test = elsewhere(Test::new()).helpers("age").args(["approve"]);
    let test = test.stdin(format!("provider=openai\npassword={SECRET}\n")).success();
    let (test, text, _) = run(test, &["migrate", "--from", "age", "--to", "other", "--yes"], 0);
    let id = id(&text);
    let (_, _, stderr) = run(test, &["migrate", "--forget-backup", &id], 1);
    assert!(stderr.starts_with(&format!("error: no helper has a backup of migration {id}\n")), "{stderr}");
}

#[test]
fn an_older_migration_rolled_back_before_a_newer_one_ends_with_the_file_as_it_was() {
    let test = with_file(Test::new());
    let before = file(&test);
    let (test, text, _) = run(test, &["migrate", "--yes", "--provider", "openai"], 0);
    let older = id(&text);
    let (test, text, _) = run(test, &["migrate", "--yes", "--provider", "google"], 0);
    let newer = id(&text);
    let (test, _, _) = run(test, &["migrate", "--rollback", &older, "--yes"], 0);
    let (test, _, stderr) = run(test, &["migrate", "--rollback", &newer, "--yes"], 0);
    assert!(!stderr.contains("was changed since"), "{stderr}");
    assert_eq!(file(&test), before);
    test.helpers("age").args(["get"]).stdin("provider=openai\n").success();
}

#[test]
#[ignore = "needs strace"]
fn a_backup_that_was_erased_and_is_kept_again_counts() {
    let test = with_file(Test::new()).file(".local/state/modelforge-credential/migrations.jsonl", "");
    let before = file(&test);
    let journal = test.home().join(".local/state/modelforge-credential/migrations.jsonl").display().to_string();
    let core = crate::support::program("modelforge-credential").display().to_string();
    let strace = crate::support::system("strace", "strace").display().to_string();
    let inject = "inject=fdatasync:signal=SIGKILL:when=2";
    test.run(&[&strace, "-f", "-o", "/dev/null", "-P", &journal, "-e", inject, &core, "migrate", "--yes"], "");
    let (test, text, _) = run(test, &["migrate", "--backups", "--json"], 0);
    let id = json(&text)["backups"][0]["migration"].as_str().expect("it was kept").to_owned();
    let (test, _, _) = run(test, &["migrate", "--forget-backup", &id], 0);
    let (test, _, _) = run(test, &["migrate", "--yes"], 0);
    let (test, text, _) = run(test, &["migrate", "--rollback", &id, "--yes"], 0);
    assert!(text.contains("byte for byte"), "{text}");
    assert_eq!(file(&test), before);
}

/// A backup that somebody wrote into the store who knows its public key and nothing else.
fn planted(test: Test, id: &str, file: &str, content: &str) -> Test {
    let age = crate::support::program("modelforge-credential-age").display().to_string();
    let record = format!(
        "protocol=backup\nhost=modelforge-credential\npath={id}\nusername={file}\npassword={content}\nconsent=1\n"
    );
    assert!(test.run(&[age, "store".to_owned()], record).status.success());
    test
}

#[test]
fn a_backup_that_was_replaced_since_is_not_put_back() {
    let (test, id, _) = migrated();
    let (path, taken) = (test.native(CONFIG), file(&test));
    let (test, _, stderr) = run(planted(test, &id, &path, "e30="), &["migrate", "--rollback", "--yes"], 1);
    assert!(stderr.contains("was changed or replaced"), "{stderr}");
    assert_eq!(file(&test), taken);
}

#[test]
fn what_has_no_name_of_a_migration_is_no_backup_and_no_hint_repeats_it() {
    let test = with_file(Test::new()).helpers("age");
    let (path, id) = (test.home().join(".bashrc").display().to_string(), "9;touch ~/pwned;#");
    let (test, _, stderr) = run(planted(test, id, &path, "e30="), &["migrate", "--rollback", "--yes"], 1);
    assert_eq!(stderr, "error: there is no migration to roll back\nhint: modelforge-credential migrate --status\n");
    let (test, text, _) = run(test, &["migrate", "--backups"], 0);
    assert_eq!(text, "there is no backup\n");
    let (_, _, stderr) = run(test, &["migrate", "--rollback", id], 1);
    assert_eq!(stderr, format!("error: there is no migration `{id}`\nhint: modelforge-credential migrate --backups\n"));
}

#[test]
fn no_program_is_started_because_a_note_names_it() {
    let test = Test::new().shell_program("named-by-a-note", ": > \"$HOME/started\"");
    let program = test.bin().join("named-by-a-note").display().to_string();
    let line = |event: &str| format!("{{\"migration\":\"20260101-000000\",\"at\":1,{event}}}\n");
    let begun = line(&format!("\"event\":\"begun\",\"from\":[\"{program}\"],\"to\":\"{program}\""));
    let kept = line(&format!("\"event\":\"kept\",\"file\":\"/x\",\"from\":\"{program}\""));
    let test = test.file(".local/state/modelforge-credential/migrations.jsonl", begun + &kept).helpers("age");
    let mut test = test;
    for words in [
        &["migrate", "--rollback", "--yes"][..],
        &["migrate", "--rollback", "20260101-000000", "--yes"],
        &["migrate", "--backups"],
        &["migrate", "--forget-backup", "20260101-000000"],
        &["migrate", "--status"],
        &["logout", "--all", "--purge", "--yes"],
        &["doctor"],
    ] {
        test = test.args(words).any_stderr();
        let output = test.output();
        let said = test.text(&output.stderr);
        assert!(!test.home().join("started").exists(), "{words:?}: {said}");
    }
}
