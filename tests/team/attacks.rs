//! Attacks by somebody who can write to the repository, or was a member: each is refused and named, and nothing changes.

use super::{Person, Remote, ann_and_ben};
use crate::support::SECRET;

/// Makes a commit of these lines of `update-index`, on top of `parents`, as git does it. With a key, it is signed.
#[track_caller]
pub fn commit(remote: &Remote, by: &Person, parents: &[&str], lines: &str, key: Option<&str>) -> String {
    let index = by.test.work().join("index").display().to_string();
    let _ = std::fs::remove_file(&index);
    let path = remote.path();
    let run = |words: &[&str], input: &str| {
        let all: Vec<&str> = ["env", "GIT_INDEX_FILE", ""].iter().take(0).chain(words).copied().collect();
        let variable = format!("GIT_INDEX_FILE={index}");
        let all: Vec<&str> = ["env", &variable, "git", "--git-dir", &path].into_iter().chain(all).collect();
        let output = by.test.run(&all, input);
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text").trim_end().to_owned()
    };
    if let Some(parent) = parents.first() {
        run(&["read-tree", parent], "");
    }
    run(&["update-index", "--index-info"], lines);
    let tree = run(&["write-tree"], "");
    let setting = key.map(|key| format!("user.signingKey={key}"));
    let mut words: Vec<&str> = setting.iter().flat_map(|setting| ["-c", setting.as_str()]).collect();
    words.extend(["commit-tree", "-m", "x", &tree]);
    words.extend(key.map(|_| "-S"));
    words.extend(parents.iter().flat_map(|parent| ["-p", *parent]));
    remote.git(&by.test, &words, "")
}

/// A file of the repository, as a line of `update-index`.
pub fn line(remote: &Remote, by: &Person, mode: &str, name: &str, content: &str) -> String {
    let id = remote.git(&by.test, &["hash-object", "-w", "--stdin"], content);
    format!("{mode} {id}\t{name}\n")
}

pub fn key_of(person: &Person) -> String {
    person.data().join("signing-key").display().to_string()
}

pub fn set_main(remote: &Remote, by: &Person, commit: &str) {
    remote.git(&by.test, &["update-ref", "refs/heads/main", commit], "");
}

/// Synchronises, and is refused with these words. Nothing has changed.
#[track_caller]
pub fn refuses(person: &Person, commit: &str, why: &str) {
    let before = person.state();
    let said = person.fails(&["sync"]);
    let short: String = commit.chars().take(12).collect();
    let expected = format!(
        "error: the commit `{short}` at the remote {why}, so nothing was fetched\nhint: ask the other members who made it; to skip it: modelforge-credential sync --repair\n"
    );
    assert_eq!(said, expected);
    assert!(person.state() == before, "something has changed");
    assert_eq!(person.key("openai").as_deref(), Some(SECRET));
}

const KEY: &str = "https/api.openai.com/default.age";

#[test]
fn a_key_that_a_stranger_planted_is_refused() {
    let (remote, ann, ben) = ann_and_ben();
    let mallory = Person::new("mallory");
    mallory.does(&["members", "join", "mallory"]);
    let tip = remote.tip(&ann.test);
    let planted = line(&remote, &mallory, "100644", KEY, "encrypted for all members");
    let unsigned = commit(&remote, &mallory, &[&tip], &planted, None);
    set_main(&remote, &mallory, &unsigned);
    refuses(&ben, &unsigned, "is not signed");
    let signed = commit(&remote, &mallory, &[&tip], &planted, Some(&key_of(&mallory)));
    set_main(&remote, &mallory, &signed);
    refuses(&ben, &signed, "is not signed by a member");
}

#[test]
fn a_strangers_commit_below_one_that_a_member_has_signed_is_refused() {
    let (remote, ann, ben) = ann_and_ben();
    let mallory = Person::new("mallory");
    let tip = remote.tip(&ann.test);
    let planted = line(&remote, &mallory, "100644", KEY, "x");
    let below = commit(&remote, &mallory, &[&tip], &planted, None);
    let above = commit(&remote, &ann, &[&below], "", Some(&key_of(&ann)));
    set_main(&remote, &mallory, &above);
    refuses(&ben, &below, "is not signed");
}

