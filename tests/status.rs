//! What is kept where: the table, its JSON, what it costs to know, and what it never shows.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::login::{asked, keeper};
use crate::prompt::Session;
use crate::support::keyring::Keyring;
use crate::support::{SECRET, Test, program};

/// What a run printed, what it said, and how it ended; times and folders masked.
#[track_caller]
pub fn told(test: &Test) -> String {
    let output = test.output();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    let said: String = text(&output.stderr).lines().map(|line| format!("! {line}\n")).collect();
    let told = format!("{}{said}[{}]", text(&output.stdout), output.status.code().unwrap_or(-1));
    told.replace(&*test.home().to_string_lossy(), "~").replace(&*test.bin().to_string_lossy(), "TEST")
}

macro_rules! assert_told {
    ($name:literal, $told:expr) => {
        insta::with_settings!({ filters => vec![
            (r"set \d+ seconds? ago", "set N seconds ago"),
            (r#""created_utc": \d+"#, r#""created_utc": N"#),
        ] }, { insta::assert_snapshot!($name, $told) })
    };
}

fn status(test: Test, arguments: &[&str]) -> Test {
    test.args([&["status"], arguments].concat())
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs()
}

/// A helper that holds these credentials: what it lists, each line ended by `;` for an empty one, and what it gets.
fn shelf(test: Test, name: &str, lists: &str, gets: &str) -> Test {
    let (count, log) = (lists.split(";\n").count(), test.home().join(format!("{name}.log")));
    let lists = lists.replace(";\n", "\n\n");
    let body = format!(
        "echo \"$1\" >> '{}'\ncase $1 in\nlist) printf '%s\\n\\ncount={count}\\n' '{lists}';;\nget) cat <<'END'\n{gets}\nEND\nesac; exit 0",
        log.display()
    );
    test.script(name, &body)
}

const OPENAI: &str = "protocol=https\nhost=api.openai.com\nusername=default";
const COPILOT: &str = "protocol=https\nhost=api.githubcopilot.com\nusername=default";

fn signed_in(test: Test, provider: &str, account: &str) -> Test {
    let test = test.args(["login", provider, "--account", account]).stdin(format!("{SECRET}\n"));
    let output = test.any_stderr();
    assert!(output.output().status.success());
    output
}

#[test]
fn where_nothing_is_kept_it_says_so() {
    let test = status(Test::new().helpers("env\nage"), &[]);
    assert_eq!(told(&test), "no provider is signed in, and none is configured\n[0]");
    let test = status(test, &["--account", "work"]);
    assert_eq!(told(&test), "no provider is signed in as `work`\n[0]");
}

#[test]
fn one_key_in_age_is_one_line() {
    let test = signed_in(Test::new().helpers("env\nage"), "openai", "default");
    assert_told!("one_key", told(&status(test, &[])));
}

#[test]
fn what_is_shadowed_is_said_and_with_verbose_every_copy_is_a_line() {
    let test = signed_in(Test::new().helpers("env\nage"), "openai", "default").env("OPENAI_API_KEY", SECRET);
    let test = status(test, &[]);
    assert_told!("shadowed", told(&test));
    assert_told!("shadowed_verbose", told(&status(test, &["--verbose"])));
}

#[test]
fn each_account_is_a_line_and_one_can_be_asked_for() {
    let test = signed_in(signed_in(Test::new().helpers("age"), "openai", "work"), "openai", "home");
    let test = status(test, &[]);
    assert_told!("two_accounts", told(&test));
    let test = status(test, &["openai", "--account", "work"]);
    assert_told!("one_of_two_accounts", told(&test));
    let test = status(test, &["openai", "--account", "else where"]);
    assert_told!("no_such_account", told(&test));
    assert_told!("one_account_of_all", told(&status(test, &["--account", "home"])));
}

#[test]
fn how_long_a_token_lasts_is_said_in_its_largest_unit() {
    for (left, shown) in [
        (3 * 86400 + 30, "3 days"),
        (86400 + 30, "1 day"),
        (7200 + 30, "2 hours"),
        (130, "2 minutes"),
        (20, "19 seconds"),
    ] {
        let token = format!("password={SECRET}\npassword_expiry_utc={}\nscope=read:user", now() + left);
        let test = status(shelf(Test::new(), "one", COPILOT, &token).helpers("one"), &["copilot"]);
        let told = told(&test);
        assert!(
            told.ends_with(&format!("  {shown}\n[0]")) || shown == "19 seconds" && told.contains(" seconds\n"),
            "{told}"
        );
    }
}

#[test]
fn a_token_that_ended_is_signed_in_only_if_it_can_be_renewed() {
    let ended = format!("password={SECRET}\npassword_expiry_utc={}", now() - 3 * 86400 - 5);
    let test = status(shelf(Test::new(), "one", COPILOT, &ended).helpers("one"), &["github-copilot"]);
    assert_told!("expired", told(&test));
    let renewable = format!("{ended}\noauth_refresh_token={SECRET}");
    let test = status(shelf(test, "one", COPILOT, &renewable), &["github-copilot"]);
    assert_told!("expired_and_renewable", told(&test));
}

#[test]
fn a_copy_that_ended_does_not_hide_the_one_that_answers() {
    let ended = format!("password={SECRET}\npassword_expiry_utc=1");
    let test = shelf(shelf(Test::new(), "one", COPILOT, &ended), "two", COPILOT, &format!("password={SECRET}"));
    let test = test.helpers("one\ntwo");
    assert_told!("expired_and_another", told(&status(test, &[])));
}

#[test]
fn a_provider_that_is_configured_is_shown_though_nobody_is_signed_in() {
    let test = Test::new().helpers("age").config(
        "[provider.ours]\nurl = 'https://llm.example/v1'\n[provider.ollama]\n[provider.openai]\naccount = 'work'",
    );
    assert_told!("configured", told(&status(test, &[])));
}

#[test]
fn an_alias_in_modelforges_file_is_no_second_provider() {
    let file = r#"{"providers": {"claude": {"base_url": "https://api.anthropic.com", "auth_strategy": "api_key"},
                   "anthropic": {"base_url": "https://api.anthropic.com", "auth_strategy": "api_key"}}}"#;
    let test = signed_in(Test::new().helpers("age"), "openai", "default").file(".config/model-forge/config.json", file);
    assert_told!("alias", told(&status(test, &[])));
}

