//! A credential at a source: its step in the plan, and its outcome.

use modelforge_credential_protocol::{DEFAULT_ACCOUNT, DESCRIPTION, Error, Record, Result};

use super::error;
use crate::audit::{self, Event};
use crate::request::Request;

/// The plan for a credential.
#[derive(PartialEq, Eq, Clone, Copy)]
pub enum Step {
    /// Store it, then erase it at its source.
    Move,
    /// The target already has the same one: only erase it at its source.
    Erase,
    /// The target has another one, which is preferred: only erase it at its source.
    Drop,
    /// It has expired and cannot be refreshed: only erase it.
    DropExpired,
    /// The target has another one: both stay.
    Conflict,
    /// It has expired and cannot be refreshed: it stays until a person decides.
    Expired,
    /// It could not be read, or cannot be a key: it stays.
    Unusable,
}

/// The outcome of a credential.
pub enum Outcome {
    /// It was moved to these helpers.
    Moved(Vec<String>),
    /// It was erased at its source, because it was already stored or not worth storing.
    Erased,
    /// The same, in these helpers if it was moved; but its source now has another key for it, which was not used before.
    Uncovered(Vec<String>, Error),
    /// It stayed where it was.
    Left(Option<Error>),
}

/// What a source reports about the tool whose credential it is.
#[derive(Clone)]
pub struct Tool {
    pub name: String,
    /// How a person starts the tool, if it gets its key from `exec`.
    pub start: Option<String>,
    /// True if the tool can be configured to ask for its key.
    pub asks: bool,
    /// True if a line in a shell's profile can replace the key.
    pub takes_line: bool,
    /// The variable that the tool reads.
    pub variable: Option<String>,
}

/// A credential at a source.
pub struct Item {
    /// The index of its source.
    pub source: usize,
    pub file: Option<String>,
    pub request: Request,
    /// The tool whose credential it is, if the source knows it.
    pub tool: Option<Tool>,
    pub step: Step,
    /// The place of another key with the same description that comes first. Of two files, it is not certain which is newer.
    pub comes_after: Option<String>,
    /// Why it stays.
    pub problem: Option<Error>,
    /// The credential at its source when the plan was made.
    pub found: Option<Record>,
    /// The helpers that have stored it.
    pub kept_by: Vec<String>,
    /// True if the target may have read the credential from the source: it had it before anything was stored.
    pub may_be_one_place: bool,
    /// The outcome; `None` until something was done.
    pub outcome: Option<Outcome>,
}

impl Step {
    /// True if something is erased at the source.
    pub fn takes(self) -> bool {
        matches!(self, Self::Move | Self::Erase | Self::Drop | Self::DropExpired)
    }
}

impl Outcome {
    /// Adds it to the log.
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

    /// True if the source still has a key for it.
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
    /// What its tool will ask for: `openai` or `openai:work`.
    pub fn word(&self) -> Option<String> {
        let provider = self.request.record.text("provider").filter(|_| self.tool.is_some())?;
        Some(match self.request.record.text("username") {
            None | Some(DEFAULT_ACCOUNT) => provider.to_owned(),
            Some(account) => format!("{provider}:{account}"),
        })
    }

    /// An item about which nothing is known yet.
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

    /// True if the target may have read it from the source: it had the credential before anything was stored.
    pub fn may_be_in_one_place(&self) -> bool {
        self.step == Step::Erase || self.may_be_one_place
    }

    /// A value that is different for every item.
    pub fn key(&self) -> (usize, Option<String>, [Option<Vec<u8>>; 4]) {
        (self.source, self.file.clone(), self.description())
    }

    /// A value that is equal for two items with the same description.
    pub fn description(&self) -> [Option<Vec<u8>>; 4] {
        DESCRIPTION.map(|key| self.request.record.get(key).map(<[u8]>::to_vec))
    }

    /// The whole credential as the source had it.
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

    /// The file, if it is in the current directory: somebody else may have put a key there.
    pub fn file_of_the_folder(&self) -> Option<&str> {
        if self.step != Step::Move {
            return None;
        }
        let folder = std::env::current_dir().ok()?.join(".model-forge");
        self.file.as_deref().filter(|file| std::path::Path::new(file).parent() == Some(&folder))
    }

    /// True if it was moved.
    pub fn is_moved(&self) -> bool {
        match &self.outcome {
            Some(Outcome::Moved(_)) => true,
            Some(Outcome::Uncovered(helpers, _)) => !helpers.is_empty(),
            Some(Outcome::Erased) => self.step == Step::Erase,
            _ => false,
        }
    }

    /// True if it was only erased: it is not worth storing, or another one is stored.
    pub fn is_dropped(&self) -> bool {
        self.outcome.is_some() && !self.is_moved() && !self.is_left()
    }

    /// True if it stayed where it was.
    pub fn is_left(&self) -> bool {
        matches!(self.outcome, Some(Outcome::Left(_)))
    }
}
