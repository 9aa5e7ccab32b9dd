//! An identity of an age plugin, which stands for a TPM or a security key.

use super::{PLACE, data, identity, key, opens_all, signed_in};
use crate::support::Test;

const PLUGIN: &str = include_str!("../../helpers/age/tests/stock_age/plugin.sh");

const IDENTITY: &str = "AGE-PLUGIN-WITNESS-1WSXCW4";

fn with_plugin() -> Test {
    signed_in().on_path("age-plugin-witness", PLUGIN).file("device.txt", format!("# of a device\n{IDENTITY}\n"))
}

fn handed_over(test: Test) -> Test {
    let device = test.home().join("device.txt").display().to_string();
    test.args(["identity", "renew", "--with", &device])
}

#[test]
fn an_identity_of_a_plugin_takes_the_place_of_the_old_one() {
    let test = handed_over(with_plugin()).any_stdout().any_stderr().success();
    assert_eq!(identity(&test), format!("# of a device\n{IDENTITY}\n"));
    let test = opens_all(test);
    let shown = format!("identity      {PLACE}\nhelper        age\nprotected by  plugin witness\n");
    let test = test.args(["identity"]).stdout(&shown).success();
    let test = test.args(["status"]);
    let text = String::from_utf8(test.output().stdout).expect("text");
    assert!(text.ends_with("age: identity protection: plugin witness\n"), "{text}");
    // And back to a key of its own.
    let test = test.args(["identity", "renew"]).any_stdout().any_stderr().success();
    std::fs::remove_file(test.bin().join("age-plugin-witness")).expect("it is there");
    key(&identity(&test));
    opens_all(test);
}

#[test]
fn a_device_that_does_not_open_what_is_encrypted_for_it_changes_nothing() {
    let test = with_plugin().file("unplugged", "");
    let (before, place) = (identity(&test), data(&test));
    let test = handed_over(test).any_stderr();
    let output = test.output();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(identity(&test), before);
    assert!(place.join("age/https/api.openai.com/default.age").exists());
    opens_all(test);
}

#[test]
fn what_is_no_identity_or_an_ssh_key_is_refused() {
    let test = signed_in();
    let before = identity(&test);
    let test = test.file("device.txt", "-----BEGIN OPENSSH PRIVATE KEY-----\n");
    let test = handed_over(test).stderr(
        "error: an SSH key is not copied: name its file in the configuration\n\
         hint: helpers = [\"env\", \"age --identity ~/.ssh/id_ed25519\"]  # in config.toml\n",
    );
    let test = test.failure().file("device.txt", &before);
    let test = handed_over(test).stderr("error: this is already the identity\n").failure();
    assert_eq!(identity(&test), before);
}
