//! The suite as an author of a helper calls it: with scripts for helpers.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test may stop where something is not as it should be")]

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use modelforge_credential_client::{Entry, Program};
use modelforge_credential_conformance::{KEEPS_NOTHING, Options, Outcome, Report, Subject, ThrowAway, Verdict, run};

/// The result for a helper whose program is these lines of shell.
fn judged(script: &str, options: Options) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("helper");
    std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    let helper = Program::find(&Entry::command([program.to_str().unwrap()])).unwrap();
    run(&Subject::new(helper, options).unwrap(), |_| true, |_| {})
}

#[test]
fn a_helper_that_answers_nothing_keeps_the_protocol_and_no_credentials() {
    let report = judged("exit 0", Options::default());
    assert_eq!((report.verdict(), report.kind.keeps), (Verdict::Protocol, false), "{:#?}", report.broken());
    assert!(report.ran_all() && report.left.is_empty() && !report.plain_text);
    let (held, all) = report.counts();
    assert_eq!(held, all);
    assert!(report.results.iter().any(|judged| judged.outcome == Outcome::NotOffered(KEEPS_NOTHING)));
}

#[test]
fn a_helper_that_cannot_store_is_put_to_no_case() {
    let report = judged("echo 'error: it is locked' >&2; exit 1", Options::default());
    assert_eq!((report.verdict(), report.results.len()), (Verdict::NotJudged, 0));
    assert_eq!(report.kind.cannot_store.as_deref(), Some("exit status 1: error: it is locked"));
    assert!(!report.ran_all());
}

#[test]
fn a_helper_that_shows_the_secret_it_stores_is_judged_and_breaks_a_rule() {
    let report = judged("[ $1 != store ] || cat >&2; exit 0", Options::default());
    assert!(report.kind.cannot_store.is_none());
    assert_eq!(report.verdict(), Verdict::Neither);
    let reasons: Vec<&Outcome> = report.broken().iter().map(|judged| &judged.outcome).collect();
    let reason = "`store` shows the secret on standard error (A1)";
    assert!(reasons.contains(&&Outcome::Broken(reason.to_owned())), "{reasons:?}");
}

#[test]
fn a_broken_case_comes_with_what_was_asked_and_answered() {
    let report = judged("[ $1 = get ] && echo password=for-anything; exit 0", Options::default());
    assert_eq!(report.verdict(), Verdict::Neither);
    let broken = report.broken();
    let judged = broken.iter().find(|judged| judged.case.rule == "O4").unwrap();
    let exchange = judged.exchanges.last().unwrap();
    assert_eq!((&*exchange.operation, &*exchange.end), ("get", "exit status 0"));
    assert_eq!(exchange.answer, ["password=<redacted>"]);
    assert!(exchange.request.iter().any(|line| line.starts_with("host=zq") && line.ends_with(".invalid")));
    let shown = format!("{:?}", report.results);
    assert!(!shown.contains("for-anything"), "{shown}");
    // A rule that holds needs no proof.
    assert!(report.results.iter().all(|judged| judged.is_broken() != judged.exchanges.is_empty()));
}

#[test]
fn it_stops_before_the_first_case_when_it_is_told_to() {
    let options = Options { interrupted: Arc::new(AtomicBool::new(true)), ..Options::default() };
    let report = judged("exit 0", options);
    assert!(report.interrupted && report.results.is_empty() && !report.ran_all());
}

#[test]
fn what_a_helper_does_not_erase_outside_of_its_home_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let script = format!(
        "case $1 in store) cat > '{0}' ;; get) grep -E '^(username|password)=' '{0}' 2>/dev/null ;; esac; exit 0",
        kept.display()
    );
    let report = judged(&script, Options::default());
    assert!(report.kind.keeps && report.kind.shared && !report.left.is_empty(), "{:?}", report.kind);
}

#[test]
fn throw_away_credentials_are_all_different_and_for_no_place_that_exists() {
    let (one, other) = (ThrowAway::new("ann"), ThrowAway::new("ann"));
    assert!(one.host != other.host && one.username != other.username && one.password != other.password);
    assert!(one.host.ends_with(".invalid") && one.username.starts_with("ann-zq"));
    let same = ThrowAway::at("canary", "ann");
    assert_eq!(same.place().unwrap().get("host"), Some(&b"canary.invalid"[..]));
    let credential = same.credential().unwrap();
    assert!(credential.matches(&same.description().unwrap()) && credential.has_secret());
    // So that everything that hides keys hides it.
    assert_eq!(modelforge_credential_protocol::shown(&same.password), "<redacted>");
}
