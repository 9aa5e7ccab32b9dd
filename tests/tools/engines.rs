//! The script of docs/engines.md with the commands in its table, and the real engines.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::support::bao::free_port;
use crate::support::keyring::command;
use crate::support::{SECRET, Test, system};

/// The script for all providers, with the command that the guide's table has for this engine.
fn script(engine: &str) -> String {
    let guide = include_str!("../../docs/engines.md");
    let start = guide.find("```sh\n#!/bin/sh\n").expect("the guide has a script") + "```sh\n#!/bin/sh\n".len();
    let script = guide[start..].split("```").next().expect("a script");
    let row = guide.lines().find(|line| line.starts_with(&format!("| {engine} |"))).expect("the guide has the engine");
    let command = row.split('`').nth(1).expect("a command");
    let (before, rest) = script.split_once("$(pass ").expect("the command of pass");
    let (_, after) = rest.split_once(") &&").expect("the command of pass");
    format!("{before}$({command}) &&{after}")
}

/// The key is got; one that is not there makes a warning, and no key.
fn answers(test: Test, helper: &str) {
    let test = test.args(["print", "openai"]).stdout(&format!("{SECRET}\n")).success();
    let test = test.args(["print", "anthropic"]).any_stderr();
    let output = test.output();
    let said = String::from_utf8(output.stderr).expect("text");
    assert!(!output.status.success() && output.stdout.is_empty());
    assert!(said.contains(&format!("warning: helper `{helper}` failed: exit status ")), "{said}");
}

#[test]
fn the_script_answers_from_keepassxc() {
    system("keepassxc-cli", "keepassxc");
    let test = Test::new().script("keepass", &script("KeePassXC")).helpers("keepass");
    let key = test.home().join(".llm.keyx").display().to_string();
    let database = test.home().join("llm.kdbx").display().to_string();
    let run = |words: &[&str], input: &str| {
        let output = test.run(words, input);
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    run(&["keepassxc-cli", "db-create", "-q", "--set-key-file", &key, &database], "");
    let add = ["keepassxc-cli", "add", "-q", "-p", "--key-file", &key, "--no-password", &database, "openai"];
    run(&add, &format!("{SECRET}\n"));
    answers(test, "keepass");
}

/// A server of Amazon's interface on this machine.
struct Moto(Child);

impl Drop for Moto {
    fn drop(&mut self) {
        self.0.kill().and_then(|()| self.0.wait()).ok();
    }
}

/// A program that `tests/tools/run` installed.
fn tool(name: &str) -> PathBuf {
    let folder = std::env::var_os("MODELFORGE_TEST_TOOLS").expect("sh tests/tools/run");
    std::fs::canonicalize(Path::new(&folder).join(name)).expect("sh tests/tools/run")
}

#[test]
fn the_script_answers_from_aws_secrets_manager() {
    let port = free_port();
    let mut server = command(&tool("moto_server").to_string_lossy());
    server.args(["-p", &port.to_string()]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let _server = Moto(server.spawn().expect("moto starts"));
    let started = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(started.elapsed() < Duration::from_secs(60), "moto listens");
        std::thread::sleep(Duration::from_millis(50));
    }
    let aws = tool("aws");
    let test = Test::new()
        .on_path("aws", format!("#!/bin/sh\nexec {} \"$@\"\n", aws.display()))
        .script("aws", &script("AWS Secrets Manager"))
        // On a busy machine it takes longer than a helper may.
        .config("helpers = [{ command = [\"aws\"], timeout = \"2m\" }]\n")
        .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"))
        .env("AWS_ACCESS_KEY_ID", "anybody")
        .env("AWS_SECRET_ACCESS_KEY", "anything")
        .env("AWS_DEFAULT_REGION", "eu-west-1");
    let create =
        ["aws", "secretsmanager", "create-secret", "--name", "llm/openai", "--secret-string", "file:///dev/stdin"];
    let output = test.run(&create, SECRET);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    answers(test, "aws");
}
