//! Stores a credential in one helper, or leaves the helper as it was.

use std::cell::RefCell;

use modelforge_credential_client::Failure;
use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Error, Helper, REDACTED, Record, Result};

use super::Link;
use super::about::{
    WHICH_SECRET, description_of, holds_the_same, keep_the_credential_alone, with_capabilities, with_those_of,
};
use crate::chain::error;

pub(super) enum Kept {
    Yes,
    /// The helper returns the same credential, but from an environment variable.
    InTheEnvironment,
    /// The helper returns another credential, as it did before.
    Other,
    No,
}

impl Kept {
    /// What an answer says about the stored credential; `None` if it is for another credential, or has other secrets.
    pub(super) fn seen_in(found: &Record, record: &Record) -> Option<Self> {
        let is_it = is_about(found, record) && holds_the_same(found, record);
        is_it.then(|| if found.is_true("ephemeral") { Self::InTheEnvironment } else { Self::Yes })
    }
}

impl Link {
    /// Stores, and reads back. If the helper then has neither the new credential nor what it had before, the older one is stored again, or
    /// the new one is erased; `remarks` say if that failed. `before` is what the helper had, if known.
    pub(super) fn try_to_keep(
        &self,
        record: &Record,
        before: Option<Option<&Record>>,
        remarks: &mut Vec<Error>,
    ) -> Result<Kept> {
        let question = description_of(record)?;
        let sent = with_capabilities(record)?;
        let left = RefCell::new(None);
        let outcome = self.with_or_without_a_person(|helper| {
            let look = || helper.get(&question).map(|found| found.filter(|found| is_about(found, record)));
            let before = match before {
                Some(known) => Some(known.cloned()),
                // Without the password, nothing shows that the user name is a token, and a trace would print it.
                None if record.shown("username").as_deref() == Some(REDACTED) => None,
                None => match look() {
                    Err(problem) if matches!(Failure::from(problem.clone()), Failure::TooSlow(_)) => {
                        return Err(problem);
                    }
                    held => held.ok(),
                },
            };
            let found = helper.store(&sent).and_then(|()| look());
            if let Ok(Some(found)) = &found
                && let Some(kept) = Kept::seen_in(found, record)
            {
                return Ok(kept);
            }
            let Some(before) = before else { return found.map(|found| other(found.as_ref())) };
            let is_as_before = matches!(&found, Ok(found) if is_the_same(found.as_ref(), before.as_ref()));
            if !is_as_before {
                left.replace(put_back(helper, &question, before.as_ref()).err().map(|()| before.is_some()));
            }
            found.map(|_| other(before.as_ref()))
        });
        match left.take() {
            Some(true) => remarks.push(error::not_put_back(&self.name)),
            Some(false) => remarks.push(error::not_taken_out(&self.name)),
            None => {}
        }
        outcome
    }
}

/// The result for a helper that did not store the credential.
fn other(found: Option<&Record>) -> Kept {
    if found.is_some_and(Record::has_secret) { Kept::Other } else { Kept::No }
}

/// True if an answer is about this credential. To a helper, no path means any path, and no user name any user. A credential for another
/// path or account is another one.
pub(super) fn is_about(found: &Record, record: &Record) -> bool {
    let is_of_the_account = record.has("username") || found.text("username").is_none_or(|name| name == DEFAULT_ACCOUNT);
    is_of_the_account && (!found.has("path") || found.get("path") == record.get("path"))
}

fn is_the_same(one: Option<&Record>, other: Option<&Record>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.holds_the_same_secrets(other) && one.expiry() == other.expiry(),
        (one, other) => !one.is_some_and(Record::has_secret) && !other.is_some_and(Record::has_secret),
    }
}

/// Restores the helper's previous credential.
fn put_back(helper: &dyn Helper, question: &Record, before: Option<&Record>) -> std::result::Result<(), ()> {
    let look = || helper.get(question).map(|found| found.filter(|found| is_about(found, question)));
    let is_there = |found: &Result<Option<Record>>| matches!(found, Ok(found) if is_the_same(found.as_ref(), before));
    let found = look();
    if is_there(&found) {
        return Ok(());
    }
    let undone = match (before, found) {
        (Some(before), _) => {
            let mut record = question.clone();
            record.merge(before).and_then(|()| {
                keep_the_credential_alone(&mut record);
                helper.store(&with_capabilities(&record)?)
            })
        }
        (None, Ok(Some(found))) => erase_just(helper, question, &found),
        (None, _) if stands_alone(helper, question) => helper.erase(question),
        (None, _) => return Err(()),
    };
    if undone.is_ok() && is_there(&look()) { Ok(()) } else { Err(()) }
}

/// Erases only the credential with these secrets: a description without a path matches any path.
pub(super) fn erase_just(helper: &dyn Helper, question: &Record, found: &Record) -> Result<()> {
    let copy = with_those_of(question, found, &WHICH_SECRET)?;
    if is_for_one(helper, &copy) { helper.erase(&copy) } else { Err(error::cannot_be_told_apart()) }
}

/// Says whether an erase removes at most one credential: if it holds only a refresh token, an erase cannot name its secret.
pub(super) fn is_for_one(helper: &dyn Helper, copy: &Record) -> bool {
    copy.names_secret() || stands_alone(helper, copy)
}

/// True if an erase without a secret can remove at most one credential.
fn stands_alone(helper: &dyn Helper, question: &Record) -> bool {
    let is_another = |record: &Record| record.matches(question) && record.has("path");
    question.has("username")
        && (question.has("path")
            || matches!(helper.list(&Record::new()), Ok(Some(listed)) if !listed.iter().any(is_another)))
}
