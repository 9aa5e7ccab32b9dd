//! The chain: order, fall-back, read-back, older copies, time limits, refresh.

use crate::support::{SECRET, Test};

/// A helper in shell that keeps one credential in a file of its own, in plain text: only tests do this.
fn keeper(test: Test, name: &str) -> Test {
    let file = test.home().join(format!("{name}.kept"));
    let path = file.display();
    let body = format!(
        "case $1 in\nget) cat '{path}' 2>/dev/null;;\nstore) grep -v '^capability' > '{path}';;\nerase) rm -f '{path}';;\nesac; exit 0"
    );
    test.script(name, &body).may_hold_the_secret(file)
}

const OPENAI: &str = "protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\n";

fn approve(test: Test) -> Test {
    test.args(["approve"]).stdin(format!("provider=openai\npassword={SECRET}\n"))
}

fn finds_it(test: Test) -> Test {
    let found = format!("{OPENAI}password={SECRET}\n");
    test.args(["get"]).stdin("provider=openai\n").stdout(&found).success()
}

#[test]
fn a_key_is_kept_by_age_and_got_back_with_no_daemon_and_no_configuration() {
    let test = approve(Test::new()).any_stderr().success();
    finds_it(test);
}

#[test]
fn the_first_helper_that_keeps_it_ends_a_store_and_the_others_lose_their_older_copies() {
    let test = keeper(keeper(Test::new(), "one"), "two").helpers("two");
    let test = test.args(["approve"]).stdin("provider=openai\npassword=older\n").success();
    let test = approve(test.helpers("one\ntwo")).success();
    let test = finds_it(test.helpers("one"));
    test.helpers("two").args(["get"]).stdin("provider=openai\n").success();
}

#[test]
fn store_all_keeps_it_in_every_helper() {
    let test = keeper(keeper(Test::new(), "one"), "two").config("store = 'all'\nhelpers = ['one', 'two']");
    let test = approve(test).success();
    finds_it(finds_it(test.helpers("one")).helpers("two"));
}

#[test]
fn a_helper_that_fails_to_store_is_named_and_the_next_keeps_it() {
    let test =
        keeper(Test::new().script("full", "echo 'error: the disk is full' >&2; exit 1"), "two").helpers("full\ntwo");
    let test = approve(test)
        .stderr(
            "warning: helper `full` did not keep the credential: the disk is full; an older copy may remain in it\n",
        )
        .success();
    finds_it(test.helpers("two"));
}

#[test]
fn a_store_that_nobody_kept_is_an_error_even_if_every_helper_reported_success() {
    approve(Test::new().script("liar", "exit 0").helpers("liar"))
        .stderr(
            "error: no helper kept the credential for `openai` (`https://api.openai.com`)\n\
             hint: modelforge-credential doctor\n",
        )
        .failure();
}

#[test]
fn a_helper_that_keeps_something_else_did_not_keep_it() {
    let test = Test::new().script("truncates", "[ $1 = get ] && printf 'password=sk-\\n'; exit 0");
    approve(test.helpers("truncates")).any_stderr().failure();
}

#[test]
fn a_helper_that_loses_the_refresh_token_did_not_keep_the_credential() {
    let test = Test::new().script("forgets", &format!("[ $1 = get ] && printf 'password={SECRET}\\n'; exit 0"));
    let test = keeper(test, "two").helpers("forgets\ntwo");
    let request = format!("provider=openai\npassword={SECRET}\noauth_refresh_token=r\n");
    let test = test.args(["approve"]).stdin(request).any_stderr().success();
    let found = format!("{OPENAI}password={SECRET}\noauth_refresh_token=r\n");
    test.helpers("two").args(["get"]).stdin("provider=openai\n").stdout(&found).success();
}

#[test]
fn an_earlier_helper_that_still_answers_with_another_key_is_named() {
    let test = keeper(Test::new(), "one").helpers("env\none").env("OPENAI_API_KEY", "sk-from-the-environment");
    approve(test)
        .stderr("warning: helper `env` still answers first, with another key than the one that `one` keeps now\n")
        .success();
}

#[test]
fn what_the_environment_gave_is_not_written_to_disk_when_a_tool_approves_it() {
    let test = keeper(Test::new(), "one").helpers("env\none").env("OPENAI_API_KEY", SECRET);
    let test = approve(test).success();
    test.helpers("one").args(["get"]).stdin("provider=openai\n").success();
}

