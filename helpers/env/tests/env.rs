//! The program itself, with an environment that holds nothing but what the test says.

#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::ffi::OsStr;
use std::io::Write;
use std::process::{Command, Stdio};

/// Part of every value that is a key here; it must never be seen on standard error.
const SENTINEL: &str = "sk-SENTINEL";
const KEY: &str = "sk-SENTINEL-1";
const OTHER: &str = "sk-SENTINEL-2";

const OPENAI: &str = "protocol=https\nhost=api.openai.com\n";

#[must_use]
struct Answer {
    stdout: String,
    stderr: String,
    code: i32,
}

#[track_caller]
fn run<V: AsRef<OsStr>>(arguments: &[&str], variables: &[(&str, V)], stdin: &str) -> Answer {
    #[expect(clippy::disallowed_methods, reason = "it starts the program under test")]
    let mut child = Command::new(env!("CARGO_BIN_EXE_modelforge-credential-env"))
        .args(arguments)
        .env_clear()
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that needs no input may be gone before it was written.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let answer =
        Answer { stdout: text(output.stdout), stderr: text(output.stderr), code: output.status.code().unwrap() };
    assert!(!answer.stderr.contains(SENTINEL), "a key was shown");
    answer
}

#[track_caller]
fn succeed(operation: &str, variables: &[(&str, &str)], stdin: &str) -> String {
    let answer = run(&[operation], variables, stdin);
    assert_eq!((answer.code, &*answer.stderr), (0, ""));
    answer.stdout
}

/// Which variable answers, if any, and that it answers with its own value.
#[track_caller]
fn answers(variables: &[(&str, &str)], request: &str) -> Option<String> {
    let stdout = succeed("get", variables, request);
    if stdout.is_empty() {
        return None;
    }
    let field = |key: &str| stdout.lines().find_map(|line| line.strip_prefix(key)).unwrap();
    let variable = field("variable=");
    let held = variables.iter().find(|(name, _)| *name == variable).unwrap().1;
    assert_eq!(field("password="), held);
    Some(variable.into())
}

#[track_caller]
fn fails<V: AsRef<OsStr>>(variables: &[(&str, V)], request: &str, stderr: &str) {
    let answer = run(&["get"], variables, request);
    assert_eq!((answer.code, &*answer.stdout, &*answer.stderr), (1, "", stderr));
}

fn at(url: &str) -> String {
    let (protocol, rest) = url.split_once("://").unwrap();
    match rest.split_once('/') {
        Some((host, path)) => format!("protocol={protocol}\nhost={host}\npath={path}\n"),
        None => format!("protocol={protocol}\nhost={rest}\n"),
    }
}

#[test]
fn an_answer_is_the_key_its_account_and_where_it_came_from() {
    assert_eq!(
        succeed("get", &[("OPENAI_API_KEY", KEY)], OPENAI),
        format!("username=default\npassword={KEY}\nstorage=environment\nvariable=OPENAI_API_KEY\n")
    );
}

#[test]
fn who_understands_it_is_told_not_to_keep_the_key() {
    assert_eq!(
        succeed("get", &[("OPENAI_API_KEY", KEY)], &format!("capability[]=authtype\n{OPENAI}")),
        format!(
            "capability[]=authtype\nusername=default\npassword={KEY}\nephemeral=1\nstorage=environment\n\
             variable=OPENAI_API_KEY\n"
        )
    );
}

#[test]
fn a_variable_that_is_not_set_is_not_found_and_no_failure() {
    assert_eq!(succeed("get", &[], OPENAI), "");
    assert_eq!(
        answers(&[("ANTHROPIC_API_KEY", KEY), ("OPENAI_API_KEY_2", KEY), ("openai_api_key", KEY)], OPENAI),
        None
    );
}

