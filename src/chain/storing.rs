//! Storing: in the first helper that can store, with reading back. Older copies in other helpers are erased.

use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Error, Record, Result};

use super::about::{description_of, keep_the_credential_alone, with_capabilities};
use super::keeping::{Kept, erase_just, is_about};
use super::{Answer, Asked, Chain, Copies, Failed, Link, Seen};
use crate::chain::error;
use crate::lock::Lock;

/// The result of a store.
#[derive(Default)]
pub struct Stored {
    /// The helpers that have stored it, as reading back showed.
    pub kept_by: Vec<String>,
    /// True if a helper already had the same credential.
    pub was_kept: bool,
    /// Helpers that are asked earlier and return another key.
    pub shadowed_by: Vec<String>,
    /// Helpers that return the same credential from an environment variable.
    pub also_in: Vec<String>,
    /// Failures, and older copies that may be left.
    pub remarks: Vec<Error>,
}

/// The helpers that a store goes to.
#[derive(Default, Clone, Copy)]
struct To<'a> {
    /// Only this helper. Older copies in the others are erased.
    only: Option<&'a str>,
    /// Not these helpers, and nothing is erased from them.
    without: &'a [Failed],
    /// What the helpers had before, if they were asked.
    before: Before<'a>,
}

/// The answers of helpers that were asked under the same lock.
#[derive(Default, Clone, Copy)]
enum Before<'a> {
    #[default]
    Unknown,
    /// Each helper was asked for exactly this credential.
    All(&'a Copies),
    /// These helpers were asked with the original request.
    Some(&'a [Seen]),
}

impl Before<'_> {
    /// What a helper had before; `None` if it is not known.
    fn of(&self, helper: &str, record: &Record) -> Option<Option<&Record>> {
        match self {
            Self::Unknown => None,
            Self::All(copies) => Some(copies.of(helper)),
            Self::Some(seen) => {
                let answer = seen.iter().find(|seen| seen.helper == helper)?.answer.as_ref();
                // An answer for another account or path does not show whether there is one for this account and path.
                let is_it =
                    |found: &&Record| is_about(found, record) && found.get("username") == record.get("username");
                answer.is_none_or(|found| is_it(&found)).then_some(answer)
            }
        }
    }
}

impl Chain {
    /// Stores in the first helper that can store, reads it back, and erases older copies from the others.
    ///
    /// A credential from an environment variable need not be stored.
    pub fn store(&self, record: &Record) -> Result<Stored> {
        let _lock = Lock::wait(record)?;
        self.store_locked(record, false, To::default())
    }

    /// The same, but a helper that returns the credential from an environment variable does not count. With `only`, stores in that helper
    /// alone.
    pub fn store_durably(&self, record: &Record, only: Option<&str>) -> Result<Stored> {
        let _lock = Lock::wait(record)?;
        self.store_locked(record, true, To { only, ..To::default() })
    }

    /// The same for a credential that is moved: it replaces no other unless `replaces` is true, and is not stored in a helper whose content
    /// is unknown.
    pub fn store_moved(&self, record: &Record, replaces: bool) -> Result<Stored> {
        let stored = self.store_moved_each(std::slice::from_ref(record), replaces)?;
        Ok(stored.into_iter().next().unwrap_or_default())
    }

    /// The same for several credentials that are moved. Each must have a different description.
    pub fn store_moved_each(&self, records: &[Record], replaces: bool) -> Result<Vec<Stored>> {
        let _lock = Lock::wait_each(records)?;
        let nothing = Record::new();
        let asked: Vec<_> = records.iter().map(|description| Asked { description, context: &nothing }).collect();
        let before = self.copies_each(&asked, true)?;
        let kept = self.keep_what_is_nowhere(records, &before)?;
        let stored = records.iter().zip(&before).zip(kept).map(|((record, before), kept)| match kept {
            Some(helper) => Ok(Stored { kept_by: vec![helper], ..Stored::default() }),
            None => self.store_moved_locked(record, before, replaces),
        });
        stored.collect()
    }

    fn store_moved_locked(&self, record: &Record, before: &Copies, replaces: bool) -> Result<Stored> {
        if !replaces && before.kept().any(|(_, copy)| !copy.holds_the_same_secrets(record)) {
            return Ok(Stored { remarks: vec![super::migration_conflict(record)], ..Stored::default() });
        }
        let to = To { without: &before.failed, before: Before::All(before), ..To::default() };
        let mut stored = self.store_locked(record, true, to)?;
        stored.was_kept = before.kept().any(|(_, copy)| copy.holds_the_same_secrets(record));
        stored.remarks.splice(..0, before.failed.iter().map(Failed::did_not_keep));
        Ok(stored)
    }