#[test]
fn a_provider_that_is_declared_wrongly_is_named_and_the_others_are_shown() {
    let file = format!(
        r#"{{"providers": {{"ours": {{"auth_strategy": "api_key", "auth_data": {{"api_key": "{SECRET}"}}}}}}}}"#
    );
    let test = signed_in(Test::new().helpers("age"), "openai", "default").file(".config/model-forge/config.json", file);
    assert_told!("declared_wrongly", told(&status(test, &[])));
}

#[test]
fn a_provider_with_helpers_of_its_own_is_looked_for_there() {
    let test = keeper(keeper(Test::new(), "one", ""), "two", "");
    let test = test.config("helpers = ['one']\n[provider.openai]\nhelpers = ['two']");
    let test = signed_in(signed_in(test, "openai", "default"), "groq", "default");
    let test = status(test, &[]);
    assert_told!("helpers_of_its_own", told(&test));
    let test = test.args(["logout", "--all"]).any_stderr();
    assert_told!("helpers_of_its_own_logout", told(&test));
    assert_eq!(told(&test.args(["logout", "--all"])), "there was nothing to sign out of\n[0]");
}

#[test]
fn the_keyring_of_the_desktop_is_shown_as_what_it_is() {
    let keyring = Keyring::start();
    let mut test = Test::new().helpers("env\nkeyring\nage");
    for (name, value) in keyring.env().into_iter().filter(|(name, _)| *name != "HOME") {
        test = test.env(name, value.to_str().expect("text"));
    }
    let test = signed_in(test, "openai", "default");
    let test = status(test, &[]);
    assert_told!("keyring", told(&test));
    let test = status(test, &["-v"]);
    assert_told!("keyring_verbose", told(&test));
    keyring.lock();
    assert_told!("keyring_locked", told(&status(test, &[])));
}

#[test]
fn verbose_shows_scope_age_and_at_most_the_last_four_characters() {
    let token =
        format!("password={SECRET}\npassword_expiry_utc=4102444800\nscope=read:user\noauth_refresh_token={SECRET}");
    let test =
        shelf(Test::new(), "one", &format!("{COPILOT}\nstorage=a vault\ncreated_utc={}", now() - 86400 * 400), &token);
    let test = shelf(test.helpers("one\ntwo"), "two", OPENAI, "password=short-key");
    let output = status(test, &["--verbose"]);
    let told = told(&output);
    let days = (4_102_444_800 - now()) / 86400;
    assert_told!("verbose", told.replace(&format!("{days} days"), "N days"));
}

