//! Purging: no file of this program stays on the disk.

use super::*;
use crate::support::keyring::Keyring;

fn used() -> Test {
    let test = with_file(Test::new()).config("store = 'first'\n");
    let (test, _, _) = run(test, &["migrate", "--yes"], 0);
    let git = "protocol=https\nhost=git.example\nusername=me\npassword=a git password\n";
    test.args(["approve"]).stdin(git).success()
}

#[test]
fn a_purge_leaves_nothing_of_this_program_on_the_disk() {
    let (test, shown, stderr) = run(used(), &["logout", "--all", "--purge", "--yes"], 0);
    insta::assert_snapshot!("purge", shown);
    assert!(
        stderr.contains("the age identity `~/.local/share/modelforge-credential/identity.txt` is deleted as well"),
        "{stderr}"
    );
    let left: Vec<_> = files_below(&test.home());
    assert_eq!(left, [test.home().join(CONFIG)], "only ModelForge's own file");
    for folder in [".config", ".local/share", ".local/state"] {
        assert!(!test.home().join(folder).join("modelforge-credential").exists(), "{folder}");
    }
    assert!(!file(&test).contains(SECRET));
}

#[test]
fn a_purge_asks_and_without_a_terminal_wants_to_be_told() {
    let test = used();
    let before = files_below(&test.home());
    let (test, _, stderr) = run(test, &["logout", "--all", "--purge"], 1);
    assert!(stderr.ends_with("hint: modelforge-credential logout --all --purge --yes\n"), "{stderr}");
    assert_eq!(files_below(&test.home()), before);
    for words in [&["logout", "openai", "--purge"][..], &["logout", "--purge"], &["auth", "logout", "--purge"]] {
        let (_, _, stderr) = run(used(), words, 2);
        assert!(stderr.starts_with("error: `--purge` deletes everything, so it needs `--all`\nhint: "), "{stderr}");
    }
    drop(test);
}

#[test]
fn where_something_cannot_be_erased_the_identity_and_the_configuration_stay() {
    let fails = "[ $1 = erase ] && exit 1; [ $1 = list ] && echo count=0; exit 0";
    let test = used().script("stuck", fails).helpers("stuck\nage");
    let (test, _, stderr) = run(test, &["logout", "--all", "--purge", "--yes"], 1);
    assert!(stderr.contains("this program's files were not deleted"), "{stderr}");
    assert!(test.home().join(".local/share/modelforge-credential/identity.txt").exists());
}

#[test]
fn a_file_that_somebody_put_into_our_folder_stays_and_is_named() {
    let test = used().file(".local/share/modelforge-credential/my-notes.txt", "mine");
    let (test, _, stderr) = run(test, &["logout", "--all", "--purge", "--yes"], 1);
    // Windows says why in words of its own.
    let why = if cfg!(unix) { "Directory not empty" } else { "" };
    let problem = format!("cannot remove `~/.local/share/modelforge-credential`: {why}");
    assert!(stderr.contains(&problem), "{stderr}");
    assert!(test.home().join(".local/share/modelforge-credential/my-notes.txt").exists());
}

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn what_another_program_keeps_in_the_keyring_stays_and_is_named() {
    let keyring = Keyring::start();
    let test = keyring.env().into_iter().filter(|(name, _)| name.contains("DBUS") || name.contains("RUNTIME"));
    let test = test.fold(with_file(Test::new()), |test, (name, value)| test.env(name, value.to_string_lossy()));
    let twine = "protocol=https\nhost=upload.example\nusername=me\npassword=of another program\n";
    let test = test.helpers("keyring").args(["approve"]).stdin(twine).success();
    let (test, _, _) = run(test, &["migrate", "--yes"], 0);
    assert_eq!(keyring.items(), 4);
    let (_, _, stderr) = run(test, &["logout", "--all", "--purge", "--yes"], 0);
    assert_eq!(keyring.items(), 1);
    let named = "helper `keyring` has a credential for `https://upload.example`, account `me`";
    assert!(stderr.contains(named), "{stderr}");
}

#[test]
fn a_purge_reaches_what_migrations_moved_to_a_helper_outside_the_chain() {
    let test = with_file(elsewhere(Test::new()));
    let (test, _, _) = run(test, &["migrate", "--to", "other", "--yes"], 0);
    assert_eq!(kept_elsewhere(&test).len(), 3, "two keys and the backup");
    // It is named, and not started because a note names it.
    let (test, _, stderr) = run(test, &["logout", "--all", "--purge", "--yes"], 1);
    assert!(
        stderr.contains("helper `other` has keys that were moved to it; it is not in your configuration"),
        "{stderr}"
    );
    assert!(stderr.contains("program's files were not deleted"), "{stderr}");
    assert_eq!(kept_elsewhere(&test).len(), 3);
    let (test, _, stderr) = run(test.helpers("env\nage\nother"), &["logout", "--all", "--purge", "--yes"], 0);
    assert!(kept_elsewhere(&test).is_empty(), "{stderr}");
    // One that is gone cannot be reached, and is named.
    let (test, _, _) = run(with_file(test), &["migrate", "--to", "other", "--yes"], 0);
    // Windows removes no program that has not quite ended.
    let removed = |_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        std::fs::remove_file(test.script_path("other")).is_ok()
    };
    assert!((0..200).any(removed), "the helper is there");
    let (test, _, stderr) = run(test, &["logout", "--all", "--purge", "--yes"], 1);
    assert!(
        stderr.contains("helper `other` is not installed") && stderr.contains("program's files were not deleted"),
        "{stderr}"
    );
    assert_eq!(kept_elsewhere(&test).len(), 3);
}
