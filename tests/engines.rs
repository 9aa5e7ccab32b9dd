//! The scripts of docs/engines.md and of `helpers new`, with the real engines if they can be installed; `helpers add` and `remove`.

use crate::support::{SECRET, Test, system};

/// The scripts of the guide: for an engine with a command, and for files.
fn scripts() -> [String; 2] {
    let guide = include_str!("../docs/engines.md");
    let parts = guide.split("```sh\n").filter(|part| part.starts_with("#!/bin/sh\n"));
    let scripts: Vec<String> = parts.filter_map(|part| part.split("```").next()).map(str::to_owned).collect();
    scripts.try_into().expect("the guide has two scripts")
}

fn body(script: &str) -> &str {
    script.strip_prefix("#!/bin/sh\n").expect("a script")
}

#[test]
fn the_script_for_mounted_secrets_tells_absence_from_failure() {
    let [_, script] = scripts();
    let test = Test::new().script("mounted", body(&script)).helpers("mounted");
    let folder = test.work().display().to_string();
    std::fs::write(test.work().join("openai"), format!("{SECRET}\n")).expect("it can be written");
    std::fs::write(test.work().join("mistral"), "").expect("it can be written");
    let file = test.work().join("openai");
    let test = test.may_hold_the_secret(file).env("CREDENTIALS_DIRECTORY", folder);
    let test = test.args(["print", "openai"]).stdout(&format!("{SECRET}\n")).success();
    let said = "error: not signed in to `anthropic`\nhint: modelforge-credential login anthropic\n";
    let test = test.args(["print", "anthropic"]).stderr(said).failure();
    let test = test.args(["print", "mistral"]).any_stderr();
    assert!(String::from_utf8_lossy(&test.output().stderr).contains("helper `mounted` failed: exit status 1"));
    let said = test.args(["get"]).stdin("provider=openai\nusername=work\n").any_stderr();
    assert!(said.output().stdout.is_empty());
}

