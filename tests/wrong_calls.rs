//! The calls that people type most who know other tools: each is told the command that it means.

use crate::support::{SECRET, Test};

fn is_told(words: &[&str], error: &str, hint: &str) {
    let test = Test::new().helpers("env").args(words).stdin("");
    test.stderr(&format!("error: {error}\nhint: {hint}\n")).status(2);
}

#[test]
fn another_tools_word_leads_to_the_command() {
    for (words, hint) in [
        (&["set", "openai"][..], "modelforge-credential login openai"),
        (&["add", "mistral"], "modelforge-credential login mistral"),
        (&["rm", "mistral"], "modelforge-credential logout mistral"),
        (&["remove", "openai"], "modelforge-credential logout openai"),
        (&["delete", "openai"], "modelforge-credential logout openai"),
        (&["ls"], "modelforge-credential status"),
        (&["show", "groq"], "modelforge-credential print groq"),
        (&["whoami"], "modelforge-credential status"),
        (&["rotate", "openai"], "modelforge-credential login openai --force"),
        (&["version"], "modelforge-credential --version"),
        (&["search"], "modelforge-credential providers"),
    ] {
        is_told(words, &format!("unknown command `{}`", words[0]), hint);
    }
}

#[test]
fn a_command_that_takes_no_provider_names_the_one_that_does() {
    for (words, hint) in [
        (&["get", "openai"][..], "modelforge-credential print openai"),
        (&["fill", "mistral"], "modelforge-credential print mistral"),
        (&["store", "openai"], "modelforge-credential login openai"),
        (&["erase", "openai"], "modelforge-credential logout openai"),
        (&["list", "openai"], "modelforge-credential status openai"),
        (&["auth", "login", "openai"], "modelforge-credential auth login --provider openai"),
        (&["status", "openai", "mistral"], "modelforge-credential status mistral  # one at a time"),
        (
            &["print", "openai", "mistral"],
            "modelforge-credential print mistral  # one at a time; for several: modelforge-credential env",
        ),
        (&["helpers", "test", "age", "env"], "modelforge-credential helpers test NAME  # one at a time"),
        (&["login", "openai", "mistral"], "never pass a key as an argument: pipe it, or enter it at the prompt"),
    ] {
        is_told(words, "unexpected extra argument", hint);
    }
}

#[test]
fn what_may_be_a_key_is_not_repeated() {
    // The harness looks for it in what is said.
    let key = SECRET.replace("sk-", "sk-proj-");
    is_told(&["get", &key], "unexpected extra argument", "modelforge-credential print openai");
    is_told(&["set", &key], "unknown command `set`", "modelforge-credential login openai");
}

#[test]
fn a_build_without_its_secret_is_told_which_variable_is_empty() {
    let test = Test::new().helpers("env").env("OPENAI_API_KEY", "").env("GROQ_API_KEY", "");
    let one = "error: not signed in to `openai`: `OPENAI_API_KEY` is empty\nhint: set OPENAI_API_KEY\n";
    let test = test.args(["print", "openai"]).stderr(one).failure();
    let test = test.args(["exec", "openai", "--", "true"]).stderr(one).failure();
    let all = "error: not signed in to `openai`, `mistral`, `groq`; `OPENAI_API_KEY`, `GROQ_API_KEY` are empty\n\
               hint: set OPENAI_API_KEY, MISTRAL_API_KEY, GROQ_API_KEY\n";
    let test = test.args(["exec", "openai", "mistral", "groq", "--", "true"]).stderr(all).failure();
    // Where not every helper could be asked, that is said as well.
    let test = test.script("broken", "echo 'error: it is locked' >&2; exit 1").helpers("env\nbroken");
    let unsure = "warning: helper `broken` failed: it is locked\n\
                  error: no credential for `openai`; some helpers could not be queried: \
                  `OPENAI_API_KEY` is empty\n\
                  hint: set OPENAI_API_KEY; or, at a terminal: modelforge-credential login openai\n";
    test.args(["print", "openai"]).stderr(unsure).failure();
}

#[test]
fn an_empty_pipe_is_told_from_a_missing_terminal() {
    let empty = "error: standard input is empty: it has no key\n";
    Test::new().helpers("age").args(["login", "openai"]).stdin("").stderr(empty).failure();
}

#[cfg(unix)]
#[test]
fn a_service_account_can_be_piped_and_may_begin_with_a_mark() {
    let account = r#"{"type": "service_account", "private_key": "KEY"}"#;
    let test = Test::new().helpers("age").args(["login", "google-vertex", "--file", "-"]);
    let test = test.stdin(format!("\u{feff}{account}\n")).any_stdout().success();
    let test = test.args(["print", "google-vertex"]).stdout(&format!("{account}\n")).success();
    let program = crate::support::program("modelforge-credential").display().to_string();
    let line = format!("'{program}' login google-vertex --force --file <(echo '{}')", account.replace("KEY", "NEW"));
    assert!(test.run(&["/bin/bash", "-c", &line], "").status.success());
    test.args(["print", "google-vertex"]).stdout(&format!("{}\n", account.replace("KEY", "NEW"))).success();
}

#[test]
fn a_mark_at_the_beginning_of_a_file_is_no_part_of_it() {
    let test = Test::new().config("\u{feff}helpers = ['env']\n").env("OPENAI_API_KEY", SECRET);
    let modelforge =
        "\u{feff}{\"providers\": {\"ours\": {\"base_url\": \"https://h.example\", \"auth_strategy\": \"api_key\"}}}";
    let test = test.file(".config/model-forge/config.json", modelforge);
    let test = test.args(["print", "openai"]).stdout(&format!("{SECRET}\n")).success();
    let missing = "error: not signed in to `ours`\nhint: modelforge-credential login ours\n";
    test.args(["print", "ours"]).stderr(missing).failure();
}
