//! `helpers test`: every helper keeps every rule, ours and other people's, and a helper that breaks one is detected.

mod mistakes;
mod report;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::bao::{self, Bao};
use crate::support::keyring::Keyring;
use crate::support::{Test, program, system};

/// The result of `helpers test`: its exit status, and its JSON.
pub struct Judged {
    status: Option<i32>,
    said: String,
    report: Value,
}

impl Judged {
    #[track_caller]
    pub fn of(test: &Test) -> Self {
        let output = test.output();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no JSON, but: {said}"));
        Self { status: output.status.code(), said, report }
    }

    /// The names of the cases with this outcome.
    pub fn names(&self, outcome: &str) -> Vec<&str> {
        let cases = self.report["cases"].as_array().expect("the cases are a list");
        cases.iter().filter(|case| case["outcome"] == outcome).filter_map(|case| case["name"].as_str()).collect()
    }

    /// The rules that a case is about.
    fn rules(&self) -> BTreeSet<&str> {
        let cases = self.report["cases"].as_array().expect("the cases are a list");
        cases.iter().filter_map(|case| case["rule"].as_str()).collect()
    }

    fn reasons(&self) -> String {
        let cases = self.report["cases"].as_array().expect("the cases are a list");
        let broken = cases.iter().filter(|case| case["outcome"] == "broken");
        broken.map(|case| format!("- {}: {}\n", case["name"], case["reason"])).collect()
    }

    /// It stores, keeps all but these advices, offers all that a case is about, and leaves nothing in plain text or behind.
    #[track_caller]
    pub fn keeps_every_rule_but(&self, not_taken: &[&str]) -> &Self {
        self.keeps_every_rule_and_offers_all_but(not_taken, &[])
    }

    #[track_caller]
    fn keeps_every_rule_and_offers_all_but(&self, not_taken: &[&str], not_offered: &[&str]) -> &Self {
        assert_eq!(self.names("broken"), not_taken, "{}{}", self.reasons(), self.said);
        assert_eq!((self.names("not offered"), self.names("not run")), (not_offered.to_vec(), vec![]));
        assert_eq!((self.status, &*self.said), (Some(0), ""));
        assert_eq!(self.report["keeps_the_rules_of"], "protocol");
        assert_eq!((&self.report["keeps"], &self.report["plain_text"]), (&Value::Bool(true), &Value::Bool(false)));
        assert_eq!(self.report["left"].as_array().map(Vec::len), Some(0));
        self
    }
}

/// How many cases there are for a helper that keeps credentials, and how many of them git can be made to say.
const ALL: usize = 58;
const GIT_CAN_SAY: usize = 17;

/// Several requests in one go: every helper of ours takes them, and the core takes them one by one.
const IN_ONE_GO: [&str; 2] = [
    "several requests in one go are answered one by one",
    "of several requests that were cut short none is carried out",
];

/// Attributes that git does not store with a password unless it is asked in another way.
const ANY_PATH: &str = "a request without a path is answered by a credential that has one";

#[track_caller]
fn judged(test: Test, helper: &str, options: &[&str]) -> Judged {
    Judged::of(&test.args([&["helpers", "test", helper, "--json"], options].concat()))
}

fn with(keyring: &Keyring) -> Test {
    let variables = keyring.env();
    let session = variables.iter().filter(|(name, _)| *name != "HOME" && *name != "XDG_DATA_HOME");
    session.fold(Test::new(), |test, (name, value)| test.env(name, value.to_string_lossy()))
}

#[test]
fn age_keeps_every_rule() {
    let judged = judged(Test::new(), "age", &[]);
    assert_eq!(judged.keeps_every_rule_but(&[]).names("holds").len(), ALL);
    assert_eq!(judged.report["shared"], false);
}

#[test]
#[ignore = "needs git 2.46"]
fn age_keeps_every_rule_through_git() {
    let judged = judged(Test::new(), "age", &["--through-git"]);
    assert_eq!(judged.keeps_every_rule_but(&[]).names("holds").len(), GIT_CAN_SAY);
}

