//! Folders, files, locks, disks and the log.

use std::fs;
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use super::{findings, finds, well};
use crate::support::{SECRET, Test, as_word, files_below, program};

#[cfg(unix)]
#[test]
fn a_folder_on_path_that_anyone_can_write_to_is_a_warning() {
    let test = well();
    let open = test.home().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
    let path = format!("{}:relative::/usr/bin:/bin:{0}", open.display());
    let test = finds(
        test.env("PATH", path),
        "warning path: anyone can write to `~/open`, so no helper is started from it | chmod o-w ~/open",
    );
    finds(
        test.env("PATH", "/usr/bin:/bin:/tmp"),
        "warning path: anyone can write to `/tmp`, so no helper is started from it | remove /tmp from PATH",
    );
}

#[cfg(unix)]
#[test]
fn what_others_can_read_or_change_is_an_error_with_its_fix() {
    let chmod = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let (test, _) = findings(well());
    let state = test.home().join(".local/state/modelforge-credential");
    fs::write(state.join("audit-000000000001.jsonl"), "").unwrap();
    chmod(&state.join("audit.jsonl"), 0o644);
    chmod(&state.join("audit-000000000001.jsonl"), 0o640);
    let test = finds(
        test,
        "error permissions: others can read or change `~/.local/state/modelforge-credential/audit-000000000001.jsonl` and 1 more | chmod -R go= ~/.local/state/modelforge-credential",
    );
    let fix = format!("chmod -R go= '{}'", state.display());
    assert!(test.run(&["sh", "-c", &fix], "").status.success());
    let (test, found) = findings(test);
    assert!(!found.iter().any(|line| line.starts_with("error")), "{found:#?}");
    let config = test.home().join(".config/modelforge-credential");
    chmod(&config, 0o757);
    chmod(&config.join("config.toml"), 0o644);
    finds(
        test,
        "error permissions: others can change `~/.config/modelforge-credential` | chmod -R go-w ~/.config/modelforge-credential",
    );
}

#[test]
fn a_file_from_the_future_is_a_warning() {
    let (test, _) = findings(well());
    let file =
        fs::File::options().write(true).open(test.home().join(".config/modelforge-credential/config.toml")).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(4_102_444_800)).unwrap();
    finds(
        test,
        &format!(
            "warning clock: the modification time of `~/.config/modelforge-credential/config.toml` is in the future \
             (2100-01-01T00:00:00Z): the system clock is or was wrong | date; touch {}  # if the clock is right now",
            as_word("~/.config/modelforge-credential/config.toml")
        ),
    );
}

