//! Networks that fail and servers that mean harm: each is one clear line, and no secret goes where it should not.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(target_os = "linux")]

mod support;

use std::io::{BufReader, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use support::server::{Answer, Server, json, read};
use support::{Person, ask, complaint, finish, helper, request, text};

fn refresh(token_url: &str) -> String {
    request("https://h.example/device", token_url, "oauth_refresh_token=sentinel-r\n")
}

#[test]
fn no_connection_is_made_without_tls_but_to_this_machine() {
    // A proxy that remembers: whoever is not refused at once would go there.
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
        "error: `token_url` holds a user name or a password\n"
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
fn a_connection_without_tls_or_with_a_stranger_s_certificate_is_refused() {
    let plain = Server::raw(|_, stream| stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap());
    let said = complaint(&refresh(&plain.url.replace("http:", "https:")));
    let host = plain.host();
    assert_eq!(said, format!("error: there is no safe connection to `{host}`: it does not speak TLS as it should\n"));

    let (host, _) = with_tls();
    let said = complaint(&refresh(&format!("https://{host}/token")));
    assert_eq!(said, format!("error: there is no safe connection to `{host}`: its certificate is not trusted\n"));
}

#[test]
fn a_certificate_that_the_person_trusts_is_accepted_for_its_own_name_only() {
    let (host, certificate) = with_tls();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("roots.pem");
    std::fs::write(&file, certificate).unwrap();
    let trusting = |host: &str| {
        let mut command = helper(&[]);
        command.env("SSL_CERT_FILE", &file);
        finish(command, &refresh(&format!("https://{host}/token")))
    };
    let output = trusting(&host);
    assert_eq!(text(&output.stderr), "");
    assert!(text(&output.stdout).starts_with("password=sentinel-a\n"));
    let host = host.replace("127.0.0.1", "localhost");
    let said = text(&trusting(&host).stderr);
    assert_eq!(said, format!("error: there is no safe connection to `{host}`: its certificate is not trusted\n"));
}

/// A server with a certificate for 127.0.0.1 that it made itself.
fn with_tls() -> (String, String) {
    let made = rcgen::generate_simple_self_signed([String::from("127.0.0.1")]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, stream);
            if read(&mut BufReader::new(&mut stream)).path == "/token" {
                let body = r#"{"access_token":"sentinel-a","token_type":"bearer"}"#;
                let length = body.len();
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
                let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    (host, made.cert.pem())
}

#[test]
fn an_answer_that_is_none_is_said_to_be_malformed_and_not_shown() {
    let long = format!("{{\"access_token\":\"{}\"}}", "sentinel".repeat(1 << 18));
    let answers: [(Answer, &str); 14] = [
        ((200, String::new(), "sentinel".into()), "the answer of `HOST` is malformed"),
        ((200, String::new(), String::new()), "the answer of `HOST` is malformed"),
        ((204, String::new(), String::new()), "the answer of `HOST` is malformed"),
        (json("[]"), "the answer of `HOST` is malformed"),
        (json("{}"), "the answer of `HOST` is malformed"),
        (json("{'error':{'sentinel':1}}"), "the answer of `HOST` is malformed"),
        (json("{'access_token':'sentinel'}"), "the answer of `HOST` is malformed"),
        (json("{'access_token':'sent\\ninel','token_type':'bearer'}"), "`HOST` answered with a token that is none"),
        (
            json("{'access_token':'sentinel\\u001b[2J','token_type':'bearer'}"),
            "`HOST` answered with a token that is none",
        ),
        (json("{'access_token':'','token_type':'bearer'}"), "`HOST` answered with a token that is none"),
        (
            json(&format!("{{'access_token':'{}','token_type':'bearer'}}", "sentinel".repeat(9000))),
            "`HOST` answered with a token that is none",
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
    assert_eq!(said, format!("error: `{}` broke the connection off\n", server.host()));
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
