//! Signing out: everything is erased, the result is checked, and helpers that could not be asked are named.

use crate::login::{asked, keeper, kept};
#[cfg(unix)]
use crate::prompt::Session;
use crate::support::{SECRET, Test};

const NAME: &str = "`openai` (`https://api.openai.com`)";

fn left(problem: &str) -> String {
    format!("warning: {problem}\nerror: a helper failed to delete the credential for {NAME}; it may still have it\n")
}

/// Puts the key into each helper.
fn in_each(mut test: Test, names: &[&str]) -> Test {
    for name in names {
        let text =
            format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={SECRET}\n");
        test = test.helpers(name);
        std::fs::write(test.home().join(format!("{name}.kept")), text).expect("it can be written");
    }
    test.helpers(&names.join("\n"))
}

#[test]
fn a_credential_is_erased_in_every_helper_and_looked_for_afterwards() {
    let test = keeper(keeper(Test::new(), "one", ""), "two", "");
    let test = in_each(test, &["one", "two"]).args(["logout", "openai"]);
    let test = test.stdout(&format!("signed out of {NAME}\n")).success();
    assert_eq!((&*kept(&test, "one"), &*kept(&test, "two")), ("", ""));
    assert_eq!((&*asked(&test, "one"), &*asked(&test, "two")), ("list erase get", "list erase get"));
}

#[test]
fn modelforges_spelling_means_the_same() {
    for words in [
        &["auth", "logout", "--provider", "OpenAI"][..],
        &["auth", "logout", "--all-providers", "--yes"],
        &["logout", "--all", "-y"],
    ] {
        let test = in_each(keeper(Test::new(), "one", ""), &["one"]).args(words);
        let test = test.stdout(&format!("signed out of {NAME}\n")).success();
        assert_eq!(kept(&test, "one"), "", "{words:?}");
    }
    let test = Test::new().helpers("").args(["auth", "logout"]);
    test.stderr("error: `logout` needs a provider\nhint: modelforge-credential logout openai\n").status(2);
}

#[test]
fn a_helper_that_fails_to_erase_is_named_and_the_others_are_cleared() {
    let fails = "[ $1 = erase ] && { echo 'error: it is read-only' >&2; exit 1; }";
    let test = keeper(keeper(Test::new(), "one", fails), "two", "");
    let test = in_each(test, &["one", "two"]).args(["logout", "openai"]);
    let failed =
        "helper `one` failed: it is read-only\nwarning: helper `one` still returns the credential after `erase`";
    let test = test.stderr(&left(failed)).failure();
    assert_eq!((&*kept(&test, "one"), &*kept(&test, "two")), (SECRET, ""));
}

#[test]
fn a_helper_that_says_it_erased_and_did_not_is_named() {
    let test = in_each(keeper(Test::new(), "one", "[ $1 = erase ] && exit 0"), &["one"]);
    let problem = "helper `one` still returns the credential after `erase`";
    let test = test.args(["logout", "openai"]).stderr(&left(problem)).failure();
    test.args(["logout", "--all", "--yes"])
        .stderr(&format!("warning: {problem}\nerror: some credentials could not be deleted\n"))
        .failure();
}

#[test]
fn a_helper_that_cannot_say_whether_it_is_gone_is_named() {
    let test = in_each(keeper(Test::new(), "one", "[ $1 = get ] && { echo 'error: busy' >&2; exit 1; }"), &["one"]);
    let problem = "helper `one` cannot tell whether the credential was deleted: busy";
    test.args(["logout", "openai"]).stderr(&left(problem)).failure();
}

#[test]
fn a_helper_that_fails_at_everything_is_named_once() {
    let test = Test::new().script("one", "echo 'error: it is locked' >&2; exit 1").helpers("one\nabsent");
    let failed = "helper `one` failed: it is locked\n\
                  warning: helper `absent` failed: helper `absent` is not installed beside the program or on PATH\n\
                  hint: put a program named modelforge-credential-absent on PATH";
    test.args(["logout", "openai"]).stderr(&left(failed)).failure();
}

