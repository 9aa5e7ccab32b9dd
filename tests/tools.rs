//! Real tools with keys from the chain, and servers on this machine that record the requests.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::keyring::Keyring;
use crate::support::server::{Reply, Request, Server};
use crate::support::{SECRET, Test, program, system};

const JSON: &str = "Content-Type: application/json\r\n";

/// Answers as OpenAI and Anthropic do, to every client.
fn llm() -> Server {
    Server::start(|request: &Request| -> Reply {
        let body = match request.path.as_str() {
            "/v1/chat/completions" => {
                r#"{"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [{"index": 0,
                    "finish_reason": "stop", "message": {"role": "assistant", "content": "good day"}}],
                    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}"#
            }
            "/v1/messages" => {
                r#"{"id": "1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
                    "content": [{"type": "text", "text": "good day"}], "usage": {"input_tokens": 1, "output_tokens": 1}}"#
            }
            _ => return (404, JSON, b"{}".to_vec()),
        };
        (200, JSON, body.into())
    })
}

fn keep(test: Test, provider: &str, password: &str) -> Test {
    test.args(["approve"]).stdin(format!("provider={provider}\npassword={password}\n")).success()
}

/// The program that `tests/run` installs, or else one of the system.
fn installed(variable: &str, name: &str) -> PathBuf {
    let path = std::env::var_os(variable).map_or_else(|| system(name, name), PathBuf::from);
    assert!(path.exists(), "{variable} names no program: run `sh tests/run`");
    path
}

#[test]
#[ignore = "needs openai and anthropic, from PyPI"]
fn the_packages_of_openai_and_anthropic_find_their_keys_under_exec() {
    let server = llm();
    let python = installed("MODELFORGE_TEST_PYTHON", "python3").display().to_string();
    let script = "
import anthropic, openai
messages = [{'role': 'user', 'content': 'hello'}]
print(openai.OpenAI(max_retries=0).chat.completions.create(model='m', messages=messages).choices[0].message.content)
print(anthropic.Anthropic(max_retries=0).messages.create(model='m', max_tokens=9, messages=messages).content[0].text)";
    let test = keep(keep(Test::new().helpers("age"), "openai", SECRET), "anthropic", "sk-ant-another");
    let test = test.env("OPENAI_BASE_URL", format!("http://{}/v1", server.address()));
    let test = test.env("ANTHROPIC_BASE_URL", format!("http://{}", server.address()));
    let test = test.args(["exec", "openai", "anthropic", "--", &python, "-c", script]);
    test.stdout("good day\ngood day\n").success();
    let requests = server.requests();
    let [first, second] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!(first.header("authorization"), Some(&*format!("Bearer {SECRET}")));
    // Newer packages send it as a token.
    let key = second.header("x-api-key").or(second.header("authorization"));
    let key = key.map(|key| key.trim_start_matches("Bearer "));
    assert_eq!(key, Some("sk-ant-another"));
    assert!(!second.headers.iter().any(|(_, value)| value.contains(SECRET)), "{second:?}");
}

#[test]
#[ignore = "needs curl"]
fn curl_gets_a_key_that_no_argument_shows() {
    let server = llm();
    let core = program("modelforge-credential").display().to_string();
    let url = format!("http://{}/v1/messages", server.address());
    let curl = system("curl", "curl").display().to_string();
    let script = format!(
        "printf 'header = \"Authorization: Bearer %s\"\\n' \"$({core} print openai)\" | {curl} --silent --output /dev/null --config - {url}"
    );
    keep(Test::new().helpers("age"), "openai", SECRET).program("/bin/sh").args(["-c", &script]).success();
    let requests = server.requests();
    assert_eq!(requests[0].header("authorization"), Some(&*format!("Bearer {SECRET}")));
}

#[test]
#[ignore = "needs model-forge-llm, from PyPI"]
fn modelforge_finds_valid_credentials_while_its_file_holds_none() {
    let server = llm();
    let modelforge = installed("MODELFORGE_TEST_MODELFORGE", "modelforge").display().to_string();
    let config = format!(
        "{{\"providers\": {{\"loop\": {{\"llm_type\": \"openai_compatible\", \"base_url\": \"http://{}/v1\", \
         \"auth_strategy\": \"api_key\", \"models\": {{\"m\": {{}}}}}}, \"github_copilot\": {{\"llm_type\": \"github_copilot\", \
         \"base_url\": \"https://api.githubcopilot.com\", \"auth_strategy\": \"device_flow\", \"auth_details\": {{\
         \"client_id\": \"c\", \"device_code_url\": \"https://github.com/login/device/code\", \
         \"token_url\": \"https://github.com/login/oauth/access_token\", \"scope\": \"read:user\"}}, \"models\": {{}}}}}}, \
         \"current_model\": {{\"provider\": \"loop\", \"model\": \"m\"}}}}",
        server.address()
    );
    let test = Test::new().helpers("age").file(".config/model-forge/config.json", &config);
    let test = keep(keep(test, "loop", SECRET), "github_copilot", "gho_made_up");
    let says = |test: &Test, words: &[&str]| {
        let output = test.run(words, "");
        let said = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&said).matches("Valid credentials found").count()
    };
    assert_eq!(says(&test, &[&modelforge, "auth", "status"]), 0);
    let core = program("modelforge-credential").display().to_string();
    assert_eq!(says(&test, &[&core, "exec", "--", &modelforge, "auth", "status"]), 2);
    let test = test.args(["exec", "--", &modelforge, "test", "--quiet", "--prompt", "hello"]).any_stderr();
    let output = test.output();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "good day");
    let requests = server.requests();
    let [request] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!(request.header("authorization"), Some(&*format!("Bearer {SECRET}")));
    let after = std::fs::read_to_string(test.home().join(".config/model-forge/config.json")).expect("it is there");
    assert_eq!(after, config);
}

