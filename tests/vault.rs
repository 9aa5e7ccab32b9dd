//! `modelforge-credential-vault` against a real OpenBao.

mod cluster;
mod foreign;
mod refused;
mod sign_in;

use serde_json::{Value, json};

use crate::support::bao::{Bao, ROOT};
use crate::support::{SECRET, Test};

const OPENAI: &str = "protocol=https\nhost=api.openai.com\n";
const DEFAULT: &str = "protocol=https\nhost=api.openai.com\nusername=default\n";
const PATH: &str = "modelforge/https/api.openai.com/default";

/// The helper in a new home, at the shared server, as the one who may do everything.
fn vault() -> Test {
    at(Bao::shared(), ROOT)
}

fn at(server: &Bao, token: &str) -> Test {
    Test::new().program("modelforge-credential-vault").env("VAULT_ADDR", server.url()).env("VAULT_TOKEN", token)
}

/// A credential as the helper answers with it: in the order of the names.
fn credential(lines: &str) -> String {
    let mut lines: Vec<&str> = lines.lines().collect();
    lines.sort_unstable();
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn openai() -> String {
    format!("{DEFAULT}password={SECRET}\n")
}

/// A folder's names.
fn names(engine: &str, folder: &str) -> Value {
    Bao::shared().ask("LIST", &format!("{engine}/metadata/{folder}"), Value::Null).1["data"]["keys"].take()
}

#[test]
#[ignore = "needs OpenBao"]
fn what_is_stored_is_found_listed_and_erased_in_both_versions() {
    for version in [1, 2] {
        let engine = Bao::shared().engine(version);
        let run = |test: Test, operation: &str| test.args(["--mount", &engine, operation]);
        let test = run(vault(), "get").stdin(OPENAI).success();
        let test = run(test, "store").stdin(openai()).success();
        let test = run(test, "get").stdin(OPENAI).stdout(&credential(&openai())).success();
        let test = run(test, "get").stdin("protocol=https\nhost=api.openai.co\n").success();
        let listed = run(test, "list").any_stdout();
        let said = String::from_utf8(listed.output().stdout).expect("text");
        let storage = format!("storage=server {}\nplain_text=0\n\ncount=1\n", Bao::shared().host());
        assert!(said.starts_with(DEFAULT) && said.ends_with(&storage), "{said}");
        assert_eq!(said.contains("created_utc="), version == 2);
        let test = run(listed, "erase").stdin(OPENAI).success();
        let test = run(test, "get").stdin(OPENAI).success();
        run(test, "list").stdout("count=0\n").success();
    }
}

#[test]
#[ignore = "needs OpenBao"]
fn the_version_may_be_said_instead_of_asked_for() {
    for version in ["1", "2"] {
        let engine = Bao::shared().engine(version.parse().expect("a number"));
        let run = |test: Test, operation: &str| test.args(["--mount", &engine, "--kv", version, operation]);
        let test = run(vault(), "get").stdin(OPENAI).success();
        let test = run(test, "store").stdin(openai()).success();
        let test = run(test, "get").stdin(OPENAI).stdout(&credential(&openai())).success();
        let test = run(test, "erase").stdin(OPENAI).success();
        run(test, "get").stdin(OPENAI).success();
    }
}

#[test]
#[ignore = "needs OpenBao"]
fn the_wrong_version_is_an_error_and_not_absence() {
    for (version, said) in [(1, "2"), (2, "1")] {
        let server = Bao::shared();
        let engine = server.engine(version);
        let args = ["--mount", &engine, "--kv", said, "get"];
        let error = match version {
            1 => format!(
                "error: `{engine}` is a kv engine of version 1 on `{}`\nhint: give `vault` the option --kv 1, or none\n",
                server.host()
            ),
            _ => format!(
                "error: `{}` has nothing at `{engine}/{PATH}`: no such engine, or another version of kv\n\
                 hint: bao secrets list -detailed\n",
                server.host()
            ),
        };
        let test = vault().args(args).stdin(OPENAI).stderr(&error).failure();
        test.args(["--mount", &engine, "--kv", said, "store"]).stdin(openai()).stderr(&error).failure();
    }
}

#[test]
#[ignore = "needs OpenBao"]
fn erasing_takes_every_version_and_a_named_secret_only_what_was_stored_by_then() {
    let (server, engine) = (Bao::shared(), Bao::shared().engine(2));
    let run = |test: Test, operation: &str| test.args(["--mount", &engine, operation]);
    let store = |test: Test, key: &str| run(test, "store").stdin(format!("{DEFAULT}password={key}\n")).success();
    let version = |number: u32| server.ask("GET", &format!("{engine}/data/{PATH}?version={number}"), Value::Null).0;
    let mut test = store(store(vault(), "one"), "two");
    assert_eq!((version(1), version(2)), (200, 200));
    test = run(test, "erase").stdin(format!("{OPENAI}password=one\n")).success();
    assert_eq!((version(1), version(2)), (200, 200));
    test = run(test, "erase").stdin(format!("{OPENAI}password=two\n")).success();
    assert_eq!((version(1), version(2)), (404, 404));
    test = run(test, "get").stdin(OPENAI).success();
    test = run(test, "list").stdout("count=0\n").success();
    // It goes on from there.
    test = store(test, "three");
    assert_eq!(version(3), 200);
    test = run(test, "erase").stdin(OPENAI).success();
    assert_eq!(version(3), 404);
    assert_eq!(names(&engine, "modelforge/https/api.openai.com/"), Value::Null);
    run(test, "get").stdin(OPENAI).success();
}

#[test]
#[ignore = "needs OpenBao"]
fn what_others_erased_is_not_there_and_can_be_stored_again() {
    let (server, engine) = (Bao::shared(), Bao::shared().engine(2));
    let run = |test: Test, operation: &str| test.args(["--mount", &engine, operation]);
    let mut test = run(vault(), "store").stdin(openai()).success();
    server.must("DELETE", &format!("{engine}/data/{PATH}"), Value::Null);
    test = run(test, "get").stdin(OPENAI).success();
    test = run(test, "list").stdout("count=0\n").success();
    test = run(test, "store").stdin(openai()).success();
    run(test, "get").stdin(OPENAI).stdout(&credential(&openai())).success();
}

#[test]
#[ignore = "needs OpenBao"]
fn names_and_values_of_every_kind_come_back_byte_for_byte() {
    let engine = Bao::shared().engine(2);
    let long = "x".repeat(300);
    for (host, path, username) in [
        ("h", "", ""),
        ("localhost:8080", "a//b/../c", ".."),
        ("h", "%2f", "a b%+ü~@:"),
        ("xn--caf-dma.example", "v1", "COM1"),
        (long.as_str(), long.as_str(), long.as_str()),
    ] {
        let description = format!("protocol=https\nhost={host}\npath={path}\nusername={username}\n");
        let mut stored = format!("{description}mystery=").into_bytes();
        stored.extend(b"\xff\xfe a\npassword=");
        stored.extend(SECRET.as_bytes());
        stored.extend(b"\xc3\x28\n");
        stored.extend(b"oauth_refresh_token=\xf0\x28\n");
        let test = vault().args(["--mount", &engine, "store"]).stdin(&stored).success();
        let test = test.args(["--mount", &engine, "get"]).stdin(&description).any_stdout();
        let found = test.output();
        let lines = |bytes: &[u8]| {
            let mut lines: Vec<Vec<u8>> = bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
            lines.sort();
            lines
        };
        assert_eq!(lines(&found.stdout), lines(&stored), "{host}");
    }
}

#[test]
#[ignore = "needs OpenBao"]
fn a_credential_that_a_person_wrote_belongs_where_it_lies() {
    let (server, engine) = (Bao::shared(), Bao::shared().engine(2));
    let data = json!({ "data": { "password": SECRET, "note": "from ann", "password_expiry_utc": 4102444800_u64 } });
    server.must("POST", &format!("{engine}/data/{PATH}"), data);
    let found = credential(&format!("{DEFAULT}password={SECRET}\nnote=from ann\npassword_expiry_utc=4102444800\n"));
    let test = vault().args(["--mount", &engine, "get"]).stdin(OPENAI);
    let mut lines: Vec<String> =
        String::from_utf8(test.output().stdout).expect("text").lines().map(String::from).collect();
    lines.sort();
    assert_eq!(lines.join("\n") + "\n", found);
}

#[test]
#[ignore = "needs OpenBao"]
fn a_credential_that_was_moved_to_another_host_is_not_given_to_it() {
    let (server, engine) = (Bao::shared(), Bao::shared().engine(2));
    let test = vault().args(["--mount", &engine, "store"]).stdin(openai()).success();
    let data = server.must("GET", &format!("{engine}/data/{PATH}"), Value::Null)["data"]["data"].take();
    let elsewhere = "modelforge/https/evil.example/default";
    server.must("POST", &format!("{engine}/data/{elsewhere}"), json!({ "data": data }));
    let error = format!("error: `{engine}/data/{elsewhere}` has another credential than its name says\n");
    test.args(["--mount", &engine, "get"]).stdin("protocol=https\nhost=evil.example\n").stderr(&error).failure();
}

#[test]
#[ignore = "needs OpenBao"]
fn the_usual_account_answers_first_and_what_lies_beside_the_folder_never() {
    let (server, engine) = (Bao::shared(), Bao::shared().engine(2));
    let store =
        |test: Test, lines: &str| test.args(["--mount", &engine, "store"]).stdin(format!("{OPENAI}{lines}")).success();
    let get = |test: Test, lines: &str, found: &str| {
        test.args(["--mount", &engine, "get"]).stdin(format!("{OPENAI}{lines}")).stdout(found).success()
    };
    server.must("POST", &format!("{engine}/data/api.openai.com"), json!({ "data": { "password": SECRET } }));
    let mut test = store(vault(), "path=v1\nusername=ann\npassword=1\n");
    test = get(test, "", &credential(&format!("{OPENAI}path=v1\nusername=ann\npassword=1\n")));
    test = store(test, "username=zoe\npassword=2\n");
    test = get(test, "", &credential(&format!("{OPENAI}username=zoe\npassword=2\n")));
    test = store(test, "password=3\n");
    test = get(test, "", &credential(&format!("{OPENAI}username=default\npassword=3\n")));
    test = get(test, "path=v2\n", "");
    get(test, "path=v1\n", &credential(&format!("{OPENAI}path=v1\nusername=ann\npassword=1\n")));
}

#[test]
#[ignore = "needs OpenBao"]
fn the_key_to_the_server_itself_does_not_lie_in_it() {
    let server = Bao::shared();
    let engine = server.engine(2);
    let own = format!("protocol=http\nhost={}\n", server.host());
    let test = vault().args(["--mount", &engine, "store"]).stdin(format!("{own}password={SECRET}\n")).success();
    let test = test.args(["--mount", &engine, "get"]).stdin(&own).success();
    test.args(["--mount", &engine, "list"]).stdout("count=0\n").success();
}

#[test]
#[ignore = "needs OpenBao"]
fn many_writers_at_once_lose_no_update() {
    let (server, engine) = (Bao::shared(), Bao::shared().engine(2));
    const WRITERS: u64 = 20;
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let engine = &engine;
            scope.spawn(move || {
                let stored = format!("{DEFAULT}password={SECRET}-{writer}\n");
                vault().args(["--mount", engine, "store"]).stdin(stored).success();
            });
        }
    });
    let answer = server.must("GET", &format!("{engine}/metadata/{PATH}"), Value::Null);
    assert_eq!(answer["data"]["current_version"], WRITERS);
}

