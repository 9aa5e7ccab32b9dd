//! The configuration: helpers, accounts, URLs and variables, and the messages about errors in it.

mod helpers;
mod mistake;
mod modelforge;
mod provider;

use crate::support::{SECRET, Test};

const NAME: &str = "~/.config/modelforge-credential/config.toml";

/// Shows what a request becomes: one that is complete is its own answer.
#[track_caller]
fn becomes(test: Test, request: &str, expected: &str) -> Test {
    let test = test.args(["fill"]).stdin(format!("{request}username=u\npassword=p\n"));
    test.stdout(&format!("{expected}username=u\npassword=p\n")).success()
}

/// A helper that tells on standard error which one it is, what it is asked, and with which arguments.
fn told(test: Test, name: &str) -> Test {
    test.script(name, &format!("echo {name} \"$@\" >&2; grep -v -e ^capability -e ^env -e ^sign_in >&2; exit 0"))
}

fn get(test: Test, provider: &str) -> Test {
    test.args(["get"]).stdin(format!("provider={provider}\n"))
}

#[track_caller]
fn is_refused(config: &str, problem: &str) {
    let test = Test::new().script("mark", "echo started >&2").config(config);
    get(test, "openai").stderr(&format!("error: `{NAME}`, {problem}\n")).failure();
}

/// Windows has variables for folders beside that for the home, and one that is named is made.
#[cfg(unix)]
#[test]
fn a_home_that_does_not_exist_is_not_made() {
    let test = Test::new();
    let home = test.home().join("nobody");
    let test = test.env("HOME", home.display().to_string()).env("XDG_DATA_HOME", "").env("XDG_STATE_HOME", "");
    let test = test.args(["approve"]).stdin(format!("provider=openai\npassword={SECRET}\n"));
    let output = test.output();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && said.contains("there is no D-Bus session bus and no home directory")
            || !cfg!(target_os = "linux"),
        "{said}"
    );
    assert!(!home.exists());
    let test = test.env("HOME", "/dev/null").env("OPENAI_API_KEY", SECRET).helpers("env");
    test.args(["print", "openai"]).stdin("").stdout(&format!("{SECRET}\n")).success();
}

#[cfg(unix)]
#[test]
#[ignore = "needs util-linux"]
fn without_a_home_and_for_a_user_that_nobody_knows_nothing_crashes() {
    let setpriv = crate::support::system("setpriv", "util-linux");
    for (program, operation) in [
        ("modelforge-credential", "get"),
        ("modelforge-credential", "list"),
        ("modelforge-credential-age", "get"),
        ("modelforge-credential-plaintext", "get"),
        ("modelforge-credential-keyring", "get"),
    ] {
        // The programs may lie where a stranger cannot look.
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a mode");
        let copy = folder.path().join(program);
        crate::support::place(program, &copy);
        let test = Test::new().env("HOME", "").helpers("");
        let words = [
            setpriv.as_os_str(),
            "--reuid=54321".as_ref(),
            "--clear-groups".as_ref(),
            copy.as_os_str(),
            operation.as_ref(),
        ];
        let output = test.run(&words, "protocol=https\nhost=h\n");
        assert!(matches!(output.status.code(), Some(0 | 1)), "{program} {operation}: {output:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn without_a_home_the_default_chain_stores_nothing_and_the_variable_is_named() {
    let skipped = "warning: skipped helpers `keyring` and `age`: there is no D-Bus session bus and no home directory\n";
    let said = format!(
        "{skipped}error: not signed in to `openai`, and no helper in the chain stores keys here\nhint: set OPENAI_API_KEY\n"
    );
    let test = Test::new().env("HOME", "").args(["exec", "openai", "--", "true"]).stderr(&said).failure();
    let test = test.args(["print", "openai"]).stderr(&said).failure();
    let several =
        format!("{skipped}error: not signed in to `openai`, `mistral`\nhint: set OPENAI_API_KEY, MISTRAL_API_KEY\n");
    let test = test.args(["exec", "openai", "mistral", "--", "true"]).stderr(&several).failure();
    let kept = format!(
        "{skipped}error: no helper stored the credential for `openai` (`https://api.openai.com`)\nhint: modelforge-credential doctor\n"
    );
    let test = test.args(["login", "openai"]).stdin(SECRET).any_stderr();
    assert!(String::from_utf8_lossy(&test.output().stderr).ends_with(&kept));
    let empty =
        format!("{skipped}error: not signed in to `openai`: `OPENAI_API_KEY` is empty\nhint: set OPENAI_API_KEY\n");
    test.env("OPENAI_API_KEY", "").args(["exec", "openai", "--", "true"]).stderr(&empty).failure();
}

#[cfg(target_os = "linux")]
#[test]
fn a_chain_that_a_person_wrote_does_without_the_keyring_where_there_is_no_session() {
    // The same configuration counts at a desktop, over ssh and in cron.
    let test = Test::new().config("helpers = [\"env\", \"keyring\", \"age\"]\n");
    let kept = "signed in to `openai`: stored in `age` (encrypted file, identity ~/.local/share/modelforge-credential/identity.txt)\n";
    let test = test.args(["login", "openai"]).stdin(SECRET).stdout(kept).success();
    let test = test.args(["print", "openai"]).stdin("").stdout(&format!("{SECRET}\n")).success();
    let test = test.args(["status"]).any_stdout().success();
    // What is nowhere may be there.
    let said = "warning: skipped helper `keyring`: there is no D-Bus session bus\n\
                error: not signed in to `mistral`\nhint: modelforge-credential login mistral\n";
    let test = test.args(["print", "mistral"]).stderr(said).failure();
    // One that has no other place for keys, or was named for this command, says why it has none.
    let complains = |test: &Test| String::from_utf8_lossy(&test.output().stderr).contains("helper `keyring` failed");
    let alone = Test::new().config("helpers = [\"env\", \"keyring\", \"plaintext\"]\n");
    assert!(complains(&alone.args(["print", "openai"]).any_stderr()));
    let now = test.helpers("keyring\nage").args(["print", "openai"]).any_stdout().any_stderr();
    assert!(complains(&now));
}
