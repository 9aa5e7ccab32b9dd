//! Erasing: from every helper, for a secret may be left in each.

use modelforge_credential_protocol::{ABOUT_THE_COPY, Error, Helper, Record, Result};

use super::about::with_capabilities;
use super::{Chain, Failed};
use crate::chain::error;
use crate::lock::Lock;

/// The result of an erase.
#[derive(Default)]
pub struct Erased {
    /// Helpers in which a secret may be left.
    pub failed: Vec<Failed>,
    /// Copies that are not this program's to erase.
    pub remarks: Vec<Error>,
}

impl Chain {
    /// Erases from every helper, but not from the files of other programs. Where other providers share the host, those of their paths stay.
    pub fn erase(&self, description: &Record, shares_host: bool) -> Result<Erased> {
        self.erase_from(description, shares_host, false)
    }

    /// Erases from every helper, the files of other programs included: a person asked for that.
    pub fn erase_everywhere(&self, description: &Record, shares_host: bool) -> Result<Erased> {
        self.erase_from(description, shares_host, true)
    }

    fn erase_from(&self, description: &Record, shares_host: bool, consent: bool) -> Result<Erased> {
        let _lock = Lock::wait(description)?;
        let mut erased = Erased::default();
        let mut question = with_capabilities(description)?;
        question.retain(|key| !ABOUT_THE_COPY.contains(&key) && !matches!(key, "quit" | "wwwauth[]"));
        if consent {
            question.set("consent", "1")?;
        }
        for link in &self.links {
            if !consent && link.nature().foreign {
                if matches!(link.helper(false).and_then(|helper| helper.get(&question)), Ok(Some(_))) {
                    erased.remarks.push(error::plain_text_left(description));
                }
                continue;
            }
            let erase = |helper: &(dyn Helper + Send + Sync)| match shares_host && !description.has("path") {
                true => erase_without_path(helper, &question),
                false => helper.erase(&question),
            };
            if let Err(problem) = link.with_or_without_a_person(erase) {
                erased.failed.push(Failed::new(&link.name, problem));
            }
        }
        Ok(erased)
    }
}

/// An absent path means any to a helper. Where other paths of the host are other providers', only what has none is erased, by its secret.
fn erase_without_path(helper: &dyn Helper, question: &Record) -> Result<()> {
    let mut description = question.clone();
    description.retain(|key| !matches!(key, "password" | "credential" | "provider"));
    for _ in 0..MOST_ACCOUNTS {
        let Some(found) = helper.get(&description)?.filter(|found| found.has_secret()) else { return Ok(()) };
        if found.has("path") || found.is_true("ephemeral") || !found.matches_secret(question) {
            return Ok(());
        }
        let mut copy = description.clone();
        for key in ["username", "password", "authtype", "credential"] {
            if let Some(value) = found.get(key) {
                copy.set(key, value)?;
            }
        }
        helper.erase(&copy)?;
    }
    Err("it still answers after it was told to erase".into())
}

/// More accounts of one provider than anyone has.
const MOST_ACCOUNTS: usize = 100;
