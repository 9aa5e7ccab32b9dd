//! The log of who asked for what: what stands in it and what never does, and what it costs a `get` when it cannot be written.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::login::keeper;
use crate::support::{SECRET, Test, program};

fn folder(test: &Test) -> PathBuf {
    test.home().join(".local/state/modelforge-credential")
}

fn log(test: &Test) -> PathBuf {
    folder(test).join("audit.jsonl")
}

fn lines(test: &Test) -> Vec<String> {
    fs::read_to_string(log(test)).unwrap_or_default().lines().map(str::to_owned).collect()
}

/// The records as JSON.
fn records(test: &Test) -> Vec<serde_json::Value> {
    lines(test).iter().map(|line| serde_json::from_str(line).expect("a record is JSON")).collect()
}

/// Some fields of a record, as one text.
fn shown(record: &serde_json::Value, fields: &[&str]) -> String {
    let text = |field: &&str| record[field].as_str().unwrap_or("-").to_owned();
    fields.iter().map(text).collect::<Vec<_>>().join(" ")
}

const FIELDS: [&str; 6] = ["operation", "provider", "url", "account", "helper", "outcome"];

fn has(test: Test) -> Test {
    test.script("has", &format!("case $1 in get) echo password={SECRET};; esac; cat > /dev/null")).helpers("has")
}

/// Asks for a key as often as that.
#[track_caller]
fn asked(mut test: Test, times: usize) -> Test {
    for _ in 0..times {
        test = test.args(["get"]).stdin("provider=openai\n");
        let output = test.output();
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    }
    test
}

#[test]
fn every_operation_that_reaches_the_chain_is_logged_and_no_value() {
    let test = keeper(Test::new(), "vault", "").helpers("vault");
    let request = format!("provider=openai\npassword={SECRET}\n");
    let asked = |test: Test, words: &[&str], input: &str| {
        let test = test.args(words).stdin(input);
        test.output();
        test
    };
    let mut test = test;
    for (words, input) in [
        (&["get"][..], "provider=openai\n"),
        (&["fill"], "provider=openai\n"),
        (&["approve"], &request),
        (&["get"], "url=https://api.openai.com/v1\n"),
        (&["fill"], "provider=openai\n"),
        (&["list"], ""),
        (&["reject"], "provider=openai\n"),
        (&["store"], &request),
        (&["erase"], "provider=openai\n"),
        (&["login", "openai", "--account", "work"], &format!("{SECRET}\n")),
        (&["login", "openai", "--account", "work"], &format!("{SECRET}\n")),
        (&["logout", "openai", "--account", "work"], ""),
        (&["get"], "protocol=https\nhost=example.com\npath=a\nusername=me\n"),
    ] {
        test = asked(test, words, input);
    }
    let seen: Vec<String> = records(&test).iter().map(|record| shown(record, &FIELDS)).collect();
    let openai = "openai https://api.openai.com";
    assert_eq!(
        seen,
        [
            format!("get {openai} - - not found"),
            format!("fill {openai} - - not found"),
            format!("approve {openai} default vault stored"),
            format!("get {openai} default vault found"),
            format!("fill {openai} default vault found"),
            "list - - - - listed".to_owned(),
            format!("reject {openai} - - erased"),
            format!("store {openai} default vault stored"),
            format!("erase {openai} - - erased"),
            format!("login {openai} work vault stored"),
            format!("login {openai} work vault signed in already"),
            format!("logout {openai} work - erased"),
            "get - https://example.com/a me - not found".to_owned(),
        ]
    );
}

#[test]
fn a_key_that_is_handed_to_a_program_is_logged_as_well() {
    let mut test = has(Test::new());
    for words in [&["print", "openai"][..], &["env", "openai"], &["exec", "openai", "mistral", "--", "true"]] {
        test = test.args(words);
        assert!(test.output().status.success());
    }
    let fields = ["operation", "provider", "outcome"];
    let seen: Vec<String> = records(&test).iter().map(|record| shown(record, &fields)).collect();
    assert_eq!(seen, ["print openai found", "env openai found", "exec openai found", "exec mistral found"]);
}

#[test]
fn a_request_that_is_refused_or_needs_no_helper_reaches_no_chain_and_is_not_logged() {
    let test = has(Test::new());
    for (input, code) in [("provider=nobody\n", 1), ("nonsense\n", 1), ("provider=openai\nusername=a\npassword=p\n", 0)]
    {
        let test = has(Test::new()).args(["get"]).stdin(input);
        assert_eq!(test.output().status.code(), Some(code));
        assert!(!log(&test).exists());
    }
    test.args(["audit"]).stdout("nothing is logged yet\n").success();
}

