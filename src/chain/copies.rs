//! The copies of a credential in each helper: finding them, and erasing exactly one.

use std::collections::HashSet;

use modelforge_credential_protocol::{Error, Helper, Record, Result};

use super::about::{WHICH_SECRET, description_of, question, with_those_of};
use super::keeping::is_for_one;
use super::{Chain, Failed, error};
use crate::lock::Lock;
use crate::request::Request;

/// The copies of a credential, each with its helper's name, and the helpers that could not be asked.
#[derive(Default)]
pub struct Copies {
    pub found: Vec<(String, Record)>,
    pub failed: Vec<Failed>,
}

impl Copies {
    /// Stored copies, without those from environment variables.
    pub fn kept(&self) -> impl Iterator<Item = &(String, Record)> {
        self.found.iter().filter(|(_, copy)| !copy.is_true("ephemeral"))
    }

    /// The copy in this helper.
    pub fn of(&self, helper: &str) -> Option<&Record> {
        self.found.iter().find(|(name, _)| name == helper).map(|(_, copy)| copy)
    }

    /// Why there may be more.
    pub fn problem(&self) -> Option<Error> {
        self.failed.first().map(Error::from)
    }
}

/// A credential to look for, and what helpers are told besides its description.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub description: &'a Record,
    pub context: &'a Record,
}

impl<'a> Asked<'a> {
    /// The credential of a request.
    pub fn of(request: &'a Request) -> Self {
        Self { description: &request.record, context: &request.context }
    }

    fn question(&self) -> Result<Record> {
        question(&description_of(self.description)?, self.context)
    }
}

/// What is left after an erase.
#[derive(PartialEq, Eq, Clone, Copy)]
pub enum Left {
    Nothing,
    /// The copy had been replaced by a newer one.
    Newer,
    /// The copy is gone, and the helper now returns another one.
    Another,
}

/// The servers for which each helper of a chain lists a credential; `None` for a helper that has no list or could not be asked.
pub struct Inventory(Vec<Option<HashSet<Server>>>);

/// A protocol and a host, in lower case.
type Server = [Vec<u8>; 2];

fn server_of(record: &Record) -> Server {
    ["protocol", "host"].map(|key| record.get(key).unwrap_or_default().to_ascii_lowercase())
}

impl Inventory {
    /// True if the helper at this position of the chain may have a credential for the same server.
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

    /// The copy of a credential in each helper that has one. If a helper fails, it may be asked again with a person present.
    pub fn copies(&self, description: &Record, context: &Record, attended: bool) -> Result<Copies> {
        let copies = self.copies_each(&[Asked { description, context }], attended)?;
        Ok(copies.into_iter().next().unwrap_or_default())
    }

    /// The same for several credentials, with as few starts of helpers as possible.
    pub fn copies_each(&self, asked: &[Asked], attended: bool) -> Result<Vec<Copies>> {
        self.copies_where(asked, attended, |_, _| true)
    }

    /// The same, without starting helpers whose list has nothing for these servers. A person may be prompted.
    pub fn copies_listed(&self, inventory: &Inventory, asked: &[Asked]) -> Result<Vec<Copies>> {
        self.copies_where(asked, true, |at, description| inventory.may_have(at, description))
    }

    fn copies_where(
        &self,
        asked: &[Asked],
        attended: bool,
        is_asked: impl Fn(usize, &Record) -> bool,
    ) -> Result<Vec<Copies>> {
        let mut copies: Vec<Copies> = asked.iter().map(|_| Copies::default()).collect();
        for (at, link) in self.links.iter().enumerate().filter(|(_, link)| link.is_installed()) {
            let mut among: Vec<(&Asked, &mut Copies)> = asked.iter().zip(&mut copies).collect();
            among.retain(|(asked, _)| is_asked(at, asked.description));
            let questions = among.iter().map(|(asked, _)| asked.question()).collect::<Result<Vec<_>>>()?;
            let answers = link.each(&questions, attended, |helper, questions| helper.get_each(questions));
            for ((asked, copies), answer) in among.into_iter().zip(answers) {
                match answer {
                    Ok(found) => {
                        let found = found.filter(|found| found.has_secret() && is_of(found, asked.description));
                        copies.found.extend(found.map(|found| (link.name.clone(), found)));
                    }
                    Err(problem) => copies.failed.push(Failed::new(&link.name, problem)),
                }
            }
        }
        Ok(copies)
    }

    /// The copy of a credential in one helper.
    pub fn copy_in(&self, helper: &str, description: &Record, context: &Record) -> Result<Option<Record>> {
        let mut copies = self.copies_in(helper, &[Asked { description, context }], false)?;
        copies.pop().unwrap_or(Ok(None))
    }

