//! Signing in: where the key comes from, what is kept of it, and what is left as it was when that fails.

use std::time::{Duration, Instant};

use crate::prompt::Session;
use crate::support::{SECRET, Test, program};

/// A helper in shell that keeps one credential in a file of its own and writes down what it was asked; `first` runs before that.
pub fn keeper(test: Test, name: &str, first: &str) -> Test {
    let file = test.home().join(format!("{name}.kept"));
    let (kept, log) = (file.display(), test.home().join(format!("{name}.log")));
    let body = format!(
        "kept='{kept}'\necho \"$1\" >> '{}'\n{first}\ncase $1 in\nget) cat \"$kept\" 2>/dev/null;;\n\
         store) grep -v '^capability' > \"$kept\";;\nerase) rm -f \"$kept\";;\n\
         list) [ -f \"$kept\" ] && {{ grep -E '^(protocol|host|path|username)=' \"$kept\"; echo; echo count=1; }} || echo count=0;;\n\
         esac; exit 0",
        log.display()
    );
    test.script(name, &body).may_hold_the_secret(file)
}

/// Puts a key into a [`keeper`], as if it had been there for long.
fn holding(test: &Test, name: &str, password: &str) {
    let text = format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={password}\n");
    std::fs::write(test.home().join(format!("{name}.kept")), text).expect("it can be written");
}

pub fn kept(test: &Test, name: &str) -> String {
    let text = std::fs::read_to_string(test.home().join(format!("{name}.kept"))).unwrap_or_default();
    text.lines().find_map(|line| line.strip_prefix("password=")).unwrap_or_default().to_owned()
}

pub fn asked(test: &Test, name: &str) -> String {
    let log = std::fs::read_to_string(test.home().join(format!("{name}.log"))).unwrap_or_default();
    log.lines().collect::<Vec<_>>().join(" ")
}

const BY_AGE: &str = "kept by `age` (encrypted file, identity ~/.local/share/modelforge-credential/identity.txt)";

fn signed_in(provider: &str) -> String {
    format!("signed in to `{provider}`: {BY_AGE}\n")
}

fn age() -> Test {
    Test::new().helpers("age")
}

fn openai_is(test: Test, password: &str) -> Test {
    let found = match password {
        "" => String::new(),
        _ => format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={password}\n"),
    };
    test.args(["get"]).stdin("provider=openai\n").stdout(&found).success()
}

const PROMPT: &str = "API key for openai (https://api.openai.com): ";

fn at_a_terminal(test: Test) -> Test {
    test.env("MODELFORGE_CREDENTIAL_INTERACTIVE", "")
}

#[test]
fn a_key_is_typed_at_the_terminal_without_echo() {
    let test = at_a_terminal(age()).args(["login", "openai"]);
    let mut session = Session::typed(&test);
    session.expect(PROMPT);
    session.expect_hidden();
    session.types(&format!("{SECRET}\r"));
    let (status, answer, shown) = session.end();
    assert_eq!((status.code(), &*answer, &*shown), (Some(0), &*signed_in("openai"), &*format!("{PROMPT}\r\n")));
    openai_is(test, SECRET);
}

#[test]
fn nothing_typed_and_ctrl_c_keep_nothing_and_leave_the_terminal_as_it_was() {
    let test = at_a_terminal(age());
    for keys in ["\r", "   \r", "\u{4}"] {
        let test = at_a_terminal(age()).args(["login", "openai"]);
        let mut session = Session::typed(&test);
        session.expect_hidden();
        session.types(keys);
        let (status, answer, shown) = session.end();
        assert_eq!((status.code(), &*answer), (Some(1), ""), "{keys:?}");
        assert_eq!(shown, format!("{PROMPT}\r\nerror: nothing was entered\r\n"), "{keys:?}");
    }
    let test = test.args(["login", "openai"]);
    let mut session = Session::typed(&test);
    session.expect_hidden();
    session.types(&format!("{SECRET}\u{3}"));
    let (status, answer, _) = session.end();
    assert!(!status.success() && answer.is_empty());
    openai_is(test, "");
}

