//! What others keep in the server: read for its own place alone, and never written to.

use serde_json::{Value, json};

use super::{DEFAULT, OPENAI, vault};
use crate::support::bao::Bao;
use crate::support::{SECRET, Test};

fn engine() -> String {
    let (server, engine) = (Bao::shared(), Bao::shared().engine(2));
    for name in ["openai", "team"] {
        let data = json!({ "data": { "key": SECRET, "note": "of others", "number": 7, "empty": "" } });
        server.must("POST", &format!("{engine}/data/llm/{name}"), data);
    }
    engine
}

fn asked(test: Test, engine: &str, options: &[&str], operation: &str) -> Test {
    test.args([&["--mount", engine], options, &[operation]].concat())
}

const EACH: [&str; 4] = ["--path", "llm/{provider}", "--field", "key"];

#[test]
#[ignore = "needs OpenBao"]
fn a_key_is_for_the_url_of_its_provider_whatever_the_request_calls_it() {
    let engine = engine();
    let found = format!("username=default\npassword={SECRET}\n");
    let mut test = asked(vault(), &engine, &EACH, "get").stdin(OPENAI).stdout(&found).success();
    test = asked(test, &engine, &EACH, "get").stdin(DEFAULT).stdout(&found).success();
    for request in [
        "protocol=https\nhost=evil.example\nprovider=openai\n",
        "protocol=http\nhost=api.openai.com\nprovider=openai\n",
        "protocol=https\nhost=api.openai.com:444\n",
        "protocol=https\nhost=api.anthropic.com\n",
        "protocol=https\nhost=api.openai.com\nusername=work\n",
    ] {
        test = asked(test, &engine, &EACH, "get").stdin(request).success();
    }
    let own = ["--path", "llm/team", "--field", "key", "--url", "https://llm.corp.example/v1"];
    test = asked(test, &engine, &own, "get")
        .stdin("protocol=https\nhost=llm.corp.example\npath=v1\n")
        .stdout(&found)
        .success();
    test = asked(test, &engine, &own, "get").stdin("protocol=https\nhost=llm.corp.example\n").success();
    asked(test, &engine, &own, "get").stdin(OPENAI).success();
}

#[test]
#[ignore = "needs OpenBao"]
fn what_belongs_to_others_is_never_written_to() {
    let engine = engine();
    let before = Bao::shared().must("GET", &format!("{engine}/metadata/llm/openai"), Value::Null)["data"].take();
    let stored = format!("{DEFAULT}password=another\n");
    let mut test = asked(vault(), &engine, &EACH, "store").stdin(stored).success();
    test = asked(test, &engine, &EACH, "erase").stdin(OPENAI).success();
    test = asked(test, &engine, &EACH, "list").success();
    let said = "version 0\ncapability authtype\ncapability state\ncapability readonly\ncapability each\n";
    asked(test, &engine, &EACH, "capability").stdout(said).success();
    assert_eq!(Bao::shared().must("GET", &format!("{engine}/metadata/llm/openai"), Value::Null)["data"], before);
    assert_eq!(super::names(&engine, "modelforge/"), Value::Null);
}

#[test]
#[ignore = "needs OpenBao"]
fn a_field_that_is_missing_or_no_key_is_an_error() {
    let engine = engine();
    let place = format!("{engine}/data/llm/openai");
    for (field, problem) in [
        ("kez", format!("`{place}` has no field `kez`")),
        ("empty", format!("the field `empty` of `{place}` is not a key")),
    ] {
        let options = ["--path", "llm/{provider}", "--field", field];
        asked(vault(), &engine, &options, "get").stdin(OPENAI).stderr(&format!("error: {problem}\n")).failure();
    }
}

#[test]
fn options_that_bind_a_key_to_no_place_or_to_two_are_refused() {
    let one = "`--path` needs either {provider} in it or `--url`: a key belongs to one place";
    for (options, problem) in [
        (&["--path", "llm", "--field", "key"][..], one),
        (&["--path", "{provider}", "--field", "key", "--url", "https://h"], one),
        (&["--path", "llm", "--field", "key", "--url", "h"], "`--url` is not a URL"),
        (&["--path", "{provider}"], "`--path` needs `--field`"),
        (&["--field", "key"], "`--field` and `--url` need `--path`"),
        (&["--kv", "3"], "`--kv` is 1 or 2"),
        (&["--mount", "/"], "`--mount` needs a name"),
        (&["--auth", "ldap"], "`--auth` is token, approle, jwt or kubernetes"),
        (&["--auth", "jwt"], "`--auth jwt` needs `--role`"),
        (&["--token", "hvs.x"], "unknown option `--token`"),
        (&["hvs.x"], "a word before the operation is not an option"),
    ] {
        let said = format!("error: {problem}\nhint: modelforge-credential-vault --help\n");
        Test::new().program("modelforge-credential-vault").args([options, &["get"]].concat()).stderr(&said).status(2);
    }
}