#[test]
fn a_helper_that_cannot_list_may_hold_more_and_is_named() {
    let mute = "[ $1 = list ] && exit 0; [ $1 = get ] && ! grep -qx host=api.openai.com && exit 0";
    let test = in_each(keeper(keeper(Test::new(), "one", mute), "two", ""), &["one", "two"]);
    let test = test.args(["logout", "--all", "--yes"]).stdout(&format!("signed out of {NAME}\n")).stderr(
        "warning: helper `one` cannot list its credentials, so it may have others\nerror: some credentials could not be deleted\n",
    );
    let test = test.failure();
    // The account that the other named was erased in both.
    assert_eq!((&*kept(&test, "one"), &*kept(&test, "two")), ("", ""));
    // Its key for a provider is found by asking for it.
    let test = in_each(test, &["one"]).args(["logout", "--all", "--yes"]).any_stderr();
    let test = test.stdout(&format!("signed out of {NAME}\n")).failure();
    assert_eq!(kept(&test, "one"), "");
    let test = in_each(test, &["one"]).args(["logout", "openai"]);
    test.stdout(&format!("signed out of {NAME}\n")).success();
}

#[test]
fn a_helper_whose_list_fails_may_hold_more_and_is_named() {
    let test = Test::new().script("one", "[ $1 = list ] && { echo 'error: it is locked' >&2; exit 1; }; exit 0");
    test.helpers("one")
        .args(["logout", "--all"])
        .stdout("there was nothing to sign out of\n")
        .stderr("warning: helper `one` failed: it is locked\nerror: some credentials could not be deleted\n")
        .failure();
}

#[test]
fn a_variable_cannot_be_erased_and_is_named_with_the_way_out() {
    let set = format!(
        "warning: the environment variable `OPENAI_API_KEY` still has a key for {NAME}\nhint: unset OPENAI_API_KEY\n"
    );
    let test = in_each(keeper(Test::new(), "one", ""), &["one"]).helpers("env\none").env("OPENAI_API_KEY", SECRET);
    let nothing = format!("nothing was stored for {NAME}\n");
    let test = test.args(["logout", "openai"]).stdout(&nothing).stderr(&set).success();
    let test = test.args(["logout", "--all"]).stdout("there was nothing to sign out of\n").stderr(&set).success();
    // It belongs to no account.
    let test = test.helpers("env\nage").args(["login", "openai", "--account", "work", "--force"]).stdin(SECRET);
    assert!(test.output().status.success());
    let account = "`openai` (`https://api.openai.com`, account `work`)";
    let test = test.args(["logout", "openai"]).stdin("").stdout(&format!("signed out of {account}\n"));
    test.stderr(&set.replace(NAME, account)).success();
}

#[test]
fn yes_is_understood_and_means_no_more_than_what_was_said() {
    let mut test = Test::new().helpers("age");
    for name in ["openai", "mistral"] {
        test = test.args(["approve"]).stdin(format!("provider={name}\npassword={SECRET}\n")).success();
    }
    let test = test.args(["logout", "openai", "--yes"]).stdin("").stdout(&format!("signed out of {NAME}\n")).success();
    let test = test.args(["print", "mistral"]).stdout(&format!("{SECRET}\n")).success();
    test.args(["auth", "logout", "--all-providers", "--yes"])
        .stdout("signed out of `mistral` (`https://api.mistral.ai`)\n")
        .success();
}

#[test]
fn what_is_not_a_providers_stays() {
    let test = Test::new().helpers("age");
    let other = "protocol=https\nhost=github.com\nusername=ann\n";
    let test = test.args(["approve"]).stdin(format!("{other}password={SECRET}\n")).success();
    let mut test = test
        .args(["approve"])
        .stdin("protocol=https\nhost=git.example\npath=a/b\nusername=ann\npassword=p\n")
        .success();
    for (provider, account) in [("openai", "default"), ("openai", "work"), ("google", "default")] {
        let login = test.args(["login", provider, "--account", account]).stdin(SECRET).any_stderr();
        assert!(login.output().status.success());
        test = login;
    }
    let test = test.args(["logout", "--all", "--yes"]).stdin("").stdout(
        "signed out of `google` (`https://generativelanguage.googleapis.com`)\n\
         signed out of `openai` (`https://api.openai.com`)\n\
         signed out of `openai` (`https://api.openai.com`, account `work`)\n\
         not touched, because they belong to no provider: `https://git.example/a/b`, `https://github.com` \
         (`modelforge-credential logout URL` deletes one)\n",
    );
    let test = test.any_stderr().success();
    let test = test.args(["get"]).stdin(other).stdout(&format!("{other}password={SECRET}\n")).success();
    let test = test.args(["get"]).stdin("protocol=https\nhost=git.example\npath=a/b\n");
    let test = test.stdout("protocol=https\nhost=git.example\npath=a/b\nusername=ann\npassword=p\n").success();
    let nothing = "there was nothing to sign out of\n\
                   not touched, because they belong to no provider: `https://git.example/a/b`, `https://github.com` \
                   (`modelforge-credential logout URL` deletes one)\n";
    test.args(["logout", "--all"]).stdout(nothing).success();
}

