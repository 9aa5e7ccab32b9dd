//! `secret-tool` and Python's keyring read what the helper writes, and it reads theirs.

use super::{OPENAI, SECRET, fails, gets, helper, pipe, python, secret_tool, stores};
use crate::keyring::Keyring;

#[test]
#[ignore = "needs dbus, gnome-keyring and libsecret-tools"]
fn secret_tool_reads_what_the_helper_wrote_and_the_helper_what_secret_tool_wrote() {
    let keyring = Keyring::start();
    let name = ["service", "https://api.openai.com", "username", "default"];
    stores(&keyring, &format!("{OPENAI}password={SECRET}\n"));
    assert_eq!(secret_tool(&keyring, &[&["lookup"], &name[..]].concat(), ""), SECRET);
    let mut env = keyring.env();
    env.push(("LC_ALL", "C".into()));
    let (_, stdout, stderr) = pipe("/usr/bin/secret-tool", &env, &[&["search"], &name[..]].concat(), "");
    assert!(stdout.contains("label = https://api.openai.com (default)\n"), "{stdout}");
    assert!(stderr.contains("attribute.application = Python keyring library\n"), "{stderr}");

    let mistral = ["service", "https://api.mistral.ai", "username", "me", "made", "by-hand"];
    secret_tool(&keyring, &[&["store", "--label=x"], &mistral[..]].concat(), "by hand");
    let request = "protocol=https\nhost=api.mistral.ai\n";
    gets(&keyring, request, "username=me\npassword=by hand\n");
    stores(&keyring, &format!("{request}username=me\npassword=new\n"));
    assert_eq!(secret_tool(&keyring, &[&["lookup"], &mistral[..]].concat(), ""), "new");
    assert_eq!(keyring.items(), 2);
}

#[test]
#[ignore = "needs dbus, gnome-keyring and keyring, from PyPI"]
fn python_reads_what_the_helper_wrote_and_the_helper_what_python_wrote() {
    let keyring = Keyring::start();
    stores(&keyring, &format!("{OPENAI}password={SECRET}\n"));
    assert_eq!(python(&keyring, "print(k.get_password('https://api.openai.com', 'default'))"), SECRET);
    python(&keyring, "k.set_password('https://api.openai.com', 'default', 'from python')");
    assert_eq!(keyring.items(), 1, "Python replaced the item instead of making a second one");
    gets(&keyring, OPENAI, "username=default\npassword=from python\n");

    python(&keyring, "k.set_password('https://api.mistral.ai', 'me', 'theirs')");
    let request = "protocol=https\nhost=api.mistral.ai\n";
    gets(&keyring, request, "username=me\npassword=theirs\n");
    stores(&keyring, &format!("{request}username=me\npassword=ours\n"));
    assert_eq!(python(&keyring, "print(k.get_password('https://api.mistral.ai', 'me'))"), "ours");
    assert_eq!(keyring.items(), 2);
    python(&keyring, "k.delete_password('https://api.mistral.ai', 'me')");
    gets(&keyring, request, "");
}

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn of_several_items_of_one_name_the_newest_answers_and_a_store_leaves_one() {
    let keyring = Keyring::start();
    let name = ["service", "https://api.openai.com", "username", "default"];
    secret_tool(&keyring, &[&["store", "--label=x"], &name[..]].concat(), "first");
    python(&keyring, "k.set_password('https://api.openai.com', 'default', 'second')");
    assert_eq!(keyring.items(), 2);
    gets(&keyring, OPENAI, "username=default\npassword=second\n");
    assert!(helper(&keyring, "list", "").1.ends_with("\n\ncount=1\n"));
    stores(&keyring, &format!("{OPENAI}password=third\n"));
    assert_eq!(keyring.items(), 1);
    assert_eq!(secret_tool(&keyring, &[&["lookup"], &name[..]].concat(), ""), "third");
    assert_eq!(python(&keyring, "print(k.get_password('https://api.openai.com', 'default'))"), "third");
}

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn another_programs_secret_of_several_lines_is_named_and_not_shown() {
    let keyring = Keyring::start();
    let name = ["store", "--label=x", "service", "https://api.openai.com", "username", "default"];
    secret_tool(&keyring, &name, "{\n  \"key\": \"sentinel\"\n}\n");
    let message = "error: the item `https://api.openai.com` of `default` cannot be used: \
        its secret has several lines and was written by another program\n";
    fails(&keyring, "get", OPENAI, message);
}
