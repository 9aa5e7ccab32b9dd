//! A log that is turned off, cannot be written or is written by many at once.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::{asked, folder, has, lines, log, records, verified};
use crate::support::{SECRET, Test, program};

#[test]
fn the_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let test = asked(has(Test::new()), 1);
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(folder(&test)), 0o700);
    assert_eq!(mode(log(&test)), 0o600);
    assert_eq!(mode(folder(&test).join("audit.head")), 0o600);
}

#[test]
fn the_configuration_turns_it_off() {
    let test = has(Test::new()).config("[audit]\nenabled = false\n");
    let test = asked(test, 1);
    assert!(!log(&test).exists());
    let off = "warning: nothing more is logged: `[audit] enabled = false` in config.toml\n";
    let test = test.args(["audit"]).stdout("nothing is logged yet\n").stderr(off).success();
    let test = test.config("[audit]\nenabled = true\n");
    assert_eq!(lines(&asked(test, 1)).len(), 1);
    for (config, problem) in [
        ("[audit]\nenable = false\n", "line 2: unknown key `enable`\nhint: did you mean `enabled`?\n"),
        ("[audit]\nenabled = 'no'\n", "line 2: `enabled` is neither true nor false\n"),
        ("audit = false\n", "line 1: `audit` is not a table\n"),
    ] {
        let test = has(Test::new()).config(config).args(["get"]).stdin("provider=openai\n");
        test.stderr(&format!("error: `~/.config/modelforge-credential/config.toml`, {problem}")).failure();
    }
}

#[test]
fn without_a_home_folder_there_is_no_log_and_only_the_trace_says_so() {
    let get = |test: Test| test.env("HOME", "").args(["get"]).stdin("provider=openai\n");
    let test = get(has(Test::new()));
    let output = test.output();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let test = get(test.env("MODELFORGE_CREDENTIAL_TRACE", "1"));
    let said = String::from_utf8(test.output().stderr).unwrap();
    assert!(said.contains("trace: nothing is logged: there is no home folder\n"), "{said}");
    let test = get(test).env("HOME", "/proc/nobody");
    let said = String::from_utf8(test.output().stderr).unwrap();
    assert!(said.contains("trace: nothing is logged: there is no home folder\n"), "{said}");
    assert!(!said.contains("warning"), "{said}");
    let test = test.env("HOME", "");
    test.env("MODELFORGE_CREDENTIAL_TRACE", "")
        .args(["audit"])
        .stderr("error: there is no audit log: there is no home folder\n")
        .failure();
}

#[test]
#[ignore = "needs util-linux"]
#[cfg(target_os = "linux")]
fn on_a_read_only_disk_each_get_does_not_complain_that_nothing_is_logged() {
    for (options, expected) in [("ro", ""), ("size=4k,nr_inodes=1", "warning: this is not in the audit log: ")] {
        let test = has(Test::new());
        let (core, disk) = (program("modelforge-credential").display().to_string(), test.home().join("disk"));
        std::fs::create_dir(&disk).unwrap();
        let disk = disk.display();
        let line = format!("mount -t tmpfs -o {options} none '{disk}' && XDG_STATE_HOME='{disk}' exec '{core}' get");
        let output = test.run(&["unshare", "-rm", "sh", "-c", &line], "provider=openai\n");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "this test needs `unshare -rm` to be allowed to mount: {said}");
        assert!(said.starts_with(expected) && said.is_empty() == expected.is_empty(), "{options}: {said}");
    }
}

#[test]
#[ignore = "needs util-linux"]
#[cfg(target_os = "linux")]
fn whose_home_is_somebody_elses_is_not_told_each_time_that_nothing_is_logged() {
    let setpriv = crate::support::system("setpriv", "util-linux");
    // The programs may lie where a stranger cannot look.
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a mode");
    for name in ["modelforge-credential", "modelforge-credential-env"] {
        crate::support::place(name, &folder.path().join(name));
    }
    let closed = folder.path().join("closed");
    std::fs::create_dir(&closed).expect("a folder");
    std::fs::set_permissions(&closed, std::os::unix::fs::PermissionsExt::from_mode(0o700)).expect("a mode");
    let core = folder.path().join("modelforge-credential");
    for home in ["/", closed.to_str().expect("a name")] {
        let test = Test::new().env("HOME", home).helpers("env").env("OPENAI_API_KEY", SECRET);
        let words = [
            setpriv.as_os_str(),
            "--reuid=54321".as_ref(),
            "--clear-groups".as_ref(),
            core.as_os_str(),
            "get".as_ref(),
        ];
        let output = test.run(&words, "provider=openai\n");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && said.is_empty(), "{home}: {said}");
    }
}

