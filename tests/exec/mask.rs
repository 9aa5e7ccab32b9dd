//! `exec --mask`: no secret is shown, and everything else is shown at once.

use std::io::Read;
#[cfg(unix)]
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::{exec, signed_in};
#[cfg(unix)]
use crate::prompt::Session;
use crate::support::{SECRET, Test, system};

#[test]
#[ignore = "needs python3"]
fn what_was_handed_over_is_masked_in_every_form() {
    let python = system("python3", "python3").display().to_string();
    let script = "
import base64, json, os, sys, time, urllib.parse
key = os.environ['OPENAI_API_KEY']
for text in key, 'Bearer ' + key, json.dumps({'a/b': key}), urllib.parse.quote_plus('x=' + key):
    print(text)
for before in '', 'u', 'us', 'usr:':
    print(base64.b64encode((before + key).encode()).decode(), base64.urlsafe_b64encode((before + key + '??>').encode()).decode(), sep='|')
sys.stdout.flush()
for byte in (key + '\\n').encode():
    os.write(1, bytes([byte]))
    os.write(2, bytes([byte]))
    if byte % 7 == 0: time.sleep(.05)
";
    let odd = format!("{SECRET}/+\\\"é~");
    let test =
        Test::new().helpers("age").args(["approve"]).stdin(format!("provider=openai\npassword={odd}\n")).success();
    let test = test.args(["exec", "openai", "--mask", "--", &python, "-c", script]).any_stderr();
    let output = test.output();
    let (shown, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(lines[..4], ["<openai key>", "Bearer <openai key>", "{\"a/b\": \"<openai key>\"}", "x%3D<openai key>"]);
    for line in &lines[4..8] {
        for word in line.split('|') {
            assert!(word.contains("<openai key>") && word.len() < 30, "{line}");
        }
    }
    // Typed slowly, a little of it is seen, and never more.
    for slow in [lines[8], said.trim_end()] {
        let (little, rest) = slow.split_once('<').expect("it is masked");
        assert!(odd.starts_with(little) && little.len() < 8 && rest == "openai key>", "{slow}");
    }
    assert!(output.status.success() && lines.len() == 9);
}

#[cfg(unix)]
#[test]
fn a_prompt_without_a_line_end_appears_at_once() {
    let test = exec(signed_in(&["openai"]), "openai --mask", "printf 'key (sk-'; sleep 20");
    let mut child = test.command().stdout(Stdio::piped()).spawn().expect("it starts");
    let mut stdout = child.stdout.take().expect("an output");
    let mut shown = [0; 8];
    let start = Instant::now();
    stdout.read_exact(&mut shown).expect("it appears");
    let waited = start.elapsed();
    assert_eq!(&shown, b"key (sk-");
    assert!(waited < Duration::from_secs(10), "{waited:?}");
    signal(child.id(), "TERM");
    assert_eq!(child.wait().expect("it ends").signal(), Some(15));
}

#[cfg(unix)]
fn signal(process: u32, signal: &str) {
    let test = Test::new();
    assert!(test.run(&["/bin/sh", "-c", &format!("kill -s {signal} {process}")], "").status.success());
}

#[cfg(unix)]
#[test]
fn a_daemon_that_is_left_behind_is_not_waited_for() {
    let start = Instant::now();
    let test = exec(signed_in(&["openai"]), "openai --mask", "sleep 30 & echo $OPENAI_API_KEY");
    test.stdout("<openai key>\n").success();
    // Nor one that never stops talking.
    let test = exec(signed_in(&["openai"]), "openai --mask", "yes & exit 0");
    assert!(test.output().status.success());
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[cfg(unix)]
#[test]
fn what_was_ignored_stays_ignored() {
    let core = crate::support::program("modelforge-credential").display().to_string();
    for words in ["openai", "openai --mask"] {
        let script = format!(
            "trap '' HUP INT; exec {core} exec {words} -- sh -c 'kill -HUP $$; kill -INT $$; echo still there'"
        );
        let test = signed_in(&["openai"]).program("/bin/sh").args(["-c", &script]);
        test.stdout("still there\n").success();
    }
}

#[test]
fn much_output_comes_through_whole_and_in_order() {
    let script = "seq 1 200000; echo $OPENAI_API_KEY; seq 1 10";
    let output = exec(signed_in(&["openai"]), "openai --mask", script).output();
    let mut expected: String = (1..=200_000).map(|n| format!("{n}\n")).collect();
    expected.push_str("<openai key>\n");
    expected.extend((1..=10).map(|n| format!("{n}\n")));
    assert!(output.stdout == expected.as_bytes());
}

#[test]
#[ignore = "needs bash"]
fn a_reader_that_goes_away_ends_the_command() {
    let core = crate::support::program("modelforge-credential").display().to_string();
    let test = signed_in(&["openai"]).program(system("bash", "bash"));
    let script = format!("{core} exec openai --mask -- yes | head -n 1; echo ${{PIPESTATUS[0]}}");
    test.args(["-c", &script]).stdout("y\n141\n").success();
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_said_and_no_success() {
    let core = crate::support::program("modelforge-credential").display().to_string();
    for (command, status) in [("true", 0), ("echo lost", 1), ("sh -c 'echo lost; exit 7'", 7)] {
        let lost = "a part of the command's output could not be written: No space left on device (os error 28)\n";
        let said = match status {
            0 => String::new(),
            1 => format!("error: {lost}"),
            _ => format!("warning: {lost}"),
        };
        let test = signed_in(&["openai"]).program("/bin/sh");
        let test = test.args(["-c", &format!("{core} exec openai --mask -- {command} >/dev/full")]);
        test.stderr(&said).status(status);
    }
}

#[test]
fn a_key_too_short_to_be_told_from_text_is_not_masked_and_that_is_said() {
    let test = Test::new().helpers("age").args(["approve"]).stdin("provider=openai\npassword=short\n").success();
    let warning = "warning: the key for `openai` is too short to tell from other text, so it is not masked\n";
    let test = exec(test, "openai --only OPENAI_API_KEY --mask", "echo $OPENAI_API_KEY");
    test.stdout("short\n").stderr(warning).success();
}

#[cfg(unix)]
#[test]
fn at_a_terminal_the_command_has_one_as_well() {
    let script = "test -t 0 && test -t 1 && test -t 2 && tty >/dev/tty; stty size; trap 'stty size' WINCH; \
                  echo $OPENAI_API_KEY; echo \"to the terminal: $OPENAI_API_KEY\" >/dev/tty; \
                  until [ \"$x\" = end ]; do read x; echo \"read $x\"; done; exit 9";
    let test = exec(signed_in(&["openai"]), "openai --mask", script);
    let mut session = Session::bare(&test);
    session.expect("/dev/pts/");
    session.expect("<openai key>\r\nto the terminal: <openai key>\r\n");
    session.resize(33, 99);
    session.expect("33 99\r\n");
    session.types("some\r");
    session.expect("read some\r\n");
    session.types(&format!("{SECRET}-openai\r"));
    session.expect("read <openai key>\r\n");
    session.types("end\r");
    let (status, _, shown) = session.end();
    assert_eq!(status.code(), Some(9), "{shown}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_at_the_terminal_ends_the_command_and_leaves_the_terminal_as_it_was() {
    let test = exec(signed_in(&["openai"]), "openai --mask", "echo ready; exec sleep 30");
    let mut session = Session::bare(&test);
    session.expect("ready");
    session.types("\u{3}");
    // `end` looks at the terminal's modes.
    let (status, _, _) = session.end();
    assert_eq!(status.signal(), Some(2));
}

#[cfg(unix)]
#[test]
#[ignore = "needs bash"]
fn in_the_background_of_a_terminal_the_command_runs_and_leaves_the_keys_to_others() {
    let core = crate::support::program("modelforge-credential").display().to_string();
    let script = "echo $OPENAI_API_KEY; stty -a | grep -o ' icanon'; exit 5";
    let script = format!(
        "set -m; {core} exec openai --mask -- sh -c \"{}\" & wait $!; echo ended $?",
        script.replace('$', "\\$")
    );
    let test = signed_in(&["openai"]).program(system("bash", "bash")).args(["-c", &script]);
    let mut session = Session::bare(&test);
    session.expect("<openai key>\r\n icanon\r\n");
    session.expect("ended 5");
    let (status, _, shown) = session.end();
    assert!(status.success(), "{shown}");
}

#[cfg(unix)]
#[test]
fn a_command_that_catches_ctrl_c_goes_on() {
    for words in ["openai --mask", "openai"] {
        let script = "trap 'echo caught' INT; echo ready; sleep 1 & wait; wait; echo end";
        let test = exec(signed_in(&["openai"]), words, script);
        let mut session = Session::bare(&test);
        session.expect("ready");
        session.types("\u{3}");
        session.expect("caught");
        let (status, _, shown) = session.end();
        assert!(status.success() && shown.contains("end"), "{words}: {shown}");
        assert_eq!(shown.matches("caught").count(), 1, "{shown}");
    }
}

#[cfg(unix)]
#[test]
fn signals_reach_the_command() {
    for (words, at_a_terminal) in [("openai --mask", false), ("openai --mask", true)] {
        let script = "trap 'echo caught; exit 3' TERM HUP USR1 INT; echo ready; while :; do sleep 0.05; done";
        for name in ["TERM", "HUP", "USR1", "INT"] {
            let test = exec(signed_in(&["openai"]), words, script);
            if at_a_terminal {
                let mut session = Session::bare(&test);
                session.expect("ready");
                signal(session.id(), name);
                let (status, _, shown) = session.end();
                assert_eq!(status.code(), Some(3), "{name}: {shown}");
                continue;
            }
            let mut child = test.command().stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("it starts");
            let mut ready = [0; 6];
            child.stdout.as_mut().expect("an output").read_exact(&mut ready).expect("it is ready");
            signal(child.id(), name);
            assert_eq!(child.wait().expect("it ends").code(), Some(3), "{name}");
        }
    }
}

#[cfg(unix)]
#[test]
fn with_only_the_output_redirected_standard_error_is_still_a_terminal() {
    let script = "test ! -t 1 && test -t 2 && test -t 0 && echo \"said $OPENAI_API_KEY\" >&2; echo $OPENAI_API_KEY; \
                  stty size <&2 >&2; trap 'stty size <&2 >&2' WINCH; until [ \"$x\" = end ]; do read x; done; exit 9";
    let test = exec(signed_in(&["openai"]), "openai --mask", script);
    let mut session = Session::typed(&test);
    session.expect("said <openai key>\r\n");
    session.resize(33, 99);
    session.types("end\r");
    let (status, output, shown) = session.end();
    assert_eq!((status.code(), output.as_str()), (Some(9), "<openai key>\n"), "{shown}");
    assert!(!shown.contains("\r\r"), "{shown:?}");
}

#[cfg(unix)]
#[test]
fn with_only_standard_error_redirected_the_output_is_still_a_terminal() {
    let core = crate::support::program("modelforge-credential").display().to_string();
    let script = "test -t 0 && test -t 1 && test ! -t 2 && echo $OPENAI_API_KEY; echo \"said $OPENAI_API_KEY\" >&2";
    let script = format!("{core} exec openai --mask -- sh -c '{script}' 2>said; cat said");
    let test = signed_in(&["openai"]).program("/bin/sh").args(["-c", &script]);
    let mut session = Session::bare(&test);
    session.expect("<openai key>\r\n");
    session.expect("said <openai key>\r\n");
    let (status, _, shown) = session.end();
    assert!(status.success(), "{shown}");
}

#[test]
#[ignore = "needs python3"]
fn the_accidents_of_ordinary_tools_show_no_key() {
    let python = system("python3", "python3").display().to_string();
    let scripts = [
        "echo \"key $OPENAI_API_KEY\" | grep --color=always sk-".to_owned(),
        "echo \"key $OPENAI_API_KEY\" | grep --color=always 'l-[0-9a-f]'".to_owned(),
        "echo \"$OPENAI_API_KEY\" | fold -w 20 | sed 's/^/    /'".to_owned(),
        "printf %s \"$OPENAI_API_KEY\" | od -An -v -tx1 | tr -d ' \\n'".to_owned(),
        "printf %s \"$OPENAI_API_KEY\" | iconv -t UTF-16LE".to_owned(),
        "printf %s \"$OPENAI_API_KEY\" | iconv -t UTF-16BE".to_owned(),
        "printf %s \"$OPENAI_API_KEY\" | iconv -t UTF-16 | tr '\\0' .".to_owned(),
        "echo \"${OPENAI_API_KEY#?}\"; echo \"${OPENAI_API_KEY%??}\"".to_owned(),
        "printf %s \"x $OPENAI_API_KEY\" | base64 -w 20".to_owned(),
        "set -x; : \"$OPENAI_API_KEY\"".to_owned(),
        format!(
            "{python} -c \"import os,quopri;print(quopri.encodestring(b'x'*52+os.environb[b'OPENAI_API_KEY']).decode())\""
        ),
    ];
    for script in scripts {
        let output = exec(signed_in(&["openai"]), "openai --mask", &script).any_stderr().output();
        let shown = [output.stdout, output.stderr].concat();
        let shown: String = String::from_utf8_lossy(&shown).chars().filter(|c| c.is_ascii_graphic()).collect();
        let hex: String = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(shown.contains("<openaikey>"), "{script}: {shown}");
        for part in 0..SECRET.len() - 16 {
            assert!(!shown.contains(&SECRET[part..part + 16]), "{script}: {shown}");
            assert!(!shown.contains(&hex[2 * part..2 * part + 32]), "{script}: {shown}");
        }
    }
}
