//! Migrations that are killed at every call that changes or opens something, in every process.

use std::sync::Mutex;

use super::*;
use crate::support::strace::Run;

/// As strace wants them: with `?`, not every machine has it.
const CALLS: [&str; 6] = [
    "write",
    "?open,openat",
    "?rename,?renameat,renameat2",
    "fsync,fdatasync",
    "?unlink,unlinkat,?rmdir",
    "?mkdir,mkdirat",
];

pub fn strace(test: &Test, options: &[&str], words: &[&str], input: &str) {
    Run { program: "modelforge-credential", words, input }.traced(test, options);
}

/// Kills each process at its first, second, … call, and looks each time what is left.
pub fn at_every_call(prepare: impl Fn() -> Test + Sync, words: &[&str], input: &str, look: impl Fn(Test, &str) + Sync) {
    let mut cases = Vec::new();
    for calls in CALLS {
        let run = Run { program: "modelforge-credential", words, input };
        let most = run.most_calls(&prepare(), calls, true);
        cases.extend((1..=most).map(|nth| (calls, nth)));
    }
    assert!(cases.len() > 8, "only {} calls were seen: does strace work here?", cases.len());
    let cases = Mutex::new(cases);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some((calls, nth)) = cases.lock().expect("the cases").pop() else { return };
                    let test = prepare();
                    let inject = format!("inject={calls}:signal=SIGKILL:when={nth}");
                    strace(&test, &["-f", "-o", "/dev/null", "-e", &inject], words, input);
                    look(test, &format!("{calls} {nth}"));
                }
            });
        }
    });
}

