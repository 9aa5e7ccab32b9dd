//! Setting and removing a passphrase.

use super::{PLACE, answering, data, identity, key, opens_all, signed_in};
#[cfg(unix)]
use crate::prompt::Session;
use crate::support::{SECRET, Test};

fn protected() -> Test {
    let said = format!(
        "the identity `{PLACE}` now has a passphrase: you are asked for it whenever a key is needed; where you cannot \
         be prompted, no key is found\n"
    );
    answering(signed_in(), "correct horse").args(["identity", "protect"]).stdout(&said).success()
}

#[test]
fn with_a_passphrase_a_key_is_found_only_where_somebody_enters_it() {
    let test = opens_all(protected());
    assert!(identity(&test).starts_with("-----BEGIN AGE ENCRYPTED FILE-----"));
    let test = test.env("MODELFORGE_CREDENTIAL_INTERACTIVE", "0").args(["print", "openai"]).any_stderr();
    let output = test.output();
    assert_eq!((output.status.code(), &*output.stdout), (Some(1), &b""[..]));
    let said = test.text(&output.stderr);
    assert!(said.contains("needs a passphrase, and nobody can be prompted for it"), "{said}");
    let test = answering(test, "another").args(["print", "openai"]);
    let said = test.text(&test.output().stderr);
    assert!(said.contains("wrong passphrase for the identity"), "{said}");
}

#[test]
fn age_that_another_program_starts_asks_nobody_however_that_is_forbidden() {
    let nobody = format!(
        "error: the identity `{PLACE}` needs a passphrase, and nobody can be prompted for it\n\
         hint: use `print` or `exec` at a terminal, or set MODELFORGE_CREDENTIAL_ASKPASS\n"
    );
    let mut test = protected();
    for value in ["0", "no", "never"] {
        test = answering(test, "correct horse").env("MODELFORGE_CREDENTIAL_INTERACTIVE", value);
        test = test.program("modelforge-credential-age").args(["get"]);
        test = test.stdin("protocol=https\nhost=api.openai.com\n").stderr(&nobody).failure();
    }
}

#[test]
fn status_and_doctor_show_the_passphrase_and_do_not_ask_for_it() {
    let test = protected().env("MODELFORGE_CREDENTIAL_INTERACTIVE", "0").args(["status"]).stdout(&format!(
        "PROVIDER   SIGNED IN  KEPT BY  PROTECTED BY\n\
         anthropic  yes        age      encrypted file\n\
         mistral    yes        age      encrypted file\n\
         openai     yes        age      encrypted file\n\
         age: encrypted file, identity {PLACE}\nage: identity protection: passphrase\n"
    ));
    let test = test.success().args(["doctor"]);
    let output = test.output();
    let text = test.text(&output.stdout);
    assert!(text.contains("(passphrase) needs a passphrase or a device, so it was not tested\n"), "{text}");
    assert_eq!(output.status.code(), Some(0), "{text}");
}

#[test]
fn it_can_be_taken_away_again_and_a_renewal_keeps_it() {
    let test = protected().args(["identity", "renew"]).any_stdout().any_stderr().success();
    let test = opens_all(test);
    assert!(identity(&test).starts_with("-----BEGIN AGE ENCRYPTED FILE-----"));
    let said =
        format!("the identity `{PLACE}` has no passphrase now: anyone who can read the file can read your keys\n");
    let test = test.args(["identity", "unprotect"]).stdout(&said).success();
    key(&identity(&test));
    let test = opens_all(test.env("MODELFORGE_CREDENTIAL_INTERACTIVE", "0"));
    let none = format!("error: no passphrase protects the identity `{PLACE}`\n");
    test.args(["identity", "unprotect"]).stderr(&none).failure();
}

#[cfg(unix)]
#[test]
fn a_passphrase_is_asked_for_twice_at_the_terminal_and_two_that_differ_change_nothing() {
    for (again, status) in [("correct horse\r", 0), ("correct house\r", 1)] {
        let test = signed_in().env("MODELFORGE_CREDENTIAL_INTERACTIVE", "").args(["identity", "protect"]);
        let before = identity(&test);
        let mut session = Session::bare(&test);
        session.expect("New passphrase for the identity `");
        session.expect_hidden();
        session.types("correct horse\r");
        session.expect("The same passphrase again: ");
        session.expect_hidden();
        session.types(again);
        let (ended, _, shown) = session.end();
        assert_eq!(ended.code(), Some(status), "{shown}");
        assert!(!shown.contains("correct"), "{shown}");
        assert_eq!(identity(&test) == before, status == 1);
        assert_eq!(shown.contains("error: the two passphrases differ, so nothing was changed"), status == 1);
    }
    let empty = answering(signed_in(), "").args(["identity", "protect"]);
    let empty = empty.stderr("error: the passphrase is empty, so nothing was changed\n").failure();
    empty
        .env("MODELFORGE_CREDENTIAL_INTERACTIVE", "0")
        .args(["identity", "protect"])
        .stderr(
            "error: cannot ask for the new passphrase: there is no terminal\n\
             hint: run it at a terminal, or set MODELFORGE_CREDENTIAL_ASKPASS\n",
        )
        .failure();
}

#[cfg(unix)]
#[test]
#[ignore = "needs age"]
fn stock_age_opens_a_protected_identity_with_its_passphrase() {
    let test = protected();
    let age = crate::support::system("age", "age");
    let place = data(&test).join("identity.txt").display().to_string();
    let file = data(&test).join("age/https/api.openai.com/default.age").display().to_string();
    let test = test.program(age).args(["-d", "-i", &place, "-o", "/dev/null", &file]);
    let mut session = Session::bare(&test);
    session.expect("nter passphrase for identity file");
    session.expect_hidden();
    session.types("correct horse\r");
    let (status, _, shown) = session.end();
    assert!(status.success() && !shown.contains(SECRET), "{shown}");
}
