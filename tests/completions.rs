//! Completion, in the shells themselves.

use std::process::Output;

use crate::support::{Test, program, system};

/// Signed in to two providers, to one of them with two accounts, with a token as a third.
fn signed_in() -> Test {
    let mut test = Test::new().helpers("age");
    let token = "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";
    for (provider, account) in [("openai", "default"), ("openai", "work"), ("mistral", "default"), ("mistral", token)] {
        test =
            test.args(["approve"]).stdin(format!("provider={provider}\nusername={account}\npassword=a-key-of-mine\n"));
        assert!(test.output().status.success());
    }
    test.env("TERM", "dumb")
}

/// The script for a shell.
#[track_caller]
fn script(shell: &str) -> String {
    let output = Test::new().args(["completions", shell]).output();
    assert!(output.status.success() && output.stderr.is_empty());
    String::from_utf8(output.stdout).expect("it is UTF-8")
}

/// Runs a shell on a script. The program is on its PATH.
#[track_caller]
fn run(test: &Test, shell: &str, options: &[&str], text: &str) -> Output {
    let file = test.home().join("script");
    std::fs::write(&file, text).expect("a file");
    let path = format!("{}:/usr/bin:/bin", crate::support::programs().display());
    let shell = system(shell, shell).display().to_string();
    let line = format!("PATH={path} exec '{shell}' {} '{}'", options.join(" "), file.display());
    test.run(&["/bin/sh", "-c", &line], "")
}

/// A typed line, and its completions.
const LINES: [(&str, &str); 14] = [
    ("helpe", "helpers"),
    ("helpers te", "test"),
    ("helpers test --on", "--only"),
    ("login openr", "openrouter"),
    ("auth login --provider openr", "openrouter"),
    ("print openr", ""),
    ("print m", "mistral"),
    ("exec openai:w", "openai:work"),
    ("exec --env A=openai:", "A=openai:work"),
    ("logout --account w", "work"),
    ("migrate --to ke", "keyring"),
    ("login --helper pl", "plaintext"),
    ("completions pow", "powershell"),
    ("exec openai -- dbus-run-sess", "dbus-run-session"),
];

#[test]
#[ignore = "needs bash"]
fn bash_completes_commands_providers_accounts_helpers_and_what_is_to_be_run() {
    let ask = r#"
complete_at_the_end() {
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    _modelforge_credential "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
    printf '%s\n' "${COMPREPLY[*]}"
}
"#;
    // As bash does, at these characters.
    let split = |line: &str| line.replace(':', " : ").replace('=', " = ");
    let asked: String =
        LINES.iter().map(|(line, _)| format!("complete_at_the_end modelforge-credential {}\n", split(line))).collect();
    let output = run(&signed_in(), "bash", &["--norc"], &format!("{}{ask}{asked}", script("bash")));
    // Only what follows the last of them is replaced.
    let expected: String =
        LINES.iter().map(|(_, word)| format!("{}\n", word.rsplit([':', '=']).next().unwrap_or(""))).collect();
    assert_eq!(
        (&*String::from_utf8_lossy(&output.stdout), &*String::from_utf8_lossy(&output.stderr)),
        (&*expected, "")
    );
}

