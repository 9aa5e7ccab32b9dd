//! The identity of `age`: how it is shown, its passphrase, its renewal, and its backup.

mod backup;
#[cfg(unix)]
mod interrupted;
mod meanwhile;
mod passphrase;
/// A plugin in sh.
#[cfg(unix)]
mod plugin;

use std::path::PathBuf;

use crate::support::{SECRET, Test};

const PLACE: &str = "~/.local/share/modelforge-credential/identity.txt";

/// Signed in to three providers, kept by `age`.
fn signed_in() -> Test {
    store(Test::new().config("helpers = [\"age\"]\n"), &["openai", "mistral", "anthropic"])
}

#[track_caller]
fn store(test: Test, providers: &[&str]) -> Test {
    providers.iter().fold(test, |test, provider| {
        test.args(["approve"]).stdin(format!("provider={provider}\npassword={SECRET}\n")).success()
    })
}

/// Every key can be got.
#[track_caller]
fn opens_all(test: Test) -> Test {
    ["openai", "mistral", "anthropic"]
        .into_iter()
        .fold(test, |test, provider| test.args(["print", provider]).stdout(&format!("{SECRET}\n")).success())
}

fn data(test: &Test) -> PathBuf {
    test.home().join(".local/share/modelforge-credential")
}

fn identity(test: &Test) -> String {
    std::fs::read_to_string(data(test).join("identity.txt")).expect("there is an identity")
}

/// Its only key, as stock age has it.
fn key(text: &str) -> &str {
    let mut keys = text.lines().filter(|line| line.starts_with("AGE-SECRET-KEY-1"));
    let key = keys.next().expect("a key");
    assert!(keys.next().is_none(), "there is one key");
    key
}

fn public_key(text: &str) -> &str {
    text.lines().find_map(|line| line.strip_prefix("# public key: ")).expect("a public key")
}

/// Answers every question with this.
fn answering(test: Test, answer: &str) -> Test {
    let test = test.shell_program("answer", &format!("echo '{answer}'"));
    let program = test.bin().join("answer").display().to_string();
    test.env("MODELFORGE_CREDENTIAL_ASKPASS", program).env("MODELFORGE_CREDENTIAL_INTERACTIVE", "1")
}

#[test]
fn a_person_sees_where_it_is_how_it_is_protected_and_what_it_opens() {
    let test = Test::new().config("helpers = [\"env\", \"age\"]\n");
    let test = test.args(["identity"]).stdout(&format!(
        "identity      {PLACE}\nhelper        age\nprotected by  nothing yet: it is created with the first key\n"
    ));
    let test = store(test.success(), &["openai", "mistral"]);
    let public = public_key(&identity(&test)).to_owned();
    let shown = |opens: &str| {
        format!(
            "identity      {PLACE}\nhelper        age\nprotected by  only its file mode (unprotected)\n\
             public key    {public}\ndecrypts      {opens} stored credentials\n"
        )
    };
    let test = test.args(["identity"]).stdout(&shown("all 2")).success();
    std::fs::write(data(&test).join("age/https/api.mistral.ai/default.age"), "damaged").expect("it is written");
    let wrong = "error: 1 of 2 credentials are unreadable with this identity\nhint: modelforge-credential status\n";
    let test = test.args(["identity"]).stdout(&shown("1 of 2")).stderr(wrong).failure();
    let test = test.args(["identity", "--json"]);
    let output = test.output();
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        (&json["protected_by"], &json["credentials"], &json["unreadable"], &json["public_key"]),
        (&"unprotected".into(), &1.into(), &1.into(), &public.into())
    );
}

#[test]
fn doctor_says_that_the_identity_is_another_one_and_how_many_credentials_are_unreadable() {
    let test = signed_in();
    let other = identity(&store(Test::new().config("helpers = [\"age\"]\n"), &["openai"]));
    let test = test.args(["doctor"]);
    let well = test.text(&test.output().stdout);
    assert!(well.contains("identity.txt` (unprotected) decrypts the credentials in `age`: 3\n"), "{well}");
    std::fs::write(data(&test).join("identity.txt"), other).expect("it is written");
    let output = test.output();
    let text = test.text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
    let line = text.lines().find(|line| line.starts_with("error")).expect("an error");
    assert!(
        line.contains("helper `age` cannot decrypt its credential for ") && line.contains(" and 2 more: "),
        "{text}"
    );
    assert!(line.contains("is encrypted for another identity than"), "{text}");
}

