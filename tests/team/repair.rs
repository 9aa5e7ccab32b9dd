//! The remote has a refused commit: a member replaces it by the newest valid state, and changes nothing else.

use super::attacks::{commit, key_of, line, refuses, set_main};
use super::{Person, Remote, ann_and_ben, ann_ben_and_cara, synchronised};
use crate::support::SECRET;

const OTHER: &str = "sk-0123456789abcdef012345";
const KEY: &str = "https/api.openai.com/default.age";

/// Plants a file in a commit of a stranger's on top of the branch.
fn plant(remote: &Remote, by: &Person) -> String {
    let tip = remote.tip(&by.test);
    let planted = line(remote, by, "100644", KEY, "encrypted for all members");
    let made = commit(remote, by, &[&tip], &planted, None);
    set_main(remote, by, &made);
    made
}

fn short(commit: &str) -> String {
    commit.chars().take(12).collect()
}

#[test]
fn a_refused_commit_is_left_out_and_what_members_made_before_it_stays() {
    let (remote, ann, ben) = ann_and_ben();
    let mallory = Person::new("mallory");
    ann.stores("groq", OTHER);
    ann.does(&["sync"]);
    let good = remote.tip(&ann.test);
    let bad = plant(&remote, &mallory);
    ben.stores("mistral", OTHER);
    refuses(&ben, &bad, "is not signed");
    // Ben has not seen what Ann stored, and it is not lost.
    let said = ben.says(&["sync", "--repair"], "");
    assert_eq!((said.status, said.out.as_str()), (0, synchronised(1, 1).as_str()), "{said:?}");
    assert_eq!(said.err, format!("the refused commit `{}` was removed from the remote\n", short(&bad)));
    let line = remote.git(&ann.test, &["rev-list", "main"], "");
    assert!(line.contains(&good) && !line.contains(&bad));
    assert_eq!(ann.does(&["sync"]), synchronised(1, 0));
    for person in [&ann, &ben] {
        let found = ["openai", "groq", "mistral"].map(|provider| person.key(provider));
        assert_eq!(found, [SECRET, OTHER, OTHER].map(|key| Some(key.to_owned())), "{}", person.name);
    }
}

#[test]
fn nothing_is_replaced_where_nothing_is_refused() {
    let (remote, ann, ben) = ann_and_ben();
    ann.stores("groq", OTHER);
    ann.does(&["sync"]);
    let tip = remote.tip(&ann.test);
    let said = ben.says(&["sync", "--repair"], "");
    assert_eq!((said.status, said.out.as_str(), said.err.as_str()), (0, synchronised(1, 0).as_str(), ""));
    assert_eq!(remote.tip(&ann.test), tip);
    // A machine that has seen nothing has nothing to put there.
    plant(&remote, &Person::new("mallory"));
    let cara = Person::new("cara");
    let said = cara.fails(&["sync", "--repair", "--remote", &remote.path()]);
    assert!(said.contains("is not signed, so nothing was fetched"), "{said}");
}

#[test]
fn one_commit_after_another_and_each_kind_of_them_is_left_out() {
    let (remote, ann, ben) = ann_and_ben();
    let mallory = Person::new("mallory");
    let tip = remote.tip(&ann.test);
    let other = commit(&remote, &mallory, &[], &line(&remote, &mallory, "100644", KEY, "x"), None);
    let merge = commit(&remote, &mallory, &[&tip, &other], "", Some(&key_of(&ann)));
    let link = line(&remote, &ann, "120000", "https/h/u.age", "/etc/passwd");
    let link = commit(&remote, &ann, &[&tip], &link, Some(&key_of(&ann)));
    let zero = "0".repeat(40);
    let nobody = commit(&remote, &ann, &[&tip], &format!("0 {zero}\t.age-recipients\n"), Some(&key_of(&ann)));
    let below = commit(&remote, &mallory, &[&tip], "", None);
    let above = commit(&remote, &ann, &[&below], "", Some(&key_of(&ann)));
    for bad in [&merge, &link, &nobody, &above, &other] {
        set_main(&remote, &mallory, bad);
        ben.fails(&["sync"]);
        let said = ben.says(&["sync", "--repair"], "");
        assert_eq!((said.status, said.out.as_str()), (0, synchronised(0, 0).as_str()), "{said:?}");
        assert!(said.err.contains(&short(bad)), "{said:?}");
        assert_eq!(remote.tip(&ann.test), tip);
    }
    assert_eq!(ben.key("openai").as_deref(), Some(SECRET));
}

#[test]
fn the_member_who_made_it_is_removed_in_the_same_step() {
    let (remote, ann, ben) = ann_and_ben();
    let tip = remote.tip(&ann.test);
    let link = line(&remote, &ben, "120000", "https/h/u.age", "/etc/passwd");
    let bad = commit(&remote, &ben, &[&tip], &link, Some(&key_of(&ben)));
    set_main(&remote, &ben, &bad);
    ann.fails(&["sync"]);
    ann.does(&["members", "remove", "ben"]);
    ann.does(&["sync", "--repair"]);
    let members = remote.git(&ann.test, &["show", "main:.age-recipients"], "");
    assert!(!members.contains("ben"));
    // He cannot go back to before it.
    let said = ben.fails(&["sync", "--repair"]);
    assert!(said.contains("are not those that you accepted: ben went"), "{said}");
}

