//! Every helper keeps every rule, ours and other people's; and the suite itself notices who does not.

use crate::support::conformance::{Beyond, Home, Subject, broken_rules, conforms};
use crate::support::keyring::Keyring;
use crate::support::{Test, program, system};

fn subject(name: &str) -> Subject {
    Subject::new([program(name).display().to_string()])
}

/// A home in which git asks nobody and reads no configuration of the machine.
fn home() -> Home {
    let test = Test::new().env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_TERMINAL_PROMPT", "0");
    test.helpers("age").into()
}

fn home_with_keyring() -> Home {
    let keyring = Keyring::start();
    let variables = keyring.env();
    let mut test = home().test;
    for (name, value) in variables.iter().filter(|(name, _)| *name != "HOME" && *name != "XDG_DATA_HOME") {
        test = test.env(name, value.to_string_lossy());
    }
    Home { test, keyring: Some(keyring) }
}

#[test]
fn age_keeps_every_rule() {
    conforms(&subject("modelforge-credential-age"), home);
}

#[test]
fn age_keeps_every_rule_through_git() {
    conforms(&subject("modelforge-credential-age").through_git(), home);
}

#[test]
fn the_keyring_keeps_every_rule() {
    conforms(&subject("modelforge-credential-keyring").without([Beyond::AnyPath]), home_with_keyring);
}

#[test]
fn the_keyring_keeps_every_rule_through_git() {
    conforms(&subject("modelforge-credential-keyring").through_git(), home_with_keyring);
}

#[test]
fn the_core_as_a_helper_keeps_every_rule() {
    conforms(&subject("modelforge-credential"), home);
}

#[test]
fn the_core_as_a_helper_keeps_every_rule_through_git() {
    conforms(&subject("modelforge-credential").through_git(), home);
}

/// `MODELFORGE_TEST_HELPER='/path/to/program --its --options'` puts your helper to the test; unset, the core asks a core that asks `age`.
/// `MODELFORGE_TEST_HELPER_LACKS` may name what it does not claim to do: `strict attributes authtype list nameless anypath
/// concurrent`.
#[test]
fn the_helper_named_in_the_environment_keeps_every_rule() {
    let nested = format!("'{}'", program("modelforge-credential").display());
    let line = std::env::var("MODELFORGE_TEST_HELPER").unwrap_or(nested);
    let words = shell_words::split(&line).expect("MODELFORGE_TEST_HELPER is a program and its arguments");
    let lacks = std::env::var("MODELFORGE_TEST_HELPER_LACKS").unwrap_or_default();
    let lacks: Vec<_> = lacks
        .split_whitespace()
        .map(|word| match word {
            "strict" => Beyond::Strict,
            "attributes" => Beyond::Attributes,
            "authtype" => Beyond::Authtype,
            "list" => Beyond::List,
            "nameless" => Beyond::Nameless,
            "anypath" => Beyond::AnyPath,
            "concurrent" => Beyond::Concurrent,
            _ => panic!("MODELFORGE_TEST_HELPER_LACKS: nobody knows `{word}`"),
        })
        .collect();
    let subject = Subject::new(words).without(lacks).in_plain_text();
    conforms(&subject, nested_home);
    conforms(&subject.through_git(), nested_home);
}

/// The chain is a script that runs the core again, which asks `age`.
fn nested_home() -> Home {
    let core = program("modelforge-credential");
    let body = format!("MODELFORGE_CREDENTIAL_HELPERS=age exec '{}' \"$@\"", core.display());
    home().test.script("nested", &body).helpers("nested").into()
}

/// What git's own plain-text helper does not do.
const ONLY_WHAT_GIT_ASKS: [Beyond; 6] =
    [Beyond::Strict, Beyond::Attributes, Beyond::Authtype, Beyond::List, Beyond::Nameless, Beyond::Concurrent];

