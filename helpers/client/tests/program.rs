//! A program asked as a helper. The helpers are scripts of a few lines.

#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use modelforge_credential_client::{Caller, Entry, Failure, Hop, Outcome, Program};
use modelforge_credential_protocol::{Reason, Record};

/// A helper that is a few lines for the shell.
fn script(body: &str) -> Program {
    Program::find(&Entry::command(["sh", "-c", body])).expect("there is a shell")
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("a mode");
}

fn request() -> Record {
    Record::of([("protocol", "https"), ("host", "example.com")]).expect("a request")
}

/// Remembers what it was told.
#[derive(Default)]
struct Told {
    lines: Mutex<Vec<String>>,
}

impl Caller for Told {
    fn environment(&self) -> Vec<(&'static str, String)> {
        vec![("TOLD", "by the caller".to_owned())]
    }

    fn said(&self, _: &str, lines: &[String]) {
        self.lines.lock().expect("no thread broke off").extend(lines.iter().cloned());
    }

    fn hop(&self, hop: &Hop) {
        let outcome = if matches!(hop.outcome, Outcome::Found) { "found" } else { "not found" };
        self.lines.lock().expect("no thread broke off").push(format!(
            "{} {outcome} {:?}",
            hop.operation.name(),
            hop.record
        ));
    }
}

#[test]
fn what_a_helper_finds_is_returned_and_what_is_only_the_callers_to_say_is_taken_out() {
    let helper =
        script("cat >/dev/null; printf 'password=p\\nurl=https://evil.example\\ntoken_url=https://evil.example\\n'");
    let found = helper.get(&request()).unwrap().unwrap();
    assert_eq!(found, Record::of([("password", "p")]).unwrap());
}

#[test]
fn a_helper_that_says_nothing_has_nothing() {
    assert!(script("cat >/dev/null").get(&request()).unwrap().is_none());
}

#[test]
fn an_answer_for_another_host_is_not_used() {
    let helper = script("printf 'host=evil.example\\npassword=p\\n'");
    assert!(matches!(helper.get(&request()), Err(Failure::Changed("host"))));
}

#[test]
fn an_answer_that_breaks_the_rules_is_not_used() {
    let helper = script("printf 'password=p\\nnonsense\\n'");
    assert!(matches!(helper.get(&request()), Err(Failure::Malformed(_))));
}

#[test]
fn a_helper_that_takes_too_long_is_ended() {
    let timeout = Some(Duration::from_millis(100));
    let entry = Entry { timeout, ..Entry::command(["sh", "-c", "sleep 60"]) };
    let failure = Program::find(&entry).unwrap().get(&request()).unwrap_err();
    assert!(matches!(failure, Failure::TooSlow(limit) if limit == Duration::from_millis(100)), "{failure}");
}

#[test]
fn a_helper_that_fails_gives_its_own_reason_and_hint_without_the_secret() {
    let helper = script("read x; echo 'error: sk-secret is sealed' >&2; echo 'hint: vault unseal' >&2; exit 3");
    let mut credential = request();
    credential.set("password", "sk-secret").unwrap();
    let failure = helper.store(&credential).unwrap_err();
    assert_eq!(failure.to_string(), "<redacted> is sealed");
    assert_eq!(failure.hint().as_deref(), Some("vault unseal"));
}

#[test]
fn a_helper_that_fails_without_a_reason_is_named_by_its_exit_status() {
    let failure = script("exit 3").erase(&request()).unwrap_err();
    assert_eq!(failure.to_string(), "exit status 3");
    let failure = script("kill -9 $$").erase(&request()).unwrap_err();
    assert_eq!(failure.to_string(), "it was stopped by signal 9");
}

#[test]
fn a_list_that_does_not_end_with_its_count_is_cut_short() {
    let one = "printf 'protocol=https\\nhost=example.com\\npassword=p\\n\\n'";
    assert!(matches!(script(one).list(&request()), Err(Failure::CutShort)));
    let whole = script(&format!("{one}; echo count=1")).list(&request()).unwrap().unwrap();
    assert_eq!(whole, [request()]);
    assert!(script("cat >/dev/null").list(&request()).unwrap().is_none());
}

#[test]
fn what_anyone_could_have_put_there_is_not_started() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("helper");
    std::fs::write(&file, "#!/bin/sh\n").expect("a script");
    let find = || Program::find(&Entry::command([file.to_string_lossy()]));
    mode(&file, 0o755);
    mode(folder.path(), 0o777);
    assert!(matches!(find(), Err(Failure::Untrusted { .. })));
    mode(folder.path(), 0o755);
    assert!(find().is_ok());
    mode(&file, 0o644);
    assert!(matches!(find(), Err(Failure::NotExecutable(_))));
    assert!(Program::find(&Entry::helper("nobody-has-this")).unwrap_err().is_missing());
}

#[test]
fn the_caller_is_told_what_a_helper_said_and_what_came_of_it_without_secrets() {
    let helper = script("cat >/dev/null; echo \"warning: $TOLD: sk-secret\" >&2; echo password=sk-secret");
    let told = Arc::new(Told::default());
    helper.called_by(told.clone()).get(&request()).unwrap();
    let lines = told.lines.lock().unwrap();
    assert_eq!(*lines, ["warning: by the caller: <redacted>", "get found password=<redacted>"]);
}

fn said_by(body: &str) -> Vec<String> {
    let told = Arc::new(Told::default());
    script(body).called_by(told.clone()).get(&request()).expect("an answer");
    let lines = told.lines.lock().expect("no thread broke off");
    lines.clone()
}

#[test]
fn a_secret_that_is_not_utf_8_is_taken_out_of_what_a_helper_says_as_any_other() {
    let lines = said_by("cat >/dev/null; p=$(printf 'pass\\351-word'); echo \"has $p\" >&2; echo \"password=$p\"");
    assert_eq!(lines[0], "has <redacted>");
}