#[test]
fn an_older_state_and_no_state_are_replaced_by_what_this_machine_has_seen() {
    let (remote, ann, ben) = ann_and_ben();
    let mallory = Person::new("mallory");
    let older = remote.tip(&ann.test);
    ann.stores("mistral", OTHER);
    ann.does(&["sync"]);
    ben.does(&["sync"]);
    let tip = remote.tip(&ann.test);
    set_main(&remote, &mallory, &older);
    let said = ben.fails(&["sync"]);
    assert!(
        said.ends_with(
            "hint: ask the other members whether an older state was restored; then: modelforge-credential sync --repair\n"
        ),
        "{said}"
    );
    assert_eq!(ben.does(&["sync", "--repair"]), synchronised(0, 0));
    assert_eq!(remote.tip(&ann.test), tip);
    remote.git(&mallory.test, &["update-ref", "-d", "refs/heads/main"], "");
    let said = ben.fails(&["sync"]);
    assert!(said.contains("\nhint: modelforge-credential sync --repair  # sends it again"), "{said}");
    assert_eq!(ben.does(&["sync", "--repair"]), synchronised(0, 0));
    assert_eq!(remote.tip(&ann.test), tip);
    assert_eq!(ann.does(&["sync"]), synchronised(0, 0));
}

#[test]
fn two_histories_of_members_after_an_older_state_was_put_back_come_together() {
    let (remote, ann, ben, cara) = ann_ben_and_cara();
    let older = remote.tip(&ann.test);
    ann.stores("mistral", OTHER);
    ann.stores("openai", OTHER);
    ann.does(&["sync"]);
    ben.does(&["sync"]);
    // A backup is put back, and one goes on from there who has seen nothing newer.
    set_main(&remote, &ann, &older);
    cara.stores("groq", OTHER);
    cara.does(&["sync"]);
    for person in [&ben, &ann] {
        assert!(person.fails(&["sync"]).starts_with("error: the history at the remote does not continue"));
        person.does(&["sync", "--repair"]);
    }
    cara.does(&["sync"]);
    for person in [&ann, &ben, &cara] {
        let found = ["openai", "mistral", "groq"].map(|provider| person.key(provider));
        assert_eq!(found, [OTHER, OTHER, OTHER].map(|key| Some(key.to_owned())), "{}", person.name);
        assert_eq!(person.does(&["sync"]), synchronised(0, 0), "{}", person.name);
    }
}

#[test]
fn one_who_was_removed_changes_nothing_by_putting_an_older_state_back_and_going_on_from_it() {
    let (remote, ann, ben) = ann_and_ben();
    let older = remote.tip(&ann.test);
    ann.does(&["members", "remove", "ben"]);
    ann.does(&["sync"]);
    set_main(&remote, &ben, &older);
    ben.stores("openai", "sk-of-ben-0123456789abcdef");
    ben.does(&["sync"]);
    let bad = remote.tip(&ben.test);
    assert!(ann.fails(&["sync"]).starts_with("error: the history at the remote does not continue"));
    assert_eq!(ann.does(&["sync", "--repair"]), synchronised(0, 0));
    assert_eq!(ann.key("openai").as_deref(), Some(SECRET));
    assert!(!remote.git(&ann.test, &["rev-list", "main"], "").contains(&bad));
    assert!(!remote.git(&ann.test, &["show", "main:.age-recipients"], "").contains("ben"));
}

#[test]
fn members_whom_nobody_here_has_accepted_are_accepted_first() {
    let (remote, ann, ben) = ann_and_ben();
    let cara = Person::new("cara");
    cara.joins(&ann, &remote);
    let bad = plant(&remote, &Person::new("mallory"));
    let before = ben.state();
    let said = ben.fails(&["sync", "--repair"]);
    assert!(said.contains("are not those that you accepted: cara came (SHA256:"), "{said}");
    assert!(ben.state() == before && remote.tip(&ann.test) == bad);
    let words = said.split("modelforge-credential ").nth(1).expect("a hint").trim_end().to_owned();
    ben.does(&words.split(' ').collect::<Vec<_>>());
    assert_ne!(remote.tip(&ann.test), bad);
    assert_eq!(cara.does(&["sync"]), synchronised(0, 0));
}

