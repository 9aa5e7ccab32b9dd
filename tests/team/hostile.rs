//! Attacks by a member, and by a remote that sends too much or is a folder on this machine.

use super::attacks::{commit, key_of, line, refuses, set_main};
use super::{Person, Remote, ann_and_ben, synchronised};
use crate::support::SECRET;

const OTHER: &str = "sk-0123456789abcdef012345";

#[test]
fn what_nobody_can_open_keeps_nobody_from_removing_the_member_who_planted_it() {
    // Before the others have it, and after.
    for takes_it_first in [false, true] {
        let (remote, ann, ben) = ann_and_ben();
        let tip = remote.tip(&ann.test);
        let planted = line(&remote, &ben, "100644", "https/api.groq.com/default.age", "no key at all");
        let made = commit(&remote, &ben, &[&tip], &planted, Some(&key_of(&ben)));
        if takes_it_first {
            set_main(&remote, &ben, &made);
            assert_eq!(ann.does(&["sync"]), synchronised(1, 0));
        }
        ann.stores("mistral", OTHER);
        let said = ann.says(&["members", "remove", "ben"], "");
        assert_eq!(
            (said.status, said.err.contains("is damaged or not an age file, so it is not re-encrypted")),
            (0, takes_it_first)
        );
        set_main(&remote, &ben, &made);
        ann.does(&["sync"]);
        assert_eq!(ann.does(&["sync"]), synchronised(0, 0));
        assert_eq!(["openai", "mistral"].map(|name| ann.key(name)), [SECRET, OTHER].map(|key| Some(key.to_owned())));
        assert!(!ann.does(&["members"]).contains("ben"));
        ann.stores("groq", OTHER);
        ann.does(&["sync"]);
        assert_eq!(ann.key("groq").as_deref(), Some(OTHER));
    }
}

#[test]
fn what_nobody_can_open_does_not_take_the_place_of_a_key_that_was_stored_here_meanwhile() {
    let (remote, ann, ben) = ann_and_ben();
    let tip = remote.tip(&ann.test);
    let planted = line(&remote, &ben, "100644", "https/api.openai.com/default.age", "no key at all");
    let made = commit(&remote, &ben, &[&tip], &planted, Some(&key_of(&ben)));
    set_main(&remote, &ben, &made);
    ann.stores("openai", OTHER);
    let said = ann.says(&["sync"], "");
    assert_eq!((said.status, said.out), (0, synchronised(0, 1)));
    let place = "https://api.openai.com default";
    let warning = format!(
        "the credential that another member stored for `{place}` cannot be decrypted here, so yours replaced it"
    );
    assert_eq!(said.err, format!("warning: {warning}\n"));
    assert_eq!(ann.key("openai").as_deref(), Some(OTHER));
    ben.does(&["sync"]);
    assert_eq!(ben.key("openai").as_deref(), Some(OTHER));
}

#[test]
fn however_much_a_member_plants_that_nobody_can_open_the_rest_of_what_is_said_is_heard() {
    let (remote, ann, ben) = ann_and_ben();
    let tip = remote.tip(&ann.test);
    let planted = line(&remote, &ben, "100644", "x", "no key at all");
    let id = planted.split([' ', '\t']).nth(1).expect("an id").to_owned();
    let lines: String = (0..500).map(|at| format!("100644 {id}\thttps/h{at:03}/default.age\n")).collect();
    set_main(&remote, &ben, &commit(&remote, &ben, &[&tip], &lines, Some(&key_of(&ben))));
    ann.does(&["sync"]);
    let said = ann.says(&["members", "remove", "ben"], "");
    assert_eq!(said.status, 0, "{said:?}");
    let warnings: Vec<&str> = said.err.lines().filter(|line| line.starts_with("warning: ")).collect();
    assert_eq!(warnings.len(), 11, "{said:?}");
    assert_eq!(warnings.last(), Some(&"warning: the same is true for 490 more"));
}

#[test]
fn so_many_new_members_that_nobody_would_read_them_all_are_counted_and_the_hint_is_there() {
    let (remote, ann, ben) = ann_and_ben();
    let list = std::fs::read_to_string(ben.store().join(".age-recipients")).expect("it is there");
    let make = "for at in $(seq 300); do ssh-keygen -q -t ed25519 -N '' -C '' -f k$at; done; cat k*.pub";
    let keys = String::from_utf8(ben.test.run(&["sh", "-c", make], "").stdout).expect("text");
    let member = |(at, key): (usize, &str)| format!("# member m{at:03}\n# signs with {0}\n{0}\n", key.trim_end());
    let more: String = keys.lines().enumerate().map(member).collect();
    let planted = line(&remote, &ben, "100644", ".age-recipients", &format!("{list}{more}"));
    let made = commit(&remote, &ben, &[&remote.tip(&ann.test)], &planted, Some(&key_of(&ben)));
    set_main(&remote, &ben, &made);
    let said = ann.fails(&["sync"]);
    assert!(said.contains(" and 280 more\nhint: ask them, then: modelforge-credential members accept "), "{said}");
    assert!(said.len() < 4_000, "{said}");
}

