//! Sizes, streams and memory: nothing crashes, hangs or grows without limit.

use std::time::{Duration, Instant};

use super::{assert_not_started, marking};
use crate::support::{SECRET, Test, program};

/// Runs a line of shell with the program as `$PROGRAM`.
#[track_caller]
fn shell(test: &Test, name: &str, line: &str) -> std::process::Output {
    let line = format!("PROGRAM='{}'; {line}", program(name).display());
    test.run(&["/bin/sh", "-c", &line], "")
}

#[test]
fn endless_and_huge_input_ends_soon_and_in_little_memory() {
    let test = marking(Test::new());
    // Far less than the input, and enough for the stacks and arenas that are only reserved.
    let limit = if cfg!(target_os = "linux") { "ulimit -v 262144;" } else { "" };
    let start = Instant::now();
    for name in [
        "modelforge-credential",
        "modelforge-credential-env",
        "modelforge-credential-age",
        "modelforge-credential-keyring",
    ] {
        for source in [
            "yes | head -c 104857600 | tr -d '\\n'",
            "yes state[]=x",
            "yes '' | tr '\\n' x",
            "(echo provider=openai; cat /dev/zero)",
            "(printf 'protocol=https\\nhost=h\\n'; yes \"password=$(head -c 60000 /dev/zero | tr '\\0' x)\")",
        ] {
            let output = shell(&test, name, &format!("{source} 2>/dev/null | {{ {limit} \"$PROGRAM\" get; }}"));
            let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(1), "{name} {source}: {stderr}");
            assert!(stderr.starts_with("error: line ") && stderr.len() < 200, "{name} {source}: {stderr}");
        }
    }
    assert_not_started(&test);
    assert!(start.elapsed() < Duration::from_secs(120), "it took {:?}", start.elapsed());
}

#[test]
#[cfg(target_os = "linux")]
fn the_memory_of_the_core_stays_below_20_mib_whatever_a_helper_answers() {
    for answer in [
        "yes state[]=x | head -c 100000000",
        "cat /dev/zero",
        "yes 'error: much ado' | head -c 50000000 >&2",
        "for i in 1 2 3 4 5 6 7 8; do printf 'state[]='; head -c 60000 /dev/zero | tr '\\0' x; echo; done; echo password=p",
    ] {
        let test = Test::new();
        let peak = test.home().join("peak");
        let body = format!("{answer} 2>/dev/null; sleep 0.2; grep VmHWM /proc/$PPID/status > '{}'", peak.display());
        let test = test.script("big", &body).script("last", &body.replace(answer, ":")).helpers("big\nlast");
        let test = test.args(["get"]).stdin("provider=openai\ncapability[]=state\n");
        let output = test.output();
        let peak = std::fs::read_to_string(peak).unwrap_or_else(|_| panic!("{answer}: {output:?}"));
        let kib: u64 = peak.split_whitespace().nth(1).unwrap().parse().unwrap();
        assert!(kib < 20 << 10, "{answer}: {peak}");
    }
}

#[test]
fn a_helper_may_list_fifty_thousand_accounts() {
    let line = "protocol=https\\nhost=api.openai.com\\nusername=u%d\\nfile=/home/ann/.local/share/modelforge-credential/age/%0150d\\n\\n";
    let body = format!(
        "[ \"$1\" = list ] || exit 0\nawk 'BEGIN {{ for (i = 0; i <= 50000; i++) printf \"{line}\", i, i; print \"count=50001\\n\" }}'"
    );
    let test = Test::new().script("many", &body).helpers("many").args(["list"]);
    let output = test.output();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout).matches("username=u").count(), 50001);
}

