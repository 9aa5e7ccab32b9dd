//! A log that is off, cannot be written, or is written by many processes at once.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::{ANSWER, asked, folder, has, lines, log, records};
use crate::support::{SECRET, Test, program};

#[cfg(unix)]
#[test]
fn the_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let test = asked(has(Test::new()), 1);
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(folder(&test)), 0o700);
    assert_eq!(mode(log(&test)), 0o600);
}

#[test]
fn the_configuration_turns_it_off() {
    let test = has(Test::new()).config("[audit]\nenabled = false\n");
    let test = asked(test, 1);
    assert!(!log(&test).exists());
    let off = "warning: nothing more is logged: `[audit] enabled = false` in config.toml\n";
    let test = test.args(["audit"]).stdout("there are no records yet\n").stderr(off).success();
    let test = test.config("[audit]\nenabled = true\n");
    assert_eq!(lines(&asked(test, 1)).len(), 1);
    for (config, problem) in [
        ("[audit]\nenable = false\n", "line 2: unknown key `enable`\nhint: did you mean `enabled`?\n"),
        ("[audit]\nenabled = 'no'\n", "line 2: `enabled` must be true or false\n"),
        ("[audit]\nsyslog = 1\n", "line 2: `syslog` must be true or false\n"),
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
    assert!(said.contains("trace: nothing is logged: there is no home directory\n"), "{said}");
    let test = get(test).env("HOME", "/proc/nobody");
    let said = String::from_utf8(test.output().stderr).unwrap();
    assert!(said.contains("trace: nothing is logged: there is no home directory\n"), "{said}");
    assert!(!said.contains("warning"), "{said}");
    let test = test.env("HOME", "");
    test.env("MODELFORGE_CREDENTIAL_TRACE", "")
        .args(["audit"])
        .stderr("error: there is no audit log: there is no home directory\n")
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

#[cfg(unix)]
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

#[cfg(unix)]
#[test]
fn a_file_that_may_not_grow_does_not_stop_a_get_and_is_said() {
    let test = asked(has(Test::new()), 1);
    let core = program("modelforge-credential");
    // No file may grow beyond this many blocks of 512 bytes. One that tries gets SIGXFSZ, unless it is ignored.
    for (trap, blocks) in [("", "0"), ("", "1"), ("trap '' XFSZ; ", "0")] {
        let line = format!("{trap}ulimit -f {blocks}; exec '{}' get", core.display());
        let output = test.run(&["/bin/sh", "-c", &line], "provider=openai\n");
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(String::from_utf8_lossy(&output.stdout), ANSWER);
        assert_eq!(
            String::from_utf8_lossy(&output.stderr),
            "warning: this is not in the audit log: File too large (os error 27)\nhint: modelforge-credential doctor\n"
        );
    }
    let test = asked(test, 1);
    let shown = test.run(&[core.as_os_str(), "audit".as_ref(), "--json".as_ref()], "");
    assert_eq!(String::from_utf8_lossy(&shown.stdout).lines().count(), 2, "what was interrupted costs no other record");
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_grow_is_an_error_of_the_age_helper_and_leaves_nothing_behind() {
    let test = Test::new();
    let helper = program("modelforge-credential-age");
    let line = format!("ulimit -f 0; exec '{}' store", helper.display());
    let output = test.run(&["/bin/sh", "-c", &line], format!("protocol=https\nhost=example.com\npassword={SECRET}\n"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.starts_with("error: ") && said.contains("file too large"), "{said}");
    let left = fs::read_dir(test.home().join(".local/share/modelforge-credential/age")).into_iter().flatten().flatten();
    let left: Vec<_> =
        left.map(|file| file.file_name()).filter(|name| name.to_string_lossy().contains("new")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_folder_that_cannot_be_written_to_does_not_stop_a_get_and_is_said() {
    let test = has(Test::new()).file(".local/state", "a file").args(["get"]).stdin("provider=openai\n");
    let said = "warning: this is not in the audit log: cannot make `~/.local/state/modelforge-credential`: not a directory\nhint: modelforge-credential doctor\n";
    let test = test.stdout(ANSWER).stderr(said).success();
    let nowhere = if cfg!(unix) { "/proc/nowhere".into() } else { test.home().join(".local/state/nowhere") };
    let output =
        test.env("XDG_STATE_HOME", nowhere.to_string_lossy()).args(["get"]).stdin("provider=openai\n").output();
    assert_eq!((output.status.code(), &*String::from_utf8_lossy(&output.stdout)), (Some(0), ANSWER));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("warning: this is not in the audit log: "));
}

#[cfg(unix)]
#[test]
fn a_link_or_a_pipe_in_the_place_of_the_log_is_not_followed() {
    {
        let test = asked(has(Test::new()), 1);
        let path = log(&test);
        fs::remove_file(&path).unwrap();
        let target = test.home().join("target");
        std::os::unix::fs::symlink(&target, &path).unwrap();
        let test = test.args(["get"]).stdin("provider=openai\n").stdout(ANSWER);
        let test = test
            .stderr("warning: this is not in the audit log: `~/.local/state/modelforge-credential/audit.jsonl` is a link\nhint: ls -l ~/.local/state/modelforge-credential/audit.jsonl\n")
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
fn a_process_that_holds_a_lock_on_the_log_stops_nobody() {
    let test = asked(has(Test::new()), 1);
    let held = fs::File::options().write(true).open(log(&test)).unwrap();
    // On Windows nobody could write there.
    if cfg!(unix) {
        held.lock().unwrap();
    }
    // A full log is closed under a lock, too.
    fs::write(log(&test), vec![b'\n'; 2 << 20]).unwrap();
    let lock = fs::File::create(folder(&test).join("audit.lock")).unwrap();
    lock.lock().unwrap();
    let test = asked(test, 3);
    assert!(fs::metadata(log(&test)).unwrap().len() > 2 << 20);
    drop(lock);
    assert_eq!(lines(&asked(test, 1)).len(), 1);
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
    assert_eq!(records(&test).iter().filter(|record| record["outcome"] == "found").count(), 60);
}

#[test]
fn twenty_processes_that_fill_the_log_at_once_lose_no_record() {
    let test = asked(has(Test::new()), 1);
    let line = format!("{}\n", lines(&test)[0]);
    fs::write(log(&test), line.repeat((1 << 20) / line.len() + 1)).unwrap();
    let before = lines(&test).len();
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                let core = program("modelforge-credential");
                let output = test.run(&[core.as_os_str(), "get".as_ref()], "provider=openai\n");
                assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
            });
        }
    });
    let full = folder(&test).join("audit-000000000001.jsonl");
    let count = fs::read_to_string(full).unwrap().lines().count() + lines(&test).len();
    assert_eq!(count, before + 20);
}