#[test]
#[ignore = "needs age"]
fn a_time_beyond_all_calendars_in_a_key_stops_nobody() {
    let (remote, ann, ben) = ann_and_ben();
    let tip = remote.tip(&ann.test);
    let members = ben.store().join(".age-recipients").display().to_string();
    let text =
        format!("protocol=https\nhost=api.openai.com\nusername=default\npassword={OTHER}\ncreated_utc={}\n", u64::MAX);
    let encrypted = ben.test.run(&["age", "-a", "-R", &members], &text);
    assert!(encrypted.status.success());
    let content = String::from_utf8(encrypted.stdout).expect("it is armored");
    let planted = line(&remote, &ben, "100644", "https/api.openai.com/default.age", &content);
    let made = commit(&remote, &ben, &[&tip], &planted, Some(&key_of(&ben)));
    set_main(&remote, &ben, &made);
    assert_eq!(ann.says(&["sync"], "").err, "");
    assert_eq!(ann.key("openai").as_deref(), Some(OTHER));
}

#[test]
fn a_list_of_members_beyond_all_measure_is_refused_before_it_is_read() {
    let (remote, ann, ben) = ann_and_ben();
    let tip = remote.tip(&ann.test);
    // Nobody has signed it: it is what anybody can put there.
    let long = line(&remote, &ben, "100644", ".age-recipients", &"# member a\n".repeat(200_000));
    let made = commit(&remote, &ben, &[&tip], &long, None);
    set_main(&remote, &ben, &made);
    refuses(&ann, &made, "has a list of members that is too large");
}

#[test]
fn hooks_and_settings_of_a_remote_that_is_a_folder_start_nothing() {
    let (remote, ann, ben) = ann_and_ben();
    let trap = ben.test.home().join("trapped");
    let script = format!("#!/bin/sh\ntouch '{}'\n", trap.display());
    let hooks = std::path::Path::new(&remote.path()).join("hooks");
    std::fs::create_dir_all(&hooks).expect("a folder");
    for hook in ["pre-receive", "update", "post-receive", "post-update", "reference-transaction", "proc-receive"] {
        let path = hooks.join(hook);
        std::fs::write(&path, &script).expect("a file");
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a mode");
    }
    let other = super::Remote::new();
    std::fs::write(format!("{}/objects/info/alternates", remote.path()), format!("{}/objects\n", other.path()))
        .expect("a file");
    let command = format!("touch '{}';:", trap.display());
    for (key, value) in [
        ("core.hooksPath", hooks.display().to_string()),
        ("core.alternateRefsCommand", command.clone()),
        ("core.fsmonitor", command.clone()),
        ("uploadpack.packObjectsHook", command),
    ] {
        remote.git(&ann.test, &["config", key, &value], "");
    }
    for address in [remote.path(), format!("file://{}", remote.path())] {
        ann.stores("mistral", &format!("sk-0123456789abcdef{:08}", address.len()));
        assert_eq!(ann.does(&["sync", "--remote", &address]), synchronised(0, 1));
        assert_eq!(ben.does(&["sync", "--remote", &address]), synchronised(1, 0));
    }
    assert!(!trap.exists());
}

#[test]
fn a_name_that_no_member_can_have_is_refused_before_it_is_in_a_command() {
    let ben = Person::new("ben");
    let said = ben.fails(&["members", "join", "ben; touch trapped"]);
    assert!(said.starts_with("error: the name of a member is up to 40 of a-z"), "{said}");
}

#[test]
fn an_object_that_is_malformed_is_refused_and_can_be_left_out() {
    let (remote, ann, ben) = ann_and_ben();
    let tip = remote.tip(&ann.test);
    let tree = remote.git(&ann.test, &["rev-parse", "main^{tree}"], "");
    let raw = format!("tree {tree}\nparent {tip}\n\nneither author nor committer\n");
    let made = remote.git(&ann.test, &["hash-object", "-t", "commit", "--literally", "-w", "--stdin"], &raw);
    // git itself would not have such a branch.
    std::fs::write(format!("{}/refs/heads/main", remote.path()), format!("{made}\n")).expect("it is written");
    ben.stores("mistral", OTHER);
    let before = ben.state();
    let said = ben.fails(&["sync"]);
    assert!(
        said.starts_with("error: the remote sends an object that is malformed, so nothing was fetched\n"),
        "{said}"
    );
    assert!(ben.state() == before);
    ben.does(&["sync", "--repair"]);
    ann.does(&["sync"]);
    assert_eq!(ann.key("mistral").as_deref(), Some(OTHER));
}

