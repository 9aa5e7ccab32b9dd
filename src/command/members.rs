//! `members`: shows and changes who shares a helper's store. The helper does the work; this command passes on what the person wants, and
//! shows the result.

pub mod came;
pub mod error;
mod report;

use anyhow::Result;
use modelforge_credential_protocol::{Record, visible};

use crate::audit::{Operation, Outcome};
use crate::chain::Link;
use crate::person::person;
use crate::session::Session;
use crate::terminal;

/// The task, and the helper whose members it is for.
pub struct Members {
    pub helper: Option<String>,
    pub task: Task,
}

pub enum Task {
    List { json: bool },
    Join { name: String },
    Add { name: String, keys: Vec<String> },
    Remove { name: String },
    Accept { fingerprint: String, repair: bool },
}

/// Does it.
pub fn members(asked: &Members) -> Result<()> {
    let session = Session::start(person())?;
    let link = keeper(&session, asked.helper.as_deref())?;
    let request = asked.task.request()?;
    let mut event = session.event(asked.task.operation(), &Record::new());
    event.helper(&link.name);
    let answered = link.helper(true)?.members(&request);
    let answer = answered.and_then(|answer| answer.ok_or_else(|| error::no_answer(&link.name)));
    if answer.is_ok() {
        event.outcome(Outcome::Done);
    }
    drop(event);
    match answer {
        Ok(answer) => asked.task.tell(&link.name, &answer),
        Err(problem) => {
            if let Task::List { json: true } = &asked.task {
                terminal::answer(&report::failed(&link.name, &problem)?)?;
            }
            Err(problem.into())
        }
    }
}

/// The helper that was named, or the only one that has members.
fn keeper<'a>(session: &'a Session, named: Option<&str>) -> Result<&'a Link> {
    let mut found = session.helpers(named)?;
    found.retain(|link| link.capabilities().members);
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found.dedup_by(|a, b| a.name == b.name);
    match found.as_slice() {
        [only] => Ok(only),
        [] => Err(error::none(named).into()),
        [first, ..] => Err(error::several(&first.name).into()),
    }
}

impl Task {
    /// The name in the log.
    fn operation(&self) -> Operation {
        match self {
            Self::List { .. } => Operation::Members,
            Self::Join { .. } => Operation::MembersJoin,
            Self::Add { .. } => Operation::MembersAdd,
            Self::Remove { .. } => Operation::MembersRemove,
            Self::Accept { .. } => Operation::MembersAccept,
        }
    }

    fn request(&self) -> Result<Record> {
        let mut request = Record::new();
        match self {
            Self::List { .. } => request.set("action", "list")?,
            Self::Join { name } => {
                request.set("action", "join")?;
                request.set("member", name)?;
            }
            Self::Add { name, keys } => {
                request.set("action", "add")?;
                request.set("member", name)?;
                if let Some((reads, signs)) = pair(keys)? {
                    request.set("public_key", reads)?;
                    request.set("signing_key", signs)?;
                }
            }
            Self::Remove { name } => {
                request.set("action", "remove")?;
                request.set("member", name)?;
            }
            Self::Accept { fingerprint, repair } => {
                request.set("action", "accept")?;
                if *repair {
                    request.set("repair", "1")?;
                }
                request.set("fingerprint", fingerprint)?;
            }
        }
        Ok(request)
    }

    fn tell(&self, helper: &str, answer: &Record) -> Result<()> {
        let text = |key| visible(answer.text(key).unwrap_or_default());
        match self {
            Self::Join { name } => {
                let (name, reads, signs) = (visible(name), text("public_key"), text("signing_key"));
                let signs = if reads == signs { String::new() } else { format!(" {signs}") };
                terminal::answer(format!("modelforge-credential members add {name} {reads}{signs}\n").as_bytes())?;
                terminal::note(
                    "send this line to a member, who runs it and `sync`; then: modelforge-credential sync --remote URL",
                );
                return Ok(());
            }
            Self::List { json: true } => terminal::answer(&report::json(helper, answer)?)?,
            _ => terminal::tell(&report::table(answer))?,
        }
        match self {
            Self::Add { .. } => terminal::note("send it to the others: modelforge-credential sync"),
            Self::Remove { .. } => {
                terminal::note("send it to the others: modelforge-credential sync");
                let mut read = answer.all("renew[]").map(String::from_utf8_lossy).peekable();
                if read.peek().is_some() {
                    terminal::note(
                        "the removed member has read these keys, and still can in the history: create new ones at the providers",
                    );
                }
                read.for_each(|key| terminal::note(&format!("  {}", visible(&key))));
                if let Some(more) = answer.text("renew_more") {
                    terminal::note(&format!("  and {} more: all keys of the store", visible(more)));
                }
            }
            // `accept` ends with a synchronisation.
            Self::Accept { .. } => came::tell(answer)?,
            _ => {}
        }
        Ok(())
    }
}

/// The keys that a member reads and signs with: two public keys, or one SSH key for both. `None`: no key was given.
fn pair(words: &[String]) -> Result<Option<(String, String)>> {
    let (mut age, mut ssh) = (None, None);
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let mut parts = word.split_whitespace();
        let first = parts.next().unwrap_or_default();
        let is_of_age = first.starts_with("age1");
        let second = if is_of_age { None } else { parts.next().or_else(|| rest.next().map(String::as_str)) };
        match second {
            None if is_of_age && age.is_none() => age = Some(first.to_owned()),
            Some(key) if ssh.is_none() => ssh = Some(format!("{first} {key}")),
            _ => return Err(error::not_keys().into()),
        }
    }
    match (age, ssh) {
        (None, None) => Ok(None),
        (age, Some(ssh)) => Ok(Some((age.unwrap_or_else(|| ssh.clone()), ssh))),
        _ => Err(error::not_keys().into()),
    }
}
