//! What a server refuses, and why: each reason is told apart, and none is taken for absence.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{OPENAI, PATH, at, credential, openai, vault};
use crate::support::bao::{Bao, ROOT, free_port};
use crate::support::{SECRET, Test};

fn asked(token: &str, engine: &str, operation: &str) -> Test {
    at(Bao::shared(), token).args(["--mount", engine, operation])
}

/// What the token may do with the folder of a team.
fn policy(engine: &str, data: &str, metadata: &str) -> String {
    format!(
        "path \"{engine}/data/modelforge/*\" {{ capabilities = [{data}] }}\n\
         path \"{engine}/metadata/modelforge/*\" {{ capabilities = [{metadata}] }}\n"
    )
}

#[test]
#[ignore = "needs OpenBao"]
fn a_token_without_the_right_is_told_which_one() {
    let (server, engine) = (Bao::shared(), Bao::shared().engine(2));
    let test = asked(ROOT, &engine, "store").stdin(openai()).success();
    drop(test);
    let host = server.host();
    let reader = server.token(&policy(&engine, "\"read\"", "\"list\", \"read\""));
    asked(&reader, &engine, "get").stdin(OPENAI).stdout(&credential(&openai())).success();
    asked(&reader, &engine, "get").stdin("protocol=https\nhost=other.example\n").success();
    let lacks = |verb: &str, path: &str, capabilities: &str| {
        format!(
            "error: the token for `{host}` has no right to {verb} `{path}`, or there is no such engine\n\
             hint: add to its policy: path \"{path}\" {{ capabilities = [{capabilities}] }}\n"
        )
    };
    let data = format!("{engine}/data/{PATH}");
    let metadata = format!("{engine}/metadata/{PATH}");
    asked(&reader, &engine, "store").stdin(openai()).stderr(&lacks("write", &data, "\"create\", \"update\"")).failure();
    asked(&reader, &engine, "erase").stdin(OPENAI).stderr(&lacks("delete", &metadata, "\"delete\"")).failure();
    let destroy = lacks("destroy versions of", &format!("{engine}/destroy/{PATH}"), "\"update\"");
    asked(&reader, &engine, "erase").stdin(openai()).stderr(&destroy).failure();
    // Nothing was erased.
    asked(&reader, &engine, "get").stdin(OPENAI).stdout(&credential(&openai())).success();

    let no_list = server.token(&policy(&engine, "\"read\"", "\"read\""));
    asked(&no_list, &engine, "get").stdin(OPENAI).stdout(&credential(&openai())).success();
    let folder = format!("{engine}/metadata/modelforge/https/other.example/");
    let other = "protocol=https\nhost=other.example\n";
    asked(&no_list, &engine, "get").stdin(other).stderr(&lacks("list", &folder, "\"list\"")).failure();

    let elsewhere = server.token(&policy("elsewhere", "\"read\"", "\"read\""));
    let said = format!(
        "error: `{host}` does not show the version of `{engine}`: the token has no right to anything in it, or there is no such engine\n\
         hint: give `vault` the option --kv 2, or --mount with the name of the engine\n"
    );
    asked(&elsewhere, &engine, "get").stdin(OPENAI).stderr(&said).failure();
    let args = ["--mount", &engine, "--kv", "2", "get"];
    at(server, &elsewhere).args(args).stdin(OPENAI).stderr(&lacks("read", &data, "\"read\"")).failure();
}

#[test]
#[ignore = "needs OpenBao"]
fn the_rights_that_the_guide_gives_a_team_are_enough_for_everything() {
    let (server, engine) = (Bao::shared(), Bao::shared().engine(2));
    let guide = include_str!("../../docs/teams.md");
    let policy =
        guide.split("```hcl\n").nth(1).and_then(|rest| rest.split("```").next()).expect("the guide has a policy");
    let member = server.token(&policy.replace("secret/", &format!("{engine}/")));
    let asked = |operation: &str| asked(&member, &engine, operation);
    asked("store").stdin(openai()).success();
    asked("get").stdin(OPENAI).stdout(&credential(&openai())).success();
    asked("erase").stdin(openai()).success();
    asked("store").stdin(openai()).success();
    asked("erase").stdin(OPENAI).success();
    asked("list").stdout("count=0\n").success();
}

