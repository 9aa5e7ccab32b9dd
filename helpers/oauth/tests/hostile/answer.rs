//! Answers that are malformed, hidden or absurd.

use std::io::Write;
use std::time::Duration;

use super::refresh;
use crate::support::server::{Answer, Server, json};
use crate::support::{Person, complaint, request};

#[test]
fn an_answer_that_is_none_is_said_to_be_malformed_and_not_shown() {
    let long = format!("{{\"access_token\":\"{}\"}}", "sentinel".repeat(1 << 18));
    let answers: [(Answer, &str); 13] = [
        ((200, String::new(), "sentinel".into()), "the answer of `HOST` is malformed"),
        ((200, String::new(), String::new()), "the answer of `HOST` is malformed"),
        ((204, String::new(), String::new()), "the answer of `HOST` is malformed"),
        (json("[]"), "the answer of `HOST` is malformed"),
        (json("{}"), "the answer of `HOST` is malformed"),
        (json("{'error':{'sentinel':1}}"), "the answer of `HOST` is malformed"),
        (json("{'access_token':'sent\\ninel','token_type':'bearer'}"), "`HOST` answered with an invalid token"),
        (json("{'access_token':'sentinel\\u001b[2J','token_type':'bearer'}"), "`HOST` answered with an invalid token"),
        (json("{'access_token':'','token_type':'bearer'}"), "the answer of `HOST` is malformed"),
        (
            json(&format!("{{'access_token':'{}','token_type':'bearer'}}", "sentinel".repeat(9000))),
            "`HOST` answered with an invalid token",
        ),
        ((200, String::new(), long), "`HOST` answered more than 1048576 bytes"),
        ((404, "Content-Type: text/html\r\n".into(), "<p>sentinel</p>".into()), "`HOST` answered with status 404"),
        ((502, String::new(), "sentinel".into()), "`HOST` answered with status 502"),
    ];
    for (answer, said) in answers {
        let server = Server::in_turn([answer]);
        let expected = format!("error: {said}\n").replace("HOST", server.host());
        assert_eq!(complaint(&refresh(&format!("{}/token", server.url))), expected);
    }
}

#[test]
fn an_answer_that_is_not_http_is_malformed() {
    for answer in
        ["sentinel\r\n\r\n", "HTTP/1.1 999999 sentinel\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"]
    {
        let server = Server::raw(move |_, stream| drop(stream.write_all(answer.as_bytes())));
        let said = complaint(&refresh(&format!("{}/token", server.url)));
        assert_eq!(said, format!("error: the answer of `{}` is malformed\n", server.host()), "{answer:?}");
    }
    let server = Server::raw(|_, _| {});
    let said = complaint(&refresh(&format!("{}/token", server.url)));
    assert_eq!(said, format!("error: `{}` closed the connection\n", server.host()));
}

fn device(fields: &str) -> String {
    let mut answer = String::from(
        "{'device_code':'sentinel','user_code':'WDJB-MJHT','verification_uri':'https://h.example/device','expires_in':900,'interval':1}",
    );
    for field in fields.split(';') {
        let (key, value) = field.split_once('=').unwrap();
        let start = answer.find(&format!("'{key}':")).unwrap();
        let end = start + answer[start..].find([',', '}']).unwrap();
        answer.replace_range(start..end, &format!("'{key}':{value}"));
    }
    answer
}

fn flow_with(answer: String) -> Server {
    Server::new(move |asked| match asked.path.as_str() {
        "/device" => json(&answer),
        _ => json("{'access_token':'sentinel-a','token_type':'bearer'}"),
    })
}

fn start(server: &Server) -> Person {
    let url = &server.url;
    Person::starts(&["--browser"], &request(&format!("{url}/device"), &format!("{url}/token"), ""))
}

#[test]
#[ignore = "needs util-linux"]
fn a_page_or_a_code_that_is_none_is_not_shown() {
    let mega = format!("user_code='{}'", "W".repeat(1_000_000));
    let far = format!("verification_uri='https://h.example/{}'", "w".repeat(5000));
    let fields = [
        "verification_uri='file:///etc/passwd'",
        "verification_uri='javascript:alert(1)'",
        "verification_uri='vscode://x'",
        "verification_uri='h.example'",
        "user_code=''",
        "user_code=7",
        "expires_in=-5",
        "expires_in='soon'",
        &mega,
        &far,
    ];
    for field in fields {
        let server = flow_with(device(field));
        let person = start(&server);
        let told = person.fails();
        assert_eq!(told, format!("error: the answer of `{}` is malformed\n", server.host()), "{field:.60}");
    }
}

#[test]
#[ignore = "needs util-linux"]
fn control_characters_are_made_visible() {
    let server =
        flow_with(device("user_code='A\\u001b[2J\\r\\u202eB';verification_uri='https://h.example/\\u001b[2J\\u202e'"));
    let person = start(&server);
    person.sees("waiting for you");
    let seen = person.seen();
    person.gets();
    assert!(seen.contains("    A\\u{1b}[2J\\r\\u{202e}B\r\n"), "{seen:?}");
    assert!(seen.contains("    https://h.example/%1B[2J%E2%80%AE\r\n"), "{seen:?}");
    assert!(!seen.contains('\u{1b}') && !seen.contains('\u{202e}'));
}

#[test]
#[ignore = "needs util-linux"]
fn absurd_numbers_neither_hang_nor_hurry_nor_crash() {
    let huge = u64::MAX.to_string();
    for (field, first) in [
        (format!("interval={huge}"), "15:00 left"),
        (format!("interval={huge}0;expires_in={huge}"), "30:00 left"),
        (String::from("expires_in=1e300"), "30:00 left"),
    ] {
        let server = flow_with(device(&field));
        let mut person = start(&server);
        // Drawn at once; the first second may have begun.
        let earlier = first.replace("15:00", "14:59").replace("30:00", "29:59");
        person.sees("waiting for you");
        let seen = person.seen();
        assert!(seen.contains(first) || seen.contains(&earlier), "{field}: {seen:?}");
        person.types("\u{3}");
        person.waits();
    }
    for interval in ["0", "-1", "null", "'x'"] {
        let server = flow_with(device(&format!("interval={interval}")));
        start(&server).gets();
        let asked = server.asked();
        assert!(asked[1].at - asked[0].at >= Duration::from_secs(5), "{interval}");
    }
}