#[test]
fn a_failing_missing_or_garbled_helper_is_a_warning_and_never_hides_a_working_one() {
    let test = keeper(Test::new(), "good");
    let test = approve(test.helpers("good")).success();
    let test = test
        .script("fails", "echo password=wrong; exit 42")
        .script("garbles", "printf 'password=wrong\\nno equals sign\\n'")
        .script("other-host", "printf 'host=evil\\npassword=wrong\\n'")
        .script("other-name", "printf 'username=eve\\npassword=wrong\\n'");
    test.helpers("fails\ngarbles\nother-host\nabsent\nother-name\ngood")
        .args(["get"])
        .stdin("provider=openai\nusername=default\n")
        .stdout(&format!("{OPENAI}password={SECRET}\n"))
        .stderr(
            "warning: helper `fails` failed: exit status 42\n\
             warning: helper `garbles` failed: its answer is malformed (line 2 has no `=`) and not used\n\
             warning: helper `other-host` failed: it changed `host` of the request, so its answer is not used\n\
             warning: helper `absent` failed: helper `absent` is not installed beside the program or on PATH\n\
             hint: put a program named modelforge-credential-absent on PATH\n\
             warning: helper `other-name` failed: it changed `username` of the request, so its answer is not used\n",
        )
        .success();
}

#[test]
fn a_script_that_names_no_interpreter_is_told_how() {
    let test = Test::new().on_path("modelforge-credential-bare", "echo password=x\n");
    let test = test.helpers("bare").args(["get"]).stdin("protocol=https\nhost=h\n");
    test.stderr(
        "warning: helper `bare` failed: it could not be started: Exec format error (os error 8)\n\
         hint: a script begins with the program that runs it: #!/bin/sh\n\
         error: no credential for `https://h` was found, but not every helper could be asked\n",
    )
    .failure();
}

#[test]
fn a_failure_is_never_taken_for_absence() {
    let test = Test::new().script("locked", "echo 'error: the vault is locked' >&2; exit 1").helpers("locked");
    test.args(["get"])
        .stdin("provider=openai\n")
        .stderr(
            "warning: helper `locked` failed: the vault is locked\n\
             error: no credential for `openai` (`https://api.openai.com`) was found, but not every helper could be asked\n",
        )
        .failure();
}

#[test]
fn a_helper_that_hangs_is_ended_with_everything_it_started() {
    let test = Test::new();
    let mark = test.home().join("alive");
    let body = format!("(sleep 3; echo still here > '{}') &\nsleep 30", mark.display());
    let test = test
        .script("hangs", &body)
        .config("helpers = [{ command = ['modelforge-credential-hangs', '-'], timeout = '300ms' }]");
    let start = std::time::Instant::now();
    let test = test.args(["get"]).stdin("provider=openai\n").any_stderr().failure();
    assert!(start.elapsed() < std::time::Duration::from_secs(3), "it waited for the helper");
    std::thread::sleep(std::time::Duration::from_millis(3500));
    assert!(!mark.exists(), "what the helper started lived on");
    drop(test);
}

#[test]
fn a_daemon_that_a_helper_leaves_behind_does_not_hold_up_the_answer() {
    let test = Test::new().script("daemon", "echo password=p; sleep 5 & exit 0").helpers("daemon");
    let start = std::time::Instant::now();
    test.args(["get"]).stdin("provider=openai\n").stdout(&format!("{OPENAI}password=p\n")).success();
    assert!(start.elapsed() < std::time::Duration::from_secs(3), "it waited for the daemon");
}

#[test]
fn a_helper_that_never_reads_or_answers_too_much_does_no_harm() {
    let test = Test::new().script("deaf", "exec <&-; echo password=p").helpers("deaf");
    let request = format!("provider=openai\nstate[]={}\nwwwauth[]={}\n", "x".repeat(60_000), "y".repeat(60_000));
    let test = test.args(["get"]).stdin(request).stdout(&format!("{OPENAI}password=p\n")).success();
    let test = test.script("flood", "yes state[]=x").helpers("flood");
    test.args(["get"]).stdin("provider=openai\n").any_stderr().failure();
}

#[test]
fn quit_ends_the_search_and_is_passed_on() {
    let test = Test::new().script("quits", "echo quit=1").script("after", "echo password=p").helpers("quits\nafter");
    let test = test.args(["get"]).stdin("provider=openai\n");
    let test = test.stdout("protocol=https\nhost=api.openai.com\nprovider=openai\nquit=1\n").success();
    test.args(["fill"])
        .stdin("provider=openai\n")
        .stderr("error: helper `quits` said to stop looking for `openai` (`https://api.openai.com`)\n")
        .failure();
}

#[test]
fn who_wants_a_key_printed_is_told_which_helper_ended_the_search() {
    let test = Test::new().script("quits", "echo quit=1").helpers("quits").args(["print", "openai"]);
    let told = "warning: helper `quits` said to stop looking for `openai` (`https://api.openai.com`)\n";
    let output = test.output();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.starts_with(told), "{said}");
}

