//! Erasing: from every helper, because each may have a copy of the secret.

use modelforge_credential_protocol::{ABOUT_THE_COPY, Capabilities, Error, Helper, Record, Result};

use super::about::{with_capabilities, with_those_of};
use super::keeping::erase_just;
use super::{Chain, Failed};
use crate::chain::error;
use crate::lock::Lock;
use crate::providers::Providers;

/// A credential to erase.
#[derive(Clone, Copy)]
pub struct Erase<'a> {
    description: &'a Record,
    /// True if other providers have the same host: the keys for their paths stay.
    shares_host: bool,
}

impl<'a> Erase<'a> {
    /// A user's credential.
    pub fn of(description: &'a Record, providers: &Providers) -> Self {
        Self { description, shares_host: providers.share_the_host_of(description) }
    }

    /// A credential for a URL that belongs to no provider.
    pub fn of_no_provider(description: &'a Record) -> Self {
        Self { description, shares_host: false }
    }
}

/// The result of an erase.
#[derive(Default)]
pub struct Erased {
    /// Helpers that may still have the secret.
    pub failed: Vec<Failed>,
    /// Copies that this program must not erase.
    pub remarks: Vec<Error>,
}

impl Chain {
    /// Erases from every helper, but not from the files of other programs.
    pub fn erase(&self, erase: Erase) -> Result<Erased> {
        Ok(self.erase_from(&[erase], false)?.pop().unwrap_or_default())
    }

    /// Erases from every helper, and from the files of other programs, because a person asked for it.
    pub fn erase_everywhere(&self, erase: Erase) -> Result<Erased> {
        Ok(self.erase_everywhere_each(&[erase])?.pop().unwrap_or_default())
    }

    /// The same for several credentials, with the result of each.
    pub fn erase_everywhere_each(&self, erase: &[Erase]) -> Result<Vec<Erased>> {
        self.erase_from(erase, true)
    }

    fn erase_from(&self, erase: &[Erase], consent: bool) -> Result<Vec<Erased>> {
        let _lock = Lock::wait_each(erase.iter().map(|one| one.description))?;
        let questions = erase.iter().map(|one| Question::of(one, consent)).collect::<Result<Vec<_>>>()?;
        let mut results: Vec<Erased> = erase.iter().map(|_| Erased::default()).collect();
        for link in &self.links {
            let capabilities = if consent { Ok(Capabilities::default()) } else { link.known_capabilities() };
            let Ok(capabilities) = capabilities.inspect_err(|problem| {
                // It may be the file of another program, so it is not changed.
                results.iter_mut().for_each(|result| result.failed.push(Failed::new(&link.name, problem.clone())));
            }) else {
                continue;
            };
            if capabilities.foreign {
                for (question, result) in questions.iter().zip(&mut results) {
                    if matches!(link.helper(false).and_then(|helper| helper.get(&question.record)), Ok(Some(_))) {
                        result.remarks.push(error::plain_text_left(&question.record));
                    }
                }
                continue;
            }
            for (erased, result) in link.each(&questions, true, erase_each).into_iter().zip(&mut results) {
                result.failed.extend(erased.err().map(|problem| Failed::new(&link.name, problem)));
            }
        }
        Ok(results)
    }
}

/// An erase as it is sent to helpers.
#[derive(Clone)]
struct Question {
    record: Record,
    /// True if only copies without a path are erased.
    without_path: bool,
}

impl Question {
    fn of(erase: &Erase, consent: bool) -> Result<Self> {
        let mut record = with_capabilities(erase.description)?;
        record.retain(|key| !ABOUT_THE_COPY.contains(&key) && !matches!(key, "quit" | "wwwauth[]"));
        if consent {
            record.set("consent", "1")?;
        }
        Ok(Self { without_path: erase.shares_host && !record.has("path"), record })
    }
}

fn erase_each(helper: &(dyn Helper + Send + Sync), questions: &[Question]) -> Vec<Result<()>> {
    let together = questions.iter().filter(|question| !question.without_path);
    let mut erased =
        helper.erase_each(&together.map(|question| question.record.clone()).collect::<Vec<_>>()).into_iter();
    let outcomes = questions.iter().map(|question| match question.without_path {
        true => erase_without_path(helper, &question.record),
        false => erased.next().unwrap_or_else(|| Err("it did not report whether the credential was erased".into())),
    });
    outcomes.collect()
}

/// To a helper, no path means any path. If other providers use other paths of the host, this erases only copies without a path, by their
/// secrets.
fn erase_without_path(helper: &dyn Helper, question: &Record) -> Result<()> {
    let mut description = question.clone();
    description.retain(|key| !matches!(key, "password" | "credential" | "provider"));
    for _ in 0..MOST_ACCOUNTS {
        let Some(found) = helper.get(&description)?.filter(|found| found.has_secret()) else { return Ok(()) };
        if found.has("path") || found.is_true("ephemeral") || !found.matches_secret(question) {
            return Ok(());
        }
        erase_just(helper, &with_those_of(&description, &found, &["username"])?, &found)?;
    }
    Err("it still returns the credential after `erase`".into())
}

/// More accounts of one provider than anyone has.
const MOST_ACCOUNTS: usize = 100;
