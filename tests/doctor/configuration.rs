//! The configuration, the environment and ModelForge's file.

use std::fs;
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt;

use super::{findings, finds, well};
use crate::support::{SECRET, Test};

#[test]
fn with_a_broken_configuration_everything_else_is_checked_all_the_same() {
    let (_, found) = findings(Test::new().config("helpers = [\nnonsense"));
    assert_eq!(
        found[0],
        "error configuration: `~/.config/modelforge-credential/config.toml`, line 2: this is not TOML"
    );
    assert!(found.iter().any(|line| line.starts_with("ok helper: `age` ")), "{found:#?}");
    assert!(found.len() > 12);
    finds(
        Test::new().config("helper = []"),
        "error configuration: `~/.config/modelforge-credential/config.toml`, line 1: unknown key `helper` | did you mean `helpers`?",
    );
    finds(
        well().helpers("not/a/name"),
        "error configuration: MODELFORGE_CREDENTIAL_HELPERS: a helper is a name (lower-case letters, digits, `-`) or an absolute path",
    );
}

#[cfg(unix)]
#[test]
fn a_configuration_that_anyone_can_change_is_an_error_with_its_fix() {
    let test = well();
    let path = test.home().join(".config/modelforge-credential/config.toml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    finds(
        test,
        "error configuration: others can change `~/.config/modelforge-credential/config.toml`, so it is not used | chmod go-w ~/.config/modelforge-credential/config.toml",
    );
}

#[test]
fn a_provider_that_nobody_knows_is_an_error() {
    let test = Test::new().config("helpers = ['age']\n[provider.opnai]\naccount = 'work'\n");
    finds(
        test,
        "error configuration: `~/.config/modelforge-credential/config.toml`, line 2: unknown provider `opnai` | did you mean `openai`? else give it a `url` in its section: url = \"https://…\"",
    );
}

#[test]
fn a_mistyped_provider_of_exec_is_an_error_with_its_line() {
    let test = Test::new().config("helpers = ['age']\n[exec]\nproviders = [\n'openai:work',\n'opanai:work']\n");
    finds(
        test,
        "error configuration: `~/.config/modelforge-credential/config.toml`, line 5: unknown provider `opanai` | did you mean `openai`? if not: modelforge-credential login opanai --url https://…",
    );
    // The fault of one that is named twice is told once.
    let test = Test::new().config("helpers = ['age']\n[provider.opnai]\nenv = ['X']\n[exec]\nproviders = ['opnai']\n");
    finds(
        test,
        "error configuration: `~/.config/modelforge-credential/config.toml`, line 2: unknown provider `opnai` | did you mean `openai`? else give it a `url` in its section: url = \"https://…\"",
    );
}

#[test]
fn what_is_wrong_in_modelforges_file_is_a_warning() {
    let test = well().file(".config/model-forge/config.json", "{\"providers\": 1}");
    finds(test, "warning configuration: `~/.config/model-forge/config.json`: `$.providers` is not an object");
}

#[test]
fn a_variable_that_hides_a_kept_key_is_a_warning() {
    let test = well().env("MODELFORGE_CREDENTIAL_INTERACTIVE", "");
    let test = test.args(["approve"]).stdin(format!("provider=openai\npassword={SECRET}\n")).success();
    let (test, found) = findings(test);
    assert!(
        found.iter().any(|line| line.starts_with("ok environment: "))
            || found.iter().any(|line| line.contains("INTERACTIVE"))
    );
    let (_, found) = findings(test.env("OPENAI_API_KEY", SECRET));
    let expected = "warning environment: `OPENAI_API_KEY` takes precedence over the key in `age` for `https://api.openai.com` | unset OPENAI_API_KEY";
    assert!(found.iter().any(|line| line == expected), "{found:#?}");
}

#[test]
fn our_own_variables_that_are_set_are_named_without_their_values_and_so_are_those_that_nobody_knows() {
    let test = well().env("MODELFORGE_CREDENTIAL_TRACE", SECRET).env("MODELFORGE_CREDENTIAL_HELPER", SECRET);
    let (_, found) = findings(test);
    let found: Vec<&str> = found.iter().map(String::as_str).filter(|line| line.contains("environment")).collect();
    assert_eq!(
        found,
        [
            "warning environment: `MODELFORGE_CREDENTIAL_HELPER` is set, but it is not a known variable | did you mean `MODELFORGE_CREDENTIAL_HELPERS`?",
            "warning environment: `MODELFORGE_CREDENTIAL_INTERACTIVE` is set: it decides whether you may be prompted | unset MODELFORGE_CREDENTIAL_INTERACTIVE  # if that is not meant",
            "warning environment: `MODELFORGE_CREDENTIAL_TRACE` is set: it turns the trace on | unset MODELFORGE_CREDENTIAL_TRACE  # if that is not meant",
        ]
    );
}
