//! `doctor`: what is said where all is well, one test for each thing that may be wrong, and that the throw-away credential is never
//! left behind.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;

use crate::support::keyring::{Keyring, command};
use crate::support::{SECRET, Test, files_below, place, program, programs};

/// The findings of a run with `--json`, each as `level check: message | hint`, and the exit status.
#[track_caller]
fn findings(test: Test) -> (Test, Vec<String>) {
    let test = test.args(["doctor", "--json"]);
    let output = test.output();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    assert_eq!(report["version"], 1);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut lines = Vec::new();
    for finding in report["findings"].as_array().expect("a list") {
        let hint = finding["hint"].as_str().map(|hint| format!(" | {hint}")).unwrap_or_default();
        let line =
            format!("{} {}: {}{hint}", text(&finding["level"]), text(&finding["check"]), text(&finding["message"]));
        let line = line.replace(&*programs().to_string_lossy(), "BIN").replace(&*test.home().to_string_lossy(), "~");
        lines.push(line.replace(&*test.bin().to_string_lossy(), "TEST"));
    }
    let count = |level: &str| lines.iter().filter(|line| line.starts_with(level)).count() as u64;
    assert_eq!(
        (report["errors"].as_u64(), report["warnings"].as_u64()),
        (Some(count("error ")), Some(count("warning ")))
    );
    assert_eq!(output.status.code(), Some(i32::from(count("error ") > 0)), "{lines:?}");
    (test, lines)
}

/// This finding is there, and it is the only one of its kind that is not `ok`.
#[track_caller]
fn finds(test: Test, expected: &str) -> Test {
    let (test, found) = findings(test);
    let check = |line: &str| line.split(": ").next().unwrap_or_default().to_owned();
    let same: Vec<&String> = found.iter().filter(|line| check(line) == check(expected)).collect();
    assert_eq!(same, [expected], "{found:#?}");
    test
}

/// A home in which nothing is wrong.
fn well() -> Test {
    Test::new().config("helpers = [\"env\", \"age\"]\n")
}

/// A helper that keeps one credential in a file; `first` is run before anything else, with the operation in `$1`.
fn vault(test: Test, first: &str) -> Test {
    let kept = test.home().join("vault.kept").display().to_string();
    let body = format!(
        "kept='{kept}'\n{first}\ncase $1 in\nget) cat \"$kept\" 2>/dev/null;;\nstore) cat > \"$kept\";;\n\
         erase) rm -f \"$kept\";;\nlist) echo count=0;;\nesac; exit 0"
    );
    test.script("vault", &body).config("helpers = [\"vault\"]\n")
}

fn kept(test: &Test) -> bool {
    test.home().join("vault.kept").exists()
}

const DONE: &str =
    "ok helper: `vault` (TEST/modelforge-credential-vault) kept a throw-away credential, gave it back and erased it";

#[test]
fn where_all_is_well_it_says_what_it_looked_at() {
    let test = well().env("MODELFORGE_CREDENTIAL_INTERACTIVE", "").args(["doctor"]);
    let output = test.output();
    let text = String::from_utf8(output.stdout).unwrap().replace(&*programs().to_string_lossy(), "BIN");
    insta::with_settings!({ filters => vec![(r"\d{4}-\d\d-\d\dT\S+Z", "2026-01-31T12:00:00.000Z"), (r"/tmp/\S+/home", "~")] }, {
        insta::assert_snapshot!("doctor", text)
    });
    assert_eq!((output.status.code(), &*String::from_utf8_lossy(&output.stderr)), (Some(0), ""));
}

#[test]
fn as_json_it_has_a_stable_shape() {
    let test =
        Test::new().config("helpers = []").env("MODELFORGE_CREDENTIAL_INTERACTIVE", "").args(["doctor", "--json"]);
    let output = test.output();
    let text = String::from_utf8(output.stdout).unwrap();
    insta::with_settings!({ filters => vec![(r"\d{4}-\d\d-\d\dT\S+Z", "2026-01-31T12:00:00.000Z")] }, {
        insta::assert_snapshot!("doctor_json", text.replace(&*test.home().to_string_lossy(), "~"))
    });
    assert_eq!(String::from_utf8_lossy(&output.stderr), "error: one check failed\n");
    assert_eq!(output.status.code(), Some(1));
}

// The configuration.

