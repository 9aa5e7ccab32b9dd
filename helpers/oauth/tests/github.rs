//! The helper against a small server that behaves like GitHub as documented ("Authorizing OAuth apps", "Refreshing user access
//! tokens"): errors with status 200, a form unless JSON is asked for.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(target_os = "linux")]

mod support;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use support::server::{Answer, Asked, Server, json};
use support::{HELPER, Person, ask, attribute, command, complaint, finish, request, text};

const TOKEN: &str = "{'access_token':'ghu_sentinel','token_type':'bearer','scope':'read:user'}";
const RENEWED: &str = "{'access_token':'ghu_sentinel_2','expires_in':28800,'refresh_token':'ghr_sentinel_2',
    'refresh_token_expires_in':15897600,'scope':'','token_type':'bearer'}";

fn error(code: &str) -> Answer {
    json(&format!(
        "{{'error':'{code}','error_description':'sentinel: you cannot.','error_uri':'https://docs.github.com/sentinel'}}"
    ))
}

/// GitHub with these answers to the questions for a token, one after the other.
fn github(answers: impl IntoIterator<Item = Answer>) -> Server {
    let answers = std::sync::Mutex::new(answers.into_iter().collect::<std::collections::VecDeque<_>>());
    Server::new(move |asked: &Asked| {
        assert!(asked.headers.to_lowercase().contains("accept: application/json"));
        assert_eq!(asked.field("client_id"), "modelforge");
        if asked.path == "/login/device/code" {
            return json(
                "{'device_code':'sentinel-3584d83530557fdd1f46af8289938c8ef79f9dc5','user_code':'WDJB-MJHT',
                  'verification_uri':'https://github.com/login/device','expires_in':900,'interval':1}",
            );
        }
        answers.lock().unwrap().pop_front().expect("asked more often than expected")
    })
}

fn device_flow(server: &Server) -> String {
    let url = &server.url;
    request(&format!("{url}/login/device/code"), &format!("{url}/login/oauth/access_token"), "")
}

fn refresh(server: &Server) -> String {
    device_flow(server) + "oauth_refresh_token=ghr_sentinel_1\n"
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[test]
#[ignore = "needs util-linux"]
fn a_person_is_shown_where_to_go_and_what_to_type_and_the_token_is_answered() {
    let server = github([error("authorization_pending"), json(TOKEN)]);
    let person = Person::starts(&[], &device_flow(&server));
    person.sees("waiting for you, 14:5");
    person.sees("waiting for you, 14:58 left");
    let seen = person.seen();
    let shown = "Sign in to `example`: open\r\n\r\n    https://github.com/login/device\r\n\r\n\
                 and enter the code\r\n\r\n    WDJB-MJHT\r\n\r\n";
    assert!(seen.starts_with(shown), "{seen:?}");
    // In place: the countdown is one line, however often it is written.
    assert!(!seen[shown.len()..].contains('\n'), "{seen:?}");
    assert_eq!(person.gets(), "password=ghu_sentinel\nscope=read:user\ntoken_type=bearer\n");
    let asked = server.asked();
    assert_eq!(asked[0].field("scope"), "read:user");
    assert_eq!(asked[1].field("grant_type"), "urn:ietf:params:oauth:grant-type:device_code");
    assert_eq!(asked[1].field("device_code"), "sentinel-3584d83530557fdd1f46af8289938c8ef79f9dc5");
    assert_eq!(asked.len(), 3);
}

#[test]
#[ignore = "needs util-linux"]
fn the_interval_is_kept_and_slow_down_adds_five_seconds() {
    let server = github([error("authorization_pending"), error("slow_down"), json(TOKEN)]);
    Person::starts(&[], &device_flow(&server)).gets();
    let asked = server.asked();
    let gaps: Vec<u64> = asked.windows(2).map(|two| (two[1].at - two[0].at).as_millis() as u64).collect();
    assert!(gaps[0] >= 1000 && gaps[1] >= 1000 && gaps[2] >= 6000, "{gaps:?}");
}

#[test]
#[ignore = "needs util-linux"]
fn what_ends_a_sign_in_is_said_in_one_line() {
    let again = "hint: modelforge-credential login example\n";
    for (code, said) in [
        ("access_denied", format!("error: the sign-in to `example` was denied\n{again}")),
        ("expired_token", format!("error: the code for `example` expired before it was confirmed\n{again}")),
        ("incorrect_device_code", format!("error: the code for `example` expired before it was confirmed\n{again}")),
        ("incorrect_client_credentials", "error: `HOST` does not know the `client_id` of `example`\n".into()),
        ("unsupported_grant_type", "error: `HOST` does not know this way of signing in\n".into()),
        ("sentinel_never_seen", "error: `HOST` refused the request\n".into()),
    ] {
        let server = github([error(code)]);
        let told = Person::starts(&[], &device_flow(&server)).fails();
        assert_eq!(told, said.replace("HOST", server.host()), "{code}");
    }
    let server = Server::in_turn([error("device_flow_disabled")]);
    let told = Person::starts(&[], &device_flow(&server)).fails();
    let host = server.host();
    assert_eq!(told, format!("error: `{host}` does not let the `client_id` of `example` sign in this way\n"));
}

#[test]
#[ignore = "needs util-linux"]
fn a_code_that_nobody_confirms_ends_with_its_time() {
    let server = Server::new(|asked| match asked.path.as_str() {
        "/login/device/code" => json(
            "{'device_code':'sentinel','user_code':'A','verification_uri':'https://h/','expires_in':2,'interval':1}",
        ),
        _ => error("authorization_pending"),
    });
    let told = Person::starts(&[], &device_flow(&server)).fails();
    assert!(told.starts_with("error: the code for `example` expired before it was confirmed\n"), "{told}");
    assert!(server.asked().len() <= 4);
}

#[test]
#[ignore = "needs util-linux"]
fn ctrl_c_ends_it_at_once_and_leaves_nothing_behind() {
    let server =
        github([error("authorization_pending"), error("authorization_pending"), error("authorization_pending")]);
    let mut person = Person::starts(&[], &device_flow(&server));
    person.sees("waiting for you");
    let folder = person.folder();
    person.types("\u{3}");
    std::thread::sleep(Duration::from_millis(300));
    let left: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    let (status, answer, said) = person.waits();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(2));
    assert_eq!((answer.as_str(), said.as_str()), ("", ""));
    assert_eq!(left.len(), 3, "{left:?}");
    let asked = server.asked().len();
    std::thread::sleep(Duration::from_millis(1200));
    assert_eq!(server.asked().len(), asked);
}

