//! An error in the file is one message with the line, the key and a suggestion.

use super::{NAME, get, is_refused, told};
use crate::support::{SECRET, Test, as_elsewhere};

#[test]
fn another_file_can_be_named_and_has_to_be_there() {
    let test =
        told(told(Test::new(), "one"), "two").config("helpers = ['one']").file("other.toml", "helpers = ['two']");
    let other = test.home().join("other.toml").display().to_string();
    let asked = "two get\nprotocol=https\nhost=api.openai.com\nprovider=openai\n";
    let test = get(test.env("MODELFORGE_CREDENTIAL_CONFIG", &other), "openai").stderr(asked).success();
    let test = test.env("MODELFORGE_CREDENTIAL_CONFIG", other.replace("other", "absent"));
    let test = get(test, "openai").stderr("error: there is no file `~/absent.toml`\n").failure();
    // Set to nothing, there is no configuration at all.
    let test = test.env("MODELFORGE_CREDENTIAL_CONFIG", "").script("env", "exit 0");
    get(test, "openai").any_stderr().success();
}

#[test]
fn a_typo_is_one_error_with_line_key_and_suggestion() {
    is_refused("\n\nhelper = ['mark']", "line 3: unknown key `helper`\nhint: did you mean `helpers`?");
    is_refused("[provider.openai]\nacount = 'x'", "line 2: unknown key `acount`\nhint: did you mean `account`?");
    is_refused("[providers.openai]\nurl = 'x'", "line 1: unknown key `providers`\nhint: did you mean `provider`?");
    is_refused(
        "helpers = [{ command = ['git'], timout = '5s' }]",
        "line 1: unknown key `timout`\nhint: did you mean `timeout`?",
    );
    is_refused("cache = true", "line 1: unknown key `cache`\nhint: known keys: helpers, store, audit, provider, exec");
    is_refused(
        "[provider.x]\nurl = 'https://x'\n'\\u001b[2J' = 1",
        "line 3: unknown key `\\u001b[2J`\n\
         hint: known keys: url, env, account, helpers, sign_in, client_id, device_code_url, token_url, scope",
    );
    is_refused(
        "[provider.x]\n\"\\u001b[2J\" = 1",
        "line 2: unknown key `\\u{1b}[2J`\n\
         hint: known keys: url, env, account, helpers, sign_in, client_id, device_code_url, token_url, scope",
    );
}

#[test]
fn what_is_not_what_it_should_be_is_named() {
    is_refused("helpers = ", "line 1: this is not TOML");
    is_refused("helpers = 'age'", "line 1: `helpers` is not a list\nhint: helpers = [\"keyring\", \"age\"]");
    is_refused("helpers = ['']", "line 1: an entry is empty");
    is_refused(
        "helpers = [\n'mark',\n'../x']",
        "line 3: a helper is a name (lower-case letters, digits, `-`) or an absolute path",
    );
    is_refused("helpers = ['age \"x']", "line 1: a quotation mark is not closed");
    is_refused(
        "helpers = [1]",
        "line 1: a helper is a string or a table\n\
         hint: { command = [\"git\", \"credential-libsecret\"], timeout = \"5s\" }",
    );
    is_refused("helpers = [{ timeout = '5s' }]", "line 1: a helper needs a `command`");
    is_refused("helpers = [{ command = [] }]", "line 1: a helper needs a `command`");
    is_refused("helpers = [{ command = 'git' }]", "line 1: `command` is not a list of strings");
    is_refused(
        "helpers = [{ command = ['./x'] }]",
        "line 1: a relative path is not allowed: it depends on the directory",
    );
    is_refused("helpers = [{ command = ['git'], timeout = 5 }]", "line 1: `timeout` is not a string of one line");
    is_refused(
        "helpers = [{ command = ['git'], timeout = '5' }]",
        "line 1: `timeout` is not a duration\nhint: timeout = \"5s\"  # or \"500ms\", \"2m\"",
    );
    is_refused("store = 'some'", "line 1: `store` is neither \"first\" nor \"all\"");
    is_refused("provider = 1", "line 1: `provider` is not a table");
    is_refused("[provider]\nopenai = 1", "line 2: `provider` is not a table");
    is_refused("[provider.x]\nurl = 'x'", "line 2: the URL has no scheme");
    is_refused("[provider.x]\nurl = 'https://'", "line 2: the URL has no host");
    is_refused("[provider.x]\nurl = 'https://u@h'", "line 2: the URL has a user name in it");
    is_refused("[provider.x]\nurl = 'https://h?q'", "line 2: the URL has more in it than scheme, host, port and path");
    is_refused("[provider.x]\nurl = 'https://h%2e'", "line 2: the URL has more in it than scheme, host, port and path");
    is_refused("[provider.x]\naccount = ''", "line 2: `account` is not a string of one line");
    is_refused("[provider.x]\naccount = \"a\\nb\"", "line 2: `account` is not a string of one line");
    is_refused("[provider.x]\nenv = 'X'", "line 2: `env` is not a list of strings");
    is_refused("[provider.x]\nenv = ['X Y']", "line 2: `env` has an entry that is not the name of a variable");
    is_refused("[provider.x]\nsign_in = 'magic'", "line 2: `sign_in` must be \"api_key\", \"device_flow\" or \"none\"");
    is_refused("[provider.'a b']\n", "line 1: `a b` is not a valid provider name: use letters, digits, `-` and `_`");
}