#[test]
fn only_the_account_that_was_named_goes() {
    let mut test = Test::new().helpers("age");
    for account in ["work", "home"] {
        let login = test.args(["login", "openai", "--account", account]).stdin(SECRET);
        assert!(login.output().status.success());
        test = login;
    }
    // The configured one is the one that is meant.
    let test = test.config("[provider.openai]\naccount = 'home'").args(["logout", "openai"]).stdin("");
    let test = test.stdout("signed out of `openai` (`https://api.openai.com`, account `home`)\n").success();
    let found = format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=work\npassword={SECRET}\n");
    test.args(["get"]).stdin("provider=openai\nusername=work\n").stdout(&found).success();
}

#[test]
fn what_was_never_stored_is_not_said_to_be_gone() {
    let test = Test::new().helpers("env\nage");
    let test = test.args(["logout", "openai"]).stdout(&format!("nothing was stored for {NAME}\n")).success();
    let test = test.args(["logout", "--all"]).stdout("there was nothing to sign out of\n").success();
    test.args(["logout", "ollama"]).stdout("nothing was stored for `ollama` (`http://localhost:11434`)\n").success();
}

#[cfg(unix)]
#[test]
fn a_locked_helper_is_erased_from_with_the_persons_help() {
    let locked = "[ $1 = erase ] && [ \"$MODELFORGE_CREDENTIAL_INTERACTIVE\" != 1 ] && { echo 'error: it is locked' >&2; exit 1; }";
    let test = in_each(keeper(Test::new(), "one", locked), &["one"]).env("MODELFORGE_CREDENTIAL_INTERACTIVE", "");
    let test = test.args(["logout", "openai"]);
    let (status, answer, shown) = Session::typed(&test).end();
    assert_eq!((status.code(), &*answer, &*shown), (Some(0), &*format!("signed out of {NAME}\n"), ""));
    assert_eq!(kept(&test, "one"), "");
}

