//! Where a token comes from.

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use super::{DEFAULT, OPENAI, credential, openai};
use crate::support::bao::{self, Bao, ROOT};
use crate::support::{SECRET, Test, place};

/// The helper without a token.
fn vault() -> Test {
    Test::new().program("modelforge-credential-vault").env("VAULT_ADDR", Bao::shared().url())
}

fn stored() -> String {
    let engine = Bao::shared().engine(2);
    super::vault().args(["--mount", &engine, "store"]).stdin(openai()).success();
    engine
}

#[test]
#[ignore = "needs OpenBao"]
fn without_a_token_the_hint_is_to_sign_in() {
    let said = format!(
        "error: there is no token for `{}`\n\
         hint: sign in with `bao login` or `vault login`, or set VAULT_TOKEN\n",
        Bao::shared().host()
    );
    vault().args(["get"]).stdin(OPENAI).stderr(&said).failure();
}

#[test]
#[ignore = "needs OpenBao"]
fn a_token_of_openbao_comes_before_one_of_vault_and_both_before_the_file() {
    let engine = stored();
    let found = credential(&openai());
    let test = vault().file(".vault-token", format!("{ROOT}\n")).args(["--mount", &engine, "get"]).stdin(OPENAI);
    let test = test.stdout(&found).success();
    let test =
        test.env("VAULT_TOKEN", "hvs.dead").args(["--mount", &engine, "get"]).stdin(OPENAI).any_stderr().failure();
    test.env("BAO_TOKEN", ROOT).args(["--mount", &engine, "get"]).stdin(OPENAI).stdout(&found).success();
}

#[test]
#[ignore = "needs OpenBao"]
fn a_token_in_a_file_that_others_can_read_is_not_sent() {
    let test = vault().file(".vault-token", ROOT);
    let file = test.home().join(".vault-token");
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).expect("a mode can be set");
    let said = "error: other users can access `~/.vault-token`\nhint: chmod 600 ~/.vault-token\n";
    test.args(["get"]).stdin(OPENAI).stderr(said).failure();
}

#[test]
#[ignore = "needs OpenBao"]
fn the_token_helper_that_the_clients_settings_name_is_asked() {
    let engine = stored();
    let helper = |body: &str| {
        let test = vault().on_path("token-helper", format!("#!/bin/sh\n{body}\n"));
        let path = test.bin().join("token-helper").display().to_string();
        test.file(".vault", format!("# of ann\ntoken_helper = \"{path}\"\n")).file(".vault-token", "hvs.dead")
    };
    let test = helper(&format!("[ \"$*\" = get ] && echo {ROOT}"));
    test.args(["--mount", &engine, "get"]).stdin(OPENAI).stdout(&credential(&openai())).success();
    let said = "error: the token helper `TEST/bin/token-helper` failed: exit status 3\n";
    helper("exit 3").args(["get"]).stdin(OPENAI).stderr(said).failure();
    let said = format!(
        "error: there is no token for `{}`\nhint: sign in with `bao login` or `vault login`, or set VAULT_TOKEN\n",
        Bao::shared().host()
    );
    helper("exit 0").args(["get"]).stdin(OPENAI).stderr(&said).failure();
    let said = "error: the `token_helper` in `~/.vault` is not an absolute path\n";
    vault().file(".vault", "token_helper = \"x\"").args(["get"]).stdin(OPENAI).stderr(said).failure();
}

/// A role whose tokens may read and write the engine, at a method of its own. Returns the folder's files.
fn approle(engine: &str, uses: u32) -> Test {
    let server = Bao::shared();
    server.ask("POST", "sys/auth/approle", json!({ "type": "approle" }));
    let policy =
        format!("path \"{engine}/*\" {{ capabilities = [\"read\", \"list\", \"create\", \"update\", \"delete\"] }}");
    server.must("POST", &format!("sys/policies/acl/{engine}"), json!({ "policy": policy }));
    let role = format!("auth/approle/role/{engine}");
    server.must("POST", &role, json!({ "token_policies": [engine], "secret_id_num_uses": uses }));
    let text = |answer: Value, key: &str| answer["data"][key].as_str().expect("an id").to_owned();
    let role_id = text(server.must("GET", &format!("{role}/role-id"), Value::Null), "role_id");
    let secret_id = text(server.must("POST", &format!("{role}/secret-id"), Value::Null), "secret_id");
    vault().file("role-id", role_id).file("secret-id", secret_id)
}

