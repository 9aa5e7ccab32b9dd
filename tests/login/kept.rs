//! Where a key is stored, and what stays unchanged if that fails.

use super::{asked, at_a_terminal, holding, keeper, kept, openai_is, signed_in};
#[cfg(unix)]
use crate::prompt::Session;
use crate::support::{SECRET, Test};

const NOT_KEPT: &str = "error: no helper stored the credential for `openai` (`https://api.openai.com`)\n\
                        hint: modelforge-credential doctor\n";

#[test]
fn a_sign_in_that_fails_leaves_the_key_before_it() {
    let fails = "[ $1 = store ] && { echo 'error: the disk is full' >&2; exit 1; }";
    let reason =
        "warning: helper `one` did not store the credential: the disk is full; it may still have an older copy\n";
    let input = format!("{SECRET}\n");
    for (first, input, problem) in [
        (fails, &*input, format!("{reason}{NOT_KEPT}")),
        // It says that it did, and did not.
        ("[ $1 = store ] && exit 0", &*input, NOT_KEPT.into()),
        // It keeps the half.
        ("[ $1 = store ] && { grep -v '^capability' | cut -c1-24 > \"$kept\"; exit 0; }", &*input, NOT_KEPT.into()),
        ("", "older\u{7}", "error: this cannot be a key for `openai`: it has a control character in it\n".into()),
        ("", "", "error: standard input is empty: it has no key\n".into()),
    ] {
        // The half is spoilt once, and not when the older one is put back.
        let first = match first.contains("cut") {
            true => {
                format!("[ -f \"$kept.spoilt\" ] || {{ {first}; }}").replace("exit 0", "touch \"$kept.spoilt\"; exit 0")
            }
            false => first.to_owned(),
        };
        let test = keeper(Test::new(), "one", &first).helpers("one");
        holding(&test, "one", "older-key");
        let test = test.args(["login", "openai", "--force"]).stdin(input).stderr(&problem).failure();
        openai_is(test, "older-key");
    }
}

#[test]
fn a_helper_that_cannot_be_read_once_does_not_cost_the_key_before() {
    let once = "[ $1 = get ] && [ -s \"$kept\" ] && grep -q sentinel \"$kept\" && { echo 'error: busy' >&2; exit 1; }";
    let test = keeper(Test::new(), "one", once).helpers("one");
    holding(&test, "one", "older-key");
    let test = test.args(["login", "openai", "--force"]).stdin(SECRET);
    let reason = "warning: helper `one` did not store the credential: busy; it may still have an older copy\n";
    let test = test.stderr(&format!("{reason}{NOT_KEPT}")).failure();
    openai_is(test, "older-key");
}

#[test]
fn a_helper_that_lost_the_key_before_and_takes_no_other_is_named() {
    let broken = "[ $1 = store ] && { rm -f \"$kept\"; echo 'error: it burns' >&2; exit 1; }";
    let test = keeper(Test::new(), "one", broken).helpers("one");
    holding(&test, "one", "older-key");
    let reason = "warning: helper `one` did not store the credential: it burns; it may still have an older copy\n\
                  warning: helper `one` lost its older credential\n";
    test.args(["login", "openai", "--force"]).stdin(SECRET).stderr(&format!("{reason}{NOT_KEPT}")).failure();
}

#[test]
fn a_key_goes_to_the_helper_that_is_named_and_older_copies_elsewhere_go() {
    let test = keeper(keeper(Test::new(), "one", ""), "two", "").helpers("one\ntwo");
    holding(&test, "one", "older");
    let test = test.args(["login", "openai", "--helper", "two", "--force"]).stdin(SECRET);
    let test = test.stdout("signed in to `openai`: stored in `two` (stored by the helper)\n").success();
    assert_eq!((&*kept(&test, "one"), &*kept(&test, "two")), ("", SECRET));
    assert!(!asked(&test, "one").contains("store"));
    let test = test.args(["login", "openai", "--helper", "three", "--force"]).stdin(SECRET).stderr(
        "error: helper `three` is not in the chain\n\
         hint: add it to `helpers` in config.toml; otherwise keys stored there are never found\n",
    );
    assert_eq!(kept(&test.failure(), "two"), SECRET);
}