#[test]
fn a_failing_helper_is_logged_as_a_failure_and_not_as_absence() {
    let test = Test::new().script("fails", "exit 42").helpers("fails").args(["get"]).stdin("provider=openai\n");
    assert!(!test.output().status.success());
    assert_eq!(shown(&records(&test)[0], &["operation", "outcome"]), "get failed");
}

#[test]
#[cfg(target_os = "linux")]
fn the_asking_program_is_named_with_its_parents_and_never_its_arguments() {
    let test = has(Test::new());
    let core = program("modelforge-credential");
    let tool = test.bin().join("tool");
    let test = test.script("unused", "");
    fs::write(
        &tool,
        format!("#!/bin/sh\nprintf 'provider=openai\\n' | {{ '{}' get > /dev/null; :; }}\n", core.display()),
    )
    .unwrap();
    let line = format!(
        "/bin/sh '{0}' --api-key argument-of-the-tool; chmod 755 '{0}'; '{0}' argument-of-the-tool; :",
        tool.display()
    );
    let output = test.run(&["/bin/sh", "-c", &line], "");
    assert!(output.status.success(), "{output:?}");
    let shell = fs::canonicalize("/bin/sh").unwrap().display().to_string();
    let records = records(&test);
    for record in &records {
        assert_eq!(record["program"], *shell);
        assert!(record["pid"].as_u64().is_some_and(|pid| pid > 1));
        let parents = record["parents"].as_array().expect("parents");
        assert!(parents.iter().all(|parent| parent["pid"].as_u64().is_some()));
        assert!((1..5).contains(&parents.len()), "{record}");
    }
    // A script that is started by its own name says more than the shell that reads it.
    assert_eq!(records[1]["name"], "tool");
    assert_ne!(records[0]["name"], "tool");
    assert!(!fs::read_to_string(log(&test)).unwrap().contains("argument-of-the-tool"));
}

#[test]
fn what_moves_a_cursor_is_visible_in_the_log_and_when_it_is_shown() {
    let test = has(Test::new()).args(["get"]).stdin("protocol=https\nhost=a\u{1b}[2Jb\nusername=u\u{202e}\n");
    assert!(test.output().status.success());
    let text = fs::read_to_string(log(&test)).unwrap();
    assert!(text.contains(r"https://a\\u{1b}[2Jb") && text.contains(r"u\\u{202e}"), "{text}");
    let table = String::from_utf8(test.args(["audit"]).output().stdout).unwrap();
    assert!(table.contains(r"https://a\u{1b}[2Jb") && !table.contains('\u{1b}'), "{table}");
}

/// GitHub's own example of a token.
const TOKEN: &str = "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";

/// What this program shows of these requests anywhere but in its answers: traces, the log and its table, `status`.
#[track_caller]
fn everything_shown(mut test: Test, requests: &[(&str, String)]) -> String {
    let mut shown = String::new();
    for (operation, request) in requests {
        test = test.args(["--verbose", operation]).stdin(request);
        shown += &String::from_utf8_lossy(&test.output().stderr);
    }
    for words in [&["audit"][..], &["audit", "--json"], &["status", "--verbose"], &["status", "--json"], &["doctor"]] {
        test = test.args(words);
        let output = test.output();
        shown += &String::from_utf8_lossy(&output.stdout);
        shown += &String::from_utf8_lossy(&output.stderr);
    }
    shown + &fs::read_to_string(log(&test)).expect("a log")
}

