//! How often helpers are started: that, and nothing else, is what a migration takes its time for.

use std::collections::BTreeMap;

use super::*;

/// How often each operation of the source and of the target was started to move so many keys.
fn starts(keys: usize) -> BTreeMap<String, usize> {
    let entry = |n: usize| {
        format!(
            "\"p{n}\": {{\"base_url\": \"https://p{n}.example/v1\", \"auth_data\": {{\"api_key\": \"sk-made-up-{n}-0123456789\"}}}}"
        )
    };
    let text = format!("{{\"providers\": {{{}}}}}", (0..keys).map(entry).collect::<Vec<_>>().join(", "));
    let counting = |name: &str, program: &str| {
        let program = crate::support::program(program).display().to_string();
        format!("echo \"{name} $1\" >>\"$HOME/starts\"; exec {program} \"$@\"")
    };
    let test = Test::new()
        .file(CONFIG, text)
        .script("source", &counting("source", "modelforge-credential-plaintext"))
        .script("target", &counting("target", "modelforge-credential-age"))
        .helpers("env\ntarget");
    let (test, shown, stderr) = run(test, &["migrate", "--from", "source", "--yes"], 0);
    assert!(shown.contains(&format!("{keys} moved, 0 left")), "{shown}{stderr}");
    let mut counts = BTreeMap::new();
    for line in std::fs::read_to_string(test.home().join("starts")).expect("they were counted").lines() {
        *counts.entry(line.to_owned()).or_default() += 1;
    }
    counts
}

#[test]
fn one_more_key_costs_eight_more_starts_of_helpers_and_no_more() {
    let (few, many) = (starts(2), starts(5));
    for (operation, count) in &many {
        let most = match operation.as_str() {
            // For the plan, before the erase and after it; before the store, after it, and before the erase.
            "source get" | "target get" => 3,
            "source erase" | "target store" => 1,
            _ => 0,
        };
        let more = count - few.get(operation).copied().unwrap_or(0);
        assert!(more <= 3 * most, "three more keys cost {more} more `{operation}`");
    }
}
