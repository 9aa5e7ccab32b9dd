//! Changes on two machines at once, and changes of the members.

use super::{Person, ann_and_ben, synchronised};
use crate::support::SECRET;

const OLD: &str = "sk-old-0123456789abcdef01";
const NEW: &str = "sk-new-0123456789abcdef01";

#[test]
fn different_keys_that_are_changed_at_once_come_together() {
    let (_remote, ann, ben) = ann_and_ben();
    ann.stores("mistral", OLD);
    ben.stores("groq", NEW);
    assert_eq!(ann.does(&["sync"]), synchronised(0, 1));
    assert_eq!(ben.does(&["sync"]), synchronised(1, 1));
    assert_eq!(ann.does(&["sync"]), synchronised(1, 0));
    for person in [&ann, &ben] {
        assert_eq!((person.key("mistral").as_deref(), person.key("groq").as_deref()), (Some(OLD), Some(NEW)));
    }
}

#[test]
fn a_renewed_key_beats_a_removed_one() {
    for ann_renews in [true, false] {
        let (_remote, ann, ben) = ann_and_ben();
        let (renews, removes) = if ann_renews { (&ann, &ben) } else { (&ben, &ann) };
        renews.stores("openai", NEW);
        removes.removes("openai");
        ann.does(&["sync"]);
        ben.does(&["sync"]);
        ann.does(&["sync"]);
        assert_eq!([&ann, &ben].map(|person| person.key("openai")), [Some(NEW.to_owned()), Some(NEW.to_owned())]);
    }
}

#[test]
fn two_renewals_of_one_key_are_both_kept_and_said() {
    let (_remote, ann, ben) = ann_and_ben();
    ann.stores("openai", OLD);
    // The times are of whole seconds.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    ben.stores("openai", NEW);
    ann.does(&["sync"]);
    let said = ben.says(&["sync"], "");
    assert_eq!((said.status, said.out.as_str()), (0, synchronised(1, 2).as_str()));
    assert_eq!(
        said.err,
        "warning: the key for `https://api.openai.com` was replaced here and elsewhere: the older one is now the account `default-conflict`\n\
         hint: find out which one works, and delete the other: modelforge-credential logout PROVIDER --account NAME\n"
    );
    ann.does(&["sync"]);
    for person in [&ann, &ben] {
        assert_eq!(person.key("openai").as_deref(), Some(NEW));
        assert_eq!(person.key("openai:default-conflict").as_deref(), Some(OLD));
    }
}

#[test]
fn the_age_of_a_key_is_that_of_the_key_and_not_of_its_arrival() {
    let (_remote, ann, ben) = ann_and_ben();
    let created = |person: &Person| {
        let list = person.does(&["list"]);
        list.lines().find_map(|line| line.strip_prefix("created_utc=")).map(str::to_owned).expect("a time")
    };
    let before = created(&ann);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let cara = Person::new("cara");
    cara.joins(&ann, &_remote);
    ben.fails(&["sync"]);
    ben.does(&["members", "accept", &ann.fingerprint()]);
    for person in [&ann, &ben, &cara] {
        assert_eq!(created(person), before, "{}", person.name);
    }
}

#[test]
fn a_new_member_reads_everything_also_what_was_stored_while_they_were_added() {
    let (remote, ann, ben) = ann_and_ben();
    let cara = Person::new("cara");
    ben.stores("mistral", OLD);
    ben.does(&["sync"]);
    // Ann has not seen that key, and Ben has not seen that Cara comes.
    cara.joins(&ann, &remote);
    ben.stores("groq", NEW);
    ben.fails(&["sync"]);
    ben.does(&["members", "accept", &cara.fingerprint()]);
    cara.does(&["sync"]);
    ann.does(&["sync"]);
    for person in [&ann, &ben, &cara] {
        let keys = ["openai", "mistral", "groq"].map(|provider| person.key(provider));
        assert_eq!(keys, [SECRET, OLD, NEW].map(|key| Some(key.to_owned())), "{}", person.name);
    }
}

#[test]
fn who_was_removed_does_not_read_what_is_stored_from_then_on_and_the_keys_they_read_are_listed() {
    let (_remote, ann, ben) = ann_and_ben();
    let said = ann.says(&["members", "remove", "ben"], "");
    assert_eq!(said.status, 0);
    assert_eq!(
        said.err,
        "send it to the others: modelforge-credential sync\n\
         the removed member has read these keys, and still can in the history: create new ones at the providers\n  https://api.openai.com default\n"
    );
    ann.stores("mistral", NEW);
    ann.does(&["sync"]);
    ben.fails(&["sync"]);
    ben.does(&["members", "accept", &ann.fingerprint()]);
    assert_eq!((ben.key("openai"), ben.key("mistral")), (None, None));
    let said = ben.says(&["store"], &format!("provider=groq\npassword={NEW}\n"));
    assert!(said.err.contains("you are not a member of the store `team`"), "{said:?}");
    assert!(ann.fails(&["members", "remove", "ann"]).contains("`ann` is you"));
}

#[test]
fn two_members_who_are_added_on_two_machines_are_both_members() {
    let (remote, ann, ben) = ann_and_ben();
    let (cara, dan) = (Person::new("cara"), Person::new("dan"));
    let add = |by: &Person, who: &Person| {
        let line = who.does(&["members", "join", who.name]);
        by.does(&line.trim_end().split(' ').skip(1).collect::<Vec<_>>());
    };
    add(&ann, &cara);
    add(&ben, &dan);
    ann.does(&["sync"]);
    ben.fails(&["sync"]);
    ben.does(&["members", "accept", &ann.fingerprint()]);
    ann.fails(&["sync"]);
    ann.does(&["members", "accept", &ben.fingerprint()]);
    for person in [&cara, &dan] {
        person.fails(&["sync", "--remote", &remote.path()]);
        person.does(&["members", "accept", &ann.fingerprint()]);
        assert_eq!(person.key("openai").as_deref(), Some(SECRET), "{}", person.name);
    }
}

#[test]
fn one_ssh_key_can_be_all_that_a_member_has() {
    let (_remote, ann, _ben) = ann_and_ben();
    let eve = Person::new("eve");
    let key = eve.test.home().join(".ssh/id_ed25519");
    std::fs::create_dir(eve.test.home().join(".ssh")).expect("a folder");
    let made = eve.test.run(
        &["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "eve@laptop", "-f", &key.display().to_string()],
        "",
    );
    assert!(made.status.success());
    let config = format!("helpers = [\"age --store team --identity {}\"]\n", key.display());
    let eve = Person { test: eve.test.config(&config), ..eve };
    eve.joins(&ann, &_remote);
    assert_eq!(eve.key("openai").as_deref(), Some(SECRET));
    eve.stores("mistral", NEW);
    assert_eq!(eve.does(&["sync"]), synchronised(0, 1));
    ann.does(&["sync"]);
    assert_eq!(ann.key("mistral").as_deref(), Some(NEW));
}
