//! Manual pages and completions: what is made from the definitions is accepted by who reads it.

use std::process::Output;

use crate::support::{Test, program, system};

/// Runs a program of the system on a text in a file.
#[track_caller]
fn read_by(name: &str, package: &str, options: &[&str], text: &[u8]) -> Output {
    let test = Test::new().file("text", text).env("MANWIDTH", "80").env("LC_ALL", "C.UTF-8");
    let file = test.home().join("text").display().to_string();
    let reader = system(name, package).display().to_string();
    test.run(&[&[reader.as_str()], options, &[file.as_str()]].concat(), "")
}

#[test]
#[ignore = "needs bash, zsh and fish"]
fn every_shell_accepts_its_completions_and_knows_the_providers() {
    // No package of Debian has PowerShell.
    let shells = [("bash", "-n"), ("zsh", "-n"), ("fish", "-n"), ("elvish", "-compileonly"), ("powershell", "")];
    for (shell, option) in shells {
        let output = Test::new().args(["completions", shell]).output();
        let script = String::from_utf8(output.stdout).expect("it is UTF-8");
        for word in ["login", "helpers", "capability"] {
            assert!(script.contains(word), "{shell} does not complete `{word}`");
        }
        assert!(script.contains("github_copilot"), "{shell}");
        // Nothing but a terminal shows what zsh completes.
        assert_eq!(script.contains("_normal"), shell == "zsh");
        if !option.is_empty() {
            // Only an interactive elvish has the module of its editor.
            let script = match shell {
                "elvish" => {
                    let set = "set edit:completion:arg-completer[modelforge-credential] =";
                    assert!(script.contains(set), "{script}");
                    script.replace(set, "var completer =").replace("edit:complex-candidate", "print")
                }
                _ => script,
            };
            let output = read_by(shell, shell, &[option], script.as_bytes());
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!((output.status.code(), &*said), (Some(0), ""), "{shell}");
        }
    }
}

#[test]
#[ignore = "needs bash"]
fn bash_completes_a_command_a_command_of_a_command_a_provider_and_what_is_to_be_run() {
    let script = Test::new().args(["completions", "bash"]).output().stdout;
    let ask = r#"
complete_at_the_end() {
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    _modelforge__credential "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
    # A program that lies in two folders of PATH comes twice.
    printf '%s\n' "${COMPREPLY[@]}" | sort -u
}
complete_at_the_end modelforge-credential helpe
complete_at_the_end modelforge-credential helpers te
complete_at_the_end modelforge-credential helpers test --on
complete_at_the_end modelforge-credential login openr
complete_at_the_end modelforge-credential exec openr
complete_at_the_end modelforge-credential auth login --provider openr
complete_at_the_end modelforge-credential exec openai -- dbus-run-sess
"#;
    let output = read_by("bash", "bash", &[], &[&script, ask.as_bytes()].concat());
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "helpers\ntest\n--only\nopenrouter\nopenrouter\nopenrouter\ndbus-run-session\n"
    );
}

#[test]
#[ignore = "needs fish"]
fn fish_completes_a_command_a_provider_and_what_is_to_be_run() {
    let script = Test::new().args(["completions", "fish"]).output().stdout;
    let lines = [
        ("helpe", "helpers"),
        ("helpers te", "test"),
        ("migrate --provider openr", "openrouter"),
        ("auth login --provider openr", "openrouter"),
        ("login openr", "openrouter"),
        ("exec openai openr", "openrouter"),
        ("completions pow", "powershell"),
        ("exec openai -- dbus-run-sess", "dbus-run-session"),
        ("exec -- git --vers", "--version"),
    ];
    for (line, word) in lines {
        let ask = format!("\ncomplete -C 'modelforge-credential {line}'\n");
        let output = read_by("fish", "fish", &[], &[script.as_slice(), ask.as_bytes()].concat());
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let words: Vec<&str> = text.lines().filter_map(|line| line.split('\t').next()).collect();
        assert_eq!(words.join(" "), word, "{line}: {text}");
    }
}