#[test]
fn a_provider_that_is_there_twice_in_any_spelling_is_refused() {
    let twice = "line 3: provider `github_copilot` is there twice";
    is_refused("[provider.github-copilot]\naccount = 'a'\n[provider.github_copilot]\naccount = 'b'", twice);
    is_refused("[provider.GitHub_Copilot]\naccount = 'a'\n[provider.copilot]\naccount = 'b'", twice);
}

#[test]
fn a_token_is_sent_nowhere_in_the_clear() {
    for key in ["token_url", "device_code_url"] {
        let problem = format!("line 2: `{key}` is not an https URL");
        is_refused(&format!("[provider.x]\n{key} = 'http://evil.example/t'"), &problem);
    }
}

#[test]
fn a_key_in_the_configuration_is_refused_and_not_repeated() {
    let keys = "keys are not stored in this file\nhint: modelforge-credential login NAME";
    is_refused(&format!("api_key = '{SECRET}'"), &format!("line 1: {keys}"));
    is_refused(&format!("[provider.openai]\ntoken = '{SECRET}'"), &format!("line 2: {keys}"));
    is_refused(&format!("[provider.openai]\npassword = '{SECRET}'"), &format!("line 2: {keys}"));
    for text in [
        format!("api_key = {SECRET}"),
        format!("helpers = '{SECRET}'"),
        format!("helpers = ['{SECRET}!']"),
        format!("[provider.openai]\nurl = '{SECRET}'"),
        format!("[provider.openai]\nenv = ['{SECRET} x']"),
        format!("[provider.openai]\nsign_in = '{SECRET}'"),
        format!("store = '{SECRET}'"),
        format!("'x{SECRET}"),
    ] {
        // The harness fails if it is repeated.
        get(Test::new().config(&text), "openai").any_stderr().failure();
    }
}

