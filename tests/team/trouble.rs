//! No network, no right to write, two at once, a kill at any moment, a full disk: reported, and nothing is lost.

use std::process::Stdio;
use std::time::Duration;

use super::{Person, Remote, ann_and_ben, synchronised};
use crate::support::{SECRET, program};

const NEW: &str = "sk-new-0123456789abcdef01";

#[test]
fn without_a_network_keys_are_used_and_stored_and_the_next_synchronisation_sends_them() {
    let (remote, ann, ben) = ann_and_ben();
    let away = tempfile::tempdir().expect("a folder");
    let hidden = away.path().join("keys.git");
    std::fs::rename(remote.path(), &hidden).expect("it is moved");
    ann.stores("mistral", NEW);
    let before = ann.state();
    let said = ann.fails(&["sync"]);
    assert!(said.starts_with("error: the remote cannot be read: "), "{said}");
    assert!(ann.state() == before && ann.key("openai").as_deref() == Some(SECRET));
    std::fs::rename(&hidden, remote.path()).expect("it is moved");
    assert_eq!(ann.does(&["sync"]), synchronised(0, 1));
    ben.does(&["sync"]);
    assert_eq!(ben.key("mistral").as_deref(), Some(NEW));
}

#[test]
fn a_store_without_a_remote_is_one_all_the_same() {
    let ann = Person::new("ann");
    ann.does(&["members", "add", "ann"]);
    ann.stores("openai", SECRET);
    assert_eq!(ann.key("openai").as_deref(), Some(SECRET));
    let said = ann.fails(&["sync"]);
    assert!(
        said.starts_with("error: the store `team` has no remote\nhint: modelforge-credential sync --remote URL"),
        "{said}"
    );
    assert!(
        ann.fails(&["sync", "--remote", "keys.git"])
            .starts_with("error: a remote that is a directory needs an absolute path\n")
    );
}

#[test]
fn a_remote_that_takes_nothing_is_still_read_from() {
    let (remote, ann, ben) = ann_and_ben();
    ann.stores("mistral", NEW);
    ann.does(&["sync"]);
    remote.git(&ann.test, &["config", "receive.hideRefs", "refs/heads/main"], "");
    ben.stores("groq", NEW);
    let said = ben.says(&["sync"], "");
    assert_eq!((said.status, said.out.as_str()), (1, synchronised(1, 0).as_str()), "{said:?}");
    assert!(said.err.starts_with("error: 1 change was not sent; the next `sync` tries again: "), "{said:?}");
    assert_eq!(ben.key("mistral").as_deref(), Some(NEW));
    remote.git(&ann.test, &["config", "--unset", "receive.hideRefs"], "");
    assert_eq!(ben.does(&["sync"]), synchronised(0, 1));
}

#[test]
fn a_store_moves_to_an_empty_remote_and_to_no_other_history() {
    let (_remote, ann, ben) = ann_and_ben();
    let new = Remote::new();
    ann.does(&["sync", "--remote", &new.path()]);
    assert_eq!(ben.does(&["sync", "--remote", &new.path()]), synchronised(0, 0));
    let (other, _cara, _) = ann_and_ben();
    let said = ben.fails(&["sync", "--remote", &other.path()]);
    assert!(said.starts_with("error: the history at the remote does not continue"), "{said}");
}

#[test]
fn files_that_are_lost_here_are_not_removed_elsewhere() {
    let (_remote, ann, ben) = ann_and_ben();
    ann.stores("mistral", NEW);
    ann.does(&["sync"]);
    std::fs::remove_dir_all(ann.store()).expect("it is removed");
    assert!(ann.fails(&["members"]).starts_with("error: the store `team` has lost the list of its members\n"));
    ann.does(&["sync"]);
    ben.does(&["sync"]);
    for person in [&ann, &ben] {
        assert_eq!(
            ["openai", "mistral"].map(|provider| person.key(provider)),
            [Some(SECRET.to_owned()), Some(NEW.to_owned())]
        );
    }
}

