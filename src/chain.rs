//! The chain: the helpers in the configured order. It uses only their trait, so it does not matter whether a helper is a process.

mod about;
mod copies;
mod erasing;
pub mod error;
mod keeping;
mod listing;
mod storing;
mod together;

use std::sync::atomic::{AtomicBool, Ordering};

use modelforge_credential_client::Failure;
use modelforge_credential_protocol::{
    ABOUT_THE_COPY, Capabilities, DEFAULT_ACCOUNT, Error, Helper, Reason, Record, Result,
};

use crate::error::{PROGRAM, name_of};
use crate::lock::Lock;
use crate::request::Request;
use about::{SOON, is_complete, is_expired_in, question};

pub use about::{is_expired, now};
pub use copies::{Asked, Copies, Inventory, Left};
pub use erasing::{Erase, Erased};
pub use listing::ListOf;
pub use storing::Stored;

/// How many credentials a command passes on at once. A person sees the progress in between, and each credential has a lock.
pub const TOGETHER: usize = 250;

/// A link of the chain: one helper.
pub struct Link {
    /// Its name in messages.
    pub name: String,
    /// The helper without a person present; a failure if it could not be found.
    pub helper: std::result::Result<Box<dyn Helper + Send + Sync>, Failure>,
    /// The same helper with a person present.
    pub attended: Option<Box<dyn Helper + Send + Sync>>,
    /// True if it failed although a person was there.
    is_beyond_help: AtomicBool,
}

/// A helper of the chain that could not be asked or failed.
#[derive(Debug, Clone)]
pub struct Failed {
    /// Its name in messages.
    pub helper: String,
    pub failure: Failure,
}

impl Failed {
    fn new(helper: &str, problem: impl Into<Failure>) -> Self {
        Self { helper: helper.to_owned(), failure: problem.into() }
    }
}

/// The kind of problem if all of these failed.
pub fn reason_of(failed: &[Failed]) -> Reason {
    Reason::of_all(failed.iter().map(|failed| failed.failure.kind()))
}

impl From<&Failed> for Error {
    fn from(failed: &Failed) -> Self {
        error::helper_failed(&failed.helper, &failed.failure)
    }
}

/// The helpers in the order in which they are asked.
pub struct Chain {
    links: Vec<Link>,
    /// True to store in every helper instead of the first one that can.
    store_in_all: bool,
}

/// The answer of the chain, and the problems on the way.
#[derive(Default)]
pub struct Answer {
    /// The request together with everything that the helpers added.
    pub record: Record,
    /// True if it is complete.
    pub complete: bool,
    /// The helper that completed it.
    pub helper: Option<String>,
    /// A helper that ended the search (`quit`).
    pub quit: Option<String>,
    /// Helpers that could not be asked. They may have the credential.
    pub failed: Vec<Failed>,
    /// Remarks that a person should see in any case.
    pub remarks: Vec<Error>,
    /// The answers of the earlier helpers, for a store under the same lock.
    pub seen: Vec<Seen>,
}

/// The answer of one helper, which may be that it has nothing.
pub struct Seen {
    pub helper: String,
    pub answer: Option<Record>,
}

impl Chain {
    pub fn new(links: Vec<Link>, store_in_all: bool) -> Self {
        Self { links, store_in_all }
    }

    /// Asks the helpers in order until the credential is complete. If an expired one has to be replaced, only one process at a time does
    /// that, and the result is stored.
    pub fn get(&self, request: &Request) -> Result<Answer> {
        let (answer, expired) = self.ask(request, false, true);
        if !expired {
            return Ok(answer);
        }
        // Another process may be refreshing it now. After waiting for that, ask again to find the new token.
        let _lock = Lock::wait(&request.record)?;
        let (mut answer, expired) = self.ask(request, false, false);
        if expired && answer.complete && !answer.record.is_true("ephemeral") {
            self.keep_what_is_new(&mut answer)?;
        }
        Ok(answer)
    }

