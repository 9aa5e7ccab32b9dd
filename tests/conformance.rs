//! Every helper keeps every rule, ours and other people's, as `helpers test` says; and it notices who does not.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::keyring::Keyring;
use crate::support::{Test, program, system};

/// What `helpers test` said: its exit status, and its JSON.
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
        assert_eq!(self.names("broken"), not_taken, "{}{}", self.reasons(), self.said);
        assert_eq!((self.names("not offered"), self.names("not run")), (vec![], vec![]));
        assert_eq!((self.status, &*self.said), (Some(0), ""));
        assert_eq!(self.report["keeps_the_rules_of"], "protocol");
        assert_eq!((&self.report["keeps"], &self.report["plain_text"]), (&Value::Bool(true), &Value::Bool(false)));
        assert_eq!(self.report["left"].as_array().map(Vec::len), Some(0));
        self
    }
}

/// How many cases there are for a helper that keeps credentials, and how many of them git can be made to say.
const ALL: usize = 55;
const GIT_CAN_SAY: usize = 17;

/// What git does not store with a password unless it is asked in another way.
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
fn age_keeps_every_rule_through_git() {
    let judged = judged(Test::new(), "age", &["--through-git"]);
    assert_eq!(judged.keeps_every_rule_but(&[]).names("holds").len(), GIT_CAN_SAY);
}

#[test]
fn the_keyring_keeps_every_rule_and_is_empty_afterwards() {
    let keyring = Keyring::start();
    let judged = judged(with(&keyring), "keyring", &["--risky"]);
    assert_eq!(judged.keeps_every_rule_but(&[ANY_PATH]).names("holds").len(), ALL - 1);
    assert_eq!(judged.report["shared"], true);
    assert_eq!(keyring.items(), 0);
}

#[test]
fn the_keyring_keeps_every_rule_through_git() {
    let keyring = Keyring::start();
    let judged = judged(with(&keyring), "keyring", &["--risky", "--through-git"]);
    assert_eq!(judged.keeps_every_rule_but(&[]).names("holds").len(), GIT_CAN_SAY);
    assert_eq!(keyring.items(), 0);
}

#[test]
fn what_could_erase_a_persons_own_entries_is_not_sent_to_a_keyring_unless_they_say_so() {
    let keyring = Keyring::start();
    let stored = format!("protocol=https\nhost=mine.example\nusername=me\npassword={}\n", crate::support::SECRET);
    let test = with(&keyring).program("modelforge-credential-keyring").args(["store"]).stdin(&stored).success();
    let judged = judged(test.program("modelforge-credential"), "keyring", &[]);
    assert_eq!(
        judged.names("not run"),
        ["an empty host is no wildcard", "what a helper says on standard error holds no secret"]
    );
    assert_eq!(judged.names("broken"), [ANY_PATH]);
    assert_eq!((judged.status, keyring.items()), (Some(0), 1));
}

#[test]
fn the_core_as_a_helper_keeps_every_rule() {
    let core = program("modelforge-credential").display().to_string();
    let judged = judged(Test::new().helpers("age"), &core, &[]);
    assert_eq!(judged.keeps_every_rule_but(&[]).names("holds").len(), ALL);
}

#[test]
fn the_core_as_a_helper_keeps_every_rule_through_git() {
    let core = program("modelforge-credential").display().to_string();
    let judged = judged(Test::new().helpers("age"), &core, &["--through-git"]);
    assert_eq!(judged.keeps_every_rule_but(&[]).names("holds").len(), GIT_CAN_SAY);
}

/// `MODELFORGE_TEST_HELPER='/path/to/program --its --options'` puts your helper to the test; unset, the core asks a core that asks `age`.
/// `MODELFORGE_TEST_OPTIONS` may hold options of `helpers test`, such as `--rules git`.
#[test]
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

/// What is said of the small helper when one part of it is another.
#[track_caller]
fn small_helper_with(right: &str, wrong: &str, options: &[&str]) -> Judged {
    assert!(SMALL_HELPER.contains(right), "the small helper has no `{right}`");
    let python = system("python3", "python3").display().to_string();
    let test = Test::new().file("helper.py", SMALL_HELPER.replace(right, wrong));
    let file = test.home().join("helper.py");
    let test = test.script("small", &format!("exec '{python}' '{}' \"$@\"", file.display()));
    judged(test, "small", options)
}

