//! Credentials are still there, byte for byte, after the daemon has read its file again; and so is what others stored.

use super::{OPENAI, SECRET, gets, helper, python, secret_tool, stores};
use crate::keyring::Keyring;

const SERVICE_ACCOUNT: &str =
    r#"{"type":"service_account","private_key":"-----BEGIN PRIVATE KEY-----\nMIIB==\n-----END PRIVATE KEY-----\n"}"#;

#[test]
#[ignore = "needs dbus, gnome-keyring and libsecret-tools"]
fn a_keyring_without_a_password_keeps_keys_service_accounts_and_tokens_and_other_programs_items_through_restarts() {
    let mut keyring = Keyring::without_password();
    let kept = [
        (OPENAI, format!("username=default\npassword={SECRET}\n")),
        ("protocol=https\nhost=sa.example\n", format!("username=default\npassword={SERVICE_ACCOUNT}\n")),
        (
            "protocol=https\nhost=oauth.example\n",
            "username=me\npassword=t\npassword_expiry_utc=4102444800\noauth_refresh_token=r\n".to_owned(),
        ),
    ];
    secret_tool(&keyring, &["store", "--label=other", "app", "other"], "not ours");
    for (place, credential) in &kept {
        stores(&keyring, &format!("{place}{credential}"));
    }
    for round in 0..3 {
        keyring.restart();
        for (place, credential) in &kept {
            gets(&keyring, place, credential);
        }
        assert_eq!(secret_tool(&keyring, &["lookup", "app", "other"], ""), "not ours");
        // Any change makes the daemon write what it has read.
        secret_tool(&keyring, &["store", "--label=later", "app", &format!("later {round}")], "x");
    }
    // With the four of other programs, and what is beside the token.
    assert_eq!(keyring.items(), kept.len() + 5);
}

#[test]
#[ignore = "needs dbus, gnome-keyring and keyring, from PyPI"]
fn a_plain_key_is_stored_as_it_is_and_no_other_secret_has_a_backslash_a_line_break_or_a_blank_at_an_end() {
    let keyring = Keyring::start();
    let raw = |host: &str| secret_tool(&keyring, &["lookup", "service", &format!("https://{host}")], "");
    for plain in [SECRET, "two words", "schlüssel", "#=[x];"] {
        stores(&keyring, &format!("protocol=https\nhost=plain\npassword={plain}\n"));
        assert_eq!(raw("plain"), plain);
        assert_eq!(python(&keyring, "print(k.get_password('https://plain', 'default'))"), plain);
    }
    for odd in [r"back\slash", " before", "after ", "a\tb", "\u{7f}"] {
        stores(&keyring, &format!("protocol=https\nhost=odd\npassword={odd}\n"));
        let secret = raw("odd");
        assert!(secret.starts_with("modelforge-credential;base64,"), "{secret:?}");
        assert!(secret.bytes().all(|byte| byte.is_ascii_graphic()), "{secret:?}");
        gets(&keyring, "protocol=https\nhost=odd\n", &format!("username=default\npassword={odd}\n"));
    }
}

#[test]
#[ignore = "needs dbus, gnome-keyring and libsecret-tools"]
fn an_item_of_several_lines_that_was_stored_by_an_older_version_is_still_read() {
    let keyring = Keyring::start();
    let name = ["store", "--label=x", "service", "https://api.openai.com", "username", "u"];
    let token = "t\npassword_expiry_utc=4102444800\noauth_refresh_token=r=1\nmystery=m";
    secret_tool(&keyring, &name, token);
    gets(&keyring, OPENAI, &format!("username=u\npassword={token}\n"));
    let bearer = "\nauthtype=Bearer\ncredential=c";
    secret_tool(&keyring, &name, bearer);
    let request = format!("capability[]=authtype\n{OPENAI}");
    gets(&keyring, &request, &format!("capability[]=authtype\nusername=u{bearer}\n"));
}

#[test]
#[ignore = "needs dbus, gnome-keyring and libsecret-tools"]
fn a_damaged_item_is_named_and_is_no_key() {
    let keyring = Keyring::start();
    let name = ["store", "--label=x", "service", "https://api.openai.com", "username", "u"];
    for (secret, why) in [
        ("modelforge-credential;base64,sentinel!", "its secret was damaged: it is not base64"),
        ("modelforge-credential;base64,AAAA", "its secret was damaged: it has no credential"),
        ("modelforge-credential;base64,dXNlcm5hbWU9dgpwYXNzd29yZD1wCg==", "its secret was stored for another account"),
    ] {
        secret_tool(&keyring, &name, secret);
        let message = format!("error: the item `https://api.openai.com` of `u` cannot be used: {why}\n");
        assert_eq!(helper(&keyring, "get", OPENAI), (1, String::new(), message));
    }
}

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn nothing_goes_to_the_collection_that_is_gone_after_log_out_while_another_is_there() {
    let mut keyring = Keyring::without_password();
    keyring.default_to_the_session();
    stores(&keyring, &format!("{OPENAI}password={SECRET}\n"));
    keyring.restart();
    gets(&keyring, OPENAI, &format!("username=default\npassword={SECRET}\n"));
}

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn a_keyring_without_a_password_that_nobody_has_opened_yet_is_opened_without_a_person() {
    let mut keyring = Keyring::without_password();
    stores(&keyring, &format!("{OPENAI}password={SECRET}\n"));
    for operation in ["get", "list", "store", "erase"] {
        keyring.restart();
        let (status, _, stderr) = helper(&keyring, operation, &format!("{OPENAI}password={SECRET}\n"));
        assert_eq!((status, stderr), (0, String::new()), "{operation}");
    }
    assert_eq!(keyring.items(), 0);
}
