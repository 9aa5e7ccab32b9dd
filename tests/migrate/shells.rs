//! Keys in shell profiles: the line is removed, or replaced by one that gets the key at each start.

use std::path::Path;

use super::*;
use crate::support::{program, system};

const SHELLS: [(&str, &str, &[&str]); 4] = [
    ("bash", ".bashrc", &["--norc", "--noprofile", "-c"]),
    ("sh", ".profile", &["-c"]),
    ("zsh", ".zshrc", &["-f", "-c"]),
    ("fish", ".config/fish/config.fish", &["--no-config", "-c"]),
];

/// A profile with a key in an `if` and one by itself.
fn profile(shell: &str) -> String {
    match shell {
        "fish" => format!("# mine\nif true\n    set -gx OPENAI_API_KEY {SECRET}\nend\nset -gx EDITOR vi"),
        _ => format!("# mine\nif true; then\n  export OPENAI_API_KEY='{SECRET}' # old\nfi\nexport EDITOR=vi"),
    }
}

fn with_profile(shell: &str, file: &str) -> Test {
    let core = program("modelforge-credential").display().to_string();
    let test = Test::new().helpers("env\nage").shell_program("modelforge-credential", &format!("exec '{core}' \"$@\""));
    let test = test.file(file, profile(shell));
    let path = test.home().join(file);
    test.may_hold_the_secret(path)
}

/// What the variable holds once the profile was read.
fn variable(test: &Test, shell: &str, file: &str, options: &[&str]) -> Vec<String> {
    let path = test.home().join(file).display().to_string();
    let script = match shell {
        "fish" => format!("source {path}; env"),
        _ => format!(". {path}; env"),
    };
    let shell = system(shell, shell).display().to_string();
    let output = test.run(&[&[shell.as_str()], options, &[script.as_str()]].concat(), "");
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let stdout = String::from_utf8(output.stdout).expect("text");
    stdout.lines().filter(|line| line.starts_with("OPENAI_API_KEY=")).map(str::to_owned).collect()
}

#[test]
#[ignore = "needs zsh and fish"]
fn a_line_in_a_profile_gets_the_key_and_sets_nothing_if_there_is_none() {
    for (shell, file, options) in SHELLS {
        let test = with_profile(shell, file);
        let (test, shown, _) = run(test, &["migrate", "--yes", "--shell-line"], 0);
        assert!(shown.contains("shell: a new shell sets `OPENAI_API_KEY`, unless the store is locked\n"), "{shown}");
        let text = std::fs::read_to_string(test.home().join(file)).expect("it is there");
        assert!(text.contains("modelforge-credential print openai") && !text.contains(SECRET), "{text}");
        assert_eq!(text.lines().count(), profile(shell).lines().count(), "{text}");
        let wanted = format!("OPENAI_API_KEY={SECRET}");
        assert_eq!(variable(&test, shell, file, options), [wanted.as_str()], "{shell}");
        // An old one, of a shell that this one is started from, is not taken for it.
        let test = test.env("OPENAI_API_KEY", "sk-old-4b1f5f0c9a7e41d8");
        assert_eq!(variable(&test, shell, file, options), [wanted.as_str()], "{shell}");
        let test = test.env("MODELFORGE_CREDENTIAL_HELPERS", "env");
        assert!(variable(&test, shell, file, options).is_empty(), "{shell}");
        let test = test.helpers("age");
        let (test, _, _) = run(test, &["migrate", "--rollback", "--yes"], 0);
        assert_eq!(std::fs::read_to_string(test.home().join(file)).expect("it is there"), profile(shell));
    }
}

#[test]
fn a_profile_that_was_written_to_since_gets_its_old_line_back() {
    let (test, _, _) = run(with_profile("bash", ".bashrc"), &["migrate", "--yes", "--shell-line"], 0);
    let text = std::fs::read_to_string(test.home().join(".bashrc")).expect("it is there");
    let test = test.file(".bashrc", format!("{text}\nexport A=1\n"));
    let (test, _, _) = run(test, &["migrate", "--rollback", "--yes"], 0);
    let text = std::fs::read_to_string(test.home().join(".bashrc")).expect("it is there");
    assert_eq!(text, format!("{}\nexport A=1\n", profile("bash")));
}

#[cfg(unix)]
#[test]
fn a_profile_that_would_no_longer_be_a_script_is_left() {
    if !Path::new("/bin/bash").exists() {
        return;
    }
    // What looks like a comment hides the beginning of the block.
    let text = format!("if [ \"$A\" = \" #\" ]; then\n  export OPENAI_API_KEY={SECRET}\nfi\n");
    let test = Test::new().file(".bashrc", &text);
    let path = test.home().join(".bashrc");
    let (test, _, stderr) = run(test.may_hold_the_secret(path.clone()), &["migrate", "--yes"], 1);
    assert!(
        stderr.contains("`~/.bashrc` would no longer be a valid script of its shell, so the key stays"),
        "{stderr}"
    );
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), text);
    drop(test);
}