#[test]
fn without_verbose_nothing_is_opened_that_a_list_tells() {
    let test =
        shelf(Test::new(), "one", &format!("{OPENAI};\n{COPILOT}"), &format!("password={SECRET}")).helpers("one");
    let test = status(test, &["openai"]);
    test.output();
    assert_eq!(asked(&test, "one"), "list");
    let test = status(test, &["--json", "openai"]);
    test.output();
    assert_eq!(asked(&test, "one"), "list list");
    // When a token ends is known only by opening it.
    let test = status(test, &[]);
    test.output();
    assert_eq!(asked(&test, "one"), "list list list get");
    let test = status(test, &["openai", "--verbose"]);
    test.output();
    assert_eq!(asked(&test, "one"), "list list list get list get");
}

#[test]
fn a_copy_that_cannot_be_opened_is_told_of() {
    let test = signed_in(Test::new().helpers("age"), "openai", "default");
    std::fs::remove_file(test.home().join(".local/share/modelforge-credential/identity.txt")).expect("it is there");
    let told = told(&status(test, &["-v"]));
    assert!(
        told.contains("openai    yes        default  age") && told.contains("! warning: helper `age` failed: "),
        "{told}"
    );
}

#[test]
fn json_has_the_documented_shape() {
    let test = signed_in(Test::new().helpers("env\nage\nfails"), "openai", "default").env("OPENAI_API_KEY", SECRET);
    let ended = format!("password={SECRET}\npassword_expiry_utc=1000\nscope=read:user\noauth_refresh_token={SECRET}");
    let test = shelf(test, "token", COPILOT, &ended).script("fails", "echo 'error: it is locked' >&2; exit 1");
    let test = status(test.helpers("env\nage\ntoken\nfails").config("[provider.ollama]"), &["--json"]);
    assert_told!("json", told(&test));
    let report: serde_json::Value = serde_json::from_slice(&test.output().stdout).expect("it is JSON");
    assert_eq!(report["version"], 1);
    let keys =
        |value: &serde_json::Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(keys(&report), "failed providers version");
    for provider in report["providers"].as_array().expect("a list") {
        assert_eq!(keys(provider), "account copies provider sign_in signed_in url");
    }
    // Every field that it can have, and no other, is described.
    let documented = include_str!("../docs/status-json.md");
    let test = status(test, &["--json", "-v"]);
    let report: serde_json::Value = serde_json::from_slice(&test.output().stdout).expect("it is JSON");
    for copy in report["providers"].as_array().into_iter().flatten().flat_map(|row| row["copies"].as_array()).flatten()
    {
        for key in copy.as_object().expect("an object").keys() {
            assert!(documented.contains(&format!("`{key}`")), "{key} is not documented");
        }
    }
}

#[test]
fn json_is_json_where_there_is_nothing_as_well() {
    let test = status(Test::new().helpers(""), &["--json"]);
    assert_eq!(told(&test), "{\n  \"version\": 1,\n  \"providers\": [],\n  \"failed\": []\n}\n[0]");
}

#[test]
fn the_exit_status_for_a_named_provider_says_whether_one_is_signed_in() {
    let test = status(Test::new().helpers("env\nage"), &["openai"]);
    let not_yet = "PROVIDER  SIGNED IN\nopenai    no\n! error: not signed in to `openai`\n! hint: modelforge-credential login openai\n[1]";
    assert_eq!(told(&test), not_yet);
    let test = status(test, &["ollama"]);
    assert_eq!(told(&test), "PROVIDER  SIGNED IN\nollama    not needed\n[0]");
    let test = status(test.env("OPENAI_API_KEY", SECRET), &["openai"]);
    assert!(told(&test).ends_with("\n[0]"));
    let test = status(test, &["nobody"]);
    assert!(told(&test).starts_with("! error: no provider is called `nobody`\n"));
}

#[test]
fn modelforges_spelling_means_the_same() {
    let test = signed_in(Test::new().helpers("age"), "openai", "default");
    let table = told(&status(test, &["openai"]));
    let test = signed_in(Test::new().helpers("age"), "openai", "default");
    for words in
        [&["status", "--provider", "OpenAI"][..], &["auth", "status", "--provider", "openai"], &["auth", "status"]]
    {
        let test = signed_in(Test::new().helpers("age"), "openai", "default").args(words);
        assert_eq!(told(&test), table, "{words:?}");
    }
    let test = test.args(["auth", "status", "--verbose"]);
    assert!(told(&test).contains("ends in …4b1f"));
}

