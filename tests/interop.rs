//! Other programs can read what the chain has stored, and the chain what they have stored.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::support::keyring::Keyring;
use crate::support::{SECRET, Test, files_below, system};

const OPENAI: &str = "protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\n";

fn approve(test: Test) -> Test {
    test.args(["approve"]).stdin(format!("provider=openai\npassword={SECRET}\n"))
}

fn finds_it(test: Test) -> Test {
    test.args(["get"]).stdin("provider=openai\n").stdout(&format!("{OPENAI}password={SECRET}\n")).success()
}

fn data(test: &Test) -> PathBuf {
    test.home().join(".local/share/modelforge-credential")
}

#[test]
#[ignore = "needs age"]
fn stock_age_opens_what_the_chain_stored() {
    let test = approve(Test::new().helpers("age")).success();
    let identity = data(&test).join("identity.txt").display().to_string();
    let file = data(&test).join("age/https/api.openai.com/default.age").display().to_string();
    let test = test.program(system("age", "age")).args(["-d", "-i", &identity, &file]);
    let output = test.output();
    let text = String::from_utf8(output.stdout).expect("a record");
    for line in [format!("password={SECRET}"), "host=api.openai.com".into(), "protocol=https".into()] {
        assert!(text.lines().any(|other| other == line), "{line} is not in what age shows");
    }
}

#[test]
#[ignore = "needs age"]
fn the_chain_finds_what_stock_age_encrypted() {
    for armor in [&[] as &[&str], &["--armor"]] {
        // The first store makes the identity.
        let test = Test::new().helpers("age").args(["approve"]).stdin("provider=mistral\npassword=other\n").success();
        let identity = data(&test).join("identity.txt").display().to_string();
        let file = data(&test).join("age/https/api.openai.com/default.age");
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder can be made");
        let file = file.display().to_string();
        let words = [&["-e", "-i", &identity, "-o", &file], armor].concat();
        let record = format!("protocol=https\nhost=api.openai.com\nusername=default\npassword={SECRET}\n");
        let test = test.program(system("age", "age")).args(words).stdin(record).success();
        finds_it(test.program("modelforge-credential"));
    }
}

#[test]
fn a_file_that_was_moved_to_another_host_is_not_believed() {
    let test = approve(Test::new().helpers("age")).success();
    let from = data(&test).join("age/https/api.openai.com");
    std::fs::rename(from, data(&test).join("age/https/api.mistral.ai")).expect("it can be moved");
    let test = test.args(["get"]).stdin("provider=mistral\n").any_stderr().failure();
    test.args(["get"]).stdin("provider=openai\n").success();
}

#[test]
#[ignore = "needs openssh-client"]
fn a_second_key_that_age_could_not_read_back_is_not_kept_and_the_first_one_still_answers() {
    let test = Test::new();
    let askpass = test.home().join("askpass").display().to_string();
    let test = test.file("askpass", "#!/bin/sh\necho 'correct horse'\n");
    std::fs::set_permissions(&askpass, std::fs::Permissions::from_mode(0o700)).expect("a mode can be set");
    let key = test.home().join("kp").display().to_string();
    let keygen = system("ssh-keygen", "openssh-client");
    let test =
        test.program(keygen).args(["-q", "-t", "ed25519", "-N", "correct horse", "-C", "", "-f", &key]).success();
    let test = test.program("modelforge-credential").helpers(&format!("age --identity {key}"));
    let asked =
        |test: Test| test.env("MODELFORGE_CREDENTIAL_INTERACTIVE", "1").env("MODELFORGE_CREDENTIAL_ASKPASS", &askpass);
    let test = approve(asked(test)).success();
    let file = data(&test).join("age/https/api.openai.com/default.age");
    let before = std::fs::read(&file).expect("it was kept");
    let test = test
        .env("MODELFORGE_CREDENTIAL_INTERACTIVE", "0")
        .args(["approve"])
        .stdin("provider=openai\npassword=second\n");
    let test = test.stderr(
        "warning: helper `age` did not store the credential: the SSH key `~/kp` needs a passphrase, and nobody can be prompted for it; it may still have an older copy\n\
         hint: use `print` or `exec` at a terminal, or set MODELFORGE_CREDENTIAL_ASKPASS\n\
         error: no helper stored the credential for `openai` (`https://api.openai.com`)\n\
         hint: modelforge-credential doctor\n",
    ).failure();
    assert!(std::fs::read(&file).expect("it is still there") == before);
    let found = format!("{OPENAI}password={SECRET}\n");
    asked(test).args(["fill"]).stdin("provider=openai\n").stdout(&found).success();
}

