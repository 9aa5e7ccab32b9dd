//! The operations during which calls fail.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Scene, walk};
use crate::support::keyring::Keyring;
use crate::support::strace::Run;
use crate::support::{SECRET, Test, program};

const OLD: &str = "sk-proj-the-older-key-of-the-two";
const NEW: &str = SECRET;

const CORE: &str = "modelforge-credential";
const AGE: &str = "modelforge-credential-age";
const PLAINTEXT: &str = "modelforge-credential-plaintext";
const TOOLS: &str = "modelforge-credential-tools";

const WHERE: &str = "protocol=https\nhost=api.openai.com\n";
const STORE_OLD: &str =
    "protocol=https\nhost=api.openai.com\nusername=default\npassword=sk-proj-the-older-key-of-the-two\n";
const STORE_NEW: &str =
    "protocol=https\nhost=api.openai.com\nusername=default\npassword=sk-sentinel-5f0c9a7e41d84b1f\n";

const ASK_AGE: Run = Run { program: AGE, words: &["get"], input: WHERE };
const ASK_CORE: Run = Run { program: CORE, words: &["get"], input: "provider=openai\n" };
const ASK_PLAINTEXT: Run = Run { program: PLAINTEXT, words: &["get"], input: WHERE };

fn empty() -> Test {
    Test::new().helpers("age")
}

fn with(test: Test, program: &str, credential: &str) -> Test {
    let stored = Run { program, words: &["store"], input: credential }.plainly(&test);
    assert!(stored.status.success(), "{}", String::from_utf8_lossy(&stored.stderr));
    test
}

fn with_old() -> Test {
    with(empty(), AGE, STORE_OLD)
}

const SCENE: Scene =
    Scene { name: "", prepare: &with_old, run: ASK_AGE, ask: ASK_AGE, keys: [OLD, NEW], or_says: None, always: None };

fn core(words: &'static [&'static str], input: &'static str) -> Run<'static> {
    Run { program: CORE, words, input }
}

#[test]
fn the_keys_of_the_scenes_are_in_what_is_stored() {
    assert!(STORE_OLD.contains(OLD) && STORE_NEW.contains(NEW));
}

#[test]
#[ignore = "needs strace"]
fn age_stores_whatever_fails_the_old_key_or_the_new_one() {
    let run = Run { program: AGE, words: &["store"], input: STORE_NEW };
    walk(&Scene { name: "age store over another", run, ..SCENE });
    walk(&Scene { name: "age store of the first", run, prepare: &empty, keys: ["", NEW], ..SCENE });
}

#[test]
#[ignore = "needs strace"]
fn age_erases_or_says_that_it_did_not_whatever_fails() {
    let run = Run { program: AGE, words: &["erase"], input: STORE_OLD };
    walk(&Scene { name: "age erase", run, keys: [OLD, ""], ..SCENE });
}

#[test]
#[ignore = "needs strace"]
fn a_sign_in_keeps_the_old_key_or_the_new_one_whatever_fails() {
    let run = core(&["login", "openai", "--force"], NEW);
    walk(&Scene { name: "login --force", run, ..SCENE });
}

#[test]
#[ignore = "needs strace"]
fn an_approval_keeps_the_old_key_or_the_new_one_whatever_fails() {
    let run = core(&["approve"], "provider=openai\npassword=sk-sentinel-5f0c9a7e41d84b1f\n");
    walk(&Scene { name: "approve over another", run, ..SCENE });
    walk(&Scene { name: "approve of the first", run, prepare: &empty, keys: ["", NEW], ..SCENE });
}

#[test]
#[ignore = "needs strace"]
fn a_sign_out_erases_or_says_that_it_did_not_whatever_fails() {
    walk(&Scene { name: "logout", run: core(&["logout", "openai"], ""), keys: [OLD, ""], ..SCENE });
    walk(&Scene { name: "reject", run: core(&["reject"], "provider=openai\n"), keys: [OLD, ""], ..SCENE });
}

/// An expired token, and a helper that renews it.
fn expired() -> Test {
    let renew = format!(
        "[ $1 = get ] || exit 0\ngrep -q oauth_refresh_token=r1 || exit 0\n\
         printf 'password={NEW}\\noauth_refresh_token=r2\\npassword_expiry_utc=4102444800\\n'"
    );
    let test = Test::new().script("renew", &renew).helpers("age\nrenew");
    with(test, AGE, &format!("{STORE_OLD}oauth_refresh_token=r1\npassword_expiry_utc=1\n"))
}

#[test]
#[ignore = "needs strace"]
fn a_renewed_token_is_kept_or_it_is_said_that_it_was_not_whatever_fails() {
    let run = core(&["fill"], "provider=openai\n");
    walk(&Scene { name: "refresh", prepare: &expired, run, or_says: Some("warning: "), ..SCENE });
}

