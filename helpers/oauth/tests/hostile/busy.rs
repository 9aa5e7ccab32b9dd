//! Servers that have too much to do, and answers that leave something out.

use std::time::{Duration, Instant};

use super::refresh;
use crate::support::server::{Answer, Server, json};
use crate::support::{Person, ask, attribute, complaint, request};

const TOKEN: &str = "{'access_token':'sentinel-a','token_type':'bearer'}";

/// A server that answers with this status once, whatever the body says, and then with a token.
fn busy(status: u16, retry_after: &str, body: &str) -> [Answer; 2] {
    let headers = format!("Content-Type: application/json\r\n{retry_after}");
    [(status, headers, body.replace('\'', "\"")), json(TOKEN)]
}

#[test]
fn a_busy_server_takes_no_sign_in_away_whatever_it_says() {
    for status in [429, 500, 502, 503] {
        for body in ["{'error':'invalid_grant'}", "{'error':'access_denied'}", TOKEN, "sentinel"] {
            let server = Server::in_turn(busy(status, "", body));
            let said = complaint(&refresh(&format!("{}/token", server.url)));
            assert_eq!(said, format!("error: `{}` answered with status {status}\n", server.host()), "{body}");
            assert_eq!(server.asked().len(), 1);
        }
    }
}

#[test]
fn a_refresh_waits_as_long_as_a_busy_server_asks_if_that_is_short() {
    let server = Server::in_turn(busy(429, "Retry-After: 1\r\n", "{'error':'slow_down'}"));
    assert_eq!(attribute(&ask(&refresh(&format!("{}/token", server.url))), "password"), Some("sentinel-a"));
    let asked = server.asked();
    assert!(asked[1].at - asked[0].at >= Duration::from_secs(1));
}

#[test]
fn a_refresh_that_is_to_wait_for_long_says_so_at_once() {
    let start = Instant::now();
    for (header, seconds) in
        [("120", "120"), (&*u64::MAX.to_string(), "86400"), ("Fri, 31 Dec 2100 23:59:59 GMT", "86400")]
    {
        let server = Server::in_turn(busy(503, &format!("Retry-After: {header}\r\n"), ""));
        let said = complaint(&refresh(&format!("{}/token", server.url)));
        let expected = format!("error: `{}` answered with status 503, and asks to wait {seconds} s\n", server.host());
        assert_eq!(said, expected);
    }
    for nonsense in ["0", "-1", "soon", "Fri, 31 Dec 1999 23:59:59 GMT"] {
        let server = Server::in_turn(busy(503, &format!("Retry-After: {nonsense}\r\n"), ""));
        let said = complaint(&refresh(&format!("{}/token", server.url)));
        assert!(said.starts_with(&format!("error: `{}` answered with status 503", server.host())), "{said}");
        assert_eq!(server.asked().len(), 1, "{nonsense}");
    }
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
#[ignore = "needs util-linux"]
fn a_sign_in_goes_on_when_the_server_is_busy_and_asks_no_sooner_than_it_wants() {
    let device =
        "{'device_code':'sentinel','user_code':'A','verification_uri':'https://h/','expires_in':900,'interval':1}";
    let denied = "{'error':'access_denied'}";
    let [slow, _] = busy(429, "Retry-After: 3\r\n", denied);
    let [broken, token] = busy(500, "", denied);
    let server = Server::in_turn([json(device), slow, broken, token]);
    let url = &server.url;
    Person::starts(&[], &request(&format!("{url}/device"), &format!("{url}/token"), "")).gets();
    let asked = server.asked();
    assert_eq!(asked.len(), 4);
    assert!(asked[2].at - asked[1].at >= Duration::from_secs(3));
}

#[test]
fn an_empty_attribute_is_a_missing_one_and_a_missing_one_has_a_meaning() {
    for answer in [
        "{'access_token':'sentinel-a'}",
        "{'access_token':'sentinel-a','token_type':'','refresh_token':'','scope':'','expires_in':'','error':''}",
        "{'access_token':'sentinel-a','token_type':null,'refresh_token':null,'scope':null,'expires_in':null}",
    ] {
        let server = Server::in_turn([json(answer)]);
        let found = ask(&refresh(&format!("{}/token", server.url)));
        assert_eq!(found, "password=sentinel-a\noauth_refresh_token=sentinel-r\ntoken_type=bearer\n", "{answer}");
    }
}