#[test]
fn plain_text_is_red_on_a_terminal_and_nowhere_else() {
    let plain = format!("{OPENAI}\nstorage=PLAIN TEXT\nfile=/etc/keys.json");
    let test = status(shelf(Test::new(), "one", &format!("{plain};\n{COPILOT}"), "").helpers("one"), &[]);
    let row = "openai          yes        default  one      PLAIN TEXT, /etc/keys.json";
    let table = told(&test);
    assert!(table.contains(row) && !table.contains('\u{1b}'), "{table}");
    let (_, _, shown) = Session::bare(&test).end();
    assert!(shown.contains(&format!("\u{1b}[31m{row}\u{1b}[0m")), "{shown:?}");
    assert_eq!(shown.matches("\u{1b}[31m").count(), 1);
    let (_, piped, shown) = Session::typed(&test).end();
    assert!(!piped.contains('\u{1b}') && !shown.contains('\u{1b}'));
    assert!(shown.contains("warning: keys are in plain text: `openai`"), "{shown}");
    let silenced = test.env("MODELFORGE_CREDENTIAL_WARN_PLAINTEXT", "0");
    assert!(Session::typed(&silenced).end().2.is_empty());
    for (value, colours) in [("1", false), ("", true)] {
        let test = status(shelf(Test::new(), "one", &plain, "").helpers("one").env("NO_COLOR", value), &[]);
        let (_, _, shown) = Session::bare(&test).end();
        assert_eq!(shown.contains('\u{1b}'), colours, "NO_COLOR={value}");
    }
}

#[test]
fn a_line_that_is_wider_than_the_terminal_ends_between_words_and_nowhere_else() {
    let plain = format!("{OPENAI}\nstorage=PLAIN TEXT\nfile=/etc/a folder whose name is long/keys.json");
    let test = status(shelf(Test::new(), "one", &plain, "").helpers("one"), &[]);
    let row = "openai    yes        default  one      PLAIN TEXT, /etc/a folder whose name is long/keys.json\n";
    assert!(told(&test).contains(row), "{}", told(&test));
    let (_, _, shown) = Session::wide(&test, 60).end();
    let folded = "openai    yes        default  one      PLAIN TEXT, /etc/a\r\n                              \
                  folder whose name is\r\n                              long/keys.json\u{1b}[0m\r\n";
    assert!(shown.contains(folded), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 60 || line.contains('\u{1b}')), "{shown}");
    assert!(Session::wide(&test, 120).end().2.contains(&row.replace('\n', "\u{1b}[0m")), "a wide one shows it whole");
}

#[test]
fn what_others_wrote_cannot_move_the_cursor() {
    let odd =
        "protocol=https\nhost=api.openai.com\nusername=a\u{1b}[2Jb\u{202e}\nstorage=vault \u{1b}[31m\nfile=/\u{9b}x";
    let token = format!("password={SECRET}\nscope=\u{1b}[2J");
    let test = status(shelf(Test::new(), "one", odd, &token).helpers("one"), &["-v"]);
    let told = told(&test);
    assert!(!told.contains(['\u{1b}', '\u{202e}', '\u{9b}']) && told.contains("a\\u{1b}[2Jb\\u{202e}"), "{told}");
}

#[test]
fn a_helper_that_fails_or_hangs_hides_none_of_the_others() {
    let test = shelf(Test::new(), "one", OPENAI, "").script("fails", "echo 'error: it is locked' >&2; exit 1");
    let test = test.script("hangs", "sleep 30").script("cuts", "echo protocol=https; echo");
    let test = test.config(
        "helpers = ['fails', { command = ['modelforge-credential-hangs', '-'], timeout = '1500ms' }, 'cuts', 'absent', 'one']",
    );
    let test = status(test, &[]);
    let start = Instant::now();
    assert_told!("failures", told(&test));
    assert!(start.elapsed() < Duration::from_secs(8), "they are asked side by side");
    // A person sees what it waits for, and then no more of it.
    let mut session = Session::bare(&test);
    session.expect("asking the helpers …");
    let (_, _, shown) = session.end();
    assert!(shown.contains("asking the helpers …\r\u{1b}[K") && shown.contains("openai    yes"), "{shown:?}");
    let quick = status(shelf(Test::new(), "one", OPENAI, "").helpers("one"), &[]);
    assert!(!Session::bare(&quick).end().2.contains("asking"));
}

#[test]
fn in_the_default_chain_a_helper_is_news_only_where_nothing_was_found() {
    let test = status(Test::new(), &[]);
    assert!(told(&test).contains("! warning: helper `keyring` was not asked: there is no D-Bus session bus\n"));
    let test = status(test.env("OPENAI_API_KEY", SECRET), &[]);
    assert!(!told(&test).contains('!'));
    assert!(told(&status(test, &["-v"])).contains("! warning: helper `keyring` was not asked"));
}

