//! Each helper's own copy of a credential: what is there, and erasing just that.

use std::collections::HashSet;

use modelforge_credential_protocol::{Error, Helper, Record, Result};

use super::about::{description_of, question};
use super::{Chain, Failed, Link};
use crate::lock::Lock;

/// The copies of a credential, each with its helper's name, and the helpers of which it is not known whether they have one.
#[derive(Default)]
pub struct Copies {
    pub found: Vec<(String, Record)>,
    pub failed: Vec<Failed>,
}

impl Copies {
    /// Copies in a store, without those that come from the environment.
    pub fn kept(&self) -> impl Iterator<Item = &(String, Record)> {
        self.found.iter().filter(|(_, copy)| !copy.is_true("ephemeral"))
    }

    /// That of a helper.
    pub fn of(&self, helper: &str) -> Option<&Record> {
        self.found.iter().find(|(name, _)| name == helper).map(|(_, copy)| copy)
    }

    /// Why there may be more.
    pub fn problem(&self) -> Option<Error> {
        self.failed.first().map(Error::from)
    }
}

/// The remains of a copy that was to be erased.
#[derive(PartialEq, Eq, Clone, Copy)]
pub enum Left {
    Nothing,
    /// It was not there: a newer one is.
    Newer,
    /// It is gone, and another one is there.
    Another,
}

/// The servers for which each helper of a chain lists a credential; `None` for one that has no list, or could not be asked.
pub struct Inventory(Vec<Option<HashSet<Server>>>);

/// A protocol and a host, in small letters.
type Server = [Vec<u8>; 2];

fn server_of(record: &Record) -> Server {
    ["protocol", "host"].map(|key| record.get(key).unwrap_or_default().to_ascii_lowercase())
}

impl Inventory {
    /// True if the helper at this place of the chain may have a credential of the same server.
    fn may_have(&self, at: usize, description: &Record) -> bool {
        self.0.get(at).and_then(Option::as_ref).is_none_or(|listed| listed.contains(&server_of(description)))
    }
}

impl Chain {
    /// Asks every helper for its list, once.
    pub fn inventory(&self, context: &Record) -> Inventory {
        let servers = |records: Vec<Record>| records.iter().map(server_of).collect();
        Inventory(self.list_each(context).into_iter().map(|(_, listed)| listed.ok().flatten().map(servers)).collect())
    }

    /// The copy of a credential in each helper that has one. A helper that fails may be asked again while a person is there.
    pub fn copies(&self, description: &Record, context: &Record, attended: bool) -> Result<Copies> {
        self.copies_where(description, context, attended, |_| true)
    }

    /// The same, without starting the helpers of which a list says that they have none. A person may be asked.
    pub fn copies_listed(&self, inventory: &Inventory, description: &Record, context: &Record) -> Result<Copies> {
        self.copies_where(description, context, true, |at| inventory.may_have(at, description))
    }

    fn copies_where(
        &self,
        description: &Record,
        context: &Record,
        attended: bool,
        is_asked: impl Fn(usize) -> bool,
    ) -> Result<Copies> {
        let question = question(&description_of(description)?, context)?;
        let ask = |link: &Link| {
            let answer = link.helper(false)?.get(&question);
            match (answer, &link.attended) {
                (Err(problem), Some(_)) if attended => self.ask_attended(link, &question).ok_or(problem),
                (answer, _) => answer,
            }
        };
        let mut copies = Copies::default();
        for (at, link) in self.links.iter().enumerate() {
            if link.helper.is_err() || !is_asked(at) {
                continue;
            }
            match ask(link) {
                Ok(found) => {
                    let found = found.filter(|found| found.has_secret() && is_of(found, description));
                    copies.found.extend(found.map(|found| (link.name.clone(), found)));
                }
                Err(problem) => copies.failed.push(Failed::new(&link.name, problem)),
            }
        }
        Ok(copies)
    }

    /// Asks again, now that a person is there; `None` if that, too, fails, or did before.
    fn ask_attended(&self, link: &Link, question: &Record) -> Option<Option<Record>> {
        let mut failed_before = self.failed_before.lock().ok()?;
        if failed_before.contains(&link.name) {
            return None;
        }
        let answer = link.helper(true).and_then(|helper| helper.get(question));
        if answer.is_err() {
            failed_before.insert(link.name.clone());
        }
        answer.ok()
    }

    /// The copy of a credential in one helper.
    pub fn copy_in(&self, helper: &str, description: &Record, context: &Record) -> Result<Option<Record>> {
        self.copy_in_link(helper, description, context, false)
    }

    /// The same, now that a person is there who may unlock it.
    pub fn copy_in_attended(&self, helper: &str, description: &Record, context: &Record) -> Result<Option<Record>> {
        self.copy_in_link(helper, description, context, true)
    }

    fn copy_in_link(
        &self,
        helper: &str,
        description: &Record,
        context: &Record,
        attended: bool,
    ) -> Result<Option<Record>> {
        let question = question(&description_of(description)?, context)?;
        match self.links.iter().find(|link| link.name == helper) {
            Some(link) => Ok(link.helper(attended)?.get(&question)?.filter(|found| is_of(found, description))),
            None => Ok(None),
        }
    }

    /// Erases the copies that hold this secret, and no other, from every helper that has one, and looks what is there then.
    pub fn erase_copies(&self, credential: &Record) -> Result<Vec<Result<Left>>> {
        let _lock = Lock::wait(credential)?;
        let mut description = description_of(credential)?;
        for key in ["file", "consent"] {
            if let Some(value) = credential.get(key) {
                description.set(key, value)?;
            }
        }
        let mut copy = description.clone();
        for key in ["password", "authtype", "credential"] {
            if let Some(value) = credential.get(key) {
                copy.set(key, value)?;
            }
        }
        // Its tool is told what to ask for from now on.
        for key in ["rewire", "shell_line"] {
            if let Some(value) = credential.get(key) {
                copy.set(key, value)?;
            }
        }
        let erase = |helper: &(dyn Helper + Send + Sync)| {
            // The same, another, or none.
            let look = || -> Result<Option<bool>> {
                let found = helper.get(&description)?.filter(|found| found.has_secret() && !found.is_true("ephemeral"));
                let found = found.filter(|found| is_of(found, &description));
                Ok(found.map(|found| found.holds_the_same_secrets(credential)))
            };
            match look()? {
                None => return Ok(Left::Nothing),
                Some(false) => return Ok(Left::Newer),
                Some(true) => helper.erase(&copy)?,
            }
            match look()? {
                None => Ok(Left::Nothing),
                Some(false) => Ok(Left::Another),
                // Its files are not ours to change.
                Some(true) if !description.is_true("consent") && helper.nature().foreign => Ok(Left::Nothing),
                Some(true) => Err(erased_and_still_there()),
            }
        };
        let links = self.links.iter().filter(|link| link.helper.is_ok());
        let erased = links.map(|link| {
            link.with_or_without_a_person(erase).map_err(|problem| Error::from(&Failed::new(&link.name, problem)))
        });
        Ok(erased.collect())
    }
}

/// True if an answer is the credential that was asked for. To a helper an absent path means any; what is kept for a path is another.
fn is_of(found: &Record, description: &Record) -> bool {
    !found.has("path") || found.get("path") == description.get("path")
}

fn erased_and_still_there() -> Error {
    Error::new("it still returns the credential after being told to delete it")
}