#[test]
fn two_who_synchronise_at_once_lose_nothing() {
    let (_remote, ann, ben) = ann_and_ben();
    let providers = [("ann", ["mistral", "groq", "cohere"]), ("ben", ["deepseek", "xai", "together_ai"])];
    std::thread::scope(|scope| {
        for (person, (_, mine)) in [&ann, &ben].into_iter().zip(providers) {
            scope.spawn(move || {
                for provider in mine {
                    person.stores(provider, &format!("sk-{provider}-0123456789"));
                    person.does(&["sync"]);
                }
            });
        }
    });
    ann.does(&["sync"]);
    ben.does(&["sync"]);
    for provider in providers.iter().flat_map(|(_, mine)| mine) {
        let key = format!("sk-{provider}-0123456789");
        assert_eq!([&ann, &ben].map(|person| person.key(provider)), [Some(key.clone()), Some(key)], "{provider}");
    }
}

#[test]
fn a_synchronisation_that_is_killed_at_any_moment_is_finished_by_the_next() {
    let (_remote, ann, ben) = ann_and_ben();
    for (round, milliseconds) in [3_u64, 10, 25, 40, 60, 80, 110, 150, 200, 300].into_iter().enumerate() {
        let key = format!("sk-round-{round}-0123456789ab");
        ann.stores("mistral", &key);
        ben.stores("groq", &key);
        ben.does(&["sync"]);
        let mut command = ann.test.command_of(&program("modelforge-credential-age"));
        command.args(["--store", "team", "sync"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it starts");
        std::thread::sleep(Duration::from_millis(milliseconds));
        child.kill().expect("it is killed");
        child.wait().expect("it ends");
        // A git that it had started may be at work for a moment.
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(ann.key("openai").as_deref(), Some(SECRET));
        ann.does(&["sync"]);
        ben.does(&["sync"]);
        for person in [&ann, &ben] {
            assert_eq!(
                ["mistral", "groq"].map(|provider| person.key(provider)),
                [Some(key.clone()), Some(key.clone())],
                "{round}"
            );
        }
    }
}

#[test]
fn a_change_of_members_that_is_killed_is_finished_by_the_next_synchronisation() {
    let (remote, ann, ben) = ann_and_ben();
    for number in 0..30 {
        ann.stores("mistral", NEW);
        let said = ann.says(&["approve"], &format!("provider=groq\nusername=a{number}\npassword={NEW}\n"));
        assert_eq!(said.status, 0, "{said:?}");
    }
    let cara = Person::new("cara");
    let line = cara.does(&["members", "join", "cara"]);
    let words: Vec<&str> = line.trim_end().split(' ').collect();
    let input = format!("action=add\nmember=cara\npublic_key={}\nsigning_key={} {}\n", words[4], words[5], words[6]);
    for milliseconds in [5, 15, 30, 60] {
        let mut command = ann.test.command_of(&program("modelforge-credential-age"));
        command.args(["--store", "team", "members"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it starts");
        std::io::Write::write_all(&mut child.stdin.take().expect("an input"), input.as_bytes()).expect("it reads");
        std::thread::sleep(Duration::from_millis(milliseconds));
        child.kill().expect("it is killed");
        child.wait().expect("it ends");
        assert_eq!((ann.key("openai").as_deref(), ann.key("groq:a7").as_deref()), (Some(SECRET), Some(NEW)));
    }
    ann.does(&words.iter().skip(1).copied().collect::<Vec<_>>());
    ann.does(&["sync"]);
    cara.fails(&["sync", "--remote", &remote.path()]);
    cara.does(&["members", "accept", &ann.fingerprint()]);
    assert_eq!((cara.key("openai").as_deref(), cara.key("groq:a29").as_deref()), (Some(SECRET), Some(NEW)));
    ben.fails(&["sync"]);
}

#[test]
fn what_is_stored_while_others_synchronise_is_not_lost() {
    let (_remote, ann, ben) = ann_and_ben();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..6 {
                ben.stores("groq", &format!("sk-ben-{number}-0123456789ab"));
                ben.does(&["sync"]);
            }
        });
        scope.spawn(|| {
            for number in 0..30 {
                ann.stores("mistral", &format!("sk-ann-{number}-0123456789ab"));
            }
        });
        for _ in 0..6 {
            ann.does(&["sync"]);
        }
    });
    ann.does(&["sync"]);
    ben.does(&["sync"]);
    ann.does(&["sync"]);
    for person in [&ann, &ben] {
        let keys = ["mistral", "groq"].map(|provider| person.key(provider));
        assert_eq!(keys, ["sk-ann-29-0123456789ab", "sk-ben-5-0123456789ab"].map(|key| Some(key.to_owned())));
    }
}