fn with_approle(test: Test, engine: &str, operation: &str) -> Test {
    let [role_id, secret_id] = ["role-id", "secret-id"].map(|name| test.home().join(name).display().to_string());
    test.args(["--mount", engine, "--auth", "approle", "--role-id", &role_id, "--secret-id", &secret_id, operation])
}

#[test]
#[ignore = "needs OpenBao"]
fn a_machine_signs_in_with_approle_and_leaves_no_token_behind() {
    let (server, engine) = (Bao::shared(), stored());
    let test = approle(&engine, 3);
    let role = format!("auth/approle/role/{engine}");
    let accessors =
        || server.ask("LIST", "auth/token/accessors", Value::Null).1["data"]["keys"].as_array().map(Vec::len);
    let of_the_role = || {
        let all = server.ask("LIST", "auth/token/accessors", Value::Null).1["data"]["keys"].take();
        let all = all.as_array().cloned().unwrap_or_default();
        let policies = all
            .iter()
            .map(|accessor| server.ask("POST", "auth/token/lookup-accessor", json!({ "accessor": accessor })).1);
        policies.filter(|found| found["data"]["meta"]["role_name"] == engine.as_str()).count()
    };
    assert!(accessors().is_some(), "{role}");
    let test = with_approle(test, &engine, "get").stdin(OPENAI).stdout(&credential(&openai())).success();
    let test = with_approle(test, &engine, "store").stdin(openai()).success();
    assert_eq!(of_the_role(), 0);
    let test = with_approle(test, &engine, "get").stdin("protocol=https\nhost=other.example\n").success();
    // The secret id was for three.
    let said = format!(
        "error: `{}` does not accept what is in the files for the sign-in at `auth/approle/login`\n\
         hint: create a new secret id or token, and write it to its file\n",
        server.host()
    );
    with_approle(test, &engine, "get").stdin(OPENAI).stderr(&said).failure();
}

#[test]
#[ignore = "needs OpenBao"]
fn batch_tokens_serve_as_well() {
    let (server, engine) = (Bao::shared(), stored());
    let test = approle(&engine, 0);
    server.must(
        "POST",
        &format!("auth/approle/role/{engine}"),
        json!({ "token_policies": [engine], "token_type": "batch" }),
    );
    with_approle(test, &engine, "get").stdin(OPENAI).stdout(&credential(&openai())).success();
}

#[test]
#[ignore = "needs OpenBao"]
fn a_secret_id_that_others_can_read_is_not_used_and_a_method_that_is_not_there_is_named() {
    let engine = stored();
    let test = approle(&engine, 0);
    let file = test.home().join("secret-id");
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).expect("a mode can be set");
    let said = "error: other users can access `~/secret-id`\nhint: chmod 600 ~/secret-id\n";
    let test = with_approle(test, &engine, "get").stdin(OPENAI).stderr(said).failure();
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("a mode can be set");
    let [role_id, secret_id] = ["role-id", "secret-id"].map(|name| test.home().join(name).display().to_string());
    let args =
        ["--auth", "approle", "--auth-mount", "nowhere", "--role-id", &role_id, "--secret-id", &secret_id, "get"];
    let host = Bao::shared().host();
    let said = format!(
        "error: `{host}` does not let this machine sign in at `auth/nowhere/login`, or has no such method\nhint: bao auth list\n"
    );
    test.args(args).stdin(OPENAI).stderr(&said).failure();
}

