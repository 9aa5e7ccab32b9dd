//! Only for Windows: batch files, jobs, its folders, its shells.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use super::{FILE, answer};
use crate::support::{SECRET, Test, files_below, program};

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
    let batch =
        format!("@echo off\r\n:again\r\necho x>>\"{}\"\r\nping -n 2 127.0.0.1 >nul\r\ngoto again\r\n", log.display());
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
    let left = |test: &Test| files_below(&test.home()).iter().filter(|path| path.ends_with("credentials.json")).count();
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

/// Holds a file open, and lets others only read it, or not even that.
fn held(path: &Path, share: u32) -> fs::File {
    let mut options = fs::File::options();
    std::os::windows::fs::OpenOptionsExt::share_mode(options.read(true), share);
    options.open(path).expect("it is there")
}

const FILE_SHARE_READ: u32 = 1;

#[test]
fn a_file_that_another_program_has_open_is_replaced_once_it_lets_go() {
    let text = format!("{{\"providers\": {{\"openai\": {{\"auth_data\": {{\"api_key\": \"{SECRET}\"}}}}}}}}");
    let test = Test::new().file(FILE, text).helpers("age\nplaintext").args(["migrate", "--yes"]);
    let path = test.home().join(FILE);
    let editor = held(&path, FILE_SHARE_READ);
    let output = std::thread::scope(|scope| {
        let migrates = scope.spawn(|| test.output());
        std::thread::sleep(std::time::Duration::from_millis(500));
        while !migrates.is_finished() && !has_draft(&path) {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        drop(editor);
        migrates.join().expect("it ends")
    });
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!fs::read_to_string(path).expect("it is there").contains(SECRET));
}

/// What is to be put in its place lies beside it.
fn has_draft(path: &Path) -> bool {
    fs::read_dir(path.parent().expect("a folder")).expect("it is there").count() > 1
}

#[test]
fn a_file_that_another_program_keeps_to_itself_is_named_with_the_systems_reason() {
    let request = format!("provider=openai\npassword={SECRET}\n");
    let test = Test::new().helpers("age").args(["store"]).stdin(request).success();
    let identity = held(&test.home().join(".local/share/modelforge-credential/identity.txt"), 0);
    let test = test.args(["get"]).stdin("provider=openai\n").any_stderr();
    let said = test.text(&test.output().stderr);
    assert!(said.contains("cannot open `~/.local/share/modelforge-credential/identity.txt`: "), "{said}");
    assert!(said.contains("(os error 32)"), "{said}");
    drop(identity);
    test.args(["get"]).stdin("provider=openai\n").stdout(&answer("default", SECRET)).success();
}

#[test]
fn hints_are_for_powershell() {
    let hint = "hint: 'provider=openai' | modelforge-credential fill  # or protocol= and host=, or url=\n";
    let stderr = format!("error: the request has no `protocol`\n{hint}");
    Test::new().env("MSYSTEM", "").args(["get"]).stdin("host=h\n").stderr(&stderr).failure();
}

/// In a file, since the `cmd` of wine runs no line that is in a variable of `for`.
#[test]
fn cmd_runs_the_lines_of_env_without_being_named() {
    let test = Test::new().helpers("age");
    let test = test.args(["store"]).stdin(format!("provider=openai\npassword={SECRET}\n")).success();
    let (core, lines) = (program("modelforge-credential"), test.home().join("lines.cmd"));
    let batch = format!(
        "@echo off\r\n\"{}\" env openai --only OPENAI_API_KEY >\"{1}\"\r\ncall \"{1}\"\r\necho [%OPENAI_API_KEY%]\r\n",
        core.display(),
        lines.display()
    );
    let test = test.may_hold_the_secret(lines).on_path("reads.cmd", batch);
    let output = test.run(&["cmd", "/c", "reads"], "");
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("[{SECRET}]\r\n"), "{output:?}");
}

#[test]
fn the_log_names_the_program_that_asks_and_what_started_it() {
    let core = program("modelforge-credential");
    let test = Test::new().helpers("age").file("request", "provider=openai\n");
    let batch = format!("@\"{}\" get <\"{}\"\r\n", core.display(), test.home().join("request").display());
    let test = test.on_path("asks.cmd", batch);
    let output = test.run(&["cmd", "/c", "asks"], "");
    assert!(output.status.success(), "{output:?}");
    let log = fs::read_to_string(test.home().join(".local/state/modelforge-credential/audit.jsonl")).expect("a log");
    let record: serde_json::Value = serde_json::from_str(&log).expect("a record");
    let asker = record["program"].as_str().unwrap_or_default().to_ascii_lowercase();
    assert!(asker.ends_with("\\cmd.exe"), "{log}");
    assert_eq!(record["parents"][0]["pid"], std::process::id(), "{log}");
    let table = String::from_utf8(test.run(&[core.as_os_str(), "audit".as_ref()], "").stdout).expect("text");
    assert!(table.contains("  cmd, from tests-"), "{table}");
}
