//! The program itself, with an environment that holds nothing but what the test says.

#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

mod binding;
mod list;
mod place;
mod value;

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
    // Windows does not tell small letters from capitals in the name of a variable.
    let small = if cfg!(windows) { "openai_key" } else { "openai_api_key" };
    assert_eq!(answers(&[("ANTHROPIC_API_KEY", KEY), ("OPENAI_API_KEY_2", KEY), (small, KEY)], OPENAI), None);
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
