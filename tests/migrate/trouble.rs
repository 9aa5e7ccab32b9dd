//! Disks, folders, targets and sources with errors.

use super::*;

fn strace(test: &Test, options: &[&str]) -> std::process::Output {
    let strace = crate::support::system("strace", "strace").display().to_string();
    let core = crate::support::program("modelforge-credential").display().to_string();
    let line: Vec<&str> =
        [&[strace.as_str(), "-f", "-o", "/dev/null"], options, &[core.as_str(), "migrate", "--yes"]].concat();
    test.run(&line, "")
}

#[test]
#[ignore = "needs strace"]
fn on_a_full_disk_the_source_stays_as_it_is() {
    for inject in ["fsync", "fdatasync", "mkdir"] {
        let test = with_file(Test::new());
        let before = file(&test);
        let output = strace(&test, &["-e", &format!("inject={inject}:error=ENOSPC")]);
        assert_eq!(output.status.code(), Some(1), "{inject}");
        let stderr = test.text(&output.stderr);
        assert!(
            stderr.contains("No space left on device") || stderr.contains("no storage space"),
            "{inject}: {stderr}"
        );
        assert_eq!(file(&test), before, "{inject}");
        let (test, _, _) = run(test, &["migrate", "--yes"], 0);
        test.args(["get"]).stdin("provider=openai\n").stdout(&answer(SECRET)).success();
    }
}

#[test]
#[ignore = "needs strace"]
fn a_source_in_a_folder_that_cannot_be_written_to_stays_and_the_key_is_in_both_places() {
    let test = with_file(Test::new());
    let before = file(&test);
    // A file is replaced by its name in its folder.
    let path = test.home().join(".config/model-forge").display().to_string();
    let output = strace(&test, &["-P", &path, "-e", "inject=rename,renameat,renameat2:error=EROFS"]);
    assert_eq!(output.status.code(), Some(1));
    let stderr = test.text(&output.stderr);
    assert!(stderr.contains("cannot replace") && stderr.contains("2 stayed in plain text"), "{stderr}");
    assert_eq!(file(&test), before);
    let (test, text, _) = run(test, &["migrate", "--status", "--provider", "openai"], 0);
    assert!(text.contains("both, equal"), "{text}");
    let (test, _, _) = run(test, &["migrate", "--yes"], 0);
    assert!(!file(&test).contains(SECRET));
}

#[cfg(unix)]
#[test]
fn without_a_place_for_the_journal_nothing_is_moved() {
    let test = with_file(Test::new()).file("blocked", "a file").env("XDG_STATE_HOME", "/dev/null/nowhere");
    let before = file(&test);
    let (test, _, stderr) = run(test, &["migrate", "--yes"], 1);
    assert!(stderr.contains("error: cannot lock the migrations: "), "{stderr}");
    assert_eq!(file(&test), before);
}

#[test]
fn a_target_that_keeps_no_backup_is_not_trusted_with_the_keys() {
    // It keeps each credential but the files.
    let body = r#"input=$(cat); case $input in *protocol=backup*) exit 0 ;; esac
case $1 in store) printf '%s\n' "$input" | grep -E '^password=' >"$HOME/kept" ;; get) cat "$HOME/kept" 2>/dev/null || : ;; esac"#;
    let test = with_file(Test::new()).script("odd", body).config("helpers = ['odd']");
    let before = file(&test);
    let (test, _, stderr) = run(test, &["migrate", "--yes"], 1);
    assert!(
        stderr.starts_with("error: the backup of `~/.config/model-forge/config.json` could not be stored"),
        "{stderr}"
    );
    assert_eq!(file(&test), before);
    assert!(!test.home().join("kept").exists());
}

/// Its helper computes with programs of Unix.
#[cfg(unix)]
#[test]
fn a_source_that_changes_while_it_is_migrated_keeps_what_is_new() {
    // The target is slow, and meanwhile somebody signs in again with ModelForge.
    let body = r#"input=$(cat); name=$HOME/kept-$(printf '%s' "$input" | grep -E '^(protocol|host|path|username)=' | cksum | tr -d ' ')
case $1 in
store) printf '%s\n' "$input" | grep -vE '^(capability|state|provider)' >"$name"
  case $input in *api.openai.com*) sed -i 's/sk-sentinel-[0-9a-f]*/sk-brand-new-key-of-somebody/' "$HOME/.config/model-forge/config.json" ;; esac ;;
get) cat "$name" 2>/dev/null || : ;;
erase) rm -f "$name" ;;
esac"#;
    let test = with_file(Test::new()).script("slow", body).config("helpers = ['slow']");
    // The script keeps what it is told in plain text.
    let test = test.args(["migrate", "--yes", "--provider", "openai"]);
    let output = test.command().output().expect("it runs");
    let stderr = test.text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("was changed after the plan was made"), "{stderr}");
    assert!(String::from_utf8_lossy(&output.stdout).ends_with("\n0 moved, 1 left\n"), "there is nothing to go on with");
    assert!(file(&test).contains("sk-brand-new-key-of-somebody"));
}

