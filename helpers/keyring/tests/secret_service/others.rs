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
#[ignore = "needs dbus, gnome-keyring, libsecret-tools and keyring, from PyPI"]
fn a_token_is_the_secret_that_others_read_whatever_belongs_to_it() {
    let keyring = Keyring::start();
    let place = "protocol=https\nhost=api.githubcopilot.com\n";
    let token =
        |name: &str| format!("password={name}\npassword_expiry_utc=4102444800\noauth_refresh_token=r of {name}\n");
    let read = || python(&keyring, "print(k.get_password('https://api.githubcopilot.com', 'default'))");
    stores(&keyring, &format!("{place}{}", token("first")));
    assert_eq!(read(), "first");
    let name = ["lookup", "service", "https://api.githubcopilot.com", "username", "default"];
    assert_eq!(secret_tool(&keyring, &name, ""), "first");
    gets(&keyring, place, &format!("username=default\n{}", token("first")));
    stores(&keyring, &format!("{place}{}", token("second")));
    assert_eq!((read().as_str(), keyring.items()), ("second", 2));
    gets(&keyring, place, &format!("username=default\n{}", token("second")));
    assert!(helper(&keyring, "list", "").1.ends_with("\n\ncount=1\n"));

    // Python replaces the token: what belonged to the older one no longer counts, and goes with the next store.
    python(&keyring, "k.set_password('https://api.githubcopilot.com', 'default', 'third')");
    gets(&keyring, place, "username=default\npassword=third\n");
    stores(&keyring, &format!("{place}{}", token("fourth")));
    gets(&keyring, place, &format!("username=default\n{}", token("fourth")));

    stores(&keyring, &format!("{place}password=a key\n"));
    gets(&keyring, place, "username=default\npassword=a key\n");
    stores(&keyring, &format!("{place}{}", token("fifth")));
    assert_eq!(helper(&keyring, "erase", &format!("{place}password=another\n")).0, 0);
    gets(&keyring, place, &format!("username=default\n{}", token("fifth")));
    for description in [place.to_owned(), format!("{place}username=default\npath=v1\n")] {
        stores(&keyring, &format!("{description}{}", token("sixth")));
        assert_eq!(helper(&keyring, "erase", &description).0, 0);
        gets(&keyring, &description, "");
    }
    assert_eq!(keyring.items(), 0, "nothing is left beside");
}

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn a_token_that_was_kept_as_one_item_is_still_read_and_is_split_by_the_next_store() {
    let keyring = Keyring::start();
    let token = "password=t\noauth_refresh_token=r\n";
    let encoded = "modelforge-credential;base64,dXNlcm5hbWU9ZGVmYXVsdApwYXNzd29yZD10Cm9hdXRoX3JlZnJlc2hfdG9rZW49cgo=";
    for older in [encoded, "t\noauth_refresh_token=r"] {
        let name = ["store", "--label=x", "service", "https://api.openai.com", "username", "default"];
        secret_tool(&keyring, &name, older);
        gets(&keyring, OPENAI, &format!("username=default\n{token}"));
        stores(&keyring, &format!("{OPENAI}{token}"));
        gets(&keyring, OPENAI, &format!("username=default\n{token}"));
        assert_eq!(secret_tool(&keyring, &["lookup", "service", "https://api.openai.com"], ""), "t");
    }
}

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn twenty_tokens_stored_at_once_leave_one_of_them_whole() {
    let keyring = Keyring::start();
    let token = |number: usize| format!("password=t{number}\noauth_refresh_token=r{number}\n");
    for _ in 0..3 {
        std::thread::scope(|scope| {
            for number in 0..20 {
                let keyring = &keyring;
                scope.spawn(move || stores(keyring, &format!("{OPENAI}{}", token(number))));
            }
            for _ in 0..20 {
                let (status, found, said) = helper(&keyring, "get", OPENAI);
                let whole = |number| found == format!("username=default\n{}", token(number));
                assert!(status == 0 && (found.is_empty() || (0..20).any(whole)), "{found}{said}");
            }
        });
        let (_, found, _) = helper(&keyring, "get", OPENAI);
        assert!((0..20).any(|number| found == format!("username=default\n{}", token(number))), "{found}");
    }
}

#[test]
#[ignore = "needs dbus, gnome-keyring and keyring, from PyPI"]
fn a_bare_service_name_is_the_item_that_python_has_under_that_name() {
    let keyring = Keyring::start();
    let place = "protocol=keyring\nhost=my app\n";
    python(&keyring, "k.set_password('my app', 'me', 'theirs')");
    gets(&keyring, place, "username=me\npassword=theirs\n");
    stores(&keyring, &format!("{place}username=me\npassword=ours\n"));
    assert_eq!(python(&keyring, "print(k.get_password('my app', 'me'))"), "ours");
    stores(&keyring, &format!("{place}username=you\npassword=yours\npassword_expiry_utc=4102444800\n"));
    assert_eq!(python(&keyring, "print(k.get_password('my app', 'you'))"), "yours");
    assert_eq!(keyring.items(), 3);
    // Which programs these belong to is not known: who erases all that is listed does not erase them.
    assert_eq!(helper(&keyring, "list", "").1, "count=0\n");
    assert_eq!(helper(&keyring, "erase", "protocol=keyring\nhost=another\n").0, 0);
    assert_eq!(helper(&keyring, "erase", &format!("{place}username=you\n")).0, 0);
    gets(&keyring, &format!("{place}username=you\n"), "");
    assert_eq!(keyring.items(), 1);
    assert_eq!(helper(&keyring, "erase", place).0, 0);
    assert_eq!(python(&keyring, "print(k.get_password('my app', 'me'))"), "None");
}

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn a_bare_service_name_leads_to_no_item_of_a_url_and_to_none_beside_another() {
    let keyring = Keyring::start();
    stores(&keyring, &format!("{OPENAI}password={SECRET}\noauth_refresh_token=r\n"));
    for host in ["https://api.openai.com", "modelforge-credential:https://api.openai.com", "modelforge-credential:x"] {
        gets(&keyring, &format!("protocol=keyring\nhost={host}\n"), "");
        assert_eq!(helper(&keyring, "erase", &format!("protocol=keyring\nhost={host}\n")).0, 0);
    }
    assert_eq!(keyring.items(), 2);
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