#[test]
fn a_remote_that_lets_nothing_be_replaced_is_left_for_an_empty_one() {
    let (remote, ann, ben) = ann_and_ben();
    let bad = plant(&remote, &Person::new("mallory"));
    remote.git(&ann.test, &["config", "receive.denyNonFastForwards", "true"], "");
    ben.stores("mistral", OTHER);
    let before = ben.state();
    let said = ben.fails(&["sync", "--repair"]);
    assert!(said.starts_with("error: the remote refuses to replace the branch: "), "{said}");
    assert!(
        said.ends_with("hint: modelforge-credential sync --remote URL  # an empty repository, for all members\n"),
        "{said}"
    );
    assert!(ben.state() == before && remote.tip(&ann.test) == bad);
    let new = Remote::new();
    assert_eq!(ben.does(&["sync", "--remote", &new.path()]), synchronised(0, 1));
    assert_eq!(ann.does(&["sync", "--remote", &new.path()]), synchronised(1, 0));
    assert_eq!(ann.key("mistral").as_deref(), Some(OTHER));
}

#[test]
fn what_lies_at_a_remote_where_the_store_never_was_is_not_replaced() {
    let (remote, ann, ben) = ann_and_ben();
    let other = Remote::new();
    let mallory = Person::new("mallory");
    let code = commit(&other, &mallory, &[], &line(&other, &mallory, "100644", "main.c", "x"), None);
    set_main(&other, &mallory, &code);
    ben.fails(&["sync", "--remote", &other.path()]);
    let said = ben.fails(&["sync", "--repair"]);
    assert_eq!(
        said,
        "error: the last `sync` was with another remote, so nothing is replaced at this one\n\
         hint: modelforge-credential sync --remote URL  # the one that the others use, or an empty one\n"
    );
    assert_eq!(other.tip(&ann.test), code);
    // Back at the right one, it is repaired.
    plant(&remote, &mallory);
    ben.fails(&["sync", "--remote", &remote.path()]);
    ben.does(&["sync", "--repair"]);
    assert_eq!(ann.does(&["sync"]), synchronised(0, 0));
}

#[test]
fn two_who_go_over_the_same_commit_at_once_lose_nothing() {
    let (remote, ann, ben) = ann_and_ben();
    let bad = plant(&remote, &Person::new("mallory"));
    ann.stores("mistral", OTHER);
    ben.stores("groq", OTHER);
    std::thread::scope(|scope| {
        for person in [&ann, &ben] {
            scope.spawn(|| person.does(&["sync", "--repair"]));
        }
    });
    ann.does(&["sync"]);
    ben.does(&["sync"]);
    assert!(!remote.git(&ann.test, &["rev-list", "main"], "").contains(&bad));
    for person in [&ann, &ben] {
        let found = ["openai", "mistral", "groq"].map(|provider| person.key(provider));
        assert_eq!(found, [SECRET, OTHER, OTHER].map(|key| Some(key.to_owned())), "{}", person.name);
    }
}

#[test]
fn what_was_stored_for_an_older_identity_after_an_older_state_was_put_back_is_not_lost() {
    let (remote, ann, ben) = ann_and_ben();
    let older = remote.tip(&ann.test);
    ann.does(&["identity", "renew", "--helper", "age --store team"]);
    ann.does(&["sync"]);
    set_main(&remote, &ann, &older);
    // Ben has not seen the new identity, so Ann cannot open this.
    ben.stores("openai", OTHER);
    ben.does(&["sync"]);
    assert!(ann.fails(&["sync"]).starts_with("error: the history at the remote does not continue"));
    ann.does(&["sync", "--repair"]);
    assert!(ben.fails(&["sync"]).starts_with("error: the history at the remote does not continue"));
    let said = ben.fails(&["sync", "--repair"]);
    let words = said.split("modelforge-credential ").nth(1).expect("a hint").trim_end().to_owned();
    ben.does(&words.split(' ').collect::<Vec<_>>());
    ann.does(&["sync"]);
    for person in [&ann, &ben] {
        assert_eq!(person.key("openai").as_deref(), Some(OTHER), "{}", person.name);
    }
}

#[test]
fn a_git_that_fails_is_not_taken_for_a_no_and_replaces_nothing() {
    let (remote, ann, mut ben) = ann_and_ben();
    ann.stores("groq", OTHER);
    ann.does(&["sync"]);
    let good = remote.tip(&ann.test);
    let bad = plant(&remote, &Person::new("mallory"));
    for step in ["merge-base", "cat-file"] {
        let script = format!(
            "#!/bin/sh\ncase \" $* \" in *' {step} '*) echo 'fatal: out of luck' >&2; exit 128;; esac\n\
             PATH=/usr/local/bin:/usr/bin:/bin exec git \"$@\"\n"
        );
        ben.test = ben.test.on_path("git", script);
        let said = ben.fails(&["sync", "--repair"]);
        assert!(said.starts_with(&format!("error: git {step}: out of luck\n")), "{said}");
        assert_eq!(remote.tip(&ann.test), bad);
    }
    std::fs::remove_file(ben.test.bin().join("git")).expect("it is there");
    ben.does(&["sync", "--repair"]);
    assert_eq!(remote.tip(&ann.test), good);
}