#[test]
fn a_key_as_an_argument_of_a_helper_or_as_the_name_of_a_provider_is_refused_and_not_repeated() {
    const KEY: &str =
        "sk-proj-FakelvtugD1uqMWo8GIWXqZ6phIeeWdKpPxuVfqtcv4isaDczLLNbf4uydU2C0U7lgpEYbv0dqT3BlbkFJfTrvwZi";
    let problem = "an argument of the helper is a key: every user of the machine could read it";
    // An absolute path.
    let cat = if cfg!(windows) { "C:/bin/cat.exe" } else { "/bin/cat" };
    for helpers in [
        format!("[{{ command = ['{cat}', '--token={KEY}'] }}]"),
        format!("[{{ name = 'vault-two', command = ['{cat}', '-H', 'Authorization: Bearer {KEY}'] }}]"),
        format!("['{cat} {KEY}']"),
        format!("['age --identity {KEY}']"),
    ] {
        is_refused(&format!("helpers = {helpers}"), &format!("line 1: {problem}"));
    }
    // What is no key may stand there, whatever it begins with.
    let test = Test::new().config("helpers = [{ command = ['true', 'op://vault/sk', '--token=env'] }, 'age']");
    let test = get(test, "openai").success();
    // The same for what a command writes there.
    let name = KEY.get(..40).expect("a part of a key");
    let test = test.config("").args(["login", name, "--url", "https://llm.corp.example"]).stdin(SECRET);
    let test = test.stderr(
        "error: the name of the provider looks like a key\n\
         hint: modelforge-credential login NAME --url https://…  # and enter the key at the prompt\n",
    );
    let test = test.failure();
    let file = test.home().join(".config/modelforge-credential/config.toml");
    assert_eq!(std::fs::read_to_string(file).expect("a file"), "");
}

#[test]
fn a_mistyped_provider_is_named_with_its_line_wherever_it_is_used_and_harms_no_other() {
    let error = |line: usize, name: &str, hint: &str| {
        format!(
            "error: `{NAME}`, line {line}: unknown provider `{name}`\n\
             hint: {hint}give it a `url` in its section: url = \"https://…\"\n"
        )
    };
    let opnai = error(1, "opnai", "did you mean `openai`? else ");
    let mut test =
        Test::new().helpers("env").config("[provider.opnai]\naccount = 'work'\n\n[provider.mine]\nenv = ['X']");
    for arguments in [&["login", "opnai"][..], &["print", "opnai"], &["exec", "opnai", "--", "true"]] {
        test = test.args(arguments).stdin(SECRET).stderr(&opnai).failure();
    }
    let test = get(test, "opnai").stderr(&opnai).failure();
    let mine = error(4, "mine", "");
    let test = get(test, "mine").stderr(&mine).failure();
    let test = test.env("OPENAI_API_KEY", SECRET).args(["print", "openai"]).stdin("");
    let test = test.stdout(&format!("{SECRET}\n")).success();
    // All that there is names it, and goes on.
    let output = test.args(["status"]).output();
    let stderr = as_elsewhere(String::from_utf8_lossy(&output.stderr).into_owned());
    for problem in [opnai, mine] {
        assert!(stderr.contains(&problem.replace("error: ", "warning: ")), "{stderr}");
    }
    assert!(String::from_utf8_lossy(&output.stdout).contains("openai") && output.status.success());
}

#[test]
fn a_mistyped_provider_of_exec_is_named_with_its_line() {
    let error = format!(
        "error: `{NAME}`, line 2: unknown provider `opanai`\n\
         hint: did you mean `openai`? if not: modelforge-credential login opanai --url https://…\n"
    );
    let test = Test::new().helpers("env").env("OPENAI_API_KEY", SECRET).config("[exec]\nproviders = ['Opanai:work']");
    let test = test.args(["exec", "--", "true"]).stderr(&error).failure();
    test.args(["print", "openai"]).stdout(&format!("{SECRET}\n")).success();
}

#[test]
fn the_hint_for_a_provider_that_nobody_knows_can_be_pasted() {
    let test = Test::new().helpers("age").args(["print", "our-gateway"]);
    let said = String::from_utf8_lossy(&test.output().stderr).into_owned();
    let (_, line) = said.split_once("hint: modelforge-credential ").expect("a line to paste");
    let line = line.split_once("  #").expect("a remark").0.replace('…', "llm.example.com");
    let test = test.args(line.split(' ')).stdin(SECRET).any_stdout().success();
    test.args(["print", "our-gateway"]).stdout(&format!("{SECRET}\n")).success();
}