#[test]
fn with_a_broken_configuration_everything_else_is_checked_all_the_same() {
    let (_, found) = findings(Test::new().config("helpers = [\nnonsense"));
    assert_eq!(
        found[0],
        "error configuration: `~/.config/modelforge-credential/config.toml`, line 2: this is not TOML"
    );
    assert!(found.iter().any(|line| line.starts_with("ok helper: `age` ")), "{found:#?}");
    assert!(found.len() > 12);
    finds(
        Test::new().config("helper = []"),
        "error configuration: `~/.config/modelforge-credential/config.toml`, line 1: unknown key `helper` | did you mean `helpers`?",
    );
    finds(
        well().helpers("not/a/name"),
        "error configuration: MODELFORGE_CREDENTIAL_HELPERS: a helper is a name (small letters, digits, `-`) or an absolute path",
    );
}

#[test]
fn a_configuration_that_anyone_can_change_is_an_error_with_its_mend() {
    let test = well();
    let path = test.home().join(".config/modelforge-credential/config.toml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    finds(
        test,
        "error configuration: `~/.config/modelforge-credential/config.toml` can be changed by anyone, so it is not used | chmod go-w ~/.config/modelforge-credential/config.toml",
    );
}

#[test]
fn a_provider_that_nobody_knows_is_an_error() {
    let test = Test::new().config("helpers = ['age']\n[provider.opnai]\naccount = 'work'\n");
    finds(
        test,
        "error configuration: `~/.config/modelforge-credential/config.toml`, line 2: no provider is called `opnai` | did you mean `openai`? else give it a `url` in its section: url = \"https://…\"",
    );
}

#[test]
fn a_mistyped_provider_of_exec_is_an_error_with_its_line() {
    let test = Test::new().config("helpers = ['age']\n[exec]\nproviders = [\n'openai:work',\n'opanai:work']\n");
    finds(
        test,
        "error configuration: `~/.config/modelforge-credential/config.toml`, line 5: no provider is called `opanai` | did you mean `openai`? else declare it in config.toml: provider.opanai.url = \"https://…\"  # above any [section]",
    );
    // What is wrong with one that is named twice is said once.
    let test = Test::new().config("helpers = ['age']\n[provider.opnai]\nenv = ['X']\n[exec]\nproviders = ['opnai']\n");
    finds(
        test,
        "error configuration: `~/.config/modelforge-credential/config.toml`, line 2: no provider is called `opnai` | did you mean `openai`? else give it a `url` in its section: url = \"https://…\"",
    );
}

#[test]
fn what_is_wrong_in_modelforges_file_is_a_warning() {
    let test = well().file(".config/model-forge/config.json", "{\"providers\": 1}");
    finds(test, "warning configuration: `~/.config/model-forge/config.json`: `$.providers` is not an object");
}

// The helpers.

#[test]
fn a_helper_that_is_missing_or_mistyped_is_an_error() {
    finds(
        Test::new().config("helpers = ['age', 'nowhere']"),
        "error helper: helper `nowhere` is not installed beside the program or on PATH | put a program named modelforge-credential-nowhere on PATH",
    );
    finds(
        Test::new().config("helpers = ['age', 'keyrng']"),
        "error helper: there is no helper `keyrng` | did you mean `keyring`?",
    );
    finds(
        Test::new().config("helpers = ['age', { command = ['no-such-program', 'x'] }]"),
        "error helper: program `no-such-program` is not on PATH",
    );
}

#[test]
fn a_helper_that_anyone_could_have_put_there_is_an_error_with_its_mend() {
    let test = vault(Test::new(), "");
    let path = test.bin().join("modelforge-credential-vault");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
    let (_, found) = findings(test);
    let expected = "error helper: `TEST/modelforge-credential-vault` is not started: anyone can write to `TEST/modelforge-credential-vault` | chmod o-w TEST/modelforge-credential-vault";
    assert!(found.iter().any(|line| line == expected), "{found:#?}");
}

#[test]
fn a_helper_that_hides_another_of_its_name_is_a_warning() {
    let test = well().script("age", "exit 0");
    finds(
        test,
        "warning helper: helper `age` is `BIN/modelforge-credential-age`, which hides `TEST/modelforge-credential-age` | rm TEST/modelforge-credential-age  # if it is the older one",
    );
    // A link to the same is none.
    let test = well();
    std::os::unix::fs::symlink(program("modelforge-credential-age"), test.bin().join("modelforge-credential-age"))
        .unwrap();
    let (_, found) = findings(test);
    assert!(!found.iter().any(|line| line.starts_with("warning helper")), "{found:#?}");
}

