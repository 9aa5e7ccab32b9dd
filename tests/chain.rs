//! The chain: order, fall-back, read-back, older copies, time limits, refresh.

mod expired;
mod fall_back;
mod keeping;
mod list;

use crate::support::{SECRET, Test};

/// A helper in shell that keeps one credential in a file of its own, in plain text: only tests do this.
fn keeper(test: Test, name: &str) -> Test {
    let file = test.home().join(format!("{name}.kept"));
    let path = file.display();
    let body = format!(
        "case $1 in\nget) cat '{path}' 2>/dev/null;;\n\
         store) grep -v '^capability' > '{path}.new' && mv '{path}.new' '{path}';;\nerase) rm -f '{path}';;\nesac; exit 0"
    );
    test.script(name, &body).may_hold_the_secret(file)
}

const OPENAI: &str = "protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\n";

fn approve(test: Test) -> Test {
    test.args(["approve"]).stdin(format!("provider=openai\npassword={SECRET}\n"))
}

fn finds_it(test: Test) -> Test {
    let found = format!("{OPENAI}password={SECRET}\n");
    test.args(["get"]).stdin("provider=openai\n").stdout(&found).success()
}

#[test]
fn a_key_is_kept_by_age_and_got_back_with_no_daemon_and_no_configuration() {
    let test = approve(Test::new()).any_stderr().success();
    finds_it(test);
}

#[test]
fn the_first_helper_that_keeps_it_ends_a_store_and_the_others_lose_their_older_copies() {
    let test = keeper(keeper(Test::new(), "one"), "two").helpers("two");
    let test = test.args(["approve"]).stdin("provider=openai\npassword=older\n").success();
    let test = approve(test.helpers("one\ntwo")).success();
    let test = finds_it(test.helpers("one"));
    test.helpers("two").args(["get"]).stdin("provider=openai\n").success();
}

#[test]
fn store_all_keeps_it_in_every_helper() {
    let test = keeper(keeper(Test::new(), "one"), "two").config("store = 'all'\nhelpers = ['one', 'two']");
    let test = approve(test).success();
    finds_it(finds_it(test.helpers("one")).helpers("two"));
}

#[test]
fn a_helper_that_fails_to_store_is_named_and_the_next_keeps_it() {
    let test =
        keeper(Test::new().script("full", "echo 'error: the disk is full' >&2; exit 1"), "two").helpers("full\ntwo");
    let test = approve(test)
        .stderr(
            "warning: helper `full` did not store the credential: the disk is full; it may still have an older copy\n",
        )
        .success();
    finds_it(test.helpers("two"));
}

#[test]
fn a_store_that_nobody_kept_is_an_error_even_if_every_helper_reported_success() {
    approve(Test::new().script("liar", "exit 0").helpers("liar"))
        .stderr(
            "error: no helper stored the credential for `openai` (`https://api.openai.com`)\n\
             hint: modelforge-credential doctor\n",
        )
        .failure();
}

#[test]
fn a_helper_that_keeps_something_else_did_not_keep_it() {
    let test = Test::new().script("truncates", "[ $1 = get ] && printf 'password=sk-\\n'; exit 0");
    approve(test.helpers("truncates")).any_stderr().failure();
}

#[test]
fn a_helper_that_loses_the_refresh_token_did_not_keep_the_credential() {
    let test = Test::new().script("forgets", &format!("[ $1 = get ] && printf 'password={SECRET}\\n'; exit 0"));
    let test = keeper(test, "two").helpers("forgets\ntwo");
    let request = format!("provider=openai\npassword={SECRET}\noauth_refresh_token=r\n");
    let test = test.args(["approve"]).stdin(request).any_stderr().success();
    let found = format!("{OPENAI}password={SECRET}\noauth_refresh_token=r\n");
    test.helpers("two").args(["get"]).stdin("provider=openai\n").stdout(&found).success();
}

#[test]
fn an_earlier_helper_that_still_answers_with_another_key_is_named() {
    let test = keeper(Test::new(), "one").helpers("env\none").env("OPENAI_API_KEY", "sk-from-the-environment");
    approve(test)
        .stderr("warning: helper `env` comes first and has another key than `one`, where this one was stored\n")
        .success();
}