#[test]
fn modelforges_variables_win_and_then_the_order_of_the_table() {
    let google = at("https://generativelanguage.googleapis.com/v1beta");
    let mut variables = vec![
        ("GOOGLE_GENERATIVE_AI_API_KEY", "sk-SENTINEL-5"),
        ("GEMINI_API_KEY", "sk-SENTINEL-4"),
        ("GOOGLE_API_KEY", "sk-SENTINEL-3"),
        ("MODELFORGE_GOOGLE_ACCESS_TOKEN", OTHER),
        ("MODELFORGE_GOOGLE_API_KEY", KEY),
    ];
    while let Some((first, _)) = variables.last() {
        assert_eq!(answers(&variables, &google).as_deref(), Some(*first));
        variables.pop();
    }
    assert_eq!(answers(&variables, &google), None);
}

#[test]
fn a_variable_set_to_nothing_is_not_set() {
    let variables = [("MODELFORGE_OPENAI_API_KEY", ""), ("OPENAI_API_KEY", KEY)];
    assert_eq!(answers(&variables, OPENAI).as_deref(), Some("OPENAI_API_KEY"));
    assert_eq!(answers(&[("OPENAI_API_KEY", "")], OPENAI), None);
    assert_eq!(succeed("list", &[("OPENAI_API_KEY", "")], ""), "count=0\n");
}

#[test]
fn white_space_around_a_value_is_an_error_that_names_the_variable() {
    for value in [" ", "sk-SENTINEL ", "\tsk-SENTINEL", "sk-SENTINEL\n", "sk-SENTINEL\r\n", "\u{a0}sk-SENTINEL"] {
        let stderr = "error: `OPENAI_API_KEY` has white space around its value\n\
                      hint: set it to the key alone, or `unset OPENAI_API_KEY`\n";
        fails(&[("OPENAI_API_KEY", value)], OPENAI, stderr);
    }
}

#[test]
fn what_cannot_be_seen_in_a_value_is_an_error_that_names_the_variable() {
    for value in [
        "sk-SENTINEL\nhost=evil",
        "sk-SENTINEL\rx",
        "sk-SENTINEL\u{1b}[2J",
        "sk-SENTINEL\u{7f}x",
        "sk-SENTINEL\u{2028}x",
        "sk-SENTINEL\u{200b}",
        "\u{feff}sk-SENTINEL",
    ] {
        let stderr = "error: `OPENAI_API_KEY` holds a line break or another character that cannot be seen\n\
                      hint: set it to the key alone, or `unset OPENAI_API_KEY`\n";
        fails(&[("OPENAI_API_KEY", value)], OPENAI, stderr);
    }
}

#[cfg(unix)]
#[test]
fn a_value_that_is_not_text_or_too_long_is_an_error_that_names_the_variable() {
    let bytes = <OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"sk-SENTINEL\xff");
    let hint = "hint: set it to the key alone, or `unset OPENAI_API_KEY`\n";
    fails(&[("OPENAI_API_KEY", bytes)], OPENAI, &format!("error: `OPENAI_API_KEY` is not UTF-8\n{hint}"));
    let long = SENTINEL.repeat(6_000);
    let stderr = format!("error: `OPENAI_API_KEY` is longer than a key can be\n{hint}");
    fails(&[("OPENAI_API_KEY", &long)], OPENAI, &stderr);
}

#[test]
fn a_bad_value_is_not_skipped_in_favour_of_a_variable_that_it_shadows() {
    let variables = [("MODELFORGE_OPENAI_API_KEY", "sk-SENTINEL "), ("OPENAI_API_KEY", KEY)];
    assert_eq!(run(&["get"], &variables, OPENAI).code, 1);
    assert_eq!(
        answers(&[("ANTHROPIC_API_KEY", "sk-SENTINEL "), ("OPENAI_API_KEY", KEY)], OPENAI).as_deref(),
        Some("OPENAI_API_KEY")
    );
}

#[test]
fn a_value_passes_as_it_is() {
    for value in ["a=b", "=", "two words", "quo\"te$(x)`y`", "schlüssel", "-x", "{\"clientid\": \"sk\"}"] {
        assert_eq!(answers(&[("OPENAI_API_KEY", value)], OPENAI).as_deref(), Some("OPENAI_API_KEY"), "{value}");
    }
}