fn get(test: Test) -> (Test, String) {
    let mut command = test.command_of(&crate::support::program("modelforge-credential"));
    let pipe = std::process::Stdio::piped;
    let mut child = command.arg("get").stdin(pipe()).stdout(pipe()).stderr(pipe()).spawn().expect("it starts");
    std::io::Write::write_all(&mut child.stdin.take().expect("an input"), b"provider=openai\n").expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    (test, String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
#[ignore = "needs strace"]
fn a_migration_that_is_killed_anywhere_loses_nothing_and_is_finished_by_the_next() {
    let undisturbed = {
        let test = with_file(Test::new());
        let (test, _, _) = run(test, &["migrate", "--yes"], 0);
        file(&test)
    };
    let before = file(&with_file(Test::new()));
    at_every_call(
        || with_file(Test::new()),
        &["migrate", "--yes"],
        "",
        |test, at| {
            let whole = serde_json::from_str::<serde_json::Value>(&file(&test));
            assert!(whole.is_ok(), "{at}: the file is half written");
            let (test, found) = get(test);
            assert!(found.contains(SECRET), "{at}: the key is lost");
            let test = migrate(test, &["--yes"]);
            let output = test.output();
            assert_eq!(output.status.code(), Some(0), "{at}: {}", String::from_utf8_lossy(&output.stderr));
            assert_eq!(file(&test), undisturbed, "{at}");
            let (test, found) = get(test);
            assert_eq!(found, answer(SECRET), "{at}");
            // And the way back is as if nothing had happened.
            let (test, _, _) = run(test, &["migrate", "--rollback", "--yes"], 0);
            assert_eq!(file(&test), before, "{at}");
        },
    );
}

#[test]
#[ignore = "needs strace"]
fn a_rollback_that_is_killed_anywhere_loses_nothing_and_is_finished_by_the_next() {
    let before = file(&with_file(Test::new()));
    let migrated = || {
        let (test, text, _) = run(with_file(Test::new()), &["migrate", "--yes"], 0);
        drop(id(&text));
        test
    };
    at_every_call(migrated, &["migrate", "--rollback", "--yes"], "", |test, at| {
        let whole = serde_json::from_str::<serde_json::Value>(&file(&test));
        assert!(whole.is_ok(), "{at}: the file is half written");
        let (test, found) = get(test);
        assert!(found.contains(SECRET), "{at}: the key is lost");
        let test = test.args(["migrate", "--rollback", "--yes"]).any_stderr();
        let output = test.output();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        // Killed after its last note, it was complete.
        let is_done = output.status.code() == Some(0) || stderr.contains("there is no migration to roll back");
        assert!(is_done, "{at}: {stderr}");
        assert_eq!(file(&test), before, "{at}");
        let test = test.env("MODELFORGE_CREDENTIAL_HELPERS", "env\nage");
        let (_, found) = get(test);
        assert_eq!(found, "", "{at}: it is still in the chain");
    });
}

#[test]
#[ignore = "needs strace"]
fn a_store_that_is_killed_anywhere_leaves_the_old_key_or_the_new_one() {
    let old = "sk-proj-the-older-key-of-the-two";
    let prepare = || {
        let test = Test::new().helpers("age");
        test.args(["approve"]).stdin(format!("provider=openai\npassword={old}\n")).success()
    };
    let input = format!("provider=openai\npassword={SECRET}\n");
    at_every_call(prepare, &["approve"], &input, |test, at| {
        let (test, found) = get(test);
        assert!(found == answer(old) || found == answer(SECRET), "{at}: {} bytes", found.len());
        let test = test.args(["approve"]).stdin(&input).success();
        let (_, found) = get(test);
        assert_eq!(found, answer(SECRET), "{at}");
    });
}

#[test]
#[ignore = "needs strace"]
fn a_migration_that_was_cut_short_is_told_of_and_finished_under_its_name() {
    let test = with_file(Test::new());
    strace(
        &test,
        &["-f", "-o", "/dev/null", "-e", "inject=fdatasync:signal=SIGKILL:when=3"],
        &["migrate", "--yes"],
        "",
    );
    let (test, text, _) = run(test, &["migrate", "--status"], 0);
    assert!(text.contains("was interrupted; `modelforge-credential migrate` finishes it\n"), "{text}");
    let name = text.split_once("migration ").expect("a name").1.split(' ').next().expect("a name").to_owned();
    let (test, text, _) = run(test, &["migrate", "--yes"], 0);
    assert_eq!(id(&text), name);
    let (_, text, _) = run(test, &["migrate", "--backups", "--json"], 0);
    assert_eq!(json(&text)["backups"].as_array().map(Vec::len), Some(1));
}

#[test]
#[ignore = "needs strace"]
fn a_signal_leaves_every_key_in_one_of_the_two_places() {
    for signal in ["SIGTERM", "SIGINT", "SIGHUP"] {
        for nth in [2, 9, 17] {
            let test = with_file(Test::new());
            let inject = format!("inject=write:signal={signal}:when={nth}");
            strace(&test, &["-f", "-o", "/dev/null", "-e", &inject], &["migrate", "--yes"], "");
            let (test, found) = get(test);
            assert!(found.contains(SECRET), "{signal} {nth}");
            let test = migrate(test, &["--yes"]);
            assert_eq!(test.output().status.code(), Some(0), "{signal} {nth}");
        }
    }
}

#[test]
fn a_note_that_was_cut_short_is_nobodys() {
    let (test, _, _) = run(with_file(Test::new()), &["migrate", "--yes", "--provider", "openai"], 0);
    let journal = test.home().join(".local/state/modelforge-credential/migrations.jsonl");
    let mut text = std::fs::read_to_string(&journal).expect("the journal");
    text.push_str("{\"migration\":\"20990101-0000");
    std::fs::write(&journal, &text).expect("the journal");
    let (test, _, _) = run(test, &["migrate", "--yes"], 0);
    let (_, text, _) = run(test, &["migrate", "--backups", "--json"], 0);
    assert_eq!(json(&text)["backups"].as_array().map(Vec::len), Some(2));
}

#[test]
#[ignore = "needs strace"]
fn whenever_it_is_killed_the_next_leaves_nothing_that_is_called_unfinished() {
    for nth in 1..=8 {
        let test = with_file(Test::new()).file(".local/state/modelforge-credential/migrations.jsonl", "");
        let journal = test.home().join(".local/state/modelforge-credential/migrations.jsonl").display().to_string();
        let inject = format!("inject=openat:signal=SIGKILL:when={nth}");
        strace(&test, &["-f", "-o", "/dev/null", "-P", &journal, "-e", &inject], &["migrate", "--yes"], "");
        let (test, _, _) = run(test, &["migrate", "--yes"], 0);
        let (_, text, _) = run(test, &["migrate", "--status"], 0);
        assert!(!text.contains("cut short"), "{nth}: {text}");
    }
}

#[test]
fn a_migration_that_took_nothing_is_not_called_unfinished() {
    let test = with_file(Test::new()).script("none", "exit 0");
    let (test, _, stderr) = run(test, &["migrate", "--yes", "--to", "none"], 1);
    assert!(stderr.contains("the backup of"), "{stderr}");
    let (_, text, _) = run(test, &["migrate", "--status"], 0);
    assert!(!text.contains("cut short") && !text.contains("--rollback"), "{text}");
}

#[test]
#[ignore = "needs strace"]
fn the_command_that_finishes_a_migration_is_the_one_that_began_it() {
    let test = elsewhere(Test::new())
        .helpers("age")
        .args(["approve"])
        .stdin(format!("provider=openai\npassword={SECRET}\n"))
        .success();
    let words = ["migrate", "--from", "age", "--to", "other", "--yes"];
    strace(&test, &["-f", "-o", "/dev/null", "-e", "inject=fdatasync:signal=SIGKILL:when=2"], &words, "");
    let (test, text, _) = run(test, &["migrate", "--status"], 0);
    assert!(text.contains("`modelforge-credential migrate --from age --to other` finishes it\n"), "{text}");
    let (test, _, _) = run(test, &words, 0);
    let (_, text, _) = run(test, &["migrate", "--status"], 0);
    assert!(!text.contains("cut short"), "{text}");
}
