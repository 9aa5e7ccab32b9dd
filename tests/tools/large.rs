//! Claude Code and Codex, which are too large for every run: a target of its own, which only `sh tests/tools/run` runs.

#![cfg(unix)]

#[path = "../support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "these tests use a part of it")]
mod support;

use std::path::PathBuf;

use support::server::{Reply, Request, Server};
use support::{SECRET, Test, program};

/// A tool that `tests/tools/run` installed.
fn tool(name: &str) -> PathBuf {
    let folder =
        std::env::var_os("MODELFORGE_TEST_TOOLS").expect("MODELFORGE_TEST_TOOLS is not set: run `sh tests/tools/run`");
    let path = PathBuf::from(folder).join(name);
    assert!(path.exists(), "{} is not there: run `sh tests/tools/run`", path.display());
    path
}

const EVENTS: &str = "Content-Type: text/event-stream\r\n";

/// A stream of events, each one JSON with its `type`.
fn events(all: &[&str]) -> Reply {
    let line = |event: &&str| {
        let kind = event.split('"').nth(3).unwrap_or_default();
        format!("event: {kind}\ndata: {event}\n\n")
    };
    (200, EVENTS, all.iter().map(line).collect::<String>().into_bytes())
}

/// A chain that holds the key, and tools that talk to nothing but the server of the test.
fn signed_in(provider: &str) -> Test {
    let nothing_else = ["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "DISABLE_AUTOUPDATER", "DISABLE_TELEMETRY", "CI"];
    let test = nothing_else.iter().fold(Test::new().helpers("age"), |test, name| test.env(name, "1"));
    test.args(["approve"]).stdin(format!("provider={provider}\npassword={SECRET}\n")).success()
}

/// Anthropic's API, as far as Claude Code needs it.
fn anthropic() -> Server {
    Server::start(|request: &Request| match request.path.starts_with("/v1/messages") {
        true => events(&[
            r#"{"type":"message_start","message":{"id":"1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}}"#,
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"good day"}}"#,
            r#"{"type":"content_block_stop","index":0}"#,
            r#"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":1}}"#,
            r#"{"type":"message_stop"}"#,
        ]),
        false => (404, "Content-Type: application/json\r\n", b"{}".to_vec()),
    })
}

#[test]
fn claude_code_gets_its_key_from_print_as_its_api_key_helper() {
    let server = anthropic();
    let core = program("modelforge-credential").display().to_string();
    let test = signed_in("anthropic")
        .file(".claude/settings.json", format!("{{\"apiKeyHelper\": \"{core} print anthropic\"}}"));
    let test = test.env("ANTHROPIC_BASE_URL", format!("http://{}", server.address()));
    let test = test.program(tool("claude")).args(["--print", "hello"]).any_stderr();
    let output = test.output();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    let requests = server.requests();
    assert_eq!(shown.trim(), "good day", "{}\n{requests:?}", String::from_utf8_lossy(&output.stderr));
    let asked: Vec<_> = requests.iter().filter(|request| request.path.starts_with("/v1/messages")).collect();
    assert!(!asked.is_empty());
    for request in asked {
        assert_eq!(request.header("x-api-key"), Some(SECRET));
    }
}

#[test]
fn codex_gets_its_key_from_print_as_its_auth_command() {
    let server = Server::start(|request: &Request| match request.path.as_str() {
        "/v1/responses" => events(&[
            r#"{"type":"response.created","response":{"id":"r"}}"#,
            r#"{"type":"response.output_item.done","output_index":0,"item":{"type":"message","id":"m","role":"assistant","content":[{"type":"output_text","text":"good day","annotations":[]}]}}"#,
            r#"{"type":"response.completed","response":{"id":"r","usage":{"input_tokens":1,"input_tokens_details":null,"output_tokens":1,"output_tokens_details":null,"total_tokens":2}}}"#,
        ]),
        _ => (404, "Content-Type: application/json\r\n", b"{}".to_vec()),
    });
    let core = program("modelforge-credential").display().to_string();
    let config = format!(
        "model = 'm'\nmodel_provider = 'loop'\n[model_providers.loop]\nname = 'loop'\nbase_url = 'http://{}/v1'\n\
         wire_api = 'responses'\n[model_providers.loop.auth]\ncommand = '{core}'\nargs = ['print', 'openai']\n",
        server.address()
    );
    let test = signed_in("openai").file(".codex/config.toml", config);
    let test = test.program(tool("codex")).args(["exec", "--skip-git-repo-check", "hello"]).any_stderr();
    let output = test.output();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    let requests = server.requests();
    assert_eq!(shown.trim(), "good day", "{}\n{requests:?}", String::from_utf8_lossy(&output.stderr));
    let asked: Vec<_> = requests.iter().filter(|request| request.path == "/v1/responses").collect();
    assert!(!asked.is_empty());
    for request in asked {
        assert_eq!(request.header("authorization"), Some(&*format!("Bearer {SECRET}")));
    }
}

#[test]
fn claude_code_works_after_its_key_was_moved_out_of_its_settings_and_after_it_was_put_back() {
    let server = anthropic();
    let settings = format!("{{\n  \"env\": {{\n    \"ANTHROPIC_API_KEY\": \"{SECRET}\"\n  }}\n}}\n");
    let core = program("modelforge-credential").display().to_string();
    let nothing_else = ["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "DISABLE_AUTOUPDATER", "DISABLE_TELEMETRY", "CI"];
    let test = nothing_else.iter().fold(Test::new().helpers("age"), |test, name| test.env(name, "1"));
    let test = test.on_path("modelforge-credential", format!("#!/bin/sh\nexec '{core}' \"$@\"\n"));
    let test = test.file(".claude/settings.json", &settings);
    let file = test.home().join(".claude/settings.json");
    let test = test.args(["migrate", "--yes"]).any_stdout().any_stderr().success();
    assert!(!std::fs::read_to_string(&file).unwrap().contains(SECRET));
    let say = |test: Test| {
        let test = test.env("ANTHROPIC_BASE_URL", format!("http://{}", server.address()));
        let test = test.program(tool("claude")).args(["--print", "hello"]).any_stderr();
        let output = test.output();
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "good day");
        test.program(&core)
    };
    let test = say(test);
    let test = test.may_hold_the_secret(file.clone());
    let test = test.args(["migrate", "--rollback", "--yes"]).any_stdout().any_stderr().success();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), settings);
    say(test);
    let requests = server.requests();
    let mut asked = requests.iter().filter(|request| request.path.starts_with("/v1/messages"));
    assert!(asked.all(|request| request.header("x-api-key") == Some(SECRET)));
}