/// A repository on this machine for clients that know one of these passwords.
fn repository(test: &Test, passwords: &'static [(&str, &str)]) -> Server {
    let folder = test.home().join("served.git");
    let git = system("git", "git");
    let run = |words: &[&str]| {
        let output = test.run(&[&[git.to_str().expect("text")], words].concat(), "");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let path = folder.display().to_string();
    run(&["init", "--quiet", "--bare", &path]);
    // A commit with nothing in it.
    let tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    let commit = ["-C", &path, "-c", "user.name=a", "-c", "user.email=a@b", "commit-tree", "-m", "first", tree];
    run(&["-C", &path, "hash-object", "-w", "-t", "tree", "/dev/null"]);
    let output = test.run(&[&[git.to_str().expect("text")], &commit[..]].concat(), "");
    let commit = String::from_utf8(output.stdout).expect("text");
    run(&["-C", &path, "update-ref", "HEAD", commit.trim()]);
    run(&["-C", &path, "update-server-info"]);
    let allowed: Vec<_> = passwords
        .iter()
        .map(|(name, password)| format!("Basic {}", STANDARD.encode(format!("{name}:{password}"))))
        .collect();
    Server::start(move |request| {
        if !request.header("authorization").is_some_and(|sent| allowed.iter().any(|allowed| allowed == sent)) {
            return (401, "WWW-Authenticate: Basic realm=\"here\"\r\n", Vec::new());
        }
        let path = request.path.split('?').next().unwrap_or_default().trim_start_matches("/served.git/");
        match std::fs::read(folder.join(path)) {
            Ok(content) => (200, "", content),
            Err(_) => (404, "", Vec::new()),
        }
    })
}

/// git starts helpers by a shell.
#[cfg(unix)]
#[test]
fn git_clones_over_http_with_two_accounts_and_a_password_that_is_refused() {
    let core = program("modelforge-credential").display().to_string();
    let test = Test::new().env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_TERMINAL_PROMPT", "0").helpers("age");
    let test = test.file(".gitconfig", format!("[credential]\nhelper = {core}\n[init]\ndefaultBranch = main\n"));
    let server = repository(&test, &[("ann", SECRET), ("bob", "another one")]);
    let host = server.address().to_owned();
    let keep = |test: Test, name: &str, password: &str| {
        let request = format!("protocol=http\nhost={host}\nusername={name}\npassword={password}\n");
        test.program("modelforge-credential").args(["approve"]).stdin(request).success().program(system("git", "git"))
    };
    let url = |name: &str| format!("http://{name}@{host}/served.git");
    let authorization = |name: &str, password: &str| format!("Basic {}", STANDARD.encode(format!("{name}:{password}")));
    let sent = || server.requests().last().and_then(|request| request.header("authorization").map(str::to_owned));

    let test = keep(keep(test, "ann", SECRET), "bob", "an old one");
    let test = test.args(["clone", "--quiet", &url("ann"), "of-ann"]).success();
    assert_eq!(sent(), Some(authorization("ann", SECRET)));
    assert!(
        server.requests().iter().any(|request| request.header("authorization").is_none()),
        "git tries without first"
    );

    // bob's is refused: git says so, it is erased, and ann's stays.
    let refused = format!("fatal: Authentication failed for 'http://{host}/served.git/'\n");
    let test = test.args(["ls-remote", &url("bob")]).stderr(&refused).status(128);
    assert_eq!(sent(), Some(authorization("bob", "an old one")));
    let asked = format!("fatal: could not read Password for 'http://bob@{host}': terminal prompts disabled\n");
    let test = test.args(["ls-remote", &url("bob")]).stderr(&asked).status(128);
    let test = test.args(["ls-remote", "--quiet", &url("ann")]);
    let listed = String::from_utf8(test.output().stdout).expect("text");
    assert!(listed.contains("\tHEAD\n"), "{listed}");

    // A person gives another one, which git has kept once it works.
    let test = test.script("ask", "echo 'another one'");
    let askpass = test.bin().join("modelforge-credential-ask").display().to_string();
    let test = test.env("GIT_ASKPASS", askpass).args(["ls-remote", &url("bob")]).stdout(&listed).success();
    let test = test.env("GIT_ASKPASS", "/bin/false").args(["ls-remote", &url("bob")]).stdout(&listed).success();
    assert_eq!(sent(), Some(authorization("bob", "another one")));
    drop(test);
}

#[test]
#[ignore = "needs dbus, gnome-keyring and git-credential-libsecret"]
fn gits_helper_for_the_secret_service_is_a_link_of_the_chain() {
    let keyring = Keyring::start();
    let libsecret = installed("MODELFORGE_TEST_LIBSECRET", "git-credential-libsecret").display().to_string();
    let variables = keyring.env();
    let variables = variables.iter().filter(|(name, _)| !matches!(*name, "HOME" | "XDG_DATA_HOME"));
    let test = variables.fold(Test::new(), |test, (name, value)| test.env(name, value.to_string_lossy()));
    let test = test.config(&format!("helpers = [{{ command = ['{libsecret}'] }}]"));
    let test = test.args(["print", "openai"]);
    let missing = "error: not signed in to `openai`\nhint: modelforge-credential login openai\n";
    let test = keep(test.stderr(missing).failure(), "openai", SECRET);
    let test = test.args(["print", "openai"]).stdout(&format!("{SECRET}\n")).success();
    assert_eq!(keyring.items(), 1);
    let test = test.args(["reject"]).stdin("provider=openai\n").success();
    test.args(["print", "openai"]).stderr(missing).failure();
    assert_eq!(keyring.items(), 0);
}
