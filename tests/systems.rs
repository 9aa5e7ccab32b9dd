//! Problems that occurred on one system and must not occur on any: open files, file extensions of programs, paths, names that differ in
//! case. No test here needs a shell: they run on Windows as well.

#[cfg(windows)]
mod access;
#[cfg(windows)]
mod windows;

use std::fs;
use std::process::Stdio;

use crate::support::{SECRET, Test, files_below, place, program};

const FILE: &str = ".config/model-forge/config.json";

fn answer(account: &str, key: &str) -> String {
    format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername={account}\npassword={key}\n")
}

#[test]
fn a_key_is_taken_out_of_a_file_and_put_back_byte_for_byte() {
    let before =
        format!("{{\r\n  \"providers\": {{\"openai\": {{\"auth_data\": {{\"api_key\": \"{SECRET}\"}}}}}}\r\n}}\r\n");
    let test = Test::new().file(FILE, &before).env("MODELFORGE_CREDENTIAL_HELPERS", "age\nplaintext");
    let now = |test: &Test| fs::read_to_string(test.home().join(FILE)).expect("it is there");
    let test = test.args(["migrate", "--yes"]).any_stdout().any_stderr().success();
    assert!(!now(&test).contains(SECRET));
    let test = test.args(["get"]).stdin("provider=openai\n").stdout(&answer("default", SECRET)).success();
    let test = test.args(["migrate", "--rollback", "--yes"]).any_stdout().any_stderr().success();
    assert_eq!(now(&test), before);
    let test = test.args(["logout", "openai", "--yes"]).any_stdout().any_stderr().success();
    assert!(!now(&test).contains(SECRET));
}

#[test]
fn a_get_beside_a_store_never_fails() {
    let test = Test::new().program("modelforge-credential-age");
    let start = |operation: &str, password: &str| {
        let mut command = test.command_of(&program("modelforge-credential-age"));
        command.arg(operation).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let request = format!("protocol=https\nhost=api.openai.com\nusername=default\n{password}");
        std::io::Write::write_all(&mut child.stdin.take().expect("an input"), request.as_bytes()).expect("it reads");
        let output = child.wait_with_output().expect("it ends");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let done = (Some(0), String::new());
    assert_eq!(start("store", "password=first\n"), done);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..15).for_each(|_| assert_eq!(start("get", ""), done)));
        }
        (0..15).for_each(|number| assert_eq!(start("store", &format!("password={number}\n")), done));
    });
    test.args(["list"]).any_stdout().success();
}

#[test]
fn account_names_that_differ_in_case_are_two_accounts() {
    // With the system's keyring, if it has one.
    let test = Test::new().config("helpers = ['env', 'keyring', 'age']\n");
    let store = |test: Test, account: &str, key: &str| {
        let request = format!("provider=openai\nusername={account}\npassword={key}\n");
        test.args(["store"]).stdin(request).any_stderr().success()
    };
    let test = store(store(test, "Work", "sk-made-up-1"), "work", "sk-made-up-2");
    let get = |test: Test, account: &str, key: &str| {
        let request = format!("provider=openai\nusername={account}\n");
        test.args(["get"]).stdin(request).stdout(&answer(account, key)).success()
    };
    let test = get(get(test, "Work", "sk-made-up-1"), "work", "sk-made-up-2");
    test.args(["logout", "--all", "--yes"]).any_stdout().any_stderr().success();
}

#[test]
fn a_path_in_an_entry_means_what_it_says() {
    let test = Test::new().helpers("age").args(["store"]).stdin("provider=openai\npassword=sk-made-up-1\n").success();
    let identity = test.home().join(".local/share/modelforge-credential/identity.txt");
    let to = test.home().join("id entity.txt");
    fs::rename(identity, &to).expect("it is there");
    let test = test.helpers(&format!("age --identity \"{}\"", to.display()));
    let test = test.args(["get"]).stdin("provider=openai\n").stdout(&answer("default", "sk-made-up-1")).success();
    test.helpers("age --identity '~/id entity.txt'")
        .args(["get"])
        .stdin("provider=openai\n")
        .stdout(&answer("default", "sk-made-up-1"))
        .success();
}

#[test]
fn nothing_is_written_outside_of_the_folders_that_the_environment_names() {
    let test = Test::new().helpers("age").args(["store"]).stdin("provider=openai\npassword=sk-made-up-1\n").success();
    let names: Vec<String> = files_below(&test.home()).iter().map(|path| path.display().to_string()).collect();
    assert!(names.iter().any(|name| name.ends_with(".age")) && names.iter().any(|name| name.ends_with("identity.txt")));
    // Without any of them there is no folder, not that of the person who runs this.
    let test = test.env("HOME", "");
    let test = test.args(["store"]).stdin("provider=openai\npassword=sk-made-up-2\n").any_stderr();
    let output = test.output();
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no directory for the user's data"));
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_key_is_read_as_the_programs_of_windows_write_it() {
    let wide: Vec<u8> = format!("\u{feff}{SECRET}\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let with_mark = format!("\u{feff}{SECRET}\r\n").into_bytes();
    for input in [wide, with_mark] {
        let test = Test::new().helpers("age").args(["login", "openai"]).stdin(&input).any_stdout().success();
        let request = "\u{feff}provider=openai\r\n\r\n";
        test.args(["get"]).stdin(request).stdout(&answer("default", SECRET)).success();
    }
}

/// A program of ours by another name, with an ending of its own where programs have one.
fn tool(test: &Test, name: &str) {
    place("modelforge-credential-env", &test.bin().join(format!("{name}{}", std::env::consts::EXE_SUFFIX)));
}

#[test]
fn a_command_is_found_by_its_name_without_ending() {
    let test = Test::new().helpers("env").env("OPENAI_API_KEY", SECRET);
    tool(&test, "tool3.11");
    let version = format!("modelforge-credential-env {}\n", env!("CARGO_PKG_VERSION"));
    test.args(["exec", "openai", "--", "tool3.11", "--version"]).stdout(&version).success();
}
