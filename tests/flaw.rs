//! Text that cannot be a key is reported with the same message wherever it comes from, and is not used.

#[cfg(unix)]
use crate::prompt::Session;
use crate::support::{SECRET, Test};

/// Texts that people have instead of a key, and what is said of each.
fn flawed() -> [(String, &'static str); 7] {
    [
        (format!("\"{SECRET}\""), "has quotation marks around it"),
        (format!("OPENAI_API_KEY={SECRET}"), "begins with the name of a variable and `=`"),
        (format!("Bearer {SECRET}"), "begins with `Bearer` or `Authorization:`"),
        ("****************".to_owned(), "is partly hidden (`***` or `...`): copy the key itself"),
        ("sk-...abcd".to_owned(), "is partly hidden (`***` or `...`): copy the key itself"),
        ("$OPENAI_API_KEY".to_owned(), "is the name of a variable and not its value"),
        (format!("{SECRET}…"), "is partly hidden (`***` or `...`): copy the key itself"),
    ]
}

#[test]
fn login_refuses_what_cannot_be_a_key_also_by_force() {
    for (key, flaw) in flawed() {
        let refused = format!(
            "error: this cannot be a key for `openai`: it {flaw}\n\
             hint: modelforge-credential login openai --unchecked  # to store it anyway\n"
        );
        let test = Test::new().helpers("age").args(["login", "openai"]).stdin(&key).stderr(&refused).failure();
        let test = test.args(["login", "openai", "--force"]).stdin(&key).stderr(&refused).failure();
        test.args(["get"]).stdin("provider=openai\n").success();
    }
}

#[test]
fn a_variable_with_what_cannot_be_a_key_is_named_and_not_used() {
    for (key, flaw) in flawed() {
        let test = Test::new().helpers("env").env("OPENAI_API_KEY", &key).args(["print", "openai"]);
        let warned = format!(
            "warning: helper `env` failed: `OPENAI_API_KEY` {flaw}\n\
             hint: set it to the key alone, or `unset OPENAI_API_KEY`\n"
        );
        let unsure = "error: no credential for `openai`; some helpers could not be queried\n\
                      hint: modelforge-credential doctor  # or set OPENAI_API_KEY\n";
        test.stderr(&format!("{warned}{unsure}")).failure();
    }
}

#[test]
fn a_file_with_what_cannot_be_a_key_is_named_and_not_used() {
    for (key, flaw) in flawed() {
        let key = serde_json::Value::from(key).to_string();
        let file = format!(
            r#"{{"providers": {{"openai": {{"base_url": "https://api.openai.com/v1", "auth_strategy": "api_key", "auth_data": {{"api_key": {key}}}}}}}}}"#
        );
        let test = Test::new().helpers("plaintext").file(".config/model-forge/config.json", file);
        let output = test.args(["print", "openai"]).any_stderr().output();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.stdout.is_empty() && said.contains(&format!("api_key` {flaw}\n")), "{said}");
    }
}

#[cfg(unix)]
#[test]
fn a_key_with_a_control_character_is_neither_kept_nor_shown_on_a_terminal() {
    let refused = "error: this cannot be a key for `openai`: it has a control character in it\n";
    let test = Test::new().helpers("age");
    let test = test.args(["store"]).stdin("provider=openai\npassword=sk-\u{1b}[2Jx\n").stderr(refused).failure();
    let test = test.args(["login", "openai", "--unchecked"]).stdin("sk-\u{1b}[2Jx\n").stderr(refused).failure();
    // A helper may have it from elsewhere.
    let test = test.script("odd", "[ $1 = get ] && printf 'username=default\\npassword=sk-\\033[2Jx\\n'; exit 0");
    let test = test.helpers("odd").args(["print", "openai"]).stdout("sk-\u{1b}[2Jx\n").success();
    let (status, _, shown) = Session::bare(&test.args(["print", "openai"])).end();
    assert_eq!(status.code(), Some(1));
    assert!(!shown.contains("\u{1b}[2J") && shown.contains("it is not shown on a terminal"), "{shown}");
}

#[cfg(unix)]
#[test]
fn a_person_is_asked_before_another_key_replaces_the_one_that_is_kept() {
    let key = format!("{SECRET}-ABCD");
    let test = Test::new().helpers("age").env("MODELFORGE_CREDENTIAL_INTERACTIVE", "");
    let test = test.args(["store"]).stdin(format!("provider=openai\nusername=default\npassword={key}\n")).success();
    let test = test.args(["login", "openai"]);
    let mut session = Session::typed(&test);
    session.expect("replace the key ending in …ABCD? [y/N] ");
    session.types("n\n");
    let (status, answer, _) = session.end();
    assert_eq!(status.code(), Some(0));
    assert!(answer.starts_with("already signed in to `openai`"), "{answer}");
    // A key that is pasted too early is neither shown nor taken.
    let mut session = Session::typed(&test);
    session.expect("[y/N] ");
    session.expect_hidden();
    session.types(&format!("{SECRET}-newer-WXYZ\n"));
    let (status, answer, shown) = session.end();
    assert_eq!(status.code(), Some(0));
    assert!(answer.starts_with("already signed in to `openai`"), "{answer}");
    let told = "replace the key ending in …ABCD? [y/N] \r\n\
                warning: the answer is neither `y` nor `n`, so the key was not replaced\r\n";
    assert_eq!(shown, told);
    let mut session = Session::typed(&test);
    session.expect("[y/N] ");
    session.types("y\n");
    session.expect("API key for openai (https://api.openai.com): ");
    session.expect_hidden();
    session.types(&format!("{SECRET}-newer-WXYZ\n"));
    let (status, answer, shown) = session.end();
    assert_eq!(status.code(), Some(0), "{answer}{shown}");
    let length = SECRET.len() + "-newer-WXYZ".len();
    assert!(shown.contains(&format!("the key has {length} characters, and it ends in …WXYZ")), "{shown}");
    let found = format!(
        "protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={SECRET}-newer-WXYZ\n"
    );
    test.args(["get"]).stdin("provider=openai\n").stdout(&found).success();
}
