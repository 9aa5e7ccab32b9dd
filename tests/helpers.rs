//! `helpers`: shows the chain.

use serde_json::{Value, json};

use crate::support::{Test, as_elsewhere, programs};

#[track_caller]
fn report(test: &Test) -> (Option<i32>, String, Value) {
    let output = test.output();
    let said = test.text(&output.stderr);
    (output.status.code(), said, serde_json::from_slice(&output.stdout).expect("it is JSON"))
}

/// The JSON without what differs from run to run and from machine to machine.
fn row(report: &Value, chain: usize, at: usize) -> Value {
    let mut row = report["chains"][chain]["helpers"][at].clone();
    if let Some(row) = row.as_object_mut() {
        row.remove("milliseconds");
        row.remove("path");
    }
    row
}

#[cfg(target_os = "linux")]
#[test]
fn the_default_chain_is_shown_with_what_each_helper_answers() {
    let test = Test::new().args(["helpers", "--json"]);
    let (status, said, report) = report(&test);
    assert_eq!((status, &*said, &report["version"]), (Some(0), "", &json!(1)));
    assert_eq!((&report["chains"][0]["origin"], &report["chains"][0]["provider"]), (&json!("default"), &Value::Null));
    let names = report["chains"][0]["helpers"].as_array().expect("a list").iter();
    let names: Vec<&str> = names.filter_map(|row| row["helper"].as_str()).collect();
    assert_eq!(names, ["env", "keyring", "age", "plaintext", "oauth"]);
    let age = json!({
        "helper": "age", "entry": ["age"], "from": "by default", "state": "ready", "version": env!("CARGO_PKG_VERSION"),
        "capabilities": ["authtype", "state", "identity", "each"], "listed": 0
    });
    assert_eq!(row(&report, 0, 2), age);
    let keyring = json!({
        "helper": "keyring", "entry": ["keyring"], "from": "by default", "state": "left out", "capabilities": [],
        "problem": "skipped helper `keyring`: there is no D-Bus session bus"
    });
    assert_eq!(row(&report, 0, 1), keyring);
    assert!(
        report["chains"][0]["helpers"][2]["path"].as_str().expect("a path").ends_with("/modelforge-credential-age")
    );
    assert!(report["chains"][0]["helpers"][2]["milliseconds"].as_f64().is_some_and(|time| time > 0.0));
}

#[test]
fn a_row_names_the_folder_of_a_helper_and_the_whole_path_of_another_program() {
    let command = "helpers = [\"age\", { command = [\"sh\", \"-c\", \"exit 0\", \"sh\"] }]\n";
    let test = Test::new().config(command).args(["helpers"]);
    let shown = test.text(&test.output().stdout);
    let row = |helper: &str| shown.lines().find(|line| line.starts_with(helper)).map(str::to_owned).expect("a row");
    let folder = as_elsewhere(programs().display().to_string());
    assert!(row("age").ends_with(&format!(" {folder}/")), "{shown}");
    assert!(row("sh").ends_with("/sh"), "{shown}");
}