#[test]
fn a_small_correct_helper_keeps_gits_rules() {
    let judged = small_helper_with("", "", &["--rules", "git"]);
    assert_eq!(
        (judged.status, &judged.report["keeps_the_rules_of"]),
        (Some(0), &Value::from("git")),
        "{}",
        judged.reasons()
    );
    // Whether it loses something when many store at once is a matter of luck.
    let is_luck = |name: &&str| name.contains(" at once ") || name.contains("meets a store");
    let broken: Vec<&str> = judged.names("broken").into_iter().filter(|name| !is_luck(name)).collect();
    assert_eq!(broken, NOT_IN_SO_SMALL_A_HELPER[..8]);
}

#[track_caller]
fn is_caught(right: &str, wrong: &str, rule: &str) {
    let judged = small_helper_with(right, wrong, &["--only", rule]);
    assert_eq!(judged.names("broken"), [rule], "`{wrong}` instead of `{right}` passes `{rule}`");
    assert_eq!(judged.status, Some(1));
    // And it is this mistake that is caught.
    assert!(!NOT_IN_SO_SMALL_A_HELPER.contains(&rule), "the correct helper breaks it, too");
}

#[test]
fn a_helper_that_forgets_to_erase_or_erases_too_much_is_caught() {
    is_caught("if not meant(other)]", "]", "to erase what is not there is no failure");
    is_caught(
        "if not meant(other)]",
        "if not described(other)]",
        "an erase that names another password erases nothing",
    );
    is_caught("not meant(other)]", "False]", "an erase that names the user leaves the other users");
}

