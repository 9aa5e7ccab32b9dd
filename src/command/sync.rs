//! `sync`: exchanges the changes of shared stores with other machines.

mod report;

use anyhow::Result;
use modelforge_credential_protocol::{Error, Record, Shell, visible};

use crate::audit::{Operation, Outcome};
use crate::chain::Link;
use crate::command::members::{came, error};
use crate::error::PROGRAM;
use crate::person::person;
use crate::session::Session;
use crate::terminal;

/// The helper, and the remote.
pub struct Sync {
    pub helper: Option<String>,
    pub remote: Option<String>,
    /// True to replace what is refused at the remote.
    pub repair: bool,
    pub json: bool,
}

/// Synchronises each store. One that cannot be reached does not stop the others.
pub fn sync(asked: &Sync) -> Result<()> {
    let session = Session::start(person())?;
    let links = keepers(&session, asked.helper.as_deref())?;
    if let ([first, _, ..], Some(_)) = (links.as_slice(), &asked.remote) {
        return Err(several(&first.name).into());
    }
    let (mut problems, mut stores) = (Vec::new(), Vec::new());
    for link in links {
        let answer = one(&session, link, asked);
        stores.push(report::Store::of(&link.name, &answer));
        let told = answer.and_then(|answer| if asked.json { came::unsent(&answer) } else { tell(link, &answer) });
        problems.extend(told.err());
    }
    if asked.json {
        terminal::answer(&report::json(stores)?)?;
    }
    let last = problems.pop();
    for problem in problems {
        terminal::error(&problem);
    }
    last.map_or(Ok(()), Err)
}

fn keepers<'a>(session: &'a Session, named: Option<&str>) -> Result<Vec<&'a Link>> {
    let mut found: Vec<&Link> = Vec::new();
    for link in session.helpers(named)? {
        if link.capabilities().sync && !found.iter().any(|other| other.name == link.name) {
            found.push(link);
        }
    }
    if found.is_empty() { Err(error::none(named).into()) } else { Ok(found) }
}

fn one(session: &Session, link: &Link, asked: &Sync) -> Result<Record> {
    let mut request = Record::new();
    if let Some(remote) = &asked.remote {
        request.set("remote", remote)?;
    }
    if asked.repair {
        request.set("repair", "1")?;
    }
    let mut event = session.event(Operation::Sync, &Record::new());
    event.helper(&link.name);
    let answer = link.helper(true)?.sync(&request)?.ok_or_else(|| error::no_answer(&link.name))?;
    event.outcome(Outcome::Done);
    Ok(answer)
}

fn tell(link: &Link, answer: &Record) -> Result<()> {
    let number = |key| answer.text(key).unwrap_or("0").to_owned();
    terminal::done(&format!("`{}`: {} received, {} sent", visible(&link.name), number("received"), number("sent")))?;
    came::tell(answer)
}

fn several(helper: &str) -> Error {
    Error::new("several helpers have a shared store").hint(format!(
        "name one: {PROGRAM} sync --helper {} --remote URL",
        Shell::of_the_person().word(&visible(helper))
    ))
}
