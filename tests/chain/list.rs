//! Lists, and what one helper learns from another one.

use super::approve;
use crate::support::Test;

#[test]
fn answers_accumulate_along_the_chain() {
    let test = Test::new()
        .script("name", "echo username=ann")
        .script("key", "grep -q username=ann && echo password=p")
        .helpers("name\nkey");
    test.args(["get"])
        .stdin("protocol=https\nhost=example.com\n")
        .stdout("protocol=https\nhost=example.com\nusername=ann\npassword=p\n")
        .success();
}

#[test]
fn a_list_without_its_count_is_not_taken_for_whole() {
    let test = Test::new()
        .script("whole", "printf 'protocol=https\\nhost=a\\nusername=u\\npassword=p\\n\\ncount=1\\n'")
        .script("cut", "printf 'protocol=https\\nhost=b\\n\\n'")
        .script("cannot", "exit 0");
    let whole = "protocol=https\nhost=a\nusername=u\nhelper=whole\n\n";
    let test = test.helpers("whole").args(["list"]).stdout(&format!("{whole}count=1\n")).success();
    let test = test.helpers("whole\ncannot").args(["list"]).stdout(whole).success();
    test.helpers("whole\ncut")
        .args(["list"])
        .stdout(whole)
        .stderr(
            "warning: helper `cut` failed: its list was truncated: the last line is not the count of the entries\n\
             error: the list is incomplete: some helpers could not be queried\n",
        )
        .failure();
}

#[test]
fn a_list_asks_the_helpers_that_a_provider_has_of_its_own() {
    let test = Test::new().config("helpers = ['env']\n[provider.openai]\nhelpers = ['age']");
    let test = approve(test).success();
    let output = test.args(["list"]).any_stderr().output();
    let listed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(listed.contains("provider=openai") && listed.ends_with("count=1\n"), "{listed}");
}