/// The helper `vault` at a server of its own engine, as an entry.
fn with_vault(version: u8) -> (Test, String, String) {
    let server = Bao::shared();
    let engine = server.engine(version);
    let test = Test::new().env("VAULT_ADDR", server.url()).env("VAULT_TOKEN", bao::ROOT);
    (test, format!("vault --mount {engine}"), engine)
}

#[test]
#[ignore = "needs OpenBao"]
fn the_vault_keeps_every_rule_in_both_versions_and_is_empty_afterwards() {
    for version in [1, 2] {
        let (test, helper, engine) = with_vault(version);
        let judged = judged(test, &helper, &["--risky"]);
        assert!(judged.keeps_every_rule_but(&[]).names("holds").len() == ALL);
        assert_eq!(judged.report["shared"], true);
        let test = Test::new().program("modelforge-credential-vault").env("VAULT_ADDR", Bao::shared().url());
        test.env("VAULT_TOKEN", bao::ROOT).args(["--mount", &engine, "list"]).stdout("count=0\n").success();
    }
}

#[test]
#[ignore = "needs OpenBao and git 2.46"]
fn the_vault_keeps_every_rule_through_git() {
    let (test, helper, _) = with_vault(2);
    let judged = judged(test, &helper, &["--risky", "--through-git"]);
    assert_eq!(judged.keeps_every_rule_but(&[]).names("holds").len(), GIT_CAN_SAY);
}

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn the_keyring_keeps_every_rule_and_is_empty_afterwards() {
    let keyring = Keyring::start();
    let judged = judged(with(&keyring), "keyring", &["--risky"]);
    assert_eq!(judged.keeps_every_rule_but(&[ANY_PATH]).names("holds").len(), ALL - 1);
    assert_eq!(judged.report["shared"], true);
    assert_eq!(keyring.items(), 0);
}

#[test]
#[ignore = "needs dbus, gnome-keyring and git 2.46"]
fn the_keyring_keeps_every_rule_through_git() {
    let keyring = Keyring::start();
    let judged = judged(with(&keyring), "keyring", &["--risky", "--through-git"]);
    assert_eq!(judged.keeps_every_rule_but(&[]).names("holds").len(), GIT_CAN_SAY);
    assert_eq!(keyring.items(), 0);
}

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn what_could_erase_a_persons_own_entries_is_not_sent_to_a_keyring_unless_they_say_so() {
    let keyring = Keyring::start();
    let stored = format!("protocol=https\nhost=mine.example\nusername=me\npassword={}\n", crate::support::SECRET);
    let test = with(&keyring).program("modelforge-credential-keyring").args(["store"]).stdin(&stored).success();
    let judged = judged(test.program("modelforge-credential"), "keyring", &[]);
    assert_eq!(
        judged.names("not run"),
        ["an empty host is not a wildcard", "what a helper says on standard error holds no secret"]
    );
    assert_eq!(judged.names("broken"), [ANY_PATH]);
    assert_eq!((judged.status, keyring.items()), (Some(0), 1));
}

#[test]
fn the_core_as_a_helper_keeps_every_rule() {
    let core = program("modelforge-credential").display().to_string();
    let judged = judged(Test::new().helpers("age"), &core, &[]);
    let holds = judged.keeps_every_rule_and_offers_all_but(&[], &IN_ONE_GO).names("holds");
    assert_eq!(holds.len(), ALL - IN_ONE_GO.len());
}

#[test]
#[ignore = "needs git 2.46"]
fn the_core_as_a_helper_keeps_every_rule_through_git() {
    let core = program("modelforge-credential").display().to_string();
    let judged = judged(Test::new().helpers("age"), &core, &["--through-git"]);
    assert_eq!(judged.keeps_every_rule_but(&[]).names("holds").len(), GIT_CAN_SAY);
}