    /// Stores in the first helper the credentials that no helper has, so there are no older copies, and reads them back. Returns the
    /// helper's name for each that it stored. The others are then stored one by one.
    fn keep_what_is_nowhere(&self, records: &[Record], before: &[Copies]) -> Result<Vec<Option<String>>> {
        let mut kept: Vec<Option<String>> = records.iter().map(|_| None).collect();
        let is_nowhere = |before: &Copies| before.found.is_empty() && before.failed.is_empty();
        let first = self.links.first().and_then(|link| Some((link, link.helper(false).ok()?)));
        let Some((link, helper)) = first.filter(|_| records.len() > 1 && !self.store_in_all) else { return Ok(kept) };
        let mut new: Vec<_> = records.iter().zip(before).zip(&mut kept).collect();
        new.retain(|((_, before), _)| is_nowhere(before));
        let records = new.iter().map(|((record, _), _)| to_keep(record)).collect::<Result<Vec<_>>>()?;
        let sent = records.iter().map(with_capabilities).collect::<Result<Vec<_>>>()?;
        let questions = records.iter().map(description_of).collect::<Result<Vec<_>>>()?;
        let stored = helper.store_each(&sent);
        let found = helper.get_each(&questions);
        for (((stored, found), record), (_, kept)) in stored.iter().zip(&found).zip(&records).zip(new) {
            if let (Ok(()), Ok(Some(found))) = (stored, found)
                && let Some(Kept::Yes) = Kept::seen_in(found, record)
            {
                *kept = Some(link.name.clone());
            }
        }
        Ok(kept)
    }

    /// Stores what was just refreshed or obtained by signing in. The caller holds the lock.
    pub(super) fn keep_what_is_new(&self, answer: &mut Answer) -> Result<()> {
        let to = To { before: Before::Some(&answer.seen), ..To::default() };
        let stored = self.store_locked(&answer.record, true, to)?;
        if stored.kept_by.is_empty() {
            answer.remarks.extend(stored.remarks);
            answer.remarks.push(error::refreshed_but_not_kept(&answer.record));
        }
        Ok(())
    }

    fn store_locked(&self, record: &Record, durable: bool, to: To) -> Result<Stored> {
        let record = to_keep(record)?;
        let mut stored = Stored::default();
        let mut earlier = Vec::new();
        let mut untouched = Vec::new();
        for (at, link) in self.links.iter().enumerate() {
            if to.without.iter().any(|failed| failed.helper == link.name) {
                continue;
            }
            if to.only.is_some_and(|only| only != link.name) {
                untouched.push(at);
                continue;
            }
            let before = to.before.of(&link.name, &record);
            let mut left = Vec::new();
            match link.try_to_keep(&record, before, &mut left) {
                Ok(Kept::Yes) => {
                    stored.kept_by.push(link.name.clone());
                    if !self.store_in_all {
                        untouched.extend(at + 1..self.links.len());
                        break;
                    }
                }
                Ok(Kept::InTheEnvironment) if !durable => {
                    stored.kept_by.push(link.name.clone());
                    return Ok(stored);
                }
                Ok(Kept::InTheEnvironment) => {
                    stored.also_in.push(link.name.clone());
                    untouched.push(at);
                }
                Ok(Kept::No) => untouched.push(at),
                Ok(Kept::Other) => {
                    earlier.push(link.name.clone());
                    untouched.push(at);
                }
                Err(problem) => stored.remarks.push(Failed::new(&link.name, problem).did_not_keep()),
            }
            stored.remarks.append(&mut left);
        }
        if stored.kept_by.is_empty() || (self.store_in_all && to.only.is_none()) {
            stored.shadowed_by = earlier;
            return Ok(stored);
        }
        for at in untouched {
            if let Some(link) = self.links.get(at)
                && to.without.iter().all(|failed| failed.helper != link.name)
            {
                stored.remarks.extend(link.erase_older(&record, &mut earlier));
            }
        }
        stored.shadowed_by = earlier;
        Ok(stored)
    }
}

/// The credential in the form in which it is stored.
fn to_keep(record: &Record) -> Result<Record> {
    let mut record = record.clone();
    keep_the_credential_alone(&mut record);
    if record.has("provider") && !record.has("username") {
        record.set("username", DEFAULT_ACCOUNT)?;
    }
    record.name_the_account()?;
    Ok(record)
}

impl Failed {
    fn did_not_keep(&self) -> Error {
        error::helper_did_not_keep(&self.helper, &self.failure)
    }

    fn may_hold_an_older_copy(&self) -> Error {
        error::older_copy_left(&self.helper, &self.failure)
    }
}

impl Link {
    /// Erases the older copy after the credential was stored in another helper. The erase names the older secret, because no path means any
    /// path, and a credential for another path is not an older copy.
    fn erase_older(&self, record: &Record, earlier: &mut Vec<String>) -> Option<Error> {
        let failed = |problem: Error| Some(Failed::new(&self.name, problem).may_hold_an_older_copy());
        let question = description_of(record).ok()?;
        let helper = match self.helper(false) {
            Ok(helper) => helper,
            Err(_) if !self.is_installed() => return None,
            Err(problem) => return failed(problem),
        };
        let found = match helper.get(&question) {
            Ok(found) => found?,
            Err(problem) => return failed(problem),
        };
        match helper.known_capabilities() {
            Ok(capabilities) if capabilities.foreign => return Some(error::plain_text_left(record)),
            Ok(_) => {}
            Err(problem) => return failed(problem),
        }
        if found.is_true("ephemeral") || !is_about(&found, record) {
            return None;
        }
        match erase_just(helper, &question, &found) {
            Err(problem) => failed(problem),
            Ok(()) => {
                // A copy that is gone no longer takes precedence.
                if let Some(at) = earlier.iter().position(|name| *name == self.name)
                    && matches!(helper.get(&question), Ok(None))
                {
                    earlier.remove(at);
                }
                None
            }
        }
    }
}
