//! Renewals that fail or are killed anywhere.

use super::super::Person;
use super::{OF_THE_TEAM, identity, keys, renews};
use crate::support::strace::Run;
use crate::support::{SECRET, Test, files_below};

/// A member of a store whose repository lies in their own folder, so that it goes with them.
fn with_a_remote() -> Test {
    let ann = Person::new("ann");
    let remote = ann.test.work().join("keys.git").display().to_string();
    let made = ann.test.run(&["git", "init", "--quiet", "--bare", "--initial-branch=main", &remote], "");
    assert!(made.status.success());
    ann.does(&["members", "add", "ann"]);
    ann.stores("openai", SECRET);
    ann.stores("mistral", SECRET);
    ann.does(&["sync", "--remote", &remote]);
    ann.test
}

fn with_a_renewal() -> Test {
    let ann = Person { test: with_a_remote(), name: "ann" };
    renews(&ann);
    ann.test
}

/// Every key can be read now, and after what finishes it, when one identity is left.
#[track_caller]
fn is_whole_and_can_be_finished(test: Test, at: &str) {
    let ann = Person { test, name: "ann" };
    let read = || ["openai", "mistral"].map(|provider| ann.key(provider));
    let all = [Some(SECRET.to_owned()), Some(SECRET.to_owned())];
    assert_eq!(read(), all, "{at}");
    ann.does(&["sync"]);
    assert_eq!(read(), all, "{at}: afterwards");
    assert_eq!(keys(&identity(&ann)), 1, "{at}");
    ann.does(&["sync"]);
    renews(&ann);
    ann.does(&["sync"]);
    assert_eq!((read(), keys(&identity(&ann))), (all, 1), "{at}: after another renewal");
}

/// Some of the calls, of each kind, fail or kill who makes them.
fn at_some_calls(prepare: fn() -> Test, run: &Run) {
    for (calls, faults) in crate::faults::CALLS {
        let most = run.most_calls(&prepare(), calls, true);
        for (turn, nth) in (1..=most).step_by(most.div_ceil(6).max(1)).enumerate() {
            let fault = faults[turn % faults.len()];
            let injected = if fault == "KILL" { "signal=SIGKILL".to_owned() } else { format!("error={fault}") };
            let test = prepare();
            run.traced(&test, &["-f", "-o", "/dev/null", "-e", &format!("inject={calls}:{injected}:when={nth}")]);
            // A git that was started may be at work for a moment.
            std::thread::sleep(std::time::Duration::from_millis(100));
            // One that was killed at the remote leaves its locks there, which is the business of who administers it.
            let locks = files_below(&test.work().join("keys.git"));
            let locks = locks.iter().filter(|file| file.extension().is_some_and(|ending| ending == "lock"));
            locks.for_each(|lock| std::fs::remove_file(lock).expect("it is there"));
            is_whole_and_can_be_finished(test, &format!("{calls} {nth} {fault}"));
        }
    }
}

#[test]
#[ignore = "needs strace"]
fn a_renewal_that_fails_anywhere_loses_nothing_and_is_finished_by_the_next_synchronisation() {
    let words = ["identity", "renew", OF_THE_TEAM[0], OF_THE_TEAM[1]];
    at_some_calls(with_a_remote, &Run { program: "modelforge-credential", words: &words, input: "" });
}

#[test]
#[ignore = "needs strace"]
fn the_synchronisation_of_a_renewal_that_fails_anywhere_loses_nothing_and_is_finished_by_the_next() {
    at_some_calls(with_a_renewal, &Run { program: "modelforge-credential", words: &["sync"], input: "" });
}
