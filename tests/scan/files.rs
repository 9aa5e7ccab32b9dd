//! Keys in files of all kinds.

use std::fs;
#[cfg(unix)]
use std::os::unix::fs::FileExt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::{FOUND, keep, one, signed_in};
use crate::support::{SECRET, Test, system};

/// A key with every character that some form writes otherwise.
const ODD: &str = "k/e+y=\"0123\\456789'abcdef&ghij";

#[test]
fn a_key_is_found_in_every_form_in_which_tools_write_it() {
    let percent: String = ODD
        .bytes()
        .map(|byte| match byte {
            byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect();
    let json = serde_json::to_string(ODD).expect("it is text");
    let mut forms = vec![
        ("plain", ODD.to_owned(), "plain text"),
        ("percent", percent.clone(), "encoded"),
        ("small-percent", percent.to_lowercase(), "encoded"),
        ("json", json, "encoded"),
        ("hex", ODD.bytes().map(|byte| format!("{byte:02x}")).collect(), "encoded"),
    ];
    // Whatever stands before it decides how base64 writes it.
    for (name, before) in [("base64-0", ""), ("base64-1", "u"), ("base64-2", "me"), ("base64-3", "me:")] {
        forms.push((name, STANDARD.encode(format!("{before}{ODD}:behind")), "encoded"));
    }
    forms.push(("base64url", URL_SAFE_NO_PAD.encode(format!("x{ODD}")), "encoded"));
    for (name, text, form) in forms {
        let test = keep(Test::new().helpers("age"), "openai", ODD).file(&format!("a/{name}"), format!("x\n<{text}>\n"));
        let folder = test.home().join("a").display().to_string();
        let searched = format!("1 file, {} bytes", text.len() + 5);
        test.args(["scan", &folder]).stdout(&one(&format!("~/a/{name}"), "2", form, &searched)).stderr(FOUND).failure();
    }
}

#[test]
#[ignore = "needs gzip"]
fn a_rotated_log_is_unpacked_even_if_it_has_several_parts() {
    let test = signed_in().file("log/app.log", format!("first\n{SECRET}\n"));
    let gzip = system("gzip", "gzip").display().to_string();
    let log = test.home().join("log/app.log").display().to_string();
    let packed = test.run(&[&*gzip, "-c", &log], "").stdout;
    fs::write(test.home().join("log/app.log.1.gz"), [packed.clone(), packed].concat()).expect("a file");
    fs::remove_file(&log).expect("a file");
    let test = scan(test, &["log"]);
    test.stdout(&one("~/log/app.log.1.gz", "2, 4", "plain text", "1 file, 70 bytes")).stderr(FOUND).failure();
}

pub fn test_path(test: &Test, name: &str) -> String {
    test.home().join(name).display().to_string()
}

/// `scan` of these places of the home.
pub fn scan(test: Test, names: &[&str]) -> Test {
    let paths: Vec<String> = names.iter().map(|name| test_path(&test, name)).collect();
    test.args(["scan".to_owned()].into_iter().chain(paths))
}

#[test]
fn what_only_begins_like_gzip_is_named_and_looked_at_as_it_is() {
    let test = signed_in().file("log/odd.gz", [b"\x1f\x8b\x08 no gzip\n", SECRET.as_bytes()].concat());
    let said = format!("warning: `~/log/odd.gz` cannot be unpacked to its end, so it may still have keys\n{FOUND}");
    let test = scan(test, &["log"]);
    test.stdout(&one("~/log/odd.gz", "2", "plain text", "1 file, 40 bytes")).stderr(&said).failure();
}

/// Runs it without a look at all files that are left: there is one that is too large for that.
fn table_of(test: &Test) -> Vec<String> {
    let output = test.command().output().expect("it runs");
    let text = test.text(&output.stdout);
    assert!(!text.contains(SECRET) && output.status.code() == Some(1), "{text}");
    text.lines().skip(1).take_while(|line| !line.starts_with("to do")).map(str::to_owned).collect()
}

#[test]
fn a_line_of_a_hundred_megabytes_and_a_binary_file_are_looked_at() {
    let test = signed_in().file("log/binary", [b"\0\xff\n\0\xfe", SECRET.as_bytes(), b"\0\xff"].concat());
    let mut text = vec![b'a'; 100 << 20];
    text.extend_from_slice(SECRET.as_bytes());
    let test = scan(test.file("log/long", text), &["log"]);
    let expected = [
        "~/log/binary  2     openai  plain text",
        "~/log/long    1     openai  plain text",
        "searched 2 files, 104.9 MB",
    ];
    assert_eq!(table_of(&test), expected);
}

#[cfg(unix)]
#[test]
fn the_holes_of_a_large_file_are_passed_over() {
    let test = signed_in().file("log/sparse", "");
    let file = fs::OpenOptions::new().write(true).open(test.home().join("log/sparse")).expect("a file");
    file.write_all_at(b"one\n", 0).expect("written");
    file.write_all_at(SECRET.as_bytes(), 10 << 30).expect("written");
    file.set_len(20 << 30).expect("a longer file");
    let table = table_of(&scan(test, &["log"]));
    assert_eq!(table[0], "~/log/sparse  2     openai  plain text");
    // Where the file system knows of holes, they are not read.
    assert!(table[1].starts_with("searched 1 file, "), "{table:?}");
}

#[test]
fn many_lines_are_counted_and_the_first_of_them_are_named() {
    let test = signed_in().file("log/many", format!("{SECRET}\n").repeat(12_345));
    let test = scan(test, &["log"]);
    let lines = "1, 2, 3 and 12,342 more";
    test.stdout(&one("~/log/many", lines, "plain text", "1 file, 358.0 kB")).stderr(FOUND).failure();
}

#[test]
fn a_key_in_the_name_of_a_file_is_found_and_not_shown() {
    let test = signed_in().file(&format!("log/{SECRET}.txt"), "nothing\n");
    let test = scan(test, &["log"]);
    test.stdout(&one("~/log/<openai key>.txt", "name", "plain text", "1 file, 8 bytes")).stderr(FOUND).failure();
}

#[test]
fn a_service_account_is_found_by_the_lines_of_its_private_key() {
    let line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";
    let other = "MzEfYyjiWA4R4/M2bS1GB4t7NXp98C3supR4ymlAOUKyk2Ur0UW1YCvkqkk1c5sB";
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{line}\n{other}\n-----END PRIVATE KEY-----\n");
    let account = serde_json::json!({"type": "service_account", "private_key": pem, "client_email": "me@example.com"});
    let test = Test::new().helpers("age").file("account.json", account.to_string());
    let file = test_path(&test, "account.json");
    let test = test.args(["login", "google_vertex", "--file", &file]).any_stdout().any_stderr();
    assert!(test.output().status.success());
    let test = test.file("keys/copy.pem", &pem).file("keys/plain.txt", "client_email: me@example.com\n");
    let test = scan(test, &["keys"]);
    let text = test.text(&test.output().stdout);
    assert!(text.contains("~/keys/copy.pem  2, 3  google_vertex"), "{text}");
    assert!(!text.contains("plain.txt"), "{text}");
}
