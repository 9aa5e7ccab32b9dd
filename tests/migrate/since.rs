//! The rollback of a tool's file that was changed since: newer keys stay.

use super::tools::{CODEX, OTHER, codex};
use super::*;

const HOLDS_ANOTHER: &str = "now has something else in";

/// The file has a newer key (`now`) at `place`: the rollback leaves it.
#[track_caller]
fn keeps(file: &str, before: &str, now: &str, place: &str) {
    let [before, now] = [before, now].map(|text| text.replace("@KEY", SECRET).replace("@NEW", OTHER));
    let (test, _, _) = run(Test::new().file(file, before), &["migrate", "--yes"], 0);
    let test = test.file(file, &now);
    let (test, _, stderr) = run(test, &["migrate", "--rollback", "--yes"], 0);
    let said = format!("warning: `~/{file}` {HOLDS_ANOTHER} `{place}`, which stays\n");
    assert!(stderr.contains(&said), "{stderr}");
    assert!(stderr.contains("was replaced since"), "{stderr}");
    assert_eq!(read(&test, file), now);
    let provider = if place == "key" { "huggingface" } else { "openai" };
    test.args(["print", provider]).stdout(&format!("{SECRET}\n")).success();
}

#[test]
fn a_newer_key_in_a_file_stays_and_the_chain_keeps_the_old_one() {
    let [old, new] = [codex("@KEY"), codex("@NEW")];
    keeps(CODEX, &old, &new, "OPENAI_API_KEY");
    keeps(".env", "A=1\nOPENAI_API_KEY=@KEY\n", "A=1\nOPENAI_API_KEY=@NEW\n", "OPENAI_API_KEY");
    keeps(".bashrc", "export OPENAI_API_KEY=@KEY\n", "A=1\nexport OPENAI_API_KEY='@NEW'\n", "OPENAI_API_KEY");
    keeps(".config/io.datasette.llm/keys.json", "{\"openai\": \"@KEY\"}", "{\"openai\": \"@NEW\"}", "openai");
    keeps(".cache/huggingface/token", "@KEY", "hf_made-up-0123456789abcdefghijklm", "key");
    keeps(".aider.conf.yml", "openai-api-key: @KEY\n", "openai-api-key: @NEW\n", "openai-api-key");
}

#[test]
fn what_may_be_no_key_stays_as_well() {
    let (test, _, _) = run(Test::new().file(".env", format!("OPENAI_API_KEY={SECRET}\n")), &["migrate", "--yes"], 0);
    let test = test.file(".env", "OPENAI_API_KEY=short\n");
    let (test, _, stderr) = run(test, &["migrate", "--rollback", "--yes"], 1);
    assert!(stderr.contains(HOLDS_ANOTHER) && stderr.contains("stays in the chain\n"), "{stderr}");
    assert_eq!(read(&test, ".env"), "OPENAI_API_KEY=short\n");
    // An empty value, or one that the migration wrote, is replaced.
    let test = holding(test.file(".env", "A=1\nOPENAI_API_KEY=\n"), ".env");
    let (test, _, _) = run(test, &["migrate", "--rollback", "--yes"], 0);
    assert_eq!(read(&test, ".env"), format!("A=1\nOPENAI_API_KEY={SECRET}\n"));
}

#[test]
fn a_comment_of_that_name_is_no_newer_key() {
    let (test, _, _) = run(Test::new().file(".env", format!("OPENAI_API_KEY={SECRET}\n")), &["migrate", "--yes"], 0);
    let test = holding(test.file(".env", format!("#OPENAI_API_KEY={OTHER}\n")), ".env");
    let (test, _, stderr) = run(test, &["migrate", "--rollback", "--yes"], 0);
    assert!(!stderr.contains(HOLDS_ANOTHER), "{stderr}");
    assert_eq!(read(&test, ".env"), format!("#OPENAI_API_KEY={OTHER}\nOPENAI_API_KEY={SECRET}\n"));
}

const OURS: &str = "provider.ours.url = 'https://llm.example.org/v1'\n";

/// Migrates a file, changes it, and rolls back.
#[track_caller]
fn back(file: &str, before: &str, change: impl Fn(String) -> String) -> (Test, String) {
    let test = holding(Test::new().config(OURS).file(file, before), file);
    let (test, _, _) = run(test, &["migrate", "--yes"], 0);
    let now = change(read(&test, file));
    assert!(!now.contains(SECRET), "{now}");
    let test = test.file(file, now);
    let (test, shown, _) = run(test, &["migrate", "--rollback", "--yes"], 0);
    let text = read(&test, file);
    (test, format!("{}{text}", if shown.contains("byte for byte") { "exactly " } else { "" }))
}