/// The key goes through pipes: while every helper waits, no process has it among its arguments or in its environment.
#[cfg(target_os = "linux")]
#[test]
fn no_process_shows_the_key_while_a_sign_in_runs() {
    let slow = "case $1 in store|get) sleep 1;; esac";
    let test = keeper(Test::new(), "one", slow).helpers("one").env("MODELFORGE_CREDENTIAL_TRACE", "1");
    // One that no other test has: they set variables on purpose.
    let key = format!("{SECRET}-of-this-test");
    let test = test.args(["login", "openai", "--force"]).stdin(&key);
    let (shows, seen) = std::thread::scope(|scope| {
        let run = scope.spawn(|| test.output());
        let (mut shows, mut seen) = (Vec::new(), false);
        while !run.is_finished() {
            for entry in std::fs::read_dir("/proc").expect("processes").flatten() {
                for name in ["cmdline", "environ"] {
                    let text = std::fs::read(entry.path().join(name)).unwrap_or_default();
                    let holds = |part: &str| text.windows(part.len()).any(|window| window == part.as_bytes());
                    seen |= holds("modelforge-credential-one\0store") && holds(&test.bin().to_string_lossy());
                    if holds(&key) {
                        shows.push(entry.path().join(name));
                    }
                }
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        assert!(run.join().expect("it ends").status.success());
        (shows, seen)
    });
    assert!(seen, "it looked too late");
    assert!(shows.is_empty(), "{shows:?}");
}

#[test]
fn the_trace_of_every_command_is_without_the_key() {
    let mut test = keeper(Test::new(), "one", "").helpers("env\none\nage").env("MODELFORGE_CREDENTIAL_TRACE", "1");
    for words in [
        &["login", "openai", "-v"][..],
        &["login", "openai", "--account", "work", "--force", "--helper", "age"],
        &["status", "-v"],
        &["status", "--json"],
        &["list"],
        &["logout", "openai", "--account", "work"],
        &["logout", "--all", "--yes"],
    ] {
        test = test.args(words).stdin(SECRET);
        let output = test.output();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && said.contains("trace: "), "{words:?}: {said}");
        assert!(!String::from_utf8_lossy(&output.stdout).contains(SECRET), "{words:?}");
    }
}

#[cfg(unix)]
#[test]
fn everything_is_deleted_only_after_a_yes() {
    let test = in_each(keeper(Test::new(), "one", ""), &["one"]).args(["logout", "--all"]);
    let refused = "error: cannot ask whether to delete 1 credential: there is no terminal\n\
                   hint: modelforge-credential logout --all --yes\n";
    let test = test.stderr(refused).failure();
    assert_eq!(kept(&test, "one"), SECRET);
    let test = test.env("MODELFORGE_CREDENTIAL_INTERACTIVE", "").args(["logout", "--all"]);
    let question = "delete all these? [y/N] ";
    let mut session = Session::bare(&test);
    session.expect(&format!("  {NAME}"));
    session.expect(question);
    session.types("\r");
    let (status, _, shown) = session.end();
    assert!(status.success() && shown.contains("nothing was changed"), "{shown}");
    assert_eq!(kept(&test, "one"), SECRET);
    let mut session = Session::bare(&test);
    session.expect(question);
    session.types("y\r");
    let (status, _, shown) = session.end();
    assert!(status.success() && shown.contains(&format!("signed out of {NAME}")), "{shown}");
    assert_eq!(kept(&test, "one"), "");
}

#[cfg(unix)]
#[test]
fn a_person_is_told_what_reject_and_erase_have_deleted() {
    for operation in ["reject", "erase"] {
        let test = in_each(keeper(Test::new(), "one", ""), &["one"]).env("MODELFORGE_CREDENTIAL_INTERACTIVE", "");
        let test = test.args([operation]);
        let (status, answer, shown) = Session::start(&test, "provider=openai\n").end();
        assert!(status.success() && answer.is_empty(), "{shown}");
        assert_eq!(shown, format!("deleted the credential for {NAME}\r\n"));
        let (_, _, shown) = Session::start(&test, "provider=openai\n").end();
        assert_eq!(shown, format!("deleted nothing for {NAME}\r\n"));
        // A program that asks hears nothing.
        let test = in_each(test, &["one"]).args([operation]).stdin("provider=openai\n").success();
        assert_eq!(asked(&test, "one").matches("list").count(), 4);
    }
}

#[test]
fn asking_for_more_than_one_provider_is_needed_to_leave_for_good() {
    let wrong = "error: `--purge` deletes everything, so it needs `--all`\n\
                 hint: modelforge-credential logout --all --purge\n";
    Test::new().helpers("age").args(["logout", "--purge"]).stderr(wrong).status(2);
}

#[test]
fn the_log_says_that_there_was_nothing_to_sign_out_of() {
    let test = Test::new().helpers("age").args(["logout", "groq"]);
    let test =
        test.stdout("nothing was stored for `groq` (`https://api.groq.com`)\n").success().args(["audit", "--json"]);
    let output = test.any_stdout().output();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("\"nothing to erase\"") && !said.contains("\"erased\""), "{said}");
}

/// With a start for each account, `age` read the folder of a host as often as that has accounts.
#[test]
fn more_accounts_cost_no_further_start_of_a_helper() {
    let starts = |accounts: usize| {
        let mut test = Test::new().counting("counted", "modelforge-credential-age").helpers("counted");
        for account in 0..accounts {
            let request = format!("provider=openai\nusername=account{account}\npassword={SECRET}\n");
            test = test.args(["store"]).stdin(request).success();
        }
        test.starts();
        let signed_out = |n| format!("signed out of `openai` (`https://api.openai.com`, account `account{n}`)\n");
        let said: String = (0..accounts).map(signed_out).collect();
        test.args(["logout", "--all", "--yes"]).stdout(&said).success().starts()
    };
    let many = starts(9);
    assert_eq!(starts(2), many);
    let each = ["counted erase-each", "counted get-each"].map(|operation| many.get(operation));
    assert_eq!(each, [Some(&1), Some(&1)], "{many:?}");
}
