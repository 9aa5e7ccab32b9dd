//! Several keys under one name in one file: none is lost, and a warning names each that stays.

use super::tools::OTHER;
use super::*;

/// The warning that another key for openai stays.
fn another(file: &str, line: usize) -> String {
    format!("warning: `~/{file}`, line {line}: another key for `OPENAI_API_KEY`, so it stays\n")
}

/// Moves one key, and checks that the other key is still in the file.
#[track_caller]
fn stays(file: &str, text: &str, line: usize, left: &str, status: i32) -> Test {
    let (test, _, stderr) = run(Test::new().file(file, text), &["migrate", "--yes"], status);
    assert!(stderr.contains(&another(file, line)), "{stderr}");
    assert_eq!(read(&test, file), left, "{text}");
    test.args(["print", "openai"]).stdout(&format!("{SECRET}\n")).success()
}

#[test]
fn another_key_in_a_comment_stays() {
    let text = format!("# work\n#OPENAI_API_KEY={OTHER}\n# private\nOPENAI_API_KEY={SECRET}\n");
    let left = format!("# work\n#OPENAI_API_KEY={OTHER}\n# private\n");
    stays(".env", &text, 2, &left, 0);
    let text = format!("export OPENAI_API_KEY={SECRET}\n# export OPENAI_API_KEY={OTHER}\n");
    stays(".bashrc", &text, 2, &format!("# export OPENAI_API_KEY={OTHER}\n"), 0);
}

#[test]
fn another_key_in_another_branch_stays() {
    let text = format!(
        "if [ \"$HOSTNAME\" = office ]; then\n  export OPENAI_API_KEY={OTHER}\nelse\n  export OPENAI_API_KEY={SECRET}\nfi\n"
    );
    let test = stays(".bashrc", &text, 2, &text.replace(&format!("export OPENAI_API_KEY={SECRET}"), ":"), 1);
    // The rollback restores the key that was moved, beside the other one.
    let (test, _, _) = run(holding(test, ".bashrc"), &["migrate", "--rollback", "--yes"], 0);
    assert_eq!(read(&test, ".bashrc"), text);
    let text = format!("work() {{ export OPENAI_API_KEY={OTHER}; }}\nhome() {{ export OPENAI_API_KEY={SECRET}; }}\n");
    stays(".bashrc", &text, 1, &format!("work() {{ export OPENAI_API_KEY={OTHER}; }}\nhome() {{ :; }}\n"), 1);
}

#[test]
fn another_key_that_a_later_line_replaces_stays() {
    let text = format!("OPENAI_API_KEY={OTHER}\nDEBUG=1\nOPENAI_API_KEY={SECRET}\n");
    let test = stays(".env", &text, 1, &format!("OPENAI_API_KEY={OTHER}\nDEBUG=1\n"), 1);
    // A file that was changed since gets its key back as well, and still has the other.
    let test = holding(test.file(".env", format!("OPENAI_API_KEY={OTHER}\nDEBUG=2\n")), ".env");
    let (test, _, _) = run(test, &["migrate", "--rollback", "--yes"], 0);
    assert_eq!(read(&test, ".env"), format!("OPENAI_API_KEY={OTHER}\nDEBUG=2\nOPENAI_API_KEY={SECRET}\n"));
    test.args(["print", "openai"]).any_stderr().failure();
}

#[test]
fn a_key_in_the_comment_behind_another_does_not_go_along() {
    for (file, set) in [(".env", ""), (".bashrc", "export ")] {
        let text = format!("{set}OPENAI_API_KEY={SECRET} # was {OTHER}\n");
        let (test, _, stderr) = run(holding(Test::new().file(file, &text), file), &["migrate", "--yes"], 1);
        assert!(stderr.contains("could not be edited safely, and was not"), "{stderr}");
        assert_eq!(read(&test, file), text);
    }
}

#[test]
fn the_same_key_once_more_goes_along() {
    let text = format!("OPENAI_API_KEY={SECRET}\n#OPENAI_API_KEY={SECRET}\nDEBUG=1\nOPENAI_API_KEY='{SECRET}'\n");
    let (test, _, stderr) = run(Test::new().file(".env", &text), &["migrate", "--yes"], 0);
    assert!(!stderr.contains("stays"), "{stderr}");
    assert_eq!(read(&test, ".env"), "DEBUG=1\n");
}

#[test]
fn another_key_of_the_same_name_in_json_stays() {
    const LLM: &str = ".config/io.datasette.llm/keys.json";
    let text = format!("{{\n  \"openai\": \"{OTHER}\",\n  \"openai\": \"{SECRET}\"\n}}\n");
    let (test, _, stderr) = run(Test::new().file(LLM, &text), &["migrate", "--yes"], 1);
    let said = format!("warning: `~/{LLM}`, line 2: another key for `openai`, so it stays\n");
    assert!(stderr.contains(&said), "{stderr}");
    assert_eq!(read(&test, LLM), format!("{{\n  \"openai\": \"{OTHER}\"\n}}\n"));
    test.args(["print", "openai"]).stdout(&format!("{SECRET}\n")).success();
}

#[test]
fn several_keys_of_one_name_in_a_list_are_accounts_of_their_own() {
    let text = format!(
        "services:\n  a:\n    environment:\n      - OPENAI_API_KEY={OTHER}\n      - A=1\n      - OPENAI_API_KEY={SECRET}\n"
    );
    let test = Test::new().file("p/compose.yaml", &text);
    let folder = test.home().join("p").display().to_string();
    let (test, _, _) = run(test, &["migrate", "--yes", &folder], 0);
    let test = test.args(["print", "openai"]).stdout(&format!("{SECRET}\n")).success();
    let test = test.args(["print", "openai:project-a"]).stdout(&format!("{OTHER}\n")).success();
    assert!(!read(&test, "p/compose.yaml").contains("sk-"), "{}", read(&test, "p/compose.yaml"));
}

#[test]
fn a_key_before_one_command_does_not_replace_the_exported_one() {
    let text = format!("export OPENAI_API_KEY={SECRET}\nOPENAI_API_KEY={OTHER} true\n");
    let (test, _, stderr) = run(Test::new().file(".bashrc", &text), &["migrate", "--yes"], 0);
    assert!(stderr.contains("the key in `OPENAI_API_KEY` is part of a command, so it stays"), "{stderr}");
    assert_eq!(read(&test, ".bashrc"), format!("OPENAI_API_KEY={OTHER} true\n"));
    test.args(["print", "openai"]).stdout(&format!("{SECRET}\n")).success();
}

#[test]
fn of_two_lines_for_one_user_of_a_host_the_first_is_the_one_in_use() {
    let line = |key: &str| format!("machine api.openai.com login me password {key}\n");
    let test = Test::new().file(".netrc", line(SECRET) + &line(OTHER));
    let (test, _, stderr) = run(test, &["migrate", "--yes"], 1);
    let said = "warning: `~/.netrc`, line 2: another key for `https.api.openai.com.me`, so it stays\n";
    assert!(stderr.contains(said), "{stderr}");
    assert_eq!(read(&test, ".netrc"), line(OTHER));
    let test = test.args(["print", "openai"]).stdout(&format!("{SECRET}\n")).success();
    // It is the first entry again, although the file has a new line.
    let test = holding(test.file(".netrc", line(OTHER) + "default login anonymous\n"), ".netrc");
    let (test, _, _) = run(test, &["migrate", "--rollback", "--yes"], 0);
    assert_eq!(read(&test, ".netrc"), line(SECRET) + &line(OTHER) + "default login anonymous\n");
}