#[cfg(unix)]
#[test]
#[cfg(target_os = "linux")]
fn a_lock_that_is_held_for_long_is_a_warning_that_names_the_process() {
    let (test, _) = findings(well());
    let folder = test.home().join(".local/state/modelforge-credential/locks");
    let path = folder.join("zz");
    let file = fs::File::create(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    file.lock().unwrap();
    let pid = std::process::id();
    finds(
        test,
        &format!(
            "warning locks: process {pid} has been holding the lock `~/.local/state/modelforge-credential/locks/zz` for more than a second | ps -fp {pid}  # then: kill {pid}"
        ),
    );
}

#[test]
fn a_process_that_holds_the_very_lock_that_is_needed_is_an_error_and_no_long_wait() {
    let (test, _) = findings(well());
    let folder = test.home().join(".local/state/modelforge-credential/locks");
    let held: Vec<fs::File> =
        files_below(&folder).iter().map(|path| fs::File::options().write(true).open(path).unwrap()).collect();
    held.iter().for_each(|file| file.lock().unwrap());
    let start = Instant::now();
    finds(
        test,
        "error locks: helpers were not tested: another process has been storing for some seconds | pgrep -a modelforge-credential",
    );
    assert!(start.elapsed() < Duration::from_secs(15));
}

#[test]
#[ignore = "needs util-linux"]
#[cfg(target_os = "linux")]
fn a_disk_that_is_full_or_read_only_is_an_error() {
    for (options, problem) in
        [("size=64k", " has only "), ("size=8m,nr_inodes=8", " more files"), ("size=8m,ro", " is read-only")]
    {
        let test = well();
        let disk = test.home().join("disk");
        fs::create_dir(&disk).unwrap();
        let (core, disk) = (program("modelforge-credential").display().to_string(), disk.display().to_string());
        let line = format!(
            "mount -t tmpfs -o {options} none '{disk}' && XDG_STATE_HOME='{disk}' XDG_DATA_HOME='{disk}' exec '{core}' doctor"
        );
        let output = test.run(&["unshare", "-rm", "sh", "-c", &line], "");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let found = text.lines().any(|line| line.starts_with("error    disk ") && line.contains(problem));
        assert!(
            found,
            "this test needs `unshare -rm` to be allowed to mount: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert_eq!(output.status.code(), Some(1));
    }
}

#[test]
fn keys_in_plain_text_are_a_warning_for_each_file_also_where_that_helper_is_not_in_the_chain() {
    let key = format!(
        r#"{{"providers": {{"openai": {{"auth_data": {{"api_key": "{SECRET}"}}}}, "mistral": {{"auth_data": {{"api_key": "{SECRET}"}}}}}}}}"#
    );
    let expected = "warning plaintext: `~/.config/model-forge/config.json` has keys: `openai`, `mistral` | modelforge-credential migrate --dry-run";
    for helpers in ["helpers = ['age']", "helpers = ['age', 'plaintext']"] {
        let test = Test::new().config(helpers).file(".config/model-forge/config.json", &key);
        finds(test, expected);
    }
}

#[cfg(unix)]
#[test]
fn a_log_that_cannot_be_written_is_an_error_with_its_file_and_a_command() {
    let test = well();
    let state = test.home().join(".local/state/modelforge-credential");
    fs::create_dir_all(&state).unwrap();
    std::os::unix::fs::symlink("/nowhere", state.join("audit.jsonl")).unwrap();
    let link = "cannot write the audit log: `~/.local/state/modelforge-credential/audit.jsonl` is a link";
    let test = finds(test, &format!("error audit: {link} | ls -l ~/.local/state/modelforge-credential/audit.jsonl"));
    let test = test.env("XDG_STATE_HOME", "/proc/nowhere");
    let place = "/proc/nowhere/modelforge-credential";
    let none = "cannot make `/proc/nowhere`: entity not found";
    finds(test, &format!("error audit: cannot write the audit log: {none} | ls -la {place}"));
}

#[test]
fn where_requests_are_logged_or_that_they_are_not_is_said() {
    finds(well(), "ok audit: the audit log is `~/.local/state/modelforge-credential/audit.jsonl`");
    finds(
        Test::new().config("helpers = ['age']\naudit = { enabled = false }"),
        "ok audit: the log is off: `[audit] enabled = false` in config.toml",
    );
}

// A program for Windows does not start without `SystemRoot`.
#[cfg(unix)]
#[test]
fn without_a_home_or_an_environment_it_says_what_is_missing() {
    let core = program("modelforge-credential").display().to_string();
    let output = well().run(&["env", "-i", &core, "doctor"], "");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    for expected in [
        "warning  helper         skipped helper `age`: there is no home directory\n",
        "error    helper         no helper in the chain can store credentials\n",
        "                        hint: set HOME to a directory that exists, or XDG_DATA_HOME to an absolute path\n",
        "warning  audit          there is no audit log: there is no home directory\n",
    ] {
        assert!(text.contains(expected), "{text}");
    }
    assert_eq!(String::from_utf8_lossy(&output.stderr), "error: one check failed\n");
}

#[test]
fn that_it_cannot_be_logged_is_told_in_the_report_as_well() {
    let test = well().file(".local/state/modelforge-credential", "a file where the log should be");
    let output = test.args(["doctor"]).output();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(stdout.contains("audit          this is not in the audit log: "), "{stdout}");
    assert!(!stderr.contains("audit log"), "{stderr}");
}