#[test]
#[ignore = "needs elvish"]
fn elvish_completes_a_provider_where_a_command_takes_one_and_nowhere_else() {
    let script = Test::new().args(["completions", "elvish"]).output().stdout;
    let script = String::from_utf8(script).expect("it is UTF-8");
    // Only an interactive elvish has the module of its editor.
    let script = script.replace("set edit:completion:arg-completer[modelforge-credential] =", "var completer =");
    let script = script.replace("edit:complex-candidate $text &display=$text", "put $text #");
    let ask = |line: &str| {
        let asked = format!("{script}\n$completer modelforge-credential {line} | to-lines\n");
        let output = read_by("elvish", "elvish", &[], asked.as_bytes());
        String::from_utf8_lossy(&output.stdout).lines().any(|word| word == "openrouter")
    };
    for line in ["login ''", "logout ''", "status ''", "exec ''", "print ''", "env ''"] {
        assert!(ask(line), "{line}");
    }
    assert!(!ask("doctor ''") && !ask("''"));
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

#[test]
fn a_reader_that_has_read_enough_hears_no_complaint() {
    // The pause lets the reader be gone by then.
    let script = "{ sleep 0.5; BIN completions bash; echo $? >&2; } | true"
        .replace("BIN", &crate::support::program("modelforge-credential").display().to_string());
    Test::new().program("/bin/sh").args(["-c", &script]).stderr("1\n").success();
}

#[test]
#[ignore = "needs groff-base and man-db"]
fn every_manual_page_is_accepted_by_man_and_holds_what_it_should() {
    let test = Test::new();
    let folder = test.home().join("man").display().to_string();
    let test = test.args(["man", &folder]).success();
    let mut names = Vec::new();
    system("groff", "groff-base");
    for file in std::fs::read_dir(&folder).expect("the folder is there").flatten() {
        let name = file.file_name().to_string_lossy().into_owned();
        let man = system("man", "man-db").display().to_string();
        let output = test.run(&[man.as_str(), "--warnings", "-l", &file.path().display().to_string()], "");
        let (text, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!((output.status.code(), &*said), (Some(0), ""), "{name}");
        for part in ["NAME", "modelforge-credential", "DESCRIPTION"] {
            assert!(text.contains(part), "{name} has no {part}");
        }
        assert!(text.contains("EXAMPLE") || name.ends_with(".7"), "{name} has no example");
        names.push(name);
    }
    for name in ["", "-login", "-helpers", "-helpers-test", "-auth-login", "-completions"] {
        assert!(names.contains(&format!("modelforge-credential{name}.1")), "{names:?}");
    }
    assert!(!names.iter().any(|name| name.contains("-man.")), "the hidden command has a page");
}

#[test]
#[ignore = "needs man-db"]
fn the_synopsis_of_a_page_is_what_can_be_typed() {
    let test = Test::new();
    let folder = test.home().join("man");
    let test = test.args(["man", &folder.display().to_string()]).success();
    let man = system("man", "man-db").display().to_string();
    let test = test.env("MANWIDTH", "80");
    for (name, usage) in [
        ("exec", "modelforge-credential exec [OPTIONS] [PROVIDER]... [-- <COMMAND>...]\n"),
        ("helpers", "modelforge-credential helpers [OPTIONS]\n       modelforge-credential helpers <COMMAND>\n"),
    ] {
        let page = folder.join(format!("modelforge-credential-{name}.1")).display().to_string();
        let text = String::from_utf8(test.run(&[man.as_str(), "-l", &page], "").stdout).expect("it is UTF-8");
        assert!(text.contains(&format!("SYNOPSIS\n       {usage}")), "{text}");
    }
}

#[test]
#[ignore = "needs man-db"]
fn the_page_of_the_protocol_holds_every_rule_and_its_programs_as_they_are() {
    let test = Test::new();
    let folder = test.home().join("man");
    let test = test.args(["man", &folder.display().to_string()]).success();
    let page = folder.join("modelforge-credential-protocol.7").display().to_string();
    let man = system("man", "man-db").display().to_string();
    let test = test.env("MANWIDTH", "200");
    let text = String::from_utf8(test.run(&[man.as_str(), "-l", &page], "").stdout).expect("it is UTF-8");
    let protocol = include_str!("../protocol.md");
    for line in protocol.lines() {
        if let Some((rule, _)) = line.strip_prefix("- **").and_then(|rest| rest.split_once("**")) {
            assert!(text.lines().any(|line| line.trim_start().starts_with(&format!("{rule} "))), "{rule} is not there");
        }
    }
    let programs = protocol.split("```").skip(1).step_by(2).flat_map(|block| block.lines().skip(1));
    for line in programs.filter(|line| !line.trim().is_empty()) {
        assert!(text.lines().any(|shown| shown.trim() == line.trim()), "`{line}` is not there");
    }
}

#[test]
fn without_a_folder_the_page_of_the_program_is_printed() {
    let output = Test::new().args(["man"]).output();
    assert!(output.stdout.starts_with(b".TH modelforge\\-credential 1 "));
    assert!(program("modelforge-credential").exists());
}

#[test]
fn the_help_of_each_helper_fits_a_terminal_and_ends_with_an_example() {
    for name in ["age", "env", "keyring", "oauth", "plaintext"] {
        let output = Test::new().program(format!("modelforge-credential-{name}")).args(["--help"]).output();
        let help = String::from_utf8(output.stdout).expect("text");
        let (_, example) = help.rsplit_once("\n\nExample").expect("an example");
        assert!(example.contains(name), "{help}");
        assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
    }
}