#[test]
fn a_token_that_comes_as_a_user_name_stands_neither_in_the_log_nor_in_a_trace() {
    let url = format!("url=https://{TOKEN}@github.com/x/y.git\n");
    let approved = format!("url=https://{TOKEN}:x-oauth-basic@github.com/x/y.git\n");
    let unknown = "url=https://a-token-of-no-known-shape:x-oauth-basic@github.com\n".to_owned();
    let requests =
        [("get", url.clone()), ("approve", approved), ("approve", unknown), ("fill", url.clone()), ("reject", url)];
    let shown = everything_shown(Test::new().helpers("age"), &requests);
    assert!(!shown.contains(TOKEN) && !shown.contains("of-no-known-shape"), "{shown}");
    assert!(shown.contains(r#""account":"<redacted>""#), "{shown}");
}

#[test]
fn a_key_in_a_path_and_a_scope_that_repeats_the_token_are_shown_nowhere() {
    let path = format!("protocol=https\nhost=example.com\npath=v1/{TOKEN}/x\nusername=me\n");
    let scope = format!("provider=openai\npassword={SECRET}\nscope=all {SECRET}\ntoken_type={SECRET}\n");
    let requests = [
        ("get", path.clone()),
        ("approve", format!("{path}password=secret-of-mine\n")),
        ("get", path),
        ("approve", scope),
        ("get", "provider=openai\n".to_owned()),
    ];
    let shown = everything_shown(Test::new().helpers("age"), &requests);
    assert!(!shown.contains(TOKEN) && !shown.contains(SECRET), "{shown}");
    assert!(shown.contains("https://example.com/v1/<redacted>/x"), "{shown}");
}

#[test]
fn a_file_that_is_named_by_a_token_is_not_named_in_a_message() {
    let request = format!("protocol=https\nhost=github.com\nusername={TOKEN}\n");
    let test = Test::new().helpers("age").args(["approve"]).stdin(format!("{request}password=a-secret\n"));
    assert!(test.output().status.success());
    let folder = test.home().join(".local/share/modelforge-credential/age");
    let file = find(&folder).expect("the token is kept");
    fs::write(&file, "no age file").unwrap();
    let test = test.args(["get"]).stdin(&request);
    let said = String::from_utf8_lossy(&test.output().stderr).into_owned();
    assert!(said.contains("<redacted>") && !said.contains("ghp_"), "{said}");
}

/// The file of the only credential.
fn find(folder: &std::path::Path) -> Option<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().find_map(|entry| match entry.path() {
        path if path.is_dir() => find(&path),
        path => Some(path).filter(|path| path.extension().is_some_and(|extension| extension == "age")),
    })
}

#[test]
fn a_text_of_any_length_makes_a_short_record() {
    let test =
        has(Test::new()).args(["get"]).stdin(format!("protocol=https\nhost={}\nusername=u\n", "h".repeat(60_000)));
    assert!(test.output().status.success());
    assert!(lines(&test)[0].len() < 4096);
}

#[test]
fn a_record_says_how_often_the_program_was_its_own_helper() {
    let test = has(Test::new()).env("MODELFORGE_CREDENTIAL_DEPTH", "1");
    let test = asked(test, 1).env("MODELFORGE_CREDENTIAL_DEPTH", "0");
    let test = asked(test, 1);
    let depths: Vec<_> = records(&test).iter().map(|record| record["depth"].as_u64()).collect();
    assert_eq!(depths, [Some(1), None]);
}

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
    let test = test.args(["audit"]).stdout("nothing is logged yet\n").stderr(off).success();
    let test = test.config("[audit]\nenabled = true\n");
    assert_eq!(lines(&asked(test, 1)).len(), 1);
    for (config, problem) in [
        ("[audit]\nenable = false\n", "line 2: unknown key `enable`\nhint: did you mean `enabled`?\n"),
        ("[audit]\nenabled = 'no'\n", "line 2: `enabled` is neither true nor false\n"),
        ("[audit]\nsyslog = 1\n", "line 2: `syslog` is neither true nor false\n"),
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
fn a_file_that_may_not_grow_does_not_stop_a_get_and_is_said() {
    let test = asked(has(Test::new()), 1);
    let core = program("modelforge-credential");
    // No file may grow beyond this many blocks of 512 bytes. Whoever tries gets SIGXFSZ, unless it is ignored.
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
    assert_eq!(String::from_utf8_lossy(&shown.stdout).lines().count(), 2, "what was cut short costs no other record");
}

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
    let said = "warning: this is not in the audit log: `~/.local/state/modelforge-credential/audit.jsonl`: Not a directory (os error 20)\nhint: modelforge-credential doctor\n";
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
    {
        let test = asked(has(Test::new()), 1);
        let path = log(&test);
        fs::remove_file(&path).unwrap();
        let target = test.home().join("target");
        std::os::unix::fs::symlink(&target, &path).unwrap();
        let test = test.args(["get"]).stdin("provider=openai\n").stdout(ANSWER);
        let test = test
            .stderr("warning: this is not in the audit log: `~/.local/state/modelforge-credential/audit.jsonl` is a link\nhint: modelforge-credential doctor\n")
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
fn a_process_that_holds_a_lock_on_the_log_delays_nobody() {
    let test = asked(has(Test::new()), 1);
    let held = fs::File::options().write(true).open(log(&test)).unwrap();
    held.lock().unwrap();
    // A full log is closed under a lock, too.
    fs::write(log(&test), vec![b'\n'; 2 << 20]).unwrap();
    let lock = fs::File::create(folder(&test).join("audit.lock")).unwrap();
    lock.lock().unwrap();
    let start = Instant::now();
    let test = asked(test, 3);
    assert!(start.elapsed() < Duration::from_secs(3));
    assert!(fs::metadata(log(&test)).unwrap().len() > 2 << 20);
    drop(lock);
    assert_eq!(lines(&asked(test, 1)).len(), 1);
}

/// Runs a command where `/dev/log` is this test's own: `"$1"` is the core, and `"$2"` the file in which a real system log keeps what it
/// gets, if `daemon` starts one.
#[cfg(target_os = "linux")]
fn with_a_system_log(test: &Test, daemon: &str, command: &str) -> (std::process::Output, String) {
    let rsyslogd = crate::support::system("rsyslogd", "rsyslog").display().to_string();
    let (folder, core) = (test.home().display().to_string(), program("modelforge-credential").display().to_string());
    let config = "module(load=\"imuxsock\")\naction(type=\"omfile\" file=\"KEPT\" template=\"RSYSLOG_FileFormat\")\n";
    let kept = test.home().join("kept");
    let config = config.replace("KEPT", &kept.display().to_string());
    fs::write(test.home().join("rsyslog.conf"), config).expect("a file");
    let script = format!(
        "set -e
        mkdir dev && for name in null zero full random urandom tty; do touch dev/$name; mount --bind /dev/$name dev/$name; done
        mount --rbind dev /dev
        start() {{
            '{rsyslogd}' -n -i NONE -f rsyslog.conf &
            for i in $(seq 50); do [ -S /dev/log ] && break; sleep 0.2; done
        }}
        {daemon}
        set +e
        {command}
        status=$?
        kill $! 2>/dev/null; wait
        exit $status"
    );
    let output = test
        .run(&["unshare", "-rm", "sh", "-c", &format!("cd '{folder}'\n{script}"), "sh", &core], "provider=openai\n");
    (output, fs::read_to_string(kept).unwrap_or_default())
}

#[test]
#[cfg(target_os = "linux")]
fn the_systems_log_gets_each_record_as_well_where_that_is_configured() {
    let test = has(Test::new()).config("[audit]\nsyslog = true\n");
    let (output, kept) = with_a_system_log(&test, "start", "\"$1\" get");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
    let kept: Vec<&str> =
        kept.lines().filter_map(|line| line.split_once(" modelforge-credential[")).map(|(_, text)| text).collect();
    let [line] = kept.as_slice() else { panic!("{kept:?}") };
    let record = line.split_once("]: ").expect("a number").1;
    assert_eq!(lines(&test), [record]);
    assert_eq!(
        shown(&serde_json::from_str(record).unwrap(), &["operation", "provider", "outcome"]),
        "get openai found"
    );
}

#[test]
#[cfg(target_os = "linux")]
fn without_a_system_log_a_get_is_answered_at_once_with_one_warning() {
    let warning = |reason: &str| {
        format!("warning: this is not in the system's log: `/dev/log`: {reason}\nhint: modelforge-credential doctor\n")
    };
    // One is not there, one has gone and left its socket, and one is there and reads nothing.
    for (daemon, reason) in [
        (":", "No such file or directory (os error 2)"),
        (
            "start; kill $!; wait; [ -S /dev/log ] || python3 -c 'import socket; socket.socket(1, 2).bind(\"/dev/log\")'",
            "Connection refused (os error 111)",
        ),
        (
            "python3 -c 'import socket, time
s = socket.socket(1, 2); s.bind(\"/dev/log\"); c = socket.socket(1, 2); c.connect(\"/dev/log\"); c.setblocking(False)
try:
    while True: c.send(b\"x\")
except BlockingIOError: open(\"full\", \"w\"); time.sleep(20)' &
        for i in $(seq 50); do [ -e full ] && break; sleep 0.2; done",
            "Resource temporarily unavailable (os error 11)",
        ),
    ] {
        let test = has(Test::new()).config("[audit]\nsyslog = true\n");
        let (output, _) = with_a_system_log(&test, daemon, "timeout 5 \"$1\" get");
        assert_eq!(String::from_utf8_lossy(&output.stdout), ANSWER, "{output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), warning(reason));
        assert_eq!(lines(&test).len(), 1);
    }
    let test = has(Test::new()).config("[audit]\nsyslog = true\n");
    let (output, _) =
        with_a_system_log(&test, ":", "\"$1\" exec --env A=openai --env B=mistral -- true; \"$1\" doctor");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(stderr.matches("not in the system's log").count(), 1, "{stderr}");
    assert!(stdout.contains("no record reaches the system's log"), "{stdout}");
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

#[test]
fn the_option_that_is_gone_says_why() {
    let said = "error: `--verify` is gone: whoever can change the log can change it without a trace\nhint: [audit] syslog = true  # in config.toml: keeps each record in the system's log as well\n";
    Test::new().args(["audit", "--verify"]).stderr(said).status(2);
    Test::new().args(["audit", "--verify", "--json"]).stderr(said).status(2);
}

// Reading it.

#[test]
fn it_is_shown_as_a_table_with_the_newest_last() {
    let test = asked(has(Test::new()), 1);
    let test = test.args(["get"]).stdin("protocol=https\nhost=example.com\nusername=me\n");
    test.output();
    let table = String::from_utf8(test.args(["audit"]).output().stdout).unwrap();
    insta::with_settings!({ filters => vec![
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "2026-01-31 12:00:00"),
        (r"\d+\.\d +\S+ .*", "1.0  ASKER"),
        (r"MS .*", "MS ASKED BY"),
    ] }, { insta::assert_snapshot!("audit_table", table) });
}

#[test]
fn it_is_filtered_by_provider_account_time_and_number() {
    let mut test = has(Test::new());
    for (provider, account) in [("openai", "work"), ("mistral", "default"), ("openai", "home"), ("together_ai", "work")]
    {
        test = test.args(["get"]).stdin(format!("provider={provider}\nusername={account}\n"));
        assert!(test.output().status.success());
    }
    let seen = |arguments: &[&str]| {
        let words = [program("modelforge-credential").display().to_string(), "audit".into(), "--json".into()];
        let words: Vec<String> = words.into_iter().chain(arguments.iter().map(|word| (*word).to_owned())).collect();
        let output = test.run(&words, "");
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let name = |line: &str| shown(&serde_json::from_str(line).unwrap(), &["provider", "account"]);
        text.lines().map(name).collect::<Vec<_>>()
    };
    let all = ["openai work", "mistral default", "openai home", "togetherai work"];
    assert_eq!(seen(&[]), all);
    assert_eq!(seen(&["--provider", "openai"]), ["openai work", "openai home"]);
    assert_eq!(seen(&["--provider", "together-ai"]), ["togetherai work"]);
    assert_eq!(seen(&["--account", "work"]), ["openai work", "togetherai work"]);
    assert_eq!(seen(&["--limit", "2"]), ["openai home", "togetherai work"]);
    assert_eq!(seen(&["--limit", "0"]), [""; 0]);
    assert_eq!(seen(&["--since", "1h"]), all);
    assert_eq!(seen(&["--since", "2026-01-01"]), all);
    assert_eq!(seen(&["--since", "2999-01-01"]), [""; 0]);
    assert_eq!(seen(&["--since", "2026-01-01T00:00:00", "--limit", "1"]), ["togetherai work"]);
    let words = [program("modelforge-credential").display().to_string(), "audit".into(), "--json".into()];
    assert_eq!(String::from_utf8(test.run(&words, "").stdout).unwrap(), fs::read_to_string(log(&test)).unwrap());
}

#[test]
fn a_time_that_is_none_is_a_mistake_of_the_command_line() {
    for time in ["yesterday", "2026-13-01", "", "-1d"] {
        let test = Test::new().args(["audit".to_owned(), format!("--since={time}")]);
        test.stderr("error: `--since` is neither a span of time nor a date\nhint: modelforge-credential audit --since 2d  # or 2026-01-31\n").status(2);
    }
}

#[test]
fn status_says_in_detail_when_a_key_was_last_used_and_by_whom() {
    let test = Test::new().helpers("age");
    let test = test.args(["approve"]).stdin(format!("provider=openai\npassword={SECRET}\n")).success();
    let detail = |test: &Test| {
        let core = program("modelforge-credential");
        let output = test.run(&[core.as_os_str(), "status".as_ref(), "--verbose".as_ref(), "--json".as_ref()], "");
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()["providers"][0]["copies"][0].clone()
    };
    assert_eq!(detail(&test)["used_utc"], serde_json::Value::Null);
    let test = test.args(["get"]).stdin("provider=openai\n");
    assert!(test.output().status.success());
    assert!(detail(&test)["used_utc"].as_u64().is_some_and(|at| at > 1_700_000_000));
    let used_by = detail(&test)["used_by"].as_str().unwrap_or_default().to_owned();
    assert!(cfg!(not(target_os = "linux")) || used_by.contains("tests-"), "{used_by}");
    let test = test.args(["status", "--verbose"]);
    assert!(String::from_utf8(test.output().stdout).unwrap().contains(", last used "));
}
