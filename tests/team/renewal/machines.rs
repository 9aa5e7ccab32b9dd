//! One member with two machines. One or both renew the identity.

use super::super::{Person, ann_and_ben};
use super::{OF_THE_TEAM, OTHER, accepts_what_it_says, identity, keys, renews, words_of_hint};
use crate::support::SECRET;

/// The same member at a second machine, with all that the first one has.
fn second_machine_of(person: &Person) -> Person {
    let second = Person::new(person.name);
    for folder in [".local", ".config"] {
        let (from, to) = (person.test.home().join(folder), second.test.home().join(folder));
        let copied = person.test.run(&["cp", "-a", "-T", &from.display().to_string(), &to.display().to_string()], "");
        assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
    }
    second
}

/// Brings the identity of one machine to the other, as the hint says.
#[track_caller]
fn takes_the_identity_of(here: &Person, there: &Person, said: &str) {
    let helper = "--helper \"age --store team\"";
    assert!(
        said.ends_with(&format!(
            "error: the identity of the member `ann` was renewed on another machine\nhint: modelforge-credential identity renew {helper} --with FILE  # FILE: from `identity export` on the other machine\n"
        )),
        "{said}"
    );
    let file = here.test.work().join("identity-of-the-other").display().to_string();
    there.does(&["identity", "export", OF_THE_TEAM[0], OF_THE_TEAM[1], "--output", &file]);
    here.does(&["identity", "renew", OF_THE_TEAM[0], OF_THE_TEAM[1], "--with", &file]);
    std::fs::remove_file(file).expect("it is there");
}

#[test]
fn two_machines_that_both_renewed_the_identity_are_told_and_lose_nothing() {
    let (_remote, ann, ben) = ann_and_ben();
    let second = second_machine_of(&ann);
    renews(&ann);
    renews(&second);
    second.stores("mistral", OTHER);
    ann.does(&["sync"]);
    let before = second.state();
    let said = second.fails(&["sync"]);
    assert!(second.state() == before);
    assert_eq!(second.key("mistral").as_deref(), Some(OTHER));
    takes_the_identity_of(&second, &ann, &said);
    second.does(&["sync"]);
    assert_eq!(keys(&identity(&second)), 1);
    ann.does(&["sync"]);
    let said = ben.fails(&["sync"]);
    accepts_what_it_says(&ben, &said);
    for person in [&ann, &second, &ben] {
        let found = ["openai", "mistral"].map(|provider| person.key(provider));
        assert_eq!(found, [SECRET, OTHER].map(|key| Some(key.to_owned())), "{}", person.name);
    }
}

#[test]
fn a_machine_whose_member_renewed_elsewhere_takes_that_identity_and_keeps_what_it_stored() {
    let (_remote, ann, _ben) = ann_and_ben();
    let second = second_machine_of(&ann);
    renews(&ann);
    ann.stores("groq", OTHER);
    ann.does(&["sync"]);
    second.stores("mistral", OTHER);
    let said = second.fails(&["sync"]);
    let words = words_of_hint(&said, "members accept ");
    let said = second.fails(&words.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(second.key("mistral").as_deref(), Some(OTHER));
    takes_the_identity_of(&second, &ann, &said);
    second.does(&["sync"]);
    let found = ["openai", "groq", "mistral"].map(|provider| second.key(provider));
    assert_eq!(found, [SECRET, OTHER, OTHER].map(|key| Some(key.to_owned())));
    // A renewal of its own would have taken the keys from the first machine.
    assert_eq!(keys(&identity(&second)), 1);
}

#[test]
fn a_renewal_does_not_take_the_keys_from_another_machine_of_the_same_member() {
    let (_remote, ann, _ben) = ann_and_ben();
    let second = second_machine_of(&ann);
    renews(&ann);
    ann.does(&["sync"]);
    let said = second.fails(&["sync"]);
    accepts_what_it_says(&second, &said);
    let before = second.state();
    let said = second.fails(&["identity", "renew", OF_THE_TEAM[0], OF_THE_TEAM[1]]);
    assert!(said.starts_with("error: the identity of the member `ann` was renewed on another machine\n"), "{said}");
    assert!(second.state() == before && keys(&identity(&second)) == 1);
}
