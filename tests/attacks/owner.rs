//! Two users of one machine: files that another user has put in our way. Only root can play both.

use std::os::unix::fs::{chown, symlink};

use crate::support::{SECRET, Test};

const ALICE: u32 = 61_001;

/// A test in which the home folder belongs to Alice, as after `sudo -E`. `None`: the tests do not run as root.
fn in_the_home_of_alice() -> Option<Test> {
    let test = Test::new().helpers("env").env("OPENAI_API_KEY", SECRET);
    chown(test.home(), Some(ALICE), None).ok().map(|()| test)
}

fn give(test: &Test, path: &str) {
    let mut place = test.home();
    for part in path.split('/') {
        place.push(part);
        chown(&place, Some(ALICE), None).expect("root can give a file away");
    }
}

#[test]
fn nothing_is_made_in_another_users_home_nor_where_its_links_lead() {
    let Some(test) = in_the_home_of_alice() else { return };
    let roots = test.work().join("roots");
    std::fs::create_dir(&roots).unwrap();
    let found = format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={SECRET}\n");
    let get = |test: Test| test.args(["get"]).stdin("provider=openai\n").stdout(&found).any_stderr().success();
    let test = get(test);
    assert_eq!(std::fs::read_dir(test.home()).unwrap().count(), 0);
    let state = test.home().join(".local/state");
    std::fs::create_dir_all(&state).unwrap();
    symlink(&roots, state.join("modelforge-credential")).unwrap();
    give(&test, ".local/state");
    let test = get(test);
    assert_eq!(std::fs::read_dir(&roots).unwrap().count(), 0);
    drop(test);
}

#[test]
fn a_login_with_the_home_of_another_user_makes_no_store_there() {
    let Some(test) = in_the_home_of_alice() else { return };
    let test = test.helpers("age").args(["approve"]).stdin(format!("provider=openai\npassword={SECRET}\n"));
    let output = test.output();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("belongs to another user"), "{said}");
    assert_eq!(std::fs::read_dir(test.home()).unwrap().count(), 0);
    drop(test);
}

#[test]
fn notes_of_a_migration_that_another_user_wrote_start_no_program() {
    let Some(test) = in_the_home_of_alice() else { return };
    let mark = test.work().join("started");
    let test = test.script("evil", &format!("echo started > '{}'", mark.display()));
    let evil = test.bin().join("modelforge-credential-evil").display().to_string();
    let notes = format!(
        "{{\"migration\":\"20261125-101500\",\"at\":1,\"event\":\"begun\",\"from\":[\"{evil}\"],\"to\":null}}\n\
         {{\"migration\":\"20261125-101500\",\"at\":1,\"event\":\"moving\",\"credential\":{{\"from\":\"{evil}\",\
         \"protocol\":\"https\",\"host\":\"api.openai.com\",\"username\":\"default\"}}}}\n"
    );
    let path = ".local/state/modelforge-credential/migrations.jsonl";
    let test = test.file(path, notes);
    give(&test, path);
    let test = test.args(["migrate", "--rollback", "--yes"]);
    let output = test.output();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("belongs to another user") && !mark.exists(), "{said}");
}
