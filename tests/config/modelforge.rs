//! Providers that are defined in ModelForge's own file.

use super::get;
use crate::support::{SECRET, Test};

const MODELFORGE: &str = ".config/model-forge/config.json";

fn defined(body: &str) -> Test {
    Test::new().helpers("env").file(MODELFORGE, format!(r#"{{"providers": {{"my-llm": {body}}}}}"#))
}

#[test]
fn a_provider_that_modelforge_defines_is_known_here() {
    let test = defined(r#"{"llm_type": "openai", "base_url": "https://llm.example/v1", "auth_strategy": "api_key"}"#);
    let test = test.env("MODELFORGE_MY_LLM_API_KEY", SECRET);
    let found = format!("protocol=https\nhost=llm.example\nprovider=my_llm\nusername=default\npassword={SECRET}\n");
    let test = get(test, "my-llm").stdout(&found).success();
    let test = get(test, "MY_LLM").stdout(&found).success();
    let test = test.args(["get"]).stdin("url=https://llm.example/v1\n").stdout(&found).success();
    // The user's own configuration overrides it, but not where ModelForge sends what is in its own variable.
    let config = "[provider.my_llm]\nurl = 'https://other.example'\nenv = ['OTHER']";
    let test = get(test.config(config), "my_llm").success();
    get(test.env("OTHER", SECRET), "my_llm").stdout(&found.replace("llm.example", "other.example")).success();
}

#[test]
fn providers_that_modelforge_defines_on_one_host_are_told_apart_by_their_paths() {
    let test = Test::new().helpers("age").file(
        MODELFORGE,
        r#"{"providers": {"team_a": {"base_url": "https://gw.example/a", "auth_strategy": "api_key"},
            "team_b": {"base_url": "https://gw.example/b", "auth_strategy": "api_key"}}}"#,
    );
    let test = test.args(["store"]).stdin(format!("provider=team_a\npassword={SECRET}\n")).success();
    let test = get(test, "team_b").success();
    let test = test.args(["get"]).stdin("url=https://gw.example/b\n").success();
    let found =
        format!("protocol=https\nhost=gw.example\npath=a\nprovider=team_a\nusername=default\npassword={SECRET}\n");
    get(test, "team_a").stdout(&found).success();
}

#[test]
fn what_is_wrong_in_the_file_of_modelforge_is_named_by_its_place_and_never_quoted() {
    for (body, problem) in [
        ("1", "`$.providers.my-llm` is not an object"),
        (
            r#"{"auth_strategy": "api_key"}"#,
            "`$.providers.my-llm.base_url` is missing, so the owner of its key is unknown\nhint: declare it in modelforge-credential's config.toml: [provider.NAME] url = \"https://…\"",
        ),
        (r#"{"base_url": 1}"#, "`$.providers.my-llm.base_url` is not a string"),
        (
            r#"{"base_url": "sk-sentinel-5f0c9a7e41d84b1f"}"#,
            "`$.providers.my-llm.base_url` is not a base URL: the URL has no scheme",
        ),
        (
            r#"{"base_url": "https://h", "auth_strategy": "sk-sentinel-5f0c9a7e41d84b1f"}"#,
            "`$.providers.my-llm.auth_strategy` must be \"api_key\" or \"device_flow\"",
        ),
        (
            r#"{"base_url": "https://h", "auth_strategy": "device_flow", "auth_details": {"client_id": "c", "device_code_url": "http://h"}}"#,
            "`$.providers.my-llm.auth_details.device_code_url` is not an https URL",
        ),
    ] {
        let test = get(defined(body), "my_llm").stderr(&format!("error: `~/{MODELFORGE}`: {problem}\n")).failure();
        // It breaks nothing that is known.
        get(test, "openai").success();
    }
}

#[test]
fn a_broken_file_of_modelforge_breaks_no_known_provider() {
    for (text, problem) in [
        ("", "`~/.config/model-forge/config.json`, line 1, column 0: this is not JSON"),
        ("{", "`~/.config/model-forge/config.json`, line 1, column 1: this is not JSON"),
        ("{\"providers\": 1}", "`~/.config/model-forge/config.json`: `$.providers` is not an object"),
        (
            "{\"providers\": {\"x\": {\"auth_data\": \"sk-sentinel-5f0c9a7e41d84b1f}}}",
            "`~/.config/model-forge/config.json`, line 1, column 66: this is not JSON",
        ),
    ] {
        let test = Test::new().helpers("env").env("OPENAI_API_KEY", SECRET).file(MODELFORGE, text);
        let found =
            format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={SECRET}\n");
        let test = get(test, "openai").stdout(&found).success();
        let test = test.args(["get"]).stdin("url=https://api.openai.com\n").stdout(&found).success();
        let test = get(test, "my_llm").stderr(&format!("error: {problem}\n")).failure();
        // A request by URL alone is looked up all the same.
        test.args(["get"]).stdin("url=https://elsewhere.example\n").stderr(&format!("warning: {problem}\n")).success();
    }
}

#[test]
fn a_declared_provider_and_one_of_modelforge_on_one_host_never_get_each_others_key() {
    let defined = r#"{"providers": {"b": {"base_url": "https://gw.example/b", "auth_strategy": "api_key"}}}"#;
    let test = Test::new()
        .config("[provider.a]\nurl = 'https://gw.example/a'")
        .file(".config/model-forge/config.json", defined);
    let mut test = test.helpers("age");
    for name in ["a", "b"] {
        test = test.args(["approve"]).stdin(format!("provider={name}\npassword=key-of-{name}\n")).success();
    }
    let found = "protocol=https\nhost=gw.example\npath=b\nprovider=b\nusername=default\npassword=key-of-b\n";
    let test = test.args(["get"]).stdin("url=https://gw.example/b/v1\n").stdout(found).success();
    test.args(["reject"]).stdin("provider=a\n").success().args(["get"]).stdin("provider=b\n").stdout(found).success();
}

#[test]
fn a_reject_of_one_provider_leaves_those_of_other_paths_of_its_host() {
    let config = "[provider.a]\nurl = 'https://gw.example'\n[provider.b]\nurl = 'https://gw.example/team-b'";
    let mut test = Test::new().config(config).helpers("age");
    for name in ["a", "b"] {
        test = test.args(["approve"]).stdin(format!("provider={name}\npassword=key-of-{name}\n")).success();
    }
    let test = test.args(["reject"]).stdin("provider=a\n").success();
    let test = test.args(["get"]).stdin("provider=a\n").success();
    let found = "protocol=https\nhost=gw.example\npath=team-b\nprovider=b\nusername=default\npassword=key-of-b\n";
    test.args(["get"]).stdin("provider=b\n").stdout(found).success();
}

#[cfg(unix)]
#[test]
fn a_file_of_modelforge_that_anyone_can_write_to_claims_no_host() {
    use std::os::unix::fs::PermissionsExt;
    let defined = r#"{"providers": {"x": {"base_url": "https://git.example", "auth_strategy": "api_key"}}}"#;
    let test = Test::new().file(".config/model-forge/config.json", defined).helpers("env");
    let file = test.home().join(".config/model-forge/config.json");
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o666)).expect("a mode");
    let test = test.args(["get"]).stdin("provider=x\n").any_stderr();
    let said = String::from_utf8_lossy(&test.output().stderr).into_owned();
    assert!(said.contains("others can change"), "{said}");
}
