//! The configuration: what helpers, accounts, URLs and variables can be set, and what a mistake in it says.

use crate::support::{SECRET, Test};

const NAME: &str = "~/.config/modelforge-credential/config.toml";

/// Shows what a request becomes: one that is complete is its own answer.
#[track_caller]
fn becomes(test: Test, request: &str, expected: &str) -> Test {
    let test = test.args(["fill"]).stdin(format!("{request}username=u\npassword=p\n"));
    test.stdout(&format!("{expected}username=u\npassword=p\n")).success()
}

/// A helper that tells on standard error which one it is, what it is asked, and with which arguments.
fn told(test: Test, name: &str) -> Test {
    test.script(name, &format!("echo {name} \"$@\" >&2; grep -v -e ^capability -e ^env -e ^sign_in >&2; exit 0"))
}

fn get(test: Test, provider: &str) -> Test {
    test.args(["get"]).stdin(format!("provider={provider}\n"))
}

#[track_caller]
fn is_refused(config: &str, problem: &str) {
    let test = Test::new().script("mark", "echo started >&2").config(config);
    get(test, "openai").stderr(&format!("error: `{NAME}`, {problem}\n")).failure();
}

#[test]
fn an_entry_is_split_into_words_and_home_is_expanded() {
    let test = told(Test::new(), "one").config(r#"helpers = ['one --identity ~/.ssh/id "a  b" c\ d ""']"#);
    let home = test.home().display().to_string();
    let said = get(test, "openai").output();
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert_eq!(said.lines().next(), Some(format!("one --identity {home}/.ssh/id a  b c d  get").as_str()));
}

#[test]
fn an_absolute_path_is_a_helper() {
    let test = told(Test::new(), "one");
    let path = test.bin().join("modelforge-credential-one").display().to_string();
    let test = test.config(&format!("helpers = ['{path} x']"));
    get(test, "openai").stderr("one x get\nprotocol=https\nhost=api.openai.com\nprovider=openai\n").success();
}

#[test]
fn a_command_is_a_program_and_its_arguments_and_may_have_a_time_limit() {
    let test = Test::new().config("helpers = [{ command = ['sh', '-c', 'sleep 20'], timeout = '200ms' }]");
    get(test, "openai")
        .stderr(
            "warning: helper `sh -c sleep 20` failed: it did not answer within 0.2 s and was ended\n\
             error: no credential for `openai` (`https://api.openai.com`) was found, but not every helper could be asked\n",
        )
        .failure();
    let test = Test::new().config("helpers = [{ command = ['sh', '-c', 'echo password=$0', 'a b'] }]");
    get(test, "openai")
        .stdout("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword=a b\n")
        .success();
}

#[test]
fn the_variable_replaces_the_configured_chain_also_that_of_a_provider() {
    let config = "helpers = ['one']\n[provider.openai]\nhelpers = ['two']\n";
    let test = told(told(told(Test::new(), "one"), "two"), "three").config(config);
    let asked = |name: &str, host: &str, provider: &str| {
        format!("{name} get\nprotocol=https\nhost={host}\nprovider={provider}\n")
    };
    let (openai, groq) = (("api.openai.com", "openai"), ("api.groq.com", "groq"));
    let test = get(test, "openai").stderr(&asked("two", openai.0, openai.1)).success();
    let test = get(test, "groq").stderr(&asked("one", groq.0, groq.1)).success();
    let test = get(test.helpers("three"), "openai").stderr(&asked("three", openai.0, openai.1)).success();
    // An empty entry resets what came before it, as in git; an empty list is one.
    let test = get(test.helpers("one\n\nthree"), "groq").stderr(&asked("three", groq.0, groq.1)).success();
    let test = get(test.helpers("one\n\n"), "groq").success();
    let test = get(test.helpers(""), "groq").success();
    get(test.helpers("one\nthree\n"), "groq")
        .stderr(&(asked("one", groq.0, groq.1) + &asked("three", groq.0, groq.1)))
        .success();
}

#[test]
fn a_mistake_in_the_variable_is_named() {
    for (entries, problem) in [
        ("../x", "a helper is a name (small letters, digits, `-`) or an absolute path"),
        ("age 'x", "a quotation mark is not closed"),
        ("!sh -c x", "a helper is a name (small letters, digits, `-`) or an absolute path"),
    ] {
        let test = Test::new().helpers(entries);
        get(test, "openai").stderr(&format!("error: MODELFORGE_CREDENTIAL_HELPERS: {problem}\n")).failure();
    }
}

#[test]
fn another_file_can_be_named_and_has_to_be_there() {
    let test =
        told(told(Test::new(), "one"), "two").config("helpers = ['one']").file("other.toml", "helpers = ['two']");
    let other = test.home().join("other.toml").display().to_string();
    let asked = "two get\nprotocol=https\nhost=api.openai.com\nprovider=openai\n";
    let test = get(test.env("MODELFORGE_CREDENTIAL_CONFIG", &other), "openai").stderr(asked).success();
    let test = test.env("MODELFORGE_CREDENTIAL_CONFIG", other.replace("other", "absent"));
    let test = get(test, "openai")
        .stderr("error: cannot read `~/absent.toml`: No such file or directory (os error 2)\n")
        .failure();
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
        "line 3: a helper is a name (small letters, digits, `-`) or an absolute path",
    );
    is_refused("helpers = ['age \"x']", "line 1: a quotation mark is not closed");
    is_refused(
        "helpers = [1]",
        "line 1: a helper is a text or a table\n\
         hint: { command = [\"git\", \"credential-libsecret\"], timeout = \"5s\" }",
    );
    is_refused("helpers = [{ timeout = '5s' }]", "line 1: a helper needs a `command`");
    is_refused("helpers = [{ command = [] }]", "line 1: a helper needs a `command`");
    is_refused("helpers = [{ command = 'git' }]", "line 1: `command` is not a list of texts");
    is_refused(
        "helpers = [{ command = ['./x'] }]",
        "line 1: a relative path is not a program: it would depend on the folder",
    );
    is_refused("helpers = [{ command = ['git'], timeout = 5 }]", "line 1: `timeout` is not a text of one line");
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
    is_refused("[provider.x]\naccount = ''", "line 2: `account` is not a text of one line");
    is_refused("[provider.x]\naccount = \"a\\nb\"", "line 2: `account` is not a text of one line");
    is_refused("[provider.x]\nenv = 'X'", "line 2: `env` is not a list of texts");
    is_refused("[provider.x]\nenv = ['X Y']", "line 2: `env` has something that is no name of a variable");
    is_refused(
        "[provider.x]\nsign_in = 'magic'",
        "line 2: `sign_in` is none of \"api_key\", \"device_flow\", \"none\"",
    );
    is_refused("[provider.'a b']\n", "line 1: `a b` is no name for a provider: letters, digits, `-` and `_`");
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
    let keys = "keys are not kept in this file\nhint: printf 'provider=NAME\\npassword=%s\\n' \"$KEY\" | modelforge-credential approve";
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
fn an_account_of_the_configuration_is_meant_where_a_request_names_none() {
    let test = Test::new().helpers("age").config("[provider.openai]\naccount = 'work'");
    let credential = |name: &str| format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername={name}\n");
    let test = test.args(["store"]).stdin(format!("provider=openai\npassword={SECRET}\n")).success();
    let test = test.args(["store"]).stdin("provider=openai\nusername=home\npassword=other\n").success();
    let test = get(test, "openai").stdout(&format!("{}password={SECRET}\n", credential("work"))).success();
    test.args(["get"])
        .stdin("provider=openai\nusername=home\n")
        .stdout(&format!("{}password=other\n", credential("home")))
        .success();
}

#[test]
fn an_alias_in_the_configuration_means_the_provider_that_it_is_an_alias_of() {
    for name in ["gemini", "google", "Google-GenAI"] {
        let expected = "error: no credential for `google` (`https://generativelanguage.googleapis.com`, account `work`)\n\
            hint: printf 'provider=google\\npassword=%s\\n' \"$KEY\" | modelforge-credential approve\n";
        let test = Test::new().helpers("").config("[provider.gemini]\naccount = 'work'");
        test.args(["fill"]).stdin(format!("provider={name}\n")).stderr(expected).failure();
    }
}

#[test]
fn the_url_of_a_known_provider_can_be_overridden_and_a_variable_that_is_named_then_goes_there_alone() {
    let config = "[provider.openai]\nurl = 'https://proxy.example/openai'\nenv = ['OPENAI_API_KEY']";
    let test = Test::new().helpers("env").config(config).env("OPENAI_API_KEY", SECRET);
    let found = format!("protocol=https\nhost=proxy.example\nprovider=openai\nusername=default\npassword={SECRET}\n");
    let test = get(test, "openai").stdout(&found).success();
    let test = test.args(["get"]).stdin("url=https://proxy.example/openai/v1\n").stdout(&found).success();
    let test = test.args(["get"]).stdin("url=https://api.openai.com/v1\n").success();
    becomes(test, "url=https://api.openai.com/v1\n", "protocol=https\nhost=api.openai.com\n");
}

#[test]
fn variables_of_the_configuration_replace_the_usual_ones() {
    let config =
        "[provider.openai]\nenv = ['MY_KEY']\n[provider.corp]\nurl = 'https://llm.corp.example'\nenv = ['CORP_KEY']";
    let test = Test::new().helpers("env").config(config);
    let test = test.env("OPENAI_API_KEY", "other").env("MY_KEY", SECRET).env("CORP_KEY", SECRET);
    let found = format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={SECRET}\n");
    let test = get(test, "openai").stdout(&found).success();
    let found = format!("protocol=https\nhost=llm.corp.example\nprovider=corp\nusername=default\npassword={SECRET}\n");
    let test = get(test, "corp").stdout(&found).success();
    // ModelForge's own variable beats both.
    let test = test.env("MODELFORGE_CORP_API_KEY", "first");
    get(test, "corp").stdout(&found.replace(SECRET, "first")).success();
}

#[test]
fn two_providers_at_one_url_are_told_apart_by_their_accounts() {
    let config = "[provider.openai_work]\nurl = 'https://api.openai.com/v1'\naccount = 'work'";
    let test = Test::new().helpers("age").config(config);
    let test = test.args(["store"]).stdin(format!("provider=openai-work\npassword={SECRET}\n")).success();
    let test = test.args(["store"]).stdin("provider=openai\nusername=default\npassword=private\n").success();
    let found = |provider: &str, account: &str, key: &str| {
        format!("protocol=https\nhost=api.openai.com\nprovider={provider}\nusername={account}\npassword={key}\n")
    };
    let test = get(test, "openai_work").stdout(&found("openai_work", "work", SECRET)).success();
    // By URL alone the known one is meant.
    becomes(test, "url=https://api.openai.com/v1\n", "protocol=https\nhost=api.openai.com\nprovider=openai\n");
}

#[test]
fn providers_on_one_host_are_told_apart_by_their_paths() {
    let config = "[provider.a]\nurl = 'https://gw.example/a'\n[provider.b]\nurl = 'https://gw.example/b'";
    let test = Test::new().helpers("age").config(config);
    let test = test.args(["store"]).stdin(format!("provider=a\npassword={SECRET}\n")).success();
    let found = format!("protocol=https\nhost=gw.example\npath=a\nprovider=a\nusername=default\npassword={SECRET}\n");
    let test = get(test, "a").stdout(&found).success();
    let test = test.args(["get"]).stdin("url=https://gw.example/a/v1/chat\n").stdout(&found).success();
    let mut test = get(test, "b").success();
    for path in ["b", "ab", "", "a/../b", "a%2f..%2fb", "b/a"] {
        test = test.args(["get"]).stdin(format!("url=https://gw.example/{path}\n")).success();
    }
}

#[test]
fn a_provider_without_a_url_says_how_to_declare_one() {
    let error = |name: &str| {
        format!(
            "error: provider `{name}` has no URL of its own: it differs from user to user\n\
             hint: declare yours in config.toml: provider.{name}.url = \"https://…\"  # above any [section]\n"
        )
    };
    let test = get(Test::new(), "azure").stderr(&error("azure")).failure();
    let test = get(test.config("[provider.azure]\naccount = 'x'"), "azure").stderr(&error("azure")).failure();
    let test = test.config("[provider.azure]\nurl = 'https://me.openai.azure.com'").helpers("env");
    let test = test.env("AZURE_OPENAI_API_KEY", SECRET);
    let found =
        format!("protocol=https\nhost=me.openai.azure.com\nprovider=azure\nusername=default\npassword={SECRET}\n");
    get(test, "azure_openai").stdout(&found).success();
}

#[test]
fn a_mistyped_provider_is_named_with_its_line_wherever_it_is_used_and_harms_no_other() {
    let error = |line: usize, name: &str, hint: &str| {
        format!(
            "error: `{NAME}`, line {line}: no provider is called `{name}`\n\
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
    let stderr = String::from_utf8_lossy(&output.stderr);
    for problem in [opnai, mine] {
        assert!(stderr.contains(&problem.replace("error: ", "warning: ")), "{stderr}");
    }
    assert!(String::from_utf8_lossy(&output.stdout).contains("openai") && output.status.success());
}

#[test]
fn a_mistyped_provider_of_exec_is_named_with_its_line() {
    let error = format!(
        "error: `{NAME}`, line 2: no provider is called `opanai`\n\
         hint: did you mean `openai`? else declare it in config.toml: provider.opanai.url = \"https://…\"  # above any [section]\n"
    );
    let test = Test::new().helpers("env").env("OPENAI_API_KEY", SECRET).config("[exec]\nproviders = ['Opanai:work']");
    let test = test.args(["exec", "--", "true"]).stderr(&error).failure();
    test.args(["print", "openai"]).stdout(&format!("{SECRET}\n")).success();
}

// ModelForge's own file.

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
            "`$.providers.my-llm.base_url` is missing, so it is not known whom its key is for\nhint: declare it in modelforge-credential's config.toml: [provider.NAME] url = \"https://…\"",
        ),
        (r#"{"base_url": 1}"#, "`$.providers.my-llm.base_url` is not a string"),
        (
            r#"{"base_url": "sk-sentinel-5f0c9a7e41d84b1f"}"#,
            "`$.providers.my-llm.base_url` is no base URL: the URL has no scheme",
        ),
        (
            r#"{"base_url": "https://h", "auth_strategy": "sk-sentinel-5f0c9a7e41d84b1f"}"#,
            "`$.providers.my-llm.auth_strategy` is none of \"api_key\", \"device_flow\"",
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
        // What is only asked by its URL is looked up all the same.
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

#[test]
fn a_file_of_modelforge_that_anyone_can_write_to_claims_no_host() {
    use std::os::unix::fs::PermissionsExt;
    let defined = r#"{"providers": {"x": {"base_url": "https://git.example", "auth_strategy": "api_key"}}}"#;
    let test = Test::new().file(".config/model-forge/config.json", defined).helpers("env");
    let file = test.home().join(".config/model-forge/config.json");
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o666)).expect("a mode");
    let test = test.args(["get"]).stdin("provider=x\n").any_stderr();
    let said = String::from_utf8_lossy(&test.output().stderr).into_owned();
    assert!(said.contains("can be changed by anyone"), "{said}");
}

#[test]
fn a_home_that_does_not_exist_is_not_made() {
    let test = Test::new();
    let home = test.home().join("nobody");
    let test = test.env("HOME", home.display().to_string()).env("XDG_DATA_HOME", "").env("XDG_STATE_HOME", "");
    let test = test.args(["approve"]).stdin(format!("provider=openai\npassword={SECRET}\n"));
    let output = test.output();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("there is no folder for the user's data"), "{said}");
    assert!(!home.exists());
    let test = test.env("HOME", "/dev/null").env("OPENAI_API_KEY", SECRET).helpers("env");
    test.args(["print", "openai"]).stdin("").stdout(&format!("{SECRET}\n")).success();
}

#[test]
fn without_a_home_and_for_a_user_that_nobody_knows_nothing_crashes() {
    let setpriv = crate::support::system("setpriv", "util-linux");
    for (program, operation) in [
        ("modelforge-credential", "get"),
        ("modelforge-credential", "list"),
        ("modelforge-credential-age", "get"),
        ("modelforge-credential-plaintext", "get"),
        ("modelforge-credential-keyring", "get"),
    ] {
        // The programs may lie where a stranger cannot look.
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a mode");
        let copy = folder.path().join(program);
        crate::support::place(program, &copy);
        let test = Test::new().env("HOME", "").helpers("");
        let words = [
            setpriv.as_os_str(),
            "--reuid=54321".as_ref(),
            "--clear-groups".as_ref(),
            copy.as_os_str(),
            operation.as_ref(),
        ];
        let output = test.run(&words, "protocol=https\nhost=h\n");
        assert!(matches!(output.status.code(), Some(0 | 1)), "{program} {operation}: {output:?}");
    }
}

#[test]
fn the_hint_for_a_provider_that_nobody_knows_can_be_pasted_into_the_configuration() {
    let test = Test::new().args(["print", "our-gateway"]);
    let said = String::from_utf8_lossy(&test.output().stderr).into_owned();
    let (_, line) = said.split_once("declare it in config.toml: ").expect("a line to paste");
    let line = line.replace('…', "llm.example.com");
    let test = test.config(&line).env("MODELFORGE_OUR_GATEWAY_API_KEY", SECRET).args(["print", "our-gateway"]);
    test.stdout(&format!("{SECRET}\n")).success();
}