#[test]
fn no_other_host_gets_a_key() {
    let variables =
        [("OPENAI_API_KEY", KEY), ("MODELFORGE_OPENAI_API_KEY", KEY), ("GITHUB_TOKEN", OTHER), ("GITLAB_TOKEN", OTHER)];
    for host in [
        "evil.com",
        "api.openai.com.evil",
        "evil-api.openai.com",
        "x.api.openai.com",
        "apixopenai.com",
        "openai.com",
        "API.OPENAI.COM",
        "api.openai.com.",
        "api.openai.com:443",
        "api.openai.com/",
        "user@api.openai.com",
        "api.openai.com@evil",
        "github.com",
        "github.com.evil",
        "api.github.com",
        "api.githubcopilot.com",
        "gitlab.com.evil",
        "localhost",
        "",
    ] {
        for more in ["", "provider=openai\n", "provider=github_models\n", "path=v1\n"] {
            let request = format!("protocol=https\nhost={host}\n{more}");
            assert_eq!(answers(&variables, &request), None, "{host:?} {more:?}");
        }
    }
    assert_eq!(answers(&variables, "protocol=http\nhost=api.openai.com\n"), None);
}

#[test]
fn the_location_decides_and_the_name_of_the_provider_does_not() {
    let variables = [("OPENAI_API_KEY", KEY), ("ANTHROPIC_API_KEY", OTHER)];
    let request = "provider=openai\nprotocol=https\nhost=api.anthropic.com\n";
    assert_eq!(answers(&variables, request).as_deref(), Some("ANTHROPIC_API_KEY"));
}

#[test]
fn a_repository_token_goes_to_github_models_and_not_to_copilot() {
    let variables = [("GITHUB_TOKEN", KEY)];
    assert_eq!(answers(&variables, &at("https://models.github.ai")).as_deref(), Some("GITHUB_TOKEN"));
    assert_eq!(answers(&variables, &at("https://api.githubcopilot.com")), None);
}

#[test]
fn a_request_without_protocol_or_host_is_refused() {
    for request in ["", "provider=openai\n", "protocol=https\n", "host=api.openai.com\n"] {
        let answer = run(&["get"], &[("OPENAI_API_KEY", KEY)], request);
        assert_eq!((answer.code, &*answer.stdout), (1, ""), "{request:?}");
    }
}

#[test]
fn only_the_default_account_is_in_the_environment() {
    let variables = [("OPENAI_API_KEY", KEY)];
    assert!(answers(&variables, &format!("{OPENAI}username=default\n")).is_some());
    for account in ["work", "", "Default", "default "] {
        assert_eq!(answers(&variables, &format!("{OPENAI}username={account}\n")), None, "{account:?}");
    }
}

#[test]
fn a_path_matters_only_where_providers_share_a_host() {
    let variables =
        [("OPENAI_API_KEY", KEY), ("MODELFORGE_ZAI_API_KEY", KEY), ("MODELFORGE_ZAI_CODING_PLAN_API_KEY", OTHER)];
    for (url, variable) in [
        ("https://api.openai.com", Some("OPENAI_API_KEY")),
        ("https://api.openai.com/v1/responses", Some("OPENAI_API_KEY")),
        ("https://api.z.ai", None),
        ("https://api.z.ai/api", None),
        ("https://api.z.ai/api/paas/v4", Some("MODELFORGE_ZAI_API_KEY")),
        ("https://api.z.ai/api/paas/v4/chat/completions", Some("MODELFORGE_ZAI_API_KEY")),
        ("https://api.z.ai/api/coding/paas/v4", Some("MODELFORGE_ZAI_CODING_PLAN_API_KEY")),
        ("https://api.z.ai/api/coding-x/paas/v4", None),
        ("https://api.z.ai/api/coding/paas/v4x", None),
        ("https://api.z.ai/api/coding/paas/v4/../../../paas/v4", None),
    ] {
        assert_eq!(answers(&variables, &at(url)).as_deref(), variable, "{url}");
    }
}