#[test]
fn a_piped_key_is_one_line_however_it_ends() {
    for input in [
        SECRET.to_owned(),
        format!("{SECRET}\n"),
        format!("{SECRET}\r\n"),
        format!("{SECRET}\n\n"),
        format!("\u{feff}{SECRET}\r\n"),
    ] {
        let test = age().args(["login", "openai"]).stdin(&input).stdout(&signed_in("openai")).success();
        openai_is(test, SECRET);
    }
}

#[test]
fn blanks_around_a_key_are_taken_off_with_a_remark() {
    let test = age().args(["login", "openai"]).stdin(format!(" \t{SECRET}  \n")).stdout(&signed_in("openai"));
    openai_is(test.stderr("warning: the blanks around the key were removed\n").success(), SECRET);
}

#[test]
fn what_is_not_one_line_with_a_key_is_an_error_that_does_not_show_it() {
    let not_one_line = "error: standard input is not one line of text with a key in it\n";
    let cannot_be = |what| format!("error: this cannot be a key for `openai`: it has {what} in it\n");
    let inputs: [(Vec<u8>, String); 10] = [
        (format!("{SECRET}\nmore\n").into(), not_one_line.into()),
        (format!("{SECRET}\r{SECRET}\r").into(), cannot_be("a line break")),
        (SECRET.repeat(2500).into(), not_one_line.into()),
        ([SECRET.as_bytes(), b"\xff\n"].concat(), not_one_line.into()),
        (format!("{SECRET}\0\n").into(), cannot_be("a control character")),
        (format!("{SECRET}\u{1b}[A\n").into(), cannot_be("a control character")),
        (format!("{SECRET} {SECRET}\n").into(), cannot_be("white space")),
        (format!("{SECRET}\u{fc}\n").into(), cannot_be("a character that is not ASCII")),
        ("\n".into(), "error: nothing was entered\n".into()),
        (" \r\n".into(), "error: nothing was entered\n".into()),
    ];
    for (input, problem) in inputs {
        // It is long in `blanks` only.
        let test = age().args(["login", "openai"]).stdin(&input);
        let output = test.output();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let said = said.strip_prefix("warning: the blanks around the key were removed\n").unwrap_or(&said);
        assert_eq!((output.status.code(), said), (Some(1), &*problem), "{:?}", &input[..input.len().min(40)]);
        assert!(output.stdout.is_empty());
        openai_is(test, "");
    }
}

#[test]
fn with_no_terminal_and_nothing_piped_it_fails_at_once_and_says_what_to_do() {
    let core = program("modelforge-credential").display().to_string();
    for input in ["</dev/null", "<&-", ""] {
        let start = Instant::now();
        let test = age().program("/bin/sh").args(["-c", &format!("exec '{core}' login openai {input}")]);
        test.stderr(
            "error: cannot ask for the key: there is no terminal\n\
             hint: pipe it: modelforge-credential login openai < key.txt\n",
        )
        .failure();
        assert!(start.elapsed() < Duration::from_secs(8), "it waited");
    }
}

#[test]
fn an_input_that_cannot_be_read_is_named() {
    let core = program("modelforge-credential").display().to_string();
    age()
        .program("/bin/sh")
        .args(["-c", &format!("exec '{core}' login openai < /")])
        .stderr("error: cannot read the key from standard input: Is a directory (os error 21)\n")
        .failure();
}

#[test]
fn a_variable_that_holds_no_key_does_not_stop_a_sign_in() {
    let test = Test::new().helpers("env\nage").env("OPENAI_API_KEY", " blanks ").args(["login", "openai"]);
    test.stdin(SECRET)
        .stdout(&signed_in("openai"))
        .stderr(
            "warning: helper `env` did not keep the credential: `OPENAI_API_KEY` has white space around its value; \
             an older copy may remain in it\n\
             hint: set it to the key alone, or `unset OPENAI_API_KEY`\n",
        )
        .success();
}

#[test]
fn two_sign_ins_at_once_leave_one_key_whole() {
    let test = age().args(["login", "openai", "--force"]);
    std::thread::scope(|scope| {
        for key in ["sk-a", "sk-b", "sk-c", "sk-d"] {
            let (test, core) = (&test, program("modelforge-credential"));
            scope.spawn(move || {
                let words = [core.to_str().expect("text"), "login", "openai", "--force"];
                let output = test.run(&words, key);
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            });
        }
    });
    let test = test.args(["get"]).stdin("provider=openai\n");
    let found = String::from_utf8(test.output().stdout).expect("text");
    let key = found.lines().find_map(|line| line.strip_prefix("password=")).expect("a key");
    assert!(["sk-a", "sk-b", "sk-c", "sk-d"].contains(&key), "{found}");
}