#[test]
fn a_helper_that_hangs_is_an_error_after_a_few_seconds_and_does_not_hold_up_the_others() {
    let start = Instant::now();
    let test = Test::new()
        .script("slow", "sleep 60")
        .script("slower", "sleep 60")
        .script("loses", "[ $1 = list ] || sleep 60");
    let (_, found) = findings(test.config("helpers = ['slow', 'slower', 'loses', 'age']"));
    for name in ["slow", "slower"] {
        let hint = format!("modelforge-credential helpers test {name}");
        let expected =
            format!("error helper: helper `{name}` failed: it did not answer within 5 s and was ended | {hint}");
        assert!(found.contains(&expected), "{found:#?}");
    }
    // One that was ended while it stored may have stored.
    let may_hold = "error helper: helper `loses` failed: it may still hold the throw-away credential for `https://canary.invalid`: it did not answer within 5 s and was ended | printf 'url=https://canary.invalid\\n' | modelforge-credential erase";
    assert!(found.iter().any(|line| line == may_hold), "{found:#?}");
    assert!(found.iter().any(|line| line.starts_with("ok helper: `age` ")), "{found:#?}");
    assert!(start.elapsed() < Duration::from_secs(25), "{:?}", start.elapsed());
}

#[test]
fn a_chain_in_which_nobody_keeps_anything_is_an_error() {
    let nobody = "error helper: no helper of the chain keeps credentials | helpers = [\"env\", \"keyring\", \"age\"]  # in config.toml";
    finds(Test::new().config("helpers = ['env', 'oauth', 'plaintext']"), nobody);
    finds(Test::new().config("helpers = []"), nobody);
    // Whoever names the chain in a variable, as in CI, mostly means it.
    let test = Test::new().env("MODELFORGE_CREDENTIAL_HELPERS", "env");
    let (_, found) = findings(test);
    assert!(found.contains(&nobody.replacen("error", "warning", 1)), "{found:#?}");
    let test = finds(Test::new().script("sink", "cat > /dev/null").config("helpers = ['sink']"), nobody);
    let (_, found) = findings(test);
    assert!(
        found.contains(&"ok helper: `sink` (TEST/modelforge-credential-sink) answers, and keeps nothing".to_owned()),
        "{found:#?}"
    );
}

#[test]
fn a_provider_with_helpers_of_its_own_has_them_checked_as_well() {
    let test = Test::new().config("helpers = ['age']\n[provider.openai]\nhelpers = ['nowhere', 'age']\n");
    let test = finds(
        test,
        "error helper: helper `nowhere` is not installed beside the program or on PATH | put a program named modelforge-credential-nowhere on PATH",
    );
    let (_, found) = findings(test);
    assert_eq!(found.iter().filter(|line| line.starts_with("ok helper: `age` ")).count(), 1);
}

// The throw-away credential.

#[test]
fn the_throw_away_credential_is_kept_got_and_erased_and_nothing_is_left() {
    let test = vault(Test::new(), "cat \"$kept\" >> \"$kept.log\" 2>/dev/null");
    let (test, found) = findings(test);
    assert!(found.iter().any(|line| line == DONE), "{found:#?}");
    assert!(!kept(&test));
    let seen = fs::read_to_string(test.home().join("vault.kept.log")).unwrap();
    let secret = seen.lines().find_map(|line| line.strip_prefix("password=")).unwrap();
    assert!(secret.len() == 32 && seen.contains("host=canary.invalid\nusername=doctor-"), "{seen}");
    // Another one each time, and never shown.
    fs::remove_file(test.home().join("vault.kept.log")).unwrap();
    let test = test.args(["--verbose", "doctor"]);
    let output = test.output();
    let again = fs::read_to_string(test.home().join("vault.kept.log")).unwrap();
    let other = again.lines().find_map(|line| line.strip_prefix("password=")).unwrap();
    assert_ne!(secret, other);
    let shown = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!shown.contains(other) && shown.contains("trace: vault erase"), "{shown}");
}

