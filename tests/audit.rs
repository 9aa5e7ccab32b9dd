//! The log of who asked for what: what stands in it and what never does, what it costs a `get` when it cannot be written, and what
//! a check finds.

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

/// What `audit --verify` says, times masked, and its exit status.
#[track_caller]
fn verified(test: &Test) -> String {
    let output = test.run(&[program("modelforge-credential").as_os_str(), "audit".as_ref(), "--verify".as_ref()], "");
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let mut masked = String::new();
    for line in text.lines().filter(|line| !line.starts_with("hint: ")) {
        let words = line.split(' ').filter(|word| !word.starts_with("(20"));
        masked.push_str(&format!("{}\n", words.collect::<Vec<_>>().join(" ")));
    }
    format!("{masked}[{}]", output.status.code().unwrap_or(-1))
}

const TAMPERED: &str = "error: the audit log was tampered with, or a part of it is lost\n[1]";

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
    assert!(verified(&test).ends_with("[0]"));
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

#[test]
fn a_text_of_any_length_makes_a_short_record() {
    let test =
        has(Test::new()).args(["get"]).stdin(format!("protocol=https\nhost={}\nusername=u\n", "h".repeat(60_000)));
    assert!(test.output().status.success());
    assert!(lines(&test)[0].len() < 4096);
    assert!(verified(&test).ends_with("[0]"));
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
    let said = "warning: this is not in the audit log: `~/.local/state/modelforge-credential/audit.head`: Not a directory (os error 20)\nhint: modelforge-credential doctor\n";
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
            .stderr(&format!("warning: this is not in the audit log: `~/.local/state/modelforge-credential/{name}` is a link\nhint: modelforge-credential doctor\n"))
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

// What a check finds.

/// Five records, of which something is done to the lines.
#[track_caller]
fn tampered(change: impl Fn(&mut Vec<String>)) -> Test {
    let test = asked(has(Test::new()), 5);
    let mut lines = lines(&test);
    change(&mut lines);
    fs::write(log(&test), lines.iter().map(|line| format!("{line}\n")).collect::<String>())
        .expect("the log can be written");
    test
}

#[track_caller]
fn finds(test: &Test, count: u64, span: &str, problems: &[&str]) {
    let problems: String = problems.iter().map(|problem| format!("warning: {problem}\n")).collect();
    assert_eq!(verified(test), format!("{count} records: from {span}\n{problems}{TAMPERED}"));
}

#[test]
fn an_edited_record_is_found_also_the_last_one() {
    let edit = |at: usize| move |lines: &mut Vec<String>| lines[at] = lines[at].replace("openai", "0penai");
    finds(&tampered(edit(0)), 5, "1 to 5", &["record 1 was changed after it was written"]);
    finds(&tampered(edit(2)), 5, "1 to 5", &["record 3 was changed after it was written"]);
    finds(&tampered(edit(4)), 5, "1 to 5", &["record 5 was changed after it was written"]);
    // Not even a blank may be added.
    let blank = |lines: &mut Vec<String>| lines[1] = lines[1].replace("\":", "\": ");
    finds(&tampered(blank), 5, "1 to 5", &["record 2 was changed after it was written"]);
}

#[test]
fn a_missing_record_is_found_also_the_first_and_the_last_one() {
    let without = |at: usize| move |lines: &mut Vec<String>| drop(lines.remove(at));
    finds(&tampered(without(0)), 4, "2 to 5", &["record 1 is missing"]);
    finds(&tampered(without(2)), 4, "1 to 5", &["record 3 is missing"]);
    let cut = "record 5 is missing at the end: it was cut off, or lost in a power cut";
    finds(&tampered(without(4)), 4, "1 to 4", &[cut]);
    let all = tampered(Vec::clear);
    assert_eq!(verified(&all), "error: records 1 to 5 are missing\n[1]");
}

#[test]
fn a_number_beyond_which_nobody_can_count_is_found_and_stops_no_get() {
    let test = asked(has(Test::new()), 2);
    let head = folder(&test).join("audit.head");
    let text = fs::read_to_string(&head).unwrap();
    let mut words: Vec<&str> = text.split(' ').collect();
    let most = u64::MAX.to_string();
    words[1] = &most;
    fs::write(&head, words.join(" ")).unwrap();
    let test = asked(test, 2);
    assert!(verified(&test).ends_with(TAMPERED), "{}", verified(&test));
    let test = test.args(["audit", "--json"]);
    assert_eq!(String::from_utf8_lossy(&test.output().stdout).lines().count(), 4);
}

#[test]
fn what_was_cut_off_at_the_end_stays_missing_when_others_have_written_since() {
    let test = asked(tampered(|lines| lines.truncate(2)), 2);
    finds(&test, 4, "1 to 7", &["records 3 to 5 are missing"]);
}

#[test]
fn a_reordered_or_repeated_record_is_found() {
    let test = tampered(|lines| lines.swap(1, 2));
    let said = verified(&test);
    assert!(
        said.contains("warning: record 2 stands after one that is newer, or was put there\n")
            && said.ends_with(TAMPERED),
        "{said}"
    );
    let test = tampered(|lines| lines.insert(3, lines[2].clone()));
    finds(&test, 6, "1 to 5", &["record 3 stands after one that is newer, or was put there"]);
}

#[test]
fn a_head_that_was_taken_away_is_found_also_when_others_have_written_since() {
    let test = tampered(|lines| lines.truncate(3));
    fs::remove_file(folder(&test).join("audit.head")).unwrap();
    finds(
        &test,
        3,
        "1 to 3",
        &["the file `audit.head` is missing: whether records were cut off at the end cannot be told"],
    );
    let test = asked(test, 1);
    finds(
        &test,
        4,
        "1 to 4",
        &["before record 4 the file `audit.head` was missing: records may have been cut off there"],
    );
}

#[test]
fn a_torn_last_line_is_closed_by_the_next_writer_and_is_not_taken_for_tampering() {
    let test = asked(has(Test::new()), 2);
    let half = lines(&test)[1][..100].to_owned();
    let torn = [fs::read(log(&test)).unwrap(), half.into_bytes()].concat();
    fs::write(log(&test), torn).unwrap();
    let said = |count: u64| {
        format!(
            "{count} records: from 1 to {count}\nnone was changed, and none is missing in between or at the end\nwarning: one line was not written to the end: a process or the machine stopped meanwhile\n[0]"
        )
    };
    assert_eq!(verified(&test), said(2));
    let test = asked(test, 2);
    assert_eq!(verified(&test), said(4));
}

#[test]
fn a_writer_that_was_killed_before_it_could_name_the_new_end_is_made_up_for() {
    let test = asked(has(Test::new()), 2);
    let head = fs::read(folder(&test).join("audit.head")).unwrap();
    let test = asked(test, 2);
    fs::write(folder(&test).join("audit.head"), head).unwrap();
    let whole = |count| {
        format!(
            "{count} records: from 1 to {count}\nnone was changed, and none is missing in between or at the end\n[0]"
        )
    };
    assert_eq!(verified(&test), whole(4));
    assert_eq!(verified(&asked(test, 1)), whole(5));
}

#[test]
fn a_forged_record_at_the_end_is_found() {
    let test = tampered(|lines| {
        let forged = lines[4].replace("\"seq\":5", "\"seq\":6").replace("openai", "mistral");
        lines.push(forged);
    });
    finds(&test, 6, "1 to 6", &["record 5 was changed after it was written"]);
    let said = verified(&asked(test, 1));
    assert!(said.ends_with(TAMPERED), "{said}");
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
        let number = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["seq"].as_u64().unwrap();
        text.lines().map(number).collect::<Vec<_>>()
    };
    assert_eq!(seen(&[]), [1, 2, 3, 4]);
    assert_eq!(seen(&["--provider", "openai"]), [1, 3]);
    assert_eq!(seen(&["--provider", "together-ai"]), [4]);
    assert_eq!(seen(&["--account", "work"]), [1, 4]);
    assert_eq!(seen(&["--limit", "2"]), [3, 4]);
    assert_eq!(seen(&["--limit", "0"]), [0; 0]);
    assert_eq!(seen(&["--since", "1h"]), [1, 2, 3, 4]);
    assert_eq!(seen(&["--since", "2026-01-01"]), [1, 2, 3, 4]);
    assert_eq!(seen(&["--since", "2999-01-01"]), [0; 0]);
    assert_eq!(seen(&["--since", "2026-01-01T00:00:00", "--limit", "1"]), [4]);
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