    /// The copies of several credentials in one helper. It may be asked again with a person present, who may have to unlock it.
    pub fn copies_in(&self, helper: &str, asked: &[Asked], attended: bool) -> Result<Vec<Result<Option<Record>>>> {
        let Some(link) = self.links.iter().find(|link| link.name == helper) else {
            return Ok(asked.iter().map(|_| Ok(None)).collect());
        };
        let questions = asked.iter().map(Asked::question).collect::<Result<Vec<_>>>()?;
        let answers = link.each(&questions, attended, |helper, questions| helper.get_each(questions));
        let copies = answers.into_iter().zip(asked);
        Ok(copies.map(|(answer, asked)| Ok(answer?.filter(|found| is_of(found, asked.description)))).collect())
    }

    /// Erases the copies with exactly these secrets from every helper that has one, then looks again. Returns what is left of each
    /// credential in each helper.
    pub fn erase_copies_each(&self, credentials: &[Record]) -> Result<Vec<Vec<Result<Left>>>> {
        let _lock = Lock::wait_each(credentials)?;
        let copies = credentials.iter().map(Erasing::of).collect::<Result<Vec<_>>>()?;
        let mut left: Vec<Vec<Result<Left>>> = credentials.iter().map(|_| Vec::new()).collect();
        for link in self.links.iter().filter(|link| link.is_installed()) {
            for (erased, left) in link.each(&copies, true, erase_each).into_iter().zip(&mut left) {
                left.push(erased.map_err(|problem| Error::from(&Failed::new(&link.name, problem))));
            }
        }
        Ok(left)
    }
}

/// A copy to erase.
#[derive(Clone)]
struct Erasing<'a> {
    credential: &'a Record,
    /// The description to look for.
    description: Record,
    /// The description with the secret, and with what its tool will ask for from now on.
    copy: Record,
}

impl<'a> Erasing<'a> {
    fn of(credential: &'a Record) -> Result<Self> {
        let description = with_those_of(&description_of(credential)?, credential, &["file", "consent"])?;
        let copy = with_those_of(&description, credential, &WHICH_SECRET)?;
        let copy = with_those_of(&copy, credential, &["rewire", "shell_line"])?;
        Ok(Self { credential, description, copy })
    }

    /// What an answer says: the copy is there, another one is, or none.
    fn is_in(&self, answer: Option<Record>) -> Option<bool> {
        let found = answer.filter(|found| found.has_secret() && !found.is_true("ephemeral"));
        let found = found.filter(|found| is_of(found, &self.description));
        found.map(|found| found.holds_the_same_secrets(self.credential))
    }
}

/// Erases the copies of this helper, and returns what is left of each.
fn erase_each(helper: &(dyn Helper + Send + Sync), copies: &[Erasing]) -> Vec<Result<Left>> {
    let look = |copies: &[&Erasing]| -> Vec<Result<Option<bool>>> {
        let questions: Vec<Record> = copies.iter().map(|copy| copy.description.clone()).collect();
        let answers = helper.get_each(&questions).into_iter().zip(copies);
        answers.map(|(answer, copy)| Ok(copy.is_in(answer?))).collect()
    };
    let before = look(&copies.iter().collect::<Vec<_>>());
    let found = copies.iter().zip(&before);
    let found = found.filter(|(_, found)| matches!(found, Ok(Some(true))));
    let (there, mixed): (Vec<&Erasing>, Vec<_>) =
        found.map(|(copy, _)| copy).partition(|copy| is_for_one(helper, &copy.copy));
    let is_mixed = |copy: &Erasing| mixed.iter().any(|other| std::ptr::eq(*other, copy));
    let erased = helper.erase_each(&there.iter().map(|copy| copy.copy.clone()).collect::<Vec<_>>());
    let mut after = erased.into_iter().zip(look(&there)).zip(&there).map(|((erased, after), copy)| {
        erased?;
        match after? {
            None => Ok(Left::Nothing),
            Some(false) => Ok(Left::Another),
            // These files belong to other programs, and nobody asked to change them.
            Some(true) if !copy.description.is_true("consent") && helper.capabilities().foreign => Ok(Left::Nothing),
            Some(true) => Err(erased_and_still_there()),
        }
    });
    let left = before.into_iter().zip(copies).map(|(found, copy)| match found? {
        Some(true) if is_mixed(copy) => Err(error::cannot_be_told_apart()),
        None => Ok(Left::Nothing),
        Some(false) => Ok(Left::Newer),
        Some(true) => after.next().unwrap_or_else(|| Err(erased_and_still_there())),
    });
    left.collect()
}

/// True if an answer is the credential that was asked for. To a helper, no path means any path, but a credential for a path is another one.
fn is_of(found: &Record, description: &Record) -> bool {
    !found.has("path") || found.get("path") == description.get("path")
}

fn erased_and_still_there() -> Error {
    Error::new("it still returns the credential after `erase`")
}