#[test]
fn a_renewal_encrypts_every_key_for_a_new_identity_and_removes_the_old_one() {
    let test = signed_in();
    let old = identity(&test);
    let file = data(&test).join("age/https/api.openai.com/default.age");
    let stored = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
    std::fs::File::options().write(true).open(&file).and_then(|file| file.set_modified(stored)).expect("a time");
    let before = std::fs::read(&file).expect("it is there");
    let test = test.args(["identity", "renew"]).stderr("back it up: modelforge-credential identity export\n");
    let test = test.stdout(&format!(
        "the identity `{PLACE}` is new, and every key that the old one could decrypt is encrypted for it\n"
    ));
    let test = opens_all(test.success());
    let new = identity(&test);
    assert_ne!(key(&old), key(&new));
    assert_ne!(std::fs::read(&file).expect("it is there"), before);
    assert_eq!(
        file.metadata().and_then(|file| file.modified()).expect("a time"),
        stored,
        "when it was stored is known"
    );
    // What was stolen with the old one opens nothing of what is there now.
    std::fs::write(data(&test).join("identity.txt"), old).expect("it is written");
    let test = test.args(["identity", "check"]).stdin(new.clone());
    let test = test.stdout("it decrypts all 3 stored credentials\n").success();
    let test = test.args(["print", "openai"]).any_stderr();
    assert_eq!(test.output().status.code(), Some(1));
}

#[test]
fn a_damaged_file_keeps_the_old_identity_and_everything_opens() {
    let test = signed_in();
    let file = data(&test).join("age/https/api.openai.com/old.age");
    std::fs::write(&file, "damaged").expect("it is written");
    let said = format!(
        "error: 1 credential could not be re-encrypted, so the old identity is still used with the new one: \
         `{}` is damaged or not an age file\nhint: remove the damaged files, then: modelforge-credential identity renew\n",
        "~/.local/share/modelforge-credential/age/https/api.openai.com/old.age"
    );
    let test = opens_all(test.args(["identity", "renew"]).stderr(&said).failure());
    let test = test.args(["status"]).any_stdout();
    let warned = test.text(&test.output().stderr);
    assert!(warned.contains(&"warning: the renewal of the identity `~/.local".to_owned()), "{warned}");
    std::fs::remove_file(&file).expect("it is removed");
    let test = test.args(["identity", "renew"]).any_stdout().any_stderr().success();
    key(&identity(&test));
    let test = opens_all(test).args(["status"]).any_stdout();
    assert!(!test.text(&test.output().stderr).contains("interrupted"));
}

#[test]
fn an_identity_that_the_configuration_names_is_not_changed_and_its_store_is_encrypted_anew() {
    let donor = identity(&signed_in());
    let test = Test::new().file("mine.txt", &donor).config("helpers = [\"age --identity ~/mine.txt\"]\n");
    let mine = test.home().join("mine.txt").display().to_string();
    let test =
        store(test.config(&format!("helpers = ['age --identity {mine}']\n")), &["openai", "mistral", "anthropic"]);
    for action in ["protect", "unprotect"] {
        let core = crate::support::program("modelforge-credential").display().to_string();
        let output = test.run(&[core.as_str(), "identity", action], "");
        let said = test.text(&output.stderr);
        assert!(
            said.contains("the identity `~/mine.txt` is in the configuration, so this program does not change it"),
            "{said}"
        );
    }
    let file = data(&test).join("age/https/api.openai.com/default.age");
    let before = std::fs::read(&file).expect("it is there");
    let all = "every key is re-encrypted for the identities and recipients of the configuration\n";
    let test = test.args(["identity", "renew"]).stdout(all);
    let test = test.stderr("back it up: modelforge-credential identity export\n").success();
    assert_ne!(std::fs::read(&file).expect("it is there"), before);
    assert_eq!(std::fs::read_to_string(&mine).expect("it is there"), donor);
    opens_all(test);
}

#[test]
#[ignore = "needs age"]
fn stock_age_opens_everything_with_the_new_identity() {
    let test = signed_in().args(["identity", "renew"]).any_stdout().any_stderr().success();
    let (identity, file) = (data(&test).join("identity.txt"), data(&test).join("age/https/api.openai.com/default.age"));
    let age = crate::support::system("age", "age").display().to_string();
    let (identity, file) = (identity.display().to_string(), file.display().to_string());
    let output = test.run(&[age.as_str(), "-d", "-i", &identity, &file], "");
    assert!(test.text(&output.stdout).contains(&format!("password={SECRET}\n")));
}

#[test]
fn a_chain_without_an_identity_says_so() {
    let test = Test::new().config("helpers = [\"env\"]\n");
    let none = "error: no helper in the chain has an identity\nhint: helpers = [\"env\", \"age\"]  # in config.toml\n";
    let test = test.args(["identity"]).stderr(none).failure();
    let other = "error: helper `env` has no identity\nhint: modelforge-credential identity\n";
    test.args(["identity", "renew", "--helper", "env"]).stderr(other).failure();
}