    /// Asks again, now with a person present, who may have to unlock something.
    pub fn get_attended(&self, request: &Request) -> Result<Answer> {
        let _lock = Lock::wait(&request.record)?;
        let (mut answer, expired) = self.ask(request, true, false);
        // Store what a person just signed in for, even if the caller never approves it.
        let is_new = || {
            expired
                || self
                    .links
                    .iter()
                    .any(|link| answer.helper.as_ref() == Some(&link.name) && link.capabilities().generates)
        };
        if answer.complete && is_new() && !answer.record.is_true("ephemeral") {
            self.keep_what_is_new(&mut answer)?;
        }
        Ok(answer)
    }

    /// Goes through the chain once, and returns whether it met an expired secret. With `stop`, it stops at such a secret if more helpers
    /// follow.
    fn ask(&self, request: &Request, attended: bool, stop: bool) -> (Answer, bool) {
        let mut answer = Answer { record: request.record.clone(), ..Answer::default() };
        let mut expired = false;
        let mut still_good = None;
        for (at, link) in self.links.iter().enumerate() {
            let found =
                link.helper(attended).and_then(|helper| helper.get(&question(&answer.record, &request.context)?));
            let found = match found {
                Ok(Some(found)) => found,
                Ok(None) => {
                    answer.see(link, None, stop);
                    continue;
                }
                Err(problem) => {
                    answer.failed.push(Failed::new(&link.name, problem));
                    continue;
                }
            };
            let quit = found.is_true("quit");
            let others_follow = at + 1 < self.links.len();
            let found = match answer.take(found, request) {
                Ok(Some(found)) => found,
                Ok(None) => continue,
                Err(problem) => {
                    answer.failed.push(Failed::new(&link.name, problem));
                    continue;
                }
            };
            answer.see(link, Some(&found), stop);
            let ends_soon =
                others_follow && answer.record.has("oauth_refresh_token") && is_expired_in(&answer.record, SOON);
            if ends_soon || is_expired(&answer.record) {
                expired = true;
                if !is_expired(&answer.record) {
                    still_good = Some((answer.record.clone(), link.name.clone()));
                }
                for key in ["password", "credential", "authtype", "password_expiry_utc"] {
                    answer.record.remove(key);
                }
                if stop && others_follow {
                    return (answer, true);
                }
            }
            if answer.is_completed_by(link, request) {
                // This helper generated the credential: it had no copy.
                answer.seen.pop();
                break;
            }
            if quit {
                answer.quit = Some(link.name.clone());
                break;
            }
        }
        // It could not be refreshed, but is still valid for a few seconds.
        if let (false, Some((record, helper))) = (answer.complete, still_good) {
            answer = Answer { record, helper: Some(helper), complete: true, ..answer };
            expired = false;
        }
        answer.name_the_usual_account(request);
        (answer, expired)
    }

    /// True if a helper generates credentials and stores none, so it is asked only when a person signs in.
    pub fn generates(&self, helper: &str) -> bool {
        self.links.iter().any(|link| link.name == helper && link.capabilities().generates)
    }

    /// True if the chain is one helper that stores nothing. With more helpers, each would have to be asked.
    pub fn keeps_nothing(&self) -> bool {
        matches!(self.links.as_slice(), [only] if only.helper.is_ok() && !only.capabilities().keeps())
    }

    /// The links, for commands that show what each helper has.
    pub fn links(&self) -> &[Link] {
        &self.links
    }
}

impl Answer {
    /// Adds what a helper found to the answer, and returns it. A provider's key belongs to its own URL: `None` if it is for a path that was
    /// not requested.
    fn take(&mut self, mut found: Record, request: &Request) -> Result<Option<Record>> {
        if request.by_path && found.has("path") && !self.record.has("path") {
            return Ok(None);
        }
        found.retain(|key| !ABOUT_THE_COPY.contains(&key) && !matches!(key, "capability[]" | "quit" | "reason"));
        self.record.merge(&found)?;
        Ok(Some(found))
    }

    /// True if the credential is complete with the answer of this helper.
    fn is_completed_by(&mut self, link: &Link, request: &Request) -> bool {
        self.complete = is_complete(&self.record, request);
        if self.complete {
            self.helper = Some(link.name.clone());
        }
        self.complete
    }

    /// A helper may leave out the name of the default account.
    fn name_the_usual_account(&mut self, request: &Request) {
        if self.complete && request.provider.is_some() && !self.record.has("username") {
            let _ = self.record.set("username", DEFAULT_ACCOUNT);
        }
    }