const CONFIG: &str = "\
helpers = [
  \"age\",
  { command = [\"sh\", \"-c\", \"exit 3\", \"sh\"] },
  \"chest\",
]

[provider.openai]
helpers = [\"env\"]
";

#[test]
fn a_configured_helper_is_shown_with_its_line_and_one_that_cannot_be_asked_is_exit_status_1() {
    let test = Test::new().config(CONFIG).args(["helpers", "--json"]);
    let (status, said, report) = report(&test);
    let error = "error: some configured helpers cannot be used: `sh -c 'exit 3' sh`, `chest`\n";
    assert_eq!((status, said.replace("sh -c exit 3 sh", "sh -c 'exit 3' sh")), (Some(1), error.to_owned()));
    assert_eq!(report["chains"][0]["origin"], "config");
    let from = "~/.config/modelforge-credential/config.toml, line ";
    let at = |at: usize| {
        let row = &report["chains"][0]["helpers"][at];
        let said = as_elsewhere(row["from"].as_str().unwrap_or_default().to_owned());
        (row["state"].as_str(), row["line"].as_u64(), said == format!("{from}{}", row["line"]))
    };
    assert_eq!(at(0), (Some("ready"), Some(2), true));
    assert_eq!(at(1), (Some("failed"), Some(3), true));
    assert_eq!(at(2), (Some("missing"), Some(4), true));
    assert_eq!(report["chains"][0]["helpers"][1]["problem"], "exit status 3");
    assert_eq!(
        report["chains"][0]["helpers"][2]["problem"],
        "helper `chest` is not installed beside the program or on PATH"
    );
    // A command is not asked for its version: who knows what it would start.
    assert_eq!(report["chains"][0]["helpers"][1]["version"], Value::Null);
    assert_eq!(
        (&report["chains"][1]["provider"], &report["chains"][1]["helpers"][0]["line"]),
        (&json!("openai"), &json!(8))
    );
}

#[test]
fn the_variable_is_named_as_where_an_entry_came_from() {
    let test = Test::new().config(CONFIG).helpers("env\nage").args(["helpers", "--json"]);
    let (status, _, report) = report(&test);
    assert_eq!((status, report["chains"].as_array().map(Vec::len)), (Some(0), Some(1)));
    assert_eq!(report["chains"][0]["origin"], "variable");
    assert_eq!(report["chains"][0]["helpers"][1]["from"], "MODELFORGE_CREDENTIAL_HELPERS");
}

#[test]
fn what_is_installed_and_not_asked_is_named_with_the_line_that_adds_it() {
    let test = Test::new().script("chest", "exit 0").helpers("age --identity 'a b'\noauth").args(["helpers", "--json"]);
    let (_, _, report) = report(&test);
    let others = report["others"].as_array().expect("a list");
    let chest = others.iter().find(|other| other["helper"] == "chest").expect("it is named");
    assert_eq!(chest["add"], r#"helpers = ["age --identity 'a b'", "chest", "oauth"]"#);
    let path = as_elsewhere(chest["path"].as_str().expect("a path").to_owned());
    assert!(path.ends_with("/bin/modelforge-credential-chest"), "{path}");
    assert!(
        others.iter().any(|other| other["helper"] == "env") && !others.iter().any(|other| other["helper"] == "age")
    );
    // And the line is one that the configuration understands.
    let line = chest["add"].as_str().expect("a line");
    let test = Test::new().script("chest", "exit 0").config(line).args(["helpers", "--json"]);
    let (_, _, report) = self::report(&test);
    assert_eq!(report["chains"][0]["helpers"][0]["entry"], json!(["age", "--identity", "a b"]));
    assert_eq!(report["chains"][0]["helpers"][1]["state"], "ready");
}

#[test]
fn what_is_of_no_use_in_the_chain_is_not_proposed_for_it() {
    let proposed = |test: &Test| {
        let (_, _, report) = report(test);
        let others = report["others"].as_array().expect("a list").clone();
        // What git or this machine brings along is beside the point.
        let others =
            others.iter().filter(|other| !other["helper"].as_str().is_some_and(|name| name.starts_with("git ")));
        others.map(|other| other["add"].as_str().expect("a line").to_owned()).collect::<Vec<_>>()
    };
    // `tools` only serves `migrate`, and no server was set up for `vault`.
    let test = Test::new().config("# With the helpers that are there by default.\n").args(["helpers", "--json"]);
    assert_eq!(proposed(&test), [""; 0]);
    let test = test.env("VAULT_ADDR", "https://vault.example:8200");
    assert_eq!(proposed(&test), [r#"helpers = ["env", "keyring", "age", "vault", "plaintext", "oauth"]"#]);
    // One of the default chain that a person left out can be had again.
    let test = Test::new().helpers("env\nkeyring\nage\noauth").args(["helpers", "--json"]);
    assert_eq!(proposed(&test), [r#"helpers = ["env", "keyring", "age", "plaintext", "oauth"]"#]);
}

#[test]
fn the_line_that_adds_a_helper_keeps_programs_and_their_time_limits() {
    let config = r#"helpers = [{ command = ["op", "read"] }, { command = ["age"], timeout = "5s" }]"#;
    let test = Test::new().script("chest", "exit 0").config(config).args(["helpers", "--json"]);
    let (_, _, report) = report(&test);
    let others = report["others"].as_array().expect("a list");
    let chest = others.iter().find(|other| other["helper"] == "chest").expect("it is named");
    let line = r#"helpers = [{ command = ["op", "read"] }, { command = ["age"], timeout = "5000ms" }, "chest"]"#;
    assert_eq!(chest["add"], line);
}

#[test]
fn a_mistyped_helper_is_told_from_a_missing_one() {
    let test = Test::new().helpers("agee").args(["print", "openai"]);
    test.stderr(
        "warning: helper `agee` failed: helper `agee` is not installed beside the program or on PATH\n\
         hint: did you mean `age`?\n\
         error: no credential for `openai`; some helpers could not be queried\n\
         hint: modelforge-credential doctor  # or set OPENAI_API_KEY\n",
    )
    .status(1);
}

#[test]
fn git_s_helpers_on_path_are_named_as_commands() {
    let test = Test::new().shell_program("git", "").shell_program("git-credential-chest", "");
    let (_, _, report) = report(&test.helpers("age").args(["helpers", "--json"]));
    let others = report["others"].as_array().expect("a list");
    let chest = others.iter().find(|other| other["helper"] == "git credential-chest").expect("it is named");
    assert_eq!(chest["add"], r#"helpers = ["age", { command = ["git", "credential-chest"] }]"#);
}

#[cfg(unix)]
#[test]
fn a_helper_that_anyone_could_have_put_there_is_named_with_the_reason() {
    let test = Test::new().script("planted", "exit 0").helpers("age");
    let path = test.bin().join("modelforge-credential-planted");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(&path, mode).expect("a mode can be set");
    let (_, _, report) = report(&test.args(["helpers", "--json"]));
    let others = report["others"].as_array().expect("a list");
    let planted = others.iter().find(|other| other["helper"] == "planted").expect("it is named");
    assert!(planted["problem"].as_str().expect("a reason").contains("anyone can write to"), "{planted}");
    assert_eq!(planted["path"], Value::Null);
}

#[test]
fn a_helper_that_answers_for_a_place_that_cannot_exist_is_no_good() {
    let test = Test::new().script("yes", "[ \"$1\" != get ] || echo password=x; exit 0").helpers("yes");
    let (status, _, report) = report(&test.args(["helpers", "--json"]));
    let problem = "it returned a credential for a host that does not exist: it answers every request";
    assert_eq!((status, &report["chains"][0]["helpers"][0]["problem"]), (Some(1), &json!(problem)));
}

#[test]
fn a_script_that_takes_version_for_an_operation_is_not_harmed_and_has_none() {
    let log = "printf '%s\\n' \"$1\" >>\"$HOME/asked\"; case $1 in get|list|capability|--version) ;; *) exit 9 ;; esac";
    let test = Test::new().script("logs", log).helpers("logs").args(["helpers", "--json"]);
    let (status, _, report) = report(&test);
    assert_eq!((status, &report["chains"][0]["helpers"][0]["version"]), (Some(0), &Value::Null));
    let asked = std::fs::read_to_string(test.home().join("asked")).expect("it was asked");
    // Nothing that stores or erases.
    assert_eq!(asked, "get\nlist\n--version\ncapability\n");
}

#[test]
fn the_table_says_it_in_words_and_an_empty_chain_is_one() {
    let test = Test::new().helpers("chest").args(["helpers"]);
    let output = test.output();
    let text = test.text(&output.stdout);
    let table = "\
HELPER  ANSWER   CONFIGURED
chest   missing  MODELFORGE_CREDENTIAL_HELPERS
chest: helper `chest` is not installed beside the program or on PATH
  hint: put a program named modelforge-credential-chest on PATH

installed, and not in the chain; the command that adds it:
age (";
    assert!(text.starts_with(table), "{text}");
    assert!(text.contains("\n  modelforge-credential helpers add age\n"), "{text}");
    assert_eq!(output.status.code(), Some(1));
    let output = Test::new().helpers("").args(["helpers"]).output();
    assert!(String::from_utf8_lossy(&output.stdout).contains("the chain is empty\n"));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_key_in_the_words_of_a_helper_is_not_shown() {
    let key = "sk-proj-0123456789abcdefghijklmnop";
    let script = format!("echo 'error: bad --token={key}' >&2; echo 'hint: try {key}' >&2; exit 1");
    let test = Test::new().script("tells", &script).helpers("tells");
    for arguments in [&["helpers"][..], &["helpers", "--json"]] {
        let output = test.run(
            &[&[&*crate::support::program("modelforge-credential").display().to_string()], arguments].concat(),
            "",
        );
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(
            text.contains("bad --token=<redacted>") && text.contains("try <redacted>") && !text.contains(key),
            "{text}"
        );
    }
}