#[test]
fn an_empty_pipe_at_a_terminal_is_an_error_and_not_a_question() {
    let test = at_a_terminal(age()).args(["login", "openai"]);
    let (status, answer, shown) = Session::start(&test, "").end();
    let problem = "error: standard input is empty: there is no key in it\r\n";
    assert_eq!((status.code(), &*answer, &*shown), (Some(1), "", problem));
}

#[test]
fn a_piped_key_comes_before_an_askpass_which_desktops_set_for_every_program() {
    let test = at_a_terminal(age()).script("asks", "echo asked >> \"$HOME/asked\"; echo from-askpass");
    let path = test.bin().join("modelforge-credential-asks").display().to_string();
    let test = test.env("SSH_ASKPASS", path);
    let piped = test.args(["login", "openai"]).stdin(format!("{SECRET}\n")).stdout(&signed_in("openai")).success();
    assert!(!piped.home().join("asked").exists());
    let test = piped.args(["login", "openai", "--force"]).stdout(&signed_in("openai")).success();
    assert!(test.home().join("asked").exists());
    openai_is(test, "from-askpass");
}

const VISIBLE: &str = "warning: other users of this machine can see arguments, and the shell keeps them in its history\n\
                       hint: pipe the key: modelforge-credential login openai < key.txt\n";

#[test]
fn a_key_among_the_arguments_is_kept_with_a_warning_in_both_spellings() {
    let test = age().args(["login", "openai", "--api-key", "sk-one"]).stdout(&signed_in("openai")).stderr(VISIBLE);
    let test = openai_is(test.success(), "sk-one");
    let test = test.args(["auth", "login", "--provider", "OpenAI", "--api-key", "sk-two"]);
    let already = format!("already signed in to `openai`: {BY_AGE}; `--force` replaces it\n");
    let test = openai_is(test.stdout(&already).success(), "sk-one");
    let test = test.args(["auth", "login", "--provider", "openai", "--api-key", "sk-two", "--force"]);
    openai_is(test.stdout(&signed_in("openai")).stderr(VISIBLE).success(), "sk-two");
}

#[test]
fn a_provider_has_one_credential_under_all_its_spellings() {
    let token = "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";
    let test = age().args(["auth", "login", "--provider", "GitHub-Copilot", "--api-key", token]);
    let mut test = test.stdout(&signed_in("github_copilot")).any_stderr().success();
    for name in ["github_copilot", "github-copilot", "copilot", "GITHUB_COPILOT"] {
        let already = format!("already signed in to `github_copilot`: {BY_AGE}; `--force` replaces it\n");
        test = test.args(["login", name]).stdout(&already).success();
    }
}

#[test]
fn a_provider_named_twice_or_not_at_all_is_a_mistake() {
    let twice =
        "error: `--provider` does not go with another option that was given\nhint: modelforge-credential --help\n";
    for command in ["login", "logout", "status"] {
        age().args([command, "openai", "--provider", "google"]).stderr(twice).status(2);
    }
    age().args(["logout", "openai", "--all"]).stderr(&twice.replace("provider", "all")).status(2);
    age()
        .args(["auth", "login"])
        .stderr("error: `login` needs a provider\nhint: modelforge-credential login openai\n")
        .status(2);
}

/// As Google writes them, with another key.
fn service_account() -> String {
    format!(
        "{{\n  \"type\": \"service_account\",\r\n  \"private_key\": \"-----BEGIN PRIVATE KEY-----\\n{SECRET}\\n-----END PRIVATE \
         KEY-----\\n\",\n\t\"client_email\": \"a@b.iam \\u00fc \u{2028}\",\n  \"n\": [1e3, 12345678901234567890, 2.50]\n}}\n"
    )
}

