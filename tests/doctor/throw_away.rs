//! The test credential: stored, read and erased, and never left behind.

use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::time::{Duration, Instant};

use super::{DONE, chest, findings, finds, kept, well};
use crate::support::keyring::command;
use crate::support::{SECRET, Test, as_word, files_below, place, program};

#[test]
fn the_throw_away_credential_is_kept_got_and_erased_and_nothing_is_left() {
    let test = chest(Test::new(), "cat \"$kept\" >> \"$kept.log\" 2>/dev/null");
    let (test, found) = findings(test);
    assert!(found.iter().any(|line| line == DONE), "{found:#?}");
    assert!(!kept(&test));
    let seen = fs::read_to_string(test.home().join("chest.kept.log")).unwrap();
    let secret = seen.lines().find_map(|line| line.strip_prefix("password=")).unwrap();
    assert!(secret.len() == 32 && seen.contains("host=canary.invalid\nusername=doctor-"), "{seen}");
    // Another one each time, and never shown.
    fs::remove_file(test.home().join("chest.kept.log")).unwrap();
    let test = test.args(["--verbose", "doctor"]);
    let output = test.output();
    let again = fs::read_to_string(test.home().join("chest.kept.log")).unwrap();
    let other = again.lines().find_map(|line| line.strip_prefix("password=")).unwrap();
    assert_ne!(secret, other);
    let shown = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!shown.contains(other) && shown.contains("trace: chest erase"), "{shown}");
}

#[test]
fn a_helper_that_answers_something_else_or_fails_half_way_has_it_erased_all_the_same() {
    for (first, problem) in [
        (
            "[ $1 = get ] && [ -f \"$kept\" ] && { echo password=other; exit; }",
            "it returned another credential than the stored one",
        ),
        ("[ $1 = get ] && [ -f \"$kept\" ] && exit 3", "exit status 3"),
        (
            "[ $1 = get ] && [ -f \"$kept\" ] && { echo nonsense; exit; }",
            "its answer is malformed (line 1 has no `=`) and not used",
        ),
        ("[ $1 = store ] && { cat > \"$kept\"; exit 4; }", "exit status 4"),
    ] {
        let hint = "modelforge-credential helpers test chest";
        let test =
            finds(chest(Test::new(), first), &format!("error helper: helper `chest` failed: {problem} | {hint}"));
        assert!(!kept(&test), "{first}");
    }
}

#[test]
fn a_helper_that_does_not_erase_it_is_an_error_that_says_how_to() {
    let hint = "printf 'url=https://canary.invalid\\n' | modelforge-credential erase";
    for (first, reason) in
        [("[ $1 = erase ] && exit 0", ""), ("[ $1 = erase ] && { echo 'error: it is stuck' >&2; exit 1; }", "")]
    {
        let test = finds(
            chest(Test::new(), first),
            &format!(
                "error helper: helper `chest` failed: it may still have the test credential for `https://canary.invalid`{reason} | {hint}"
            ),
        );
        assert!(kept(&test));
        // The hint works once the helper does.
        let test = chest(test, "").args(["erase"]).stdin("url=https://canary.invalid\n").success();
        assert!(!kept(&test));
    }
}

#[test]
fn a_lost_identity_of_age_is_an_error_with_its_fix_and_no_other_is_made() {
    let test = well().args(["approve"]).stdin(format!("provider=openai\npassword={SECRET}\n")).success();
    let identity = test.home().join(".local/share/modelforge-credential/identity.txt");
    fs::remove_file(&identity).unwrap();
    let again =
        ["age", "age.old"].map(|name| as_word(&format!("~/.local/share/modelforge-credential/{name}"))).join(" ");
    let problem = "error helper: helper `age` failed: the identity `~/.local/share/modelforge-credential/identity.txt` is \
                   missing, and 1 credential is encrypted for it";
    let _test = finds(test, &format!("{problem} | restore its copy, or start again: mv {again}"));
    assert!(!identity.exists());
}

