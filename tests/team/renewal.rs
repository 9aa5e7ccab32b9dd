//! A member renews their identity: the others learn of it, and nothing is lost.

mod interrupted;
mod machines;

use super::{Person, Remote, ann_and_ben, synchronised};
use crate::support::{SECRET, program};

const OF_THE_TEAM: [&str; 2] = ["--helper", "age --store team"];
const OTHER: &str = "sk-0123456789abcdef012345";

fn identity(person: &Person) -> String {
    std::fs::read_to_string(person.data().join("identity-team.txt")).expect("an identity")
}

fn keys(text: &str) -> usize {
    text.matches("AGE-SECRET-KEY-1").count()
}

fn public(text: &str) -> String {
    text.lines().find_map(|line| line.strip_prefix("# public key: ")).expect("a public key").to_owned()
}

#[track_caller]
fn renews(person: &Person) -> String {
    person.does(&["identity", "renew", OF_THE_TEAM[0], OF_THE_TEAM[1]])
}

/// How many keys of the store a text of an identity opens.
fn opened_by(person: &Person, text: &str) -> String {
    let said = person.says(&["identity", "check", OF_THE_TEAM[0], OF_THE_TEAM[1]], text);
    format!("{}{}", said.out, said.err)
}

/// The words of the command in a hint, from `modelforge-credential` on.
fn words_of_hint(said: &str, begin: &str) -> Vec<String> {
    let at = said.find(begin).unwrap_or_else(|| panic!("{said}"));
    said[at..].lines().next().expect("a line").split(' ').map(str::to_owned).collect()
}

