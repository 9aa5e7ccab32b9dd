//! A migration: its source and target, the choices, and the items, each with its step and its outcome.

use modelforge_credential_protocol::{Error, Result, Stays, visible};

use super::choice::Choice;
use super::error::tilde;
use super::item::Item;
use super::route::{Route, Source};
use crate::chain::Chain;
use crate::session::Session;

/// Everything about a migration.
pub struct Migration<'a> {
    pub session: &'a Session,
    pub route: Route,
    pub choice: Choice,
    pub items: Vec<Item>,
    /// What is not among the items, and why: there may be more to move, or it stays on purpose.
    pub failed: Vec<Error>,
}

impl Migration<'_> {
    /// True if everything could be searched.
    pub fn has_looked_everywhere(&self) -> bool {
        self.failed.iter().all(|problem| problem.cause::<Stays>().is_some())
    }

    /// The number of items to erase at their sources.
    pub fn takes(&self) -> usize {
        self.items.iter().filter(|item| item.step.takes()).count()
    }

    /// The number of credentials that are still at their sources.
    pub fn left(&self) -> usize {
        let outcomes = self.items.iter().filter_map(|item| item.outcome.as_ref());
        outcomes.filter(|outcome| outcome.leaves_one()).count()
    }

    pub fn source(&self, item: &Item) -> Result<&Source> {
        self.route.sources.get(item.source).ok_or_else(|| Error::new("a source is missing"))
    }

    /// The chain that an item goes to.
    pub fn target(&self, item: &Item) -> &Chain {
        self.route.target(item.request.record.text("provider"))
    }

    /// The file or the helper of an item, for messages.
    pub fn place(&self, item: &Item) -> String {
        let name = || self.route.sources.get(item.source).map(|source| visible(&source.name)).unwrap_or_default();
        item.file.as_ref().map_or_else(name, |file| tilde(file.as_ref()))
    }

    /// The items, grouped by target.
    pub fn by_target<'i>(&self, items: Vec<&'i mut Item>) -> Vec<Vec<&'i mut Item>> {
        let mut groups: Vec<Vec<&mut Item>> = Vec::new();
        for item in items {
            let target = self.target(item);
            let of_it =
                |group: &&mut Vec<&mut Item>| group.first().is_some_and(|one| std::ptr::eq(self.target(one), target));
            match groups.iter_mut().find(of_it) {
                Some(group) => group.push(item),
                None => groups.push(vec![item]),
            }
        }
        groups
    }
}
