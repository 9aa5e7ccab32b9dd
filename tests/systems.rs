//! What has to hold on every system, and failed on one: files that are held open, programs by their endings, places, names that
//! differ in case. Nothing here needs a shell: these tests run on Windows as well.

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
    let test = Test::new();
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
    let mut test = test;
    for name in ["HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"]
    {
        test = test.env(name, "");
    }
    let test = test.args(["store"]).stdin("provider=openai\npassword=sk-made-up-2\n").any_stderr();
    let output = test.output();
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no folder for the user's data"));
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

#[cfg(windows)]
mod windows {
    use super::*;

    #[test]
    fn a_batch_file_is_started_by_its_name_and_gets_its_arguments() {
        let batch = "@echo off\r\necho [%~1] %OPENAI_API_KEY:~0,3%\r\nexit /b 7\r\n";
        let test = Test::new().helpers("env").env("OPENAI_API_KEY", SECRET).on_path("npmlike.cmd", batch);
        let test = test.args(["exec", "openai", "--", "npmlike", "a b"]).any_stdout();
        let output = test.output();
        assert_eq!(output.status.code(), Some(7), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(String::from_utf8_lossy(&output.stdout).contains("sk-"));
    }

    #[test]
    fn a_script_of_powershell_is_refused_with_the_way_to_run_it() {
        let test = Test::new().helpers("env").env("OPENAI_API_KEY", SECRET).on_path("script.ps1", "exit 0");
        let script = test.bin().join("script.ps1").display().to_string();
        let test = test.args(["exec", "openai", "--", &script]).any_stderr();
        let output = test.output();
        assert_eq!(output.status.code(), Some(126));
        assert!(String::from_utf8_lossy(&output.stderr).contains("-- powershell -File"));
    }

    #[test]
    fn a_command_ends_with_exec_and_its_file_is_taken_away_by_the_next() {
        let account = "{\"type\": \"service_account\", \"private_key\": \"sk-made-up-0123456789\"}";
        let test = Test::new().helpers("age").args(["login", "google_vertex", "--file", "-", "--unchecked"]);
        let test = test.stdin(account).any_stdout().any_stderr().success();
        let log = test.home().join("ticks");
        let batch = format!(
            "@echo off\r\n:again\r\necho x>>\"{}\"\r\nping -n 2 127.0.0.1 >nul\r\ngoto again\r\n",
            log.display()
        );
        let test = test.on_path("ticks.cmd", batch).args(["exec", "google_vertex", "--", "ticks"]);
        let mut child = test.command().stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("it starts");
        while fs::read_to_string(&log).unwrap_or_default().is_empty() {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        child.kill().and_then(|()| child.wait()).expect("it can be ended");
        std::thread::sleep(std::time::Duration::from_millis(2500));
        let then = fs::read_to_string(&log).expect("it is there");
        std::thread::sleep(std::time::Duration::from_millis(3500));
        assert_eq!(fs::read_to_string(&log).expect("it is there"), then);
        let left =
            |test: &Test| files_below(&test.home()).iter().filter(|path| path.ends_with("credentials.json")).count();
        assert_eq!(left(&test), 1);
        // A minute later; until then it could be in use.
        let run = test.home().join(".local/state/modelforge-credential/run");
        for folder in fs::read_dir(run).expect("it is there").flatten() {
            let past = std::time::SystemTime::now() - std::time::Duration::from_secs(120);
            let folder = fs::File::options().write(true).custom_flags_for_a_folder().open(folder.path());
            folder.and_then(|folder| folder.set_modified(past)).expect("its time can be set");
        }
        let test = test.args(["exec", "google_vertex", "--", "where", "cmd"]).any_stdout().any_stderr();
        test.output();
        assert_eq!(left(&test), 0);
    }

    trait OfAFolder {
        fn custom_flags_for_a_folder(&mut self) -> &mut Self;
    }

    impl OfAFolder for fs::OpenOptions {
        fn custom_flags_for_a_folder(&mut self) -> &mut Self {
            const FILE_FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;
            std::os::windows::fs::OpenOptionsExt::custom_flags(self, FILE_FLAG_BACKUP_SEMANTICS)
        }
    }

    #[test]
    fn the_folders_of_windows_are_used_and_what_an_older_version_kept_is_moved() {
        let test = Test::new().helpers("age");
        let home = test.home();
        let names = ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"];
        let mut test = names.into_iter().fold(test, |test, name| test.env(name, ""));
        test = test.args(["store"]).stdin("provider=openai\npassword=sk-made-up-1\n").success();
        let (old, new) = (home.join("roaming/modelforge-credential"), home.join("local/modelforge-credential"));
        assert!(new.join("identity.txt").exists() && new.join("audit.jsonl").exists() && !old.exists());
        fs::create_dir_all(&old).expect("it can be made");
        for name in ["identity.txt", "age"] {
            fs::rename(new.join(name), old.join(name)).expect("it is there");
        }
        let request = "provider=openai\n";
        let _test = test.args(["get"]).stdin(request).stdout(&answer("default", "sk-made-up-1")).success();
        assert!(new.join("identity.txt").exists() && !old.join("identity.txt").exists());
    }

    #[test]
    fn hints_are_for_powershell() {
        let hint = "hint: 'provider=openai' | modelforge-credential fill  # or protocol= and host=, or url=\n";
        let stderr = format!("error: the request has no `protocol`\n{hint}");
        Test::new().args(["get"]).stdin("host=h\n").stderr(&stderr).failure();
    }
}