#[test]
fn the_suite_accepts_gits_own_helper() {
    let git = system("git", "git").display().to_string();
    let subject = Subject::new([git, "credential-store".into()]).without(ONLY_WHAT_GIT_ASKS);
    let make_home = || {
        let test = home().test;
        let file = test.home().join(".git-credentials");
        Home::from(test.may_hold_the_secret(file))
    };
    conforms(&subject, make_home);
    conforms(&subject.through_git(), make_home);
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
elif operation == "store" and "password" in wanted and "host" in wanted and "protocol" in wanted:
    held = [other for other in held if any(other.get(name) != wanted.get(name) for name in names)]
    held.append(wanted)
elif operation == "erase" and "host" in wanted and "protocol" in wanted:
    held = [other for other in held if not meant(other)]
json.dump(held, open(path, "w"))
"#;

/// Those of the chosen rules that the small helper breaks when one part of it is another.
#[track_caller]
fn broken_by(right: &str, wrong: &str, chosen: impl Fn(&str) -> bool) -> Vec<(&'static str, String)> {
    assert!(SMALL_HELPER.contains(right), "the small helper has no `{right}`");
    let python = system("python3", "python3").display().to_string();
    let make_home = || {
        let test = home().test.file("helper.py", SMALL_HELPER.replace(right, wrong));
        let file = test.home().join("kept");
        Home::from(
            test.script("small", &format!("exec '{python}' \"$HOME/helper.py\" \"$@\"")).may_hold_the_secret(file),
        )
    };
    let subject = Subject::new(["/usr/bin/env", "modelforge-credential-small"]).without(ONLY_WHAT_GIT_ASKS);
    broken_rules(&subject, chosen, make_home)
}

#[test]
fn the_suite_accepts_a_small_correct_helper() {
    assert_eq!(broken_by("", "", |_| true), []);
}

#[track_caller]
fn is_caught(right: &str, wrong: &str, rule: &str) {
    assert_eq!(broken_by(right, wrong, |name| name == rule).len(), 1, "`{wrong}` instead of `{right}` passes `{rule}`");
}

#[test]
fn the_suite_rejects_a_helper_that_forgets_to_erase_or_erases_too_much() {
    is_caught("if not meant(other)]", "]", "to erase what is not there is no failure");
    is_caught(
        "if not meant(other)]",
        "if not described(other)]",
        "an erase that names another password erases nothing",
    );
    is_caught("not meant(other)]", "False]", "an erase that names the user leaves the other users");
}

#[test]
fn the_suite_rejects_a_helper_that_ignores_a_part_of_the_description() {
    is_caught(r#""path", "username"]"#, r#""path"]"#, "two user names of one host are two credentials");
    is_caught(r#""host", "path","#, r#""host","#, "another protocol, host, port or path is another place");
    is_caught(r#"["protocol", "host","#, r#"["host","#, "a host is compared byte for byte");
}

#[test]
fn the_suite_rejects_a_helper_that_answers_for_another_host() {
    let right = "other.get(name) == wanted[name] for";
    let rule = "a host is compared byte for byte";
    is_caught(right, "other.get(name, '').endswith(wanted[name]) for".replace('\'', "\"").as_str(), rule);
    is_caught(right, "other.get(name, '').startswith(wanted[name]) for".replace('\'', "\"").as_str(), rule);
    is_caught(right, "other.get(name, '').lower() == wanted[name].lower() for".replace('\'', "\"").as_str(), rule);
}

#[test]
fn the_suite_rejects_a_helper_that_alters_what_it_keeps() {
    let rule = "a value is kept as it is: blanks, quotation marks, `=`, UTF-8";
    is_caught("wanted[key] = value", "wanted[key] = value.strip()", rule);
    is_caught(r#"line.partition("=")"#, r#"line.rpartition("=")"#, rule);
    let rule = "a long value is kept whole or refused, and the older one stays";
    is_caught("wanted[key] = value", "wanted[key] = value[:8192]", rule);
    let rule = "a password that is not UTF-8 is kept as it is or refused";
    is_caught("wanted[key] = value", r#"wanted[key] = value.replace("\xff", "?")"#, rule);
}

#[test]
fn the_suite_rejects_a_helper_that_reads_or_says_too_much() {
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