#[test]
fn a_helper_that_answers_something_else_or_fails_half_way_has_it_erased_all_the_same() {
    for (first, problem) in [
        (
            "[ $1 = get ] && [ -f \"$kept\" ] && { echo password=other; exit; }",
            "it gave back another credential than it was given",
        ),
        ("[ $1 = get ] && [ -f \"$kept\" ] && exit 3", "exit status 3"),
        (
            "[ $1 = get ] && [ -f \"$kept\" ] && { echo nonsense; exit; }",
            "its answer is malformed (line 1 has no `=`) and not used",
        ),
        ("[ $1 = store ] && { cat > \"$kept\"; exit 4; }", "exit status 4"),
    ] {
        let hint = "modelforge-credential helpers test vault";
        let test =
            finds(vault(Test::new(), first), &format!("error helper: helper `vault` failed: {problem} | {hint}"));
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
            vault(Test::new(), first),
            &format!(
                "error helper: helper `vault` failed: it may still hold the throw-away credential for `https://canary.invalid`{reason} | {hint}"
            ),
        );
        assert!(kept(&test));
        // The hint works once the helper does.
        let test = vault(test, "").args(["erase"]).stdin("url=https://canary.invalid\n").success();
        assert!(!kept(&test));
    }
}

#[test]
fn a_lost_identity_of_age_is_an_error_with_its_mend_and_no_other_is_made() {
    let test = well().args(["approve"]).stdin(format!("provider=openai\npassword={SECRET}\n")).success();
    let identity = test.home().join(".local/share/modelforge-credential/identity.txt");
    fs::remove_file(&identity).unwrap();
    let _test = finds(
        test,
        "error helper: helper `age` failed: the identity `~/.local/share/modelforge-credential/identity.txt` is not there, and 1 credential is encrypted for it | put its copy back, or begin anew: mv ~/.local/share/modelforge-credential/age ~/.local/share/modelforge-credential/age.old",
    );
    assert!(!identity.exists());
}

#[test]
fn a_helper_that_answers_whatever_it_is_asked_is_an_error() {
    let problem = "it has a credential for a place that does not exist, so it answers whatever it is asked";
    for name in ["echo", "oauth"] {
        let test = Test::new().env("X", SECRET).script(name, "echo password=$X");
        let core = test.bin().join("modelforge-credential");
        place("modelforge-credential", &core);
        place("modelforge-credential-age", &test.bin().join("modelforge-credential-age"));
        let test = test.program(core.to_string_lossy().as_ref()).config(&format!("helpers = ['age', '{name}']"));
        let (_, found) = findings(test);
        let hint = if name == "oauth" { "" } else { " | modelforge-credential helpers test echo" };
        assert!(found.contains(&format!("error helper: helper `{name}` failed: {problem}{hint}")), "{found:#?}");
    }
}