    /// Remembers the answer of a helper. With `stop`, nothing will be stored, so it is not needed.
    fn see(&mut self, link: &Link, answer: Option<&Record>, stop: bool) {
        if !stop {
            self.seen.push(Seen { helper: link.name.clone(), answer: answer.cloned() });
        }
    }
}

impl Link {
    /// A helper with its name in messages; `attended` is the same helper with a person present.
    pub fn new(
        name: String,
        helper: std::result::Result<Box<dyn Helper + Send + Sync>, Failure>,
        attended: Option<Box<dyn Helper + Send + Sync>>,
    ) -> Self {
        Self { name, helper, attended, is_beyond_help: AtomicBool::new(false) }
    }

    /// What the helper says about itself.
    pub fn capabilities(&self) -> Capabilities {
        self.helper.as_ref().map(|helper| helper.capabilities()).unwrap_or_default()
    }

    /// The same, for operations that need a certain answer.
    fn known_capabilities(&self) -> Result<Capabilities> {
        self.helper(false)?.known_capabilities()
    }

    /// False if the helper is not on this machine, for example in a configuration that several machines share. Nothing can be asked of it,
    /// or removed from it, here.
    pub fn is_installed(&self) -> bool {
        !matches!(&self.helper, Err(Failure::HelperMissing { .. } | Failure::ProgramMissing(_)))
    }

    /// The helper, or why there is none.
    pub fn helper(&self, attended: bool) -> Result<&(dyn Helper + Send + Sync)> {
        match (&self.helper, &self.attended) {
            (Ok(_), Some(helper)) if attended => Ok(&**helper),
            (Ok(helper), _) => Ok(&**helper),
            (Err(failure), _) => Err(failure.clone().into()),
        }
    }

    /// Calls the helper for all of these. If some fail and `help` allows it, tries again with a person present: first with one of them, or
    /// with one group. If that fails too, or failed before, it does not try the rest with a person.
    fn each<Q: Clone, T>(
        &self,
        all: &[Q],
        help: bool,
        act: impl Fn(&(dyn Helper + Send + Sync), &[Q]) -> Vec<Result<T>>,
    ) -> Vec<Result<T>> {
        let mut outcomes = match self.helper(false) {
            Ok(helper) => act(helper, all),
            Err(problem) => return all.iter().map(|_| Err(problem.clone())).collect(),
        };
        let (failed, places): (Vec<Q>, Vec<_>) = (all.iter().zip(&mut outcomes))
            .filter(|(_, outcome)| outcome.is_err())
            .map(|(one, outcome)| (one.clone(), outcome))
            .unzip();
        let may_help = help && !failed.is_empty() && !self.is_beyond_help.load(Ordering::Relaxed);
        let Some(helper) = self.attended.as_deref().filter(|_| may_help) else { return outcomes };
        let at_once = if self.capabilities().each { TOGETHER } else { 1 };
        let (first, rest) = failed.split_at(at_once.min(failed.len()));
        let mut again = act(helper, first);
        if again.iter().any(Result::is_ok) {
            again.extend(act(helper, rest));
        } else {
            self.is_beyond_help.store(true, Ordering::Relaxed);
        }
        places.into_iter().zip(again).for_each(|(place, again)| *place = again);
        outcomes
    }

    /// Tries without a person first. If that fails and a person is present, tries again with them.
    fn with_or_without_a_person<T>(&self, act: impl Fn(&(dyn Helper + Send + Sync)) -> Result<T>) -> Result<T> {
        match (self.helper(false).and_then(&act), &self.attended) {
            (Err(_), Some(helper)) if self.helper.is_ok() => act(&**helper),
            (outcome, _) => outcome,
        }
    }
}

pub fn migration_conflict(request: &Record) -> Error {
    let provider = request.text("provider").unwrap_or("PROVIDER");
    Error::new(format!("a different key is already stored for {}, so neither was changed", name_of(request))).hint(
        format!(
            "{PROGRAM} migrate --provider {provider} --prefer source  # moves this one; --prefer target keeps the other"
        ),
    )
}