#[test]
fn a_service_account_is_kept_as_one_line_and_got_back_as_the_same_json() {
    let test = age().file("key.json", service_account());
    let path = test.home().join("key.json").display().to_string();
    let test = test.args(["login", "google", "--file", &path]).stdout(&signed_in("google")).success();
    let output = test.args(["get"]).stdin("provider=google\n").output();
    let answer = String::from_utf8(output.stdout).expect("text");
    let found = answer.lines().find_map(|line| line.strip_prefix("password=")).expect("a password");
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
    assert_eq!(value(found), value(&service_account()));
    assert!(found.contains("\\n-----END") && found.contains("12345678901234567890"), "numbers and escapes stay");
    assert_eq!(answer.lines().count(), 5, "it is one line");
}

#[test]
fn a_file_that_is_no_service_account_is_an_error_that_does_not_show_it() {
    let json = "this is not a JSON object\n";
    let test = age()
        .file("key.txt", SECRET)
        .file("list.json", format!("[\"{SECRET}\"]"))
        .file("cut.json", format!("{{\n\"private_key\": \"{SECRET}\""))
        .file("two.json", format!("{{}}\n{{\"private_key\": \"{SECRET}\"}}"))
        .file("empty.json", "")
        .file("bytes.json", b"{\"a\": \"\xff\"}")
        .file("long.json", format!("{{\"private_key\": \"{}\"}}", SECRET.repeat(2500)))
        .file("huge.json", vec![b' '; (1 << 20) + 1]);
    let fifo = test.home().join("fifo");
    assert!(test.run(&["mkfifo", &fifo.display().to_string()], "").status.success());
    for (name, problem) in [
        ("key.txt", format!("`~/key.txt`, line 1, column 1: {json}")),
        ("list.json", format!("`~/list.json`, line 1, column 1: {json}")),
        ("cut.json", format!("`~/cut.json`, line 2, column 45: {json}")),
        ("two.json", format!("`~/two.json`, line 2, column 1: {json}")),
        ("empty.json", format!("`~/empty.json`, line 1, column 0: {json}")),
        ("bytes.json", "cannot read `~/bytes.json`: stream did not contain valid UTF-8\n".into()),
        ("long.json", "`password` is longer than a line may be (65,535 bytes)\n".into()),
        ("huge.json", "cannot read `~/huge.json`: it is larger than 1 MiB\n".into()),
        ("fifo", "cannot read `~/fifo`: it is not a file\n".into()),
        ("absent", "cannot read `~/absent`: No such file or directory (os error 2)\n".into()),
        (".", "cannot read `~/`: it is not a file\n".into()),
    ] {
        let path = test.home().join(name).display().to_string();
        let output =
            test.run(&[program("modelforge-credential").to_str().unwrap(), "login", "google", "--file", &path], "");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), &*said), (Some(1), &*format!("error: {problem}")), "{name}");
        assert!(output.stdout.is_empty());
    }
    test.args(["get"]).stdin("provider=google\n").success();
}

#[test]
fn who_is_signed_in_is_told_where_and_nothing_changes_without_force() {
    let test = keeper(Test::new(), "one", "").helpers("one");
    holding(&test, "one", "older");
    let test = test.args(["login", "openai"]).stdin(format!("{SECRET}\n"));
    let test =
        test.stdout("already signed in to `openai`: kept by `one` (stored by the helper); `--force` replaces it\n");
    let test = test.success();
    assert_eq!((&*kept(&test, "one"), &*asked(&test, "one")), ("older", "get list"));
    let test = test.args(["login", "openai", "--force"]).stdin(format!("{SECRET}\n"));
    let test = test.stdout("signed in to `openai`: kept by `one` (stored by the helper)\n").success();
    assert_eq!(kept(&test, "one"), SECRET);
}

#[test]
fn a_provider_without_sign_in_is_left_alone() {
    let test = keeper(Test::new(), "one", "").helpers("one");
    let test = test.args(["login", "ollama"]).stdin(SECRET).stdout("`ollama` needs no sign-in\n").success();
    let test = test.args(["auth", "login", "--provider", "ollama", "--api-key", "k", "--force"]);
    let test = test.stdout("`ollama` needs no sign-in\n").success();
    assert_eq!(asked(&test, "one"), "");
    test.args(["get"])
        .stdin("provider=ollama\n")
        .stdout("protocol=http\nhost=localhost:11434\nprovider=ollama\nsign_in=none\n")
        .success();
}