#[test]
fn a_tree_that_unfolds_without_end_is_given_up_and_can_be_left_out() {
    let (remote, ann, ben) = ann_and_ben();
    let tip = remote.tip(&ann.test);
    // Each level has the one below sixteen times: a few hundred bytes name more files than anybody can list.
    let content = remote.git(&ann.test, &["hash-object", "-w", "--stdin"], "x");
    let level = |kind: &str, id: &str| -> String {
        let lines: String = (0..16).map(|at| format!("{kind} {id}\tx{at:02}\n")).collect();
        remote.git(&ann.test, &["mktree", "--missing"], &lines)
    };
    let mut tree = level("100644 blob", &content);
    for _ in 0..7 {
        tree = level("040000 tree", &tree);
    }
    let members = remote.git(&ann.test, &["rev-parse", "main:.age-recipients"], "");
    let top = format!("100644 blob {members}\t.age-recipients\n040000 tree {tree}\thttps\n");
    let top = remote.git(&ann.test, &["mktree"], &top);
    let key = format!("user.signingKey={}", key_of(&ann));
    let words = ["-c", &key, "commit-tree", "-S", "-m", "x", "-p", &tip, &top];
    let made = remote.git(&ann.test, &words, "");
    set_main(&remote, &ann, &made);
    let before = ben.state();
    let said = ben.fails(&["sync"]);
    assert!(said.contains("has more files than a store may have, so nothing was fetched\n"), "{said}");
    assert!(ben.state() == before);
    ben.does(&["sync", "--repair"]);
    assert_eq!(remote.tip(&ann.test), tip);
}

/// The list of members with other lines for one of them, or without them.
fn list_with(remote: &Remote, person: &Person, name: &str, lines: Option<[&str; 2]>) -> String {
    let text = remote.git(&person.test, &["show", "main:.age-recipients"], "");
    let lists: Vec<&str> = text.lines().collect();
    let mut all: Vec<String> = lists.chunks(3).map(|lines| lines.join("\n")).collect();
    all.retain(|lines| !lines.starts_with(&format!("# member {name}\n")));
    all.extend(lines.map(|[signs, reads]| format!("# member {name}\n# signs with {signs}\n{reads}")));
    all.sort();
    line(remote, person, "100644", ".age-recipients", &format!("{}\n", all.join("\n")))
}

#[test]
fn a_key_to_read_with_that_another_member_replaced_is_named_also_if_its_owner_went_and_came_again() {
    let (remote, ann, ben) = ann_and_ben();
    let eve = Person::new("eve");
    let joins = eve.does(&["members", "join", "eve"]);
    let reads = joins.split(' ').nth(4).expect("a key").to_owned();
    let joins = ann.does(&["members", "join", "ann"]);
    let signs = joins.trim_end().splitn(6, ' ').last().expect("a key").to_owned();
    let tip = remote.tip(&ann.test);
    let (gone, back) = (list_with(&remote, &ben, "ann", None), list_with(&remote, &ben, "ann", Some([&signs, &reads])));
    let gone = commit(&remote, &ben, &[&tip], &gone, Some(&key_of(&ben)));
    let back = commit(&remote, &ben, &[&gone], &back, Some(&key_of(&ben)));
    set_main(&remote, &ben, &back);
    let said = ann.fails(&["sync"]);
    let first = said.lines().next().expect("a line");
    assert!(first.contains(": ann renewed: age1"), "{said}");
    assert!(first.ends_with(", and `ben` replaced the encryption key of `ann`"), "{said}");
}

#[test]
fn a_plugin_that_is_missing_here_is_named_and_a_machine_that_starts_none_is_not_called_the_remotes_fault() {
    let (remote, ann, ben) = ann_and_ben();
    let tip = remote.tip(&ann.test);
    let pat = Person::new("pat");
    let joins = pat.does(&["members", "join", "pat"]);
    let signs = joins.trim_end().splitn(6, ' ').last().expect("a key");
    let reads = "age1absent1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqa4a2zd";
    let list = list_with(&remote, &ann, "pat", Some([signs, reads]));
    let made = commit(&remote, &ann, &[&tip], &list, Some(&key_of(&ann)));
    set_main(&remote, &ann, &made);
    assert_eq!(
        ben.fails(&["sync"]),
        "error: a member at the remote uses `age-plugin-absent`, which is not on PATH, so nothing was fetched\n\
         hint: install age-plugin-absent, or ask the other members who that is; to skip it: modelforge-credential sync --repair\n"
    );
    let ann = Person { test: ann.test.env("AGEDEBUG", "plugin"), ..ann };
    for words in [&["sync"][..], &["sync", "--repair"]] {
        let said = ann.fails(words);
        assert!(said.starts_with("error: `AGEDEBUG` would print the keys that go to an age plugin\n"), "{said}");
        assert!(!said.contains("--repair") && remote.tip(&ann.test) == made, "{said}");
    }
    ben.does(&["sync", "--repair"]);
    assert_eq!(remote.tip(&ann.test), tip);
}