#[test]
#[ignore = "needs root, mount and unshare (util-linux)"]
fn a_full_disk_is_said_and_nothing_is_lost_as_root() {
    let (_remote, ann, ben) = ann_and_ben();
    for number in 0..40 {
        let said = ben.says(&["approve"], &format!("provider=groq\nusername=a{number}\npassword={NEW}\n"));
        assert_eq!(said.status, 0, "{said:?}");
    }
    ben.does(&["sync"]);
    // A disk of ann's data that holds what is there, and hardly more.
    let (data, core) = (ann.data(), program("modelforge-credential"));
    let script = format!(
        "size=$(du -sk '{0}' | cut -f1); cp -a '{0}' '{0}.copy' && mount -t tmpfs -o size=$((size + 20))k,mode=700 none '{0}' && cp -a '{0}.copy/.' '{0}' && '{1}' sync; echo status $?; '{1}' print openai; rm -rf '{0}.copy'",
        data.display(),
        core.display()
    );
    let output = ann.test.run(&["unshare", "--mount", "sh", "-c", &script], "");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(out, format!("status 1\n{SECRET}\n"), "{err}");
    assert!(err.starts_with("error: "), "{err}");
    ann.does(&["sync"]);
    assert_eq!(ann.key("groq:a39").as_deref(), Some(NEW));
}

#[test]
fn a_key_that_is_stored_while_a_renewal_begins_and_ends_is_kept() {
    let (_remote, ann, ben) = ann_and_ben();
    let done = ann.test.work().join("done");
    // The identity is read, and while its passphrase is asked for, it is replaced.
    let script = format!(
        "#!/bin/sh\nif [ ! -e '{0}' ]; then\n: >'{0}'\n\
         '{1}' identity renew --helper 'age --store team' >/dev/null 2>&1 && '{1}' sync >/dev/null 2>&1 && echo both >'{0}'\n\
         fi\necho correct-horse\n",
        done.display(),
        program("modelforge-credential").display()
    );
    let test = ann.test.on_path("answer", script);
    let answer = test.bin().join("answer").display().to_string();
    let test = test.env("MODELFORGE_CREDENTIAL_ASKPASS", answer).env("MODELFORGE_CREDENTIAL_INTERACTIVE", "1");
    let ann = Person { test, ..ann };
    std::fs::write(&done, "").expect("it is written");
    ann.does(&["identity", "protect", "--helper", "age --store team"]);
    std::fs::remove_file(&done).expect("it is there");
    let helper = program("modelforge-credential-age").display().to_string();
    let request = format!("protocol=https\nhost=api.groq.com\nusername=default\npassword={NEW}\n");
    let stored = ann.test.run(&[&helper, "--store", "team", "store"], &request);
    assert_eq!(String::from_utf8_lossy(&stored.stderr), "");
    assert!(stored.status.success());
    assert_eq!(std::fs::read_to_string(&done).expect("it was asked for"), "both\n");
    assert_eq!(ann.key("groq").as_deref(), Some(NEW));
    ann.does(&["sync"]);
    let said = ben.fails(&["sync"]);
    let words = said.split("modelforge-credential ").nth(1).expect("a hint").trim_end().to_owned();
    ben.does(&words.split(' ').collect::<Vec<_>>());
    assert_eq!(ben.key("groq").as_deref(), Some(NEW));
}
