//! Several accounts of one provider.

use super::{BY_AGE, age};
use crate::support::{SECRET, Test};

fn two_accounts() -> Test {
    let test = age().args(["login", "openai", "--account", "work"]).stdin(SECRET);
    let test = test.stdout(&format!("signed in to `openai` as `work`: {BY_AGE}\n")).success();
    let test = test.args(["login", "openai", "--account", "home"]).stdin("sk-home-0123456789abc");
    test.stdout(&format!("signed in to `openai` as `home`: {BY_AGE}\n")).success()
}

fn account_is(test: Test, request: &str, account: &str, password: &str) -> Test {
    let place = "protocol=https\nhost=api.openai.com\nprovider=openai\n";
    let found = format!("{place}username={account}\npassword={password}\n");
    test.args(["get"]).stdin(request).stdout(&found).success()
}

#[test]
fn of_several_accounts_one_is_chosen_on_the_wire_and_in_the_configuration() {
    let test = account_is(two_accounts(), "provider=openai\nusername=work\n", "work", SECRET);
    let test = account_is(test, "provider=openai\nusername=home\n", "home", "sk-home-0123456789abc");
    let test = test.config("[provider.openai]\naccount = 'work'");
    let test = account_is(test, "provider=openai\n", "work", SECRET);
    let test = account_is(test, "provider=openai\nusername=home\n", "home", "sk-home-0123456789abc");
    let already = format!("already signed in to `openai` as `work`: {BY_AGE}; use `--force` to replace the key\n");
    let test = test.args(["login", "openai"]).stdout(&already).success();
    let test = test.args(["login", "openai", "--force"]).stdin("sk-work-2-0123456789a");
    let test = test.stdout(&format!("signed in to `openai` as `work`: {BY_AGE}\n")).success();
    account_is(test, "provider=openai\nusername=work\n", "work", "sk-work-2-0123456789a");
}

#[test]
fn which_of_several_accounts_is_meant_is_not_guessed() {
    let mut test = two_accounts();
    for (words, input, hint) in [
        (&["logout", "openai"][..], "", "modelforge-credential logout openai:home"),
        (&["print", "openai"], "", "modelforge-credential print openai:home"),
        (&["env", "openai"], "", "modelforge-credential env openai:home"),
        (&["exec", "openai", "--", "true"], "", "modelforge-credential exec openai:home -- COMMAND"),
        (&["get"], "provider=openai\n", "printf 'provider=openai\\nusername=home\\n' | modelforge-credential get"),
        (&["fill"], "provider=openai\n", "printf 'provider=openai\\nusername=home\\n' | modelforge-credential fill"),
    ] {
        let several = format!("error: `openai` has several accounts: `home`, `work`\nhint: {hint}\n");
        test = test.args(words).stdin(input).stderr(&several).failure();
    }
    let output = test.args(["status", "openai"]).any_stderr();
    let said = String::from_utf8(output.output().stderr).expect("text");
    assert!(said.starts_with("error: `openai` has several accounts: `home`, `work`\n"), "{said}");
    // git asks for a URL, and takes the first.
    let found = "protocol=https\nhost=api.openai.com\nprovider=openai\nusername=home\npassword=sk-home-0123456789abc\n";
    output.args(["get"]).stdin("url=https://api.openai.com\n").stdout(found).success();
}

#[test]
fn a_sign_in_without_an_account_is_for_the_default_one_and_replaces_no_other() {
    let test = two_accounts().args(["logout", "openai:home"]);
    let test = test.stdout("signed out of `openai` (`https://api.openai.com`, account `home`)\n").success();
    let test = test.args(["login", "openai", "--force"]).stdin("sk-usual-0123456789ab");
    let test = test.stdout(&format!("signed in to `openai`: {BY_AGE}\n")).success();
    let test = account_is(test, "provider=openai\n", "default", "sk-usual-0123456789ab");
    account_is(test, "provider=openai\nusername=work\n", "work", SECRET)
        .args(["logout", "openai"])
        .stdout("signed out of `openai` (`https://api.openai.com`)\n")
        .success();
}