#[test]
fn ctrl_c_erases_it_before_the_check_ends() {
    for signal in ["INT", "TERM", "HUP"] {
        // It tells when it is asked for the credential that it keeps, and takes its time.
        let test = vault(Test::new(), "[ $1 = get ] && [ -f \"$kept\" ] && { : > \"$kept.asked\"; sleep 2; }")
            .args(["doctor"]);
        let mut child =
            test.command().stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
        let start = Instant::now();
        while !test.home().join("vault.kept.asked").exists() {
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

#[test]
fn ctrl_c_that_ends_the_helper_that_erases_it_does_not_leave_it_behind() {
    let first = "[ $1 = erase ] && [ ! -f \"$kept.tried\" ] && { : > \"$kept.tried\"; kill -INT $PPID; kill -INT $$; }";
    let test = vault(Test::new(), first).args(["doctor"]);
    let status = test.output().status;
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(2));
    assert!(test.home().join("vault.kept.tried").exists() && !kept(&test));
}

#[test]
fn what_ctrl_c_leaves_in_a_helper_that_does_not_erase_is_said() {
    let test = vault(Test::new(), "[ $1 = erase ] && { kill -INT $PPID; exit 1; }").args(["doctor"]);
    let output = test.output();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&output.status), Some(2));
    let said = "warning: helper `vault` failed: it may still hold the throw-away credential for `https://canary.invalid`\n\
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
fn five_checks_at_once_do_not_disturb_each_other() {
    let test = well();
    std::thread::scope(|scope| {
        for _ in 0..5 {
            scope.spawn(|| {
                let core = program("modelforge-credential");
                let output = test.run(&[core.as_os_str(), "doctor".as_ref()], "");
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
            });
        }
    });
}

// The keyring.

fn with(test: Test, keyring: &Keyring) -> Test {
    let run = keyring.directory().join("run").display().to_string();
    test.env("DBUS_SESSION_BUS_ADDRESS", keyring.address()).env("XDG_RUNTIME_DIR", run).config("helpers = ['keyring']")
}

#[test]
fn a_keyring_that_works_is_left_as_it_was() {
    let keyring = Keyring::start();
    let (_, found) = findings(with(Test::new(), &keyring));
    let expected = "ok helper: `keyring` (BIN/modelforge-credential-keyring) kept a throw-away credential, gave it back and erased it";
    assert!(found.iter().any(|line| line == expected), "{found:#?}");
    assert_eq!(keyring.items(), 0);
}

#[test]
fn a_keyring_that_is_locked_is_an_error_with_its_mend() {
    let keyring = Keyring::start();
    let test =
        with(Test::new(), &keyring).args(["approve"]).stdin(format!("provider=openai\npassword={SECRET}\n")).success();
    keyring.lock();
    finds(
        test,
        "error helper: helper `keyring` failed: the keyring is locked | log in to the desktop, or unlock it in `seahorse`",
    );
}

#[test]
fn a_keyring_that_is_not_there_is_an_error() {
    let keyring = Keyring::bus_alone();
    let (_, found) = findings(with(Test::new(), &keyring));
    assert!(
        found
            .iter()
            .any(|line| line.starts_with("error helper: helper `keyring` failed: ") && line.contains("secret service")),
        "{found:#?}"
    );
}

#[test]
fn a_bus_that_cannot_be_reached_is_an_error() {
    let test = Test::new().env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere").config("helpers = ['keyring']");
    finds(
        test,
        "error helper: helper `keyring` failed: nothing listens at the address of the D-Bus session bus | log in again, or correct DBUS_SESSION_BUS_ADDRESS",
    );
}

#[test]
fn a_keyring_that_answers_nothing_is_an_error_within_seconds() {
    let keyring = Keyring::start();
    keyring.freeze();
    let start = Instant::now();
    let (_, found) = findings(with(Test::new(), &keyring));
    assert!(found.iter().any(|line| line.starts_with("error helper: helper `keyring` failed: ")), "{found:#?}");
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[test]
fn in_the_default_chain_without_a_session_the_keyring_is_only_a_warning() {
    let test = Test::new().env("XDG_RUNTIME_DIR", "/nowhere");
    finds(test, "warning keyring: helper `keyring` was not asked: there is no D-Bus session bus");
}

// Files, folders, locks, disks.

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
        "warning path: anyone can write to `/tmp`, so no helper is started from it | take /tmp out of PATH",
    );
}

#[test]
fn what_others_can_read_or_change_is_an_error_with_its_mend() {
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
    let mend = format!("chmod -R go= '{}'", state.display());
    assert!(test.run(&["sh", "-c", &mend], "").status.success());
    let (test, found) = findings(test);
    assert!(!found.iter().any(|line| line.starts_with("error")), "{found:#?}");
    let config = test.home().join(".config/modelforge-credential");
    chmod(&config, 0o775);
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
        "warning clock: `~/.config/modelforge-credential/config.toml` was changed at 2100-01-01T00:00:00Z, which is yet to come: the clock is or was wrong | date; touch ~/.config/modelforge-credential/config.toml  # if it is right now",
    );
}

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
        "error locks: another process has been storing for some seconds, so no helper was tried with a throw-away credential | pgrep -a modelforge-credential",
    );
    assert!(start.elapsed() < Duration::from_secs(15));
}

#[test]
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
    let expected = "warning plaintext: `~/.config/model-forge/config.json` holds keys: `openai`, `mistral` | modelforge-credential migrate --dry-run";
    for helpers in ["helpers = ['age']", "helpers = ['age', 'plaintext']"] {
        let test = Test::new().config(helpers).file(".config/model-forge/config.json", &key);
        finds(test, expected);
    }
}

// The environment.

#[test]
fn a_variable_that_hides_a_kept_key_is_a_warning() {
    let test = well().env("MODELFORGE_CREDENTIAL_INTERACTIVE", "");
    let test = test.args(["approve"]).stdin(format!("provider=openai\npassword={SECRET}\n")).success();
    let (test, found) = findings(test);
    assert!(
        found.iter().any(|line| line.starts_with("ok environment: "))
            || found.iter().any(|line| line.contains("INTERACTIVE"))
    );
    let (_, found) = findings(test.env("OPENAI_API_KEY", SECRET));
    let expected = "warning environment: `OPENAI_API_KEY` answers before the key in `age` for `https://api.openai.com` | unset OPENAI_API_KEY";
    assert!(found.iter().any(|line| line == expected), "{found:#?}");
}

