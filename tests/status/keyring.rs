//! The keyring of the desktop in the table.

use super::{assert_told, signed_in, status, told};
use crate::support::Test;
use crate::support::keyring::Keyring;

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn the_keyring_of_the_desktop_is_shown_as_what_it_is() {
    let keyring = Keyring::start();
    let mut test = Test::new().helpers("env\nkeyring\nage");
    for (name, value) in keyring.env().into_iter().filter(|(name, _)| *name != "HOME") {
        test = test.env(name, value.to_str().expect("text"));
    }
    let test = signed_in(test, "openai", "default");
    let test = status(test, &[]);
    assert_told("keyring", told(&test));
    let test = status(test, &["-v"]);
    assert_told("keyring_verbose", told(&test));
    keyring.lock();
    assert_told("keyring_locked", told(&status(test, &[])));
}
