//! Keys in the history of repositories, which the real git made.

use std::fs;

use super::files::{scan, test_path};
use super::{FOUND, signed_in};
use crate::support::{SECRET, Test, files_below};

/// Runs git in a folder of the home. Arguments are words of a shell.
pub fn git(test: &Test, folder: &str, script: &str) {
    let folder = test.home().join(folder);
    fs::create_dir_all(&folder).expect("a folder");
    let script = format!(
        "set -e; cd '{}'; git() {{ command git -c user.name=me -c user.email=me@example.com -c init.defaultBranch=main \
         -c commit.gpgSign=false -c gc.auto=0 \"$@\"; }}; {script}",
        folder.display()
    );
    let output = test.run(&["/bin/sh", "-c", &script], SECRET);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

pub fn id(test: &Test, folder: &str, what: &str) -> String {
    let folder = test.home().join(folder).display().to_string();
    let output = test.run(&["git", "-C", &folder, "rev-parse", what], "");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Two commits: the first has the key, the second takes it out.
const TAKEN_OUT: &str = "git init -q; mkdir src; { echo one; cat; echo; } > src/config.py; git add .; git commit -qm first; \
                         echo clean > src/config.py; git commit -qam second";

/// The table of what was found, without how much was searched, with the home folder as `~`.
pub fn rows(test: &Test) -> Vec<String> {
    let output = test.output();
    assert_eq!(String::from_utf8_lossy(&output.stderr).lines().filter(|line| line.starts_with("warning")).count(), 0);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().skip(1).take_while(|line| !line.starts_with("searched")).map(str::to_owned).collect()
}

#[test]
fn a_key_that_was_taken_out_of_a_repository_is_found_in_its_history() {
    for packed in ["", "; git gc -q --prune=now", "; git gc -q; git pack-refs --all"] {
        let test = signed_in();
        git(&test, "app", &format!("{TAKEN_OUT}{packed}"));
        let first = id(&test, "app", "HEAD~1");
        let test = scan(test, &["app"]);
        let row = format!("~/app/.git {}:src/config.py  2     openai  plain text", &first[..12]);
        assert_eq!(rows(&test), [row], "{packed}");
        drop(test.any_stdout().stderr(FOUND).failure());
    }
}

#[test]
fn a_key_that_no_branch_has_any_more_or_never_had_is_found() {
    let test = signed_in();
    git(&test, "app", &format!("{TAKEN_OUT}; git checkout -q --orphan new; git commit -qm new; git branch -qD main"));
    git(&test, "other", "git init -q; cat > key; git add key; git rm -q --cached key; rm key");
    let staged = files_below(&test.home().join("other/.git/objects"));
    let name = |path: &std::path::Path| {
        path.iter().rev().take(2).map(|part| part.to_string_lossy().into_owned()).collect::<Vec<_>>()
    };
    let [file, folder] = name(&staged[0]).try_into().expect("two names");
    let test = scan(test, &["app", "other"]);
    let rows = rows(&test);
    assert!(rows[0].starts_with("~/app/.git ") && rows[0].contains(":src/config.py  2 "), "{rows:?}");
    assert!(rows[1].starts_with(&format!("~/other/.git {} (no commit)", &format!("{folder}{file}")[..12])), "{rows:?}");
}

#[test]
fn a_key_in_a_message_and_in_the_notes_of_git_is_found() {
    let test = signed_in();
    let notes = ["config", "COMMIT_EDITMSG", "logs/HEAD", "logs/refs/heads/main"];
    let notes = notes.map(|name| test.home().join("app/.git").join(name));
    let test = notes.into_iter().fold(test, Test::may_hold_the_secret);
    git(&test, "app", "git init -q; git commit -q --allow-empty -F -");
    let commit = id(&test, "app", "HEAD");
    let config = test.home().join("app/.git/config");
    let text =
        fs::read_to_string(&config).expect("text") + &format!("[remote \"a\"]\n\turl = https://{SECRET}@example.com\n");
    fs::write(&config, text).expect("written");
    let test = scan(test, &["app"]);
    let rows = rows(&test);
    let has = |text: &str| rows.iter().any(|row| row.starts_with(text));
    assert!(has(&format!("~/app/.git {} (message)", &commit[..12])), "{rows:?}");
    assert!(has("~/app/.git/config ") && has("~/app/.git/logs/HEAD "), "{rows:?}");
}

#[test]
fn a_bare_repository_one_of_sha_256_a_shallow_one_and_one_with_borrowed_objects_are_searched() {
    let mut test = signed_in();
    git(&test, "app", TAKEN_OUT);
    git(&test, ".", "git clone -q --bare app bare.git; git clone -q --shared app shared");
    git(&test, ".", "git clone -q --depth 1 --no-local \"file://$PWD/app\" shallow");
    git(&test, "long", &TAKEN_OUT.replace("git init -q", "git init -q --object-format=sha256"));
    for (folder, shown) in [
        ("bare.git", Some("~/bare.git ")),
        ("shared", Some("~/shared/.git ")),
        ("long", Some("~/long/.git ")),
        ("shallow", None),
    ] {
        test = scan(test, &[folder]);
        let rows = rows(&test);
        assert_eq!(rows.len(), usize::from(shown.is_some()), "{folder}: {rows:?}");
        let is_right = |row: &String| row.starts_with(shown.unwrap_or_default()) && row.contains(":src/config.py ");
        assert!(rows.iter().all(is_right), "{folder}: {rows:?}");
    }
}

#[test]
fn of_a_worktree_the_place_of_its_history_is_named() {
    let test = signed_in();
    git(&test, "app", &format!("{TAKEN_OUT}; git worktree add -q ../tree"));
    let said = "warning: the history of `~/tree` is in another directory, which was not scanned\n\
                hint: modelforge-credential scan \"$(git -C ~/tree rev-parse --path-format=absolute --git-common-dir)\"\n";
    scan(test, &["tree"]).any_stdout().stderr(said).success();
}

#[test]
fn nothing_that_the_configuration_of_a_repository_names_is_started() {
    let test = signed_in().on_path("evil", "#!/bin/sh\ntouch \"$(dirname \"$0\")/started\"\n");
    git(&test, "app", TAKEN_OUT);
    let evil = test.bin().join("evil").display().to_string();
    let settings = [
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "diff.external",
        "core.alternateRefsCommand",
        "filter.evil.clean",
        "filter.evil.smudge",
        "diff.evil.textconv",
        "gpg.program",
        "core.hooksPath",
    ];
    for setting in settings {
        git(&test, "app", &format!("git config {setting} '{evil}'"));
    }
    git(
        &test,
        "app",
        "git config log.showSignature true; git config extensions.partialClone origin; \
         git config remote.origin.url 'ext::evil'; git config remote.origin.promisor true; \
         git config core.repositoryFormatVersion 1; echo '* diff=evil filter=evil' > .gitattributes",
    );
    let trace = test_path(&test, "trace");
    let test = test.env("GIT_TRACE", trace).env("GIT_EXTERNAL_DIFF", evil);
    let test = scan(test, &["app"]);
    let rows = rows(&test);
    assert!(rows.len() == 1 && rows[0].contains(":src/config.py"), "{rows:?}");
    assert!(!test.bin().join("started").exists() && !test.home().join("trace").exists());
}

#[test]
fn a_fifo_among_the_objects_of_a_repository_does_not_stop_the_search() {
    let test = signed_in();
    git(&test, "app", &format!("{TAKEN_OUT}; mkfifo .git/objects/ab; echo > note"));
    let fifo = test.home().join("app/.git/objects/ab");
    let said = "warning: the history in `~/app/.git` was not scanned to its end: \
                `~/app/.git/objects/ab` is neither a file nor a directory\n";
    assert!(fifo.exists());
    scan(test, &["app"]).any_stdout().stderr(said).success();
}

#[test]
fn a_fifo_in_a_repository_that_objects_are_borrowed_from_does_not_stop_the_search_however_that_is_named() {
    let quoted = "a path in its list of other repositories is in quotation marks";
    let long = "its list of other repositories is too long";
    let fifo = "`~/evil\\r/aa/0` is neither a file nor a directory";
    for (script, why) in [
        ("printf '\"%s\"\\n' \"$HOME/evil\"", quoted),
        ("yes '#' | head -c 70000; printf '%s\\n' \"$HOME/evil\"", long),
        ("printf '%s\\r\\n' \"$HOME/evil\"", fifo),
    ] {
        let test = signed_in();
        let evil = "for folder in \"$HOME/evil\" \"$HOME/evil$(printf '\\r')\"; do mkdir -p \"$folder/aa\"; mkfifo \"$folder/aa/0\"; done";
        git(&test, "app", &format!("git init -q; {evil}; {{ {script}; }} > .git/objects/info/alternates"));
        let said = format!("warning: the history in `~/app/.git` was not scanned to its end: {why}\n");
        scan(test, &["app"]).any_stdout().stderr(&said).success();
    }
}

#[cfg(unix)]
#[test]
fn a_repository_with_damaged_objects_is_named() {
    let test = signed_in();
    git(&test, "app", TAKEN_OUT);
    for file in files_below(&test.home().join("app/.git/objects")) {
        let mut permissions = file.metadata().expect("a file").permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o600);
        fs::set_permissions(&file, permissions).expect("a mode");
        fs::write(&file, "damaged").expect("written");
    }
    let output = scan(test, &["app"]).output();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.starts_with("warning: the history in `~/app/.git` was not scanned to its end: git"), "{said}");
}