#[test]
#[ignore = "needs util-linux"]
fn the_browser_is_opened_only_when_asked_and_gets_the_url_as_it_is() {
    let browser = |options: &[&str]| {
        let server = github([error("authorization_pending"), json(TOKEN)]);
        let mut opened = std::path::PathBuf::new();
        let person = Person::starts_with(options, &device_flow(&server), |command, folder| {
            let program = folder.join("xdg-open");
            opened = folder.join("opened");
            std::fs::write(&program, format!("#!/bin/sh\necho spoils stdout\necho \"$@\" >{}\n", opened.display()))
                .unwrap();
            std::fs::set_permissions(program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
            command.env("PATH", format!(".:{}:/usr/bin:/bin", folder.display()));
        });
        person.sees("14:58");
        let opened = std::fs::read_to_string(opened).ok();
        assert!(person.gets().starts_with("password=ghu_sentinel\n"));
        opened
    };
    assert_eq!(browser(&["--browser"]).as_deref(), Some("https://github.com/login/device\n"));
    assert_eq!(browser(&[]), None);
}

#[test]
#[ignore = "needs util-linux"]
fn without_a_person_and_without_a_refresh_token_there_is_nothing_and_no_connection() {
    let server = github([]);
    assert_eq!(ask(&device_flow(&server)), "");
    let other = refresh(&server).replace("sign_in=device_flow", "sign_in=api_key");
    assert_eq!(ask(&other), "");
    for missing in ["sign_in", "client_id", "token_url"] {
        let lines = refresh(&server);
        let lines: String = lines.split_inclusive('\n').filter(|line| !line.starts_with(missing)).collect();
        assert_eq!(ask(&lines), "");
    }
    // Told that a person is there, but with no terminal; and with a terminal, but told that there is no person.
    let mut alone = command("setsid");
    alone.args(["--wait", HELPER, "get"]).env("MODELFORGE_CREDENTIAL_INTERACTIVE", "1");
    let output = finish(alone, &device_flow(&server));
    assert_eq!(
        (output.status.code(), text(&output.stdout), text(&output.stderr)),
        (Some(0), String::new(), String::new())
    );
    let person = Person::starts_with(&[], &device_flow(&server), |command, _| {
        command.env("MODELFORGE_CREDENTIAL_INTERACTIVE", "0");
    });
    assert_eq!(person.gets(), "");
    assert_eq!(server.asked().len(), 0);
}

#[test]
fn a_refresh_needs_nobody_and_the_new_refresh_token_replaces_the_old() {
    let server = github([json(RENEWED)]);
    let before = now();
    let answer = ask(&refresh(&server));
    assert_eq!(attribute(&answer, "password"), Some("ghu_sentinel_2"));
    assert_eq!(attribute(&answer, "oauth_refresh_token"), Some("ghr_sentinel_2"));
    let expiry: u64 = attribute(&answer, "password_expiry_utc").unwrap().parse().unwrap();
    assert!((before + 28800..=now() + 28800).contains(&expiry));
    let asked = server.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0].field("grant_type"), asked[0].field("refresh_token")), ("refresh_token", "ghr_sentinel_1"));
}

