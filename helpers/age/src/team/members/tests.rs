use modelforge_credential_protocol::Record;

use super::super::sync::push_list;
use super::*;

const SIGNERS: [&str; 3] = [
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBcCywfZqRgyNyPMGD2QmDUCTDUdhkn+qDk3UWXhDRKS",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL7FOjzoIeGlqFcXZKo1jKEWvNdUEQ9cZyrwpb4lR2Ki",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP2JbVP9iWVd9XbnA0bvQ6Vq4oTzHbJrZ1mG4D0yq3aD",
];

fn keys(number: usize) -> Keys {
    let recipient = age::x25519::Identity::generate().to_public().to_string();
    Keys { recipient, signer: SIGNERS[number].to_owned() }
}

fn of(named: &[(&str, &Keys)]) -> Members {
    let mut members = Members::default();
    for (name, keys) in named {
        members.put(name, (*keys).clone()).unwrap();
    }
    members
}

#[test]
fn the_file_is_read_as_it_was_written_and_in_no_other_form() {
    let members = of(&[("ben", &keys(1)), ("ann", &keys(0))]);
    let text = members.to_text();
    assert!(text.starts_with("# member ann\n"));
    assert_eq!(Members::parse(&text).unwrap(), members);
    let extra = keys(2).recipient;
    for other in [
        String::new(),
        format!("{text}{extra}\n"),
        format!("{text}\n"),
        format!("{text}# a remark\n"),
        text.replace('\n', "\r\n"),
        text.replace("# signs with", "# signs  with"),
        text.trim_end().to_owned(),
        format!("{text}{text}"),
    ] {
        assert!(Members::parse(&other).is_err(), "{other}");
    }
}

#[test]
fn two_members_do_not_share_a_key_and_no_name_breaks_a_line() {
    let (one, two) = (keys(0), keys(1));
    let mut members = of(&[("ann", &one)]);
    for comment in [" a@b", " a b", "  ", "\r", "\u{7f}e6", "!e6", "\t\u{1b}[2J", " \u{202e}"] {
        for recipient in [&one.recipient, SIGNERS[1]] {
            let recipient = format!("{recipient}{comment}");
            assert!(members.put("ben", Keys { recipient, ..two.clone() }).is_err(), "{comment:?}");
        }
    }
    assert!(members.put("ben", Keys { signer: one.signer.clone(), ..two.clone() }).is_err());
    assert!(members.put("ben", Keys { recipient: one.recipient, ..two.clone() }).is_err());
    for name in ["", "a b", "a\nage1x", "A", "-a", ".a", &"a".repeat(41)] {
        assert!(members.put(name, two.clone()).is_err(), "{name}");
    }
}

#[test]
fn both_sides_changes_of_the_members_count_and_a_contradiction_is_an_error() {
    let all = [keys(0), keys(1), keys(2)];
    let base = of(&[("ann", &all[0]), ("ben", &all[1])]);
    let with_cara = of(&[("ann", &all[0]), ("ben", &all[1]), ("cara", &all[2])]);
    let without_ben = of(&[("ann", &all[0])]);
    assert_eq!(Members::merged(&base, &with_cara, &without_ben).unwrap(), of(&[("ann", &all[0]), ("cara", &all[2])]));
    let (one, other) = (of(&[("ann", &all[0]), ("ben", &all[2])]), of(&[("ann", &all[0]), ("ben", &keys(1))]));
    assert!(Members::merged(&base, &one, &other).is_err());
    assert_eq!(base.changes_to(&without_ben), ["ben went"]);
}

#[test]
fn who_is_removed_on_one_side_does_not_stay_by_taking_other_keys_on_the_other() {
    let all = [keys(0), keys(1), keys(1)];
    let base = of(&[("ann", &all[0]), ("ben", &all[1])]);
    let (without_ben, renewed) = (of(&[("ann", &all[0])]), of(&[("ann", &all[0]), ("ben", &all[2])]));
    for (ours, theirs) in [(&without_ben, &renewed), (&renewed, &without_ben)] {
        assert_eq!(Members::merged(&base, ours, theirs).unwrap(), without_ben);
    }
}

