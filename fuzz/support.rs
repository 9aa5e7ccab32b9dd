//! What the checks of all crates share. Each check lies beside the code that it is about; its fuzz target calls it with new inputs, and
//! `cargo test` with those of the corpus.

/// True if a text is long enough and has a sign that no message of ours has: then it is in one only if the message repeats it.
#[allow(dead_code, reason = "not every program has messages about what it read")]
pub fn is_telling(text: &str) -> bool {
    text.len() >= 8 && text.contains(['%', '^', '~', '\u{1}'])
}

/// Puts every file of a target's corpus to its check.
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