#[test]
#[ignore = "needs bash"]
fn what_bash_completes_is_no_code_whatever_an_account_or_a_file_is_called() {
    let mut test = signed_in();
    for account in ["$(id)", "`id`", ";id", "x y", "plain"] {
        let request = format!("provider=groq\nusername={account}\npassword=a-key-of-mine\n");
        test = test.args(["approve"]).stdin(request).any_stderr().success();
    }
    for file in ["of $(id)", "of;id"] {
        std::fs::write(test.work().join(file), "").expect("a file");
    }
    let ask = r#"
for line in 'print groq:' 'exec groq -- ./of' 'login groq --file of'; do
    words=(modelforge-credential $line)
    [[ ${words[1]} == print ]] && words=(modelforge-credential print groq : '')
    COMP_WORDS=("${words[@]}"); COMP_CWORD=$((${#words[@]} - 1))
    _modelforge_credential "${words[0]}" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
    printf '%s\n' "${COMPREPLY[@]}"
done
"#;
    let output = run(&test, "bash", &["--norc"], &format!("{}{ask}", script("bash")));
    let (shown, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let expected = "plain\n./of\\ \\$\\(id\\)\n./of\\;id\nof\\ \\$\\(id\\)\nof\\;id\n";
    assert_eq!((&*shown, &*said), (expected, ""));
}

#[test]
#[ignore = "needs fish"]
fn fish_completes_commands_providers_accounts_helpers_and_what_is_to_be_run() {
    let test = signed_in();
    let asked: String =
        LINES.iter().map(|(line, _)| format!("complete -C 'modelforge-credential {line}'; echo\n")).collect();
    let output = run(&test, "fish", &["--no-config"], &format!("{}\n{asked}", script("fish")));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let words: Vec<&str> =
        text.lines().filter_map(|line| line.split('\t').next()).filter(|word| !word.is_empty()).collect();
    let expected: Vec<&str> = LINES.iter().map(|(_, word)| *word).filter(|word| !word.is_empty()).collect();
    assert_eq!(words, expected, "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
#[ignore = "needs elvish"]
fn elvish_completes_commands_providers_accounts_helpers_and_what_is_to_be_run() {
    // Only an interactive elvish has the module of its editor.
    let script =
        script("elvish").replace("set edit:completion:arg-completer[modelforge-credential] =", "var completer =");
    let asked: String =
        LINES.iter().map(|(line, _)| format!("$completer modelforge-credential {line} | to-lines; echo\n")).collect();
    let output = run(&signed_in(), "elvish", &["-norc"], &format!("{script}\n{asked}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let words: Vec<&str> = text.lines().filter(|word| !word.is_empty()).collect();
    let expected: Vec<&str> = LINES.iter().map(|(_, word)| *word).filter(|word| !word.is_empty()).collect();
    assert_eq!(words, expected, "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
#[ignore = "needs zsh"]
fn zsh_completes_commands_providers_accounts_helpers_and_what_is_to_be_run() {
    let test = signed_in().file("functions/_modelforge-credential", script("zsh"));
    // In a shell at a terminal, which prints each line that it was given.
    let ask = r#"
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1= PS2= PROMPT_EOL_MARK=; unsetopt prompt_sp; fpath=($HOME/functions \$fpath); autoload -U compinit; compinit -D -u"
zpty -w shell "print_line() { print -r -- \"line: <\$BUFFER>\"; BUFFER=; zle accept-line }; zle -N print_line; bindkey '^T' print_line; print READ''Y"
zpty -r -m shell out "*READY*"
for line in "$lines[@]"; do
    zpty -w -n shell "modelforge-credential $line"$'\t\C-T'
    zpty -r -m shell out "*line: <*>*"
    print -r -- "$out"
done
"#;
    let lines: String = LINES.iter().map(|(line, _)| format!(" '{line}'")).collect();
    let output = run(&test, "zsh", &["-f"], &format!("lines=({lines} )\n{ask}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let seen: Vec<&str> =
        text.split("line: <").skip(1).filter_map(|rest| rest.split('>').next()).map(str::trim_end).collect();
    let expected: Vec<String> = LINES
        .iter()
        .map(|(line, word)| match *word {
            "" => format!("modelforge-credential {line}"),
            word => format!(
                "modelforge-credential {}",
                [line.rsplit_once(' ').map_or("", |(before, _)| before), word].join(" ").trim()
            ),
        })
        .collect();
    assert_eq!(seen, expected, "{text}");
}

#[test]
fn elsewhere_than_in_an_answer_to_a_shell_no_helper_is_asked_and_a_warning_of_one_is_not_shown() {
    let test = Test::new().script("loud", "echo 'warning: loud' >&2; exit 1").helpers("loud");
    let core = program("modelforge-credential").display().to_string();
    let ask =
        |words: &str| format!("MODELFORGE_CREDENTIAL_COMPLETE=fish exec '{core}' -- modelforge-credential {words}");
    let output = test.run(&["/bin/sh", "-c", &ask("print ''")], "");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    // An operation is done whatever a stranger's environment says.
    let test = Test::new().script("has", "[ $1 = get ] && echo password=a-key").helpers("has");
    let line = format!("MODELFORGE_CREDENTIAL_COMPLETE=fish exec '{core}' get");
    let output = test.run(&["/bin/sh", "-c", &line], "provider=openai\n");
    assert!(String::from_utf8_lossy(&output.stdout).contains("password=a-key\n"));
}

#[test]
fn the_script_for_powershell_asks_the_program() {
    // No package of Debian has PowerShell.
    let script = script("powershell");
    assert!(script.contains("Register-ArgumentCompleter -Native -CommandName modelforge-credential "), "{script}");
    assert!(script.contains("$env:MODELFORGE_CREDENTIAL_COMPLETE = \"powershell\""), "{script}");
}

#[test]
fn completions_without_a_shell_say_where_the_shells_are_named() {
    let hint = "hint: modelforge-credential completions --help\n";
    Test::new().args(["completions"]).stderr(&format!("error: `<SHELL>` is missing\n{hint}")).status(2);
}

#[test]
fn a_shell_that_nobody_knows_is_an_error_that_repeats_nothing() {
    let test = Test::new().args(["completions", "sk-secret"]);
    let said = String::from_utf8_lossy(&test.output().stderr).into_owned();
    assert!(said.starts_with("error: ") && !said.contains("sk-secret"), "{said}");
}
