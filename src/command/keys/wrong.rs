//! Names on the command line that have no key.

use anyhow::Result;
use modelforge_credential_protocol::{Error, Reason};

use crate::terminal::warn_once;

/// Collects names that have no key, so that a person hears of all at once.
#[derive(Default)]
pub struct Wrong(Vec<Error>);

impl Wrong {
    /// The answer; `None` if the name has no key. A problem that is not about the name is an error at once.
    pub fn sort_out<T>(&mut self, looked: Result<T>) -> Result<Option<T>> {
        match looked.map_err(|problem| problem.downcast::<Error>()) {
            Ok(looked) => Ok(Some(looked)),
            Err(Ok(problem)) if matches!(problem.reason(), Reason::UnknownProvider | Reason::InvalidRequest) => {
                self.0.push(problem);
                Ok(None)
            }
            Err(Ok(problem)) => Err(problem.into()),
            Err(Err(problem)) => Err(problem),
        }
    }

    /// Reports them. The last one is the error, unless more follow.
    pub fn tell(mut self, is_followed: bool) -> Result<()> {
        let last = if is_followed { None } else { self.0.pop() };
        self.0.iter().for_each(warn_once);
        last.map_or(Ok(()), |problem| Err(problem.into()))
    }
}
