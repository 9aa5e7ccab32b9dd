//! How often helpers are started, which decides how long a migration takes.

use std::collections::BTreeMap;

use super::*;

/// How often each operation of the source and of the target was started to move so many keys, and to put them back.
fn starts(keys: usize) -> [BTreeMap<String, usize>; 2] {
    let entry = |n: usize| {
        format!(
            "\"p{n}\": {{\"base_url\": \"https://p{n}.example/v1\", \"auth_data\": {{\"api_key\": \"sk-made-up-{n}-0123456789\"}}}}"
        )
    };
    let text = format!("{{\"providers\": {{{}}}}}", (0..keys).map(entry).collect::<Vec<_>>().join(", "));
    let test = Test::new()
        .file(CONFIG, text)
        .counting("source", "modelforge-credential-plaintext")
        .counting("target", "modelforge-credential-age")
        .helpers("env\ntarget");
    let (test, shown, stderr) = run(test, &["migrate", "--from", "source", "--yes"], 0);
    assert!(shown.contains(&format!("{keys} moved, 0 left")), "{shown}{stderr}");
    let moved = test.starts();
    let (test, shown, stderr) = run(test, &["migrate", "--rollback", "--from", "source", "--yes"], 0);
    assert!(shown.contains(&format!("removed {keys} from the chain")), "{shown}{stderr}");
    [moved, test.starts()]
}

#[test]
fn more_keys_cost_no_further_start_of_a_helper() {
    let (few, many) = (starts(2), starts(9));
    assert_eq!(few, many);
    for (operation, count) in &many[0] {
        let most = match operation.as_str() {
            // For the plan, before the erase and after it; before the store, after it, and before the erase.
            "source get-each" | "target get-each" => 3,
            // The file is kept, and looked at again.
            "source get" => 1,
            "target get" => 4,
            "source list" | "target list" | "source capability" | "target capability" => 2,
            "source erase-each" | "target store-each" | "target store" => 1,
            _ => 0,
        };
        assert!(*count <= most, "`{operation}` was started {count} times");
    }
    for (operation, count) in &many[1] {
        let most = match operation.as_str() {
            // Once to find them; before the erase and after it.
            "source get-each" | "target erase-each" => 1,
            "target get-each" => 3,
            // The whole file.
            "source store" | "source get" | "target get" => 1,
            "source capability" | "target capability" => 2,
            _ => 0,
        };
        assert!(*count <= most, "`{operation}` was started {count} times for the rollback");
    }
}
