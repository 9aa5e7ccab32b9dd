//! What is to be done with each credential: decided once for the plan, and again right before it is done.

use std::collections::HashMap;

use anyhow::Result;
use modelforge_credential_protocol::{Error, Record, visible};
use modelforge_credential_providers::Flaw;

use super::Prefer;
use super::route::{Route, Source};
use crate::chain::{Chain, holds_the_same_secret, is_expired};
use crate::command::migrate::error;
use crate::providers::Providers;
use crate::request::{self, Request};

/// What is to be done with a credential.
#[derive(PartialEq, Eq, Clone, Copy)]
pub enum Step {
    /// Store it, then erase it at its source.
    Move,
    /// The target holds the same already: only erase it at its source.
    Erase,
    /// The target holds another one, which is the one to keep: only erase it at its source.
    Drop,
    /// It has ended and cannot be renewed: only erase it.
    DropExpired,
    /// The target holds another one: both stay.
    Conflict,
    /// It has ended and cannot be renewed: it stays until somebody says otherwise.
    Expired,
    /// It could not be read, or can be nobody's key: it stays.
    Unusable,
}

impl Step {
    /// Whether something is taken out of the source.
    pub fn takes(self) -> bool {
        matches!(self, Self::Move | Self::Erase | Self::Drop | Self::DropExpired)
    }
}

/// A credential of a source.
pub struct Item {
    /// Which of the sources.
    pub source: usize,
    pub file: Option<String>,
    pub request: Request,
    pub step: Step,
    /// Where another key for the same comes from, which is looked at first: between two files, none is newer for certain.
    pub comes_after: Option<String>,
    /// Why it stays.
    pub problem: Option<Error>,
}

/// Which credentials, and what decides where two differ.
pub struct Choice {
    /// A provider's canonical name.
    pub provider: Option<String>,
    pub account: Option<String>,
    pub prefer: Option<Prefer>,
    pub drop_expired: bool,
}

impl Choice {
    pub fn is_meant(&self, record: &Record) -> bool {
        let is = |wanted: &Option<String>, key| wanted.as_deref().is_none_or(|wanted| record.text(key) == Some(wanted));
        is(&self.provider, "provider") && is(&self.account, "username")
    }
}

/// The credentials that the sources hold, each with what is to be done; and why that may not be all.
pub fn plan(providers: &Providers, route: &Route, choice: &Choice) -> Result<(Vec<Item>, Vec<Error>)> {
    let context = providers.context_of_all()?;
    let (mut items, mut failed) = (Vec::new(), Vec::new());
    let mut first = First::default();
    for (at, source) in route.sources.iter().enumerate() {
        let (records, problems) = source.list(&context)?;
        failed.extend(problems);
        for mut listed in records {
            let file = super::plain_file(&listed);
            listed.retain(|key| matches!(key, "protocol" | "host" | "path" | "username"));
            let request = request::expand(listed, providers)?;
            if choice.is_meant(&request.record) {
                let (step, comes_after, problem) = (Step::Unusable, None, None);
                let mut item = Item { source: at, file, request, step, comes_after, problem };
                match item.decide(route, choice) {
                    Ok(Some(found)) => first.compare(&mut item, found, route, choice),
                    Ok(None) => {}
                    Err(problem) => item.problem = Some(error::helper_failed(&source.name, &problem_of(&problem))),
                }
                items.push(item);
            }
        }
    }
    Ok((items, failed))
}

/// The first key of the sources for each description: where it is, and the credential.
#[derive(Default)]
struct First(HashMap<[Option<Vec<u8>>; 4], (String, Record)>);

impl First {
    /// Of two keys for the same, the first stays in use, as it is without a migration; the other is not put in its place.
    fn compare(&mut self, item: &mut Item, found: Record, route: &Route, choice: &Choice) {
        if !matches!(item.step, Step::Move | Step::Erase | Step::Drop | Step::Conflict) {
            return;
        }
        let names = ["protocol", "host", "path", "username"];
        let description = names.map(|key| item.request.record.get(key).map(<[u8]>::to_vec));
        match self.0.get(&description) {
            None => {
                self.0.insert(description, (item.place(route), found));
            }
            Some((_, first)) if holds_the_same_secret(first, &found) => {
                item.step = if item.step == Step::Move { Step::Erase } else { item.step };
            }
            Some((place, _)) => {
                item.step = if choice.prefer.is_some() { Step::Drop } else { Step::Conflict };
                item.problem = choice.prefer.is_none().then(|| error::comes_after(&item.request.record, place));
                item.comes_after = Some(place.clone());
            }
        }
    }
}

