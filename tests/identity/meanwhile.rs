//! Other processes during a renewal.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{identity, key, signed_in, store};
use crate::support::{SECRET, Test, program};

const HELPER: &str = "modelforge-credential-age";

/// Asks the helper itself: the core would try again.
fn ask(test: &Test, operation: &str, request: &str) -> (bool, String) {
    let output = test.run(&[program(HELPER).display().to_string(), operation.to_owned()], request);
    let said = test.text(&output.stderr);
    (output.status.success(), said + &String::from_utf8_lossy(&output.stdout))
}

#[test]
fn what_is_stored_and_got_during_renewals_is_neither_lost_nor_missed() {
    let test = store(signed_in(), &["groq"]);
    let is_over = AtomicBool::new(false);
    let stored = std::thread::scope(|scope| {
        let storing = scope.spawn(|| {
            let mut stored = 0;
            while !is_over.load(Ordering::Relaxed) {
                let request = format!("protocol=https\nhost=h{stored}\nusername=u\npassword={SECRET}\n");
                let (done, said) = ask(&test, "store", &request);
                assert!(done, "{said}");
                stored += 1;
            }
            stored
        });
        let getting = scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                let (_, said) = ask(&test, "get", "protocol=https\nhost=api.openai.com\n");
                assert!(said.contains(&format!("password={SECRET}")), "{said}");
            }
        });
        for _ in 0..8 {
            let (done, said) = ask(&test, "identity", "action=renew\n");
            if !done {
                is_over.store(true, Ordering::Relaxed);
                panic!("{said}");
            }
        }
        is_over.store(true, Ordering::Relaxed);
        getting.join().expect("every get found it");
        storing.join().expect("every store was kept")
    });
    assert!(stored > 8, "only {stored} were stored meanwhile");
    key(&identity(&test));
    for at in 0..stored {
        let (_, said) = ask(&test, "get", &format!("protocol=https\nhost=h{at}\nusername=u\n"));
        assert!(said.contains(&format!("password={SECRET}")), "{at} of {stored}: {said}");
    }
}

#[test]
fn renewals_at_the_same_time_end_with_one_identity_that_opens_everything() {
    let test = signed_in();
    // Each waits for those before it, and programs of wine start slowly.
    let count = if cfg!(windows) { 2 } else { 4 };
    std::thread::scope(|scope| {
        let renewals: Vec<_> = (0..count).map(|_| scope.spawn(|| ask(&test, "identity", "action=renew\n"))).collect();
        for renewal in renewals {
            let (done, said) = renewal.join().expect("it ends");
            assert!(done, "{said}");
        }
    });
    key(&identity(&test));
    super::opens_all(test);
}
