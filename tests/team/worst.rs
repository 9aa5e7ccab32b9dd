//! Interruptions at the worst moment: between two steps of a synchronisation, or halfway through one.

use super::{Person, Remote, ann_and_ben, ann_ben_and_cara, synchronised};
use crate::support::{SECRET, files_below, program};

const NEW: &str = "sk-new-0123456789abcdef01";

/// The same person, with a script in the place of `ssh-keygen`. `$1` is its first argument.
fn with_keygen(person: Person, script: &str) -> Person {
    let real = crate::support::system("ssh-keygen", "openssh-client").display().to_string();
    let script = format!("#!/bin/sh\nreal='{real}'\n{script}\n");
    Person { test: person.test.on_path("ssh-keygen", script), ..person }
}

/// Runs this once, while something is signed: after the store was read, and before it is changed.
fn once_while_signing(person: Person, line: &str) -> Person {
    let done = person.test.work().join("done").display().to_string();
    let script = format!(
        "case \"$*\" in *'-Y sign'*) [ -e '{done}' ] || {{ : > '{done}'; {line} >/dev/null 2>&1; }};; esac\nexec \"$real\" \"$@\""
    );
    with_keygen(person, &script)
}

#[test]
fn files_that_are_lost_here_are_not_removed_elsewhere_if_the_first_synchronisation_fails() {
    let (remote, ann, ben) = ann_and_ben();
    ann.stores("mistral", NEW);
    ann.does(&["sync"]);
    std::fs::remove_dir_all(ann.store()).expect("it is removed");
    let hidden = format!("{}.hidden", remote.path());
    std::fs::rename(remote.path(), &hidden).expect("it is moved");
    ann.fails(&["sync"]);
    std::fs::rename(&hidden, remote.path()).expect("it is moved");
    ann.does(&["sync"]);
    ben.does(&["sync"]);
    for person in [&ann, &ben] {
        let keys = ["openai", "mistral"].map(|provider| person.key(provider));
        assert_eq!(keys, [SECRET, NEW].map(|key| Some(key.to_owned())), "{}", person.name);
    }
    // After that, a removed key stays removed.
    ann.removes("mistral");
    ann.does(&["sync"]);
    ben.does(&["sync"]);
    assert_eq!(ben.key("mistral"), None);
}

#[test]
fn a_key_that_is_stored_while_a_removal_is_taken_is_not_encrypted_for_who_went() {
    let (_remote, ann, ben, cara) = ann_ben_and_cara();
    ben.does(&["members", "remove", "cara"]);
    ben.does(&["sync"]);
    ann.stores("mistral", NEW);
    let core = program("modelforge-credential").display().to_string();
    let ann = once_while_signing(ann, &format!("printf 'provider=groq\\npassword={NEW}\\n' | '{core}' approve"));
    ann.does(&["members", "accept", &ben.fingerprint()]);
    assert_eq!(ann.key("groq").as_deref(), Some(NEW));
    ann.does(&["sync"]);
    ben.does(&["sync"]);
    assert_eq!(ben.key("groq").as_deref(), Some(NEW));
    // She has every file, like anybody who can read the repository.
    for provider in ["groq", "mistral"] {
        let file = format!("https/api.{provider}.{}/default.age", if provider == "groq" { "com" } else { "ai" });
        let place = cara.store().join(&file);
        std::fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
        std::fs::copy(ann.store().join(&file), &place).expect("a file");
        assert_eq!(cara.key(provider), None, "{provider}");
    }
}

#[test]
fn a_key_that_is_stored_after_a_removal_was_taken_and_before_all_is_done_is_kept() {
    let (_remote, ann, ben, _cara) = ann_ben_and_cara();
    ben.does(&["members", "remove", "cara"]);
    ben.does(&["sync"]);
    // It is killed after its changes are sent and the list is in the store.
    let before = std::fs::read(ann.known()).expect("it is there");
    ann.does(&["members", "accept", &ben.fingerprint()]);
    let after = std::fs::read(ann.known()).expect("it is there");
    assert!(before != after);
    ann.does(&["sync"]);
    ann.stores("groq", NEW);
    assert_eq!(ann.does(&["sync"]), synchronised(0, 1));
}

#[test]
fn who_accepts_members_is_told_what_the_synchronisation_kept_and_did_not_send() {
    let (remote, ann, ben) = ann_and_ben();
    let cara = Person::new("cara");
    cara.joins(&ann, &remote);
    ann.stores("openai", NEW);
    ann.does(&["sync"]);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    ben.stores("openai", "sk-of-ben-0123456789");
    let said = ben.says(&["members", "accept", &ann.fingerprint()], "");
    assert_eq!(
        (said.status, said.err.as_str()),
        (
            0,
            "warning: the key for `https://api.openai.com` was replaced here and elsewhere: the older one is now the account `default-conflict`\n\
             hint: find out which one works, and delete the other: modelforge-credential logout PROVIDER --account NAME\n"
        )
    );
    let dan = Person::new("dan");
    dan.joins(&ann, &remote);
    ben.stores("mistral", NEW);
    remote.git(&ann.test, &["config", "receive.hideRefs", "refs/heads/main"], "");
    let said = ben.says(&["members", "accept", &ann.fingerprint()], "");
    assert!(said.status == 1 && said.out.contains("\ndan "), "{said:?}");
    assert!(said.err.starts_with("error: 1 change was not sent; the next `sync` tries again: "), "{said:?}");
}

