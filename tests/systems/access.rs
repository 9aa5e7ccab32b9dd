//! Files that every user of Windows can change or read are refused, as on Unix.

use std::path::Path;

use windows_permissions::constants::{SeObjectType::SE_FILE_OBJECT, SecurityInformation};
use windows_permissions::wrappers::SetNamedSecurityInfo;
use windows_permissions::{LocalBox, SecurityDescriptor};

use super::answer;
use crate::support::{SECRET, Test};

/// Gives all users this right to a file or a folder: `FA`, all, or `FR`, to read.
fn let_all(right: &str, path: &Path) {
    let list: LocalBox<SecurityDescriptor> =
        format!("D:P(A;OICI;FA;;;BA)(A;OICI;{right};;;WD)").parse().expect("a list");
    let which = SecurityInformation::Dacl | SecurityInformation::ProtectedDacl;
    SetNamedSecurityInfo(path.as_os_str(), SE_FILE_OBJECT, which, None, None, list.dacl(), None).expect("it is set");
}

const NOT_ASKED: &str =
    "error: no credential for `openai` (`https://api.openai.com`); some helpers could not be queried\n";

const CLOSE: &str = "/inheritance:d /remove:g *S-1-1-0 *S-1-5-11 *S-1-5-32-545";

#[test]
fn a_helper_that_anyone_could_have_put_there_is_not_started() {
    let test = Test::new().script("chest", "echo password=x").helpers("chest");
    let_all("FA", &test.bin());
    let problem = "`TEST/bin/modelforge-credential-chest` is not started: anyone can write to `TEST/bin`";
    let hint = format!("MSYS2_ARG_CONV_EXCL='*' icacls 'TEST/bin' {CLOSE}");
    let stderr = format!("warning: helper `chest` failed: {problem}\nhint: {hint}\n{NOT_ASKED}");
    test.args(["get"]).stdin("provider=openai\n").stderr(&stderr).failure();
}

#[test]
fn a_configuration_that_anyone_can_change_is_not_used() {
    let test = Test::new().config("helpers = ['age']\n");
    let_all("FA", &test.home().join(".config/modelforge-credential/config.toml"));
    let test = test.args(["get"]).stdin("provider=openai\n").any_stderr();
    let output = test.output();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.starts_with("error: others can change `~\\.config\\modelforge-credential\\config.toml`, so"),
        "{said}"
    );
    assert!(said.contains("/inheritance:r /grant:r \"$USERNAME:F\"\n"), "{said}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn an_identity_that_anyone_can_read_is_not_used() {
    let store = format!("provider=openai\npassword={SECRET}\n");
    let test = Test::new().helpers("age").args(["store"]).stdin(store).success();
    let identity = test.home().join(".local/share/modelforge-credential/identity.txt");
    let_all("FR", &identity);
    let test = test.args(["get"]).stdin("provider=openai\n").any_stderr();
    let output = test.output();
    let said = test.text(&output.stderr);
    assert!(said.contains("other users can access `~/.local/share/modelforge-credential/identity.txt`"), "{said}");
    assert!(output.stdout.is_empty());
}

#[test]
fn doctor_names_the_folders_and_files_that_anyone_can_change() {
    let test = Test::new().helpers("age");
    let_all("FA", &test.bin());
    let test = test.args(["store"]).stdin(format!("provider=openai\npassword={SECRET}\n")).any_stderr().success();
    let_all("FA", &test.home().join(".local/share/modelforge-credential/age"));
    let test = test.args(["doctor"]).any_stderr();
    let output = test.output();
    let said = String::from_utf8_lossy(&output.stdout);
    let finds = |check: &str, what: &str| said.lines().any(|line| line.contains(check) && line.contains(what));
    assert!(finds("path", "anyone can write to `") && finds("permissions", "others can read or change `"), "{said}");
    assert_eq!(output.status.code(), Some(1), "{said}");
}

#[test]
fn a_folder_of_ours_that_everybody_could_enter_is_made_private() {
    let test = Test::new().helpers("age");
    let_all("FR", &test.home());
    let test = test.args(["store"]).stdin(format!("provider=openai\npassword={SECRET}\n")).success();
    test.args(["get"]).stdin("provider=openai\n").stdout(&answer("default", SECRET)).success();
}
