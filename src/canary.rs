//! Tries a helper with a test credential: stores it, reads it back, compares it, erases it, and asks for it again. It is erased in any
//! case, together with what an earlier check may have left when it was killed.

use std::sync::atomic::{AtomicUsize, Ordering};

use modelforge_credential_client::Failure;
use modelforge_credential_conformance::ThrowAway;
use modelforge_credential_protocol::{Error, Helper, Record, Result, Shell};

use crate::error::PROGRAM;

/// The credential is for `https://canary.invalid`.
const NAME: &str = "canary";

/// How often to try again to erase it after a signal.
const RETRIES: usize = 3;

/// The result.
#[derive(Debug, PartialEq)]
pub enum Canary {
    /// The helper only answers, so it was not tried.
    NotTried,
    /// The helper accepted the credential without an error, but did not store it.
    KeepsNothing,
    /// It stored, returned and erased the credential.
    Kept,
}

/// What is wrong with the helper.
#[derive(Debug, Clone)]
pub enum Fault {
    /// It failed, and nothing is left in it.
    Failed(Failure),
    /// It returned another credential.
    Changed,
    /// It answers requests for any URL.
    Unasked,
    /// It may still have the credential.
    Left(Option<Failure>),
    /// A signal came before the test was complete.
    Interrupted,
}

impl Fault {
    /// True if the credential may be left in the helper.
    pub fn leaves_it(&self) -> bool {
        matches!(self, Self::Left(_))
    }
}

impl From<&Fault> for Error {
    fn from(fault: &Fault) -> Self {
        match fault {
            Fault::Failed(failure) => failure.clone().into(),
            Fault::Changed => Self::new("it returned another credential than the stored one"),
            Fault::Unasked => {
                Self::new("it returned a credential for a host that does not exist: it answers every request")
            }
            Fault::Left(reason) => {
                let reason = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
                let what = "it may still have the test credential for `https://canary.invalid`";
                Self::new(format!("{what}{reason}")).hint(
                    Shell::of_the_person().with_line("url=https://canary.invalid", format_args!("{PROGRAM} erase")),
                )
            }
            Fault::Interrupted => Self::new("the check was interrupted"),
        }
    }
}

impl From<Error> for Fault {
    fn from(problem: Error) -> Self {
        Self::Failed(problem.into())
    }
}

/// A test credential for other uses. `user` is the beginning of its user name.
pub fn throw_away(user: &str) -> ThrowAway {
    ThrowAway::at(NAME, user)
}

/// Its URL.
pub fn place() -> Result<Record> {
    throw_away("").place()
}

/// Asks a helper for a URL that nobody has used before. It should have no answer.
pub fn ask(helper: &dyn Helper) -> std::result::Result<(), Fault> {
    let mut question = ThrowAway::new("nobody").place()?;
    question.push("capability[]", "authtype")?;
    match helper.get(&question)?.is_some_and(|found| found.has_secret()) {
        true => Err(Fault::Unasked),
        false => Ok(()),
    }
}

/// Tests a helper.
pub fn check(helper: &dyn Helper, stores: bool, interrupted: &AtomicUsize) -> std::result::Result<Canary, Fault> {
    if !stores || interrupted.load(Ordering::Relaxed) != 0 {
        return ask(helper).map(|()| Canary::NotTried);
    }
    let canary = throw_away("doctor");
    let (question, canary) = (canary.description()?, canary.credential()?);
    let stored = helper.store(&canary);
    let read_back = match &stored {
        Ok(()) if interrupted.load(Ordering::Relaxed) == 0 => read_back(helper, &question, &canary),
        Ok(()) => Err(Fault::Interrupted),
        Err(problem) => Err(problem.clone().into()),
    };
    // Without the account, so that an older one is erased as well.
    let mut erased = helper.erase(&place()?);
    let is_there = || !matches!(helper.get(&question), Ok(None));
    for _ in 0..RETRIES {
        // Ctrl-C also ends a helper that has just been started.
        if erased.is_ok() || interrupted.load(Ordering::Relaxed) == 0 || !is_there() {
            break;
        }
        erased = helper.erase(&place()?);
    }
    // A helper that refused to store has nothing to erase, and usually refuses that as well. One that was stopped may have stored it.
    let may_be_there = match stored.map_err(Failure::from) {
        Ok(()) | Err(Failure::TooSlow(_)) => true,
        Err(_) => false,
    };
    match (erased, helper.get(&question)) {
        (_, Ok(Some(found))) if found.has_secret() => match found.matches_secret(&canary) {
            true => Err(Fault::Left(None)),
            false => Err(Fault::Unasked),
        },
        (Err(problem), left) if may_be_there && !matches!(left, Ok(None)) => Err(Fault::Left(Some(problem.into()))),
        (_, Err(problem)) if may_be_there => Err(Fault::Left(Some(problem.into()))),
        _ => read_back,
    }
}

fn read_back(helper: &dyn Helper, question: &Record, canary: &Record) -> std::result::Result<Canary, Fault> {
    match helper.get(question)?.filter(Record::has_secret) {
        None => Ok(Canary::KeepsNothing),
        Some(found) if found.matches_secret(canary) => Ok(Canary::Kept),
        Some(_) => Err(Fault::Changed),
    }
}
