//! More data than a store may have: it is refused with bounded resources, and can be left out.

use super::attacks::{commit, key_of, line, refuses, set_main};
use super::{Person, Remote, ann_and_ben};

/// Refused, and left out by the command of the hint.
#[track_caller]
fn is_refused_and_left_out(remote: &Remote, person: &Person, bad: &str, why: &str, good: &str) {
    refuses(person, bad, why);
    person.does(&["sync", "--repair"]);
    assert_eq!(remote.tip(&person.test), good);
}

#[test]
fn a_strangers_flood_of_lists_of_members_is_refused_at_its_first_commit() {
    let (remote, ann, _ben) = ann_and_ben();
    let mallory = Person::new("mallory");
    let tip = remote.tip(&ann.test);
    let body = "# member a\n".repeat(95_000);
    // Together they are more than git may answer with.
    for part in 0..13 {
        let mut input = String::new();
        for at in 0..20 {
            let (list, from) = (format!("# {part} {at}\n{body}"), if part + at == 0 { tip.as_str() } else { "" });
            let from = if from.is_empty() { String::new() } else { format!("from {from}\n") };
            let head = "commit refs/heads/main\ncommitter m <m@example.com> 0 +0000\ndata 1\nx\n";
            let old = if part > 0 && at == 0 { "from refs/heads/main^0\n" } else { &from };
            input += &format!("{head}{old}M 100644 inline .age-recipients\ndata {}\n{list}\n", list.len());
        }
        remote.git(&mallory.test, &["fast-import", "--quiet"], &input);
    }
    let planted = remote.git(&mallory.test, &["rev-list", "--reverse", &format!("{tip}..main")], "");
    assert_eq!(planted.lines().count(), 260);
    let first = planted.lines().next().expect("a commit");
    is_refused_and_left_out(&remote, &ann, first, "is not signed", &tip);
}

#[test]
fn one_large_content_under_many_names_is_refused() {
    let (remote, ann, ben) = ann_and_ben();
    let tip = remote.tip(&ann.test);
    let large = line(&remote, &ben, "100644", "x", &"\0".repeat(8 << 20));
    let id = large.split([' ', '\t']).nth(1).expect("an id").to_owned();
    let lines: String = (0..33).map(|at| format!("100644 {id}\thttps/h{at}/default.age\n")).collect();
    let made = commit(&remote, &ben, &[&tip], &lines, Some(&key_of(&ben)));
    set_main(&remote, &ben, &made);
    is_refused_and_left_out(&remote, &ann, &made, "has more in its files than a store may have", &tip);
}

#[test]
fn a_commit_with_a_message_beyond_all_measure_is_refused_whoever_signed_it() {
    let (remote, ann, ben) = ann_and_ben();
    let tip = remote.tip(&ann.test);
    let (tree, key) = (format!("{tip}^{{tree}}"), format!("user.signingKey={}", key_of(&ben)));
    // The second one takes more memory than git may take to look at its signature.
    for length in [100_000, 60 << 20] {
        let words = ["-c", &key, "commit-tree", "-S", "-p", &tip, &tree];
        let made = remote.git(&ben.test, &words, &"x".repeat(length));
        set_main(&remote, &ben, &made);
        is_refused_and_left_out(&remote, &ann, &made, "is larger than one of a store can be", &tip);
    }
}