#[test]
fn a_merge_is_refused_also_if_a_member_signed_it() {
    let (remote, ann, ben) = ann_and_ben();
    let mallory = Person::new("mallory");
    let (tip, planted) = (remote.tip(&ann.test), line(&remote, &mallory, "100644", KEY, "x"));
    let other = commit(&remote, &mallory, &[], &planted, None);
    for key in [None, Some(key_of(&ann))] {
        let merge = commit(&remote, &mallory, &[&tip, &other], "", key.as_deref());
        set_main(&remote, &mallory, &merge);
        refuses(&ben, &merge, "is a merge, which no member's `sync` makes");
    }
}

#[test]
fn an_older_file_put_back_is_refused_and_so_is_a_commit_that_a_member_made_elsewhere() {
    let (remote, ann, ben) = ann_and_ben();
    ann.stores("openai", "sk-older-0123456789abcdef");
    ann.does(&["sync"]);
    let older = remote.git(&ann.test, &["rev-parse", &format!("main:{KEY}")], "");
    let olders_commit = remote.tip(&ann.test);
    ann.stores("openai", SECRET);
    ann.does(&["sync"]);
    ben.does(&["sync"]);
    let tip = remote.tip(&ann.test);
    let mallory = Person::new("mallory");
    let back = commit(&remote, &mallory, &[&tip], &format!("100644 {older}\t{KEY}\n"), None);
    set_main(&remote, &mallory, &back);
    refuses(&ben, &back, "is not signed");
    // The signature of another commit does not fit.
    let raw = remote.git(&mallory.test, &["cat-file", "commit", &olders_commit], "");
    let parent = raw.lines().find_map(|line| line.strip_prefix("parent ")).expect("a parent");
    let raw = format!("{}\n", raw.replace(parent, &tip));
    let moved = remote.git(&mallory.test, &["hash-object", "-t", "commit", "-w", "--stdin"], &raw);
    set_main(&remote, &mallory, &moved);
    refuses(&ben, &moved, "is not signed by a member");
}

#[test]
fn a_history_that_goes_back_or_is_another_one_is_refused() {
    let (remote, ann, ben) = ann_and_ben();
    let mallory = Person::new("mallory");
    let older = remote.git(&ann.test, &["rev-parse", "main~1"], "");
    let tip = remote.tip(&ann.test);
    ann.stores("mistral", "sk-0123456789abcdef012345");
    ann.does(&["sync"]);
    ben.does(&["sync"]);
    let fork = commit(&remote, &ann, &[&older], "", Some(&key_of(&ann)));
    let members = remote.git(&ann.test, &["ls-tree", "-r", "main"], "");
    let of_her_own = commit(&remote, &ann, &[], &members.replace("blob ", ""), Some(&key_of(&ann)));
    for state in [&older, &tip, &fork, &of_her_own] {
        set_main(&remote, &mallory, state);
        let before = ben.state();
        let said = ben.fails(&["sync"]);
        assert!(said.starts_with("error: the history at the remote does not continue the one that this machine has seen, so nothing was fetched\n"), "{said}");
        assert!(ben.state() == before);
    }
    remote.git(&mallory.test, &["update-ref", "-d", "refs/heads/main"], "");
    let said = ben.fails(&["sync"]);
    assert!(
        said.starts_with("error: the remote has lost the history that this machine has seen, so nothing was sent\n"),
        "{said}"
    );
    assert_eq!(ben.key("openai").as_deref(), Some(SECRET));
}

