//! Tokens that expire, and the device flow.

use super::{age, asked, keeper, kept, signed_in};
use crate::support::{SECRET, Test};

#[test]
fn a_token_that_says_when_it_ends_is_kept_with_that_and_not_at_all_when_it_has_expired() {
    // {"exp":4102444800} and {"exp":1}
    let test = age().config("[provider.gateway]\nurl = 'https://gateway.example/v1'");
    let token = |claims| format!("eyJhbGciOiJub25lIn0.{claims}.{SECRET}");
    let test = test.args(["login", "gateway"]).stdin(token("eyJleHAiOjF9")).stderr(
        "error: the credential for `gateway` (`https://gateway.example`) has already expired, so it was not stored\n",
    );
    let token = token("eyJleHAiOjQxMDI0NDQ4MDB9");
    let test = test.failure().args(["login", "gateway"]).stdin(&token).stdout(&signed_in("gateway")).success();
    test.args(["get"])
        .stdin("provider=gateway\n")
        .stdout(&format!(
            "protocol=https\nhost=gateway.example\nprovider=gateway\nusername=default\npassword={token}\npassword_expiry_utc=4102444800\n"
        ))
        .success();
}

#[test]
fn a_device_flow_without_a_person_says_what_it_needs() {
    let needs = "error: cannot sign in to `github_copilot` (`https://api.githubcopilot.com`): you must do this in a terminal\n\
                 hint: modelforge-credential login github_copilot  # in a terminal\n";
    age().args(["login", "github_copilot"]).stderr(needs).failure();
}

/// Keeps a token that ends soon; a second helper may renew it.
fn ends_in(seconds: u64, renews: &str) -> Test {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock").as_secs();
    let test = keeper(keeper(Test::new(), "one", ""), "two", &format!("[ $1 = get ] || exit 0\n{renews}\nexit 0"));
    let record = format!(
        "protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={SECRET}\noauth_refresh_token=r\n\
         password_expiry_utc={}\n",
        now + seconds
    );
    std::fs::write(test.home().join("one.kept"), record).expect("it can be written");
    test.helpers("one\ntwo").args(["get"]).stdin("provider=openai\n")
}

#[test]
fn a_token_in_its_last_minute_is_renewed_and_an_earlier_one_is_not() {
    let renews = "printf 'password=renewed\\npassword_expiry_utc=4102444800\\n'";
    let test = ends_in(30, renews);
    let found = String::from_utf8(test.output().stdout).expect("text");
    assert!(found.contains("password=renewed\n") && found.contains("password_expiry_utc=4102444800\n"), "{found}");
    assert_eq!(kept(&test, "one"), "renewed");
    let test = ends_in(90, renews);
    let found = String::from_utf8(test.output().stdout).expect("text");
    assert!(found.contains(SECRET), "{found}");
    assert_eq!(asked(&test, "two"), "");
}

#[test]
fn a_token_in_its_last_minute_still_answers_when_it_cannot_be_renewed() {
    for fails in ["echo 'error: the network is down' >&2; exit 1", "exit 0"] {
        let test = ends_in(30, fails);
        let output = test.output();
        let found = String::from_utf8(output.stdout).expect("text");
        assert!(found.contains(&format!("password={SECRET}\n")) && output.status.success(), "{found}");
        assert!(kept(&test, "one") == SECRET && asked(&test, "two").contains("get"));
    }
}