#[track_caller]
fn accepts_what_it_says(person: &Person, said: &str) {
    let words = words_of_hint(said, "members accept ");
    person.does(&words.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn a_member_renews_their_identity_and_the_others_are_told_and_accept() {
    let (_remote, ann, ben) = ann_and_ben();
    let old = identity(&ann);
    let said = ann.says(&["identity", "renew", OF_THE_TEAM[0], OF_THE_TEAM[1]], "");
    assert_eq!(
        (said.status, said.out.as_str(), said.err.as_str()),
        (
            0,
            "the identity `~/.local/share/modelforge-credential/identity-team.txt` is new, and every key is encrypted for it: the next `sync` sends it to the other members and removes the old one\n",
            "send it to the others: modelforge-credential sync\n\
             back it up: modelforge-credential identity export --helper 'age --store team'\n"
        )
    );
    assert_eq!((keys(&identity(&ann)), ann.key("openai").as_deref()), (2, Some(SECRET)));
    let listed = ann.says(&["list"], "");
    assert!(
        listed.err.contains("the renewal of the identity `~/.local/share/modelforge-credential/identity-team.txt` is not finished\nhint: modelforge-credential sync\n"),
        "{listed:?}"
    );
    assert_eq!(ann.does(&["sync"]), synchronised(0, 2));
    let new = identity(&ann);
    assert_eq!((keys(&new), ann.key("openai").as_deref()), (1, Some(SECRET)));
    assert_eq!(opened_by(&ann, &old), "error: it decrypts 0 of 1 stored credentials\n");
    let before = ben.state();
    let said = ben.fails(&["sync"]);
    let message = format!(
        "error: the members of the store `team` are not those that you accepted: ann renewed: {} → {}\nhint: ask them, then: modelforge-credential members accept {}\n",
        public(&old),
        public(&new),
        ann.fingerprint()
    );
    assert_eq!(said, message);
    assert!(ben.state() == before);
    accepts_what_it_says(&ben, &said);
    ben.stores("mistral", OTHER);
    assert_eq!(ben.does(&["sync"]), synchronised(0, 1));
    assert_eq!(ann.does(&["sync"]), synchronised(1, 0));
    assert_eq!(ann.key("mistral").as_deref(), Some(OTHER));
}

#[test]
fn what_others_stored_before_they_knew_of_it_is_read_and_the_old_identity_opens_none_of_it_later() {
    let (_remote, ann, ben) = ann_and_ben();
    let old = identity(&ann);
    ben.stores("mistral", OTHER);
    renews(&ann);
    ben.does(&["sync"]);
    ben.stores("groq", OTHER);
    ann.does(&["sync"]);
    let said = ben.fails(&["sync"]);
    accepts_what_it_says(&ben, &said);
    ann.does(&["sync"]);
    for person in [&ann, &ben] {
        let found = ["openai", "mistral", "groq"].map(|provider| person.key(provider));
        assert_eq!(found, [SECRET, OTHER, OTHER].map(|key| Some(key.to_owned())), "{}", person.name);
    }
    assert_eq!(opened_by(&ann, &old), "error: it decrypts 0 of 3 stored credentials\n");
}

#[test]
fn the_old_identity_stays_until_the_remote_has_taken_the_new_one() {
    let (remote, ann, ben) = ann_and_ben();
    remote.git(&ann.test, &["config", "receive.hideRefs", "refs/heads/main"], "");
    renews(&ann);
    assert_eq!(ann.says(&["sync"], "").status, 1);
    assert_eq!(keys(&identity(&ann)), 2);
    // Asked for again, nothing more is made.
    let both = identity(&ann);
    renews(&ann);
    assert_eq!(identity(&ann), both);
    remote.git(&ann.test, &["config", "--unset", "receive.hideRefs"], "");
    ben.stores("mistral", OTHER);
    ben.does(&["sync"]);
    ann.does(&["sync"]);
    assert_eq!((keys(&identity(&ann)), ann.key("mistral").as_deref()), (1, Some(OTHER)));
}

#[test]
fn a_store_that_nobody_else_has_is_renewed_at_once() {
    let ann = Person::new("ann");
    ann.does(&["members", "add", "ann"]);
    ann.stores("openai", SECRET);
    let old = identity(&ann);
    let said = ann.says(&["identity", "renew"], "");
    assert_eq!(
        (said.status, said.out.as_str(), said.err.as_str()),
        (
            0,
            "the identity `~/.local/share/modelforge-credential/identity-team.txt` is new, and every key that the old one could decrypt is encrypted for it\n",
            "back it up: modelforge-credential identity export --helper 'age --store team'\n"
        )
    );
    assert_eq!((keys(&identity(&ann)), ann.key("openai").as_deref()), (1, Some(SECRET)));
    assert_eq!(opened_by(&ann, &old), "error: it decrypts 0 of 1 stored credentials\n");
}

#[test]
fn a_passphrase_is_asked_for_once_by_each_step_of_a_renewal() {
    let (_remote, ann, _ben) = ann_and_ben();
    let asked = ann.test.work().join("asked");
    let script = format!("#!/bin/sh\necho \"$1\" >>'{}'\necho correct-horse\n", asked.display());
    let test = ann.test.on_path("answer", script);
    let program = test.bin().join("answer").display().to_string();
    let test = test.env("MODELFORGE_CREDENTIAL_ASKPASS", program).env("MODELFORGE_CREDENTIAL_INTERACTIVE", "1");
    let ann = Person { test, ..ann };
    let questions = || {
        let text = std::fs::read_to_string(&asked).unwrap_or_default();
        let _ = std::fs::remove_file(&asked);
        text.lines().count()
    };
    ann.does(&["identity", "protect", OF_THE_TEAM[0], OF_THE_TEAM[1]]);
    assert_eq!(questions(), 2);
    renews(&ann);
    assert_eq!(questions(), 1);
    ann.does(&["sync"]);
    assert_eq!(questions(), 1);
    assert!(identity(&ann).starts_with("-----BEGIN AGE ENCRYPTED FILE-----"));
    assert_eq!(ann.key("openai").as_deref(), Some(SECRET));
}

#[test]
fn who_is_removed_does_not_stay_by_renewing() {
    let (remote, ann, ben) = ann_and_ben();
    ann.does(&["members", "remove", "ben"]);
    renews(&ben);
    ben.does(&["sync"]);
    let said = ann.fails(&["sync"]);
    assert!(said.contains("ben came ("), "{said}");
    let words = words_of_hint(&said, "members accept ");
    let said = ann.does(&words.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(!said.contains("ben"), "{said}");
    ann.stores("mistral", OTHER);
    ann.does(&["sync"]);
    let members = remote.git(&ann.test, &["show", "main:.age-recipients"], "");
    assert!(!members.contains("ben"), "{members}");
}

#[test]
fn a_member_who_replaces_the_key_that_another_one_reads_with_is_named() {
    let (_remote, ann, ben) = ann_and_ben();
    let eve = Person::new("eve");
    let line = eve.does(&["members", "join", "eve"]);
    let reads = line.split(' ').nth(4).expect("a key").to_owned();
    let print = ben.does(&["members", "join", "ben"]);
    let signs: Vec<&str> = print.trim_end().split(' ').skip(5).collect();
    ann.does(&["members", "add", "ben", &reads, signs[0], signs[1]]);
    ann.does(&["sync"]);
    let said = ben.fails(&["sync"]);
    let first = said.lines().next().expect("a line");
    assert!(first.contains(": ben renewed: age1"), "{said}");
    assert!(first.ends_with(", and `ann` replaced the encryption key of `ben`"), "{said}");
    assert_eq!(ben.key("openai").as_deref(), Some(SECRET));
}

#[test]
fn a_personal_store_and_two_that_are_shared_are_renewed_each_for_itself() {
    let (one, other) = (Remote::new(), Remote::new());
    let config = "helpers = [\"age\", \"age --store team\", \"age --store club\"]\n";
    let ann = Person::new("ann");
    let ann = Person { test: ann.test.config(config), ..ann };
    ann.stores("openai", SECRET);
    for (helper, remote, provider) in [("age --store team", &one, "mistral"), ("age --store club", &other, "groq")] {
        ann.does(&["members", "add", "ann", "--helper", helper]);
        assert_eq!(ann.says(&["login", provider, "--helper", helper, "--force"], &format!("{OTHER}\n")).status, 0);
        ann.does(&["sync", "--helper", helper, "--remote", &remote.path()]);
    }
    let identities = || ["", "-team", "-club"].map(|name| ann.data().join(format!("identity{name}.txt")));
    let read = || identities().map(|path| std::fs::read_to_string(path).expect("an identity"));
    let before = read();
    let said = ann.says(&["identity", "renew"], "");
    assert!(
        said.err.ends_with(
            "back it up: modelforge-credential identity export\n\
             `age --store team` has an identity of its own: modelforge-credential identity renew --helper 'age --store team'\n\
             `age --store club` has an identity of its own: modelforge-credential identity renew --helper 'age --store club'\n"
        ),
        "{said:?}"
    );
    let after = read();
    assert!(after[0] != before[0] && after[1..] == before[1..]);
    for helper in ["age --store team", "age --store club"] {
        ann.does(&["identity", "renew", "--helper", helper]);
    }
    ann.does(&["sync"]);
    let last = read();
    assert!(last.iter().zip(&after).skip(1).all(|(last, after)| last != after && keys(last) == 1));
    let found = ["openai", "mistral", "groq"].map(|provider| ann.key(provider));
    assert_eq!(found, [SECRET, OTHER, OTHER].map(|key| Some(key.to_owned())));
}

#[test]
fn an_ssh_key_that_reads_and_signs_is_replaced_with_the_configuration() {
    let (_remote, ann, _ben) = ann_and_ben();
    let eve = Person::new("eve");
    let make = |name: &str| {
        let key = eve.test.home().join(name).display().to_string();
        let made = eve.test.run(&["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "eve", "-f", &key], "");
        assert!(made.status.success());
        key
    };
    let (old, new) = (make("old"), make("new"));
    let with = |eve: Person, keys: &[&str]| {
        let options: String = keys.iter().map(|key| format!(" --identity {key}")).collect();
        Person { test: eve.test.config(&format!("helpers = [\"age --store team{options}\"]\n")), ..eve }
    };
    let eve = with(eve, &[&old]);
    eve.joins(&ann, &_remote);
    let said = eve.fails(&["identity", "renew"]);
    assert!(said.starts_with("error: the identity `~/old` is in the configuration, so it is not replaced\n"), "{said}");
    let eve = with(eve, &[&new, &old]);
    assert_eq!(
        eve.does(&["identity", "renew"]),
        "the identity `~/new` is now your identity, and every key is encrypted for it: run `sync`, then remove the old one from config.toml\n"
    );
    assert_eq!(eve.does(&["sync"]), synchronised(0, 2));
    let said = ann.fails(&["sync"]);
    assert!(said.contains("eve has other keys (SHA256:"), "{said}");
    accepts_what_it_says(&ann, &said);
    let eve = with(eve, &[&new]);
    assert_eq!(eve.key("openai").as_deref(), Some(SECRET));
    eve.stores("mistral", OTHER);
    eve.does(&["sync"]);
    ann.does(&["sync"]);
    assert_eq!(ann.key("mistral").as_deref(), Some(OTHER));
}

#[test]
#[ignore = "needs age-keygen (age)"]
fn an_identity_that_the_user_named_is_replaced_only_while_the_old_one_is_there_too() {
    let (_remote, ann, _ben) = ann_and_ben();
    let new = ann.test.home().join("new.txt").display().to_string();
    assert!(ann.test.run(&["age-keygen", "-o", &new], "").status.success());
    let old = ann.data().join("identity-team.txt").display().to_string();
    let with = |ann: Person, keys: &[&str]| {
        let options: String = keys.iter().map(|key| format!(" --identity {key}")).collect();
        Person { test: ann.test.config(&format!("helpers = [\"age --store team{options}\"]\n")), ..ann }
    };
    let ann = with(ann, &[&new]);
    let before = ann.state();
    let said = ann.fails(&["identity", "renew"]);
    assert!(
        said.starts_with("error: the identity `~/new.txt` is in the configuration, so it is not replaced\n"),
        "{said}"
    );
    assert!(ann.state() == before);
    let ann = with(ann, &[&new, &old]);
    ann.does(&["identity", "renew"]);
    ann.does(&["sync"]);
    let ann = with(ann, &[&new]);
    assert_eq!(ann.key("openai").as_deref(), Some(SECRET));
}

#[test]
fn a_renewal_and_stores_at_the_same_time_lose_nothing() {
    let (_remote, ann, ben) = ann_and_ben();
    let helper = program("modelforge-credential-age").display().to_string();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..20 {
                let request = format!("protocol=https\nhost=h{number}\nusername=u\npassword={OTHER}\n");
                let stored = ann.test.run(&[&helper, "--store", "team", "store"], &request);
                assert!(stored.status.success(), "{}", String::from_utf8_lossy(&stored.stderr));
            }
        });
        scope.spawn(|| {
            renews(&ann);
            ann.does(&["sync"]);
        });
    });
    ann.does(&["sync"]);
    accepts_what_it_says(&ben, &ben.fails(&["sync"]));
    for person in [&ann, &ben] {
        for number in 0..20 {
            let request = format!("protocol=https\nhost=h{number}\n");
            let found = person.test.run(&[&helper, "--store", "team", "get"], &request);
            let found = String::from_utf8_lossy(&found.stdout).into_owned();
            assert!(found.contains(OTHER), "{} {number}: {found}", person.name);
        }
    }
}