const ANSWER: &str =
    "protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword=sk-sentinel-5f0c9a7e41d84b1f\n";

#[test]
fn a_full_disk_does_not_stop_a_get_and_is_said_and_leaves_no_half_of_a_record() {
    let test = asked(has(Test::new()), 1);
    let core = program("modelforge-credential");
    // No file may grow beyond this many blocks of 512 bytes, and who tries gets an error instead of a signal.
    for blocks in ["0", "1"] {
        let before = fs::read(log(&test)).unwrap();
        let line = format!("trap '' XFSZ; ulimit -f {blocks}; exec '{}' get", core.display());
        let output = test.run(&["/bin/sh", "-c", &line], "provider=openai\n");
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(String::from_utf8_lossy(&output.stdout), ANSWER);
        assert_eq!(
            String::from_utf8_lossy(&output.stderr),
            "warning: this is not in the audit log: File too large (os error 27)\nhint: modelforge-credential doctor\n"
        );
        assert_eq!(fs::read(log(&test)).unwrap(), before);
    }
    assert!(verified(&asked(test, 1)).ends_with("[0]"));
}

#[test]
fn a_folder_that_cannot_be_written_to_does_not_stop_a_get_and_is_said() {
    let test = has(Test::new()).file(".local/state", "a file").args(["get"]).stdin("provider=openai\n");
    let said = "warning: this is not in the audit log: cannot make `~/.local/state/modelforge-credential`: not a directory\nhint: modelforge-credential doctor\n";
    let test = test.stdout(ANSWER).stderr(said).success();
    let output = test.env("XDG_STATE_HOME", "/proc/nowhere").args(["get"]).stdin("provider=openai\n").output();
    assert_eq!((output.status.code(), &*String::from_utf8_lossy(&output.stdout)), (Some(0), ANSWER));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("warning: this is not in the audit log: "));
}

#[test]
fn an_account_of_any_length_leaves_room_for_the_other_columns() {
    let request = format!("provider=openai\nusername={}\n", "u".repeat(5000));
    let test = Test::new().helpers("").args(["get"]).stdin(request).success();
    let test = test.args(["audit"]);
    let shown = String::from_utf8(test.output().stdout).unwrap();
    assert!(shown.contains(&format!("  {}…  not found", "u".repeat(60))), "{shown}");
}

#[test]
fn a_link_or_a_pipe_in_the_place_of_the_log_is_not_followed() {
    for name in ["audit.jsonl", "audit.head"] {
        let test = asked(has(Test::new()), 1);
        let path = folder(&test).join(name);
        fs::remove_file(&path).unwrap();
        let target = test.home().join("target");
        std::os::unix::fs::symlink(&target, &path).unwrap();
        let test = test.args(["get"]).stdin("provider=openai\n").stdout(ANSWER);
        let test = test
            .stderr(&format!("warning: this is not in the audit log: `~/.local/state/modelforge-credential/{name}` is a link\nhint: ls -l ~/.local/state/modelforge-credential/{name}\n"))
            .success();
        assert!(!target.exists());
        fs::remove_file(&path).unwrap();
        assert!(test.run(&["mkfifo".as_ref(), path.as_os_str()], "").status.success());
        let start = Instant::now();
        let output = test.args(["get"]).stdin("provider=openai\n").output();
        assert_eq!(String::from_utf8_lossy(&output.stdout), ANSWER);
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}

#[test]
fn a_process_that_holds_the_log_does_not_stop_a_get() {
    let test = asked(has(Test::new()), 1);
    let head = fs::File::options().write(true).open(folder(&test).join("audit.head")).unwrap();
    head.lock().unwrap();
    let start = Instant::now();
    let said = "warning: this is not in the audit log: another process has been holding the audit log for a second\nhint: pgrep -a modelforge-credential\n";
    let test = test.args(["get"]).stdin("provider=openai\n").stdout(ANSWER).stderr(said).success();
    assert!(start.elapsed() < Duration::from_secs(5));
    drop(head);
    assert_eq!(lines(&asked(test, 1)).len(), 2);
}

#[test]
fn twenty_processes_at_once_leave_every_record_whole_and_in_order() {
    let test = has(Test::new());
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                for _ in 0..3 {
                    let core = program("modelforge-credential");
                    let output = test.run(&[core.as_os_str(), "get".as_ref()], "provider=openai\n");
                    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
                }
            });
        }
    });
    let numbers: Vec<u64> = records(&test).iter().map(|record| record["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=60).collect::<Vec<_>>());
    assert_eq!(
        verified(&test),
        "60 records: from 1 to 60\nnone was changed, and none is missing in between or at the end\n[0]"
    );
}