/// The plan as it would be now, for no more credentials than it was shown for.
pub fn again(providers: &Providers, route: &Route, choice: &Choice, shown: &[Item]) -> Result<Vec<Item>> {
    let (mut items, _) = plan(providers, route, choice)?;
    items.retain(|item| {
        let is_same = |other: &&Item| other.source == item.source && other.file == item.file;
        shown.iter().filter(is_same).any(|other| other.request.record == item.request.record)
    });
    Ok(items)
}

/// The sentence of a problem, whoever it comes from.
pub fn problem_of(problem: &anyhow::Error) -> Error {
    problem.downcast_ref::<Error>().cloned().unwrap_or_else(|| Error::new(problem.to_string()))
}

impl Item {
    pub fn source<'a>(&self, route: &'a Route) -> Result<&'a Source> {
        Ok(route.sources.get(self.source).ok_or_else(|| Error::new("a source is gone"))?)
    }

    /// The file that it is in, or the helper, for a message.
    pub fn place(&self, route: &Route) -> String {
        let name = || route.sources.get(self.source).map(|source| visible(&source.name)).unwrap_or_default();
        self.file.as_ref().map_or_else(name, |file| error::tilde(file.as_ref()))
    }

    /// Why it stays, if it does.
    pub fn why(&self) -> Option<Error> {
        self.problem.clone().or_else(|| match self.step {
            Step::Conflict => Some(error::migration_conflict(&self.request.record)),
            Step::Expired => Some(error::ended_and_left(&self.request.record)),
            _ => None,
        })
    }

    /// The file that it is moved from, where that came with the folder that one stands in, with whatever key somebody else put there.
    pub fn file_of_the_folder(&self) -> Option<&str> {
        if self.step != Step::Move {
            return None;
        }
        let folder = std::env::current_dir().ok()?.join(".model-forge");
        self.file.as_deref().filter(|file| std::path::Path::new(file).parent() == Some(&folder))
    }

    /// Where it goes.
    pub fn target<'a>(&self, route: &'a Route) -> &'a Chain {
        route.target(self.request.record.text("provider"))
    }

    /// Looks at both sides as they are now. The credential, where it can be moved or dropped.
    pub fn decide(&mut self, route: &Route, choice: &Choice) -> Result<Option<Record>> {
        (self.step, self.problem) = (Step::Unusable, None);
        let Some(found) = self.source(route)?.get(&self.request.record, self.file.as_deref())? else {
            self.problem = Some(error::gone_meanwhile(&self.request.record));
            return Ok(None);
        };
        if let (Some(name), Some(key)) = (self.request.record.text("provider"), found.text("password"))
            && let Some(flaw) = Flaw::of(name, key)
        {
            self.problem = Some(crate::error::bad_key(name, flaw));
            return Ok(None);
        }
        if is_expired(&found) && !found.has("oauth_refresh_token") {
            self.step = if choice.drop_expired { Step::DropExpired } else { Step::Expired };
            return Ok(Some(found));
        }
        let copies = self.target(route).copies(&self.request.record, &self.request.context, true)?;
        self.step = match (copies.kept().next().map(|(_, copy)| copy), &self.comes_after, choice.prefer) {
            (Some(copy), ..) if holds_the_same_secret(copy, &found) => Step::Erase,
            // The one that comes first is kept by now.
            (Some(_), Some(_), Some(_)) => Step::Drop,
            (_, Some(place), _) => {
                self.problem = Some(error::comes_after(&self.request.record, place));
                Step::Conflict
            }
            (None, None, _) => Step::Move,
            (Some(_), None, Some(Prefer::Source)) => Step::Move,
            (Some(_), None, Some(Prefer::Target)) => Step::Drop,
            (Some(_), None, None) => Step::Conflict,
        };
        Ok(Some(found))
    }
}