#[test]
fn a_name_that_nobody_knows_is_an_error_that_says_how_to_declare_it() {
    age()
        .args(["login", "opnai"])
        .stdin(SECRET)
        .stderr(
            "error: no provider is called `opnai`\n\
             hint: did you mean `openai`? else declare it in config.toml: provider.opnai.url = \"https://…\"  # above any [section]\n",
        )
        .failure();
    age()
        .args(["login", "azure"])
        .stdin(SECRET)
        .stderr(
            "error: provider `azure` has no URL of its own: it differs from user to user\n\
             hint: declare yours in config.toml: provider.azure.url = \"https://…\"  # above any [section]\n",
        )
        .failure();
}

const NOT_KEPT: &str = "error: no helper kept the credential for `openai` (`https://api.openai.com`)\n\
                        hint: modelforge-credential doctor\n";

#[test]
fn a_sign_in_that_fails_leaves_the_key_before_it() {
    let fails = "[ $1 = store ] && { echo 'error: the disk is full' >&2; exit 1; }";
    let reason =
        "warning: helper `one` did not keep the credential: the disk is full; an older copy may remain in it\n";
    let input = format!("{SECRET}\n");
    for (first, input, problem) in [
        (fails, &*input, format!("{reason}{NOT_KEPT}")),
        // It says that it did, and did not.
        ("[ $1 = store ] && exit 0", &*input, NOT_KEPT.into()),
        // It keeps the half.
        ("[ $1 = store ] && { grep -v '^capability' | cut -c1-24 > \"$kept\"; exit 0; }", &*input, NOT_KEPT.into()),
        ("", "older\u{7}", "error: this cannot be a key for `openai`: it has a control character in it\n".into()),
        ("", "", "error: cannot ask for the key: there is no terminal\nhint: pipe it: modelforge-credential login openai < key.txt\n".into()),
    ] {
        // The half is spoilt once, and not when the older one is put back.
        let first = match first.contains("cut") {
            true => format!("[ -f \"$kept.spoilt\" ] || {{ {first}; }}").replace("exit 0", "touch \"$kept.spoilt\"; exit 0"),
            false => first.to_owned(),
        };
        let test = keeper(Test::new(), "one", &first).helpers("one");
        holding(&test, "one", "older-key");
        let test = test.args(["login", "openai", "--force"]).stdin(input).stderr(&problem).failure();
        openai_is(test, "older-key");
    }
}

#[test]
fn a_helper_that_cannot_be_read_once_does_not_cost_the_key_before() {
    let once = "[ $1 = get ] && [ -s \"$kept\" ] && grep -q sentinel \"$kept\" && { echo 'error: busy' >&2; exit 1; }";
    let test = keeper(Test::new(), "one", once).helpers("one");
    holding(&test, "one", "older-key");
    let test = test.args(["login", "openai", "--force"]).stdin(SECRET);
    let reason = "warning: helper `one` did not keep the credential: busy; an older copy may remain in it\n";
    let test = test.stderr(&format!("{reason}{NOT_KEPT}")).failure();
    openai_is(test, "older-key");
}

#[test]
fn a_helper_that_lost_the_key_before_and_takes_no_other_is_named() {
    let broken = "[ $1 = store ] && { rm -f \"$kept\"; echo 'error: it burns' >&2; exit 1; }";
    let test = keeper(Test::new(), "one", broken).helpers("one");
    holding(&test, "one", "older-key");
    let reason = "warning: helper `one` did not keep the credential: it burns; an older copy may remain in it\n\
                  warning: helper `one` has lost the credential that it held before\n";
    test.args(["login", "openai", "--force"]).stdin(SECRET).stderr(&format!("{reason}{NOT_KEPT}")).failure();
}

#[test]
fn a_key_goes_to_the_helper_that_is_named_and_older_copies_elsewhere_go() {
    let test = keeper(keeper(Test::new(), "one", ""), "two", "").helpers("one\ntwo");
    holding(&test, "one", "older");
    let test = test.args(["login", "openai", "--helper", "two", "--force"]).stdin(SECRET);
    let test = test.stdout("signed in to `openai`: kept by `two` (stored by the helper)\n").success();
    assert_eq!((&*kept(&test, "one"), &*kept(&test, "two")), ("", SECRET));
    assert!(!asked(&test, "one").contains("store"));
    let test = test.args(["login", "openai", "--helper", "three", "--force"]).stdin(SECRET).stderr(
        "error: helper `three` is not in the chain\n\
         hint: add it to `helpers` in config.toml, or what it keeps is never found\n",
    );
    assert_eq!(kept(&test.failure(), "two"), SECRET);
}

