//! `status`: the table, its JSON, how many processes it needs, and what it never shows.

mod json;
mod keyring;
mod modelforge;
mod place;
#[cfg(unix)]
mod terminal;
mod trouble;
mod verbose;

use std::time::{SystemTime, UNIX_EPOCH};

use crate::login::keeper;
use crate::support::{SECRET, Test, as_elsewhere};

/// The output of a run, its remarks, and its end; times and folders masked.
#[track_caller]
pub fn told(test: &Test) -> String {
    let output = test.output();
    let text = |bytes: &[u8]| {
        let text = test.text(bytes).replace(&*test.home().to_string_lossy(), "~");
        text.replace(&as_elsewhere(test.bin().display().to_string()), "TEST")
    };
    let said: String = text(&output.stderr).lines().map(|line| format!("! {line}\n")).collect();
    format!("{}{said}[{}]", text(&output.stdout), output.status.code().unwrap_or(-1))
}

fn assert_told(name: &str, told: String) {
    insta::with_settings!({ filters => vec![
        (r"set \d+ seconds? ago", "set N seconds ago"),
        (r#""created_utc": \d+"#, r#""created_utc": N"#),
    ] }, { insta::assert_snapshot!(name, told) });
}

fn status(test: Test, arguments: &[&str]) -> Test {
    test.args([&["status"], arguments].concat())
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs()
}

/// A helper that holds these credentials: what it lists, each line ended by `;` for an empty one, and what it gets.
fn shelf(test: Test, name: &str, lists: &str, gets: &str) -> Test {
    let (count, log) = (lists.split(";\n").count(), test.home().join(format!("{name}.log")));
    let lists = lists.replace(";\n", "\n\n");
    let body = format!(
        "echo \"$1\" >> '{}'\ncase $1 in\nlist) printf '%s\\n\\ncount={count}\\n' '{lists}';;\nget) printf '%s\\n' '{gets}';;\nesac; exit 0",
        log.display()
    );
    test.script(name, &body)
}

const OPENAI: &str = "protocol=https\nhost=api.openai.com\nusername=default";
const COPILOT: &str = "protocol=https\nhost=api.githubcopilot.com\nusername=default";

fn signed_in(test: Test, provider: &str, account: &str) -> Test {
    let test = test.args(["login", provider, "--account", account]).stdin(format!("{SECRET}\n"));
    let output = test.any_stderr();
    assert!(output.output().status.success());
    output
}

#[test]
fn where_nothing_is_kept_it_says_so() {
    let test = status(Test::new().helpers("env\nage"), &[]);
    assert_eq!(told(&test), "no provider is signed in, and none is configured\n[0]");
    let test = status(test, &["--account", "work"]);
    assert_eq!(told(&test), "no provider is signed in as `work`\n[0]");
}

#[test]
fn one_key_in_age_is_one_line() {
    let test = signed_in(Test::new().helpers("env\nage"), "openai", "default");
    assert_told("one_key", told(&status(test, &[])));
}

#[test]
fn what_is_shadowed_is_said_and_with_verbose_every_copy_is_a_line() {
    let test = signed_in(Test::new().helpers("env\nage"), "openai", "default").env("OPENAI_API_KEY", SECRET);
    let test = status(test, &[]);
    assert_told("shadowed", told(&test));
    assert_told("shadowed_verbose", told(&status(test, &["--verbose"])));
}

#[test]
fn each_account_is_a_line_and_one_can_be_asked_for() {
    let test = signed_in(signed_in(Test::new().helpers("age"), "openai", "work"), "openai", "home");
    let test = status(test, &[]);
    assert_told("two_accounts", told(&test));
    let test = status(test, &["openai", "--account", "work"]);
    assert_told("one_of_two_accounts", told(&test));
    let test = status(test, &["openai", "--account", "else where"]);
    assert_told("no_such_account", told(&test));
    assert_told("one_account_of_all", told(&status(test, &["--account", "home"])));
}

#[test]
fn how_long_a_token_lasts_is_said_in_its_largest_unit() {
    for (left, shown) in [
        (3 * 86400 + 30, "3 days"),
        (86400 + 30, "1 day"),
        (7200 + 30, "2 hours"),
        (130, "2 minutes"),
        (20, "19 seconds"),
    ] {
        let token = format!("password={SECRET}\npassword_expiry_utc={}\nscope=read:user", now() + left);
        let test = status(shelf(Test::new(), "one", COPILOT, &token).helpers("one"), &["copilot"]);
        let told = told(&test);
        assert!(
            told.ends_with(&format!("  in {shown}\n[0]")) || shown == "19 seconds" && told.contains(" seconds\n"),
            "{told}"
        );
    }
}

#[test]
fn a_token_that_ended_is_signed_in_only_if_it_can_be_renewed() {
    let ended = format!("password={SECRET}\npassword_expiry_utc={}", now() - 3 * 86400 - 5);
    let test = status(shelf(Test::new(), "one", COPILOT, &ended).helpers("one"), &["github-copilot"]);
    assert_told("expired", told(&test));
    let renewable = format!("{ended}\noauth_refresh_token={SECRET}");
    let test = status(shelf(test, "one", COPILOT, &renewable), &["github-copilot"]);
    assert_told("expired_and_renewable", told(&test));
}

#[test]
fn a_copy_that_ended_does_not_hide_the_one_that_answers() {
    let ended = format!("password={SECRET}\npassword_expiry_utc=1");
    let test = shelf(shelf(Test::new(), "one", COPILOT, &ended), "two", COPILOT, &format!("password={SECRET}"));
    let test = test.helpers("one\ntwo");
    assert_told("expired_and_another", told(&status(test, &[])));
}

#[test]
fn a_provider_that_is_configured_is_shown_though_nobody_is_signed_in() {
    let test = Test::new().helpers("age").config(
        "[provider.ours]\nurl = 'https://llm.example/v1'\n[provider.ollama]\n[provider.openai]\naccount = 'work'",
    );
    assert_told("configured", told(&status(test, &[])));
}

#[test]
fn an_alias_in_modelforges_file_is_no_second_provider() {
    let file = r#"{"providers": {"claude": {"base_url": "https://api.anthropic.com", "auth_strategy": "api_key"},
                   "anthropic": {"base_url": "https://api.anthropic.com", "auth_strategy": "api_key"}}}"#;
    let test = signed_in(Test::new().helpers("age"), "openai", "default").file(".config/model-forge/config.json", file);
    assert_told("alias", told(&status(test, &[])));
}

#[test]
fn a_provider_that_is_declared_wrongly_is_named_and_the_others_are_shown() {
    let file = format!(
        r#"{{"providers": {{"ours": {{"auth_strategy": "api_key", "auth_data": {{"api_key": "{SECRET}"}}}}}}}}"#
    );
    let test = signed_in(Test::new().helpers("age"), "openai", "default").file(".config/model-forge/config.json", file);
    assert_told("declared_wrongly", told(&status(test, &[])));
}

#[test]
fn a_provider_with_helpers_of_its_own_is_looked_for_there() {
    let test = keeper(keeper(Test::new(), "one", ""), "two", "");
    let test = test.config("helpers = ['one']\n[provider.openai]\nhelpers = ['two']");
    let test = signed_in(signed_in(test, "openai", "default"), "groq", "default");
    let test = status(test, &[]);
    assert_told("helpers_of_its_own", told(&test));
    let test = test.args(["logout", "--all", "--yes"]).any_stderr();
    assert_told("helpers_of_its_own_logout", told(&test));
    assert_eq!(told(&test.args(["logout", "--all"])), "there was nothing to sign out of\n[0]");
}