/// A key in the store of `pass`, and one that is not there, as this program answers them.
#[track_caller]
fn answers_from_the_store_of_pass(program: &str) {
    let [script, _] = scripts();
    let script = body(&script).replace("pass show", &format!("{program} show"));
    let test = Test::new().script("pass", &script).helpers("pass");
    let run = |words: &[&str], input: &str| {
        let output = test.run(words, input);
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let make = ["gpg", "--batch", "--quiet", "--passphrase", "", "--quick-gen-key", "llm@example.org"];
    run(&[&make[..], &["default", "default", "never"]].concat(), "");
    run(&["pass", "init", "llm@example.org"], "");
    run(&["pass", "insert", "--multiline", "llm/openai"], &format!("{SECRET}\n"));
    let test = test.args(["print", "openai"]).stdout(&format!("{SECRET}\n")).success();
    let test = test.args(["print", "anthropic"]).any_stderr();
    let said = String::from_utf8(test.output().stderr).expect("text");
    assert!(said.contains("warning: helper `pass` failed: exit status 1\n"), "{said}");
    test.run(&["gpgconf", "--kill", "all"], "");
}

#[test]
#[ignore = "needs pass and gpg"]
fn the_script_answers_from_pass() {
    system("pass", "pass");
    answers_from_the_store_of_pass("pass");
}

#[test]
#[ignore = "needs Debian's gopass, pass and gpg"]
fn the_script_answers_through_another_program_for_the_store_of_pass() {
    system("gopass", "gopass");
    answers_from_the_store_of_pass("gopass");
}

#[test]
#[ignore = "needs systemd-creds (systemd)"]
fn the_script_answers_from_encrypted_credentials_of_systemd() {
    system("systemd-creds", "systemd");
    let [script, _] = scripts();
    let command = "systemd-creds decrypt --name=\"$provider\" \"/etc/credstore.encrypted/$provider\" -";
    assert!(include_str!("../docs/engines.md").contains(&format!("`{command}`")), "the guide has another command");
    let test = Test::new();
    let folder = test.work().display().to_string();
    let script =
        body(&script).replace("pass show \"llm/$provider\"", &command.replace("/etc/credstore.encrypted", &folder));
    let test = test.script("systemd", &script).helpers("systemd");
    // With no key of the machine, which a test does not make.
    let file = format!("{folder}/openai");
    let words = ["systemd-creds", "--with-key=tpm2-absent", "--name=openai", "encrypt", "-", &file];
    let made = test.run(&words, SECRET);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let test = test.args(["print", "openai"]).stdout(&format!("{SECRET}\n")).any_stderr().success();
    // What was encrypted under one name does not answer for another.
    std::fs::copy(&file, format!("{folder}/mistral")).expect("it can be copied");
    for provider in ["mistral", "anthropic"] {
        let output = test.run(
            &[crate::support::program("modelforge-credential").display().to_string().as_str(), "print", provider],
            "",
        );
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("warning: helper `systemd` failed: exit status 1\n"), "{said}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
#[ignore = "needs python3"]
fn a_new_helper_keeps_the_protocol_before_a_line_of_it_is_changed() {
    for (language, name) in [("sh", "mine"), ("python", "my-own")] {
        let test = Test::new();
        let folder = test.bin().display().to_string();
        let said = format!(
            "wrote TEST/bin/modelforge-credential-{name}\nnext:\n  1. change the marked line in it\n  \
             2. modelforge-credential helpers test {name}\n  3. modelforge-credential helpers add {name}\n"
        );
        let asked = ["helpers", "new", name, "--in", language, "--folder", &folder];
        let test = test.args(asked).stdout(&said).success();
        let test = test.args(["helpers", "test", name]).any_stdout();
        let output = test.output();
        let judged = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(judged.contains("keeps the protocol, and no credentials"), "{judged}");
        let said = format!("error: cannot write `TEST/bin/modelforge-credential-{name}`: entity already exists\n");
        test.args(asked).stderr(&said).failure();
    }
}

#[test]
fn a_new_helper_in_a_folder_that_is_not_looked_in_says_so_first() {
    let test = Test::new();
    let said = format!(
        "wrote ~/.local/bin/modelforge-credential-mine\nnext:\n  \
         1. helpers are not searched for there yet: {}\n  2. change the marked line in it\n  \
         3. modelforge-credential helpers test mine\n  4. modelforge-credential helpers add mine\n",
        if cfg!(windows) { "$env:PATH = \"~/.local/bin;$env:PATH\"" } else { "export PATH=\"~/.local/bin:$PATH\"" }
    );
    test.args(["helpers", "new", "mine"]).stdout(&said).success();
}

#[test]
fn a_helper_is_added_where_it_belongs_and_removed_and_comments_stay() {
    let mut test = Test::new()
        .script("mine", "[ \"$1\" != capability ] || printf 'version 0\\ncapability readonly\\n'; exit 0")
        .script("keeper", "exit 0")
        .config("# of ann\n\n[provider.openai]\naccount = \"work\" # hers\n");
    let config = |test: &Test| {
        std::fs::read_to_string(test.home().join(".config/modelforge-credential/config.toml")).expect("a configuration")
    };
    let lists = |list: &str| format!("helpers = [{list}]\n");
    test = test.args(["helpers", "add", "keeper"]);
    test = test.stdout(&lists(r#""env", "keyring", "age", "keeper", "plaintext", "oauth""#)).success();
    test = test.args(["helpers", "add", "mine"]);
    test = test.stdout(&lists(r#""env", "mine", "keyring", "age", "keeper", "plaintext", "oauth""#)).success();
    test = test.args(["helpers", "add", "safe", "--before", "age", "--", "sh", "-c", "exit 0", "sh"]);
    let all = r#""env", "mine", "keyring", { name = "safe", command = ["sh", "-c", "exit 0", "sh"] }, "age", "keeper", "plaintext", "oauth""#;
    test = test.stdout(&lists(all)).success();
    let text = config(&test);
    assert!(
        text.contains("# of ann\n") && text.contains("account = \"work\" # hers\n") && text.contains(all),
        "{text}"
    );
    for name in ["mine", "keeper", "safe"] {
        test = test.args(["helpers", "remove", name]).any_stdout().success();
    }
    assert!(
        config(&test).contains(r#"helpers = ["env", "keyring", "age", "plaintext", "oauth"]"#),
        "{}",
        config(&test)
    );
}

#[test]
fn what_cannot_be_added_or_removed_changes_nothing() {
    let test = Test::new().script("mine", "exit 0");
    let refused =
        |test: Test, words: &[&str], said: &str, status: i32| test.args(words.to_vec()).stderr(said).status(status);
    let missing = "error: helper `nobody` is not installed beside the program or on PATH\n\
                   hint: put a program named modelforge-credential-nobody on PATH\n";
    let test = refused(test, &["helpers", "add", "nobody"], missing, 1);
    let there = "error: helper `age` is in the chain already, as ~/.config/modelforge-credential/config.toml has it\n\
                 hint: modelforge-credential helpers remove age\n";
    let test = refused(test, &["helpers", "add", "age"], there, 1);
    let none = "error: no helper in the chain is called `nobody`\nhint: modelforge-credential helpers\n";
    let test = refused(test, &["helpers", "remove", "nobody"], none, 1);
    let test = refused(test, &["helpers", "add", "mine", "--before", "nobody"], none, 1);
    let variable = "error: `MODELFORGE_CREDENTIAL_HELPERS` is set, so the configuration is not used\n\
                    hint: unset MODELFORGE_CREDENTIAL_HELPERS\n";
    let test = refused(test.helpers("age"), &["helpers", "add", "mine"], variable, 1);
    assert!(!test.home().join(".config").exists());
}
