//! Several accounts of one provider.

use super::{BY_AGE, age};
use crate::support::{SECRET, Test};

fn two_accounts() -> Test {
    let test = age().args(["login", "openai", "--account", "work"]).stdin(SECRET);
    let test = test.stdout(&format!("signed in to `openai` as `work`: {BY_AGE}\n")).success();
    let test = test.args(["login", "openai", "--account", "home"]).stdin("sk-home");
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
    let test = account_is(test, "provider=openai\nusername=home\n", "home", "sk-home");
    let test = test.config("[provider.openai]\naccount = 'work'");
    let test = account_is(test, "provider=openai\n", "work", SECRET);
    let test = account_is(test, "provider=openai\nusername=home\n", "home", "sk-home");
    let already = format!("already signed in to `openai` as `work`: {BY_AGE}; `--force` replaces it\n");
    let test = test.args(["login", "openai"]).stdout(&already).success();
    let test = test.args(["login", "openai", "--force"]).stdin("sk-work-2");
    let test = test.stdout(&format!("signed in to `openai` as `work`: {BY_AGE}\n")).success();
    account_is(test, "provider=openai\nusername=work\n", "work", "sk-work-2");
}

#[test]
fn which_of_several_accounts_is_meant_is_not_guessed() {
    let several = |command| {
        format!(
            "error: `openai` has several accounts: `home`, `work`\n\
             hint: modelforge-credential {command} openai --account NAME\n"
        )
    };
    let test = two_accounts().args(["logout", "openai"]).stderr(&several("logout")).failure();
    let test = test.args(["login", "openai", "--force"]).stdin(SECRET).stderr(&several("login")).failure();
    let test = test.args(["logout", "openai", "--account", "home"]);
    let test = test.stdout("signed out of `openai` (`https://api.openai.com`, account `home`)\n").success();
    let test = test.args(["login", "openai"]);
    let already = format!("already signed in to `openai` as `work`: {BY_AGE}; `--force` replaces it\n");
    let test = test.stdout(&already).success();
    // The only one there is, is the one that is replaced.
    let test = test.args(["login", "openai", "--force"]).stdin("sk-work-2");
    let test = test.stdout(&format!("signed in to `openai` as `work`: {BY_AGE}\n")).success();
    account_is(test, "provider=openai\n", "work", "sk-work-2");
}

#[test]
fn the_name_of_an_account_is_a_name() {
    let empty = "error: the name of an account is empty\nhint: leave out --account for the usual one\n";
    for command in ["login", "logout"] {
        let test = age().args([command, "openai", "--account", ""]).stdin(SECRET).stderr(empty).failure();
        test.args([command, "openai", "--account", "a\nb"])
            .stdin(SECRET)
            .stderr("error: `username` holds a line break or a NUL\n")
            .failure();
    }
    let test = age().args(["login", "openai", "--account", "a\u{1b}[2J\u{202e}"]).stdin(SECRET);
    test.stdout(&format!("signed in to `openai` as `a\\u{{1b}}[2J\\u{{202e}}`: {BY_AGE}\n")).success();
}
