//! The helper in the guide for authors works as the guide says.

use crate::support::{SECRET, Test};

fn with_the_helper_of_the_guide(pass: &str) -> Test {
    let guide = include_str!("../../docs/writing-a-helper.md");
    let start = guide.find("#!/bin/sh\n").expect("the helper is there");
    let end = start + guide[start..].find("```").expect("the block ends");
    Test::new().on_path("modelforge-credential-pass", &guide[start..end]).on_path("pass", pass)
}

#[test]
fn the_helper_of_the_guide_answers_for_its_provider_and_no_other_place() {
    let pass = "#!/bin/sh\n[ \"$*\" = 'show openai' ] && echo kept-by-pass\n";
    let test = with_the_helper_of_the_guide(pass);
    let test = test.helpers("pass").args(["print", "openai"]).stdout("kept-by-pass\n").success();
    let places = ["http://api.openai.com", "https://api.openai.com:444", "https://example.com"];
    let ask = |test: Test, place: &str| test.args(["get"]).stdin(format!("url={place}\n")).success();
    places.into_iter().fold(test, ask);
}

#[test]
fn the_helper_of_the_guide_fails_when_its_command_fails() {
    let test = with_the_helper_of_the_guide("#!/bin/sh\nexit 1\n").helpers("pass\nage");
    let stored = format!("protocol=https\nhost=api.openai.com\npassword={SECRET}\n");
    let test = test.program("modelforge-credential-age").args(["store"]).stdin(stored).success();
    let test = test.program("modelforge-credential").args(["print", "openai"]).stdout(&format!("{SECRET}\n"));
    test.stderr("warning: helper `pass` failed: exit status 1\n").success();
}

#[test]
fn the_helper_of_the_guide_keeps_the_protocol_as_the_guide_says() {
    let test = with_the_helper_of_the_guide("#!/bin/sh\nexit 1\n").args(["helpers", "test", "pass"]);
    let output = test.output();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let badge = text.lines().last().and_then(|line| line.split(": ").nth(2)).expect("there is a badge");
    let said = format!("`modelforge-credential helpers test pass` gives it the badge `{badge}`.");
    assert!(include_str!("../../docs/writing-a-helper.md").contains(&said), "{text}");
    assert_eq!(output.status.code(), Some(0));
}