/// Every command on each file that ModelForge wrote, or people did.
#[test]
fn every_command_takes_modelforges_files_as_they_are() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/modelforge");
    for name in ["four-providers", "hand-edited", "logged-in"] {
        let file = std::fs::read(folder.join(format!("{name}.json"))).expect("the fixture is there");
        let mut test = Test::new().helpers("env\nage").file(".config/model-forge/config.json", &file);
        let providers = ["openai", "google", "github-copilot", "ollama", "Mein_Anbieter"];
        let mut transcript = String::new();
        let mut run = |test: Test, words: &[&str], input: &str| {
            let test = test.args(words).stdin(input);
            let told = told(&test);
            transcript.push_str(&format!(
                "$ {}{}\n{told}\n\n",
                words.join(" "),
                input.trim_end().split_once('=').map(|(_, p)| format!(" {p}")).unwrap_or_default()
            ));
            test
        };
        for words in [&["status"][..], &["status", "--json"], &["list"]] {
            test = run(test, words, "");
        }
        for provider in providers {
            test = run(test, &["status", provider], "");
            test = run(test, &["get"], &format!("provider={provider}\n"));
            test = run(test, &["auth", "login", "--provider", provider], &format!("{SECRET}\n"));
            test = run(test, &["get"], &format!("provider={provider}\n"));
        }
        test = run(test, &["status"], "");
        for provider in providers {
            test = run(test, &["logout", provider], "");
        }
        test = run(test, &["auth", "logout", "--all-providers"], "");
        let after = std::fs::read(test.home().join(".config/model-forge/config.json")).expect("it is there");
        assert!(after == file, "{name}.json was changed");
        insta::with_settings!({ filters => vec![
            (r#""created_utc": \d+"#, r#""created_utc": N"#),
            (r"created_utc=\d+", "created_utc=N"),
        ] }, { insta::assert_snapshot!(format!("fixture_{name}"), transcript.replace(SECRET, "<the key>")) });
    }
}

#[test]
fn the_keys_in_modelforges_files_are_shown_as_plain_text_and_never_written_out() {
    program("modelforge-credential-plaintext");
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/modelforge");
    for name in ["four-providers", "hand-edited", "logged-in"] {
        let file = std::fs::read(folder.join(format!("{name}.json"))).expect("the fixture is there");
        let test = Test::new().helpers("env\nage\nplaintext").file(".config/model-forge/config.json", &file);
        let mut transcript = String::new();
        let mut test = test;
        for words in [&["status"][..], &["status", "-v"], &["status", "--json"], &["list"], &["login", "openai"]] {
            test = test.args(words);
            transcript.push_str(&format!("$ {}\n{}\n\n", words.join(" "), told(&test)));
        }
        let after = std::fs::read(test.home().join(".config/model-forge/config.json")).expect("it is there");
        assert!(after == file, "{name}.json was changed");
        for key in ["sk-zA1k9", "AIzaTEST", "gho_u8j", "ghr_KLz", "ghu_ox9", "E56yUhQ"] {
            assert!(!transcript.contains(key), "{transcript}");
        }
        insta::with_settings!({ filters => vec![
            (r"\d{4} days", "N days"),
            (r"(created_utc|\x22expires_utc\x22: |password_expiry_utc=)\d+", "$1 N"),
            (r"ended \d+ days ago", "ended N days ago"),
        ] }, { insta::assert_snapshot!(format!("plain_text_{name}"), transcript) });
    }
}

#[test]
fn a_helper_that_cannot_list_is_asked_for_the_provider_that_was_named() {
    let body =
        "[ $1 = get ] || exit 0; grep -q host=api.openai.com && printf 'username=me\\npassword=key-for-tests\\n'";
    let test = Test::new().script("mute", &format!("{body}; exit 0")).helpers("mute");
    let row = "PROVIDER  SIGNED IN  ACCOUNT  KEPT BY  PROTECTED BY\nopenai    yes        me       mute     stored by the helper\n";
    let test = test.args(["status", "openai"]).stdout(row).success();
    let hint = "error: not signed in to `mistral`\nhint: modelforge-credential login mistral\n";
    let test = test.args(["status", "mistral"]).stdout("PROVIDER  SIGNED IN\nmistral   no\n").stderr(hint).failure();
    let test = test.args(["status"]).stdout("no provider is signed in, and none is configured\n");
    test.stderr("warning: helper `mute` cannot say what it holds, so it may hold more\n").success();
}