/// `MODELFORGE_TEST_HELPER='/path/to/program --its --options'` puts your helper to the test; unset, the core asks a core that asks `age`.
/// `MODELFORGE_TEST_OPTIONS` may hold options of `helpers test`, such as `--rules git`.
#[test]
#[ignore = "needs git 2.46"]
fn the_helper_named_in_the_environment_keeps_every_rule() {
    let core = program("modelforge-credential").display().to_string();
    let line = std::env::var("MODELFORGE_TEST_HELPER").unwrap_or(format!("'{core}'"));
    let options = std::env::var("MODELFORGE_TEST_OPTIONS").unwrap_or_default();
    for through_git in [None, Some("--through-git")] {
        let options: Vec<&str> = options.split_whitespace().chain(through_git).collect();
        // The chain is a script that runs the core again, which asks `age`.
        let body = format!("MODELFORGE_CREDENTIAL_HELPERS=age exec '{core}' \"$@\"");
        let judged = judged(Test::new().script("nested", &body).helpers("nested"), &line, &options);
        assert_eq!(judged.status, Some(0), "{}{}", judged.reasons(), judged.said);
        assert!(!judged.names("holds").is_empty());
    }
}

#[test]
fn helpers_that_keep_nothing_are_judged_by_what_they_answer() {
    for helper in ["env", "oauth", "plaintext"] {
        let judged = judged(Test::new(), helper, &[]);
        assert_eq!((judged.status, judged.names("broken").len()), (Some(0), 0), "{helper}: {}", judged.reasons());
        assert_eq!((&judged.report["keeps"], judged.names("holds").len()), (&Value::Bool(false), 11), "{helper}");
    }
}

#[test]
#[ignore = "needs git 2.46"]
fn gits_own_helper_keeps_gits_rules_and_not_those_of_the_protocol() {
    let git = format!("'{}' credential-store", system("git", "git").display());
    let direct = judged(Test::new(), &git, &["--rules", "git"]);
    assert_eq!(
        (direct.status, &direct.report["keeps_the_rules_of"]),
        (Some(0), &Value::from("git")),
        "{}",
        direct.reasons()
    );
    assert!(direct.names("holds").contains(&ANY_PATH));
    assert_eq!(direct.report["plain_text"], true);
    let strict = judged(Test::new(), &git, &[]);
    assert_eq!(strict.status, Some(1));
    assert!(strict.said.starts_with("error: helper `"), "{}", strict.said);
    let through_git = judged(Test::new(), &git, &["--through-git", "--rules", "git"]);
    assert_eq!(through_git.status, Some(0), "{}", through_git.reasons());
}

/// A correct helper in a page of Python. Each mistake is a change of one line.
const SMALL_HELPER: &str = r#"
import json, os, sys
operation, path = sys.argv[1], os.environ["HOME"] + "/kept"
if operation not in ("get", "store", "erase"):
    sys.exit(0)
wanted = {}
for line in sys.stdin.buffer:
    line = line.decode("latin1").rstrip("\n")
    line = line[:-1] if line.endswith("\r") else line
    if not line:
        break
    key, _, value = line.partition("=")
    wanted[key] = value
held = json.load(open(path)) if os.path.exists(path) else []
names = ["protocol", "host", "path", "username"]
def described(other):
    return all(other.get(name) == wanted[name] for name in names if name in wanted)
def meant(other):
    return described(other) and wanted.get("password", other["password"]) == other["password"]
if operation == "get":
    for found in filter(described, held):
        answer = "username=%s\npassword=%s\n" % (found["username"], found["password"])
        sys.stdout.buffer.write(answer.encode("latin1"))
        break
elif operation == "store" and wanted.get("password") and "host" in wanted and "protocol" in wanted:
    held = [other for other in held if any(other.get(name) != wanted.get(name) for name in names)]
    held.append(wanted)
elif operation == "erase" and "host" in wanted and "protocol" in wanted:
    held = [other for other in held if not meant(other)]
json.dump(held, open(path, "w"))
"#;
