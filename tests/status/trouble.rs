//! Helpers that fail, hang or cannot list.

use std::time::{Duration, Instant};

use super::{OPENAI, assert_told, shelf, status, told};
#[cfg(unix)]
use crate::prompt::Session;
use crate::support::{SECRET, Test};

#[cfg(unix)]
#[test]
fn a_helper_that_fails_or_hangs_hides_none_of_the_others() {
    let test = shelf(Test::new(), "one", OPENAI, "password=key-for-tests")
        .script("fails", "echo 'error: it is locked' >&2; exit 1");
    let test = test.script("hangs", "sleep 30").script("cuts", "echo protocol=https; echo");
    let test = test.config(
        "helpers = ['fails', { command = ['modelforge-credential-hangs', '-'], timeout = '1500ms' }, 'cuts', 'absent', 'one']",
    );
    let test = status(test, &[]);
    let start = Instant::now();
    assert_told("failures", told(&test));
    assert!(start.elapsed() < Duration::from_secs(8), "they are asked side by side");
    // A person sees what it waits for, and then no more of it.
    let mut session = Session::bare(&test);
    session.expect("asking the helpers …");
    let (_, _, shown) = session.end();
    assert!(shown.contains("asking the helpers …\r\u{1b}[K") && shown.contains("openai    yes"), "{shown:?}");
    let quick = status(shelf(Test::new(), "one", OPENAI, "password=key-for-tests").helpers("one"), &[]);
    assert!(!Session::bare(&quick).end().2.contains("asking"));
}

#[cfg(target_os = "linux")]
#[test]
fn in_the_default_chain_a_helper_is_news_only_where_nothing_was_found() {
    let test = status(Test::new(), &[]);
    assert!(told(&test).contains("! warning: skipped helper `keyring`: there is no D-Bus session bus\n"));
    let test = status(test.env("OPENAI_API_KEY", SECRET), &[]);
    assert!(!told(&test).contains('!'));
    assert!(told(&status(test, &["-v"])).contains("! warning: skipped helper `keyring`"));
}

#[test]
fn a_helper_that_cannot_list_is_asked_for_the_provider_that_was_named() {
    let body =
        "[ $1 = get ] || exit 0; grep -qx host=api.openai.com && printf 'username=me\\npassword=key-for-tests\\n'";
    let test = Test::new().script("mute", &format!("{body}; exit 0")).helpers("mute");
    let row = "PROVIDER  SIGNED IN  ACCOUNT  KEPT BY  PROTECTED BY\nopenai    yes        me       mute     stored by the helper\n";
    let test = test.args(["status", "openai"]).stdout(row).success();
    let hint = "error: not signed in to `mistral`\nhint: modelforge-credential login mistral\n";
    let test = test.args(["status", "mistral"]).stdout("PROVIDER  SIGNED IN\nmistral   no\n").stderr(hint).failure();
    // Without a name, it is asked for each provider.
    let test = test.args(["status"]).stdout(row).success();
    let test = test.script("mute", "exit 0").args(["status"]);
    let test = test.stdout("no provider is signed in, and none is configured\n");
    test.stderr("warning: helper `mute` cannot list its credentials, so it may have others\n").success();
}

#[test]
fn what_a_locked_helper_may_have_is_unknown_and_not_absent() {
    let test = Test::new().script("locked", "[ $1 = capability ] && exit 0; echo 'error: it is locked' >&2; exit 1");
    let locked = "warning: helper `locked` failed: it is locked\n";
    let test =
        test.helpers("locked").args(["status"]).stdout("no sign-in was found, but some helpers could not be queried\n");
    let test = test.stderr(locked).success().args(["status", "openai"]);
    let said = format!(
        "{locked}error: no credential for `openai`; some helpers could not be queried\n\
         hint: modelforge-credential doctor  # or set OPENAI_API_KEY\n"
    );
    let test = test.stdout("PROVIDER  SIGNED IN\nopenai    unknown\n").stderr(&said).failure();
    let test = test.args(["status", "--json", "openai"]).any_stdout().any_stderr();
    assert!(String::from_utf8_lossy(&test.output().stdout).contains("\"signed_in\": \"unknown\""));
}