#[test]
#[ignore = "needs OpenBao"]
fn an_engine_that_asks_for_check_and_set_is_written_to() {
    let (server, engine) = (Bao::shared(), Bao::shared().engine(2));
    server.must("POST", &format!("{engine}/config"), json!({ "cas_required": true }));
    let mut test = vault();
    for _ in 0..2 {
        test = test.args(["--mount", &engine, "store"]).stdin(openai()).success();
    }
    test.args(["--mount", &engine, "get"]).stdin(OPENAI).stdout(&credential(&openai())).success();
}

#[test]
#[ignore = "needs OpenBao"]
fn doctor_says_what_is_wrong_with_a_server_and_how_to_fix_it() {
    let (server, engine) = (Bao::shared(), Bao::shared().engine(2));
    let about = |token: &str| {
        let test = Test::new().env("VAULT_ADDR", server.url()).env("VAULT_TOKEN", token);
        let test = test.helpers(&format!("vault --mount {engine}")).args(["doctor"]).any_stdout().any_stderr();
        let said = String::from_utf8(test.output().stdout).expect("text");
        said.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ") + "\n").collect::<String>()
    };
    let well = about(ROOT);
    assert!(well.contains("stored, returned and deleted a test credential"), "{well}");
    let said = about("hvs.dead");
    let problem = format!(
        "error helper helper `vault` failed: `{}` does not accept the token: it expired, was revoked or has been used up\n\
         hint: sign in again with `bao login` or `vault login`, or set VAULT_TOKEN\n",
        server.host()
    );
    assert!(said.contains(&problem), "{said}");
}