#[test]
fn two_migrations_at_once_move_every_key_once() {
    let test = with_file(Test::new());
    let start = || {
        let test = &test;
        let mut command = test.command();
        command.args(["migrate", "--yes"]).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        command.spawn().expect("it starts")
    };
    let outputs = [start(), start(), start()].map(|child| child.wait_with_output().expect("it ends"));
    for output in &outputs {
        let stderr = test.text(&output.stderr);
        // The later one finds nothing to do, or that what it planned was done.
        assert!(
            output.status.success() || stderr.contains("another migration has moved them in the meantime"),
            "{stderr}"
        );
    }
    assert!(outputs.iter().any(|output| output.status.success()));
    assert!(!file(&test).contains(SECRET));
    let test = test.args(["get"]).stdin("provider=openai\n").stdout(&answer(SECRET)).success();
    let (test, _, _) = run(test, &["migrate", "--rollback", "--yes"], 0);
    assert!(file(&test).contains(SECRET));
}

#[cfg(unix)]
#[test]
fn many_keys_move_under_a_progress_bar() {
    let entry = |n: usize| {
        format!(
            "\"p{n}\": {{\"base_url\": \"https://p{n}.example/v1\", \"auth_strategy\": \"api_key\", \
             \"auth_data\": {{\"api_key\": \"sk-made-up-{n}-0123456789abcdef\"}}}}"
        )
    };
    let text = format!("{{\"providers\": {{{}}}}}", (0..24).map(entry).collect::<Vec<_>>().join(", "));
    let test = Test::new().file(CONFIG, &text).env("MODELFORGE_CREDENTIAL_INTERACTIVE", "1").args(["migrate"]);
    let mut session = crate::prompt::Session::bare(&test);
    session.expect("move 24 out of plain text? [y/N] ");
    session.types("y\n");
    let (status, _, shown) = session.end();
    assert!(status.success(), "{shown:?}");
    assert!(shown.contains("moving [##############################] 24/24"), "{shown:?}");
    assert!(shown.contains("24 moved, 0 left"), "{shown:?}");
    assert!(!file(&test).contains("sk-made-up"));
}

#[cfg(unix)]
#[test]
fn a_key_that_only_a_person_can_look_at_is_not_replaced_unseen() {
    let age = crate::support::program("modelforge-credential-age").display().to_string();
    let locked = format!(
        "[ \"$MODELFORGE_CREDENTIAL_INTERACTIVE\" = 1 ] || {{ echo 'error: it is locked' >&2; exit 1; }}; exec '{age}' $1"
    );
    let other = "provider=openai\npassword=sk-proj-another-key-altogether\n";
    let test = with_file(Test::new()).helpers("age").args(["approve"]).stdin(other).success();
    let test = test.script("safe", &locked).helpers("safe").env("MODELFORGE_CREDENTIAL_INTERACTIVE", "1");
    let test = test.args(["migrate"]);
    let mut session = crate::prompt::Session::bare(&test);
    session.expect("move 1 out of plain text? [y/N] ");
    session.types("y\n");
    let (status, _, shown) = session.end();
    assert_eq!(status.code(), Some(1), "{shown}");
    assert!(
        shown.contains("a different key is already stored for `openai`") && shown.contains("1 moved, 1 left"),
        "{shown}"
    );
}

