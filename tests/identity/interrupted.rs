//! A renewal that is killed at every call that changes or opens something.

use super::{data, identity, key, opens_all, signed_in, store};
use crate::faults::CALLS;
use crate::migrate::interrupted::{at_every_call, strace};
use crate::support::Test;
use crate::support::strace::Run;

/// Every key can be got now, and after the renewal that finishes it, when one identity is left.
fn is_whole_and_can_be_finished(test: Test, at: &str) {
    let test = opens_all(test).args(["identity", "renew"]).any_stdout().any_stderr().success();
    assert_eq!(identity(&test).matches("AGE-SECRET-KEY-1").count(), 1, "{at}");
    let left: Vec<_> = crate::support::files_below(&data(&test));
    assert!(left.iter().all(|path| !path.to_string_lossy().contains(".new-")), "{at}: {left:?}");
    opens_all(test);
}

#[test]
#[ignore = "needs strace"]
fn a_renewal_that_is_killed_anywhere_loses_nothing_and_is_finished_by_the_next() {
    at_every_call(signed_in, &["identity", "renew"], "", is_whole_and_can_be_finished);
}

#[test]
#[ignore = "needs strace"]
fn a_renewal_that_fails_anywhere_loses_nothing_and_is_finished_by_the_next() {
    let run = Run { program: "modelforge-credential", words: &["identity", "renew"], input: "" };
    for (calls, problems) in CALLS {
        let many = ["open", "read"].iter().any(|name| calls.contains(name));
        let most = run.most_calls(&signed_in(), calls, true);
        for nth in (1..=most).step_by(if many { 4 } else { 1 }) {
            // What is killed has a test of its own.
            let errors: Vec<_> = problems.iter().filter(|problem| **problem != "KILL").collect();
            let problem = errors[nth % errors.len()];
            let test = signed_in();
            let inject = format!("inject={calls}:error={problem}:when={nth}");
            strace(&test, &["-f", "-o", "/dev/null", "-e", &inject], &["identity", "renew"], "");
            is_whole_and_can_be_finished(test, &format!("{problem} {calls} {nth}"));
        }
    }
}

#[test]
#[ignore = "needs strace"]
fn after_a_kill_in_the_middle_the_identity_holds_both_and_what_is_stored_then_is_for_the_new_one() {
    let test = signed_in();
    let old = key(&identity(&test)).to_owned();
    // The second file of the store is not renamed any more.
    let inject = "inject=?rename,?renameat,renameat2:signal=SIGKILL:when=3";
    strace(&test, &["-f", "-o", "/dev/null", "-e", inject], &["identity", "renew"], "");
    let text = identity(&test);
    assert_eq!(text.matches("AGE-SECRET-KEY-1").count(), 2, "{text}");
    assert!(text.contains("\n# being replaced: ") && text.ends_with(&format!("{old}\n")), "{text}");
    let test = opens_all(store(test, &["groq"]));
    let test = test.args(["identity", "check"]).stdin(&old).any_stderr();
    let said = String::from_utf8(test.output().stderr).expect("text");
    assert!(said.starts_with("error: it decrypts 2 of 4 stored credentials"), "{said}");
    let test = test.args(["identity", "renew"]).any_stdout().any_stderr().success();
    let test = test.args(["identity", "check"]).stdin(&old).any_stderr();
    let said = String::from_utf8(test.output().stderr).expect("text");
    assert!(said.starts_with("error: it decrypts 0 of 4 stored credentials"), "{said}");
}

#[test]
#[ignore = "needs strace"]
fn nothing_of_an_interrupted_renewal_is_left_when_everything_is_purged() {
    let test = signed_in();
    let inject = "inject=fsync,fdatasync:signal=SIGKILL:when=1";
    strace(&test, &["-f", "-o", "/dev/null", "-e", inject], &["identity", "renew"], "");
    let test = test.args(["logout", "--all", "--purge", "--yes"]).any_stdout().any_stderr().success();
    assert!(!data(&test).exists(), "{:?}", crate::support::files_below(&data(&test)));
}