#[test]
fn where_the_identity_of_age_was_lost_nothing_is_made_and_its_copy_opens_everything_again() {
    let test = approve(Test::new().helpers("age")).success();
    let (identity, copy) = (data(&test).join("identity.txt"), test.home().join("copy"));
    std::fs::rename(&identity, &copy).expect("it can be moved");
    let before = files_below(&data(&test));
    let folder = "~/.local/share/modelforge-credential";
    let said = format!(
        "warning: helper `age` did not store the credential: the identity `{folder}/identity.txt` is missing, \
         and 1 credential is encrypted for it; it may still have an older copy\n\
         hint: restore its copy, or start again: mv {folder}/age {folder}/age.old\n\
         error: no helper stored the credential for `mistral` (`https://api.mistral.ai`)\n\
         hint: modelforge-credential doctor\n"
    );
    let test = test.args(["login", "mistral"]).stdin(SECRET).stderr(&said).failure();
    assert_eq!(files_below(&data(&test)), before);
    std::fs::rename(&copy, &identity).expect("it can be put back");
    finds_it(test);
}

/// The home of a person with a session bus.
fn on_the_bus_of(keyring: &Keyring) -> Test {
    let variables = keyring.env();
    let variables = variables.iter().filter(|(name, _)| !matches!(*name, "HOME" | "XDG_DATA_HOME"));
    variables.fold(Test::new(), |test, (name, value)| test.env(name, value.to_string_lossy()))
}

const NAME: [&str; 4] = ["service", "https://api.openai.com", "username", "default"];

#[test]
#[ignore = "needs dbus, gnome-keyring and libsecret-tools"]
fn secret_tool_finds_the_key_that_was_approved() {
    let keyring = Keyring::start();
    let test = approve(on_the_bus_of(&keyring)).success();
    assert_eq!(files_below(&data(&test)).len(), 0, "the keyring kept it, so no file was made");
    let tool = system("secret-tool", "libsecret-tools");
    let test = test.program(tool).args([&["lookup"], &NAME[..]].concat()).stdout(SECRET).success();
    finds_it(test.program("modelforge-credential"));
}

#[test]
#[ignore = "needs dbus, gnome-keyring and libsecret-tools"]
fn the_chain_finds_and_erases_the_key_that_secret_tool_stored() {
    let keyring = Keyring::start();
    let tool = system("secret-tool", "libsecret-tools");
    let test = on_the_bus_of(&keyring).program(&tool).args([&["store", "--label=my key"], &NAME[..]].concat());
    let test = finds_it(test.stdin(SECRET).success().program("modelforge-credential"));
    let test = test.args(["reject"]).stdin("provider=openai\n").success();
    test.program(tool).args([&["lookup"], &NAME[..]].concat()).failure();
}

/// Runs lines of Python that know Python's keyring as `k`.
fn python(test: Test, lines: &str) -> Test {
    let python = std::env::var_os("MODELFORGE_TEST_PYTHON").map_or_else(|| system("python3", "python3"), PathBuf::from);
    assert!(python.exists(), "MODELFORGE_TEST_PYTHON names no program: run `sh tests/run`");
    let has = test.run(&[python.as_os_str(), "-c".as_ref(), "import keyring, secretstorage".as_ref()], "");
    assert!(
        has.status.success(),
        "Python has no `keyring`: run `sh tests/run`, or `pip install keyring` and set MODELFORGE_TEST_PYTHON"
    );
    let program = format!("import sys\nfrom keyring.backends.SecretService import Keyring\nk = Keyring()\n{lines}");
    test.program(python).args(["-c", &program])
}

