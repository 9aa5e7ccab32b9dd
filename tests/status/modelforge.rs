//! Every command with each kind of file that ModelForge or people have written.

use super::told;
use crate::support::{SECRET, Test, program};

#[test]
fn every_command_takes_modelforges_files_as_they_are() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/modelforge");
    for name in ["four-providers", "hand-edited", "logged-in"] {
        let file = std::fs::read(folder.join(format!("{name}.json"))).expect("the fixture is there");
        let mut test = Test::new().helpers("env\nage").file(".config/model-forge/config.json", &file);
        let providers = ["openai", "google", "github-copilot", "ollama", "Mein_Anbieter"];
        let mut transcript = String::new();
        let mut run = |test: Test, words: &[&str], input: &str| {
            let test = test.args(words).stdin(input);
            let told = told(&test);
            transcript.push_str(&format!(
                "$ {}{}\n{told}\n\n",
                words.join(" "),
                input.trim_end().split_once('=').map(|(_, p)| format!(" {p}")).unwrap_or_default()
            ));
            test
        };
        for words in [&["status"][..], &["status", "--json"], &["list"]] {
            test = run(test, words, "");
        }
        for provider in providers {
            test = run(test, &["status", provider], "");
            test = run(test, &["get"], &format!("provider={provider}\n"));
            test = run(test, &["auth", "login", "--provider", provider], &format!("{SECRET}\n"));
            test = run(test, &["get"], &format!("provider={provider}\n"));
        }
        test = run(test, &["status"], "");
        for provider in providers {
            test = run(test, &["logout", provider], "");
        }
        test = run(test, &["auth", "logout", "--all-providers", "--yes"], "");
        let after = std::fs::read(test.home().join(".config/model-forge/config.json")).expect("it is there");
        assert!(after == file, "{name}.json was changed");
        insta::with_settings!({ filters => vec![
            (r#""created_utc": \d+"#, r#""created_utc": N"#),
            (r"created_utc=\d+", "created_utc=N"),
        ] }, { insta::assert_snapshot!(format!("fixture_{name}"), transcript.replace(SECRET, "<the key>")) });
    }
}

#[test]
fn the_keys_in_modelforges_files_are_shown_as_plain_text_and_never_written_out() {
    program("modelforge-credential-plaintext");
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/modelforge");
    for name in ["four-providers", "hand-edited", "logged-in"] {
        let file = std::fs::read(folder.join(format!("{name}.json"))).expect("the fixture is there");
        let test = Test::new().helpers("env\nage\nplaintext").file(".config/model-forge/config.json", &file);
        let mut transcript = String::new();
        let mut test = test;
        for words in [&["status"][..], &["status", "-v"], &["status", "--json"], &["list"], &["login", "openai"]] {
            test = test.args(words);
            transcript.push_str(&format!("$ {}\n{}\n\n", words.join(" "), told(&test)));
        }
        let after = std::fs::read(test.home().join(".config/model-forge/config.json")).expect("it is there");
        assert!(after == file, "{name}.json was changed");
        for key in ["sk-zA1k9", "AIzaTEST", "gho_u8j", "ghr_KLz", "ghu_ox9", "E56yUhQ"] {
            assert!(!transcript.contains(key), "{transcript}");
        }
        insta::with_settings!({ filters => vec![
            (r"\d{4} days", "N days"),
            (r"(created_utc|\x22expires_utc\x22: |password_expiry_utc=)\d+", "$1 N"),
            (r"ended \d+ days ago", "ended N days ago"),
        ] }, { insta::assert_snapshot!(format!("plain_text_{name}"), transcript) });
    }
}
