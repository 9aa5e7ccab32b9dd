//! Tokens that expire, through the whole chain: one helper stores them, `oauth` refreshes them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::{SECRET, Test};
use server::{Asked, Server, json};

#[allow(dead_code, clippy::unwrap_used, reason = "it belongs to the tests of the helper, which need more of it")]
#[path = "../helpers/oauth/tests/support/server.rs"]
mod server;

const DESCRIPTION: &str = "protocol=https\nhost=api.example.com\nprovider=example\nusername=default\n";

/// A server that takes a refresh token once: it answers with the next one.
fn rotating(pause: Duration) -> Server {
    let current = Arc::new(Mutex::new(String::from("refresh-1")));
    Server::new(move |asked: &Asked| {
        std::thread::sleep(pause);
        let mut current = current.lock().expect("nothing panics here");
        if asked.field("grant_type") != "refresh_token" || asked.field("refresh_token") != *current {
            return (400, String::new(), r#"{"error":"invalid_grant"}"#.into());
        }
        let next = current.trim_start_matches("refresh-").parse::<u32>().expect("a number") + 1;
        *current = format!("refresh-{next}");
        json(&format!(
            "{{'access_token':'{SECRET}-{next}','token_type':'bearer','expires_in':3600,'refresh_token':'refresh-{next}'}}"
        ))
    })
}

/// A home with a provider at that server, and a helper `keep` that keeps one credential in a file, replaced in one step.
fn home(token_url: &str) -> Test {
    let test = Test::new();
    let file = test.home().join("kept");
    let path = file.display();
    let keep = format!(
        "case $1 in\nget) cat '{path}' 2>/dev/null;;\nstore) cat >'{path}'.$$ && mv '{path}'.$$ '{path}';;\n\
         erase) rm -f '{path}';;\nesac; exit 0"
    );
    let config = format!(
        "[provider.example]\nurl = 'https://api.example.com/v1'\nsign_in = 'device_flow'\nclient_id = 'modelforge'\n\
         device_code_url = '{token_url}'\ntoken_url = '{token_url}'\nscope = 'read'\n"
    );
    test.script("keep", &keep).config(&config).helpers("keep\noauth").may_hold_the_secret(file)
}

fn with_token(test: Test, expiry: u64) -> Test {
    let token = format!("{DESCRIPTION}password=old\npassword_expiry_utc={expiry}\noauth_refresh_token=refresh-1\n");
    test.file("kept", token)
}

fn kept(test: &Test) -> String {
    std::fs::read_to_string(test.home().join("kept")).expect("a credential is kept")
}

fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.expect("it is later than 1970").as_secs()
}

#[test]
fn twenty_processes_that_meet_an_expired_token_make_one_request_and_all_get_the_new_one() {
    let server = rotating(Duration::from_millis(300));
    let test = with_token(home(&server.url), 1000).args(["get"]).stdin("provider=example\n");
    let outputs: Vec<_> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..20).map(|_| scope.spawn(|| test.output())).collect();
        asked.into_iter().map(|asked| asked.join().expect("it ends")).collect()
    });
    for output in outputs {
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        assert!(output.status.success());
        let answer = String::from_utf8_lossy(&output.stdout);
        assert!(answer.contains(&format!("\npassword={SECRET}-2\n")), "{answer}");
    }
    assert_eq!(server.asked().len(), 1);
    assert!(kept(&test).contains("oauth_refresh_token=refresh-2\n"));
    assert!(kept(&test).contains(&format!("password={SECRET}-2\n")));
}

#[test]
fn a_token_that_ends_within_a_minute_is_renewed_and_one_that_does_not_is_not() {
    let server = rotating(Duration::ZERO);
    for (left, requests) in [(300, 0), (30, 1)] {
        let test = with_token(home(&server.url), now() + left).args(["get"]).stdin("provider=example\n");
        assert!(test.output().status.success());
        assert_eq!(server.asked().len(), requests);
        assert!(kept(&test).contains(if requests == 0 { "refresh-1" } else { "refresh-2" }));
    }
}

#[test]
fn a_network_that_is_down_costs_nothing_but_the_moment() {
    let unused = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("its address");
    let test = with_token(home(&format!("http://{unused}")), 1000);
    let before = kept(&test);
    let test = test.args(["fill"]).stdin("provider=example\n");
    let output = test.output();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said.contains(&format!("helper `oauth` failed: `{unused}` cannot be reached: connection refused")),
        "{said}"
    );
    assert_eq!(kept(&test), before);
}

#[test]
#[ignore = "needs util-linux"]
fn a_refresh_token_that_is_refused_means_to_sign_in_again() {
    let server = Server::in_turn([(400, String::new(), r#"{"error":"invalid_grant"}"#.into())]);
    let test = with_token(home(&server.url), 1000).args(["fill"]).stdin("provider=example\n");
    let output = test.output();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("the sign-in for `example` is no longer valid"), "{said}");
    assert!(said.contains("modelforge-credential login example"), "{said}");
}

#[test]
fn a_caller_cannot_choose_where_the_refresh_token_goes() {
    let (server, other) = (rotating(Duration::ZERO), rotating(Duration::ZERO));
    let request = format!(
        "provider=example\nsign_in=device_flow\nclient_id=evil\ntoken_url={url}\ndevice_code_url={url}\n",
        url = other.url
    );
    let test = with_token(home(&server.url), 1000).args(["get"]).stdin(request);
    assert!(test.output().status.success());
    assert_eq!((server.asked().len(), other.asked().len()), (1, 0));
    assert_eq!(server.asked()[0].field("client_id"), "modelforge");
}