#[test]
fn an_older_copy_that_stays_is_told_of() {
    let stays = "[ $1 = erase ] && { echo 'error: it is read-only' >&2; exit 1; }";
    let test = keeper(keeper(Test::new(), "one", stays), "two", "").helpers("one\ntwo");
    holding(&test, "one", "older");
    test.args(["login", "openai", "--helper", "two", "--force"])
        .stdin(SECRET)
        .stdout("signed in to `openai`: stored in `two` (stored by the helper)\n")
        .stderr("warning: helper `one` may still have an older copy: it is read-only\n")
        .success();
}

#[test]
fn a_variable_that_answers_first_is_named_with_the_way_out() {
    let test = Test::new().helpers("env\nage").env("OPENAI_API_KEY", "from-the-environment");
    let test = test.args(["login", "openai"]).stdout(
        "already signed in to `openai` with the key in `env` (environment variable OPENAI_API_KEY); \
         use `--force` to store another key as well\n",
    );
    let test = test.success().args(["login", "openai", "--force"]).stdin(SECRET).stdout(&signed_in("openai")).stderr(
        "warning: `env` (environment variable OPENAI_API_KEY) takes precedence over `age`, so the new key is not in use yet\n\
         hint: unset OPENAI_API_KEY\n",
    );
    openai_is(test.success().helpers("age"), SECRET);
}

#[test]
fn the_key_of_a_variable_that_is_piped_in_is_kept_and_replaces_none_that_is_kept_already() {
    let test = Test::new().helpers("env\nage").env("OPENAI_API_KEY", SECRET);
    let also = "warning: `env` (environment variable OPENAI_API_KEY) has the same key, and takes precedence\n\
                hint: unset OPENAI_API_KEY  # and remove it from your shell's profile\n";
    let test = test.args(["login", "openai"]).stdin(SECRET).stdout(&signed_in("openai")).stderr(also).success();
    let test = openai_is(test.helpers("age"), SECRET).helpers("env\nage");
    let already = format!("already {}; use `--force` to replace the key\n", signed_in("openai").trim_end());
    let test = test.args(["login", "openai"]).stdin(SECRET).stdout(&already).stderr("").success();
    let other = "error: a different key for `openai`, ending in …4b1f, is already stored and was not replaced\n\
                 hint: modelforge-credential login openai --force < key.txt\n";
    test.args(["login", "openai"]).stdin(format!("{SECRET}-other")).stdout("").stderr(other).failure();
}

#[cfg(unix)]
#[test]
fn a_locked_helper_is_opened_by_the_person_before_another_key_is_asked_for() {
    let locked = "[ \"$MODELFORGE_CREDENTIAL_INTERACTIVE\" = 1 ] || { echo 'error: it is locked' >&2; exit 1; }";
    let test = at_a_terminal(keeper(Test::new(), "one", locked).helpers("one")).args(["login", "openai"]);
    holding(&test, "one", "older");
    let mut session = Session::typed(&test);
    session.expect("replace the key that is stored? [y/N] ");
    session.types("n\n");
    let (status, answer, _) = session.end();
    assert_eq!(status.code(), Some(0));
    assert_eq!(answer, "already signed in to `openai`: stored in `one`; use `--force` to replace the key\n");
}

#[cfg(target_os = "linux")]
#[test]
fn the_default_chain_on_a_machine_without_a_session_bus_keeps_it_in_age_and_complains_of_nothing() {
    let test = Test::new().args(["login", "openai"]).stdin(SECRET).stdout(&signed_in("openai")).success();
    test.args(["logout", "openai"]).stdout("signed out of `openai` (`https://api.openai.com`)\n").success();
}