#[test]
fn a_helper_that_answers_whatever_it_is_asked_is_an_error() {
    let problem = "it returned a credential for a host that does not exist: it answers every request";
    for name in ["echo", "oauth"] {
        let test = Test::new().env("X", SECRET).script(name, "echo password=$X");
        let core = test.bin().join(format!("modelforge-credential{EXE_SUFFIX}"));
        place("modelforge-credential", &core);
        place("modelforge-credential-age", &test.script_path("age"));
        let test = test.program(core.to_string_lossy().as_ref()).config(&format!("helpers = ['age', '{name}']"));
        let (_, found) = findings(test);
        let hint = if name == "oauth" { "" } else { " | modelforge-credential helpers test echo" };
        assert!(found.contains(&format!("error helper: helper `{name}` failed: {problem}{hint}")), "{found:#?}");
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_erases_it_before_the_check_ends() {
    for signal in ["INT", "TERM", "HUP"] {
        // It tells when it is asked for the credential that it keeps, and takes its time.
        let test = chest(Test::new(), "[ $1 = get ] && [ -f \"$kept\" ] && { : > \"$kept.asked\"; sleep 2; }")
            .args(["doctor"]);
        let mut child =
            test.command().stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
        let start = Instant::now();
        while !test.home().join("chest.kept.asked").exists() {
            assert!(start.elapsed() < Duration::from_secs(20), "the helper was not asked");
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(kept(&test));
        let kill = command("sh").arg("-c").arg(format!("kill -{signal} {}", child.id())).status().unwrap();
        assert!(kill.success());
        let status = child.wait().unwrap();
        assert!(std::os::unix::process::ExitStatusExt::signal(&status).is_some(), "{signal}: {status:?}");
        assert!(!kept(&test), "{signal}");
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_that_ends_the_helper_that_erases_it_does_not_leave_it_behind() {
    let first = "[ $1 = erase ] && [ ! -f \"$kept.tried\" ] && { : > \"$kept.tried\"; kill -INT $PPID; kill -INT $$; }";
    let test = chest(Test::new(), first).args(["doctor"]);
    let status = test.output().status;
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(2));
    assert!(test.home().join("chest.kept.tried").exists() && !kept(&test));
}

#[cfg(unix)]
#[test]
fn what_ctrl_c_leaves_in_a_helper_that_does_not_erase_is_said() {
    let test = chest(Test::new(), "[ $1 = erase ] && { kill -INT $PPID; exit 1; }").args(["doctor"]);
    let output = test.output();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&output.status), Some(2));
    let said = "warning: helper `chest` failed: it may still have the test credential for `https://canary.invalid`\n\
                hint: printf 'url=https://canary.invalid\\n' | modelforge-credential erase\n";
    assert_eq!(String::from_utf8_lossy(&output.stderr), said);
    assert!(kept(&test) && output.stdout.is_empty());
}

#[test]
fn what_a_check_that_was_killed_left_is_erased_by_the_next() {
    let test = Test::new().config("helpers = ['age']");
    let test =
        test.args(["approve"]).stdin("protocol=https\nhost=canary.invalid\nusername=doctor-0\npassword=p\n").success();
    let left = |test: &Test| {
        files_below(&test.home()).iter().filter(|path| path.extension().is_some_and(|end| end == "age")).count()
    };
    assert_eq!(left(&test), 1);
    let (test, found) = findings(test);
    assert!(found.iter().any(|line| line.starts_with("ok helper: `age` ")), "{found:#?}");
    assert_eq!(left(&test), 0);
}

#[test]
fn several_checks_at_once_do_not_disturb_each_other() {
    let test = well();
    // Programs start slowly under wine, and a check waits for another only so long.
    let checks = if cfg!(windows) { 2 } else { 5 };
    std::thread::scope(|scope| {
        for _ in 0..checks {
            scope.spawn(|| {
                let core = program("modelforge-credential");
                let output = test.run(&[core.as_os_str(), "doctor".as_ref()], "");
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
            });
        }
    });
}
