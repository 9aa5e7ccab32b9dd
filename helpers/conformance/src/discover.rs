//! Finds out what kind of helper it is: stores something, and asks for it, here and in another home directory.

use modelforge_credential_protocol::Capabilities;

use crate::checked::Broken;
use crate::found::Found;
use crate::kind::Kind;
use crate::session::Session;
use crate::subject::Subject;

/// The kind of helper, and the entries that it did not erase.
pub fn discover(subject: &Subject) -> (Kind, Vec<String>) {
    let unknown = Kind::default();
    let sessions = Session::new(subject, &unknown).and_then(|session| Ok((session, Session::new(subject, &unknown)?)));
    match sessions {
        Ok((session, elsewhere)) => of(subject, &session, &elsewhere),
        Err(Broken::Rule(reason)) => (Kind { cannot_store: Some(reason), ..unknown }, Vec::new()),
        Err(Broken::Interrupted) => (unknown, Vec::new()),
    }
}

fn of(subject: &Subject, session: &Session, elsewhere: &Session) -> (Kind, Vec<String>) {
    let is_there = |at: &Session| answer(at, &session.ann).as_deref() == Some(session.secret.as_bytes());
    let cannot_store = why_not_stored(session);
    let keeps = is_there(session);
    let shared = subject.in_place() || is_there(elsewhere);
    session.erase_all();
    let left = (shared && is_there(session)).then(|| session.ann.trim_end().replace('\n', " "));
    let says = |operation| subject.says(session.home(), operation);
    let lines = says("capability");
    let capabilities = Capabilities::from_lines(&lines);
    let kind = Kind {
        keeps,
        cannot_store,
        shared,
        authtype: lines.split(|b| *b == b'\n').any(|line| line == b"capability authtype"),
        lists: !says("list").is_empty(),
        foreign: capabilities.foreign,
        each: capabilities.each,
    };
    (kind, left.into_iter().collect())
}

/// A helper that shows secrets on standard error has still stored the credential. Another case reports that.
fn why_not_stored(session: &Session) -> Option<String> {
    let credential = format!("{}password={}\n", session.ann, session.secret);
    match session.ask("store", credential.as_bytes()) {
        Ok(stored) if stored.status.success() => None,
        Ok(stored) => Some(session.said(&stored)),
        Err(Broken::Rule(problem)) => Some(problem),
        Err(Broken::Interrupted) => None,
    }
}

/// The password in its answer.
fn answer(session: &Session, request: &str) -> Option<Vec<u8>> {
    let answer = session.ask("get", request.as_bytes()).ok().filter(|answer| answer.status.success())?;
    Found::parse(&answer.output).ok()?.get("password").map(<[u8]>::to_vec)
}
