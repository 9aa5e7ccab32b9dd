//! Shared code for the checks of all crates. Each check is beside the code that it tests; its fuzz target calls it with new inputs, and
//! `cargo test` with those in the corpus.

/// True if a text is long enough and has a character that no message of ours has: then a message contains it only if it repeats it.
#[allow(dead_code, reason = "not every program has messages about what it read")]
pub fn is_telling(text: &str) -> bool {
    text.len() >= 8 && text.contains(['%', '^', '~', '\u{1}'])
}

/// Runs the check of a target with every file in its corpus.
#[cfg(test)]
pub fn replay(target: &str, check: fn(&[u8])) {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = root.ancestors().map(|folder| folder.join("fuzz/corpus").join(target));
    let folder = folders.find(|folder| folder.is_dir()).expect("the corpus is there");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("the corpus can be read").flatten() {
        let input = std::fs::read(entry.path()).expect("an input");
        let passed = std::panic::catch_unwind(|| check(&input));
        assert!(passed.is_ok(), "{} does not pass", entry.path().display());
        count += 1;
    }
    assert!(count > 0, "the corpus of `{target}` is empty");
}
