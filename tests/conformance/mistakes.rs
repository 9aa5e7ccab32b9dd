//! A small helper that is correct. Each possible mistake in it is detected.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Judged, SMALL_HELPER, judged};
use crate::support::{Test, system};

/// The report on the small helper when one part of it is another.
#[track_caller]
fn small_helper_with(right: &str, wrong: &str, options: &[&str]) -> Judged {
    assert!(SMALL_HELPER.contains(right), "the small helper has no `{right}`");
    let python = system("python3", "python3").display().to_string();
    let test = Test::new().file("helper.py", SMALL_HELPER.replace(right, wrong));
    let file = test.home().join("helper.py");
    let test = test.script("small", &format!("exec '{python}' -I -S '{}' \"$@\"", file.display()));
    judged(test, "small", options)
}

#[test]
#[ignore = "needs python3"]
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
#[ignore = "needs python3"]
fn a_helper_that_forgets_to_erase_or_erases_too_much_is_caught() {
    is_caught("if not meant(other)]", "]", "to erase what is not there succeeds");
    is_caught(
        "if not meant(other)]",
        "if not described(other)]",
        "an erase that names another password erases nothing",
    );
    is_caught("not meant(other)]", "False]", "an erase that names the user leaves the other users");
}

#[test]
#[ignore = "needs python3"]
fn a_helper_that_ignores_a_part_of_the_description_is_caught() {
    is_caught(r#""path", "username"]"#, r#""path"]"#, "two user names of one host are two credentials");
    is_caught(r#""host", "path","#, r#""host","#, "another protocol, host, port or path is another place");
    is_caught(r#"["protocol", "host","#, r#"["host","#, "a host is compared byte for byte");
}

#[test]
#[ignore = "needs python3"]
fn a_helper_that_answers_for_another_host_is_caught() {
    let right = "other.get(name) == wanted[name] for";
    let rule = "a host is compared byte for byte";
    is_caught(right, "other.get(name, '').endswith(wanted[name]) for".replace('\'', "\"").as_str(), rule);
    is_caught(right, "other.get(name, '').startswith(wanted[name]) for".replace('\'', "\"").as_str(), rule);
    is_caught(right, "other.get(name, '').lower() == wanted[name].lower() for".replace('\'', "\"").as_str(), rule);
}

#[test]
#[ignore = "needs python3"]
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
#[ignore = "needs python3"]
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

/// Features that a helper as small as this one does not have in the first place.
const NOT_IN_SO_SMALL_A_HELPER: [&str; 9] = [
    "what is stored without a user name is found without one",
    "an erase that names a pre-encoded credential erases no password",
    "an unknown attribute of a credential is kept with it",
    "when a password expires and its refresh token are kept with it",
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
        "an empty password for a provider is not stored, and does not replace another",
    ),
    (LEAVES, "    print(\"host=h\\n\\ncount=2\") if operation == \"list\" else 0\n    sys.exit(0)", LIST_IS_WHOLE),
    (LEAVES, "    print(\"password=x\\n\\ncount=1\") if operation == \"list\" else 0\n    sys.exit(0)", LIST_IS_WHOLE),
    (LEAVES, CLAIMS_AUTHTYPE, "what is ephemeral is not kept"),
    (LEAVES, CLAIMS_AUTHTYPE, "a pre-encoded credential is kept, and given to a caller that announces `authtype`"),
    (LEAVES, CLAIMS_EACH, "several requests in one go are answered one by one"),
    (LEAVES, CLAIMS_EACH, "of several requests that were cut short none is carried out"),
];

const LEAVES: &str = "    sys.exit(0)";
const CLAIMS_AUTHTYPE: &str =
    "    print(\"version 0\\ncapability authtype\") if operation == \"capability\" else 0\n    sys.exit(0)";
const CLAIMS_EACH: &str =
    "    print(\"version 0\\ncapability each\") if operation == \"capability\" else 0\n    sys.exit(0)";

const LIST_IS_WHOLE: &str = "`list` ends with the right count, and shows only what is public";

#[test]
#[ignore = "needs python3"]
fn a_mistake_against_each_rule_is_caught() {
    for (right, wrong, case) in MISTAKES {
        is_caught(right, wrong, case);
    }
    // With the tests above, that is every rule that the suite knows.
    let known = judged(Test::new(), "age", &[]);
    let caught: BTreeSet<&str> =
        concat!(include_str!("../conformance.rs"), include_str!("mistakes.rs"), include_str!("report.rs"))
            .split('"')
            .collect();
    let cases = known.report["cases"].as_array().expect("a list");
    let caught = cases.iter().filter(|case| case["name"].as_str().is_some_and(|name| caught.contains(name)));
    let rules: BTreeSet<&str> = caught.filter_map(|case| case["rule"].as_str()).collect();
    assert_eq!(known.rules(), rules);
}
