//! The trace: one line for each hop, without secrets; silence without it.

use crate::support::{SECRET, Test};

/// Runs with the trace, and gives its lines with the times as `N`.
#[track_caller]
fn trace(test: &Test) -> String {
    let output = test.output();
    let stderr = test.text(&output.stderr);
    let stderr = stderr.replace(&*crate::support::programs().to_string_lossy(), "BIN");
    let stderr = stderr.replace(&test.bin().to_string_lossy().replace('\\', "/"), "TEST");
    let mut masked = String::new();
    for line in crate::support::as_elsewhere(stderr).lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let times = |at: usize| words[at].parse::<f64>().is_ok() && words.get(at + 1) == Some(&"ms");
        let words: Vec<&str> = (0..words.len()).map(|at| if times(at) { "N" } else { words[at] }).collect();
        masked.push_str(&words.join(" "));
        masked.push('\n');
    }
    masked
}

fn chain() -> Test {
    Test::new()
        .script("misses", "exit 0")
        .script("fails", "exit 42")
        .script("garbles", "echo password=x; echo nonsense")
        .script("has", &format!("echo password={SECRET}; echo account_of_somebody={SECRET}"))
        .helpers("misses\nfails\ngarbles\nabsent\nhas --option")
        .stdin("provider=openai\nsomething=else\n")
}

const LINES: &str = "\
trace: misses get: found nothing in N ms (TEST/modelforge-credential-misses) protocol=https host=api.openai.com provider=openai sign_in=api_key and 1 more
trace: fails get: failed: exit status 42 in N ms (TEST/modelforge-credential-fails) protocol=https host=api.openai.com provider=openai sign_in=api_key and 1 more
trace: garbles get: failed: its answer is malformed (line 2 has no `=`) and not used in N ms (TEST/modelforge-credential-garbles) protocol=https host=api.openai.com provider=openai sign_in=api_key and 1 more
trace: has get: found in N ms (TEST/modelforge-credential-has) password=<redacted> and 1 more
warning: helper `fails` failed: exit status 42
warning: helper `garbles` failed: its answer is malformed (line 2 has no `=`) and not used
warning: helper `absent` failed: helper `absent` is not installed beside the program or on PATH
hint: put a program named modelforge-credential-absent on PATH
";

#[test]
fn verbose_shows_a_line_for_each_hop_without_secrets_and_without_keys_that_nobody_knows() {
    let test = chain().args(["--verbose", "get"]);
    assert_eq!(trace(&test), LINES);
    let test = test.args(["get", "-v"]);
    assert_eq!(trace(&test), LINES);
}

#[test]
fn the_variable_turns_it_on_and_only_with_1() {
    let test = chain().env("MODELFORGE_CREDENTIAL_TRACE", "1").args(["get"]);
    assert_eq!(trace(&test), LINES);
    for value in ["", "0"] {
        let test = chain().env("MODELFORGE_CREDENTIAL_TRACE", value).args(["get"]);
        assert!(!trace(&test).contains("trace:"));
    }
}

#[test]
fn a_store_an_erase_and_a_list_are_shown_as_well() {
    let test = Test::new().script("sink", "exit 0").helpers("sink");
    let test = test.args(["-v", "approve"]).stdin(format!("provider=openai\npassword={SECRET}\n"));
    assert_eq!(
        trace(&test),
        "trace: sink get: found nothing in N ms (TEST/modelforge-credential-sink) protocol=https host=api.openai.com provider=openai username=default\n\
         trace: sink store: done in N ms (TEST/modelforge-credential-sink) protocol=https host=api.openai.com provider=openai password=<redacted> username=default\n\
         trace: sink get: found nothing in N ms (TEST/modelforge-credential-sink) protocol=https host=api.openai.com provider=openai username=default\n\
         error: no helper stored the credential for `openai` (`https://api.openai.com`)\n\
         hint: modelforge-credential doctor\n"
    );
    let test = test.args(["-v", "reject"]).stdin("provider=openai\n");
    assert_eq!(
        trace(&test),
        "trace: sink erase: done in N ms (TEST/modelforge-credential-sink) protocol=https host=api.openai.com provider=openai\n"
    );
    let test = test.args(["-v", "list"]).stdin("");
    assert_eq!(trace(&test), "trace: sink list: done in N ms (TEST/modelforge-credential-sink)\n");
}

#[test]
fn a_control_character_in_a_request_is_visible_in_the_trace() {
    let test = Test::new().script("sink", "exit 0").helpers("sink").args(["-v", "get"]);
    let test = test.stdin("protocol=https\nhost=a\u{1b}[2Jb\nusername=u\u{202e}\n");
    assert!(trace(&test).contains("host=a\\u{1b}[2Jb username=u\\u{202e}"), "{}", trace(&test));
}

#[test]
fn without_it_a_get_is_silent() {
    let test = Test::new().script("has", "echo password=p").helpers("has").args(["get"]).stdin("provider=openai\n");
    test.stdout("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword=p\n").success();
}