#[test]
fn a_secret_is_not_cut_in_two_where_a_helper_says_more_than_is_listened_to() {
    // The limit of 16 KiB lies within the secret.
    let lines = said_by("cat >/dev/null; printf '%16377s sk-secret-1\\n' x >&2; echo password=sk-secret-1");
    assert!(lines.iter().all(|line| !line.contains("sk-sec")), "{lines:?}");
}

#[test]
fn a_helper_says_what_it_is_and_one_that_waits_for_a_browser_has_the_time_for_it() {
    let says = |lines: &str| script(&format!("[ $0 != capability ] || printf '{lines}'"));
    let makes = says("version 0\\ncapability generates\\n");
    assert!(makes.capabilities().generates && !makes.capabilities().foreign);
    assert_eq!(makes.attended().limit(), Duration::from_secs(20 * 60));
    assert_eq!(makes.limit(), Duration::from_secs(10));
    let foreign = says("version 0\\ncapability foreign\\n");
    assert!(foreign.capabilities().foreign && !foreign.capabilities().keeps());
    assert_eq!(foreign.attended().limit(), Duration::from_secs(120));
    // One that does not know the operation is nothing in particular.
    assert!(script("exit 1").known_capabilities().expect("it was asked").keeps());
}

#[test]
fn what_a_helper_is_that_could_not_be_asked_is_not_known() {
    let folder = tempfile::tempdir().expect("a folder");
    let mark = folder.path().join("asked").display().to_string();
    let helper =
        script(&format!("[ -e {mark} ] || {{ touch {mark}; kill -9 $$; }}; echo version 0; echo capability foreign"));
    assert_eq!(helper.known_capabilities().expect_err("it was ended").to_string(), "it was stopped by signal 9");
    // It is not started again for each question.
    assert!(helper.known_capabilities().is_err());
}

#[test]
fn an_answer_with_an_empty_secret_for_a_provider_is_malformed_and_none_gives_consent() {
    let empty = script("cat >/dev/null; printf 'username=u\\npassword=\\n'");
    let mut about_a_provider = request();
    about_a_provider.set("provider", "openai").unwrap();
    let answer = empty.get(&about_a_provider);
    assert!(matches!(answer, Err(Failure::Malformed(_))), "{answer:?}");
    // To git an empty password is a password.
    assert!(matches!(empty.get(&request()), Ok(Some(_))));
    let found = script("cat >/dev/null; printf 'password=p\\nconsent=1\\n'").get(&request()).unwrap().unwrap();
    assert!(!found.has("consent"));
}

/// Requests for three users, and a helper that takes several in one go and answers so.
fn three() -> Vec<Record> {
    let of = |name: &str| {
        Record::of([("protocol", "https"), ("host", "example.com"), ("username", name)]).expect("a request")
    };
    ["ann", "bob", "eve"].map(of).into()
}

fn that_takes_several(each: &str, alone: &str) -> Program {
    script(&format!(
        "case $0 in capability) echo 'capability each' ;; get-each) cat >/dev/null; {each} ;; *) cat >/dev/null; {alone} ;; esac"
    ))
}

#[test]
fn several_requests_go_to_one_start_of_a_helper_and_each_has_its_own_answer() {
    let told = Arc::new(Told::default());
    let answer = r"printf 'outcome=done\npassword=p\n\noutcome=done\n\noutcome=failed\nreason=locked\nproblem=it is shut\nhint=open it\n\ncount=3\n'";
    let helper = that_takes_several(answer, "exit 9").called_by(told.clone());
    let found = helper.get_each(&three());
    assert_eq!(found[0].as_ref().unwrap().as_ref(), Some(&Record::of([("password", "p")]).unwrap()));
    assert!(matches!(found[1], Ok(None)));
    let Err(Failure::Failed { reason, hint, kind: Reason::Locked }) = &found[2] else { panic!("{:?}", found[2]) };
    assert_eq!((reason.as_str(), hint.as_deref()), ("it is shut", Some("open it")));
    assert_eq!(told.lines.lock().unwrap().len(), 3);
}

#[test]
fn a_helper_that_answers_some_of_several_requests_is_asked_each_alone() {
    for each in [
        "exit 1",
        "true",
        r"printf 'outcome=done\npassword=wrong\n\n'",
        r"printf 'outcome=done\npassword=wrong\n\ncount=1\n'",
        r"printf 'outcome=done\npassword=wrong\n\n%.0s' 1 2 3; echo count=2",
        r"printf 'outcome=perhaps\npassword=wrong\n\n%.0s' 1 2 3; echo count=3",
        r"printf 'password=wrong\n\n%.0s' 1 2 3; echo count=3",
    ] {
        for found in that_takes_several(each, "echo password=right").get_each(&three()) {
            assert_eq!(found.unwrap(), Some(Record::of([("password", "right")]).unwrap()), "{each}");
        }
    }
}

#[test]
fn an_answer_to_one_of_several_requests_is_checked_as_if_it_were_alone() {
    let answer = r"printf 'outcome=done\nusername=%s\npassword=p\n\n' ann ann eve; echo count=3";
    let found = that_takes_several(answer, "exit 9").get_each(&three());
    assert!(matches!((&found[0], &found[1], &found[2]), (Ok(Some(_)), Err(Failure::Changed("username")), Ok(Some(_)))));
}

#[test]
fn a_helper_that_does_not_know_several_requests_is_asked_each_alone() {
    let helper = script("test \"$0\" = get && cat >/dev/null && echo password=p");
    assert!(helper.get_each(&three()).into_iter().all(|found| found.unwrap().is_some()));
}
