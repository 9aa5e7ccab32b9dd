//! The system's log, beside our own.

use std::fs;

use super::{ANSWER, has, lines, shown};
use crate::support::{Test, program};

/// Runs a command where `/dev/log` is this test's own: `"$1"` is the core, and `"$2"` the file in which a real system log keeps what it
/// gets, if `daemon` starts one.
fn with_a_system_log(test: &Test, daemon: &str, command: &str) -> (std::process::Output, String) {
    let rsyslogd = "/usr/sbin/rsyslogd";
    assert!(
        fs::exists(rsyslogd).is_ok_and(|is| is),
        "`{rsyslogd}` is missing: run `sh tests/run`, or `apt-get install rsyslog`"
    );
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
#[ignore = "needs python3, rsyslog and util-linux"]
fn the_systems_log_gets_each_record_as_well_where_that_is_configured() {
    let test = has(Test::new()).config("[audit]\nsyslog = true\n");
    // The daemon is ended once it has written: on a busy machine it may not even have read it yet.
    let get = "\"$1\" get && for i in $(seq 50); do [ -s kept ] && break; sleep 0.2; done";
    let (output, kept) = with_a_system_log(&test, "start", get);
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
#[ignore = "needs python3, rsyslog and util-linux"]
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
