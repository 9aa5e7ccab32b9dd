//! A helper that fails, hangs or sends nonsense never hides a working one.

use super::{OPENAI, approve, keeper};
use crate::support::{SECRET, Test};

#[test]
fn a_failing_missing_or_garbled_helper_is_a_warning_and_never_hides_a_working_one() {
    let test = keeper(Test::new(), "good");
    let test = approve(test.helpers("good")).success();
    let test = test
        .script("fails", "echo password=wrong; exit 42")
        .script("garbles", "printf 'password=wrong\\nno equals sign\\n'")
        .script("other-host", "printf 'host=evil\\npassword=wrong\\n'")
        .script("other-name", "printf 'username=eve\\npassword=wrong\\n'");
    test.helpers("fails\ngarbles\nother-host\nabsent\nother-name\ngood")
        .args(["get"])
        .stdin("provider=openai\nusername=default\n")
        .stdout(&format!("{OPENAI}password={SECRET}\n"))
        .stderr(
            "warning: helper `fails` failed: exit status 42\n\
             warning: helper `garbles` failed: its answer is malformed (line 2 has no `=`) and not used\n\
             warning: helper `other-host` failed: it changed `host` of the request, so its answer is not used\n\
             warning: helper `absent` failed: helper `absent` is not installed beside the program or on PATH\n\
             hint: put a program named modelforge-credential-absent on PATH\n\
             warning: helper `other-name` failed: it changed `username` of the request, so its answer is not used\n",
        )
        .success();
}

#[cfg(unix)]
#[test]
fn a_script_that_names_no_interpreter_is_told_how() {
    let test = Test::new().on_path("modelforge-credential-bare", "echo password=x\n");
    let test = test.helpers("bare").args(["get"]).stdin("protocol=https\nhost=h\n");
    test.stderr(
        "warning: helper `bare` failed: it could not be started: its first line does not name the program that runs it\n\
         hint: a script begins with the program that runs it: #!/bin/sh\n\
         error: no credential for `https://h`; some helpers could not be queried\n",
    )
    .failure();
}

#[test]
fn a_failure_is_never_taken_for_absence() {
    let test = Test::new().script("locked", "echo 'error: the vault is locked' >&2; exit 1").helpers("locked");
    test.args(["get"])
        .stdin("provider=openai\n")
        .stderr(
            "warning: helper `locked` failed: the vault is locked\n\
             error: no credential for `openai` (`https://api.openai.com`); some helpers could not be queried\n",
        )
        .failure();
}

#[test]
fn a_helper_that_hangs_is_ended_with_everything_it_started() {
    let test = Test::new();
    let mark = test.home().join("alive");
    let body = format!("(sleep 3; echo still here > '{}') &\nsleep 30", mark.display());
    let test = test
        .script("hangs", &body)
        .config("helpers = [{ command = ['modelforge-credential-hangs', '-'], timeout = '300ms' }]");
    let start = std::time::Instant::now();
    let test = test.args(["get"]).stdin("provider=openai\n").any_stderr().failure();
    assert!(start.elapsed() < std::time::Duration::from_secs(3), "it waited for the helper");
    std::thread::sleep(std::time::Duration::from_millis(3500));
    assert!(!mark.exists(), "what the helper started lived on");
    drop(test);
}

#[cfg(unix)]
#[test]
fn a_daemon_that_a_helper_leaves_behind_does_not_hold_up_the_answer() {
    let test = Test::new().script("daemon", "echo password=p; sleep 5 & exit 0").helpers("daemon");
    let start = std::time::Instant::now();
    test.args(["get"]).stdin("provider=openai\n").stdout(&format!("{OPENAI}password=p\n")).success();
    assert!(start.elapsed() < std::time::Duration::from_secs(3), "it waited for the daemon");
}

#[test]
fn a_helper_that_never_reads_or_answers_too_much_does_no_harm() {
    let test = Test::new().script("deaf", "exec <&-; echo password=p").helpers("deaf");
    let request = format!("provider=openai\nstate[]={}\nwwwauth[]={}\n", "x".repeat(60_000), "y".repeat(60_000));
    let test = test.args(["get"]).stdin(request).stdout(&format!("{OPENAI}password=p\n")).success();
    let test = test.script("flood", "yes state[]=x").helpers("flood");
    test.args(["get"]).stdin("provider=openai\n").any_stderr().failure();
}

#[cfg(unix)]
#[test]
fn a_helper_that_answers_with_a_thousand_attributes_does_not_blind_the_next() {
    let noise = "i=0; while [ $i -lt 1020 ]; do echo x_$i=1; i=$((i + 1)); done";
    let test = Test::new().script("noisy", noise).script("good", "echo password=p").helpers("noisy\ngood");
    test.args(["get"])
        .stdin("provider=openai\n")
        .stdout(&format!("{OPENAI}password=p\n"))
        .stderr("warning: helper `noisy` failed: it answered with more than 128 attributes\n")
        .success();
}

#[cfg(unix)]
#[test]
fn a_failure_in_the_default_chain_is_no_absence_either() {
    let test = approve(Test::new()).success();
    let file = test.home().join(".local/share/modelforge-credential/age/https/api.openai.com/default.age");
    std::fs::write(file, "junk").expect("the file is damaged");
    test.args(["get"]).stdin("provider=openai\n").any_stderr().failure();
}
