//! A key is sent only to the host that it belongs to, whatever a request, a repository or a helper says.

use super::all_refuse;
use crate::support::{SECRET, Test};

#[test]
fn cve_2024_53263_what_a_repository_wrote_into_its_url_is_refused_by_every_client() {
    all_refuse("url=http://%0Ahost=github.com%0Aprotocol=https%0A@localhost/\n");
    all_refuse("protocol=http\nhost=localhost\npath=a\0b\n");
}

#[test]
fn cve_2024_53858_a_variable_goes_to_the_host_of_its_provider_and_to_no_other() {
    let variables = |mut test: Test| {
        for name in ["OPENAI_API_KEY", "GITHUB_TOKEN", "MODELFORGE_OPENAI_API_KEY", "GH_ENTERPRISE_TOKEN"] {
            test = test.env(name, SECRET);
        }
        test.env("CODESPACES", "true").helpers("env")
    };
    for host in [
        "api.openai.com.evil.example", // an unanchored comparison: vscode#320634
        "evil.example",
        "xapi.openai.com",
        "api.openai.com:80",
        "api.openai.com:443.evil.example",
        "api.openai.com@evil.example",
        "api.openai.com.",
        "github.com",
        "models.github.ai.evil.example",
    ] {
        let request = format!("protocol=https\nhost={host}\n");
        let test = variables(Test::new()).args(["get"]).stdin(&request).success();
        test.program("modelforge-credential-env").args(["get"]).stdin(request).success();
    }
    let test = variables(Test::new()).args(["get"]).stdin("protocol=http\nhost=api.openai.com\n").success();
    drop(test);
}

#[test]
fn a_request_cannot_name_the_variable_that_is_read_or_where_a_token_goes() {
    let request = "protocol=https\nhost=evil.example\nenv[]=OPENAI_API_KEY evil https://evil.example\n\
        token_url=https://evil.example\nclient_id=x\ndevice_code_url=https://evil.example\nsign_in=device_flow\n";
    let test = Test::new().env("OPENAI_API_KEY", SECRET).helpers("env");
    let test = test.args(["get"]).stdin(request).success();
    let test = test.script("sees", "cat >&2").helpers("sees").args(["get"]).stdin(request);
    let asked = String::from_utf8_lossy(&test.output().stderr).into_owned();
    for key in ["token_url=", "client_id=", "device_code_url=", "sign_in=", "env[]=O"] {
        assert!(!asked.contains(key), "{key} in {asked}");
    }
}

#[test]
fn cve_2024_45340_and_cve_2020_15157_a_key_for_one_host_is_never_given_to_another() {
    let test = Test::new().helpers("age");
    let mut test =
        test.args(["store"]).stdin(format!("protocol=https\nhost=a\nusername=u\npassword={SECRET}\n")).success();
    for request in [
        "protocol=https\nhost=b\nusername=u\n",
        "protocol=http\nhost=a\nusername=u\n",
        "protocol=https\nhost=a:443\nusername=u\n",
        "protocol=https\nhost=A\nusername=u\n",
        "protocol=https\nhost=a\nusername=v\n",
        "protocol=https\nhost=a\npath=p\nusername=u\n",
        "protocol=https\nhost=a/../a\nusername=u\n",
        "protocol=https\nhost=*\nusername=u\n",
        "protocol=https\nhost=a*\nusername=u\n",
        "protocol=*\nhost=a\nusername=u\n",
        "protocol=https\nhost=a\nusername=\n",
        "protocol=https\nhost=a\nusername=*\n",
    ] {
        test = test.args(["get"]).stdin(request).success();
        test = test.program("modelforge-credential-age").args(["get"]).stdin(request).success();
        test = test.program("modelforge-credential");
    }
}

#[test]
fn cargo_6545_a_host_that_nobody_knows_gets_no_key_of_a_default_provider() {
    let test = Test::new().env("OPENAI_API_KEY", SECRET).helpers("env");
    let test = test.args(["get"]).stdin("url=https://llm.evil.example/v1\n").success();
    test.args(["get"]).stdin("provider=opnai\n").any_stderr().failure();
}

#[test]
fn a_hostile_repository_cannot_point_a_provider_at_its_host() {
    let hostile = r#"{"providers": {"openai": {"base_url": "https://evil.example/v1", "auth_strategy": "api_key"},
        "evil": {"base_url": "https://evil.example/v1", "auth_strategy": "api_key"}}}"#;
    let test = Test::new().env("OPENAI_API_KEY", SECRET).env("MODELFORGE_OPENAI_API_KEY", SECRET).helpers("env");
    let local = test.work().join(".model-forge");
    std::fs::create_dir(&local).unwrap();
    std::fs::write(local.join("config.json"), hostile).unwrap();
    let found = format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={SECRET}\n");
    // The local file is not read at all.
    let test = test.args(["get"]).stdin("provider=openai\n").stdout(&found).success();
    let test = test.args(["get"]).stdin("provider=evil\n").any_stderr().failure();
    let test = test.args(["get"]).stdin("url=https://evil.example/v1\n").success();
    // The global one cannot redefine what is known.
    let test = test.file(".config/model-forge/config.json", hostile);
    let test = test.args(["get"]).stdin("provider=openai\n").stdout(&found).success();
    let test = test.args(["get"]).stdin("provider=evil\n").success();
    let test = test.args(["get"]).stdin("url=https://evil.example/v1\n").success();
    test.args(["get"])
        .stdin("provider=openai\nurl=https://evil.example/v1\n")
        .stderr(
            "error: provider `openai` is at `https://api.openai.com`, not at `https://evil.example/v1`\n\
             hint: leave out `provider`, or set `url` of `[provider.openai]` in config.toml\n",
        )
        .failure();
}

#[test]
fn a_helper_cannot_send_the_request_elsewhere() {
    for line in ["host=evil", "protocol=http", "username=eve", "path=x"] {
        let key = line.split('=').next().unwrap();
        let test = Test::new().script("moves", &format!("printf '{line}\\npassword=p\\n'")).helpers("moves");
        test.args(["get"])
            .stdin("protocol=ssh\nhost=h\nusername=u\npath=a\n")
            .stderr(&format!(
                "warning: helper `moves` failed: it changed `{key}` of the request, so its answer is not used\n\
                 error: no credential for `ssh://h/a`, account `u`; some helpers could not be queried\n"
            ))
            .failure();
    }
    let test = Test::new().script("moves", "printf 'provider=evil\\npassword=p\\n'").helpers("moves");
    let test = test.args(["get"]).stdin("provider=openai\n");
    test.stderr(
        "warning: helper `moves` failed: it changed `provider` of the request, so its answer is not used\n\
         error: no credential for `openai` (`https://api.openai.com`); some helpers could not be queried\n",
    )
    .failure();
    // git would take a `url` for all the rest.
    let elsewhere = "url=https://evil\\ntoken_url=https://evil\\nenv[]=A evil https://evil\\nclient_id=evil\\n";
    let test = Test::new().script("says", &format!("printf '{elsewhere}username=evil\\n'"));
    let test = test.script("next", "cat >&2; echo password=p").helpers("says\nnext").args(["get"]);
    let output = test.stdin("protocol=https\nhost=h\n").output();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(stdout, "protocol=https\nhost=h\nusername=evil\npassword=p\n");
    assert!(!stderr.contains("https://evil") && !stderr.contains("client_id"), "{stderr}");
}
