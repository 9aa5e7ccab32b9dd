//! Where a key is in a repository: which commit and path, or what else refers to it.

use super::files::scan;
use super::git::{git, id, rows};
use super::signed_in;
use crate::support::Test;

/// A repository with a file that has no key, and the key in a variable.
const CLEAN: &str =
    "key=$(cat); git init -q; mkdir -p src; echo one > src/config.py; git add .; git commit -qm first; ";

/// The one row of a scan: its place, its line, and the form.
fn place(test: &Test) -> [String; 3] {
    let rows = rows(test);
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    let (place, rest) = row.split_once("  ").expect("columns");
    let words: Vec<&str> = rest.split_whitespace().collect();
    assert_eq!(words[1..], ["openai", "plain", "text"], "{row}");
    [place.to_owned(), words[0].to_owned(), rest.to_owned()]
}

/// Runs a script in a repository of its own, packed and not, and expects the key at this place, in which `ID` is the name of an object,
/// as git finds it.
#[track_caller]
fn stands(script: &str, object: &str, expected: &str, line: &str) {
    for packed in ["", "; git repack -qad --keep-unreachable; git prune-packed"] {
        let test = signed_in();
        git(&test, "app", &format!("{CLEAN}{script}{packed}"));
        let id = id(&test, "app", object);
        let test = scan(test, &["app"]);
        let [place, found, _] = place(&test);
        assert_eq!(place, format!("~/app/.git {}", expected.replace("ID", &id[..12])), "{packed}");
        assert_eq!(found, line, "{packed}");
    }
}

#[test]
fn in_a_stash_it_is_the_stash_that_has_it() {
    let script = "printf 'one\\n%s\\n' \"$key\" > src/config.py; git stash -q";
    stands(script, "stash@{0}", "ID:src/config.py", "2");
    let script = "printf 'one\\n%s\\n' \"$key\" > new; git stash -q -u";
    stands(script, "stash@{0}^3", "ID:new", "2");
}

#[test]
fn staged_and_never_committed_it_has_the_path_that_it_was_staged_for() {
    let script = "echo \"$key\" > src/new.py; git add src/new.py; rm src/new.py";
    stands(script, ":src/new.py", "ID (staged as src/new.py)", "1");
    let script = "git worktree add -q tree; echo \"$key\" > tree/new.py; git -C tree add new.py; rm tree/new.py; \
                  git tag id $(git -C tree rev-parse :new.py)";
    stands(script, "id", "ID (staged as new.py)", "1");
}

#[test]
fn an_object_that_only_a_plain_ref_names_has_no_commit() {
    let script = "id=$(echo \"$key\" | git hash-object -w --stdin); git tag id $id";
    stands(script, "id", "ID (no commit)", "1");
}

#[test]
fn a_commit_that_only_the_reflog_has_is_named() {
    let script = "echo \"$key\" > src/config.py; git commit -qam second; git reset -q --hard HEAD~1";
    stands(script, "HEAD@{1}", "ID:src/config.py", "1");
}

#[test]
fn a_merge_that_brought_it_in_by_itself_is_named() {
    let script = "git checkout -qb other; echo other > other; git add .; git commit -qm other; git checkout -q main; \
                  echo main > main; git add .; git commit -qm main; git merge -q --no-commit other; \
                  echo \"$key\" > merged; git add .; git commit -qm merge; git rm -q merged; git commit -qm clean";
    stands(script, "HEAD~1", "ID:merged", "1");
}

#[test]
fn a_note_is_in_a_commit_of_the_notes_and_the_text_of_a_tag_in_the_tag() {
    let script = "echo \"$key\" | git notes add -F - HEAD";
    let test = signed_in();
    git(&test, "app", &format!("{CLEAN}{script}"));
    let [notes, head] = ["refs/notes/commits", "HEAD"].map(|what| id(&test, "app", what));
    let test = scan(test, &["app"]);
    assert_eq!(place(&test)[0], format!("~/app/.git {}:{head}", &notes[..12]));
    stands("printf 'one\\n\\n%s\\n' \"$key\" | git tag -F - v1", "v1", "ID (tag v1)", "8");
}

#[test]
fn the_name_of_a_file_is_in_the_folder_that_has_it() {
    let tree = "blob=$(echo a | git hash-object -w --stdin); \
                tree=$(printf '100644 blob %s\\t%s.txt\\n' $blob \"$key\" | git mktree); ";
    let commit = "git update-ref refs/heads/other $(git commit-tree -m other $tree)";
    stands(&format!("{tree}{commit}"), "other", "ID:.", "name");
    let below = "tree=$(printf '040000 tree %s\\tsub\\n' $tree | git mktree); ";
    stands(&format!("{tree}{below}{commit}"), "other", "ID:sub", "name");
}

#[test]
fn a_submodule_has_its_history_in_the_repository_around_it() {
    let test = signed_in();
    git(
        &test,
        "part",
        &format!("{CLEAN}echo \"$key\" > a; git add a; git commit -qm key; git rm -q a; git commit -qm clean"),
    );
    git(
        &test,
        "app",
        &format!("{CLEAN}git -c protocol.file.allow=always submodule --quiet add ../part sub; git commit -qm sub"),
    );
    let commit = id(&test, "part", "HEAD~1");
    let test = scan(test, &["app"]);
    assert_eq!(place(&test)[0], format!("~/app/.git/modules/sub {}:a", &commit[..12]));
}

#[test]
fn a_worktree_below_a_folder_is_named_unless_its_history_was_searched() {
    let test = signed_in();
    git(&test, "app", &format!("{CLEAN}git worktree add -q ../trees/tree"));
    let nothing = "no stored key was found; searched 2 files, ";
    let test = scan(test, &["trees"]);
    let output = test.output();
    assert!(String::from_utf8_lossy(&output.stdout).starts_with(nothing), "{output:?}");
    let said = "warning: the history of `~/trees/tree` is in another directory, which was not scanned\n\
                hint: modelforge-credential scan \"$(git -C ~/trees/tree rev-parse --path-format=absolute --git-common-dir)\"\n";
    assert_eq!(String::from_utf8_lossy(&output.stderr).replace(&test.home().display().to_string(), "~"), said);
    scan(test, &["trees", "app"]).any_stdout().success();
}