#[test]
fn given_bindings_are_the_whole_truth() {
    let variables = [("OPENAI_API_KEY", KEY), ("CORP_KEY", OTHER)];
    assert_eq!(answers(&variables, &format!("{OPENAI}env[]=\n")), None);
    assert_eq!(answers(&variables, &format!("{OPENAI}env[]=CORP_KEY corp https://llm.corp\n")), None);
    let request = format!("{OPENAI}env[]=\nenv[]=CORP_KEY openai https://api.openai.com\n");
    assert_eq!(answers(&variables, &request).as_deref(), Some("CORP_KEY"));
    let corp = format!("{}env[]=CORP_KEY corp https://llm.corp:8443/team\n", at("https://llm.corp:8443/team/v1"));
    assert_eq!(answers(&variables, &corp).as_deref(), Some("CORP_KEY"));
}

#[test]
fn given_bindings_are_asked_in_the_order_given() {
    let request = format!("{OPENAI}env[]=B openai https://api.openai.com\nenv[]=A openai https://api.openai.com\n");
    assert_eq!(answers(&[("A", KEY), ("B", OTHER)], &request).as_deref(), Some("B"));
    assert_eq!(answers(&[("A", KEY), ("B", "")], &request).as_deref(), Some("A"));
}

#[test]
fn a_given_binding_holds_for_its_own_url_only() {
    let variables = [("OPENAI_API_KEY", KEY)];
    for (bound, asked) in [
        ("https://api.openai.com", "https://evil.com"),
        ("https://api.openai.com", "https://api.openai.com.evil"),
        ("https://api.openai.com", "https://API.OPENAI.COM"),
        ("https://api.openai.com", "https://api.openai.com:8443"),
        ("https://api.openai.com", "http://api.openai.com"),
        ("https://api.openai.com:8443", "https://api.openai.com"),
        ("https://gateway/team-a", "https://gateway"),
        ("https://gateway/team-a", "https://gateway/team-b"),
        ("https://gateway/team-a", "https://gateway/team-ab"),
        ("https://gateway/team-a", "https://gateway/team-a/../team-b"),
    ] {
        let request = format!("provider=openai\n{}env[]=OPENAI_API_KEY openai {bound}\n", at(asked));
        assert_eq!(answers(&variables, &request), None, "{bound} {asked}");
    }
}

#[test]
fn a_malformed_binding_is_an_error_and_nothing_is_answered() {
    for binding in [
        "OPENAI_API_KEY",
        "OPENAI_API_KEY openai",
        "OPENAI_API_KEY https://api.openai.com",
        "OPENAI_API_KEY openai api.openai.com",
        "OPENAI_API_KEY openai https://",
        "OPENAI_API_KEY openai https://user@api.openai.com",
        "OPENAI_API_KEY openai https://api.openai.com more",
        "OPENAI_API_KEY  openai https://api.openai.com",
        " OPENAI_API_KEY openai https://api.openai.com",
    ] {
        let request = format!("{OPENAI}env[]=OPENAI_API_KEY openai https://api.openai.com\nenv[]={binding}\n");
        let stderr = "error: an `env[]` is not `<variable> <provider> <url>`\n";
        fails(&[("OPENAI_API_KEY", KEY)], &request, stderr);
    }
}

#[test]
fn list_names_for_each_provider_the_variable_that_answers() {
    let variables = [("OPENAI_API_KEY", KEY), ("GEMINI_API_KEY", KEY), ("MODELFORGE_OPENAI_API_KEY", OTHER)];
    assert_eq!(
        succeed("list", &variables, ""),
        "protocol=https\nhost=generativelanguage.googleapis.com\nusername=default\nprovider=google\n\
         storage=environment\nvariable=GEMINI_API_KEY\n\n\
         protocol=https\nhost=api.openai.com\nusername=default\nprovider=openai\nstorage=environment\n\
         variable=MODELFORGE_OPENAI_API_KEY\n\ncount=2\n"
    );
    assert_eq!(succeed("list", &[], ""), "count=0\n");
}