/// A JSON web token of an issuer whose public key the server knows, made with a key of elliptic curves by `openssl`.
fn jwt(folder: &Path, engine: &str, role: &str) -> String {
    let script = r#"
set -eu
cd "$1"
openssl ecparam -name prime256v1 -genkey -noout -out key.pem 2>/dev/null
openssl ec -in key.pem -pubout -out public.pem 2>/dev/null
python3 - <<'P'
import base64, json, subprocess, time
def b64(data): return base64.urlsafe_b64encode(data).rstrip(b"=")
now = int(time.time())
head = b64(json.dumps({"alg": "ES256", "typ": "JWT"}).encode())
body = b64(json.dumps({"iss": "tests", "aud": "vault", "sub": "runner", "iat": now, "exp": now + 600}).encode())
der = subprocess.run(["openssl", "dgst", "-sha256", "-sign", "key.pem"], input=head + b"." + body, capture_output=True, check=True).stdout
def integer(at):
    length = der[at + 1]
    return der[at + 2 : at + 2 + length].lstrip(b"\0").rjust(32, b"\0"), at + 2 + length
r, next = integer(2)
s, _ = integer(next)
open("jwt", "wb").write(head + b"." + body + b"." + b64(r + s) + b"\n")
P
"#;
    let mut command = crate::support::keyring::command("/bin/sh");
    command.args(["-c", script, "sh"]).arg(folder).stdin(Stdio::null());
    let output = command.output().expect("a shell starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let server = Bao::shared();
    server.must("POST", &format!("sys/auth/{role}"), json!({ "type": "jwt" }));
    let key = std::fs::read_to_string(folder.join("public.pem")).expect("a public key");
    server.must(
        "POST",
        &format!("auth/{role}/config"),
        json!({ "jwt_validation_pubkeys": [key], "bound_issuer": "tests" }),
    );
    let policy = format!("path \"{engine}/*\" {{ capabilities = [\"read\", \"list\"] }}");
    server.must("POST", &format!("sys/policies/acl/{role}"), json!({ "policy": policy }));
    let settings = json!({
        "role_type": "jwt", "user_claim": "sub", "bound_audiences": ["vault"], "bound_subject": "runner", "token_policies": [role]
    });
    server.must("POST", &format!("auth/{role}/role/ci"), settings);
    folder.join("jwt").display().to_string()
}

#[test]
#[ignore = "needs OpenBao, python3 and openssl"]
fn a_runner_signs_in_with_the_token_of_its_ci() {
    let engine = stored();
    let test = vault();
    let role = format!("jwt-{engine}");
    let file = jwt(&test.work(), &engine, &role);
    let args = ["--mount", &engine, "--auth", "jwt", "--auth-mount", &role, "--role", "ci", "--jwt", &file, "get"];
    let test = test.args(args).stdin(OPENAI).stdout(&credential(&openai())).success();
    // Kubernetes is asked in the same way; its file is the pod's.
    let args =
        ["--mount", &engine, "--auth", "kubernetes", "--auth-mount", &role, "--role", "ci", "--jwt", &file, "get"];
    let test = test.args(args).stdin(OPENAI).stdout(&credential(&openai())).success();
    let said = "error: `/var/run/secrets/kubernetes.io/serviceaccount/token` is empty, and the sign-in needs it\n";
    test.args(["--auth", "kubernetes", "--role", "ci", "get"]).stdin(OPENAI).stderr(said).failure();
}

#[test]
#[ignore = "needs OpenBao"]
fn an_agent_behind_a_socket_needs_no_token_of_ours() {
    let (server, engine) = (Bao::shared(), stored());
    let test = approle(&engine, 0);
    let folder = test.work();
    let socket = folder.join("agent.sock");
    let settings = format!(
        "vault {{\n  address = \"{}\"\n}}\nauto_auth {{\n  method \"approle\" {{\n    config = {{\n      role_id_file_path = \"{home}/role-id\"\n      \
         secret_id_file_path = \"{home}/secret-id\"\n      remove_secret_id_file_after_reading = false\n    }}\n  }}\n}}\n\
         api_proxy {{\n  use_auto_auth_token = true\n}}\nlistener \"unix\" {{\n  address = \"{}\"\n  tls_disable = true\n  socket_mode = \"0600\"\n}}\n",
        server.url(),
        socket.display(),
        home = test.home().display()
    );
    let file = folder.join("agent.hcl");
    std::fs::write(&file, settings).expect("settings can be written");
    let agent = Bao::start(&folder, 0, &["proxy", &format!("-config={}", file.display())]);
    agent.waits_until(|_| socket.exists());
    let address = format!("unix://{}", socket.display());
    let asked = |test: Test| {
        let test = test.env("VAULT_AGENT_ADDR", &address).args(["--mount", &engine, "get"]).stdin(OPENAI);
        test.any_stderr().any_stdout()
    };
    // It signs in when it starts.
    let test = asked(test);
    agent.waits_until(|_| asked_once(&test));
    let test = test.args(["--mount", &engine, "get"]).stdin(OPENAI).stdout(&credential(&openai())).success();
    let stored = format!("{DEFAULT}username=two\npassword={SECRET}\n");
    let test = test.args(["--mount", &engine, "store"]).stdin(stored).success();
    drop(agent);
    server.waits_until(|_| std::os::unix::net::UnixStream::connect(&socket).is_err());
    let said = format!("error: `{}` cannot be reached: connection refused\n", socket.display());
    test.args(["--mount", &engine, "get"])
        .stdin(OPENAI)
        .stderr(&said.replace(&*folder.display().to_string(), "TEST/work"))
        .failure();
}

fn asked_once(test: &Test) -> bool {
    test.output().status.success()
}

/// The script of the guide, which makes this product the token helper of `bao` and `vault`.
fn token_helper() -> Test {
    let guide = include_str!("../../docs/teams.md");
    let script = guide.split("```sh\n").find(|part| part.starts_with("#!/bin/sh")).expect("the guide has a script");
    let script = script.split("```").next().expect("it ends");
    let test = Test::new().on_path("vault-token-helper", script).helpers("age");
    for name in ["modelforge-credential", "modelforge-credential-age"] {
        place(name, &test.bin().join(name));
    }
    let path = test.bin().join("vault-token-helper").display().to_string();
    test.file(".vault", format!("token_helper = \"{path}\"\n")).file(".bao", format!("token_helper = \"{path}\"\n"))
}

#[test]
#[ignore = "needs OpenBao"]
fn the_clients_of_the_server_keep_their_token_in_our_helpers_and_not_in_plain_text() {
    let (server, engine) = (Bao::shared(), stored());
    let test = token_helper().env("VAULT_ADDR", server.url()).env("BAO_ADDR", server.url());
    let bao = bao::program();
    let run = |arguments: &[&str], input: &str| {
        let words: Vec<&std::ffi::OsStr> =
            std::iter::once(bao.as_os_str()).chain(arguments.iter().map(std::ffi::OsStr::new)).collect();
        let output = test.run(&words, input);
        (
            output.status.success(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let (is_done, _, said) = run(&["login", "-no-print", "-"], ROOT);
    assert!(is_done, "{said}");
    assert!(!test.home().join(".vault-token").exists());
    let (is_done, found, said) = run(&["kv", "get", "-field=password", &format!("-mount={engine}"), super::PATH], "");
    assert!(is_done && found.trim_end() == SECRET, "{said}");
    // Our own helper asks it as well.
    let test = test.program("modelforge-credential-vault").args(["--mount", &engine, "get"]).stdin(OPENAI);
    let test = test.stdout(&credential(&openai())).success();
    let words = [bao.as_os_str(), "token".as_ref(), "lookup".as_ref()];
    assert!(test.run(&words, "").status.success());
    let erased = test.run(&[test.bin().join("vault-token-helper").as_os_str(), "erase".as_ref()], "");
    assert!(erased.status.success());
    assert!(!test.run(&words, "").status.success());
}