#[test]
#[ignore = "needs OpenBao"]
fn a_dead_token_is_not_a_missing_right() {
    let (server, engine) = (Bao::shared(), Bao::shared().engine(2));
    let said = format!(
        "error: `{}` does not accept the token: it expired, was revoked or has been used up\n\
         hint: sign in again with `bao login` or `vault login`, or set VAULT_TOKEN\n",
        server.host()
    );
    let once = server.must("POST", "auth/token/create", json!({ "num_uses": 1 }));
    let once = once["auth"]["client_token"].as_str().expect("a token");
    let revoked = server.token("path \"none\" { capabilities = [\"read\"] }");
    server.must("POST", "auth/token/revoke", json!({ "token": revoked }));
    for token in [once, &revoked, "hvs.never-was"] {
        for operation in ["get", "store", "erase"] {
            asked(token, &engine, operation).stdin(openai()).stderr(&said).failure();
        }
        asked(token, &engine, "list").stderr(&said).failure();
    }
}

#[test]
#[ignore = "needs OpenBao"]
fn an_engine_that_is_none_or_another_is_named() {
    let server = Bao::shared();
    let host = server.host();
    let said = format!(
        "error: `{host}` does not show the version of `nothing`: the token has no right to anything in it, or there is no such engine\n\
         hint: give `vault` the option --kv 2, or --mount with the name of the engine\n"
    );
    vault().args(["--mount", "nothing", "get"]).stdin(OPENAI).stderr(&said).failure();
    let said = format!(
        "error: `{host}` has nothing at `nothing/data/{PATH}`: no such engine, or another version of kv\n\
         hint: bao secrets list -detailed\n"
    );
    vault().args(["--mount", "nothing", "--kv", "2", "get"]).stdin(OPENAI).stderr(&said).failure();
    let said = format!("error: `cubbyhole` on `{host}` is not a kv engine\nhint: bao secrets list\n");
    vault().args(["--mount", "cubbyhole", "get"]).stdin(OPENAI).stderr(&said).failure();
    let engine = server.engine(2);
    let said = format!(
        "error: `{engine}/team` is below an engine on `{host}`, and not one itself\n\
         hint: give `vault` the option --mount with the name of the engine\n"
    );
    vault().args(["--mount", &format!("{engine}/team"), "get"]).stdin(OPENAI).stderr(&said).failure();
}

#[test]
#[ignore = "needs OpenBao"]
fn a_namespace_is_a_place_of_its_own() {
    let server = Bao::shared();
    server.must("POST", "sys/namespaces/team", Value::Null);
    let (status, answer) =
        server.ask_in("team", "POST", "sys/mounts/kv", json!({ "type": "kv", "options": { "version": "2" } }));
    assert_eq!(status, 204, "{answer}");
    server.waits_until(|server| server.ask_in("team", "GET", "kv/metadata/none", Value::Null).0 == 404);
    let test = vault().args(["--namespace", "team", "--mount", "kv", "store"]).stdin(openai()).success();
    let test = test.env("VAULT_NAMESPACE", "team").args(["--mount", "kv", "get"]).stdin(OPENAI);
    let test = test.stdout(&credential(&openai())).success();
    let said = format!("error: `{}` has no namespace of that name\nhint: bao namespace list\n", server.host());
    test.args(["--namespace", "nobody", "--mount", "kv", "get"]).stdin(OPENAI).stderr(&said).failure();
}