#[test]
fn a_helper_that_ignores_a_part_of_the_description_is_caught() {
    is_caught(r#""path", "username"]"#, r#""path"]"#, "two user names of one host are two credentials");
    is_caught(r#""host", "path","#, r#""host","#, "another protocol, host, port or path is another place");
    is_caught(r#"["protocol", "host","#, r#"["host","#, "a host is compared byte for byte");
}

#[test]
fn a_helper_that_answers_for_another_host_is_caught() {
    let right = "other.get(name) == wanted[name] for";
    let rule = "a host is compared byte for byte";
    is_caught(right, "other.get(name, '').endswith(wanted[name]) for".replace('\'', "\"").as_str(), rule);
    is_caught(right, "other.get(name, '').startswith(wanted[name]) for".replace('\'', "\"").as_str(), rule);
    is_caught(right, "other.get(name, '').lower() == wanted[name].lower() for".replace('\'', "\"").as_str(), rule);
}

#[test]
fn a_helper_that_alters_what_it_keeps_is_caught() {
    let rule = "a value is kept as it is: blanks, quotation marks, `=`, UTF-8";
    is_caught("wanted[key] = value", "wanted[key] = value.strip()", rule);
    is_caught(r#"line.partition("=")"#, r#"line.rpartition("=")"#, rule);
    let rule = "a long value is kept whole or refused, and the older one stays";
    is_caught("wanted[key] = value", "wanted[key] = value[:8192]", rule);
    let rule = "a password that is not UTF-8 is kept as it is or refused";
    is_caught("wanted[key] = value", r#"wanted[key] = value.replace("\xff", "?")"#, rule);
}

#[test]
fn a_helper_that_reads_or_says_too_much_is_caught() {
    let rule = "an empty line ends the request, and nothing after it is read";
    is_caught("    if not line:\n        break\n", "", rule);
    is_caught(
        "    held.append(wanted)",
        "    held.append(wanted); print(1)",
        "what is stored is found, with and without its user name",
    );
    let rule = "an unknown operation is ignored: nothing printed, exit status 0";
    is_caught("    sys.exit(0)", "    sys.exit(1)", rule);
    let rule = "a get of what is not there prints nothing, and its exit status is 0";
    is_caught(
        "    for found in filter(described, held):",
        "    if not any(map(described, held)): sys.exit(1)\n    for found in filter(described, held):",
        rule,
    );
    is_caught(
        "    held.append(wanted)",
        "    held.insert(0, wanted) if held else held.append(wanted); held = held[:1]",
        "two user names of one host are two credentials",
    );
}

/// What a helper as small as this one does not do in the first place.
const NOT_IN_SO_SMALL_A_HELPER: [&str; 9] = [
    "what is stored without a user name is found without one",
    "an erase that names a pre-encoded credential erases no password",
    "an unknown attribute of a credential is kept with it",
    "when a password ends and its refresh token are kept with it",
    "a request without protocol or host is refused, and changes nothing",
    "a request with a malformed line is refused, and changes nothing",
    "input without an end is refused before it fills the memory",
    "an ephemeral password is not kept, whatever the helper knows of `authtype`",
    "of those that store the same at once one remains, whole, and a later store replaces it",
];

/// A mistake for each rule that is not among those: what is right, what is wrong, and the case that notices.
const MISTAKES: &[(&str, &str, &str)] = &[
    (
        "held = json",
        "sys.stderr.write(wanted.get(\"password\", \"\"))\nheld = json",
        "what a helper says on standard error holds no secret",
    ),
    (
        "    wanted[key] = value",
        "    wanted[key] = value\n    if \"zq\" in key: sys.exit(1)",
        "unknown attributes of a request are ignored",
    ),
    ("line = line[:-1] if line.endswith(\"\\r\") else line", "pass", "lines that end as on Windows are the same lines"),
    ("in sys.stdin.buffer:", "in sys.stdin.buffer.read().split(b\"\\n\")[:-1]:", "the last line need not be ended"),
    ("wanted[key] = value", "wanted.setdefault(key, value)", "of an attribute that is given twice the last one counts"),
    (
        "    held = [other for other in held if any(other.get(name) != wanted.get(name) for name in names)]\n",
        "",
        "a store replaces the older password",
    ),
    (
        "wanted.get(\"password\") and",
        "\"password\" in wanted and",
        "an empty password is not kept, and does not replace another",
    ),
    (LEAVES, "    print(\"host=h\\n\\ncount=2\") if operation == \"list\" else 0\n    sys.exit(0)", LIST_IS_WHOLE),
    (LEAVES, "    print(\"password=x\\n\\ncount=1\") if operation == \"list\" else 0\n    sys.exit(0)", LIST_IS_WHOLE),
    (LEAVES, CLAIMS_AUTHTYPE, "what is ephemeral is not kept"),
    (LEAVES, CLAIMS_AUTHTYPE, "a pre-encoded credential is kept, and given to who announced that it knows what it is"),
];
const LEAVES: &str = "    sys.exit(0)";
const CLAIMS_AUTHTYPE: &str =
    "    print(\"version 0\\ncapability authtype\") if operation == \"capability\" else 0\n    sys.exit(0)";
const LIST_IS_WHOLE: &str = "`list` ends with the right count, and shows only what is public";

#[test]
fn a_mistake_against_each_rule_is_caught() {
    for (right, wrong, case) in MISTAKES {
        is_caught(right, wrong, case);
    }
    // With the tests above, that is every rule that the suite knows.
    let known = judged(Test::new(), "age", &[]);
    let caught: BTreeSet<&str> = include_str!("conformance.rs").split('"').collect();
    let cases = known.report["cases"].as_array().expect("a list");
    let caught = cases.iter().filter(|case| case["name"].as_str().is_some_and(|name| caught.contains(name)));
    let rules: BTreeSet<&str> = caught.filter_map(|case| case["rule"].as_str()).collect();
    assert_eq!(known.rules(), rules);
}

#[test]
fn a_helper_that_hangs_costs_a_second_a_case_at_the_most_and_the_others_go_on() {
    let start = Instant::now();
    let test = Test::new().script("hangs", "[ \"$1\" != get ] || exec sleep 600; exit 0");
    let judged = judged(test, "hangs", &["--timeout", "200ms"]);
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    assert!(judged.names("broken").contains(&"a get of what is not there finds nothing"));
    assert!(judged.reasons().contains("it did not answer within 0.2 s and was ended"), "{}", judged.reasons());
    assert!(judged.names("holds").contains(&"an unknown operation is ignored: nothing printed, exit status 0"));
    assert_eq!(judged.status, Some(1));
}

#[test]
fn a_helper_that_cannot_store_is_not_judged_and_says_why() {
    let test =
        Test::new().script("locked", "[ \"$1\" != store ] || { echo 'error: the vault is locked' >&2; exit 1; }");
    let judged = judged(test, "locked", &[]);
    let said =
        "error: helper `locked` could not store, so it was not judged: exit status 1: error: the vault is locked\n";
    assert_eq!((judged.status, &*judged.said), (Some(1), said));
}

/// A helper whose store is in one place, whatever the home folder is: like a keyring.
fn with_a_shared_store(test: Test, extra: &str) -> Test {
    let (python, folder) = (system("python3", "python3").display().to_string(), test.home());
    let text = SMALL_HELPER.replace("os.environ[\"HOME\"]", &format!("{:?}", folder.display().to_string()));
    let test = test.file("helper.py", text);
    let file = test.home().join("helper.py");
    test.script("shared", &format!("{extra}\nexec '{python}' '{}' \"$@\"", file.display()))
}

#[test]
fn what_is_kept_outside_of_the_home_is_erased_again_whatever_happens() {
    let test = with_a_shared_store(Test::new(), "");
    let kept = test.home().join("kept");
    let test = test.args(["helpers", "test", "shared", "--json"]);
    let judged = Judged::of(&test);
    assert_eq!(judged.report["shared"], true);
    assert_eq!(std::fs::read_to_string(&kept).expect("it is there"), "[]");

    // Ctrl-C in the middle of a case, when something was stored.
    let test = Test::new();
    let kept = test.home().join("kept");
    let extra = format!("[ \"$1\" != get ] || ! grep -q bob '{}' || kill -INT $PPID", kept.display());
    let test = with_a_shared_store(test, &extra).args(["helpers", "test", "shared", "--json"]);
    let judged = Judged::of(&test);
    assert_eq!(judged.said, "error: the test was interrupted; what it had stored was erased\n");
    assert_eq!((judged.status, judged.names("holds").len()), (Some(1), 3));
    assert_eq!(std::fs::read_to_string(&kept).expect("it is there"), "[]");
}

#[test]
fn what_a_helper_does_not_erase_is_named() {
    let test = with_a_shared_store(Test::new(), "[ \"$1\" != erase ] || exit 0");
    let judged = Judged::of(&test.args(["helpers", "test", "shared", "--json", "--only", "O5"]));
    assert_eq!(judged.status, Some(1));
    assert!(
        judged.said.starts_with("error: helper `shared` did not erase what the test stored: protocol=https host=zq")
    );
    assert!(!judged.report["left"].as_array().expect("a list").is_empty());
}

#[test]
fn it_is_told_as_it_goes_with_a_verdict_and_a_badge() {
    let said = "\
testing `liar` (TEST/bin/modelforge-credential-liar)
ok       O1  an unknown operation is ignored: nothing printed, exit status 0
BROKEN   O1  an unknown operation does not read what might mean something else there: `WORD` failed with exit status 1
it keeps nothing, and was judged as a helper that only answers
verdict: it does what git asks of a helper, and breaks O1 of the protocol
";
    let test = Test::new().script("liar", "case $1 in get|store|erase) ;; *) ! grep -q junk ;; esac");
    let output = test.args(["helpers", "test", "liar", "--only", "O1"]);
    let output = output.output();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let word = text.split('`').find(|word| word.starts_with("zq")).expect("the operation is named").to_owned();
    let folder = text.split(['(', ')']).nth(1).expect("the path").replace("/bin/modelforge-credential-liar", "");
    assert_eq!(text.replace(&word, "WORD").replace(&folder, "TEST"), said);
    let said = "error: helper `liar` does not keep the rules that it was judged by\n";
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(1), said));
    let output = Test::new().args(["helpers", "test", "env"]).output();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.ends_with("keeps the protocol, and no credentials (11 of 11 cases)\n"), "{text}");
}

#[test]
fn a_helper_that_was_put_to_no_case_gets_no_verdict_and_is_called_as_it_was_typed() {
    let test = Test::new().script("mine", "exit 1");
    let script = test.bin().join("modelforge-credential-mine");
    std::fs::copy(&script, test.work().join("mine")).expect("a copy");
    let test = test.args(["helpers", "test", "./mine", "--only", "O6"]);
    let problem = "error: helper `./mine` could not store, so it was not judged: exit status 1\n";
    let said = "testing `./mine` (TEST/work/mine)\nit could not store, so only what needs no store was tried\n\
                verdict: none, for no case applies to it\n";
    test.stdout(said).stderr(problem).failure();
}

#[test]
fn what_cannot_be_tested_is_a_mistake_of_the_caller() {
    let test = Test::new();
    let test = test.args(["helpers", "test", "age", "--only", "nonsense"]);
    let hint = "hint: modelforge-credential helpers test age --only O5\n";
    let test = test.stderr(&format!("error: no case has `nonsense` as its rule or in its name\n{hint}")).status(2);
    let test = test.args(["helpers", "test", "age", "--timeout", "soon"]);
    let test = test.stderr("error: `--timeout` is not a duration\nhint: --timeout 5s  # or 500ms, 2m\n").status(2);
    let test = test.args(["helpers", "test"]);
    let hint = "hint: modelforge-credential helpers test --help\n";
    let test = test.stderr(&format!("error: `<HELPER>` is missing\n{hint}")).status(2);
    let test = test.args(["helpers", "test", "not there"]);
    let missing = "error: helper `not` is not installed beside the program or on PATH\n";
    test.stderr(&format!("{missing}hint: put a program named modelforge-credential-not on PATH\n")).failure();
}
