//! The lines of `env`, for each shell.

use super::signed_in;
use crate::support::{SECRET, Test, system};

/// A key with all that shells trip over.
const ODD: &str = "a'b\"c\\d$e`f`!g*h;i|j&k(l)m#n~o{p}q[r]s<t>u v\\'w%x^y=z";

#[test]
#[ignore = "needs bash, zsh and fish"]
fn each_shell_reads_its_lines_as_they_are_meant() {
    for (shell, read) in
        [("bash", "eval \"$L\""), ("zsh", "eval \"$L\""), ("fish", "echo $L | source"), ("sh", "eval \"$L\"")]
    {
        let test =
            Test::new().helpers("age").args(["approve"]).stdin(format!("provider=openai\npassword={ODD}\n")).success();
        let language = if shell == "sh" { "bash" } else { shell };
        let output = test.args(["env", "openai", "--only", "OPENAI_API_KEY", "--shell", language]);
        let lines = String::from_utf8(output.output().stdout).expect("text");
        let script = format!("{read}; printf %s \"$OPENAI_API_KEY\"; env | grep -c ^OPENAI_API_KEY=");
        let test = output.env("L", lines).program(system(shell, shell)).args(["-c", &script]);
        test.stdout(&format!("{ODD}1\n")).success();
    }
}

#[test]
#[ignore = "needs fish"]
fn fish_may_read_them_as_one_line_as_well() {
    let test = signed_in(&["openai"]).args(["env", "openai", "--shell", "fish"]);
    let lines = String::from_utf8(test.output().stdout).expect("text");
    let script = "eval (printf %s $L); printf '%s\n' $MODELFORGE_OPENAI_API_KEY $OPENAI_API_KEY";
    let test = test.env("L", lines).program(system("fish", "fish")).args(["-c", script]);
    test.stdout(&format!("{SECRET}-openai\n{SECRET}-openai\n")).success();
}

#[test]
fn the_shell_is_guessed() {
    let mut test = signed_in(&["openai"]);
    for (shell, line) in [
        ("/bin/bash", format!("export A='{SECRET}-openai'\n")),
        ("/usr/bin/zsh", format!("export A='{SECRET}-openai'\n")),
        ("/usr/bin/fish", format!("set -gx A '{SECRET}-openai';\n")),
        ("/usr/bin/pwsh", format!("${{env:A}} = '{SECRET}-openai'\n")),
        // On Windows, in Git Bash.
        ("", format!("export A='{SECRET}-openai'\n")),
    ] {
        test = test.env("SHELL", shell).args(["env", "--env", "A=openai"]).stdout(&line).success();
    }
    let unknown = "error: `env` has no lines for `tcsh`\n\
                   hint: modelforge-credential exec openai -- tcsh  # or env --shell bash, zsh, fish, powershell, cmd\n";
    test.env("SHELL", "/bin/tcsh").args(["env", "openai"]).stderr(unknown).failure();
}

#[test]
fn a_name_that_a_shell_does_not_take_is_left_out_and_that_is_said() {
    let test = signed_in(&["302ai"]).args(["env", "302ai", "--shell", "bash"]);
    test.stdout(&format!("export MODELFORGE_302AI_API_KEY='{SECRET}-302ai'\n"))
        .stderr("warning: skipped `302AI_API_KEY`: this shell cannot set such a variable\n")
        .success();
}

#[cfg(unix)]
#[test]
fn lines_with_keys_on_the_screen_are_warned_of() {
    let test = Test::new().helpers("age").args(["approve"]).stdin("provider=openai\npassword=made-up-key\n").success();
    let test = test.args(["env", "openai", "--only", "OPENAI_API_KEY"]);
    let (status, _, shown) = crate::prompt::Session::bare(&test).end();
    assert!(status.success(), "{shown}");
    let warning = "warning: this output contains keys and is meant for a shell, not the screen\r\n\
                   hint: eval \"$(modelforge-credential env openai)\"\r\n";
    assert_eq!(shown, format!("export OPENAI_API_KEY='made-up-key'\r\n{warning}"));
}

#[cfg(target_os = "linux")]
#[test]
fn the_lines_are_for_the_shell_that_asks_and_not_for_the_login_shell() {
    let test = signed_in(&["openai"]).env("SHELL", "/usr/bin/fish");
    let program = crate::support::program("modelforge-credential").display().to_string();
    let line = format!("eval \"$('{program}' env openai)\"; echo \"$OPENAI_API_KEY\"");
    for shell in ["/bin/sh", "/bin/bash"] {
        let output = test.run(&[shell, "-c", &line], "");
        assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{SECRET}-openai\n"), "{shell}");
    }
}
