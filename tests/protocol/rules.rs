//! Rules that the programs themselves keep.

use crate::support::{SECRET, Test};

#[test]
fn what_follows_an_empty_line_is_not_read() {
    let test = Test::new().env("OPENAI_API_KEY", SECRET).helpers("env");
    let found = format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={SECRET}\n");
    test.args(["get"]).stdin("provider=openai\n\nprovider=mistral\nno equals sign\n").stdout(&found).success();
}

#[test]
fn a_helper_may_read_to_the_end_of_the_stream() {
    let body = format!("cat >/dev/null; [ $1 != get ] || printf 'username=u\\npassword={SECRET}\\n'");
    let test = Test::new().script("reads", &body).helpers("reads");
    let found = format!("protocol=https\nhost=h\nusername=u\npassword={SECRET}\n");
    test.args(["get"]).stdin("protocol=https\nhost=h\n").stdout(&found).success();
}

#[test]
fn attributes_that_nobody_knows_are_ignored_and_kept() {
    let test = Test::new().helpers("age");
    let request = format!("protocol=https\nhost=h\nusername=u\npassword={SECRET}\nx-flavour=vanilla\n");
    let test = test.args(["store"]).stdin(&request).success();
    let test = test.args(["get"]).stdin("protocol=https\nhost=h\nx-other=1\n");
    let found = format!("protocol=https\nhost=h\nusername=u\npassword={SECRET}\nx-other=1\nx-flavour=vanilla\n");
    test.stdout(&found).success();
}

#[test]
fn an_operation_that_nobody_knows_is_ignored() {
    let mut test = Test::new();
    for program in [
        "modelforge-credential",
        "modelforge-credential-env",
        "modelforge-credential-age",
        "modelforge-credential-keyring",
    ] {
        test = test.program(program).args(["xyzzy"]).stdin("junk\n").success();
    }
}

#[test]
fn a_helper_that_answers_with_an_empty_password_does_not_hide_the_next() {
    for answer in ["username=default\npassword=", "password=\nusername=default", "capability[]=authtype\ncredential="] {
        let test = Test::new().script("empty", &format!("[ $1 != get ] || printf '{}\n'", answer.replace('\n', "\\n")));
        let test = test.helpers("empty\nage").program("modelforge-credential-age").args(["store"]);
        let test = test.stdin(format!("protocol=https\nhost=api.openai.com\npassword={SECRET}\n")).success();
        let test = test.program("modelforge-credential").args(["print", "openai"]).stdout(&format!("{SECRET}\n"));
        let key = if answer.contains("credential") { "credential" } else { "password" };
        let said =
            format!("warning: helper `empty` failed: its answer is malformed (the {key} is empty) and not used\n");
        test.stderr(&said).success();
    }
}

#[test]
fn an_empty_password_of_a_provider_cannot_be_stored() {
    let empty = "provider=openai\npassword=\n";
    let test = Test::new().helpers("age").args(["approve"]).stdin(empty);
    let test = test.stderr("error: the password is empty\n").failure();
    let test = test.args(["store"]).stdin(empty).stderr("error: the password is empty\n").failure();
    let request = "protocol=https\nhost=api.openai.com\nprovider=openai\npassword=\n";
    let test = test.program("modelforge-credential-age").args(["store"]).stdin(request);
    test.stderr("error: the password is empty\n").failure();
}

#[test]
fn a_request_for_a_provider_with_an_empty_password_is_answered_with_the_key() {
    let test = Test::new().env("OPENAI_API_KEY", SECRET).helpers("env").args(["get"]);
    let found = format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={SECRET}\n");
    test.stdin("provider=openai\nusername=default\npassword=\n").stdout(&found).success();
}
