//! Hostile helpers, and what a helper gets and may say.

use crate::support::{SECRET, Test};

#[test]
fn ghsa_rxqw_wxqg_g7hw_a_helper_that_crashes_on_erase_is_not_passed_over_in_silence() {
    let test = Test::new().script("crashes", "kill -SEGV $$").helpers("crashes");
    test.args(["reject"])
        .stdin("provider=openai\n")
        .stderr(
            "warning: helper `crashes` failed: it was stopped by signal 11\n\
             error: a helper failed to delete the credential for `openai` (`https://api.openai.com`); it may still have it\n",
        )
        .failure();
}

#[test]
fn osxkeychain_4580bcd_a_state_from_a_request_does_not_keep_a_helper_from_storing() {
    let test = Test::new().helpers("age");
    let request = format!("capability[]=state\nprovider=openai\nstate[]=age:seen=1\nstate[]=seen\npassword={SECRET}\n");
    let test = test.args(["store"]).stdin(request).success();
    let found = format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={SECRET}\n");
    test.args(["get"]).stdin("provider=openai\n").stdout(&found).success();
}

#[test]
fn a_helper_that_shows_the_key_it_found_does_not_get_it_on_to_the_screen() {
    let found = format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={SECRET}\n");
    let test = Test::new().script("traces", &format!("set -x; echo password={SECRET}"));
    let test = test.helpers("traces").args(["get"]).stdin("provider=openai\n");
    let test = test.stdout(&found).stderr("+ echo password=<redacted>\n").success();
    let test = test.script("fails", &format!("echo password={SECRET}; echo 'fatal: bad {SECRET}' >&2; exit 1"));
    test.helpers("fails")
        .args(["get"])
        .stdin("provider=openai\n")
        .stderr(
            "warning: helper `fails` failed: bad <redacted>\n\
             error: no credential for `openai` (`https://api.openai.com`); some helpers could not be queried\n",
        )
        .failure();
}

#[test]
fn a_helper_that_shows_the_key_in_other_forms_does_not_get_it_on_to_the_screen() {
    let key = "key/with+odd=characters\"and\\more";
    // As it is in a URL, in JSON, and in base64 behind `me:`.
    let forms = "key%2Fwith%2Bodd%3Dcharacters%22and%5Cmore\nkey/with+odd=characters\\\"and\\\\more\n\
                 bWU6a2V5L3dpdGgrb2RkPWNoYXJhY3RlcnMiYW5kXG1vcmU=\n";
    let test = Test::new().file("forms", forms).file("answer", format!("password={key}\n"));
    let test = test.script("shows", "cat ~/forms >&2; [ $1 = get ] && cat ~/answer").helpers("shows");
    let found = format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={key}\n");
    // The same remark is made once.
    let said = "<redacted>\nbWU6<redacted>=\n";
    test.args(["get"]).stdin("provider=openai\n").stdout(&found).stderr(said).success();
}

#[test]
fn what_a_helper_says_cannot_move_the_cursor() {
    let test = Test::new().script("paints", "printf '\\033[2Jhello\\007\\n' >&2; exit 0").helpers("paints");
    test.args(["get"]).stdin("provider=openai\n").stderr("\\u{1b}[2Jhello\\u{7}\n").success();
}

#[test]
fn arguments_and_environment_of_a_helper_hold_no_secret() {
    let test = Test::new();
    let said = test.home().join("said");
    let body = format!(
        "{{ printf '%s\\n' \"$0\" \"$@\"; env; cat /proc/$$/cmdline /proc/$$/environ /proc/$PPID/cmdline; }} >> '{}' 2>/dev/null
         cat > /dev/null",
        said.display()
    );
    let mut test = test.script("sees", &body).helpers("sees");
    for operation in ["approve", "store", "reject", "erase"] {
        // The harness looks through every file that is left.
        test = test.args([operation]).stdin(format!("provider=openai\npassword={SECRET}\n"));
        test.output();
    }
    assert!(std::fs::read_to_string(said).unwrap().contains("MODELFORGE_CREDENTIAL_INTERACTIVE=0"));
}