#[test]
fn answers_accumulate_along_the_chain() {
    let test = Test::new()
        .script("name", "echo username=ann")
        .script("key", "grep -q username=ann && echo password=p")
        .helpers("name\nkey");
    test.args(["get"])
        .stdin("protocol=https\nhost=example.com\n")
        .stdout("protocol=https\nhost=example.com\nusername=ann\npassword=p\n")
        .success();
}

/// Keeps an expired token; a later helper renews it, slowly, and counts how often it was asked to.
fn with_expired_token(test: Test) -> Test {
    let count = test.home().join("renewals");
    let renew = format!(
        "[ $1 = get ] || exit 0\ngrep -q oauth_refresh_token=r1 || exit 0\nsleep 0.3; echo x >> '{}'\n\
         printf 'password={SECRET}\\noauth_refresh_token=r2\\npassword_expiry_utc=4102444800\\n'",
        count.display()
    );
    let test = keeper(test.script("renew", &renew), "keep");
    let kept = test.home().join("keep.kept");
    let expired = "protocol=https\nhost=api.openai.com\nusername=default\npassword=old\noauth_refresh_token=r1\npassword_expiry_utc=1\n";
    std::fs::write(kept, expired).expect("the expired token is put in place");
    test.helpers("keep\nrenew")
}

#[test]
fn an_expired_token_is_renewed_and_the_rotated_refresh_token_is_kept() {
    let test = with_expired_token(Test::new());
    let renewed = format!("{OPENAI}password={SECRET}\noauth_refresh_token=r2\npassword_expiry_utc=4102444800\n");
    let test = test.args(["get"]).stdin("provider=openai\n").stdout(&renewed).success();
    test.helpers("keep").args(["get"]).stdin("provider=openai\n").stdout(&renewed).success();
}

#[test]
fn an_expired_token_that_nobody_renews_is_not_given_out_and_its_refresh_token_stays() {
    let test = with_expired_token(Test::new()).helpers("keep");
    let test = test.args(["fill"]).stdin("provider=openai\n").any_stderr().failure();
    let kept = std::fs::read_to_string(test.home().join("keep.kept")).expect("it is still there");
    assert!(kept.contains("oauth_refresh_token=r1"));
}

#[test]
fn twenty_processes_that_meet_an_expired_token_renew_it_once() {
    let test = with_expired_token(Test::new()).args(["get"]).stdin("provider=openai\n");
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..20).map(|_| scope.spawn(|| test.output())).collect();
        for run in runs {
            let output = run.join().expect("the run ends");
            assert!(
                String::from_utf8_lossy(&output.stdout).contains(SECRET),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
    });
    let renewals = std::fs::read_to_string(test.home().join("renewals")).expect("it was renewed");
    assert_eq!(renewals.lines().count(), 1);
}

#[test]
fn two_processes_that_store_at_once_leave_one_credential_whole() {
    let test = Test::new().helpers("age");
    for _ in 0..3 {
        std::thread::scope(|scope| {
            for name in ["a", "b", "c", "d", "e", "f"] {
                let test = &test;
                scope.spawn(move || {
                    let mut command = test.command();
                    command.arg("approve").stdin(std::process::Stdio::piped());
                    let mut child = command.spawn().expect("it starts");
                    let input = format!("provider=openai\npassword=key-{name}\n");
                    std::io::Write::write_all(&mut child.stdin.take().expect("input"), input.as_bytes())
                        .expect("written");
                    assert!(child.wait().expect("it ends").success());
                });
            }
        });
    }
    let output = test.args(["get"]).stdin("provider=openai\n").output();
    let found = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(found.starts_with(&format!("{OPENAI}password=key-")), "{found}");
}

#[test]
fn erase_reaches_every_helper_and_names_the_one_that_failed() {
    let test = keeper(keeper(Test::new(), "one"), "two").script("stuck", "[ $1 = erase ] && exit 3; exit 0");
    let test = approve(test.helpers("one")).success();
    let test = approve(test.helpers("two")).success();
    let test = test
        .helpers("one\nstuck\ntwo")
        .args(["reject"])
        .stdin("provider=openai\n")
        .stderr(
            "warning: helper `stuck` failed: exit status 3\n\
             error: a helper could not erase the credential for `openai` (`https://api.openai.com`): it may still hold it\n",
        )
        .failure();
    test.helpers("one\ntwo").args(["get"]).stdin("provider=openai\n").success();
}