#[test]
fn closed_or_full_streams_are_no_reason_to_crash_or_to_leak() {
    let test = Test::new().env("OPENAI_API_KEY", SECRET).helpers("env");
    for (line, code) in [
        ("printf 'provider=openai\\n' | \"$PROGRAM\" get >&-", Some(0)),
        ("printf 'provider=openai\\n' | \"$PROGRAM\" get > /dev/full", Some(1)),
        ("printf 'provider=openai\\n' | \"$PROGRAM\" get 2>&- >/dev/null", Some(0)),
        ("printf 'provider=nobody\\n' | \"$PROGRAM\" get 2>&-", Some(1)),
        ("printf 'provider=nobody\\n' | \"$PROGRAM\" get 2>/dev/full", Some(1)),
        ("\"$PROGRAM\" get <&-", Some(1)),
        ("\"$PROGRAM\" get <&- >&- 2>&-", Some(1)),
        ("\"$PROGRAM\" --help > /dev/full", None),
        ("\"$PROGRAM\" --help >&-", None),
        ("\"$PROGRAM\" list > /dev/full", Some(1)),
        ("\"$PROGRAM\" list < / >/dev/null", Some(0)),
        ("\"$PROGRAM\" get < /", Some(1)),
        ("printf 'provider=openai\\n' | { \"$PROGRAM\" get; echo $? >&2; } | true", Some(0)),
    ] {
        if line.contains("/dev/full") && !cfg!(target_os = "linux") {
            continue; // Only Linux has it.
        }
        let output = shell(&test, "modelforge-credential", line);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let ended = output.status.code();
        assert!(
            ended.is_some_and(|ended| ended < 3) && (code.is_none() || ended == code),
            "{line}: {ended:?} {stderr}"
        );
        assert!(!stderr.contains("panicked"), "{line}: {stderr}");
        assert!(output.stdout.is_empty(), "{line}: {}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn a_thousand_random_requests_crash_nothing() {
    const PIECES: [&[u8]; 40] = [
        b"protocol",
        b"host",
        b"path",
        b"username",
        b"password",
        b"url",
        b"provider",
        b"capability[]",
        b"state[]",
        b"wwwauth[]",
        b"quit",
        b"ephemeral",
        b"password_expiry_utc",
        b"authtype",
        b"env[]",
        b"=",
        b"=",
        b"=",
        b"=",
        b"\n",
        b"\n",
        b"\n",
        b"\n",
        b"\r\n",
        b"\r",
        b"\0",
        b"\xff\xfe",
        b"https",
        b"https://api.openai.com/v1",
        b"://",
        b"@",
        b"%0a",
        b"%",
        b"/",
        b"openai",
        b"../../etc",
        b"1",
        b"\xe2\x80\xae",
        b"github-copilot",
        b"[]",
    ];
    let mut seed: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut next = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % below as u64) as usize
    };
    let programs = [
        ("modelforge-credential", vec!["fill", "get", "approve", "reject", "erase", "store"]),
        ("modelforge-credential-env", vec!["get", "list", "store", "erase"]),
        ("modelforge-credential-age", vec!["get", "erase"]),
    ];
    let mut test = Test::new().helpers("env").env("OPENAI_API_KEY", SECRET);
    for _ in 0..1000 {
        let request: Vec<u8> = (0..next(30)).flat_map(|_| PIECES[next(PIECES.len())].repeat(1 + next(8) / 7)).collect();
        let (name, operations) = &programs[next(programs.len())];
        let operation = operations[next(operations.len())];
        test = test.program(name).args([operation]).stdin(&request);
        let output = test.output();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let seen = format!("{name} {operation} of {:?}: {stderr}", String::from_utf8_lossy(&request));
        assert!(matches!(output.status.code(), Some(0 | 1)), "{seen}");
        assert!(!stderr.contains("panicked"), "{seen}");
        let raw = stderr.chars().any(|c| c.is_control() && c != '\n');
        assert!(!raw, "a control character reached the terminal: {seen}");
    }
}

#[test]
#[ignore = "needs strace"]
#[cfg(target_os = "linux")]
fn every_program_forbids_core_dumps_and_being_looked_into_before_it_reads_anything() {
    let strace = crate::support::system("strace", "strace");
    for name in [
        "modelforge-credential",
        "modelforge-credential-env",
        "modelforge-credential-age",
        "modelforge-credential-keyring",
    ] {
        let test = Test::new().helpers("");
        let log = test.home().join("log");
        let (log_name, strace, path) = (log.display().to_string(), strace.display().to_string(), program(name));
        let traced = "trace=prctl,prlimit64,setrlimit,read,execve";
        let path = path.display().to_string();
        let arguments = [&*strace, "-f", "-o", &log_name, "-e", traced, &path, "get"];
        test.run(&arguments, format!("protocol=https\nhost=h\npassword={SECRET}\n"));
        let log = std::fs::read_to_string(log).unwrap();
        let place = |what: &str| log.find(what).unwrap_or_else(|| panic!("no {what} in {log}"));
        let read = log.find("read(0,").or(log.find("protocol=")).unwrap_or(log.len());
        assert!(place("PR_SET_DUMPABLE, SUID_DUMP_DISABLE") < read, "{log}");
        assert!(place("RLIMIT_CORE, {rlim_cur=0") < read, "{log}");
    }
}

#[test]
fn a_limit_of_the_size_of_files_costs_a_record_of_the_log_and_not_the_answer() {
    let test = Test::new().helpers("env").env("OPENAI_API_KEY", SECRET);
    let output = shell(&test, "modelforge-credential", "ulimit -f 0; echo provider=openai | $PROGRAM get 2>/dev/null");
    let found = format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={SECRET}\n");
    assert_eq!(String::from_utf8_lossy(&output.stdout), found);
}

#[test]
fn a_variable_of_a_stranger_that_claims_a_lock_does_not_replace_it() {
    let script = "[ $1 = store ] || exit 0; printf %s \"$MODELFORGE_CREDENTIAL_LOCK\" > ~/name.new; mv ~/name.new ~/name\n\
                  while [ -e ~/name ]; do sleep 0.05; done";
    let test = Test::new().script("waits", script).helpers("waits");
    let name = test.home().join("name");
    // The second time with the variable that the first had for its helper.
    let mut claimed = String::new();
    for _ in 0..2 {
        let mut command = test.command_of(&program("modelforge-credential"));
        command.env("MODELFORGE_CREDENTIAL_LOCK", &claimed).env("MODELFORGE_CREDENTIAL_HELPERS", "waits").arg("store");
        command.stdin(std::process::Stdio::piped()).stderr(std::process::Stdio::null());
        let mut running = command.spawn().expect("it starts");
        let mut stdin = running.stdin.take().expect("an input");
        std::io::Write::write_all(&mut stdin, format!("provider=openai\npassword={SECRET}\n").as_bytes())
            .expect("read");
        drop(stdin);
        while !name.exists() {
            assert!(running.try_wait().expect("a child").is_none(), "it ended before its helper was asked");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        claimed = std::fs::read_to_string(&name).expect("a name");
        let lock = test.home().join(".local/state/modelforge-credential/locks").join(&claimed);
        let lock = std::fs::File::open(lock).expect("a lock file");
        assert!(matches!(lock.try_lock(), Err(std::fs::TryLockError::WouldBlock)), "nobody holds the lock {claimed}");
        std::fs::remove_file(&name).expect("a file");
        running.wait().expect("it ends");
    }
}
