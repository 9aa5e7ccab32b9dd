//! How the command is found, started and ended.

#[cfg(unix)]
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use super::{exec, signed_in};
use crate::support::{SECRET, Test, system};

#[test]
fn the_command_gets_all_other_variables_but_none_that_steer_this_program() {
    let test = signed_in(&["openai"]).env("OTHER", "kept").env("MODELFORGE_CREDENTIAL_TRACE", "0");
    exec(test, "openai", "env | grep -c ^MODELFORGE_CREDENTIAL; echo $OTHER").stdout("0\nkept\n").success();
}

#[cfg(unix)]
#[test]
fn the_program_becomes_the_command() {
    let test = exec(signed_in(&["openai"]), "openai", "echo $$");
    let child = test.command().stdout(Stdio::piped()).spawn().expect("it starts");
    let id = child.id().to_string();
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), id);
}

#[cfg(unix)]
#[test]
fn the_command_reads_the_input_and_its_exit_status_is_passed_on() {
    let test = signed_in(&["openai"]);
    for (words, status) in
        [("openai", 0), ("openai", 7), ("openai --mask", 0), ("openai --mask", 7), ("openai --mask", 255)]
    {
        let script = format!("cat; exit {status}");
        let test = exec(signed_in(&["openai"]), words, &script).stdin("some input\n");
        test.stdout("some input\n").status(status);
    }
    for words in ["openai", "openai --mask"] {
        let test = exec(signed_in(&["openai"]), words, "kill -USR1 $$");
        assert_eq!(test.output().status.signal(), Some(10), "{words}");
    }
    drop(test);
}

#[test]
fn a_command_that_cannot_be_started_is_told_as_env_tells_it() {
    let mut test = signed_in(&["openai"]).file("plain", "no program");
    let [plain, folder] = ["plain", ""].map(|name| test.home().join(name).display().to_string());
    for (command, error, status) in [
        ("nosuch", "error: program `nosuch` is not on PATH\n", 127),
        ("./nosuch", "error: there is no program `./nosuch`\n", 127),
        (&folder, "error: `~/` is not a program that can be started\n", 126),
        (&plain, "error: `~/plain` could not be started: Permission denied (os error 13)\n", 126),
        ("", "error: program `` is not on PATH\n", 127),
    ] {
        // Windows says it in words of its own.
        if cfg!(windows) && command == plain {
            continue;
        }
        for mask in ["--only=OPENAI_API_KEY", "--mask"] {
            test = test.args(["exec", "openai", mask, "--", command]).stderr(error).status(status);
        }
    }
    let none = "error: `exec` needs `--` and a command after it\nhint: modelforge-credential exec openai -- COMMAND\n";
    test.args(["exec", "openai"]).stderr(none).status(2);
}

#[cfg(unix)]
#[test]
fn a_script_that_names_no_interpreter_is_the_shells() {
    let script = "echo \"${OPENAI_API_KEY:+it has the key} $1\"\nexit 7\n";
    let mut test = signed_in(&["openai"]).on_path("script", script);
    for mask in ["--only=OPENAI_API_KEY", "--mask"] {
        test = test.args(["exec", "openai", mask, "--", "script", "a b"]).stdout("it has the key a b\n").status(7);
    }
}

#[cfg(unix)]
#[test]
fn a_command_is_never_looked_for_in_the_current_folder() {
    let mut test = signed_in(&["openai"]);
    let tool = test.work().join("tool");
    std::fs::copy("/bin/true", tool).expect("a file can be copied");
    for path in [":/usr/bin:/bin", ".:/usr/bin:/bin", "/usr/bin:/bin:", "../work:/usr/bin:/bin"] {
        test = test.env("PATH", path).args(["exec", "openai", "--", "tool"]);
        test = test.stderr("error: program `tool` is not on PATH\n").status(127);
    }
    let test = test.args(["exec", "openai", "--", "./tool"]).success();
    // Nor where anyone could have put it.
    let open = test.work();
    std::fs::set_permissions(&open, std::os::unix::fs::PermissionsExt::from_mode(0o777)).expect("a mode can be set");
    let test = test.env("PATH", open.display().to_string()).args(["exec", "openai", "--", "tool"]);
    let refused =
        "error: `TEST/work/tool` is not started: anyone can write to `TEST/work`\nhint: chmod o-w TEST/work\n";
    test.stderr(refused).status(126);
}

#[test]
#[ignore = "needs bash"]
fn the_command_sees_its_name_as_it_was_typed() {
    for words in [&["exec", "openai"] as &[_], &["exec", "openai", "--mask"]] {
        let test = signed_in(&["openai"])
            .args([words, &["--", "bash", "-c", "tr '\\0' ' ' < /proc/$$/cmdline | cut -c 1-8"]].concat());
        test.stdout("bash -c \n").success();
    }
}

#[test]
fn without_a_path_a_name_cannot_be_looked_for_and_the_hint_sets_one() {
    let test = Test::new().env("PATH", "").args(["exec", "openai", "--", "env"]);
    let hint = "hint: export PATH=/usr/local/bin:/usr/bin:/bin\n";
    test.stderr(&format!("error: cannot search for program `env`: PATH is not set\n{hint}")).status(127);
}

#[test]
#[ignore = "needs python3"]
fn who_ignores_the_end_of_children_gets_keys_all_the_same() {
    let core = crate::support::program("modelforge-credential").display().to_string();
    let ignores =
        "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])";
    let python = system("python3", "python3");
    let run =
        |test: Test, words: &[&str]| test.program(&python).args([&["-c", ignores, core.as_str()], words].concat());
    let test = run(signed_in(&["openai"]), &["print", "openai"]).stdout(&format!("{SECRET}-openai\n")).success();
    for mask in [&[][..], &["--mask"]] {
        let command =
            [&["exec", "openai"], mask, &["--", "sh", "-c", "test -n \"$OPENAI_API_KEY\" && exit 6"]].concat();
        run(signed_in(&["openai"]), &command).status(6);
    }
    run(test, &["exec", "ollama", "--mask", "--", "sh", "-c", "exit 7"]).status(7);
}