#[test]
fn a_second_key_for_one_provider_in_a_file_is_said_to_be_left() {
    let key = |letter: &str| format!("{{\"auth_data\": {{\"access_token\": \"gho_{}\"}}}}", letter.repeat(36));
    for other in ["github-copilot", "github_copilot"] {
        let text = format!("{{\"providers\": {{\"{other}\": {}, \"github_copilot\": {}}}}}", key("a"), key("b"));
        let test = Test::new().file(CONFIG, &text);
        let (test, _, stderr) = run(test, &["migrate", "--yes"], 1);
        let left = "was moved, and another key for it is still in `~/.config/model-forge/config.json`";
        assert!(stderr.contains(left) && stderr.contains("--prefer target  # erases it"), "{stderr}");
        assert!(file(&test).contains("gho_a") && !file(&test).contains("gho_b"));
        let (test, shown, _) = run(test, &["migrate", "--rollback", "--yes"], 0);
        assert!(shown.contains("byte for byte"), "{other}: {shown}");
        assert_eq!(file(&test), text, "{other}");
        let (test, _, _) = run(test, &["migrate", "--yes"], 1);
        let (test, _, _) = run(test, &["migrate", "--yes", "--provider", "github-copilot", "--prefer", "target"], 0);
        assert!(!file(&test).contains("gho_"));
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_is_no_success() {
    let test = with_file(Test::new()).file(OLD, "{ not JSON");
    let (test, shown, stderr) = run(test, &["migrate", "--yes"], 1);
    assert!(shown.contains("2 moved, 0 left"), "{shown}");
    assert!(stderr.contains("`~/.config/model-forge/models.json`, line 1, column 3: this is not JSON\n"), "{stderr}");
    assert!(stderr.ends_with("error: some places could not be searched, so there may be more to move\n"), "{stderr}");
    let (_, shown, _) = run(test, &["migrate", "--dry-run", "--json"], 1);
    assert_eq!(json(&shown)["failed"].as_array().map(Vec::len), Some(1), "{shown}");
}

#[test]
fn a_key_of_which_it_is_not_known_whose_it_is_is_no_success() {
    let text = format!("{{\"providers\": {{\"mine\": {{\"auth_data\": {{\"api_key\": \"{SECRET}\"}}}}}}}}");
    let (_, shown, stderr) = run(Test::new().file(CONFIG, text), &["migrate", "--yes"], 1);
    // Where there always is a keyring, it is a source.
    assert_eq!(
        shown.replace(", the items of ModelForge 0.2 in the system's keyring", ""),
        "no key was found in plain text\nsearched: the files of ModelForge and of Python's keyring, the files of LLM tools and of the shell\n"
    );
    assert!(stderr.contains("`$.providers.mine.base_url` is missing"), "{stderr}");
}

#[cfg(unix)]
#[test]
fn a_source_that_only_a_person_can_unlock_is_unlocked_by_one() {
    let age = crate::support::program("modelforge-credential-age").display().to_string();
    let locked = format!(
        "[ \"$MODELFORGE_CREDENTIAL_INTERACTIVE\" = 1 ] || {{ echo 'error: it is locked' >&2; exit 1; }}; exec '{age}' $1"
    );
    let test = elsewhere(Test::new()).script("safe", &locked).helpers("age");
    let test = test.args(["approve"]).stdin(format!("provider=openai\npassword={SECRET}\n")).success();
    let (test, _, stderr) = run(test, &["migrate", "--from", "safe", "--to", "other", "--yes"], 1);
    assert!(stderr.contains("helper `safe` failed: it is locked"), "{stderr}");
    let test = test.env("MODELFORGE_CREDENTIAL_INTERACTIVE", "1").args(["migrate", "--from", "safe", "--to", "other"]);
    let mut session = crate::prompt::Session::bare(&test);
    session.expect("move 1 out of `safe`? [y/N] ");
    session.types("y\n");
    let (status, _, shown) = session.end();
    assert!(status.success() && shown.contains("1 moved, 0 left"), "{shown}");
    test.helpers("other").args(["get"]).stdin("provider=openai\n").stdout(&answer(SECRET)).success();
}

#[cfg(unix)]
#[test]
fn a_helper_that_failed_with_a_person_there_is_not_asked_again_for_each_key() {
    let dead = r#"[ "$MODELFORGE_CREDENTIAL_INTERACTIVE" = 1 ] && echo "$1" >>"$HOME/asked"; echo 'error: it is dead' >&2; exit 1"#;
    let test = with_file(Test::new()).script("dead", dead).helpers("dead\nage");
    let test = test.env("MODELFORGE_CREDENTIAL_INTERACTIVE", "1").args(["migrate"]);
    let mut session = crate::prompt::Session::bare(&test);
    session.expect("move 2 out of plain text? [y/N] ");
    session.types("y\n");
    let (status, _, shown) = session.end();
    assert!(status.success() && shown.contains("2 moved, 0 left"), "{shown}");
    assert_eq!(std::fs::read_to_string(test.home().join("asked")).expect("it was asked"), "get\n");
    assert_eq!(shown.matches("helper `dead` did not store the credential: it is dead").count(), 1, "{shown}");
}

#[cfg(unix)]
#[test]
fn a_fifo_in_the_place_of_the_journal_is_refused_and_not_waited_for() {
    let test = with_file(Test::new());
    let state = test.home().join(".local/state/modelforge-credential");
    std::fs::create_dir_all(&state).expect("a folder");
    let mkfifo = crate::support::system("mkfifo", "coreutils");
    let _ = test.run(&[mkfifo.as_os_str(), state.join("migrations.jsonl").as_os_str()], "");
    let problem = "error: `~/.local/state/modelforge-credential/migrations.jsonl` is not a file\n";
    let (_, _, stderr) = run(test, &["migrate", "--status"], 1);
    assert_eq!(stderr, problem);
}
