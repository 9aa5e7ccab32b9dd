//! Expired tokens, and several processes at once.

use super::{OPENAI, keeper};
use crate::support::{SECRET, Test};

/// Keeps an expired token; a later helper renews it, slowly, and counts how often it was asked to.
fn with_expired_token(test: Test) -> Test {
    let count = test.home().join("renewals");
    let renew = format!(
        "[ $1 = get ] || exit 0\ngrep -q oauth_refresh_token=r1 || exit 0\nsleep 0.3; echo x >> '{}'\n\
         printf 'password={SECRET}\\noauth_refresh_token=r2\\npassword_expiry_utc=4102444800\\n'",
        count.display()
    );
    let test = keeper(test.script("renew", &renew), "keep");
    let kept = test.home().join("keep.kept");
    let expired = "protocol=https\nhost=api.openai.com\nusername=default\npassword=old\noauth_refresh_token=r1\npassword_expiry_utc=1\n";
    std::fs::write(kept, expired).expect("the expired token is put in place");
    test.helpers("keep\nrenew")
}

#[test]
fn an_expired_token_is_renewed_and_the_rotated_refresh_token_is_kept() {
    let test = with_expired_token(Test::new());
    let renewed = format!("{OPENAI}password={SECRET}\noauth_refresh_token=r2\npassword_expiry_utc=4102444800\n");
    let test = test.args(["get"]).stdin("provider=openai\n").stdout(&renewed).success();
    test.helpers("keep").args(["get"]).stdin("provider=openai\n").stdout(&renewed).success();
}

#[test]
fn an_expired_token_that_nobody_renews_is_not_given_out_and_its_refresh_token_stays() {
    let test = with_expired_token(Test::new()).helpers("keep");
    let test = test.args(["fill"]).stdin("provider=openai\n").any_stderr().failure();
    let kept = std::fs::read_to_string(test.home().join("keep.kept")).expect("it is still there");
    assert!(kept.contains("oauth_refresh_token=r1"));
}

#[test]
fn twenty_processes_that_meet_an_expired_token_renew_it_once() {
    let test = with_expired_token(Test::new()).args(["get"]).stdin("provider=openai\n");
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..20).map(|_| scope.spawn(|| test.output())).collect();
        for run in runs {
            let output = run.join().expect("the run ends");
            assert!(
                String::from_utf8_lossy(&output.stdout).contains(SECRET),
                "{}: {}",
                output.status,
                String::from_utf8_lossy(&output.stderr)
            );
        }
    });
    let renewals = std::fs::read_to_string(test.home().join("renewals")).expect("it was renewed");
    assert_eq!(renewals.lines().count(), 1);
}

#[test]
fn two_processes_that_store_at_once_leave_one_credential_whole() {
    let test = Test::new().helpers("age");
    for _ in 0..3 {
        std::thread::scope(|scope| {
            for name in ["a", "b", "c", "d", "e", "f"] {
                let test = &test;
                scope.spawn(move || {
                    let mut command = test.command();
                    command.arg("approve").stdin(std::process::Stdio::piped());
                    let mut child = command.spawn().expect("it starts");
                    let input = format!("provider=openai\npassword=key-{name}\n");
                    std::io::Write::write_all(&mut child.stdin.take().expect("input"), input.as_bytes())
                        .expect("written");
                    assert!(child.wait().expect("it ends").success());
                });
            }
        });
    }
    let output = test.args(["get"]).stdin("provider=openai\n").output();
    let found = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(found.starts_with(&format!("{OPENAI}password=key-")), "{found}");
}