const CONFIG: &str = ".config/model-forge/config.json";

/// A file of ModelForge's with one key.
fn in_plain_text() -> Test {
    let text = format!(r#"{{"providers": {{"openai": {{"auth_data": {{"api_key": "{NEW}"}}, "models": {{}}}}}}}}"#);
    Test::new().file(CONFIG, text).env("MODELFORGE_CREDENTIAL_WARN_PLAINTEXT", "0")
}

fn migrated() -> Test {
    let test = in_plain_text();
    let output = core(&["migrate", "--yes"], "").plainly(&test);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    test
}

#[test]
#[ignore = "needs strace"]
fn a_key_in_a_file_of_another_program_is_taken_out_or_it_is_said_that_it_is_there() {
    let run = Run { program: PLAINTEXT, words: &["erase"], input: TAKE_OUT };
    let scene = Scene { prepare: &in_plain_text, ask: ASK_PLAINTEXT, keys: [NEW, ""], ..SCENE };
    walk(&Scene { name: "plaintext erase", run, ..scene });
    let run = Run { program: PLAINTEXT, words: &["store"], input: PUT_BACK };
    walk(&Scene { name: "plaintext store", prepare: &taken_out, run, keys: ["", NEW], ..scene });
}

const TAKE_OUT: &str = "protocol=https\nhost=api.openai.com\nconsent=1\n";
const PUT_BACK: &str =
    "protocol=https\nhost=api.openai.com\nconsent=1\nusername=default\npassword=sk-sentinel-5f0c9a7e41d84b1f\n";

/// The same file without its key.
fn taken_out() -> Test {
    let test = in_plain_text();
    let erased = Run { program: PLAINTEXT, words: &["erase"], input: TAKE_OUT }.plainly(&test);
    assert!(erased.status.success(), "{}", String::from_utf8_lossy(&erased.stderr));
    test
}

/// Codex's file with a key.
fn in_a_tool() -> Test {
    Test::new().file(".codex/auth.json", format!("{{\"OPENAI_API_KEY\": \"{NEW}\"}}\n"))
}

#[test]
#[ignore = "needs strace"]
fn a_key_in_a_file_of_a_tool_is_taken_out_or_it_is_said_that_it_is_there() {
    let run = Run { program: TOOLS, words: &["erase"], input: TAKE_OUT };
    let ask = Run { program: TOOLS, words: &["get"], input: WHERE };
    walk(&Scene { name: "tools erase", prepare: &in_a_tool, run, ask, keys: [NEW, ""], ..SCENE });
}

/// The tool is asked last of all, so that the key is found wherever it is.
fn in_a_tool_of_the_chain() -> Test {
    in_a_tool().helpers("age\ntools")
}

fn migrated_from_a_tool() -> Test {
    let test = in_a_tool_of_the_chain();
    let output = core(&["migrate", "--yes"], "").plainly(&test);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    test
}

#[test]
#[ignore = "needs strace"]
fn a_migration_from_a_tool_and_its_rollback_lose_no_key_whatever_fails() {
    let ask = Run { program: TOOLS, words: &["get"], input: WHERE };
    let scene = Scene { ask, always: Some(ASK_CORE), ..SCENE };
    let run = core(&["migrate", "--yes"], "");
    walk(&Scene { name: "migrate from a tool", prepare: &in_a_tool_of_the_chain, run, keys: [NEW, ""], ..scene });
    let run = core(&["migrate", "--rollback", "--yes"], "");
    walk(&Scene { name: "rollback into a tool", prepare: &migrated_from_a_tool, run, keys: ["", NEW], ..scene });
}

/// One keyring for all points: each has items that are set aside, under a name of its own.
fn in_a_keyring(keyring: &Keyring) -> Test {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("fault-{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let test = Test::new().env("MODELFORGE_CREDENTIAL_KEYRING_PREFIX", name);
    // What lies in its home is the keyring's own.
    let env = keyring.env().into_iter().filter(|(name, _)| *name == "DBUS_SESSION_BUS_ADDRESS");
    env.fold(test, |test, (name, value)| test.env(name, value.to_string_lossy()))
}

#[test]
#[ignore = "needs strace, dbus and gnome-keyring"]
fn a_keyring_keeps_the_old_key_or_the_new_one_whatever_fails() {
    const KEYRING: &str = "modelforge-credential-keyring";
    let keyring = Keyring::start();
    let prepare = || with(in_a_keyring(&keyring), KEYRING, STORE_OLD);
    let ask = Run { program: KEYRING, words: &["get"], input: WHERE };
    let scene = Scene { prepare: &prepare, ask, ..SCENE };
    let run = Run { program: KEYRING, words: &["store"], input: STORE_NEW };
    walk(&Scene { name: "keyring store", run, ..scene });
    let run = Run { program: KEYRING, words: &["erase"], input: WHERE };
    walk(&Scene { name: "keyring erase", run, keys: [OLD, ""], ..scene });
}

#[test]
#[ignore = "needs strace"]
fn a_migration_and_its_rollback_lose_no_key_whatever_fails() {
    let scene = Scene { ask: ASK_PLAINTEXT, always: Some(ASK_CORE), ..SCENE };
    let run = core(&["migrate", "--yes"], "");
    walk(&Scene { name: "migrate", prepare: &in_plain_text, run, keys: [NEW, ""], ..scene });
    let run = core(&["migrate", "--rollback", "--yes"], "");
    walk(&Scene { name: "rollback", prepare: &migrated, run, keys: ["", NEW], ..scene });
}

#[test]
#[ignore = "needs util-linux"]
fn few_descriptors_and_little_memory_lose_no_key_and_crash_nothing() {
    let run = core(&["login", "openai", "--force"], NEW);
    let limits = (3..=24).map(|count| format!("--nofile={count}"));
    let limits = limits.chain([1, 2, 3, 4, 6, 8, 12, 16, 24, 32].map(|mib| format!("--as={}", mib << 20)));
    for limit in limits {
        let test = with_old();
        let mut words = vec!["prlimit".to_owned(), limit.clone(), program(CORE).display().to_string()];
        words.extend(run.words.iter().map(ToString::to_string));
        let output = test.run(&words, run.input);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let found = super::key(&ASK_AGE, &test);
        assert!(found.as_deref().is_some_and(|key| key == OLD || key == NEW), "{limit}: {found:?} is kept");
        assert!(!output.status.success() || found.as_deref() == Some(NEW), "{limit}: it is called done\n{stderr}");
        assert!(!stderr.contains("panicked") && !stderr.contains("uncategorized"), "{limit}: {stderr}");
        assert!(run.plainly(&test).status.success(), "{limit}: the next run fails");
        assert_eq!(super::key(&ASK_AGE, &test).as_deref(), Some(NEW), "{limit}");
    }
}

#[test]
#[ignore = "needs strace"]
fn a_system_that_starts_no_further_thread_or_process_is_an_error_or_an_answer() {
    const ALL: [&[&str]; 7] = [
        &["logout", "openai"],
        &["status"],
        &["list"],
        &["doctor"],
        &["login", "openai", "--force"],
        &["exec", "openai", "--", "true"],
        &["exec", "openai", "--mask", "--", "true"],
    ];
    for words in ALL {
        for nth in 1..=if words.contains(&"--mask") { 7 } else { 3 } {
            let (test, run) = (with_old(), core(words, NEW));
            let inject = format!("inject=?clone,?clone3,?vfork,?fork:error=EAGAIN:when={nth}+");
            let output = run.traced(&test, &["-o", "/dev/null", "-e", &inject]);
            let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
            let is_said = !stderr.contains("panicked") && matches!(output.status.code(), Some(0 | 1 | 126));
            assert!(is_said, "{words:?} {nth}: {:?}\n{stderr}", output.status);
            let found = super::key(&ASK_AGE, &test);
            assert!(found.is_some_and(|key| [OLD, NEW, ""].contains(&&*key)), "{words:?} {nth}: the key is lost");
        }
    }
}

#[test]
#[ignore = "needs strace"]
fn what_a_sandbox_forbids_is_gone_without_or_an_error_and_never_a_crash() {
    const FORBIDDEN: [(&str, &str); 11] = [
        ("?prlimit64,?getrlimit,?setrlimit", "EPERM"),
        ("?prctl", "EPERM"),
        ("?statx", "ENOSYS"),
        ("?openat2", "EPERM"),
        ("?renameat2", "ENOSYS"),
        ("?pidfd_open", "EPERM"),
        ("?flock", "ENOSYS"),
        ("?socket", "EPERM"),
        ("?setpgid", "EPERM"),
        ("?kill,?tgkill", "EPERM"),
        ("?getrandom", "ENOSYS"),
    ];
    for words in [&["login", "openai", "--force"][..], &["exec", "openai", "--mask", "--", "true"], &["status"]] {
        for (calls, problem) in FORBIDDEN {
            let (test, run) = (with_old(), core(words, NEW));
            let inject = format!("inject={calls}:error={problem}:when=1+");
            let output = run.traced(&test, &["-f", "-o", "/dev/null", "-e", &inject]);
            let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
            let at = format!("{words:?} {calls} {problem}: {:?}\n{stderr}", output.status);
            assert!(matches!(output.status.code(), Some(0 | 1 | 126)) && !stderr.contains("panicked"), "{at}");
            assert!(output.status.success() || stderr.lines().all(super::is_in_style), "{at}");
            let found = super::key(&ASK_AGE, &test);
            assert!(found.is_some_and(|key| key == OLD || key == NEW), "{at}: the key is lost");
        }
    }
}