#[test]
fn an_older_copy_that_stays_is_told_of() {
    let stays = "[ $1 = erase ] && { echo 'error: it is read-only' >&2; exit 1; }";
    let test = keeper(keeper(Test::new(), "one", stays), "two", "").helpers("one\ntwo");
    holding(&test, "one", "older");
    test.args(["login", "openai", "--helper", "two", "--force"])
        .stdin(SECRET)
        .stdout("signed in to `openai`: kept by `two` (stored by the helper)\n")
        .stderr("warning: helper `one` may still hold an older copy: it is read-only\n")
        .success();
}

#[test]
fn a_variable_that_answers_first_is_named_with_the_way_out() {
    let test = Test::new().helpers("env\nage").env("OPENAI_API_KEY", "from-the-environment");
    let test = test.args(["login", "openai"]).stdout(
        "already signed in to `openai`: the key comes from `env` (environment variable OPENAI_API_KEY); \
         `--force` keeps another one beside it\n",
    );
    let test = test.success().args(["login", "openai", "--force"]).stdin(SECRET).stdout(&signed_in("openai")).stderr(
        "warning: `env` (environment variable OPENAI_API_KEY) answers before `age`, so what was kept now is not used yet\n\
         hint: unset OPENAI_API_KEY\n",
    );
    openai_is(test.success().helpers("age"), SECRET);
}

#[test]
fn a_locked_helper_is_opened_by_the_person_before_another_key_is_asked_for() {
    let locked = "[ \"$MODELFORGE_CREDENTIAL_INTERACTIVE\" = 1 ] || { echo 'error: it is locked' >&2; exit 1; }";
    let test = at_a_terminal(keeper(Test::new(), "one", locked).helpers("one")).args(["login", "openai"]);
    holding(&test, "one", "older");
    let (status, answer, shown) = Session::typed(&test).end();
    assert_eq!((status.code(), &*shown), (Some(0), ""));
    assert_eq!(answer, "already signed in to `openai`: kept by `one`; `--force` replaces it\n");
}

#[test]
fn the_default_chain_on_a_machine_without_a_session_bus_keeps_it_in_age_and_complains_of_nothing() {
    let test = Test::new().args(["login", "openai"]).stdin(SECRET).stdout(&signed_in("openai")).success();
    test.args(["logout", "openai"]).stdout("signed out of `openai` (`https://api.openai.com`)\n").success();
}

fn two_accounts() -> Test {
    let test = age().args(["login", "openai", "--account", "work"]).stdin(SECRET);
    let test = test.stdout(&format!("signed in to `openai` as `work`: {BY_AGE}\n")).success();
    let test = test.args(["login", "openai", "--account", "home"]).stdin("sk-home");
    test.stdout(&format!("signed in to `openai` as `home`: {BY_AGE}\n")).success()
}

fn account_is(test: Test, request: &str, account: &str, password: &str) -> Test {
    let place = "protocol=https\nhost=api.openai.com\nprovider=openai\n";
    let found = format!("{place}username={account}\npassword={password}\n");
    test.args(["get"]).stdin(request).stdout(&found).success()
}

#[test]
fn of_several_accounts_one_is_chosen_on_the_wire_and_in_the_configuration() {
    let test = account_is(two_accounts(), "provider=openai\nusername=work\n", "work", SECRET);
    let test = account_is(test, "provider=openai\nusername=home\n", "home", "sk-home");
    let test = test.config("[provider.openai]\naccount = 'work'");
    let test = account_is(test, "provider=openai\n", "work", SECRET);
    let test = account_is(test, "provider=openai\nusername=home\n", "home", "sk-home");
    let already = format!("already signed in to `openai` as `work`: {BY_AGE}; `--force` replaces it\n");
    let test = test.args(["login", "openai"]).stdout(&already).success();
    let test = test.args(["login", "openai", "--force"]).stdin("sk-work-2");
    let test = test.stdout(&format!("signed in to `openai` as `work`: {BY_AGE}\n")).success();
    account_is(test, "provider=openai\nusername=work\n", "work", "sk-work-2");
}