#[test]
fn the_first_synchronisation_that_is_killed_once_all_is_sent_is_finished_by_the_next() {
    let (remote, ann) = (Remote::new(), Person::new("ann"));
    ann.does(&["members", "add", "ann"]);
    ann.stores("openai", SECRET);
    let real = crate::support::system("git", "git").display().to_string();
    let script = format!(
        "#!/bin/sh\n'{real}' \"$@\"\nstatus=$?\ncase \"$*\" in *' push '*) kill -9 $PPID;; esac\nexit $status\n"
    );
    let ann = Person { test: ann.test.on_path("git", script), ..ann };
    let helper = program("modelforge-credential-age").display().to_string();
    let killed = ann.test.run(&[&helper, "--store", "team", "sync"], format!("remote={}\n", remote.path()));
    assert!(!killed.status.success(), "{killed:?}");
    std::fs::remove_file(ann.test.bin().join("git")).expect("it is there");
    let tip = remote.tip(&ann.test);
    assert_eq!(ann.does(&["sync"]), synchronised(0, 0));
    assert_eq!(remote.tip(&ann.test), tip);
    let ben = Person::new("ben");
    ben.joins(&ann, &remote);
    assert_eq!(ben.key("openai").as_deref(), Some(SECRET));
}

#[test]
fn a_remote_without_the_beginning_of_its_history_is_refused_and_leaves_nothing_that_is_in_the_way_later() {
    let (remote, ann, ben) = ann_and_ben();
    ben.stores("mistral", NEW);
    ben.does(&["sync"]);
    let (whole, half) = (remote.path(), Remote::new());
    let cara = Person::new("cara");
    cara.does(&["members", "join", "cara"]);
    half.git(&ann.test, &["fetch", "--quiet", "--depth=1", &format!("file://{whole}"), "main:main"], "");
    for address in [half.path(), format!("file://{}", half.path())] {
        for person in [&ann, &cara] {
            let said = person.fails(&["sync", "--remote", &address]);
            assert!(!said.contains("is new to this machine"), "{said}");
        }
    }
    assert_eq!(ann.does(&["sync", "--remote", &whole]), synchronised(1, 0));
    assert_eq!(ann.key("mistral").as_deref(), Some(NEW));
    let said = cara.fails(&["sync", "--remote", &whole]);
    assert!(said.contains("is new to this machine") && said.contains(&ann.fingerprint()), "{said}");
}

#[test]
fn a_signing_key_that_a_killed_process_left_is_removed_by_the_next() {
    let ann = with_keygen(Person::new("ann"), "\"$real\" \"$@\"; kill -9 $PPID");
    let helper = program("modelforge-credential-age").display().to_string();
    let words = [helper.as_str(), "--store", "team", "members"];
    let killed = ann.test.run(&words, "action=join\nmember=ann\n");
    assert!(!killed.status.success());
    let keys = |person: &Person| -> Vec<_> {
        let holds = |path: &std::path::PathBuf| {
            String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).contains("OPENSSH PRIVATE KEY")
        };
        files_below(&person.data()).into_iter().filter(holds).collect()
    };
    let left = keys(&ann);
    assert_eq!(left.len(), 1, "{left:?}");
    std::fs::remove_file(ann.test.bin().join("ssh-keygen")).expect("it is there");
    ann.does(&["members", "join", "ann"]);
    assert_eq!(keys(&ann), [ann.data().join("signing-key")]);
}

#[test]
fn a_member_is_removed_from_a_store_of_more_keys_than_an_answer_can_name() {
    let (_remote, ann, _ben) = ann_and_ben();
    let helper = program("modelforge-credential-age").display().to_string();
    for part in 0..5 {
        let requests: String = (0..250)
            .map(|at| format!("protocol=https\nhost=h{part}.example\nusername=a{at}\npassword={SECRET}\n\n"))
            .collect();
        let stored = ann.test.run(&[&helper, "--store", "team", "store-each"], format!("{requests}count=250\n"));
        assert!(stored.status.success(), "{stored:?}");
    }
    let said = ann.says(&["members", "remove", "ben"], "");
    assert_eq!(said.status, 0, "{said:?}");
    assert!(!said.out.contains("ben"), "{said:?}");
    let lines: Vec<&str> = said.err.lines().collect();
    assert_eq!(
        lines[1],
        "the removed member has read these keys, and still can in the history: create new ones at the providers"
    );
    assert_eq!(lines.iter().filter(|line| line.starts_with("  https://")).count(), 1001);
    assert_eq!(lines.last(), Some(&"  and 250 more: all keys of the store"));
}

#[test]
fn a_change_of_members_that_leaves_this_user_out_is_not_gone_on_with() {
    let (_remote, ann, ben) = ann_and_ben();
    let before = std::fs::read(ann.store().join("https/api.openai.com/default.age")).expect("it is there");
    // As if it had been started with another identity.
    let members = std::fs::read_to_string(ann.store().join(".age-recipients")).expect("it is there");
    let base64 = |text: &str| {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(text)
    };
    let known = std::fs::read_to_string(ann.known()).expect("it is there");
    let ben_alone = &members[members.find("# member ben").expect("he is there")..];
    let changed = known.replace(&base64(&members), &base64(ben_alone)) + "is_changing=1\n";
    assert!(!changed.contains(&base64(&members)), "{known}");
    std::fs::write(ann.known(), changed).expect("it is written");
    let said = ann.fails(&["sync"]);
    assert!(said.starts_with("error: you are not a member of the store `team`"), "{said}");
    assert!(before == std::fs::read(ann.store().join("https/api.openai.com/default.age")).expect("it is there"));
    assert_eq!((ann.key("openai").as_deref(), ben.key("openai").as_deref()), (Some(SECRET), Some(SECRET)));
}
