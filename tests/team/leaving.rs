//! `logout --all --purge` deletes shared stores on this machine alone.

use super::{Person, ann_and_ben, synchronised};
use crate::support::{SECRET, program};

const NEW: &str = "sk-new-0123456789abcdef01";
const CONFIG: &str = "helpers = [\"env\", \"age\", \"age --store team\"]\n";

fn with_both(person: Person) -> Person {
    Person { test: person.test.config(CONFIG), ..person }
}

#[test]
fn a_purge_names_and_removes_shared_stores_and_takes_no_key_from_the_other_members() {
    let (remote, ann, ben) = ann_and_ben();
    let ann = with_both(ann);
    ann.stores("groq", SECRET);
    // Another store, which is no longer configured.
    let helper = program("modelforge-credential-age").display().to_string();
    let old = ann.test.run(&[&helper, "--store", "old", "members"], "action=add\nmember=ann\n");
    assert!(old.status.success(), "{old:?}");
    let said = ann.says(&["login", "mistral", "--helper", "age --store team"], &format!("{NEW}\n"));
    assert_eq!(said.status, 0, "{said:?}");
    let tip = remote.tip(&ann.test);
    let said = ann.says(&["logout", "--all", "--purge", "--yes"], "");
    assert_eq!(said.status, 0, "{said:?}");
    let data = "~/.local/share/modelforge-credential";
    assert_eq!(
        said.out,
        format!(
            "deletes the credentials in every helper, the backups of migrations, and:\n  \
             {data}/age\n  {data}/identity-old.txt\n  {data}/identity-team.txt\n  {data}/identity.txt\n  \
             {data}/repositories\n  {data}/signing-key\n  {data}/stores\n  \
             ~/.local/state/modelforge-credential\n  ~/.config/modelforge-credential/config.toml\n\
             signed out of `groq` (`https://api.groq.com`)\n\
             only the programs, manual pages and completions of modelforge-credential are left on the disk\n"
        )
    );
    for warning in [
        "the shared store `old` has a change that its other members do not have: it is lost\n\
         hint: send them first: modelforge-credential sync --helper 'age --store old'\n",
        "the shared store `team` has a change that its other members do not have: it is lost\n\
         hint: send them first: modelforge-credential sync --helper 'age --store team'\n",
        "the age identity `~/.local/share/modelforge-credential/identity-team.txt` is deleted as well",
    ] {
        assert!(said.err.contains(warning), "{said:?}");
    }
    assert!(!ann.data().exists());
    assert_eq!(remote.tip(&ann.test), tip);
    assert_eq!(ben.does(&["sync"]), synchronised(0, 0));
    assert_eq!(ben.key("openai").as_deref(), Some(SECRET));
}

#[test]
fn a_purge_that_cannot_be_finished_takes_no_key_from_the_other_members_either() {
    let (_remote, ann, ben) = ann_and_ben();
    let fails = "[ $1 = erase ] && exit 1; [ $1 = list ] && echo count=0; exit 0";
    let test = ann.test.script("stuck", fails).config("helpers = [\"stuck\", \"age\", \"age --store team\"]\n");
    let ann = Person { test, ..ann };
    ann.stores("groq", SECRET);
    let said = ann.says(&["logout", "--all", "--purge", "--yes"], "");
    assert!(said.status == 1 && said.err.contains("this program's files were not deleted"), "{said:?}");
    assert!(!said.err.contains("shared store"), "all is sent: {said:?}");
    ann.does(&["sync"]);
    ben.does(&["sync"]);
    assert_eq!([&ann, &ben].map(|person| person.key("openai")), [Some(SECRET.to_owned()), Some(SECRET.to_owned())]);
}

#[test]
fn doctor_names_who_holds_the_lock_of_a_shared_store() {
    let (_remote, ann, _ben) = ann_and_ben();
    let lock = std::fs::File::open(ann.store().join(".lock")).expect("it is there");
    lock.lock().expect("it is free");
    let said = ann.says(&["doctor"], "");
    let held =
        "has been holding the lock `~/.local/share/modelforge-credential/stores/team/.lock` for more than a second";
    assert!(said.out.contains(held), "{said:?}");
}
