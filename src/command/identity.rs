//! `identity`: shows, protects, renews, exports, checks and imports the secret that decrypts a helper's store. The helper does the work;
//! this command passes on what the person wants, and shows the result.

pub mod error;
mod given;
mod report;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use anyhow::Result;
use modelforge_credential_files as files;
use modelforge_credential_protocol::Record;

use crate::audit::{Operation, Outcome};
use crate::chain::Link;
use crate::person::person;
use crate::session::Session;
use crate::terminal;

/// The task, and the helper whose identity it is for.
pub struct Identity {
    pub helper: Option<String>,
    pub task: Task,
}

pub enum Task {
    Show { json: bool },
    Protect,
    Unprotect,
    Renew { with: Option<PathBuf> },
    Export { output: Option<PathBuf> },
    Check,
    Import,
}

/// Does it.
pub fn identity(asked: &Identity) -> Result<()> {
    if matches!(asked.task, Task::Export { output: None }) && !std::io::stdout().is_terminal() {
        return Err(error::not_at_a_terminal().into());
    }
    let session = Session::start(person())?;
    let link = keeper(&session, asked.helper.as_deref())?;
    let request = asked.task.request(&session)?;
    let mut event = session.event(asked.task.operation(), &Record::new());
    event.helper(&link.name);
    let answer = link.helper(true)?.identity(&request)?.ok_or_else(|| error::no_answer(&link.name))?;
    event.outcome(Outcome::Done);
    drop(event);
    asked.task.tell(&link.name, &answer)?;
    if let (Task::Renew { .. }, None) = (&asked.task, &asked.helper) {
        others(&session, link)?.iter().for_each(|other| terminal::note(&report::has_its_own(other)));
    }
    Ok(())
}

/// The other helpers that have an identity.
fn others(session: &Session, renewed: &Link) -> Result<Vec<String>> {
    let mut others: Vec<String> = Vec::new();
    for link in session.helpers(None)? {
        if link.name != renewed.name && !others.contains(&link.name) && link.capabilities().identity {
            others.push(link.name.clone());
        }
    }
    Ok(others)
}

/// The helper that has an identity: the one that was named, or the first one.
fn keeper<'a>(session: &'a Session, named: Option<&str>) -> Result<&'a Link> {
    let found = session.helpers(named)?.into_iter().find(|link| link.capabilities().identity);
    Ok(found.ok_or_else(|| named.map_or_else(error::nobody_has_one, error::has_none))?)
}

impl Task {
    fn action(&self) -> &'static str {
        match self {
            Self::Show { .. } => "show",
            Self::Protect => "protect",
            Self::Unprotect => "unprotect",
            Self::Renew { .. } => "renew",
            Self::Export { .. } => "export",
            Self::Check => "check",
            Self::Import => "import",
        }
    }

    /// The name in the log.
    fn operation(&self) -> Operation {
        match self {
            Self::Show { .. } => Operation::Identity,
            Self::Protect => Operation::IdentityProtect,
            Self::Unprotect => Operation::IdentityUnprotect,
            Self::Renew { .. } => Operation::IdentityRenew,
            Self::Export { .. } => Operation::IdentityExport,
            Self::Check => Operation::IdentityCheck,
            Self::Import => Operation::IdentityImport,
        }
    }

    fn request(&self, session: &Session) -> Result<Record> {
        let mut request = Record::of([("action", self.action())])?;
        match self {
            Self::Renew { with: Some(file) } => {
                request.push_content(&given::file(file)?)?;
                request.set("file", file.to_string_lossy().into_owned())?;
            }
            Self::Check | Self::Import => request.push_content(&given::typed_or_piped(&session.person)?)?,
            _ => {}
        }
        Ok(request)
    }

    fn tell(&self, helper: &str, answer: &Record) -> Result<()> {
        match self {
            Self::Show { json: true } => terminal::answer(&report::json(helper, answer)?)?,
            Self::Show { json: false } => terminal::tell(&report::table(helper, answer))?,
            Self::Export { output } => return export(output.as_deref(), answer),
            _ => terminal::done(&report::sentence(self, answer)?)?,
        }
        match self {
            Self::Show { .. } => report::problem(answer).map_or(Ok(()), Err)?,
            Self::Renew { .. } => report::afterwards(helper, answer).iter().for_each(|line| terminal::note(line)),
            Self::Import => report::unreadable(answer).iter().for_each(terminal::warning),
            _ => {}
        }
        Ok(())
    }
}

/// Writes to the terminal or a new file, and nowhere else: a pipe or a log might store it.
fn export(output: Option<&Path>, answer: &Record) -> Result<()> {
    let text = answer.content()?.ok_or_else(error::nothing_exported)?;
    if let Some(path) = output {
        files::make(&std::path::absolute(path)?, &text)?;
        return Ok(terminal::done(&report::written(path))?);
    }
    terminal::answer(report::on_paper(&text).as_bytes())?;
    terminal::note(report::CHECK_IT);
    Ok(())
}
