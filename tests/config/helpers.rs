//! The entries of the chain, in the file and in the variable.

use super::{get, told};
use crate::support::{Test, as_elsewhere};

#[test]
fn an_entry_is_split_into_words_and_home_is_expanded() {
    let test = told(Test::new(), "one").config(r#"helpers = ['one --identity ~/.ssh/id "a  b" c\ d ""']"#);
    let home = as_elsewhere(test.home().display().to_string());
    let said = get(test, "openai").output();
    let said = as_elsewhere(String::from_utf8_lossy(&said.stderr).into_owned());
    // On Windows a backslash is a part of a path.
    let last = if cfg!(windows) { "c/ d" } else { "c d" };
    assert_eq!(said.lines().next(), Some(format!("one --identity {home}/.ssh/id a  b {last}  get").as_str()));
}

#[test]
fn an_absolute_path_is_a_helper() {
    let test = told(Test::new(), "one");
    let path = test.bin().join("modelforge-credential-one").display().to_string();
    let test = test.config(&format!("helpers = ['{path} x']"));
    get(test, "openai").stderr("one x get\nprotocol=https\nhost=api.openai.com\nprovider=openai\n").success();
}

#[test]
fn a_command_is_a_program_and_its_arguments_and_may_have_a_time_limit() {
    let test = Test::new().config("helpers = [{ command = ['sh', '-c', 'sleep 20'], timeout = '200ms' }]");
    get(test, "openai")
        .stderr(
            "warning: helper `sh -c sleep 20` failed: it did not answer within 0.2 s and was stopped\n\
             error: no credential for `openai` (`https://api.openai.com`); some helpers could not be queried\n",
        )
        .failure();
    let test = Test::new().config("helpers = [{ command = ['sh', '-c', 'echo password=$0', 'a b'] }]");
    get(test, "openai")
        .stdout("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword=a b\n")
        .success();
}

#[test]
fn the_variable_replaces_the_configured_chain_also_that_of_a_provider() {
    let config = "helpers = ['one']\n[provider.openai]\nhelpers = ['two']\n";
    let test = told(told(told(Test::new(), "one"), "two"), "three").config(config);
    let asked = |name: &str, host: &str, provider: &str| {
        format!("{name} get\nprotocol=https\nhost={host}\nprovider={provider}\n")
    };
    let (openai, groq) = (("api.openai.com", "openai"), ("api.groq.com", "groq"));
    let test = get(test, "openai").stderr(&asked("two", openai.0, openai.1)).success();
    let test = get(test, "groq").stderr(&asked("one", groq.0, groq.1)).success();
    let test = get(test.helpers("three"), "openai").stderr(&asked("three", openai.0, openai.1)).success();
    // An empty entry resets what came before it, as in git; an empty list is one.
    let test = get(test.helpers("one\n\nthree"), "groq").stderr(&asked("three", groq.0, groq.1)).success();
    let test = get(test.helpers("one\n\n"), "groq").success();
    let test = get(test.helpers(""), "groq").success();
    get(test.helpers("one\nthree\n"), "groq")
        .stderr(&(asked("one", groq.0, groq.1) + &asked("three", groq.0, groq.1)))
        .success();
}

#[test]
fn a_mistake_in_the_variable_is_named() {
    for (entries, problem) in [
        ("../x", "a helper is a name (lower-case letters, digits, `-`) or an absolute path"),
        ("age 'x", "a quotation mark is not closed"),
        ("!sh -c x", "a helper is a name (lower-case letters, digits, `-`) or an absolute path"),
    ] {
        let test = Test::new().helpers(entries);
        get(test, "openai").stderr(&format!("error: MODELFORGE_CREDENTIAL_HELPERS: {problem}\n")).failure();
    }
}

#[test]
fn two_helpers_in_one_entry_are_told_apart() {
    let hint = "hint: one entry a line: export MODELFORGE_CREDENTIAL_HELPERS=\"$(printf 'env\\nage')\"\n";
    for (entries, problem) in [
        ("env age", "`env` and `age` are two helpers in one entry"),
        ("env,age", "a helper is a name (lower-case letters, digits, `-`) or an absolute path"),
    ] {
        let test = Test::new().helpers(entries);
        get(test, "openai").stderr(&format!("error: MODELFORGE_CREDENTIAL_HELPERS: {problem}\n{hint}")).failure();
    }
}

/// On Windows no test has a git.
#[cfg(unix)]
#[test]
fn a_helper_of_gits_is_one_text_as_well() {
    let stored = "https://default:sk-1@api.openai.com\n";
    let test = Test::new().file(".git-credentials", stored).config("helpers = ['git credential-store']");
    let answer = "protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword=sk-1\n";
    get(get(test, "openai").stdout(answer).success().helpers("git credential-store"), "openai")
        .stdout(answer)
        .success();
}