#[test]
fn which_of_several_accounts_is_meant_is_not_guessed() {
    let several = |command| {
        format!(
            "error: `openai` has several accounts: `home`, `work`\n\
             hint: modelforge-credential {command} openai --account NAME\n"
        )
    };
    let test = two_accounts().args(["logout", "openai"]).stderr(&several("logout")).failure();
    let test = test.args(["login", "openai", "--force"]).stdin(SECRET).stderr(&several("login")).failure();
    let test = test.args(["logout", "openai", "--account", "home"]);
    let test = test.stdout("signed out of `openai` (`https://api.openai.com`, account `home`)\n").success();
    let test = test.args(["login", "openai"]);
    let already = format!("already signed in to `openai` as `work`: {BY_AGE}; `--force` replaces it\n");
    let test = test.stdout(&already).success();
    // The only one there is, is the one that is replaced.
    let test = test.args(["login", "openai", "--force"]).stdin("sk-work-2");
    let test = test.stdout(&format!("signed in to `openai` as `work`: {BY_AGE}\n")).success();
    account_is(test, "provider=openai\n", "work", "sk-work-2");
}

#[test]
fn the_name_of_an_account_is_a_name() {
    let empty = "error: the name of an account is empty\nhint: leave out --account for the usual one\n";
    for command in ["login", "logout"] {
        let test = age().args([command, "openai", "--account", ""]).stdin(SECRET).stderr(empty).failure();
        test.args([command, "openai", "--account", "a\nb"])
            .stdin(SECRET)
            .stderr("error: `username` holds a line break or a NUL\n")
            .failure();
    }
    let test = age().args(["login", "openai", "--account", "a\u{1b}[2J\u{202e}"]).stdin(SECRET);
    test.stdout(&format!("signed in to `openai` as `a\\u{{1b}}[2J\\u{{202e}}`: {BY_AGE}\n")).success();
}

/// What the rules say of a key, through the program; each ends in the sentinel or is not shown at all.
#[test]
fn keys_of_every_known_shape_are_recognised_and_never_shown() {
    let odd_length = |provider: &str, length: usize| {
        format!("warning: a key for `{provider}` does not often have {length} characters; was it copied whole?\n")
    };
    let odd = |provider: &str| format!("warning: this does not look like the keys that `{provider}` makes today\n");
    let tail = |prefix: &str, length: usize| {
        let filler = "0".repeat(length - prefix.len() - SECRET.len());
        format!("{prefix}{filler}{SECRET}")
    };
    for (provider, key, remark) in [
        ("openai", tail("sk-proj-", 164), String::new()),
        ("openai", tail("sk-svcacct-", 164), String::new()),
        ("openai", tail("sk-admin-", 164), String::new()),
        ("openai", tail("sk-", 51), String::new()),
        ("anthropic", tail("sk-ant-api03-", 108), String::new()),
        ("openrouter", tail("sk-or-v1-", 73), String::new()),
        ("google", tail("AIza", 39), String::new()),
        ("groq", tail("gsk_", 56), String::new()),
        ("xai", tail("xai-", 84), String::new()),
        ("huggingface", tail("hf_", 37), String::new()),
        ("perplexity", tail("pplx-", 53), String::new()),
        ("nvidia", tail("nvapi-", 70), String::new()),
        ("cerebras", tail("csk-", 52), String::new()),
        ("deepseek", tail("sk-", 35), String::new()),
        ("google", tail("AIza", 38), odd_length("google", 38)),
        ("openai", format!("sk-proj-{SECRET}"), odd_length("openai", 36)),
        ("anthropic", SECRET.to_owned(), odd("anthropic")),
        ("google", SECRET.to_owned(), odd("google")),
    ] {
        let test = age().args(["login", provider]).stdin(&key).stdout(&signed_in(provider)).stderr(&remark).success();
        test.args(["login", provider, "--force"]).stdin(&key).stdout(&signed_in(provider)).stderr(&remark).success();
    }
    let token = format!("gho_{}", "a".repeat(36));
    let remark = "warning: the checksum in this token for `github_models` is wrong; was it copied whole?\n";
    age().args(["login", "github_models"]).stdin(token).stdout(&signed_in("github_models")).stderr(remark).success();
}

