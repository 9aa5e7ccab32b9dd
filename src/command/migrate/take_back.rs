//! The credentials in a rollback: each is removed from the chain once its source has it again.

use std::ptr;

use modelforge_credential_protocol::{Record, Result};

use super::named::Named;
use super::route::{Route, Source};
use crate::chain::{Asked, Chain, Copies};
use crate::command::migrate::error;

/// A credential that was moved.
pub struct Moved<'a> {
    file: Option<&'a str>,
    source: &'a Source,
    pub description: Record,
}

impl<'a> Moved<'a> {
    pub fn of(named: &'a Named, route: &'a Route) -> Result<Self> {
        let source = route.sources.iter().find(|source| source.words == named.from);
        let source = source.ok_or_else(|| error::not_in_the_chain(&named.from))?;
        Ok(Self { file: named.file.as_deref(), source, description: named.description()? })
    }
}

/// The outcome for a credential.
pub enum Back {
    /// Its source has it, and it was removed from the chain.
    Taken,
    /// That was already so.
    Before,
    /// It was replaced at the source or in the chain since the migration: both stay.
    Replaced,
}

/// What is left to do for a credential.
enum Next<'a> {
    Nothing(Back),
    /// Its source has it, so erase it in this chain.
    Erase(&'a Chain, Record),
}

/// Removes each from the chain once its source has it. `is_forgotten`: the backups of the files were erased.
pub fn take_back(moved: &[Moved], route: &Route, is_forgotten: bool) -> Vec<Result<Back>> {
    let (here, kept) = (at_their_sources(moved, route), in_the_chains(moved, route));
    let (mut backs, mut leaving) = (Vec::new(), Vec::new());
    for (at, ((one, here), kept)) in moved.iter().zip(here).zip(kept).enumerate() {
        backs.push(match here.and_then(|here| put_back(one, here, kept?, route, is_forgotten)) {
            Ok(Next::Nothing(back)) => Ok(back),
            Ok(Next::Erase(chain, credential)) => {
                leaving.push((at, chain, credential));
                Ok(Back::Taken)
            }
            Err(problem) => Err(problem),
        });
    }
    for chain in route.targets() {
        let of_it = leaving.iter().filter(|(_, of, _)| ptr::eq(*of, chain));
        let (places, credentials): (Vec<_>, Vec<_>) = of_it.map(|(at, _, one)| (*at, one.clone())).unzip();
        let left = chain.erase_copies_each(&credentials);
        for (number, at) in places.into_iter().enumerate() {
            let failed = match &left {
                Ok(left) => left[number].iter().find_map(|left| left.as_ref().err()),
                Err(problem) => Some(problem),
            };
            if let Some(problem) = failed {
                backs[at] = Err(problem.clone());
            }
        }
    }
    backs
}

/// The credentials as they are at their sources.
fn at_their_sources(moved: &[Moved], route: &Route) -> Vec<Result<Option<Record>>> {
    let mut here: Vec<_> = moved.iter().map(|_| Ok(None)).collect();
    for source in &route.sources {
        let of_it = moved.iter().enumerate().filter(|(_, one)| ptr::eq(one.source, source));
        let (places, wanted): (Vec<_>, Vec<_>) = of_it.map(|(at, one)| (at, (&one.description, one.file))).unzip();
        let found = source.get_each(&wanted);
        for (number, at) in places.into_iter().enumerate() {
            here[at] = found.as_ref().map_err(Clone::clone).and_then(|found| found[number].clone());
        }
    }
    here
}

/// The copies of each credential, by chain.
fn in_the_chains<'a>(moved: &[Moved], route: &'a Route) -> Vec<Result<Vec<(&'a Chain, Copies)>>> {
    let nothing = Record::new();
    let asked: Vec<_> = moved.iter().map(|one| Asked { description: &one.description, context: &nothing }).collect();
    let mut kept: Vec<_> = moved.iter().map(|_| Ok(Vec::new())).collect();
    for chain in route.targets() {
        match chain.copies_each(&asked, true) {
            Ok(copies) => {
                for (kept, copies) in kept.iter_mut().zip(copies) {
                    if let Ok(kept) = kept {
                        kept.push((chain, copies));
                    }
                }
            }
            Err(problem) => kept.iter_mut().for_each(|kept| *kept = Err(problem.clone())),
        }
    }
    kept
}

/// Restores a credential if its source does not have it yet.
fn put_back<'a>(
    one: &Moved,
    here: Option<Record>,
    kept: Vec<(&'a Chain, Copies)>,
    route: &Route,
    is_forgotten: bool,
) -> Result<Next<'a>> {
    let problem = kept.iter().find_map(|(_, copies)| copies.problem());
    let done = |back| Ok(Next::Nothing(back));
    let kept: Vec<_> =
        kept.iter().flat_map(|(chain, copies)| copies.kept().map(move |(_, copy)| (*chain, copy))).collect();
    // One helper may have had another key all along. The moved key is the one that the source has again.
    let is_the_same = |(_, copy): &(_, &Record)| here.as_ref().is_some_and(|here| here.holds_the_same_secrets(copy));
    let at = kept.iter().position(is_the_same);
    let are_the_same = kept.windows(2).all(|two| two[0].1.holds_the_same_secrets(two[1].1));
    if here.is_none() && !are_the_same {
        return Err(error::helpers_differ(&one.description));
    }
    let Some((chain, copy)) = kept.into_iter().nth(at.unwrap_or(0)) else {
        // No copy is stored: it was removed before, or erased since.
        let nowhere = || route.left_out().cloned().unwrap_or_else(|| error::in_neither_place(&one.description));
        let problem = problem.or_else(|| here.is_none().then(nowhere));
        return problem.map_or_else(|| done(Back::Before), Err);
    };
    let mut credential = one.description.clone();
    credential.merge(copy)?;
    let is_here = match &here {
        // Unless a helper that may have it could not be asked.
        Some(here) if !here.holds_the_same_secrets(copy) => return problem.map_or_else(|| done(Back::Replaced), Err),
        Some(_) => true,
        None => one.source.put_back(&credential, one.file)?,
    };
    if is_here {
        return Ok(Next::Erase(chain, credential));
    }
    Err(match one.file.filter(|_| is_forgotten) {
        Some(file) => error::backup_was_erased(&one.description, file),
        None => error::not_put_back_at(&one.description, &one.source.name),
    })
}
