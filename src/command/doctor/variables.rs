//! Checks environment variables: those with a key that takes precedence over a stored one, and those that change what this program does.

use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Record};

use super::finding::Finding;
use super::helpers::Asked;
use crate::command::doctor::error;
use crate::config::closest;

const CHECK: &str = "environment";

const PREFIX: &str = "MODELFORGE_CREDENTIAL_";

/// The effect of each of our own variables, as text that follows its name.
const KNOWN: [(&str, &str); 11] = [
    ("ASKPASS", "names the program that asks for keys"),
    ("COMPLETE", "asks for completions instead of a command"),
    ("CONFIG", "names another configuration"),
    ("DEPTH", "counts how often this program is its own helper"),
    ("FOLDER", "names the directory of the caller"),
    ("HELPERS", "replaces the configured chain"),
    ("INTERACTIVE", "decides whether you may be prompted"),
    ("KEYRING_PREFIX", "hides your own keyring entries, for tests"),
    ("LOCK", "tells that the caller has a lock"),
    ("TRACE", "turns the trace on"),
    ("WARN_PLAINTEXT", "turns warnings about plain text on or off"),
];

pub fn check(chains: &[Vec<String>], asked: &[Asked]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = shadows(chains, asked);
    let set = std::env::vars_os().filter(|(name, value)| !value.is_empty() || counts_when_empty(name));
    let mut names: Vec<String> =
        set.filter_map(|(name, _)| Some(name.to_str()?.strip_prefix(PREFIX)?.to_owned())).collect();
    names.sort();
    for name in names {
        let variable = format!("{PREFIX}{name}");
        let known = KNOWN.iter().find(|(known, _)| *known == name);
        let problem = match known {
            Some((_, effect)) => error::variable_set(&variable, effect),
            None => {
                let meant = closest(&name, KNOWN.iter().map(|(known, _)| *known));
                error::variable_unknown(&variable, meant.map(|meant| format!("{PREFIX}{meant}")).as_deref())
            }
        };
        findings.push(Finding::warning(CHECK, &problem));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(CHECK, "no variable hides a stored key or changes the behavior of this program"));
    }
    findings
}

/// For these, an empty value means "none". For the others, it means that they are not set.
fn counts_when_empty(name: &std::ffi::OsStr) -> bool {
    name == "MODELFORGE_CREDENTIAL_HELPERS" || name == "MODELFORGE_CREDENTIAL_CONFIG"
}

/// A copy in a variable that hides a stored one for the same URL.
fn shadows(chains: &[Vec<String>], asked: &[Asked]) -> Vec<Finding> {
    let mut seen = Vec::new();
    for chain in chains {
        let mut from_variables: Vec<&Record> = Vec::new();
        for name in chain {
            let Some(one) = asked.iter().find(|one| one.name == *name) else { continue };
            for record in one.listed.iter().flatten().flatten() {
                if record.has("variable") {
                    from_variables.push(record);
                    continue;
                }
                let same = |variable: &&&Record| {
                    ["protocol", "host", "path"].iter().all(|key| variable.get(key) == record.get(key))
                };
                let is_usual = record.text("username").is_none_or(|account| account == DEFAULT_ACCOUNT);
                if let Some(variable) = from_variables.iter().find(same).filter(|_| is_usual)
                    && let Some(variable) = variable.text("variable")
                {
                    let finding = Finding::warning(CHECK, &error::variable_hides(variable, name, record));
                    if seen.iter().all(|known: &Finding| known.message != finding.message) {
                        seen.push(finding);
                    }
                }
            }
        }
    }
    seen
}