#[test]
fn the_only_account_is_taken_and_named() {
    let test = two_accounts().args(["logout", "openai", "--account", "home"]);
    let test = test.stdout("signed out of `openai` (`https://api.openai.com`, account `home`)\n").success();
    let only = "warning: using account `work` of `openai`, the only one\n";
    let test = test.args(["print", "openai"]).stdout(&format!("{SECRET}\n")).stderr(only).success();
    let test = test.args(["print", "openai:work"]).stdout(&format!("{SECRET}\n")).success();
    test.args(["status", "openai"])
        .stdout("PROVIDER  SIGNED IN  ACCOUNT  KEPT BY  PROTECTED BY\nopenai    yes        work     age      encrypted file\nage: encrypted file, identity ~/.local/share/modelforge-credential/identity.txt\nage: identity protection: unprotected\n")
        .success();
}

#[test]
fn the_default_account_is_found_behind_a_helper_that_has_only_others() {
    let first =
        "[ $1 = get ] && { grep -qx username=default && exit 0; printf 'username=work\\npassword=key-for-tests\\n'; }";
    let test = Test::new().script("first", &format!("{first}; exit 0")).helpers("first\nage");
    let test = test.args(["login", "openai", "--helper", "age"]).stdin(SECRET);
    let test = test.stdout(&format!("signed in to `openai`: {BY_AGE}\n")).success();
    test.args(["print", "openai"]).stdout(&format!("{SECRET}\n")).success();
}

#[test]
fn an_account_is_named_in_the_same_two_ways_everywhere() {
    let mut test = age();
    for (name, words) in [("login", vec![]), ("print", vec![]), ("env", vec![]), ("status", vec![]), ("logout", vec![])]
        .into_iter()
        .chain([("exec", vec!["--", "true"])])
    {
        let both = [vec![name, "openai:work", "--account", "work"], words.clone()].concat();
        let differ = "error: `--account` and the account after the `:` differ\nhint: leave one of them out\n";
        let twice = [vec![name, "openai:work", "--account", "home"], words.clone()].concat();
        if !matches!(name, "env" | "exec") {
            test = test.args(&twice).stdin("sk-work").stderr(differ).failure();
        }
        test = test.args(["login", "openai:work", "--force"]).stdin("sk-work").any_stderr().any_stdout();
        test = test.success().args(&both).stdin("sk-work").any_stderr();
        assert!(test.output().status.success(), "{both:?}");
        let option = [vec![name, "openai", "--account", "work"], words].concat();
        test = test.args(&option).stdin("sk-work").any_stderr();
        assert!(test.output().status.success(), "{option:?}");
    }
}

#[test]
fn the_name_of_an_account_is_a_name() {
    let empty = "error: the name of an account is empty\nhint: leave out --account for the usual one\n";
    for command in ["login", "logout"] {
        let test = age().args([command, "openai", "--account", ""]).stdin(SECRET).stderr(empty).failure();
        test.args([command, "openai", "--account", "a\nb"])
            .stdin(SECRET)
            .stderr("error: `username` has a line break or a NUL\n")
            .failure();
    }
    let test = age().args(["login", "openai", "--account", "a\u{1b}[2J\u{202e}"]).stdin(SECRET);
    test.stdout(&format!("signed in to `openai` as `a\\u{{1b}}[2J\\u{{202e}}`: {BY_AGE}\n")).success();
}

#[test]
fn a_hint_names_the_account_that_the_key_was_for() {
    let refused = "error: this cannot be a key for `openai`: it has quotation marks around it\n\
                   hint: modelforge-credential login openai --account test --unchecked  # to store it anyway\n";
    let test = Test::new().helpers("age").args(["login", "openai:test"]);
    test.stdin(format!("\"{SECRET}\"")).stderr(refused).failure();
}
