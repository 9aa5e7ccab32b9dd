//! A credential of a source: what is to be done with it, and what came of that.

use modelforge_credential_protocol::{DEFAULT_ACCOUNT, DESCRIPTION, Error, Record, Result};

use super::error;
use crate::audit::{self, Event};
use crate::request::Request;

/// The plan for a credential.
#[derive(PartialEq, Eq, Clone, Copy)]
pub enum Step {
    /// Store it, then erase it at its source.
    Move,
    /// The target holds the same already: only erase it at its source.
    Erase,
    /// The target holds another one, which is the one to keep: only erase it at its source.
    Drop,
    /// It has expired and cannot be renewed: only erase it.
    DropExpired,
    /// The target holds another one: both stay.
    Conflict,
    /// It has expired and cannot be renewed: it stays until a person says otherwise.
    Expired,
    /// It could not be read, or cannot be a key: it stays.
    Unusable,
}

/// The outcome of a credential.
pub enum Outcome {
    /// It is in these helpers now, and no longer at its source.
    Moved(Vec<String>),
    /// It is no longer at its source, and was kept already or not worth keeping.
    Erased,
    /// The same, in these helpers if it was moved; and another key for it is at its source now, which nobody used.
    Uncovered(Vec<String>, Error),
    /// It is where it was.
    Left(Option<Error>),
}

/// What a source says of the tool that a credential is taken from.
#[derive(Clone)]
pub struct Tool {
    pub name: String,
    /// How a person starts it, if it is to get its key from `exec`.
    pub start: Option<String>,
    /// True if it asks for its key itself, once it was told to.
    pub asks: bool,
    /// True if a line of a shell can take its place.
    pub takes_line: bool,
    /// The variable that it reads.
    pub variable: Option<String>,
}

/// A credential of a source.
pub struct Item {
    /// Which of the sources.
    pub source: usize,
    pub file: Option<String>,
    pub request: Request,
    /// The tool that it is taken from, where the source knows it.
    pub tool: Option<Tool>,
    pub step: Step,
    /// Where another key for the same comes from, which is looked at first: between two files, none is newer for certain.
    pub comes_after: Option<String>,
    /// Why it stays.
    pub problem: Option<Error>,
    /// The credential in the source when the plan was made.
    pub found: Option<Record>,
    /// The helpers that keep it since it was stored.
    pub kept_by: Vec<String>,
    /// True if what answers at the target may be the source itself: it did so before anything was stored.
    pub may_be_one_place: bool,
    /// The outcome; `None` as long as nothing was done.
    pub outcome: Option<Outcome>,
}

impl Step {
    /// True if something is taken out of the source.
    pub fn takes(self) -> bool {
        matches!(self, Self::Move | Self::Erase | Self::Drop | Self::DropExpired)
    }
}

impl Outcome {
    /// Writes it into the log.
    pub fn log(&self, event: &mut Event) {
        match self {
            Self::Moved(helpers) => {
                event.helper(&helpers.join(", "));
                event.outcome(audit::Outcome::Moved);
            }
            Self::Uncovered(helpers, _) if !helpers.is_empty() => Self::Moved(helpers.clone()).log(event),
            Self::Erased | Self::Uncovered(..) => event.outcome(audit::Outcome::Erased),
            Self::Left(_) => event.outcome(audit::Outcome::Left),
        }
    }

    /// True if a key for it is still at its source.
    pub fn leaves_one(&self) -> bool {
        matches!(self, Self::Left(_) | Self::Uncovered(..))
    }
}

impl Tool {
    pub fn of(listed: &Record) -> Option<Self> {
        let text = |key| listed.text(key).map(str::to_owned);
        let (start, variable) = (text("start"), text("tool_variable"));
        let (asks, takes_line) = (listed.is_true("asks"), listed.is_true("shell_line"));
        Some(Self { name: text("tool")?, start, asks, takes_line, variable })
    }
}

impl Item {
    /// What its tool is to ask by: `openai`, `openai:work`.
    pub fn word(&self) -> Option<String> {
        let provider = self.request.record.text("provider").filter(|_| self.tool.is_some())?;
        Some(match self.request.record.text("username") {
            None | Some(DEFAULT_ACCOUNT) => provider.to_owned(),
            Some(account) => format!("{provider}:{account}"),
        })
    }

    /// One of which nothing is known yet.
    pub fn new(source: usize, file: Option<String>, request: Request) -> Self {
        Self {
            source,
            file,
            request,
            tool: None,
            step: Step::Unusable,
            comes_after: None,
            problem: None,
            found: None,
            kept_by: Vec::new(),
            may_be_one_place: false,
            outcome: None,
        }
    }

    /// True if what the target has may be the source's own: it had it before anything was stored.
    pub fn may_be_in_one_place(&self) -> bool {
        self.step == Step::Erase || self.may_be_one_place
    }

    /// Tells it from every other.
    pub fn key(&self) -> (usize, Option<String>, [Option<Vec<u8>>; 4]) {
        (self.source, self.file.clone(), self.description())
    }

    /// Two items for the same have this in common.
    pub fn description(&self) -> [Option<Vec<u8>>; 4] {
        DESCRIPTION.map(|key| self.request.record.get(key).map(<[u8]>::to_vec))
    }

    /// The whole credential, as it was at its source.
    pub fn credential(&self) -> Result<Record> {
        let mut record = self.request.record.clone();
        self.found.as_ref().map_or(Ok(()), |found| record.merge(found))?;
        Ok(record)
    }

    /// Why it stays, if it does.
    pub fn why(&self) -> Option<Error> {
        self.problem.clone().or_else(|| match self.step {
            Step::Conflict => Some(error::migration_conflict(&self.request.record)),
            Step::Expired => Some(error::expired_and_left(&self.request.record)),
            _ => None,
        })
    }

    /// The file that it is moved from, if that is in the folder that the person stands in: somebody else may have put any key there.
    pub fn file_of_the_folder(&self) -> Option<&str> {
        if self.step != Step::Move {
            return None;
        }
        let folder = std::env::current_dir().ok()?.join(".model-forge");
        self.file.as_deref().filter(|file| std::path::Path::new(file).parent() == Some(&folder))
    }

    /// True if it is in the target now, and no longer at its source.
    pub fn is_moved(&self) -> bool {
        match &self.outcome {
            Some(Outcome::Moved(_)) => true,
            Some(Outcome::Uncovered(helpers, _)) => !helpers.is_empty(),
            Some(Outcome::Erased) => self.step == Step::Erase,
            _ => false,
        }
    }

    /// True if it was only erased: it is not worth keeping, or another one is kept.
    pub fn is_dropped(&self) -> bool {
        self.outcome.is_some() && !self.is_moved() && !self.is_left()
    }

    /// True if it is where it was.
    pub fn is_left(&self) -> bool {
        matches!(self.outcome, Some(Outcome::Left(_)))
    }
}
