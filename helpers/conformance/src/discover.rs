//! Finds out what a helper is: it is told to keep something, and asked for it, here and in another home folder.

use modelforge_credential_protocol::Nature;

use crate::checked::{Broken, Checked};
use crate::kind::Kind;
use crate::session::Session;
use crate::subject::Subject;

/// The kind of helper, and what it did not erase.
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
    let is_there = |session_: &Session| session_.finds(&session.ann, &session.secret).is_ok();
    let cannot_store = why_not_stored(session);
    let keeps = is_there(session);
    let shared = subject.in_place() || is_there(elsewhere);
    session.erase_all();
    let left = (shared && is_there(session)).then(|| session.ann.trim_end().replace('\n', " "));
    let says = |operation| subject.says(session.home(), operation);
    let capabilities = says("capability");
    let kind = Kind {
        keeps,
        cannot_store,
        shared,
        authtype: capabilities.split(|b| *b == b'\n').any(|line| line == b"capability authtype"),
        lists: !says("list").is_empty(),
        foreign: Nature::from_lines(&capabilities).foreign,
    };
    (kind, left.into_iter().collect())
}

fn why_not_stored(session: &Session) -> Option<String> {
    let stored: Checked<_> = session.run("store", format!("{}password={}\n", session.ann, session.secret));
    match stored {
        Ok(stored) if stored.status.success() => None,
        Ok(stored) => Some(session.said(&stored)),
        Err(Broken::Rule(problem)) => Some(problem),
        Err(Broken::Interrupted) => None,
    }
}