#[test]
#[ignore = "needs OpenBao"]
fn a_limit_of_requests_is_waited_for_and_then_named() {
    // Its quota would slow down the tests that share the other one.
    let server = Bao::in_memory();
    let engine = server.engine(1);
    let asked = || at(&server, ROOT).args(["--mount", &engine, "--kv", "1", "get"]).stdin(OPENAI);
    at(&server, ROOT).args(["--mount", &engine, "store"]).stdin(openai()).success();
    let quota = |rate: f64, interval: &str| {
        server.must("POST", "sys/quotas/rate-limit/few", json!({ "path": engine, "rate": rate, "interval": interval }));
    };
    quota(1.0, "1s");
    for _ in 0..3 {
        asked().stdout(&credential(&openai())).success();
    }
    quota(1.0, "1h");
    asked().any_stdout().any_stderr().output();
    let said = format!("error: `{}` limits the rate of requests\nhint: try again in some seconds\n", server.host());
    asked().stderr(&said).failure();
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let port = free_port();
    let test = Test::new().program("modelforge-credential-vault").env("VAULT_TOKEN", SECRET);
    let said = format!("error: `127.0.0.1:{port}` cannot be reached: connection refused\n");
    let test = test.env("VAULT_ADDR", format!("http://127.0.0.1:{port}"));
    let test = test.args(["get"]).stdin(OPENAI).stderr(&said).failure();
    let test = test.env("VAULT_ADDR", "https://no-such-name.invalid");
    let said = "error: `no-such-name.invalid` cannot be found\n";
    test.args(["get"]).stdin(OPENAI).stderr(said).failure();
}

#[test]
fn one_that_takes_connections_and_says_nothing_is_given_up_before_the_caller_does() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let host = silent.local_addr().expect("an address").to_string();
    let test = Test::new().program("modelforge-credential-vault").env("VAULT_TOKEN", SECRET);
    for scheme in ["http", "https"] {
        let start = Instant::now();
        let said = format!("error: `{host}` did not answer in time\n");
        let address = format!("{scheme}://{host}");
        let output = test.run(&[test_program(), "--address".into(), address.into(), "get".into()], OPENAI);
        assert_eq!(String::from_utf8_lossy(&output.stderr), said);
        // The core ends a helper after ten seconds.
        assert!(start.elapsed() < Duration::from_secs(9));
    }
}

fn test_program() -> std::ffi::OsString {
    crate::support::program("modelforge-credential-vault").into()
}

#[test]
fn a_token_goes_over_https_or_to_this_machine_and_never_to_an_unchecked_server() {
    let vault = || Test::new().program("modelforge-credential-vault").env("VAULT_TOKEN", SECRET);
    for (name, address, problem) in [
        ("VAULT_ADDR", "http://vault.example:8200", "is not an https URL, and secrets go to no other"),
        ("BAO_ADDR", "vault.example:8200", "is not an https URL, and secrets go to no other"),
        ("VAULT_AGENT_ADDR", "vault", "is not a URL"),
        ("VAULT_ADDR", "https://ann:x@vault.example", "has a user name or a password"),
        ("VAULT_ADDR", "unix://agent.sock", "is not the absolute path of a socket"),
    ] {
        vault()
            .env(name, address)
            .args(["get"])
            .stdin(OPENAI)
            .stderr(&format!("error: `{name}` {problem}\n"))
            .failure();
    }
    let said = "error: there is no socket `/nowhere/agent.sock`: the agent is not running\n";
    vault().args(["--address", "unix:///nowhere/agent.sock", "get"]).stdin(OPENAI).stderr(said).failure();
    let said = "error: `VAULT_SKIP_VERIFY` would send the token to any server, so nothing is sent\n\
                hint: set VAULT_CACERT to the file of the certificate authority instead\n";
    vault().env("VAULT_SKIP_VERIFY", "1").args(["get"]).stdin(OPENAI).stderr(said).failure();
}

#[test]
fn a_request_without_a_host_or_for_a_migration_reaches_no_server() {
    let vault = || Test::new().program("modelforge-credential-vault");
    vault().args(["erase"]).stdin("protocol=https\n").stderr("error: the request has no `host`\n").failure();
    let said = "error: only a migration asks for files and their backups\n";
    vault().args(["get"]).stdin("protocol=backup\nhost=h\n").stderr(said).failure();
}
