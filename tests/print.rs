//! `print`: the key alone.

#[cfg(unix)]
use crate::prompt::Session;
use crate::support::{SECRET, Test};

fn signed_in() -> Test {
    let request =
        format!("provider=openai\npassword={SECRET}\noauth_refresh_token=refresh\npassword_expiry_utc=4102444800\n");
    let test = Test::new().helpers("age").args(["approve"]).stdin(request).success();
    test.args(["approve"]).stdin("provider=openai\nusername=work\npassword=key at work\n").success()
}

#[test]
fn the_key_stands_alone_on_standard_output() {
    let test = signed_in().args(["print", "openai"]).stdout(&format!("{SECRET}\n")).success();
    let test = test.args(["print", "OpenAI", "--no-newline"]).stdout(SECRET).success();
    let test = test.args(["print", "openai", "--account", "work"]).stdout("key at work\n").success();
    let test = test.args(["print", "openai:work"]).stdout("key at work\n").success();
    // Nothing is read: the tool's own input stays as it is.
    let script = "'BIN' print openai >/dev/null; cat"
        .replace("BIN", &crate::support::program("modelforge-credential").display().to_string());
    test.program("/bin/sh").args(["-c", &script]).stdin("input\n").stdout("input\n").success();
}

#[test]
fn a_field_can_be_asked_for() {
    let test = signed_in().args(["print", "openai", "--field", "token"]).stdout(&format!("{SECRET}\n")).success();
    let test = test.args(["print", "openai", "--field", "username"]).stdout("default\n").success();
    let test = test.args(["print", "openai", "--field", "expiry"]).stdout("4102444800\n").success();
    let none = "error: the credential for `openai` has no expiry\n";
    test.args(["print", "openai", "--field", "expiry", "--account", "work"]).stderr(none).failure();
}

#[test]
fn the_whole_answer_is_json() {
    let shown = format!(
        "{{\n  \"host\": \"api.openai.com\",\n  \"oauth_refresh_token\": \"refresh\",\n  \"password\": \"{SECRET}\",\n  \
         \"password_expiry_utc\": 4102444800,\n  \"protocol\": \"https\",\n  \"provider\": \"openai\",\n  \"username\": \"default\"\n}}\n"
    );
    signed_in().args(["print", "--json", "openai"]).stdout(&shown).success();
}

#[test]
fn nothing_found_is_an_error_and_nothing_is_printed() {
    let missing = "error: not signed in to `mistral`\nhint: modelforge-credential login mistral\n";
    let test = signed_in().args(["print", "mistral"]).stderr(missing).failure();
    let test = test.args(["print", "ollama"]).stderr("error: `ollama` needs no sign-in, so it has no key\n").failure();
    let typo = "error: unknown provider `opnai`\n\
                hint: did you mean `openai`? if not: modelforge-credential login opnai --url https://…\n";
    let test = test.args(["print", "opnai"]).stderr(typo).failure();
    let test = test
        .args(["print"])
        .stderr("error: `print` needs a provider\nhint: modelforge-credential print openai\n")
        .status(2);
    let test = test
        .args(["print", "openai", "--field", "key"])
        .stderr("error: `--field` needs one of token, username, expiry\n");
    let test = test.status(2);
    let header = "capability[]=authtype\nauthtype=Bearer\ncredential=encoded\n";
    let test = test.script("header", &format!("printf '{}'", header.replace('\n', "\\n"))).helpers("header");
    let encoded = "error: the credential for `openai` is a pre-encoded header, not a key\n";
    test.args(["print", "openai"]).stderr(encoded).failure();
}

#[test]
fn a_token_that_has_expired_is_refreshed_as_for_every_tool() {
    let renews = "[ $1 = get ] && grep -q '^oauth_refresh_token=refresh' && printf 'password=renewed\\npassword_expiry_utc=4102444800\\n'; exit 0";
    let ended = "provider=openai\npassword=old\noauth_refresh_token=refresh\npassword_expiry_utc=1\n";
    let test = Test::new().script("renews", renews).helpers("age").args(["approve"]).stdin(ended).success();
    let test = test.helpers("age\nrenews").args(["print", "openai"]).stdout("renewed\n").success();
    test.helpers("age")
        .args(["exec", "openai", "--", "sh", "-c", "echo $OPENAI_API_KEY"])
        .stdout("renewed\n")
        .success();
}

#[cfg(unix)]
#[test]
fn nobody_is_asked_for_a_key_that_is_not_there() {
    let test = signed_in().env("MODELFORGE_CREDENTIAL_INTERACTIVE", "1").args(["print", "mistral"]);
    let (status, answer, shown) = Session::typed(&test).end();
    assert_eq!((status.code(), &*answer), (Some(1), ""));
    assert_eq!(shown, "error: not signed in to `mistral`\r\nhint: modelforge-credential login mistral\r\n");
}

#[cfg(unix)]
#[test]
fn what_is_locked_is_unlocked_by_a_person_who_sees_the_question() {
    let body = "[ \"$MODELFORGE_CREDENTIAL_INTERACTIVE\" = 1 ] || { echo 'error: it is locked' >&2; exit 1; }\n\
                cat >/dev/null; printf 'PIN: ' >/dev/tty; read -r pin </dev/tty; echo password=key-$pin";
    let test = Test::new().script("locked", body).helpers("locked").env("MODELFORGE_CREDENTIAL_INTERACTIVE", "1");
    let test = test.args(["print", "openai"]);
    let mut session = Session::typed(&test);
    session.expect("PIN: ");
    session.types("1234\r");
    let (status, answer, _) = session.end();
    assert!(status.success());
    assert_eq!(answer, "key-1234\n");
    // Behind a full-screen program, which has the terminal and listens to standard error, nobody is.
    let script = format!("{} print openai 2>&1 | cat", crate::support::program("modelforge-credential").display());
    let test = test.program("/bin/sh").args(["-c", &script]);
    let (_, _, shown) = Session::bare(&test).end();
    assert!(shown.starts_with("warning: helper `locked` failed: it is locked\r\n"), "{shown}");
    assert!(!shown.contains("PIN"), "{shown}");
}

#[test]
fn of_a_python_traceback_the_last_line_is_the_reason() {
    let traceback = "Traceback (most recent call last):\n  File \"x.py\", line 1, in f\n    f()\nKeyError: \"host\"";
    Test::new()
        .script("python", &format!("cat >/dev/null; echo '{traceback}' >&2; exit 1"))
        .helpers("python")
        .args(["print", "openai"])
        .stderr(
            "warning: helper `python` failed: KeyError: \"host\"\n\
             error: no credential for `openai`; some helpers could not be queried\n\
             hint: modelforge-credential doctor  # or set OPENAI_API_KEY\n",
        )
        .failure();
}

#[test]
fn where_no_key_can_be_stored_the_variable_is_named_and_no_sign_in() {
    let said =
        "error: not signed in to `openai`, and no helper in the chain stores keys here\nhint: set OPENAI_API_KEY\n";
    let test = Test::new().helpers("env").args(["print", "openai"]).stderr(said).failure();
    test.args(["exec", "openai", "--", "true"]).stderr(said).failure();
}