#[test]
fn other_keys_to_read_with_are_shown_and_long_ones_by_both_their_ends() {
    let (old, new) = (keys(0), keys(0));
    let said = of(&[("ann", &old)]).changes_to(&of(&[("ann", &new)]));
    assert_eq!(said, [format!("ann renewed: {} → {}", old.recipient, new.recipient)]);
    let long = format!("{}{}{}", "a".repeat(24), "b".repeat(2000), "c".repeat(24));
    assert_eq!(shown(&long), format!("{}…{}", "a".repeat(24), "c".repeat(24)));
    assert!(shown(SIGNERS[0]).starts_with("SHA256:"));
}

/// As many members as a store may have, with the longest keys.
fn most() -> Members {
    let signer = |at: usize| {
        let mut blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20".to_vec();
        blob.extend(at.to_be_bytes().into_iter().cycle().take(32));
        format!("ssh-ed25519 {}", STANDARD.encode(blob))
    };
    let mut members = Members::default();
    for at in 0..MOST {
        members.put(&format!("m{at}"), Keys { signer: signer(at), ..keys(0) }).unwrap();
    }
    members
}

#[test]
fn as_many_members_as_there_may_be_are_known_listed_and_told_and_one_more_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let own = modelforge_credential_files::Own::new(folder.path().join("state"));
    let mut members = most();
    let known = super::super::known::Known { members: Some(members.to_text()), ..Default::default() };
    known.write(&own).unwrap();
    assert!(super::super::known::Known::read(&own).unwrap() == known);
    assert_eq!(known.members().unwrap().unwrap(), members);
    let refused = members.put("one-more", keys(0)).unwrap_err();
    assert_eq!(refused.to_string(), "a store has at most 1000 members");
    members.check_size().unwrap();
    let told = first_of(Members::default().changes_to(&members)).unwrap();
    assert!(told.ends_with(" and 980 more") && told.len() < 2_000, "{told}");
    // The list leaves room for the rest of an answer.
    let mut answer = Record::of([("store", "team"), ("fingerprint", "x")]).unwrap();
    members.lines().iter().for_each(|line| answer.push("member[]", line).unwrap());
    let kept = (0..3_000).map(|at| format!("https://h a{at}"));
    push_list(&mut answer, ["kept[]", "kept_more"], kept, &members).unwrap();
    for key in ["received", "unsent", "problem", "replaced"] {
        answer.set(key, "1").unwrap();
    }
    assert_eq!((answer.all("kept[]").count(), answer.text("kept_more")), (2, Some("2998")));
}

#[test]
fn a_key_beyond_all_measure_is_no_members_and_neither_is_a_list_beyond_it() {
    let mut members = Members::default();
    let long = Keys { recipient: format!("age1{}", "q".repeat(LONGEST_KEY)), ..keys(0) };
    assert_eq!(members.put("ann", long).unwrap_err().to_string(), "a member's key has at most 8192 characters");
    // Each is an RSA key that both encrypts and signs.
    let blob = |at: usize| [b"\0\0\0\x07ssh-rsa", at.to_be_bytes().repeat(250).as_slice()].concat();
    let all = (0..MOST).map(|at| {
        let key = format!("ssh-rsa {}", STANDARD.encode(blob(at)));
        (format!("m{at}"), Keys { recipient: key.clone(), signer: key })
    });
    let refused = Members(all.collect()).check_size().unwrap_err();
    assert_eq!(refused.to_string(), "the keys of the members are longer than 1048576 bytes together");
}

#[test]
fn a_fingerprint_is_that_of_ssh_keygen() {
    assert!(fingerprint(SIGNERS[0]).unwrap().starts_with("SHA256:"));
    for wrong in ["", "ssh-ed25519", "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIBcC", "ssh-ed25519 ///////"] {
        assert!(fingerprint(wrong).is_err(), "{wrong}");
    }
    assert_ne!(state("a", "b"), state("b", "a"));
}