#[test]
fn what_the_environment_gave_is_not_written_to_disk_when_a_tool_approves_it() {
    let test = keeper(Test::new(), "one").helpers("env\none").env("OPENAI_API_KEY", SECRET);
    let test = approve(test).success();
    test.helpers("one").args(["get"]).stdin("provider=openai\n").success();
}

#[test]
fn quit_ends_the_search_and_is_passed_on() {
    let test = Test::new().script("quits", "echo quit=1").script("after", "echo password=p").helpers("quits\nafter");
    let test = test.args(["get"]).stdin("provider=openai\n");
    let test = test.stdout("protocol=https\nhost=api.openai.com\nprovider=openai\nquit=1\n").success();
    test.args(["fill"])
        .stdin("provider=openai\n")
        .stderr("error: helper `quits` ended the search for `openai` (`https://api.openai.com`)\n")
        .failure();
}

#[test]
fn who_wants_a_key_printed_is_told_which_helper_ended_the_search() {
    let test = Test::new().script("quits", "echo quit=1").helpers("quits").args(["print", "openai"]);
    let told = "warning: helper `quits` ended the search for `openai` (`https://api.openai.com`)\n";
    let output = test.output();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.starts_with(told), "{said}");
}

#[test]
fn erase_reaches_every_helper_and_names_the_one_that_failed() {
    let test = keeper(keeper(Test::new(), "one"), "two").script("stuck", "[ $1 = erase ] && exit 3; exit 0");
    let test = approve(test.helpers("one")).success();
    let test = approve(test.helpers("two")).success();
    let test = test
        .helpers("one\nstuck\ntwo")
        .args(["reject"])
        .stdin("provider=openai\n")
        .stderr(
            "warning: helper `stuck` failed: exit status 3\n\
             error: a helper failed to delete the credential for `openai` (`https://api.openai.com`); it may still have it\n",
        )
        .failure();
    test.helpers("one\ntwo").args(["get"]).stdin("provider=openai\n").success();
}

#[test]
fn the_secret_is_taken_out_of_what_a_helper_says() {
    let test = Test::new().script("traces", "set -x; read a; read b; while read line; do : \"$line\"; done; exit 1");
    approve(test.helpers("traces")).any_stderr().failure();
}

#[cfg(unix)]
#[test]
fn the_program_as_its_own_helper_works_and_does_not_go_round_for_ever() {
    let core = crate::support::program("modelforge-credential");
    let test = keeper(Test::new(), "one").config("helpers = ['one']");
    let nested = test.bin().join("modelforge-credential-nested");
    std::fs::write(
        &nested,
        format!("#!/bin/sh\nunset MODELFORGE_CREDENTIAL_HELPERS\nexec '{}' \"$@\"\n", core.display()),
    )
    .unwrap();
    std::fs::set_permissions(&nested, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let test = approve(test.helpers("nested")).success();
    let test = finds_it(test);
    test.helpers(&core.display().to_string()).args(["get"]).stdin("provider=openai\n").any_stderr().failure();
}

#[test]
fn store_all_names_the_helper_that_answers_first_as_well() {
    let test =
        keeper(Test::new(), "one").config("store = 'all'\nhelpers = ['env', 'one']").env("OPENAI_API_KEY", "sk-other");
    approve(test)
        .stderr("warning: helper `env` comes first and has another key than `one`, where this one was stored\n")
        .success();
}

#[test]
fn store_and_erase_never_ask_a_person() {
    let test = Test::new()
        .script("asks", "[ \"$MODELFORGE_CREDENTIAL_INTERACTIVE\" = 0 ] || echo asked >&2; exit 1")
        .helpers("asks");
    let test = test.env("MODELFORGE_CREDENTIAL_INTERACTIVE", "1").env("SSH_ASKPASS", "/bin/true");
    for operation in ["store", "erase"] {
        let output = test.run(
            &[crate::support::program("modelforge-credential").as_os_str(), operation.as_ref()],
            "provider=openai\npassword=p\n",
        );
        assert!(!String::from_utf8_lossy(&output.stderr).contains("asked"), "{operation}");
    }
}

#[test]
fn what_a_helper_says_each_time_that_it_is_asked_is_passed_on_once() {
    let test = Test::new()
        .script("chatty", "echo 'chatty: hello' >&2")
        .script("has", "echo password=x")
        .helpers("chatty\nhas");
    let test = test.args(["exec", "openai", "mistral", "--", "true"]);
    test.stderr("chatty: hello\n").success();
}