#[test]
fn a_key_of_another_provider_is_kept_only_by_force() {
    for (provider, prefix, other) in [
        ("openai", "sk-ant-", "anthropic"),
        ("anthropic", "sk-or-", "openrouter"),
        ("google", "gsk_", "groq"),
        ("groq", "xai-", "xai"),
        ("mistral", "hf_", "huggingface"),
    ] {
        let problem = format!(
            "this looks like a key for `{other}`, not for `{provider}`\n\
             hint: modelforge-credential login {other}  # or --force, to keep it for `{provider}` all the same\n"
        );
        let key = format!("{prefix}{SECRET}");
        let test = age().args(["login", provider]).stdin(&key).stderr(&format!("error: {problem}")).failure();
        let test = test.args(["login", provider, "--force"]).stdin(&key).stdout(&signed_in(provider));
        test.stderr(&format!("warning: {problem}")).success();
    }
    // A gateway of one's own may be opened with anybody's key.
    let test = age().config("[provider.gateway]\nurl = 'https://gateway.example/v1'");
    let test = test.args(["login", "gateway"]).stdin(format!("sk-ant-{SECRET}"));
    test.stdout(&signed_in("gateway")).success();
}

#[test]
fn a_token_that_says_when_it_ends_is_kept_with_that_and_not_at_all_when_it_has_ended() {
    // {"exp":4102444800} and {"exp":1}
    let test = age().config("[provider.gateway]\nurl = 'https://gateway.example/v1'");
    let token = |claims| format!("eyJhbGciOiJub25lIn0.{claims}.{SECRET}");
    let test = test.args(["login", "gateway"]).stdin(token("eyJleHAiOjF9")).stderr(
        "error: the credential for `gateway` (`https://gateway.example`) has expired already, so it is not kept\n",
    );
    let token = token("eyJleHAiOjQxMDI0NDQ4MDB9");
    let test = test.failure().args(["login", "gateway"]).stdin(&token).stdout(&signed_in("gateway")).success();
    test.args(["get"])
        .stdin("provider=gateway\n")
        .stdout(&format!(
            "protocol=https\nhost=gateway.example\nprovider=gateway\nusername=default\npassword={token}\npassword_expiry_utc=4102444800\n"
        ))
        .success();
}

#[test]
fn a_device_flow_without_a_person_says_what_it_needs() {
    let needs = "error: cannot sign in to `github_copilot` (`https://api.githubcopilot.com`): it needs a person at a terminal\n\
                 hint: modelforge-credential login github_copilot  # in a terminal\n";
    age().args(["login", "github_copilot"]).stderr(needs).failure();
}

/// Keeps a token that ends soon; a second helper may renew it.
fn ends_in(seconds: u64, renews: &str) -> Test {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock").as_secs();
    let test = keeper(keeper(Test::new(), "one", ""), "two", &format!("[ $1 = get ] || exit 0\n{renews}\nexit 0"));
    let record = format!(
        "protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={SECRET}\noauth_refresh_token=r\n\
         password_expiry_utc={}\n",
        now + seconds
    );
    std::fs::write(test.home().join("one.kept"), record).expect("it can be written");
    test.helpers("one\ntwo").args(["get"]).stdin("provider=openai\n")
}

#[test]
fn a_token_in_its_last_minute_is_renewed_and_an_earlier_one_is_not() {
    let renews = "printf 'password=renewed\\npassword_expiry_utc=4102444800\\n'";
    let test = ends_in(30, renews);
    let found = String::from_utf8(test.output().stdout).expect("text");
    assert!(found.contains("password=renewed\n") && found.contains("password_expiry_utc=4102444800\n"), "{found}");
    assert_eq!(kept(&test, "one"), "renewed");
    let test = ends_in(90, renews);
    let found = String::from_utf8(test.output().stdout).expect("text");
    assert!(found.contains(SECRET), "{found}");
    assert_eq!(asked(&test, "two"), "");
}

#[test]
fn a_token_in_its_last_minute_still_answers_when_it_cannot_be_renewed() {
    for fails in ["echo 'error: the network is down' >&2; exit 1", "exit 0"] {
        let test = ends_in(30, fails);
        let output = test.output();
        let found = String::from_utf8(output.stdout).expect("text");
        assert!(found.contains(&format!("password={SECRET}\n")) && output.status.success(), "{found}");
        assert!(kept(&test, "one") == SECRET && asked(&test, "two").contains("get"));
    }
}
