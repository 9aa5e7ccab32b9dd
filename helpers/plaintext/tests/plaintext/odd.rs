//! Values that are no keys, files that are broken, and files that are older.

use super::{COPILOT, GLOBAL, OLD, OPENAI, Test, key, one};

#[test]
fn a_value_that_cannot_be_a_key_is_an_error_of_its_place_alone() {
    for (data, problem) in [
        (r#"{"api_key": "sk-SENTINEL\n1"}"#, ".api_key` has a line break or another invisible character"),
        (r#"{"api_key": "sk-SENTINEL\u0000"}"#, ".api_key` has a line break or another invisible character"),
        (r#"{"api_key": ["sk-SENTINEL"]}"#, ".api_key` is not a string"),
        (r#"{"api_key": "sk-SENTINEL\ud800"}"#, ".api_key` is not a string"),
        ("7", "` is neither an object nor a string"),
        (r#"{"access_token": "sk-SENTINEL", "expires_at": "soon"}"#, ".expires_at` is not a time"),
        (r#"{"access_token": "sk-SENTINEL", "expires_at": 1795462445}"#, ".expires_at` is not a string"),
    ] {
        let google = "\"google\": {\"auth_data\": {\"api_key\": \"sk-SENTINEL-g\"}}";
        let text = format!("{{\"providers\": {{\"openai\": {{\"auth_data\": {data}}}, {google}}}}}");
        let test = Test::with(GLOBAL, &text).env("MODELFORGE_CREDENTIAL_WARN_PLAINTEXT", "0");
        let line = format!("`~/.config/model-forge/config.json`: `$.providers.openai.auth_data{problem}\n");
        test.run(&["get"], OPENAI).failure(&format!("error: {line}"));
        let host = "protocol=https\nhost=generativelanguage.googleapis.com\n";
        test.run(&["get"], host).password("sk-SENTINEL-g").stderr("");
        let listed = test.run(&["list"], "").success().stderr(&format!("warning: {line}"));
        assert!(listed.stdout.ends_with("count=1\n"));
        // It is a secret all the same, and can be taken out.
        test.change("erase", OPENAI).nothing();
        assert_eq!(test.content(GLOBAL), format!("{{\"providers\": {{\"openai\": {{}}, {google}}}}}"));
    }
}

#[test]
fn what_is_empty_is_not_there() {
    for data in ["{}", "null", r#"{"api_key": ""}"#, r#"{"api_key": "  "}"#, r#"{"api_key": null}"#, r#"{"x": 1}"#] {
        let test = Test::with(GLOBAL, &one("openai", &format!("{{\"auth_data\": {data}}}")));
        test.run(&["get"], OPENAI).nothing();
        test.run(&["list"], "").success().stdout("count=0\n").stderr("");
        test.change("erase", OPENAI).nothing();
        assert!(test.content(GLOBAL).contains(data));
    }
}

#[test]
fn one_bad_file_does_not_hide_the_others() {
    for (bad, problem) in [
        ("{\n  \"sk-SENTINEL", "`, line 2, column 14: this is not JSON"),
        ("", "`, line 1, column 0: this is not JSON"),
        ("[\"sk-SENTINEL\"]", "`: `$` is not an object"),
        ("{\"providers\": [\"sk-SENTINEL\"]}", "`: `$.providers` is not an object"),
    ] {
        let test = Test::with(OLD, bad).file(GLOBAL, &one("openai", &key("sk-SENTINEL-1")));
        let line = format!("`~/.config/model-forge/models.json{problem}\n");
        test.run(&["get"], OPENAI).password("sk-SENTINEL-1");
        test.run(&["get"], COPILOT).failure(&format!("error: {line}"));
        let listed = test.run(&["list"], "").success().stderr(&format!("warning: {line}"));
        assert!(listed.stdout.ends_with("count=1\n"));
        test.change("erase", OPENAI).failure(&format!("error: {line}"));
        assert_eq!((test.content(OLD), test.content(GLOBAL)), (bad.to_owned(), one("openai", "{}")));
    }
}

#[test]
fn the_old_file_is_found_after_the_new_one() {
    let test = Test::with(OLD, &one("openai", &key("sk-SENTINEL-old")));
    test.run(&["get"], OPENAI).password("sk-SENTINEL-old");
    let test = test.file(GLOBAL, &one("openai", &key("sk-SENTINEL-new")));
    test.run(&["get"], OPENAI).password("sk-SENTINEL-new");
    // Each copy is listed, and can be asked for by its file.
    let listed = test.run(&["list"], "").success();
    assert!(listed.stdout.ends_with("models.json\n\ncount=2\n"), "{}", listed.stdout);
    let old = format!("{OPENAI}file={}\n", test.path(OLD).display());
    test.run(&["get"], &old).password("sk-SENTINEL-old");
    test.change("erase", &old).nothing();
    assert_eq!(test.content(OLD), one("openai", "{}"));
    test.run(&["get"], OPENAI).password("sk-SENTINEL-new");
    test.run(&["get"], &format!("{OPENAI}file=/etc/passwd\n")).nothing();
}

#[test]
fn a_hundred_thousand_brackets_neither_hang_nor_crash() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let text = format!("{{\"x\": {deep}, {}", one("openai", &key("sk-SENTINEL")).trim_start_matches('{'));
    let test = Test::with(GLOBAL, &text);
    test.run(&["get"], OPENAI).password("sk-SENTINEL");
    test.change("erase", OPENAI).nothing();
    assert!(test.content(GLOBAL).starts_with(&format!("{{\"x\": {deep}, ")));
}