#[test]
fn a_refresh_token_that_is_not_replaced_is_kept_and_no_expiry_is_made_up() {
    for said in [
        TOKEN.to_owned(),
        TOKEN.replace("'scope'", "'expires_in':-1,'scope'"),
        TOKEN.replace("'scope'", "'expires_in':0,'scope'"),
    ] {
        let answer = ask(&refresh(&Server::in_turn([json(&said)])));
        let expected =
            "password=ghu_sentinel\noauth_refresh_token=ghr_sentinel_1\nscope=read:user\ntoken_type=bearer\n";
        assert_eq!(answer, expected);
    }
}

#[test]
fn a_form_and_numbers_in_quotes_are_understood() {
    let kind = "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n";
    let form = "access_token=ghu_sentinel&expires_in=60&refresh_token=ghr_sentinel%5F2&scope=&token_type=bearer";
    let answer = ask(&refresh(&Server::in_turn([(200, kind.into(), form.into())])));
    assert_eq!(attribute(&answer, "oauth_refresh_token"), Some("ghr_sentinel_2"));
    assert!(attribute(&answer, "password_expiry_utc").is_some());
    let said = complaint(&refresh(&Server::in_turn([(
        200,
        kind.into(),
        "error=bad_refresh_token&error_description=no".into(),
    )])));
    assert!(said.starts_with("error: the sign-in for `example` is no longer valid\n"), "{said}");
}

#[test]
#[ignore = "needs util-linux"]
fn a_refresh_token_that_is_refused_means_to_sign_in_again() {
    let rfc = (400, String::new(), "{\"error\":\"invalid_grant\"}".to_owned());
    for refusal in [error("bad_refresh_token"), rfc] {
        let said = complaint(&refresh(&Server::in_turn([refusal.clone()])));
        let expected =
            "error: the sign-in for `example` is no longer valid\nhint: modelforge-credential login example\n";
        assert_eq!(said, expected);
        let server = github([refusal, json(TOKEN)]);
        let answer = Person::starts(&[], &refresh(&server)).gets();
        assert_eq!(answer, "password=ghu_sentinel\nscope=read:user\ntoken_type=bearer\n");
    }
}

#[test]
fn other_refusals_do_not_say_that_the_sign_in_ended() {
    for (code, said) in [
        ("incorrect_client_credentials", "does not know the `client_id` of `example`"),
        ("invalid_client", "does not know the `client_id` of `example`"),
        ("unauthorized_client", "does not let the `client_id` of `example` sign in this way"),
        ("unsupported_grant_type", "does not know this way of signing in"),
        ("invalid_scope", "does not grant the `scope` of `example`"),
        ("temporarily_unavailable", "refused the request"),
    ] {
        let server = Server::in_turn([error(code)]);
        assert_eq!(complaint(&refresh(&server)), format!("error: `{}` {said}\n", server.host()));
    }
}

#[test]
#[ignore = "needs util-linux"]
fn with_a_person_the_network_may_come_back() {
    let unavailable = (503, String::new(), "sentinel".to_owned());
    let server = github([unavailable, json(TOKEN)]);
    let person = Person::starts(&[], &device_flow(&server));
    person.sees("no connection, still trying, 14:5");
    assert!(person.gets().starts_with("password=ghu_sentinel\n"));
}
