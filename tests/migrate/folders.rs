//! Projects in directories that are named on the command line.

use super::*;

const CONFIG: &str = ".config/modelforge-credential/config.toml";
const JOURNAL: &str = ".local/state/modelforge-credential/migrations.jsonl";

/// Puts the sentinel into the `.env` of a project below the working directory.
fn put_back(test: Test) -> Test {
    let file = test.work().join("p/.env");
    std::fs::create_dir_all(test.work().join("p")).expect("a folder");
    std::fs::write(&file, format!("OPENAI_API_KEY={SECRET}\nPORT=80\n")).expect("a file");
    test.may_hold_the_secret(file)
}

fn env(test: &Test) -> String {
    std::fs::read_to_string(test.work().join("p/.env")).expect("the project's file")
}

fn read(test: &Test, path: &str) -> String {
    std::fs::read_to_string(test.home().join(path)).unwrap_or_default()
}

/// A migration of the project that was killed after it had stored the key, and before it removed it from the file.
fn interrupted() -> Test {
    let (test, _, _) = run(put_back(Test::new()), &["migrate", "--yes", "p"], 0);
    is_not_finished(&test);
    put_back(test)
}

fn is_not_finished(test: &Test) {
    let notes = read(test, JOURNAL);
    let begun: String = notes.split_inclusive('\n').filter(|line| !line.contains("\"finished\"")).collect();
    assert_ne!(begun, notes, "it was finished");
    std::fs::write(test.home().join(JOURNAL), begun).expect("the journal");
}

fn status(test: Test) -> (Test, String) {
    let (test, text, _) = run(test, &["migrate", "--status"], 0);
    (test, text)
}

#[test]
fn the_command_that_finishes_an_interrupted_migration_of_a_folder_names_the_folder_and_finishes_it() {
    let test = interrupted();
    let folder = test.work().join("p").display().to_string();
    let (test, shown) = status(test);
    // On Windows it is quoted.
    let command =
        format!("was interrupted; `modelforge-credential migrate {}` finishes it\n", folder.replace('\\', "/"));
    assert!(shown.replace('\'', "").contains(&command), "{shown}");
    let (test, _, _) = run(test, &["migrate", "--yes", &folder], 0);
    assert_eq!(env(&test), "PORT=80\n");
    let (test, shown) = status(test);
    assert!(!shown.contains("interrupted"), "{shown}");
    let (_, text, _) = run(test, &["migrate", "--backups", "--json"], 0);
    assert_eq!(json(&text)["backups"].as_array().map(Vec::len), Some(1), "it went on under its name");
}

#[test]
fn a_migration_that_looks_elsewhere_does_not_finish_one_that_was_interrupted() {
    for words in [&["migrate", "--yes"][..], &["migrate", "--yes", "empty"]] {
        let test = interrupted();
        std::fs::create_dir(test.work().join("empty")).expect("a folder");
        let (test, _, _) = run(test, words, 0);
        let (_, shown) = status(test);
        assert!(shown.contains("was interrupted"), "{words:?}: {shown}");
    }
}

#[test]
fn a_migration_that_looks_at_some_of_its_sources_does_not_finish_one_that_was_interrupted() {
    let (test, _, _) = run(with_file(Test::new()), &["migrate", "--yes"], 0);
    is_not_finished(&test);
    let (test, _, _) = run(test, &["migrate", "--yes", "--from", "tools"], 0);
    let (test, shown) = status(test);
    assert!(shown.contains("`modelforge-credential migrate` finishes it"), "{shown}");
    let (test, _, _) = run(test, &["migrate", "--yes"], 0);
    let (_, shown) = status(test);
    assert!(!shown.contains("interrupted"), "{shown}");
}

#[cfg(unix)]
#[test]
fn of_keys_that_came_with_a_repository_there_is_a_warning() {
    let test = put_back(Test::new());
    let git = |words: &str| {
        let script = format!("cd p && git {words}");
        assert!(test.run(&["/bin/sh", "-c", &script], "").status.success(), "{words}");
    };
    git("init -q");
    let (test, _, stderr) = run(test, &["migrate", "--dry-run", "p"], 0);
    assert_eq!(stderr, "", "git does not have the file");
    let test = test.args(["migrate", "--yes", "p"]).any_stdout();
    assert!(test.run(&["/bin/sh", "-c", "cd p && git add -f .env"], "").status.success());
    let index = test.work().join("p/.git/objects");
    let test = files_below(&index).into_iter().fold(test, Test::may_hold_the_secret);
    let came = "warning: the keys in `TEST/work/p/.env` came with the git repository `TEST/work/p`; after the move they are used \
                everywhere, unless you have another key for the same provider\n";
    test.stderr(came).success();
}

#[cfg(unix)]
#[test]
fn a_fifo_in_the_place_of_gits_list_of_files_is_not_waited_for() {
    let test = put_back(Test::new());
    let script = "cd p && git init -q && mkfifo .git/index";
    assert!(test.run(&["/bin/sh", "-c", script], "").status.success());
    let (test, _, stderr) = run(test, &["migrate", "--yes", "p"], 0);
    assert_eq!((stderr.as_str(), env(&test).as_str()), ("", "PORT=80\n"));
}

#[cfg(unix)]
#[test]
fn what_exec_hands_over_is_not_noted_for_a_key_that_stays_after_all() {
    // A helper that returns a stored credential only once.
    let forgets = r#"input=$(cat); case "$1 $input" in
        *protocol=backup*) ;;
        store*) printf '%s\n' "$input" | grep -v '^capability' > "$HOME/once";;
        get*) cat "$HOME/once" 2>/dev/null; rm -f "$HOME/once";;
        esac; exit 0"#;
    let test = put_back(Test::new().script("forgets", forgets).helpers("forgets\nage"));
    let (test, shown, stderr) = run(test, &["migrate", "--yes", "p"], 1);
    assert!(stderr.contains("no helper stored the credential"), "{stderr}");
    assert!(env(&test).contains(SECRET));
    assert!(!shown.contains("exec -- COMMAND") && read(&test, CONFIG).is_empty(), "{shown}");
}

#[cfg(unix)]
#[test]
#[ignore = "needs strace"]
fn whenever_a_migration_of_a_folder_is_killed_exec_sets_what_its_files_no_longer_hold() {
    super::interrupted::at_every_call(
        || put_back(Test::new()),
        &["migrate", "--yes", "p"],
        "",
        |test, at| {
            let (test, _, _) = run(test, &["migrate", "--yes", "p"], 0);
            assert_eq!(env(&test), "PORT=80\n", "{at}");
            assert!(read(&test, CONFIG).contains("OPENAI_API_KEY = \"openai\""), "{at}: {}", read(&test, CONFIG));
            let (test, _, _) = run(test, &["migrate", "--rollback", "--yes"], 0);
            assert!(env(&test).contains(SECRET), "{at}");
            assert_eq!(read(&test, CONFIG), "", "{at}");
        },
    );
}
