//! `--verbose`: scope, age and the last characters, and how many processes that needs.

use super::{COPILOT, OPENAI, assert_told, now, shelf, signed_in, status, told};
use crate::login::asked;
use crate::support::{SECRET, Test};

#[test]
fn verbose_shows_scope_age_and_at_most_the_last_four_characters() {
    let token =
        format!("password={SECRET}\npassword_expiry_utc=4102444800\nscope=read:user\noauth_refresh_token={SECRET}");
    let test =
        shelf(Test::new(), "one", &format!("{COPILOT}\nstorage=a vault\ncreated_utc={}", now() - 86400 * 400), &token);
    let test = shelf(test.helpers("one\ntwo"), "two", OPENAI, "password=short-key");
    let output = status(test, &["--verbose"]);
    let told = told(&output);
    let days = (4_102_444_800 - now()) / 86400;
    assert_told("verbose", told.replace(&format!("{days} days"), "N days"));
}

#[test]
fn what_is_listed_is_opened_once() {
    let test =
        shelf(Test::new(), "one", &format!("{OPENAI};\n{COPILOT}"), &format!("password={SECRET}")).helpers("one");
    let test = status(test, &["openai"]);
    test.output();
    assert_eq!(asked(&test, "one"), "list get");
    let test = status(test, &["openai", "--verbose"]);
    test.output();
    assert_eq!(asked(&test, "one"), "list get list get");
    let test = status(test, &[]);
    test.output();
    assert_eq!(asked(&test, "one"), "list get list get list get get");
}

#[test]
fn a_copy_that_cannot_be_opened_is_unreadable_and_no_sign_in() {
    let test = signed_in(Test::new().helpers("age"), "openai", "default");
    let file = test.home().join(".local/share/modelforge-credential/age/https/api.openai.com/default.age");
    std::fs::write(&file, "garbage").expect("it is there");
    let test = status(test, &[]);
    let shown = told(&test);
    assert!(shown.contains("openai    unreadable  age"), "{shown}");
    assert!(shown.contains("! warning: helper `age` failed: ") && shown.ends_with("[0]"), "{shown}");
    let test = status(test, &["openai"]);
    let shown = told(&test);
    let error = "! error: the credential for `openai` in helper `age` cannot be read\n! hint: modelforge-credential doctor\n[1]";
    assert!(shown.ends_with(error), "{shown}");
    // Another helper has it as well, and a tool that asks gets it there.
    let test = shelf(test, "one", OPENAI, "password=key-for-tests").helpers("age\none");
    let shown = told(&status(test, &["openai"]));
    assert!(shown.contains("openai    yes        one") && shown.ends_with("[0]"), "{shown}");
}

#[test]
fn an_identity_that_is_gone_makes_every_copy_unreadable() {
    let test = signed_in(Test::new().helpers("age"), "openai", "default");
    std::fs::remove_file(test.home().join(".local/share/modelforge-credential/identity.txt")).expect("it is there");
    let told = told(&status(test, &["-v"]));
    assert!(told.contains("openai    unreadable  age") && told.contains("! warning: helper `age` failed: "), "{told}");
}
