//! Networks that fail and servers that mean harm: each is one clear line, and no secret goes where it should not.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(target_os = "linux")]

mod answer;
mod busy;
mod tls;

#[path = "../support/mod.rs"]
mod support;

use std::io::Write;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use support::server::{Server, json};
use support::{Person, ask, complaint, finish, helper, request, text};

fn refresh(token_url: &str) -> String {
    request("https://h.example/device", token_url, "oauth_refresh_token=sentinel-r\n")
}

#[test]
fn no_connection_is_made_without_tls_but_to_this_machine() {
    // A proxy that remembers: a request that is not refused at once would go there.
    let proxy = Server::in_turn([json("{}")]);
    for url in [
        "http://example.com/token",
        "http://127.0.0.1.example.com/token",
        "http://localhost.example.com/token",
        "http://[::ffff:8.8.8.8]/token",
        "http://0.0.0.0/token",
        "ftp://127.0.0.1/token",
        "file:///etc/passwd",
        "http:///token",
    ] {
        for request in [refresh(url), request(url, &format!("{}/t", proxy.url), "oauth_refresh_token=sentinel-r\n")] {
            let mut command = helper(&[]);
            command.env("ALL_PROXY", &proxy.url).env("HTTP_PROXY", &proxy.url);
            let output = finish(command, &request);
            let said = text(&output.stderr);
            assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), ""), "{url}");
            assert!(said.contains("is not an https URL") || said.contains("is not a URL"), "{url}: {said}");
        }
    }
    assert_eq!(
        complaint(&refresh("https://user:sentinel@h.example/")),
        "error: `token_url` has a user name or a password\n"
    );
    assert_eq!(proxy.asked().len(), 0);
}

#[test]
fn what_goes_to_this_machine_goes_through_no_proxy() {
    let proxy = Server::in_turn([json("{}")]);
    let server = Server::in_turn([json("{'access_token':'sentinel-a','token_type':'bearer'}")]);
    for host in [server.url.clone(), server.url.replace("127.0.0.1", "localhost")] {
        let mut command = helper(&[]);
        command.env("ALL_PROXY", &proxy.url).env("HTTP_PROXY", &proxy.url).env("HTTPS_PROXY", &proxy.url);
        let output = finish(command, &refresh(&format!("{host}/token")));
        assert_eq!(text(&output.stderr), "");
        assert!(text(&output.stdout).starts_with("password=sentinel-a\n"));
    }
    assert_eq!(proxy.asked().len(), 0);
}

#[test]
fn what_goes_elsewhere_goes_through_the_proxy_of_the_environment() {
    let proxy = Server::new(|_| (403, String::new(), String::new()));
    let mut command = helper(&[]);
    command.env("HTTPS_PROXY", &proxy.url);
    let output = finish(command, &refresh("https://h.example/token"));
    assert_eq!(text(&output.stderr), "error: the proxy does not connect to `h.example`\n");
    let asked = proxy.asked();
    assert!(asked[0].headers.starts_with("CONNECT h.example:443 HTTP/1.1\r\n"), "{}", asked[0].headers);
}

#[test]
fn what_no_proxy_names_is_asked_directly() {
    let proxy = Server::new(|_| (403, String::new(), String::new()));
    let run = |list: &str| {
        let mut command = helper(&[]);
        command.env("HTTPS_PROXY", &proxy.url).env("no_proxy", list);
        text(&finish(command, &refresh("https://h.a.invalid/token")).stderr)
    };
    for list in ["*", "invalid", ".a.invalid", "x,h.a.invalid:443"] {
        assert_eq!(run(list), "error: `h.a.invalid` cannot be found\n", "{list}");
    }
    assert_eq!(proxy.asked().len(), 0);
    for list in ["", "b.invalid", "h.a.invalid:8443", "10.0.0.0/8"] {
        assert_eq!(run(list), "error: the proxy does not connect to `h.a.invalid`\n", "{list}");
    }
}

#[test]
fn a_proxy_that_is_none_is_named_and_not_gone_around() {
    let mut command = helper(&[]);
    command.env("https_proxy", "sentinel://x y");
    let said = text(&finish(command, &refresh("https://h.invalid/token")).stderr);
    assert_eq!(said, "error: `https_proxy` is not the address of a proxy\n");
}

#[test]
#[ignore = "needs util-linux"]
fn a_redirect_is_not_followed() {
    let other = Server::in_turn([json("{'access_token':'sentinel-a','token_type':'bearer'}")]);
    for status in [301, 302, 303, 307, 308] {
        let location = format!("Location: {}/token?sentinel\r\n", other.url);
        let server = Server::in_turn([(status, location, String::new())]);
        let expected =
            format!("error: `{}` redirects to `{}`, and secrets go to no other place\n", server.host(), other.host());
        assert_eq!(complaint(&refresh(&format!("{}/token", server.url))), expected);
        let device = format!("{}/device", server.url);
        assert_eq!(Person::starts(&[], &request(&device, &other.url, "")).fails(), expected);
    }
    assert_eq!(other.asked().len(), 0);
}

#[test]
#[ignore = "needs util-linux"]
fn a_poll_that_is_redirected_ends_the_sign_in() {
    let server = Server::new(|asked| match asked.path.as_str() {
        "/device" => json(
            "{'device_code':'sentinel','user_code':'A','verification_uri':'https://h/','expires_in':900,'interval':1}",
        ),
        _ => (307, "Location: https://evil.example/\r\n".into(), String::new()),
    });
    let url = &server.url;
    let told = Person::starts(&[], &request(&format!("{url}/device"), &format!("{url}/token"), "")).fails();
    let host = server.host();
    assert_eq!(told, format!("error: `{host}` redirects to `evil.example`, and secrets go to no other place\n"));
    assert_eq!(server.asked().len(), 2);
}

#[test]
#[ignore = "needs util-linux"]
fn a_server_that_is_not_there_is_named() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let said = complaint(&refresh(&format!("http://{free}/token")));
    assert_eq!(said, format!("error: `{free}` cannot be reached: connection refused\n"));
    let said = complaint(&refresh("https://no-such-name.invalid/token"));
    assert_eq!(said, "error: `no-such-name.invalid` cannot be found\n");
    let device = format!("http://{free}/device");
    let told = Person::starts(&[], &request(&device, &device, "")).fails();
    assert_eq!(told, format!("error: `{free}` cannot be reached: connection refused\n"));
}

#[test]
fn a_server_that_says_nothing_or_drips_is_given_up_before_the_caller_does() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let dripping = Server::raw(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
        while stream.write_all(b" ").is_ok() {
            std::thread::sleep(Duration::from_millis(200));
        }
    });
    let silent = silent.local_addr().unwrap().to_string();
    let start = Instant::now();
    std::thread::scope(|scope| {
        for host in [silent.as_str(), dripping.host()] {
            scope.spawn(move || {
                let said = complaint(&refresh(&format!("http://{host}/token")));
                assert_eq!(said, format!("error: `{host}` did not answer in time\n"));
            });
        }
    });
    assert!(start.elapsed() < Duration::from_millis(9500), "{:?}", start.elapsed());
}

#[test]
fn many_at_once_do_not_disturb_each_other() {
    let server = Server::in_turn([json("{'access_token':'sentinel-a','token_type':'bearer'}")]);
    let request = refresh(&format!("{}/token", server.url));
    std::thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| assert!(ask(&request).starts_with("password=sentinel-a\n")));
        }
    });
}