#[test]
fn links_programs_and_files_beside_the_store_are_refused_even_from_a_member() {
    let (remote, ann, ben) = ann_and_ben();
    let tip = remote.tip(&ann.test);
    let target = ben.test.home().join("outside").display().to_string();
    let own = line(&remote, &ann, "100644", "x", "x");
    let id = own.split([' ', '\t']).nth(1).expect("an id").to_owned();
    for (lines, name, why) in [
        (line(&remote, &ann, "120000", "https/h/u.age", &target), "https/h/u.age", "is not a plain file"),
        (line(&remote, &ann, "120000", "https/link", &target), "https/link", "is not a plain file"),
        (line(&remote, &ann, "100755", "https/h/u.age", "x"), "https/h/u.age", "is not a plain file"),
        (format!("160000 {tip}\tsub\n"), "sub", "is not a plain file"),
        (line(&remote, &ann, "100644", ".gitattributes", "* filter=x"), ".gitattributes", "does not belong in a store"),
        (
            line(&remote, &ann, "100644", "https/h/x/.gitattributes", "* filter=x"),
            "https/h/x/.gitattributes",
            "does not belong in a store",
        ),
        (line(&remote, &ann, "100644", ".gitmodules", "x"), ".gitmodules", "does not belong in a store"),
        (line(&remote, &ann, "100644", "README", "x"), "README", "does not belong in a store"),
        (line(&remote, &ann, "100644", "https/H/u.age", "x"), "https/H/u.age", "does not belong in a store"),
        (line(&remote, &ann, "100644", "backup/h/p/u.age", "x"), "backup/h/p/u.age", "does not belong in a store"),
        (format!("100644 {id}\t.lock\n"), ".lock", "does not belong in a store"),
    ] {
        let made = commit(&remote, &ann, &[&tip], &lines, Some(&key_of(&ann)));
        set_main(&remote, &ann, &made);
        refuses(&ben, &made, &format!("has `{name}`, which {why}"));
    }
    assert!(!ben.test.home().join("outside").exists());
}

#[test]
fn members_in_another_form_and_no_members_are_refused() {
    let (remote, ann, ben) = ann_and_ben();
    let tip = remote.tip(&ann.test);
    let zero = "0".repeat(40);
    let gone = commit(&remote, &ann, &[&tip], &format!("0 {zero}\t.age-recipients\n"), Some(&key_of(&ann)));
    set_main(&remote, &ann, &gone);
    refuses(&ben, &gone, "has no members");
    let text = remote.git(&ann.test, &["show", &format!("{tip}:.age-recipients")], "");
    let more = line(&remote, &ann, "100644", ".age-recipients", &format!("{text}\n# a remark\n"));
    let made = commit(&remote, &ann, &[&tip], &more, Some(&key_of(&ann)));
    set_main(&remote, &ann, &made);
    refuses(&ben, &made, "has members that cannot be read (`.age-recipients` is not in the format of this program)");
}

#[test]
fn one_who_was_removed_changes_nothing_any_more() {
    let (remote, ann, ben) = ann_and_ben();
    ann.does(&["members", "remove", "ben"]);
    ann.does(&["sync"]);
    let tip = remote.tip(&ann.test);
    let planted = line(&remote, &ben, "100644", "https/h/u.age", "x");
    let made = commit(&remote, &ben, &[&tip], &planted, Some(&key_of(&ben)));
    set_main(&remote, &ben, &made);
    // Nobody on the way has this key any more, so git knows nothing of it.
    refuses(&ann, &made, "is not signed by a member");
    // He who has not seen that he was removed cannot add himself again either.
    set_main(&remote, &ben, &tip);
    let said = ben.fails(&["sync"]);
    assert!(
        said.starts_with("error: the members of the store `team` are not those that you accepted: ben went\n"),
        "{said}"
    );
}

#[test]
fn a_member_whom_nobody_here_has_accepted_is_refused_also_if_they_went_again() {
    let (remote, ann, ben) = ann_and_ben();
    let dave = Person::new("dave");
    dave.joins(&ann, &remote);
    dave.stores("mistral", "sk-planted-0123456789abc");
    dave.does(&["sync"]);
    ann.does(&["sync"]);
    ann.does(&["members", "remove", "dave"]);
    ann.does(&["sync"]);
    let before = ben.state();
    let said = ben.fails(&["sync"]);
    let first = said.lines().next().expect("a line");
    assert!(
        first.starts_with("error: the members of the store `team` are not those that you accepted: dave (SHA256:"),
        "{said}"
    );
    assert!(first.ends_with(") was added and removed again"), "{said}");
    assert!(ben.state() == before);
}

