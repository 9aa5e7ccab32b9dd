//! Keys of several providers are got at once, with the same results as one by one.

use super::{SHOW, exec_output, keep};
use crate::support::{Test, program};

const PROVIDERS: [&str; 6] = ["openai", "mistral", "groq", "anthropic", "deepseek", "openrouter"];

#[test]
fn more_keys_cost_no_further_start_of_a_helper() {
    let starts = |count: usize| {
        let test = Test::new().counting("counted", "modelforge-credential-age").helpers("env\ncounted");
        let test = keep(test, &PROVIDERS);
        test.starts();
        let shown = exec_output(&test, &PROVIDERS[..count].join(" "), SHOW);
        assert!(PROVIDERS[..count].iter().all(|provider| shown.contains(&format!(" -{provider}\n"))), "{shown}");
        test.starts()
    };
    let once = ["counted capability", "counted get-each"].map(|operation| (operation.to_owned(), 1));
    assert_eq!(starts(3), once.into());
    assert_eq!(starts(6), starts(3));
}

/// The exit status and what is said.
fn said(test: &Test, words: &str) -> (Option<i32>, String) {
    let core = program("modelforge-credential").display().to_string();
    let words: Vec<_> = [&*core, "exec"].into_iter().chain(words.split_whitespace()).collect();
    let output = test.run(&[&*words, &["--", "sh", "-c", "true"]].concat(), "");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn what_is_missing_fails_or_expired_is_told_as_if_each_were_asked_for_alone() {
    let test = keep(Test::new().helpers("env\nage"), &["openai:work", "mistral", "groq"]);
    // Stored past the core, which keeps nothing that has expired.
    let old =
        "protocol=https\nhost=api.deepseek.com\nusername=default\npassword=-old\npassword_expiry_utc=1000000000\n";
    let test = test.program("modelforge-credential-age").args(["store"]).stdin(old).success();
    let test = test.script("broken", "echo 'error: it is locked' >&2; exit 1");
    let mut test = test.program("modelforge-credential");
    for helpers in ["env\nage", "broken\nenv\nage"] {
        test = test.helpers(helpers);
        for one in ["anthropic", "deepseek", "openai", "anthropic --allow-missing", "nobody"] {
            // Two are too few to be asked for together.
            let (status, alone) = said(&test, &format!("mistral {one}"));
            assert!(!alone.is_empty(), "{one}");
            assert_eq!(said(&test, &format!("mistral groq {one}")), (status, alone), "{helpers:?} {one}");
        }
    }
}

#[test]
fn each_key_that_was_got_is_in_the_log() {
    let test = keep(Test::new().helpers("env\nage"), &PROVIDERS);
    let log = test.home().join(".local/state/modelforge-credential/audit.jsonl");
    let before = std::fs::read_to_string(&log).expect("a log").lines().count();
    exec_output(&test, &PROVIDERS.join(" "), SHOW);
    let lines = std::fs::read_to_string(&log).expect("a log");
    let new: Vec<&str> = lines.lines().skip(before).collect();
    assert_eq!(new.len(), PROVIDERS.len());
    for (line, provider) in new.iter().zip(PROVIDERS) {
        let has = |text: &str| line.contains(text);
        assert!(has("\"exec\"") && has(&format!("\"{provider}\"")) && has("\"found\"") && has("\"age\""), "{line}");
    }
}