#[test]
fn list_names_a_shared_variable_once_for_each_place_it_opens() {
    assert_eq!(
        succeed("list", &[("OPENCODE_API_KEY", KEY)], ""),
        "protocol=https\nhost=opencode.ai\npath=zen/v1\nusername=default\nprovider=opencode\nstorage=environment\n\
         variable=OPENCODE_API_KEY\n\n\
         protocol=https\nhost=opencode.ai\npath=zen/go/v1\nusername=default\nprovider=opencode_go\n\
         storage=environment\nvariable=OPENCODE_API_KEY\n\ncount=2\n"
    );
}

#[test]
fn list_follows_the_given_bindings() {
    let request = "env[]=\nenv[]=A corp https://llm.corp/a\nenv[]=B corp https://llm.corp/a\nenv[]=C c https://c\n";
    let variables = [("B", KEY), ("A", OTHER), ("OPENAI_API_KEY", KEY)];
    assert_eq!(
        succeed("list", &variables, request),
        "protocol=https\nhost=llm.corp\npath=a\nusername=default\nprovider=corp\nstorage=environment\nvariable=A\n\n\
         count=1\n"
    );
    assert_eq!(succeed("list", &variables, "env[]=\n"), "count=0\n");
}

#[test]
fn list_names_a_variable_whose_value_is_bad_because_it_is_set() {
    assert!(
        succeed("list", &[("OPENAI_API_KEY", "sk-SENTINEL\n")], "").ends_with("variable=OPENAI_API_KEY\n\ncount=1\n")
    );
}

#[test]
fn every_credential_that_list_names_is_found_by_get() {
    let variables = [("ZHIPU_API_KEY", KEY), ("XIAOMI_API_KEY", KEY), ("302AI_API_KEY", OTHER), ("HF_TOKEN", KEY)];
    let list = succeed("list", &variables, "");
    let records: Vec<_> = list.split("\n\n").filter(|record| !record.starts_with("count=")).collect();
    assert_eq!(records.len(), 10);
    for record in records {
        let named = record.lines().find_map(|line| line.strip_prefix("variable="));
        assert_eq!(answers(&variables, record).as_deref(), named, "{record}");
    }
}

#[test]
fn store_and_erase_do_nothing() {
    for operation in ["store", "erase"] {
        let request = format!("{OPENAI}username=default\npassword={OTHER}\n");
        assert_eq!(succeed(operation, &[("OPENAI_API_KEY", KEY)], &request), "", "{operation}");
    }
    assert_eq!(answers(&[("OPENAI_API_KEY", KEY)], OPENAI).as_deref(), Some("OPENAI_API_KEY"));
}

#[test]
fn an_unknown_operation_is_ignored_and_an_unknown_option_is_not() {
    assert_eq!(succeed("rotate", &[("OPENAI_API_KEY", KEY)], OPENAI), "");
    for arguments in [&["--key=sk-SENTINEL", "get"], &["get", "--key=sk-SENTINEL"]] {
        let answer = run(arguments, &[("OPENAI_API_KEY", KEY)], OPENAI);
        let stderr = "error: unknown option `--key`\nhint: modelforge-credential-env --help\n";
        assert_eq!((answer.code, &*answer.stdout, &*answer.stderr), (2, "", stderr));
    }
    assert_eq!(run::<&str>(&[], &[], "").code, 2);
}

#[test]
fn help_and_version_are_answered_without_an_operation() {
    let version = run::<&str>(&["--version"], &[], "");
    assert_eq!(
        (version.code, &*version.stdout),
        (0, concat!("modelforge-credential-env ", env!("CARGO_PKG_VERSION"), "\n"))
    );
    let help = run::<&str>(&["--help"], &[], "");
    assert_eq!((help.code, &*help.stderr), (0, ""));
    assert!(help.stdout.contains("Usage: modelforge-credential-env get|store|erase|list|capability\n"));
}
