//! A service account is read from a file and stored as one line.

use super::{age, signed_in};
use crate::support::{SECRET, as_elsewhere, as_word, program};

/// As Google writes them, with another key.
fn service_account() -> String {
    format!(
        "{{\n  \"type\": \"service_account\",\r\n  \"private_key\": \"-----BEGIN PRIVATE KEY-----\\n{SECRET}\\n-----END PRIVATE \
         KEY-----\\n\",\n\t\"client_email\": \"a@b.iam \\u00fc \u{2028}\",\n  \"n\": [1e3, 12345678901234567890, 2.50]\n}}\n"
    )
}

#[test]
fn a_service_account_is_kept_as_one_line_and_got_back_as_the_same_json() {
    let test = age().file("key.json", service_account());
    let path = test.home().join("key.json").display().to_string();
    let test = test.args(["login", "google", "--file", &path]).stdout(&signed_in("google")).success();
    let output = test.args(["get"]).stdin("provider=google\n").output();
    let answer = String::from_utf8(output.stdout).expect("text");
    let found = answer.lines().find_map(|line| line.strip_prefix("password=")).expect("a password");
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
    assert_eq!(value(found), value(&service_account()));
    assert!(found.contains("\\n-----END") && found.contains("12345678901234567890"), "numbers and escapes stay");
    assert_eq!(answer.lines().count(), 5, "it is one line");
}

#[test]
fn a_service_account_from_a_pipe_that_is_too_long_is_called_so_and_not_cut() {
    let account = service_account();
    let said = "error: the input is longer than 1 MiB, so it is not a service account\n";
    let long = format!("{account}{}", " ".repeat((1 << 20) + 1 - account.len()));
    let test = age().args(["login", "google", "--file", "-"]).stdin(&long).stderr(said).failure();
    let test = test.args(["login", "google", "--file", "-"]).stdin(&long[..1 << 20]);
    test.stdout(&signed_in("google")).success();
}

#[test]
fn a_file_that_is_no_service_account_is_an_error_that_does_not_show_it() {
    let json = "this is not a JSON object\n";
    let test = age()
        .file("key.txt", SECRET)
        .file("list.json", format!("[\"{SECRET}\"]"))
        .file("cut.json", format!("{{\n\"private_key\": \"{SECRET}\""))
        .file("two.json", format!("{{}}\n{{\"private_key\": \"{SECRET}\"}}"))
        .file("empty.json", "")
        .file("bytes.json", b"{\"a\": \"\xff\"}")
        .file("long.json", format!("{{\"private_key\": \"{}\"}}", SECRET.repeat(2500)))
        .file("huge.json", vec![b' '; (1 << 20) + 1]);
    let fifo = test.home().join("fifo");
    // Windows has none.
    if cfg!(unix) {
        assert!(test.run(&["mkfifo", &fifo.display().to_string()], "").status.success());
    }
    let key = as_elsewhere(as_word(&test.home().join("key.txt").display().to_string()));
    let not_json = format!("{json}hint: modelforge-credential login google < {key}  # if it has a key\n");
    for (name, problem) in [
        ("key.txt", format!("`~/key.txt`, line 1, column 1: {not_json}")),
        ("list.json", format!("`~/list.json`, line 1, column 1: {json}")),
        ("cut.json", format!("`~/cut.json`, line 2, column 45: {json}")),
        ("two.json", format!("`~/two.json`, line 2, column 1: {json}")),
        ("empty.json", format!("`~/empty.json`, line 1, column 0: {json}")),
        ("bytes.json", "`~/bytes.json` is not UTF-8\n".into()),
        ("long.json", "`password` is longer than a line may be (65,535 bytes)\n".into()),
        ("huge.json", "`~/huge.json` is larger than 1 MiB\n".into()),
        ("fifo", if cfg!(unix) { "`~/fifo` is not a file\n" } else { "there is no file `~/fifo`\n" }.into()),
        ("absent", "there is no file `~/absent`\n".into()),
        (".", "`~/` is not a file\n".into()),
    ] {
        let path = test.home().join(name).display().to_string();
        let output =
            test.run(&[program("modelforge-credential").to_str().unwrap(), "login", "google", "--file", &path], "");
        let said = as_elsewhere(String::from_utf8_lossy(&output.stderr).into_owned());
        assert_eq!((output.status.code(), &*said), (Some(1), &*format!("error: {problem}")), "{name}");
        assert!(output.stdout.is_empty());
    }
    test.args(["get"]).stdin("provider=google\n").success();
}

#[test]
fn a_service_account_is_no_key_of_another_operators_provider() {
    let test = age().file("key.json", service_account());
    let path = test.home().join("key.json").display().to_string();
    let problem = format!(
        "error: `~/key.json` cannot be a key for `mistral`: it looks like a key for `google_vertex`\n\
         hint: modelforge-credential login google_vertex --file {}  # or --unchecked\n",
        as_word("~/key.json")
    );
    let test = test.args(["login", "mistral", "--file", &path]).stderr(&problem).failure();
    let words = ["login", "mistral", "--file", &path, "--unchecked"];
    test.args(words).stdout(&signed_in("mistral")).success();
}
