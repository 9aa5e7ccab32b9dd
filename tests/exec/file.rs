//! A service account is passed as a file, which is removed when the command exits.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::exec;
use crate::support::{SECRET, Test};

/// A home with a service account whose private key is the sentinel, and a folder in memory for this user.
fn with_service_account() -> Test {
    let account = format!(
        "{{\n  \"type\": \"service_account\",\n  \"private_key\": \"-----BEGIN PRIVATE KEY-----\\n{SECRET}\\n-----END PRIVATE KEY-----\\n\",\n  \
         \"client_email\": \"a@example.com\"\n}}\n"
    );
    let test = Test::new().helpers("age").file("account.json", account);
    let file = test.home().join("account.json").display().to_string();
    let test = test.args(["login", "google_vertex", "--file", &file]);
    let kept = "signed in to `google_vertex`: stored in `age` (encrypted file, identity ~/.local/share/modelforge-credential/identity.txt)\n";
    let test = test.stdout(kept).success();
    let runtime = test.home().join("run");
    fs::create_dir(&runtime).expect("a folder can be made");
    fs::set_permissions(&runtime, fs::Permissions::from_mode(0o700)).expect("a mode can be set");
    test.env("XDG_RUNTIME_DIR", runtime.display().to_string())
}

fn left_in(test: &Test) -> Vec<PathBuf> {
    let entries = fs::read_dir(test.home().join("run")).expect("the folder is there");
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

#[track_caller]
fn expect_nothing_left(test: &Test) {
    let start = Instant::now();
    while !left_in(test).is_empty() {
        assert!(start.elapsed() < Duration::from_secs(20), "{:?} is left", left_in(test));
        std::thread::sleep(Duration::from_millis(10));
    }
    test.check_files();
}

#[test]
fn the_file_is_private_holds_the_account_and_is_gone_afterwards() {
    let script = "f=$GOOGLE_APPLICATION_CREDENTIALS; stat -c %a \"$f\" \"${f%/*}\"; grep -c '\"service_account\"' \"$f\"; \
                  env | grep -c 'VERTEX'; exit 6";
    let test = exec(with_service_account(), "google_vertex", script).stdout("600\n700\n1\n0\n");
    let test = test.status(6);
    expect_nothing_left(&test);
    assert_eq!(left_in(&test).len(), 0);
}

#[test]
#[ignore = "needs python3"]
fn the_private_key_is_masked_wherever_it_was_read_from() {
    let script = "cat $GOOGLE_APPLICATION_CREDENTIALS; echo; python3 -c \"
import json, os
account = json.load(open(os.environ['GOOGLE_APPLICATION_CREDENTIALS']))
print(account['private_key'])
print(json.dumps(account, indent=2, sort_keys=True))\"";
    let test = exec(with_service_account(), "google_vertex --mask", script);
    let output = test.output();
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(!shown.contains(SECRET), "{shown}");
    assert_eq!(shown.matches("<google_vertex key>").count(), 3, "{shown}");
    assert!(shown.contains("\"client_email\": \"a@example.com\""), "{shown}");
    expect_nothing_left(&test);
}

#[test]
fn a_line_of_the_private_key_alone_is_masked() {
    let script = "grep -o 'BEGIN PRIVATE KEY-----.n[^\\]*' $GOOGLE_APPLICATION_CREDENTIALS | cut -c 25-";
    let test = exec(with_service_account(), "google_vertex --mask", script);
    test.stdout("<google_vertex key>\n").success();
}

/// Starts a command that says where its file is and its own number, and waits.
fn started(test: &Test) -> (Child, PathBuf, String) {
    let mut child = test.command().stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("an output")).lines();
    let mut line = || lines.next().expect("a line").expect("text");
    let (path, id) = (PathBuf::from(line()), line());
    assert!(path.exists());
    (child, path, id)
}

const WAIT: &str = "echo $GOOGLE_APPLICATION_CREDENTIALS; echo $$; exec sleep 60";

fn kill(signal: &str, process: &str) {
    assert!(Test::new().run(&["/bin/sh", "-c", &format!("kill -s {signal} {process}")], "").status.success());
}

#[test]
fn it_is_gone_when_the_command_is_killed() {
    let test = exec(with_service_account(), "google_vertex", WAIT);
    let (mut child, path, id) = started(&test);
    kill("KILL", &id);
    assert_eq!(child.wait().expect("it ends").signal(), Some(9));
    assert!(!path.exists());
    expect_nothing_left(&test);
}

#[test]
fn it_is_gone_when_a_signal_ends_both() {
    for signal in ["TERM", "HUP", "INT"] {
        let test = exec(with_service_account(), "google_vertex", WAIT);
        let (mut child, path, _) = started(&test);
        kill(signal, &child.id().to_string());
        assert!(child.wait().expect("it ends").signal().is_some());
        assert!(!path.exists());
        expect_nothing_left(&test);
    }
}

#[test]
fn it_is_gone_when_this_program_is_killed() {
    for words in ["google_vertex", "google_vertex --mask"] {
        let test = exec(with_service_account(), words, WAIT);
        let (mut child, path, id) = started(&test);
        kill("KILL", &child.id().to_string());
        assert_eq!(child.wait().expect("it ends").signal(), Some(9));
        expect_nothing_left(&test);
        assert!(!path.exists());
        kill("KILL", &id);
    }
}

#[test]
fn what_was_abandoned_is_removed_by_the_next_one_and_what_is_in_use_is_not() {
    let test = with_service_account();
    let make = |name: &str, hours: u64| {
        let folder = test.home().join("run").join(name);
        fs::create_dir(&folder).expect("a folder can be made");
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).expect("a mode can be set");
        let lock = fs::File::create(folder.join("lock")).expect("a file can be made");
        fs::write(folder.join("credentials.json"), "{}").expect("a file can be written");
        let then = std::time::SystemTime::now() - Duration::from_secs(hours * 3600);
        fs::File::open(&folder).and_then(|folder| folder.set_modified(then)).expect("a time can be set");
        (folder, lock)
    };
    let (abandoned, _) = make("modelforge-credential-exec-abandoned", 1);
    let (used, lock) = make("modelforge-credential-exec-used", 1);
    let (new, _) = make("modelforge-credential-exec-new", 0);
    let (other, _) = make("somebody-elses", 1);
    lock.try_lock().expect("it can be locked");
    let test = exec(test, "google_vertex", "true").success();
    assert!(!abandoned.exists());
    for folder in [&used, &new, &other] {
        assert!(folder.exists(), "{}", folder.display());
    }
    drop(test);
}

#[test]
fn without_a_folder_of_the_users_own_it_is_in_memory_all_the_same() {
    let script = "echo ${GOOGLE_APPLICATION_CREDENTIALS%/*/*}; stat -c %a ${GOOGLE_APPLICATION_CREDENTIALS%/*}";
    let test = with_service_account();
    fs::set_permissions(test.home().join("run"), fs::Permissions::from_mode(0o755)).expect("a mode can be set");
    let test = exec(test, "google_vertex", script);
    let place = if Path::new("/dev/shm").exists() { "/dev/shm" } else { "/tmp" };
    test.stdout(&format!("{place}\n700\n")).success();
}

#[test]
fn lines_for_a_shell_cannot_hand_over_a_file() {
    let error = "error: `GOOGLE_APPLICATION_CREDENTIALS` is the path of a file, which only `exec` can pass\n\
                 hint: modelforge-credential exec google_vertex -- COMMAND\n";
    with_service_account().args(["env", "google_vertex"]).stderr(error).failure();
}