#[test]
fn the_secret_is_taken_out_of_what_a_helper_says() {
    let test = Test::new().script("traces", "set -x; read a; read b; while read line; do : \"$line\"; done; exit 1");
    approve(test.helpers("traces")).any_stderr().failure();
}

#[test]
fn the_program_as_its_own_helper_works_and_does_not_go_round_for_ever() {
    let core = crate::support::program("modelforge-credential");
    let test = keeper(Test::new(), "one").config("helpers = ['one']");
    let nested = test.bin().join("modelforge-credential-nested");
    std::fs::write(
        &nested,
        format!("#!/bin/sh\nunset MODELFORGE_CREDENTIAL_HELPERS\nexec '{}' \"$@\"\n", core.display()),
    )
    .unwrap();
    std::fs::set_permissions(&nested, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let test = approve(test.helpers("nested")).success();
    let test = finds_it(test);
    test.helpers(&core.display().to_string()).args(["get"]).stdin("provider=openai\n").any_stderr().failure();
}

#[test]
fn a_list_without_its_count_is_not_taken_for_whole() {
    let test = Test::new()
        .script("whole", "printf 'protocol=https\\nhost=a\\nusername=u\\npassword=p\\n\\ncount=1\\n'")
        .script("cut", "printf 'protocol=https\\nhost=b\\n\\n'")
        .script("cannot", "exit 0");
    let whole = "protocol=https\nhost=a\nusername=u\nhelper=whole\n\n";
    let test = test.helpers("whole").args(["list"]).stdout(&format!("{whole}count=1\n")).success();
    let test = test.helpers("whole\ncannot").args(["list"]).stdout(whole).success();
    test.helpers("whole\ncut")
        .args(["list"])
        .stdout(whole)
        .stderr(
            "warning: helper `cut` failed: its list was cut short: the last line is not the count of what it named\n\
             error: the list is not whole: not every helper could be asked\n",
        )
        .failure();
}

#[test]
fn a_helper_that_answers_with_a_thousand_attributes_does_not_blind_the_next() {
    let noise = "i=0; while [ $i -lt 1020 ]; do echo x_$i=1; i=$((i + 1)); done";
    let test = Test::new().script("noisy", noise).script("good", "echo password=p").helpers("noisy\ngood");
    test.args(["get"])
        .stdin("provider=openai\n")
        .stdout(&format!("{OPENAI}password=p\n"))
        .stderr("warning: helper `noisy` failed: it answered with more than 128 attributes\n")
        .success();
}

#[test]
fn store_all_names_the_helper_that_answers_first_as_well() {
    let test =
        keeper(Test::new(), "one").config("store = 'all'\nhelpers = ['env', 'one']").env("OPENAI_API_KEY", "sk-other");
    approve(test)
        .stderr("warning: helper `env` still answers first, with another key than the one that `one` keeps now\n")
        .success();
}

#[test]
fn a_failure_in_the_default_chain_is_no_absence_either() {
    let test = approve(Test::new()).success();
    let file = test.home().join(".local/share/modelforge-credential/age/https/api.openai.com/default.age");
    std::fs::write(file, "junk").expect("the file is damaged");
    test.args(["get"]).stdin("provider=openai\n").any_stderr().failure();
}

#[test]
fn a_list_asks_the_helpers_that_a_provider_has_of_its_own() {
    let test = Test::new().config("helpers = ['env']\n[provider.openai]\nhelpers = ['age']");
    let test = approve(test).success();
    let output = test.args(["list"]).any_stderr().output();
    let listed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(listed.contains("provider=openai") && listed.ends_with("count=1\n"), "{listed}");
}

#[test]
fn store_and_erase_never_ask_a_person() {
    let test = Test::new()
        .script("asks", "[ \"$MODELFORGE_CREDENTIAL_INTERACTIVE\" = 0 ] || echo asked >&2; exit 1")
        .helpers("asks");
    let test = test.env("MODELFORGE_CREDENTIAL_INTERACTIVE", "1").env("SSH_ASKPASS", "/bin/true");
    for operation in ["store", "erase"] {
        let output = test.run(
            &[crate::support::program("modelforge-credential").as_os_str(), operation.as_ref()],
            "provider=openai\npassword=p\n",
        );
        assert!(!String::from_utf8_lossy(&output.stderr).contains("asked"), "{operation}");
    }
}

#[test]
fn what_a_helper_says_each_time_that_it_is_asked_is_passed_on_once() {
    let test = Test::new()
        .script("chatty", "echo 'chatty: hello' >&2")
        .script("has", "echo password=x")
        .helpers("chatty\nhas");
    let test = test.args(["exec", "openai", "mistral", "--", "true"]);
    test.stderr("chatty: hello\n").success();
}
