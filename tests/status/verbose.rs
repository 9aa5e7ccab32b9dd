//! `--verbose`: scope, age and the last characters, and what it costs.

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
fn without_verbose_nothing_is_opened_that_a_list_tells() {
    let test =
        shelf(Test::new(), "one", &format!("{OPENAI};\n{COPILOT}"), &format!("password={SECRET}")).helpers("one");
    let test = status(test, &["openai"]);
    test.output();
    assert_eq!(asked(&test, "one"), "list");
    let test = status(test, &["--json", "openai"]);
    test.output();
    assert_eq!(asked(&test, "one"), "list list");
    // When a token ends is known only by opening it.
    let test = status(test, &[]);
    test.output();
    assert_eq!(asked(&test, "one"), "list list list get");
    let test = status(test, &["openai", "--verbose"]);
    test.output();
    assert_eq!(asked(&test, "one"), "list list list get list get");
}

#[test]
fn a_copy_that_cannot_be_opened_is_told_of() {
    let test = signed_in(Test::new().helpers("age"), "openai", "default");
    std::fs::remove_file(test.home().join(".local/share/modelforge-credential/identity.txt")).expect("it is there");
    let told = told(&status(test, &["-v"]));
    assert!(
        told.contains("openai    yes        default  age") && told.contains("! warning: helper `age` failed: "),
        "{told}"
    );
}