#[test]
fn hooks_filters_and_drivers_of_a_repository_are_not_started() {
    let (_remote, ann, ben) = ann_and_ben();
    let repository = ben.data().join("repositories/team");
    let trap = ben.test.home().join("trapped");
    let script = format!("#!/bin/sh\ntouch '{}'\n", trap.display());
    std::fs::create_dir_all(repository.join("hooks")).expect("a folder");
    for hook in [
        "pre-push",
        "reference-transaction",
        "post-checkout",
        "post-merge",
        "pre-commit",
        "post-commit",
        "post-rewrite",
        "fsmonitor-watchman",
    ] {
        let path = repository.join("hooks").join(hook);
        std::fs::write(&path, &script).expect("a file");
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a mode");
    }
    ann.stores("mistral", "sk-0123456789abcdef012345");
    ann.does(&["sync"]);
    ben.stores("groq", "gsk-0123456789abcdef01234");
    ben.does(&["sync"]);
    assert!(!trap.exists());
    // The variables that lead git elsewhere are not obeyed.
    let elsewhere = ben.test.work().join("elsewhere").display().to_string();
    let ben = Person {
        test: ben
            .test
            .env("GIT_DIR", &elsewhere)
            .env("GIT_CONFIG_COUNT", "1")
            .env("GIT_CONFIG_KEY_0", "core.hooksPath")
            .env("GIT_CONFIG_VALUE_0", "/tmp"),
        ..ben
    };
    ben.does(&["sync"]);
}

#[test]
fn a_remote_that_is_a_command_or_an_option_or_holds_a_password_is_not_taken() {
    let (_remote, ann, _ben) = ann_and_ben();
    let trap = ann.test.home().join("trapped");
    let command = format!("ext::sh -c touch% {}", trap.display());
    let said = ann.fails(&["sync", "--remote", &command]);
    assert!(said.contains("the remote cannot be read: transport 'ext' not allowed"), "{said}");
    assert!(!trap.exists());
    let option = format!("--remote=--upload-pack=touch {}", trap.display());
    assert_eq!(ann.fails(&["sync", &option]), "error: this is not the address of a remote\n");
    let said = ann.fails(&["sync", "--remote", "https://ann:hunter2@git.example/keys.git"]);
    assert!(said.starts_with("error: the address of the remote has a password") && !said.contains("hunter2"), "{said}");
    let token = "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";
    let said = ann.fails(&["sync", "--remote", &format!("https://{token}@git.example/keys.git")]);
    assert!(said.starts_with("error: the address of the remote has a password") && !said.contains(token), "{said}");
    assert!(!trap.exists());
}

#[test]
fn a_list_of_members_that_was_changed_in_the_store_counts_only_once_it_is_accepted() {
    let (_remote, ann, ben) = ann_and_ben();
    let cara = Person::new("cara");
    let line = cara.does(&["members", "join", "cara"]);
    let words: Vec<&str> = line.trim_end().split(' ').collect();
    let file = ben.store().join(".age-recipients");
    let text = std::fs::read_to_string(&file).expect("text");
    let planted = format!("{text}# member cara\n# signs with {} {}\n{}\n", words[5], words[6], words[4]);
    std::fs::write(&file, planted).expect("it is written");
    let said = ben.says(&["store"], "provider=mistral\npassword=sk-0123456789abcdef012345\n");
    assert_eq!(said.status, 1);
    assert!(
        said.err.contains("the members of the store `team` are not those that you accepted: cara came (SHA256:"),
        "{said:?}"
    );
    let said = ben.fails(&["sync"]);
    let command =
        said.lines().find_map(|line| line.rsplit_once("modelforge-credential ")).expect("a hint").1.to_owned();
    let words: Vec<&str> = command.split(' ').collect();
    assert!(ben.does(&words).contains("cara"));
    ben.does(&["sync"]);
    assert!(ann.fails(&["sync"]).contains("cara came (SHA256:"));
}