#[test]
fn a_provider_of_ones_own_comes_back_as_it_was_and_what_was_written_for_it_goes() {
    let file = ".codex/config.toml";
    let provider = format!(
        "[model_providers.proxy]\nbase_url = \"https://llm.example.org/v1\"\nexperimental_bearer_token = \"{SECRET}\"\n"
    );
    let (_, text) = back(file, &provider, |text| text);
    assert_eq!(text, format!("exactly {provider}"));
    let (_, text) = back(file, &provider, |text| format!("# mine\n{text}"));
    assert_eq!(text, format!("# mine\n{provider}"));
    let server = server(
        ", \"args\": [\"pkg\"]",
        &format!("\"OPENAI_BASE_URL\": \"https://llm.example.org/v1\", \"OPENAI_API_KEY\": \"{SECRET}\""),
    );
    assert_eq!(back(".cursor/mcp.json", &server, |text| text).1, format!("exactly {server}"));
    let models = format!(
        "{{\"providers\": {{\"mine\": {{\"baseUrl\": \"https://llm.example.org/v1\", \"apiKey\": \"{SECRET}\"}}}}}}\n"
    );
    assert_eq!(back(".pi/agent/models.json", &models, |text| text).1, format!("exactly {models}"));
    // A setting that we did not write stays.
    let (_, text) = back(file, &provider, |text| text.replace("\"modelforge-credential\"", "\"mine\""));
    assert!(text.contains("auth = { command = \"mine\"") && text.contains(SECRET), "{text}");
}

/// An MCP server in Cursor's file.
fn server(args: &str, env: &str) -> String {
    format!("{{\"mcpServers\": {{\"s\": {{\"command\": \"npx\"{args}, \"env\": {{{env}}}}}}}}}\n")
}

#[test]
fn what_a_person_changed_in_the_arguments_of_a_server_stays() {
    let file = ".cursor/mcp.json";
    let env = format!("\"OPENAI_API_KEY\": \"{SECRET}\", \"A\": \"1\"");
    let args = ", \"args\": [\"-y\", \"pkg\"]";
    let before = server(args, &env);
    let (_, text) = back(file, &before, |text| text.replace("\"pkg\"", "\"pkg\", \"--verbose\""));
    let text: serde_json::Value = json(&text);
    let server_now = &text["mcpServers"]["s"];
    assert_eq!(server_now["command"], "npx");
    assert_eq!(server_now["args"], serde_json::json!(["-y", "pkg", "--verbose"]));
    assert_eq!(server_now["env"]["OPENAI_API_KEY"], SECRET);
    // The user restored the command by hand, with another package.
    let by_hand = |_: String| server(", \"args\": [\"other\"]", "\"A\": \"1\"");
    let (_, text) = back(file, &before, by_hand);
    let text: serde_json::Value = json(&text);
    assert_eq!(text["mcpServers"]["s"]["args"], serde_json::json!(["other"]));
    assert_eq!(text["mcpServers"]["s"]["env"]["OPENAI_API_KEY"], SECRET);
}

#[test]
fn of_two_keys_of_a_server_the_one_that_is_not_put_back_is_still_handed_over() {
    let file = ".cursor/mcp.json";
    let anthropic = "sk-ant-api03-made-up-0123456789abcdef";
    let before = server(
        ", \"args\": [\"pkg\"]",
        &format!("\"OPENAI_API_KEY\": \"{SECRET}\", \"ANTHROPIC_API_KEY\": \"{anthropic}\", \"A\": \"1\""),
    );
    let newer = format!("\"OPENAI_API_KEY\": \"{OTHER}\", \"A\"");
    let (test, text) = back(file, &before, |text| text.replace("\"A\"", &newer));
    let text: serde_json::Value = json(&text);
    let server_now = &text["mcpServers"]["s"];
    assert_eq!(server_now["env"]["ANTHROPIC_API_KEY"], anthropic);
    assert_eq!(server_now["env"]["OPENAI_API_KEY"], OTHER);
    assert_eq!(server_now["args"], serde_json::json!(["exec", "openai", "--", "npx", "pkg"]));
    test.args(["print", "openai"]).stdout(&format!("{SECRET}\n")).success();
}

#[test]
fn an_element_of_a_list_is_not_put_in_the_place_of_another_one() {
    let list = |elements: &[&str]| {
        let lines: String = elements.iter().map(|element| format!("      - {element}\n")).collect();
        format!("services:\n  app:\n    environment:\n{lines}")
    };
    let key = format!("OPENAI_API_KEY={SECRET}");
    let test = Test::new().file("p/compose.yaml", list(&[&key, "PORT=80"]));
    let folder = test.home().join("p").display().to_string();
    let (test, _, _) = run(holding(test, "p/compose.yaml"), &["migrate", "--yes", "--no-rewire", &folder], 0);
    assert_eq!(read(&test, "p/compose.yaml"), list(&["PORT=80"]));
    let test = test.file("p/compose.yaml", list(&["PORT=81"]));
    let (test, _, _) = run(test, &["migrate", "--rollback", "--yes"], 0);
    assert_eq!(read(&test, "p/compose.yaml"), list(&["PORT=81", &key]));
}
