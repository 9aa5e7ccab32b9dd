//! `--json`, the exit status, and ModelForge's own spelling.

use super::{COPILOT, assert_told, shelf, signed_in, status, told};
use crate::support::{SECRET, Test};

#[test]
fn json_has_the_documented_shape() {
    let test = signed_in(Test::new().helpers("env\nage\nfails"), "openai", "default").env("OPENAI_API_KEY", SECRET);
    let ended = format!("password={SECRET}\npassword_expiry_utc=1000\nscope=read:user\noauth_refresh_token={SECRET}");
    let test = shelf(test, "token", COPILOT, &ended).script("fails", "echo 'error: it is locked' >&2; exit 1");
    let test = status(test.helpers("env\nage\ntoken\nfails").config("[provider.ollama]"), &["--json"]);
    assert_told("json", told(&test));
    let report: serde_json::Value = serde_json::from_slice(&test.output().stdout).expect("it is JSON");
    assert_eq!(report["version"], 1);
    let keys =
        |value: &serde_json::Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(keys(&report), "failed providers version");
    for provider in report["providers"].as_array().expect("a list") {
        assert_eq!(keys(provider), "account copies provider sign_in signed_in url");
    }
    // Every field that it can have, and no other, is described.
    let documented = include_str!("../../docs/json.md");
    let test = status(test, &["--json", "-v"]);
    let report: serde_json::Value = serde_json::from_slice(&test.output().stdout).expect("it is JSON");
    for copy in report["providers"].as_array().into_iter().flatten().flat_map(|row| row["copies"].as_array()).flatten()
    {
        for key in copy.as_object().expect("an object").keys() {
            assert!(documented.contains(&format!("`{key}`")), "{key} is not documented");
        }
    }
}

#[test]
fn json_is_json_where_there_is_nothing_as_well() {
    let test = status(Test::new().helpers(""), &["--json"]);
    assert_eq!(told(&test), "{\n  \"version\": 1,\n  \"providers\": [],\n  \"failed\": []\n}\n[0]");
}

#[test]
fn the_exit_status_for_a_named_provider_says_whether_one_is_signed_in() {
    let test = status(Test::new().helpers("env\nage"), &["openai"]);
    let not_yet = "PROVIDER  SIGNED IN\nopenai    no\n! error: not signed in to `openai`\n! hint: modelforge-credential login openai\n[1]";
    assert_eq!(told(&test), not_yet);
    let test = status(test, &["ollama"]);
    assert_eq!(told(&test), "PROVIDER  SIGNED IN\nollama    not needed\n[0]");
    let test = status(test.env("OPENAI_API_KEY", SECRET), &["openai"]);
    assert!(told(&test).ends_with("\n[0]"));
    let test = status(test, &["nobody"]);
    assert!(told(&test).starts_with("! error: unknown provider `nobody`\n"));
}

#[test]
fn modelforges_spelling_means_the_same() {
    let test = signed_in(Test::new().helpers("age"), "openai", "default");
    let table = told(&status(test, &["openai"]));
    let test = signed_in(Test::new().helpers("age"), "openai", "default");
    for words in
        [&["status", "--provider", "OpenAI"][..], &["auth", "status", "--provider", "openai"], &["auth", "status"]]
    {
        let test = signed_in(Test::new().helpers("age"), "openai", "default").args(words);
        assert_eq!(told(&test), table, "{words:?}");
    }
    let test = test.args(["auth", "status", "--verbose"]);
    assert!(told(&test).contains("ends in …4b1f"));
}