#[test]
#[ignore = "needs dbus, gnome-keyring and keyring, from PyPI"]
fn pythons_keyring_finds_the_key_that_was_approved() {
    let keyring = Keyring::start();
    let test = approve(on_the_bus_of(&keyring)).success();
    python(test, "print(k.get_password('https://api.openai.com', 'default'), end='')").stdout(SECRET).success();
}

#[test]
#[ignore = "needs dbus, gnome-keyring and keyring, from PyPI"]
fn the_chain_finds_the_key_that_pythons_keyring_set_and_there_is_one_item_after_changes_by_either() {
    let keyring = Keyring::start();
    let set = "k.set_password('https://api.openai.com', 'default', sys.stdin.read())";
    let test = python(on_the_bus_of(&keyring), set).stdin("older").success();
    let test = approve(test.program("modelforge-credential")).success();
    assert_eq!(keyring.items(), 1);
    let test = python(test, set).stdin("newer").success();
    assert_eq!(keyring.items(), 1);
    let test = test.program("modelforge-credential").args(["get"]).stdin("provider=openai\n");
    let test = test.stdout(&format!("{OPENAI}password=newer\n")).success();
    let test = approve(test).success();
    let test =
        python(test, "print(k.get_password('https://api.openai.com', 'default'), end='')").stdout(SECRET).success();
    let test = python(test, "k.delete_password('https://api.openai.com', 'default')").success();
    test.program("modelforge-credential").args(["get"]).stdin("provider=openai\n").success();
}

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn with_the_keyring_locked_the_key_goes_to_age_and_that_is_said() {
    let keyring = Keyring::start();
    keyring.lock();
    let test = approve(on_the_bus_of(&keyring)).any_stderr();
    let said = String::from_utf8_lossy(&test.output().stderr).into_owned();
    assert!(said.contains("warning: helper `keyring` did not store the credential: the keyring is locked"), "{said}");
    assert!(said.contains("it may still have an older copy"), "{said}");
    finds_it(test.helpers("age"));
}

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn a_key_that_age_kept_is_found_while_the_keyring_is_locked() {
    let keyring = Keyring::start();
    let test = approve(on_the_bus_of(&keyring).helpers("age")).success();
    keyring.lock();
    let test = test.helpers("keyring\nage").args(["get"]).stdin("provider=openai\n").any_stderr();
    let output = test.output();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.starts_with("warning: helper `keyring` failed: the keyring is locked\n"), "{said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{OPENAI}password={SECRET}\n"));
}

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn a_locked_keyring_is_not_an_empty_one() {
    let keyring = Keyring::start();
    let test = approve(on_the_bus_of(&keyring).helpers("keyring")).success();
    keyring.lock();
    let test = test.args(["get"]).stdin("provider=openai\n").any_stderr().failure();
    let test = test.args(["reject"]).stdin("provider=openai\n").any_stderr().failure();
    let list = test.args(["list"]).output();
    let list = String::from_utf8_lossy(&list.stdout).into_owned();
    assert!(list.contains("host=api.openai.com\n") || !list.contains("count="), "it was left out of the list: {list}");
    assert_eq!(keyring.items(), 1, "what could not be erased is still there");
}

#[test]
fn without_a_session_bus_the_key_goes_to_age() {
    let test = finds_it(finds_it(approve(Test::new()).success()).helpers("age"));
    // Who names the keyring in the chain is told that it cannot be reached.
    let test = approve(test.helpers("keyring\nage")).any_stderr();
    let said = String::from_utf8_lossy(&test.output().stderr).into_owned();
    assert!(said.contains("helper `keyring` did not store the credential: there is no D-Bus session bus"), "{said}");
}

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn on_a_bus_without_a_secret_service_the_key_goes_to_age() {
    let keyring = Keyring::bus_alone();
    let test = approve(on_the_bus_of(&keyring)).any_stderr();
    let said = String::from_utf8_lossy(&test.output().stderr).into_owned();
    assert!(said.contains("helper `keyring` did not store the credential: no secret service"), "{said}");
    finds_it(finds_it(test).helpers("age"));
}