#[test]
fn our_own_variables_that_are_set_are_named_without_their_values_and_so_are_those_that_nobody_knows() {
    let test = well().env("MODELFORGE_CREDENTIAL_TRACE", SECRET).env("MODELFORGE_CREDENTIAL_HELPER", SECRET);
    let (_, found) = findings(test);
    let found: Vec<&str> = found.iter().map(String::as_str).filter(|line| line.contains("environment")).collect();
    assert_eq!(
        found,
        [
            "warning environment: `MODELFORGE_CREDENTIAL_HELPER` is set, and no such variable is known | did you mean `MODELFORGE_CREDENTIAL_HELPERS`?",
            "warning environment: `MODELFORGE_CREDENTIAL_INTERACTIVE` is set: it decides whether a person may be asked | unset MODELFORGE_CREDENTIAL_INTERACTIVE  # if that is not meant",
            "warning environment: `MODELFORGE_CREDENTIAL_TRACE` is set: it turns the trace on | unset MODELFORGE_CREDENTIAL_TRACE  # if that is not meant",
        ]
    );
}

// The log, and no surroundings at all.

#[test]
fn a_log_that_cannot_be_written_is_an_error_with_its_file_and_a_command() {
    let test = well();
    let state = test.home().join(".local/state/modelforge-credential");
    fs::create_dir_all(&state).unwrap();
    std::os::unix::fs::symlink("/nowhere", state.join("audit.jsonl")).unwrap();
    let link = "cannot write the audit log: `~/.local/state/modelforge-credential/audit.jsonl` is a link";
    let test = finds(test, &format!("error audit: {link} | ls -la ~/.local/state/modelforge-credential"));
    let test = test.env("XDG_STATE_HOME", "/proc/nowhere");
    let place = "/proc/nowhere/modelforge-credential";
    let none = "No such file or directory (os error 2)";
    finds(test, &format!("error audit: cannot write the audit log: `{place}`: {none} | ls -la {place}"));
}

#[test]
fn where_requests_are_logged_or_that_they_are_not_is_said() {
    finds(well(), "ok audit: `~/.local/state/modelforge-credential/audit.jsonl` holds who asked for what");
    finds(
        Test::new().config("helpers = ['age']\naudit = { enabled = false }"),
        "ok audit: the log is off: `[audit] enabled = false` in config.toml",
    );
}

#[test]
fn without_a_home_or_an_environment_it_says_what_is_missing() {
    let core = program("modelforge-credential").display().to_string();
    let output = well().run(&["env", "-i", &core, "doctor"], "");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    for expected in [
        "error    helper         helper `age` failed: there is no folder for the user's data\n",
        "                        hint: set HOME to a folder that exists, or XDG_DATA_HOME to an absolute path\n",
        "warning  audit          there is no audit log: there is no home folder\n",
    ] {
        assert!(text.contains(expected), "{text}");
    }
    assert_eq!(String::from_utf8_lossy(&output.stderr), "error: one check failed\n");
}

#[test]
fn what_a_helper_remarks_is_told_once_in_the_report_and_nowhere_else() {
    let broken = "`~/.config/model-forge/config.json`, line 2, column 0: this is not JSON";
    let test = Test::new().file(".config/model-forge/config.json", "{\n").config("helpers = ['age', 'plaintext']\n");
    let (test, found) = findings(test);
    let about: Vec<&String> = found.iter().filter(|line| line.contains("this is not JSON")).collect();
    let failed = format!("error helper: helper `plaintext` failed: {broken}");
    assert_eq!(about, [&format!("warning configuration: {broken}"), &failed]);
    let output = test.args(["doctor"]).output();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "error: one check failed\n");
    let talks = vault(Test::new(), "echo 'warning: the vault is old' >&2; echo 'hint: renew it' >&2");
    let (talks, found) = findings(talks);
    let about: Vec<&String> = found.iter().filter(|line| line.contains("helper:")).collect();
    assert_eq!(about, [DONE, "warning helper: the vault is old | renew it"]);
    assert!(talks.args(["doctor"]).output().stderr.is_empty());
}

#[test]
fn that_it_cannot_be_logged_is_told_in_the_report_as_well() {
    let test = well().file(".local/state/modelforge-credential", "a file where the log should be");
    let output = test.args(["doctor"]).output();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(stdout.contains("audit          this is not in the audit log: "), "{stdout}");
    assert!(!stderr.contains("audit log"), "{stderr}");
}
