//! From any helper to any other.

use super::*;
use crate::support::keyring::Keyring;
use crate::support::programs;

fn in_a_session(keyring: &Keyring) -> Test {
    let test = Test::new();
    ["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"].into_iter().fold(test, |test, name| {
        let value = keyring.env().into_iter().find(|(known, _)| *known == name).expect("it is set").1;
        test.env(name, value.to_string_lossy())
    })
}

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn from_age_to_the_keyring_and_back_again_every_credential_goes() {
    let keyring = Keyring::start();
    let mut test = in_a_session(&keyring);
    let credentials = [
        format!("provider=openai\npassword={SECRET}\n"),
        "provider=openai\nusername=work\npassword=sk-proj-of-another-account-00\n".to_owned(),
        "protocol=https\nhost=git.example\nusername=me\npassword=a git password\n".to_owned(),
    ];
    for credential in &credentials {
        test = test.helpers("age").args(["approve"]).stdin(credential).success();
    }
    let (test, text, stderr) = run(test, &["migrate", "--from", "age", "--to", "keyring", "--yes"], 0);
    assert_eq!(text.matches("moved ").count(), 3, "{text}");
    assert_eq!((stderr.as_str(), keyring.items()), ("", 3));
    let test = test.args(["list"]).stdout("count=0\n").success();
    let test = test.helpers("keyring").args(["get"]).stdin("provider=openai\n").stdout(&answer(SECRET)).success();
    let test = test.helpers("age");
    let (test, _, _) = run(test, &["migrate", "--rollback", "--yes"], 0);
    assert_eq!(keyring.items(), 0);
    let test = test.args(["get"]).stdin("provider=openai\n").stdout(&answer(SECRET)).success();
    let git = "protocol=https\nhost=git.example\nusername=me\n";
    test.args(["get"]).stdin(git).stdout(&format!("{git}password=a git password\n")).success();
}

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn what_modelforge_0_2_kept_in_the_keyring_is_found_and_moved() {
    let keyring = Keyring::start();
    let python = std::env::var("MODELFORGE_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let program = format!(
        "from keyring.backends.SecretService import Keyring\nk = Keyring()\nk.set_password('openai', 'openai_user', '{SECRET}')\n\
         k.set_password('github_copilot', 'github_copilot_user', '{{\"access_token\": \"gho_{}\", \"expires_at\": \"2031-05-04T10:20:30\"}}')\n\
         k.set_password('openai', 'somebody', 'other')",
        "x".repeat(36)
    );
    let test = in_a_session(&keyring);
    let script = test.bin().join("put.py");
    std::fs::write(&script, program).expect("a script");
    let test = test.may_hold_the_secret(script.clone());
    let output = test.run(&[python, script.display().to_string()], "");
    assert!(
        output.status.success(),
        "this needs Python's keyring: run tests/run, which installs it\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let (test, text, _) = run(test, &["migrate", "--yes"], 0);
    assert!(text.contains("moved `openai` (`https://api.openai.com`) to `keyring`\n"), "{text}");
    assert!(text.contains("moved `github_copilot` (`https://api.githubcopilot.com`) to `keyring`\n"), "{text}");
    // The two under their URLs, what is beside the token, and what was somebody else's.
    assert_eq!(keyring.items(), 4);
    let test = test.args(["get"]).stdin("provider=openai\n").stdout(&answer(SECRET)).success();
    let (test, _, _) = run(test, &["migrate", "--rollback", "--yes"], 0);
    let (_, text, _) = run(test, &["migrate", "--status", "--provider", "openai"], 0);
    assert!(text.contains("plain text") && text.contains("keyring"), "{text}");
}

#[test]
fn helpers_that_are_the_same_missing_or_no_names_are_refused() {
    for (words, problem) in [
        (["--from", "age", "--to", "age"], "error: `age` is both the source and the target\n"),
        (
            ["--from", "age", "--to", "nowhere"],
            "error: helper `nowhere` is not installed beside the program or on PATH\n",
        ),
        (
            ["--from", "nowhere", "--to", "age"],
            "error: helper `nowhere` is not installed beside the program or on PATH\n",
        ),
        (
            ["--from", "./age", "--to", "age"],
            "error: a helper is a name (lower-case letters, digits, `-`) or an absolute path\n",
        ),
    ] {
        let (_, _, stderr) = run(Test::new(), &[&["migrate", "--yes"][..], &words].concat(), 1);
        assert!(stderr.starts_with(problem), "{stderr}");
    }
}

#[test]
fn a_variable_is_not_moved_for_it_cannot_be_taken_away() {
    let test = Test::new().env("OPENAI_API_KEY", SECRET);
    let (test, text, said) = run(test, &["migrate", "--from", "env", "--yes"], 0);
    assert_eq!(text, "there is nothing to move\nsearched: `env`\n");
    let login = "printenv OPENAI_API_KEY | modelforge-credential login openai --force";
    assert_eq!(
        said,
        format!(
            "warning: `OPENAI_API_KEY` was not moved: whatever sets the variable has the key\n\
             hint: {login}  # then remove it from your shell's profile\n"
        )
    );
    let folders = [programs(), test.bin(), "/usr/bin".into(), "/bin".into()];
    let path = std::env::join_paths(folders).expect("folders without a separator");
    let test = test.env("PATH", path.to_string_lossy()).program("/bin/sh").args(["-c", login]).any_stderr();
    test.stdout("signed in to `openai`: stored in `age` (encrypted file, identity ~/.local/share/modelforge-credential/identity.txt)\n").success();
}

#[test]
#[ignore = "needs age"]
fn one_store_under_two_names_is_never_emptied() {
    let age = crate::support::program("modelforge-credential-age").display().to_string();
    let prepare = || {
        let test = Test::new().script("wrapped", &format!("exec '{age}' \"$@\"")).helpers("age");
        let input = format!("provider=openai\npassword={SECRET}\n");
        let test = test.args(["approve"]).stdin(input).success();
        let own = test.home().join(".local/share/modelforge-credential/identity.txt").display().to_string();
        (test, own)
    };
    // The same program, by its path.
    let (test, _) = prepare();
    let (test, _, stderr) = run(test, &["migrate", "--from", "age", "--to", &age, "--yes"], 1);
    assert_eq!(stderr, format!("error: `{age}` is both the source and the target\n"));
    drop(test);
    // The same store, through another program or with other options.
    for to in ["wrapped", "age --identity OWN", "age --identity OTHER"] {
        let (test, own) = prepare();
        let other = test.home().join("other.txt").display().to_string();
        let made = test.run(&[&crate::support::system("age-keygen", "age").display().to_string(), "-o", &other], "");
        assert!(made.status.success());
        let to = &to.replace("OWN", &own).replace("OTHER", &other);
        let (test, _, stderr) = run(test, &["migrate", "--from", "age", "--to", to, "--yes"], 1);
        assert!(stderr.contains("store their credentials in the same place, so nothing was moved"), "{to}: {stderr}");
        let test = test.args(["list"]).any_stderr();
        assert!(out(&test).ends_with("\ncount=1\n"), "{to}");
        test.args(["get"]).stdin("provider=openai\n").stdout(&answer(SECRET)).success();
    }
}

#[test]
fn a_chain_that_names_the_source_in_another_way_does_not_hold_it_twice() {
    let age = crate::support::program("modelforge-credential-age").display().to_string();
    let test =
        Test::new().helpers("age").args(["approve"]).stdin(format!("provider=openai\npassword={SECRET}\n")).success();
    let (test, _, _) = run(test.helpers(&age), &["migrate", "--from", "age", "--yes"], 1);
    test.args(["get"]).stdin("provider=openai\n").stdout(&answer(SECRET)).success();
}

#[test]
fn a_backup_goes_with_the_credentials_of_its_helper_and_is_called_one() {
    let (test, text, _) = run(elsewhere(with_file(Test::new())), &["migrate", "--yes"], 0);
    let id = id(&text);
    let (test, text, _) = run(test, &["migrate", "--from", "age", "--to", "other", "--yes"], 0);
    assert!(
        text.contains(&format!("moved the backup of {id}, `~/.config/model-forge/config.json`, to `other`\n")),
        "{text}"
    );
    let (test, _, _) = run(test, &["migrate", "--rollback", "--to", "other", "--yes"], 0);
    let (test, _, _) = run(test, &["migrate", "--rollback", &id, "--yes"], 0);
    assert!(file(&test).contains(SECRET));
}

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn what_is_in_the_keyring_is_not_said_to_be_gone_where_there_is_no_session() {
    let keyring = Keyring::start();
    let test = with_file(in_a_session(&keyring));
    let before = file(&test);
    let (test, _, _) = run(test, &["migrate", "--yes"], 0);
    let bus = keyring.env().into_iter().find(|(name, _)| *name == "DBUS_SESSION_BUS_ADDRESS").expect("it is set").1;
    let nowhere = test.home().display().to_string();
    let test = test.env("DBUS_SESSION_BUS_ADDRESS", "").env("XDG_RUNTIME_DIR", nowhere);
    let (test, _, stderr) = run(test, &["migrate", "--rollback", "--yes"], 1);
    assert!(stderr.contains("skipped helper `keyring`: there is no D-Bus session bus"), "{stderr}");
    assert!(!stderr.contains("any more"), "{stderr}");
    let (test, _, _) =
        run(test.env("DBUS_SESSION_BUS_ADDRESS", bus.to_string_lossy()), &["migrate", "--rollback", "--yes"], 0);
    assert_eq!(file(&test), before);
}

/// Keeps one credential, the last that it was told.
const SLOT: &str = "slot=$HOME/slot; request=$(cat); host=$(printf '%s\\n' \"$request\" | grep '^host=')\n\
    case $1 in\n\
    store) printf '%s\\n' \"$request\" | grep -v '^capability' > $slot ;;\n\
    get) [ -f $slot ] && grep -qxF \"$host\" $slot && cat $slot ;;\n\
    erase) [ -f $slot ] && grep -qxF \"$host\" $slot && rm -f $slot ;;\n\
    esac; true";

#[test]
fn a_target_that_keeps_one_in_the_place_of_another_loses_none() {
    let test = with_file(Test::new().script("slot", SLOT));
    let slot = test.home().join("slot");
    let before = file(&test);
    let (test, shown, stderr) = run(test.may_hold_the_secret(slot), &["migrate", "--to", "slot", "--yes"], 1);
    assert!(
        stderr.contains("the backup of `~/.config/model-forge/config.json` could not be stored"),
        "{shown}{stderr}"
    );
    assert_eq!(file(&test), before);

    let test = Test::new().script("slot", SLOT);
    let slot = test.home().join("slot");
    let mut test = test.may_hold_the_secret(slot).helpers("age");
    for name in ["mistral", "openai"] {
        test = test.args(["approve"]).stdin(format!("provider={name}\npassword={SECRET}\n")).success();
    }
    let (test, shown, stderr) = run(test, &["migrate", "--from", "age", "--to", "slot", "--yes"], 1);
    assert!(shown.contains("1 moved, 1 left"), "{shown}");
    assert!(stderr.contains("no helper stored the credential for `"), "{stderr}");
    let mut test = test.helpers("age\nslot");
    for name in ["mistral", "openai"] {
        test = test.args(["print", name]).stdin("").stdout(&format!("{SECRET}\n")).success();
    }
}

/// It reads the file with sed.
#[cfg(unix)]
#[test]
fn a_target_that_reads_the_key_where_it_is_taken_out_does_not_keep_it() {
    let reads = "grep -qx host=api.openai.com || exit 0\n\
        sed -n 's/.*\"api_key\": *\"\\(sk-[^\"]*\\)\".*/password=\\1/p' $HOME/.config/model-forge/config.json";
    let test = with_file(Test::new().script("reads", &format!("[ $1 = get ] || exit 0\n{reads}")));
    let test = test.config("helpers = ['reads', 'age', 'plaintext']");
    let (test, shown, stderr) = run(test, &["migrate", "--yes", "--provider", "openai"], 1);
    assert!(
        stderr.contains("no helper has its own copy of `openai` (`https://api.openai.com`), only the source had one"),
        "{stderr}"
    );
    assert!(shown.contains("0 moved, 1 left") && file(&test).contains(SECRET), "{shown}");
}

#[test]
fn what_is_kept_for_a_path_is_no_copy_of_what_is_kept_for_the_host() {
    let url = "https://h1.example.com/v1";
    let text =
        format!(r#"{{"providers": {{"mine": {{"base_url": "{url}", "auth_data": {{"api_key": "{SECRET}"}}}}}}}}"#);
    let test = Test::new().file(CONFIG, text);
    let there = "protocol=https\nhost=h1.example.com\npath=p\nusername=default\npassword=another\n";
    let test = test.helpers("age").args(["store"]).stdin(there).success();
    let test = test.config("helpers = ['age', 'plaintext']").env("MODELFORGE_CREDENTIAL_HELPERS", "age\nplaintext");
    let (test, shown, _) = run(test, &["migrate", "--yes"], 0);
    assert!(shown.contains("1 moved, 0 left"), "{shown}");
    let (test, shown, _) = run(test, &["migrate", "--rollback", "--yes"], 0);
    assert!(shown.contains("removed 1 from the chain") && file(&test).contains(SECRET), "{shown}");
    test.args(["get"]).stdin(there.replace("password=another\n", "")).stdout(there).success();
}
