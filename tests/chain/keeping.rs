//! A helper that did not store a credential correctly is restored.

use super::{approve, keeper};
use crate::support::{SECRET, Test};

const NOT_KEPT: &str = "error: no helper stored the credential for `openai` (`https://api.openai.com`)\n\
    hint: modelforge-credential doctor\n";

/// A helper that cuts what it is told to store after ten letters, and erases what it is told the password of.
fn cutter(test: Test) -> Test {
    let file = test.home().join("cut").display().to_string();
    let body = format!(
        "case $1 in\n\
         get) cat '{file}' 2>/dev/null;;\n\
         store) sed -n 's/^\\(password=.\\{{1,10\\}}\\).*/\\1/p' > '{file}';;\n\
         erase) grep -qxFf '{file}' && rm '{file}';;\nesac; exit 0"
    );
    test.script("cutter", &body)
}

#[cfg(unix)]
#[test]
fn what_a_helper_made_of_a_credential_that_it_did_not_keep_is_taken_out_again() {
    let test = approve(cutter(Test::new()).helpers("cutter")).stderr(NOT_KEPT).failure();
    assert!(!test.home().join("cut").exists());
    let test = approve(keeper(test, "two").helpers("cutter\ntwo")).success();
    assert!(!test.home().join("cut").exists());
    test.helpers("cutter").args(["get"]).stdin("provider=openai\n").success();
}

#[cfg(unix)]
#[test]
fn what_a_helper_held_before_it_is_put_back_when_it_did_not_keep_the_new_one() {
    let test = cutter(Test::new()).helpers("cutter");
    let test = test.args(["approve"]).stdin("provider=openai\npassword=older\n").success();
    let test = approve(test).stderr(NOT_KEPT).failure();
    assert_eq!(std::fs::read_to_string(test.home().join("cut")).unwrap(), "password=older\n");
    let test = approve(keeper(test, "two").helpers("cutter\ntwo")).success();
    assert!(!test.home().join("cut").exists(), "an older copy answers before the new one");
}

/// A helper that cannot read what it stored. It lists `listed`.
fn blind(test: Test, listed: &str) -> Test {
    let file = test.home().join("blind").display().to_string();
    let body = format!(
        "case $1 in\n\
         get) [ -e '{file}' ] && {{ echo 'error: it is damaged' >&2; exit 1; }};;\n\
         store) touch '{file}';;\nerase) rm -f '{file}';;\nlist) printf '{listed}';;\nesac; exit 0"
    );
    test.script("blind", &body)
}

const DAMAGED: &str =
    "warning: helper `blind` did not store the credential: it is damaged; it may still have an older copy\n";

#[test]
fn an_item_that_a_helper_cannot_read_back_is_taken_out_again() {
    let test = approve(keeper(blind(Test::new(), "count=0\\n"), "two").helpers("blind\ntwo"));
    let test = test.stderr(DAMAGED).success();
    assert!(!test.home().join("blind").exists());
}

#[test]
fn an_item_that_cannot_be_told_from_those_of_other_paths_is_left_and_named() {
    let listed = "protocol=https\\nhost=api.openai.com\\nusername=default\\npath=v1\\n\\ncount=1\\n";
    let test = approve(keeper(blind(Test::new(), listed), "two").helpers("blind\ntwo"));
    let left = "warning: helper `blind` changed the credential, and it could not be removed again\n\
        hint: modelforge-credential doctor\n";
    let test = test.stderr(&format!("{DAMAGED}{left}")).success();
    assert!(test.home().join("blind").exists());
}

const BEARER: &str = "capability[]=authtype\nprotocol=https\nhost=h\n";

#[test]
fn a_pre_encoded_credential_without_user_name_comes_back_without_one() {
    let test = Test::new().helpers("age");
    let credential = format!("{BEARER}authtype=Bearer\ncredential={SECRET}\n");
    let test = test.args(["approve"]).stdin(&credential).any_stderr().success();
    test.args(["fill"]).stdin(BEARER).stdout(&credential).success();
}

#[test]
fn a_credential_without_user_name_erases_no_older_copy_of_a_named_account() {
    let test = keeper(Test::new(), "two").helpers("two");
    let test = test.args(["approve"]).stdin("protocol=https\nhost=h\nusername=ann\npassword=hers\n").success();
    let credential = format!("{BEARER}authtype=Bearer\ncredential={SECRET}\n");
    let test = test.helpers("age\ntwo").args(["approve"]).stdin(credential).any_stderr().success();
    let found = "protocol=https\nhost=h\nusername=ann\npassword=hers\n";
    test.helpers("two").args(["get"]).stdin("protocol=https\nhost=h\n").stdout(found).success();
}

/// A helper that has only a refresh token for the host, and writes down each request to erase. Its list is `listed`.
fn refresher(test: Test, listed: &str) -> Test {
    let body = format!(
        "case $1 in\nget) printf 'username=me\\noauth_refresh_token=refresh-me-later\\n';;\n\
         erase) cat > \"$HOME/erased\";;\nlist) printf '{listed}';;\nesac; exit 0"
    );
    keeper(test, "one").script("refresher", &body).helpers("one\nrefresher")
}

#[test]
fn an_erase_that_can_name_no_secret_does_not_take_those_of_other_paths_with_it() {
    let credential = format!("protocol=https\nhost=opencode.ai\nusername=me\npassword={SECRET}\n");
    let other = "protocol=https\nhost=opencode.ai\nusername=me\npath=zen/v1\n\ncount=1\n".replace('\n', "\\n");
    let left = "warning: helper `refresher` may still have an older copy: it has credentials for several paths of the host, \
                and cannot tell this one apart without a secret\n";
    let test = refresher(Test::new(), &other).args(["approve"]).stdin(&credential).stderr(left).success();
    assert!(!test.home().join("erased").exists());
    // It does not erase for a person's `approve` either, if the helper cannot list what it has.
    let test = refresher(test, "").args(["approve"]).stdin(&credential).stderr(left).success();
    assert!(!test.home().join("erased").exists());
    let test = refresher(test, "count=0\\n").args(["approve"]).stdin(&credential).success();
    assert!(test.home().join("erased").exists(), "it is the only one");
}

// Windows starts any file with the right extension.
#[cfg(unix)]
#[test]
fn a_helper_that_cannot_be_started_may_hold_an_older_copy() {
    let test = keeper(Test::new(), "one").helpers("one\nodd");
    std::fs::write(test.bin().join("modelforge-credential-odd"), "#!/bin/sh\n").expect("a file");
    let left = "warning: helper `odd` may still have an older copy: `TEST/bin/modelforge-credential-odd` is not executable\n\
        hint: chmod +x TEST/bin/modelforge-credential-odd\n";
    let test = approve(test).stderr(left).success();
    // A helper of another machine, in a configuration that several share, has no copy here.
    approve(test.helpers("one\nabsent")).success();
}

#[cfg(unix)]
#[test]
fn a_helper_that_cannot_say_what_it_is_is_not_told_to_erase_without_consent() {
    let body = "case $1 in capability) kill -9 $$;; erase) touch \"$HOME/erased\";; esac; exit 0";
    let test = Test::new().script("strange", body).helpers("strange").args(["reject"]);
    let failed = "warning: helper `strange` failed: it was stopped by signal 9\n\
                  error: a helper failed to delete the credential for `openai` (`https://api.openai.com`); it may still have it\n";
    let test = test.stdin("provider=openai\n").stderr(failed).failure();
    assert!(!test.home().join("erased").exists());
}
