//! The real ModelForge: it writes its file, its keys are moved, it still works with all of them, and its file is restored.

use super::*;

/// Runs ModelForge, and gives what it says.
#[track_caller]
fn modelforge(test: &Test, before: &[&str], words: &[&str]) -> String {
    let program = std::env::var("MODELFORGE_TEST_MODELFORGE").unwrap_or_default();
    assert!(
        std::path::Path::new(&program).exists(),
        "this needs ModelForge: run `sh tests/run`, or `pip install model-forge-llm` and set MODELFORGE_TEST_MODELFORGE"
    );
    let mut line: Vec<String> = before.iter().map(|word| (*word).to_owned()).collect();
    line.push(program);
    line.extend(words.iter().map(|word| (*word).to_owned()));
    let output = test.run(&line, "");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{line:?}: {said}");
    said
}

#[test]
#[ignore = "needs model-forge-llm, from PyPI"]
fn modelforge_works_with_keys_that_were_moved_and_with_its_file_put_back() {
    let test = Test::new();
    // Its own check of openai's keys is out of date, and the sentinel has no shape that it knows: openrouter's has none.
    for (provider, model, key) in [
        ("openrouter", "claude", "sk-or-v1-made-up-for-the-test-0123456789"),
        ("google", "gemini", "AIzaMadeUpForTheTest"),
    ] {
        modelforge(&test, &[], &["config", "add", "--provider", provider, "--model", model, "--api-key", key]);
    }
    let before = file(&test);
    let valid = |said: &str| said.matches("Valid credentials found").count();
    let status = modelforge(&test, &[], &["auth", "status"]);
    assert_eq!(valid(&status), 2, "{status}");
    let (test, shown, _) = run(test, &["migrate", "--yes"], 0);
    assert!(shown.contains("2 moved, 0 left"), "{shown}");
    let after = file(&test);
    assert!(!after.contains("made-up") && !after.contains("AIza"), "{after}");
    let core = crate::support::program("modelforge-credential").display().to_string();
    let moved = modelforge(&test, &[], &["auth", "status"]);
    assert_eq!(valid(&moved), 0, "{moved}");
    let under_exec = modelforge(&test, &[&core, "exec", "--"], &["auth", "status"]);
    assert_eq!(valid(&under_exec), 2, "{under_exec}");
    assert_eq!(file(&test), after, "it has not written its keys back");
    let (test, _, _) = run(test, &["migrate", "--rollback", "--yes"], 0);
    assert_eq!(file(&test), before);
    assert_eq!(modelforge(&test, &[], &["auth", "status"]), status);
}
