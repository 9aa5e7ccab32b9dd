//! No process outlives its caller, and each gets a moment to clean up.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::support::{Test, program};

const PATIENCE: Duration = Duration::from_secs(20);

/// A helper that notes its process, and then hangs; below a core that another helper is.
fn hanging(test: Test) -> (Test, PathBuf) {
    let pids = test.home().join("pids");
    let core = program("modelforge-credential").display().to_string();
    let hangs = format!("echo $$ >> '{}'; cat > /dev/null; exec sleep 60", pids.display());
    let wraps = format!("MODELFORGE_CREDENTIAL_HELPERS=hangs '{core}' \"$@\"");
    (test.script("hangs", &hangs).script("wraps", &wraps), pids)
}

#[track_caller]
fn pid(file: &Path) -> Pid {
    let start = Instant::now();
    loop {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        if let Some(pid) = text.lines().next().filter(|_| text.ends_with('\n')) {
            return Pid::from_raw(pid.parse().expect("a number")).expect("a process");
        }
        assert!(start.elapsed() < PATIENCE, "the helper was not started");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[track_caller]
fn assert_ends(process: Pid) {
    let start = Instant::now();
    let is_zombie = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", process.as_raw_nonzero())).unwrap_or_default();
        status.contains("State:\tZ")
    };
    while test_kill_process(process).is_ok() && !is_zombie() {
        assert!(start.elapsed() < Duration::from_secs(3), "it still runs");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn start(test: &Test) -> Child {
    let mut command = test.command();
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    drop(std::io::Write::write_all(&mut child.stdin.take().expect("a pipe"), b"provider=openai\n"));
    child
}

#[test]
fn a_time_limit_ends_what_a_core_below_has_started() {
    let (test, pids) = hanging(Test::new());
    let test = test.config("helpers = [{ command = ['modelforge-credential-wraps', 'x'], timeout = '1s' }]");
    let wraps = test.bin().join("modelforge-credential-wraps").display().to_string();
    let config = format!("helpers = [{{ command = ['{wraps}'], timeout = '1s' }}]");
    let test = test.config(&config).args(["get"]).stdin("provider=openai\n").any_stderr().failure();
    assert_ends(pid(&pids));
    drop(test);
}

#[test]
fn a_signal_that_ends_the_core_ends_its_helper_and_what_a_core_below_has_started() {
    for helpers in ["hangs", "wraps"] {
        for signal in [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT] {
            let (test, pids) = hanging(Test::new().helpers(helpers));
            let test = test.args(["get"]);
            let mut core = start(&test);
            let helper = pid(&pids);
            wait_for_watchers(&core, if helpers == "wraps" { 2 } else { 1 });
            kill_process(Pid::from_child(&core), signal).unwrap();
            let status = core.wait().unwrap();
            let by = std::os::unix::process::ExitStatusExt::signal(&status);
            assert_eq!(by, Some(signal.as_raw()), "{helpers}: {status:?}");
            assert_ends(helper);
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_core_below_and_its_helper_end_with_a_core_that_is_killed() {
    let (test, pids) = hanging(Test::new().helpers("hangs").file("request", "provider=openai\n"));
    let test = test.env("MODELFORGE_CREDENTIAL_DEPTH", "1");
    // Its caller is a core that started it as a helper; here a shell stands in for that.
    let mut parent = test.command_of(Path::new("/bin/sh"));
    let core = program("modelforge-credential").display().to_string();
    parent.args(["-c", "\"$1\" get < ~/request & wait", "sh", &core]);
    parent.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut parent = parent.spawn().unwrap();
    let helper = pid(&pids);
    std::thread::sleep(Duration::from_millis(100));
    let core = children(Pid::from_child(&parent));
    kill_process(Pid::from_child(&parent), Signal::KILL).unwrap();
    parent.wait().unwrap();
    core.into_iter().for_each(assert_ends);
    assert_ends(helper);
}

#[test]
#[cfg(target_os = "linux")]
fn a_script_that_hangs_ends_with_what_it_started_if_the_core_is_killed() {
    let test = Test::new();
    let pids = test.home().join("pids");
    let hangs = format!("cat > /dev/null; sleep 60 & echo $! > '{}'; wait", pids.display());
    let test = test.script("hangs", &hangs).helpers("hangs").args(["get"]);
    let mut core = start(&test);
    let started = pid(&pids);
    wait_for_watchers(&core, 1);
    core.kill().unwrap();
    core.wait().unwrap();
    assert_ends(started);
}

/// Waits until so many cores, this one and those below, listen for signals and have what looks after their helpers.
#[cfg(target_os = "linux")]
fn wait_for_watchers(core: &Child, wanted: usize) {
    let start = Instant::now();
    loop {
        let (mut left, mut count) = (vec![Pid::from_child(core)], 0);
        while let Some(process) = left.pop() {
            let words = std::fs::read(format!("/proc/{}/cmdline", process.as_raw_nonzero())).unwrap_or_default();
            count += usize::from(String::from_utf8_lossy(&words).contains("read -r _ ||"));
            left.extend(children(process));
        }
        if count >= wanted {
            return;
        }
        assert!(start.elapsed() < PATIENCE, "{count} of {wanted} look after a helper");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(not(target_os = "linux"))]
fn wait_for_watchers(_: &Child, _: usize) {
    std::thread::sleep(Duration::from_secs(1));
}

#[cfg(target_os = "linux")]
fn children(parent: Pid) -> Vec<Pid> {
    let file = format!("/proc/{0}/task/{0}/children", parent.as_raw_nonzero());
    let list = std::fs::read_to_string(file).unwrap_or_default();
    list.split_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?)).collect()
}

#[test]
fn a_helper_is_told_to_end_before_it_is_ended() {
    let test = Test::new();
    let (mark, late) = (test.home().join("told"), test.home().join("late"));
    let body = format!(
        "trap 'echo told > \"{}\"' TERM; cat > /dev/null; sleep 60 & wait; sleep 5; echo late > '{}'",
        mark.display(),
        late.display()
    );
    let test = test.script("traps", &body);
    let traps = test.bin().join("modelforge-credential-traps").display().to_string();
    let config = format!("helpers = [{{ command = ['{traps}'], timeout = '2s' }}]");
    let start = Instant::now();
    let test = test.config(&config).args(["get"]).stdin("provider=openai\n").any_stderr().failure();
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert_eq!(std::fs::read_to_string(mark).unwrap(), "told\n");
    assert!(!late.exists());
    drop(test);
}

#[test]
fn a_helper_that_ran_into_its_limit_is_not_asked_a_second_time() {
    let test = Test::new();
    let asked = test.home().join("asked");
    let test = test.script("hangs", &format!("echo $1 >> '{}'; cat > /dev/null; exec sleep 60", asked.display()));
    let hangs = test.bin().join("modelforge-credential-hangs").display().to_string();
    let config = format!("helpers = [{{ command = ['{hangs}'], timeout = '2s' }}]");
    let test = test.config(&config).args(["exec", "openai", "groq", "mistral", "--", "true"]);
    let test = test.any_stderr().failure();
    assert_eq!(std::fs::read_to_string(asked).unwrap().lines().count(), 1);
    drop(test);
}
