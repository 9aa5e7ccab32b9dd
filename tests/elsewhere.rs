//! A name without its URL gets no key: the key of `openai` is for the URL of `openai`, even if somebody uses the name for another URL.

use crate::support::server::Server;
use crate::support::{SECRET, Test};

const MODELFORGE: &str = ".config/model-forge/config.json";

/// ModelForge's file with `openai` at a gateway, and perhaps the gateway's key.
fn at_a_gateway(url: &str, key: &str) -> Test {
    let auth = if key.is_empty() { String::new() } else { format!(r#", "auth_data": {{"api_key": "{key}"}}"#) };
    let openai = format!(
        r#""openai": {{"llm_type": "openai_compatible", "base_url": "{url}", "auth_strategy": "api_key"{auth}, "models": {{"m": {{}}}}}}"#
    );
    let current = r#""current_model": {"provider": "openai", "model": "m"}"#;
    Test::new().file(MODELFORGE, format!("{{\"providers\": {{{openai}}}, {current}}}"))
}

fn keep(test: Test, request: &str, key: &str) -> Test {
    test.args(["store"]).stdin(format!("{request}\nusername=default\npassword={key}\n")).success()
}

fn shows(test: Test, words: &[&str], variable: &str) -> Test {
    let script = format!("echo ${{{variable}-unset}}");
    test.args([&["exec"], words, &["--", "sh", "-c", &script]].concat())
}

const GATEWAY: &str = "https://gw.example/v1";
const HINT: &str = "hint: provider.openai.url = \"https://gw.example/v1\"  # in ~/.config/modelforge-credential/config.toml, above any [section]";

#[test]
fn exec_gives_modelforge_the_key_of_the_url_in_its_file_and_no_other() {
    let test = keep(at_a_gateway(GATEWAY, "").helpers("age"), "provider=openai", SECRET);
    let none = format!(
        "warning: there is no key for `{GATEWAY}`, where ModelForge has `openai`; the key for \
         `https://api.openai.com` is not used there\n{HINT}; then: modelforge-credential login openai\n\
         error: not signed in to any provider\nhint: modelforge-credential login openai\n"
    );
    let test = shows(test, &[], "MODELFORGE_OPENAI_API_KEY").stderr(&none).failure();
    let test = keep(test, &format!("url={GATEWAY}"), "key-of-the-gateway");
    let test = shows(test, &[], "MODELFORGE_OPENAI_API_KEY").stdout("key-of-the-gateway\n").success();
    // Other tools know OpenAI's URL by that name.
    let test = shows(test, &[], "OPENAI_API_KEY").stdout("unset\n").success();
    let warned = format!(
        "warning: `openai` is at `{GATEWAY}` in ModelForge's file, so ModelForge does not get the key for \
         `https://api.openai.com`\n{HINT}\n"
    );
    let test = shows(test, &["openai"], "MODELFORGE_OPENAI_API_KEY").stdout("unset\n").stderr(&warned).success();
    let test = shows(test, &["--env", "MODELFORGE_OPENAI_API_KEY=openai"], "MODELFORGE_OPENAI_API_KEY");
    test.stderr(&warned.replace("warning", "error")).failure();
}

#[test]
fn a_variable_of_modelforge_is_no_key_for_another_url_than_it_has() {
    let test = at_a_gateway(GATEWAY, "").helpers("env").env("MODELFORGE_OPENAI_API_KEY", SECRET);
    let test = test.args(["get"]).stdin("provider=openai\n").success();
    test.args(["list"]).stdout("count=0\n").success();
    // Its own file names the usual URL, or nothing.
    let usual =
        r#"{"providers": {"openai": {"base_url": "https://API.openai.com:443/v1/", "auth_strategy": "api_key"}}}"#;
    let found = format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={SECRET}\n");
    for file in [usual, "{}"] {
        let test = Test::new().file(MODELFORGE, file).helpers("env").env("MODELFORGE_OPENAI_API_KEY", SECRET);
        test.args(["get"]).stdin("provider=openai\n").stdout(&found).success();
    }
}

#[test]
fn a_provider_that_the_configuration_moves_takes_no_variable_along_unless_it_says_so() {
    let moved = "[provider.openai]\nurl = 'https://llm.corp.example/v1'\n";
    let test = Test::new().helpers("env").config(moved);
    let mut test = test.env("OPENAI_API_KEY", SECRET).env("MODELFORGE_OPENAI_API_KEY", SECRET);
    for request in ["provider=openai\n", "url=https://llm.corp.example/v1\n", "url=https://api.openai.com\n"] {
        test = test.args(["get"]).stdin(request).success();
    }
    let test = test.args(["list"]).stdout("count=0\n").success();
    let found =
        format!("protocol=https\nhost=llm.corp.example\nprovider=openai\nusername=default\npassword={SECRET}\n");
    let test = test.config(&format!("{moved}env = ['OPENAI_API_KEY']"));
    let test = test.args(["get"]).stdin("provider=openai\n").stdout(&found).success();
    // The same URL in another spelling is no move.
    let test = test.config("[provider.openai]\nurl = 'HTTPS://API.openai.com:443/v1/'\n");
    test.args(["get"])
        .stdin("provider=openai\n")
        .stdout(&found.replace("llm.corp.example", "api.openai.com"))
        .success();
}

#[test]
fn exec_sets_no_usual_variable_for_a_provider_that_was_moved() {
    let moved = "[provider.openai]\nurl = 'https://llm.corp.example/v1'\n";
    let test = keep(Test::new().helpers("age").config(moved), "provider=openai", SECRET);
    let none = "error: no variable is known for the key of `openai` at `https://llm.corp.example`\n\
                hint: provider.openai.env = [\"NAME\"]  # in ~/.config/modelforge-credential/config.toml; \
                or: --env NAME=openai\n";
    let test = shows(test, &["openai"], "OPENAI_API_KEY").stderr(none).failure();
    let test = shows(test, &["--env", "CORP_KEY=openai"], "CORP_KEY").stdout(&format!("{SECRET}\n")).success();
    let test = test.config(&format!("{moved}env = ['CORP_KEY']"));
    let test = shows(test, &["openai"], "CORP_KEY").stdout(&format!("{SECRET}\n")).success();
    let test = shows(test, &["openai"], "MODELFORGE_OPENAI_API_KEY").stdout("unset\n").success();
    // Where ModelForge's file has the same URL for it, that is whose key ModelForge needs.
    let file = r#"{"providers": {"openai": {"base_url": "https://LLM.corp.example/v1", "auth_strategy": "api_key"}}}"#;
    let test = shows(test.file(MODELFORGE, file), &[], "MODELFORGE_OPENAI_API_KEY");
    test.stdout(&format!("{SECRET}\n")).success();
}

#[test]
fn status_login_and_doctor_tell_of_a_provider_at_another_url_than_usual() {
    let remark = "`openai` is at `https://gw.example/v1` in ModelForge's file, so ModelForge does not get the key for `https://api.openai.com`";
    let test = at_a_gateway(GATEWAY, "").helpers("age");
    let test = test.args(["login", "openai"]).stdin(format!("{SECRET}\n")).any_stderr();
    let said = test.text(&test.output().stderr);
    assert!(said.contains(&format!("warning: {remark}\n{HINT}\n")), "{said}");
    for command in ["status", "doctor"] {
        let output = test.run(&[&*crate::support::program("modelforge-credential").display().to_string(), command], "");
        let said = test.text(&output.stdout);
        assert!(said.contains(remark), "{said}");
    }
    let test = test.config("[provider.openai]\nurl = 'https://llm.corp.example'\n");
    let moved = "`openai` is at `https://llm.corp.example`, not at `https://api.openai.com/v1`";
    for command in ["status", "doctor"] {
        let output = test.run(&[&*crate::support::program("modelforge-credential").display().to_string(), command], "");
        let said = test.text(&output.stdout);
        assert!(said.contains(moved), "{said}");
    }
}

#[test]
fn migrate_says_whether_exec_hands_out_what_it_moved() {
    let test = at_a_gateway("https://API.gw.example:443/v1/", SECRET).helpers("age");
    let test = test.args(["migrate", "--yes"]).any_stderr();
    let output = test.output();
    let said = test.text(&output.stdout);
    assert!(said.contains("exec -- modelforge …`: it gets each key that was moved"), "{said}");
    let test = shows(test, &[], "MODELFORGE_OPENAI_API_KEY").stdout(&format!("{SECRET}\n")).success();
    drop(test);
    // Where the configuration names others, it does not.
    let test = at_a_gateway(GATEWAY, SECRET).helpers("age").config("[exec]\nproviders = ['mistral']");
    let test = test.args(["migrate", "--yes"]).any_stderr();
    let said = test.text(&test.output().stderr);
    let warned = "warning: `exec` cannot set the key for `https://gw.example`: no provider has this URL\n\
                  hint: provider.NAME.url = \"https://gw.example\"  # in ~/.config/modelforge-credential/config.toml, above any [section]\n";
    assert!(said.contains(warned), "{said}");
}

#[test]
#[ignore = "needs ModelForge"]
fn the_real_modelforge_sends_no_key_of_openai_to_a_gateway() {
    let server = Server::start(|_| (401, "", Vec::new()));
    let url = format!("http://{}/v1", server.address());
    let test = at_a_gateway(&url, "sk-key-of-the-gateway").helpers("env\nage\nplaintext");
    let modelforge =
        std::env::var("MODELFORGE_TEST_MODELFORGE").expect("MODELFORGE_TEST_MODELFORGE: run `sh tests/run`");
    let core = crate::support::program("modelforge-credential").display().to_string();
    let sent = || {
        let requests = server.requests();
        requests.iter().filter_map(|request| request.header("authorization")).map(str::to_owned).collect::<Vec<_>>()
    };
    let test = keep(test, "provider=openai", SECRET).env("OPENAI_API_KEY", SECRET);
    test.run(&[&*modelforge, "test"], "hello");
    test.run(&[&*core, "exec", "--", &*modelforge, "test"], "hello");
    let output = test.run(&[&*core, "migrate", "--yes"], "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    test.run(&[&*core, "exec", "--", &*modelforge, "test"], "hello");
    let sent = sent();
    assert!(sent.len() >= 3, "{sent:?}");
    assert!(sent.iter().all(|header| header == "Bearer sk-key-of-the-gateway"), "{sent:?}");
}
