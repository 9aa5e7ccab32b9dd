//! Plans what to do with each credential at the sources.

use std::collections::{HashMap, HashSet};

use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Record, Result};
use modelforge_credential_providers::Flaw;

use super::choice::{Choice, Prefer};
use super::error;
use super::item::{Item, Step, Tool};
use super::migration::Migration;
use super::route::{Route, Source};
use crate::chain::{Asked, Copies, Inventory, is_expired};
use crate::request;
use crate::session::{PerProvider, Session};

/// The lists of the targets, requested once.
type Inventories = PerProvider<Inventory>;

impl<'a> Migration<'a> {
    /// Reads what the sources have, and decides what to do with each credential.
    pub fn plan(session: &'a Session, route: Route, choice: Choice) -> Result<Self> {
        let mut migration = Self { session, route, choice, items: Vec::new(), failed: Vec::new() };
        migration.look()?;
        Ok(migration)
    }

    /// Plans again, but only for credentials in the plan that the person saw.
    pub fn plan_again(&mut self) -> Result<()> {
        let shown: HashSet<_> = self.items.iter().map(Item::key).collect();
        self.look()?;
        self.items.retain(|item| shown.contains(&item.key()));
        Ok(())
    }

    /// Plans again, with an account for each tool whose key differs from another one.
    pub fn plan_with_accounts(&mut self) -> Result<()> {
        self.choice.account_per_tool = true;
        self.look()
    }

    /// The items for which such an account would be created.
    pub fn with_keys_of_their_own(&self) -> Vec<(&Item, &str)> {
        let is_usual = |item: &Item| item.request.record.text("username") == Some(DEFAULT_ACCOUNT);
        let is_one = |item: &&Item| item.step == Step::Conflict && is_usual(item);
        self.items.iter().filter(is_one).filter_map(|item| Some((item, item.tool.as_ref()?.name.as_str()))).collect()
    }

    fn look(&mut self) -> Result<()> {
        let context = self.session.providers.context_of_all()?;
        (self.items, self.failed) = (Vec::new(), Vec::new());
        let (mut found, mut first, mut inventories) = (Vec::new(), First::default(), None);
        for (at, source) in self.route.sources.iter().enumerate() {
            let (records, problems) = source.list(&context)?;
            self.failed.extend(problems);
            let mut items = Vec::new();
            for listed in records {
                let (file, tool) = (super::plain_file(&listed), Tool::of(&listed));
                let request = request::expand(listed.place(), &self.session.providers)?;
                if self.choice.is_meant(&request.record) {
                    items.push(Item { tool, ..Item::new(at, file, request) });
                }
            }
            if items.is_empty() {
                continue;
            }
            let inventories = match &mut inventories {
                Some(known) => known,
                none => none.insert(self.route.inventories(&context)?),
            };
            self.decide(source, &mut items, inventories)?;
            for mut item in items {
                first.compare(&mut item, self);
                if let Some(account) = self.account_of_its_own(&item) {
                    let request = item.request.of_account(&account)?;
                    let Item { source: at, file, tool, .. } = item;
                    item = Item { tool, ..Item::new(at, file, request) };
                    self.decide(source, std::slice::from_mut(&mut item), inventories)?;
                    first.compare(&mut item, self);
                }
                found.push(item);
            }
        }
        self.items = found;
        self.hint_at_different_keys();
        Ok(())
    }

    /// Prints one hint for all keys that stay because another one comes first.
    fn hint_at_different_keys(&mut self) {
        let is_one = |item: &&mut Item| item.comes_after.is_some() && item.problem.is_some();
        let has_accounts = self.choice.account_per_tool;
        if let Some(item) = self.items.iter_mut().find(is_one) {
            let is_usual = item.request.record.text("username") == Some(DEFAULT_ACCOUNT);
            let may_have_its_own = is_usual && item.tool.is_some() && !has_accounts;
            let hint = error::of_different_keys(&item.request.record, may_have_its_own);
            item.problem = item.problem.take().map(|problem| problem.hint(hint));
        }
    }

    /// The account for a key that differs from another one of its provider, if each tool keeps its own.
    fn account_of_its_own(&self, item: &Item) -> Option<String> {
        let is_usual = item.request.record.text("username") == Some(DEFAULT_ACCOUNT);
        let tool = item.tool.as_ref().filter(|_| is_usual && self.choice.account_per_tool)?;
        (item.step == Step::Conflict).then(|| tool.name.clone())
    }

    /// Reads them at their source, and decides by what the target has.
    fn decide(&self, source: &Source, items: &mut [Item], inventories: &Inventories) -> Result<()> {
        for item in items.iter_mut().filter(|item| item.tool.is_some() && !item.request.record.has("provider")) {
            item.problem = Some(error::no_provider_for(&item.request.record.url()));
        }
        let mut items: Vec<&mut Item> = items.iter_mut().filter(|item| item.problem.is_none()).collect();
        let wanted: Vec<_> = items.iter().map(|item| (&item.request.record, item.file.as_deref())).collect();
        let found = source.get_each(&wanted)?;
        for (item, found) in items.iter_mut().zip(found) {
            self.read(source, item, found);
        }
        items.retain(|item| item.found.is_some() && item.step == Step::Unusable);
        for items in self.by_target(items) {
            let Some(first) = items.first() else { continue };
            let inventory = inventories.of(first.request.record.text("provider"));
            let asked: Vec<_> = items.iter().map(|item| Asked::of(&item.request)).collect();
            let copies = self.target(first).copies_listed(inventory, &asked)?;
            for (item, copies) in items.into_iter().zip(copies) {
                item.step = item.found.as_ref().map_or(item.step, |found| self.choice.step(found, &copies));
            }
        }
        Ok(())
    }

    /// Records what was found at the source. If the credential must not be moved in any case, this sets its step or its problem.
    fn read(&self, source: &Source, item: &mut Item, found: Result<Option<Record>>) {
        let record = &item.request.record;
        let found = match found {
            Ok(Some(found)) => found,
            Ok(None) => return item.problem = Some(error::gone_meanwhile(record)),
            Err(problem) => return item.problem = Some(error::helper_failed(&source.name, &problem)),
        };
        if let (Some(name), Some(key)) = (record.text("provider"), found.text("password"))
            && let Some(flaw) = Flaw::of(name, key)
        {
            return item.problem = Some(crate::error::bad_key(name, flaw));
        }
        if is_expired(&found) && !found.has("oauth_refresh_token") {
            item.step = if self.choice.drop_expired { Step::DropExpired } else { Step::Expired };
        }
        item.found = Some(found);
    }
}

impl Choice {
    /// The step for a credential if the target has these copies.
    fn step(&self, found: &Record, copies: &Copies) -> Step {
        match (copies.kept().next(), self.prefer) {
            (Some((_, copy)), _) if copy.holds_the_same_secrets(found) => Step::Erase,
            (None, _) | (Some(_), Some(Prefer::Source)) => Step::Move,
            (Some(_), Some(Prefer::Target)) => Step::Drop,
            (Some(_), None) => Step::Conflict,
        }
    }
}

/// For each description, the first key in the sources: its place, and the credential.
#[derive(Default)]
struct First(HashMap<[Option<Vec<u8>>; 4], (String, Record)>);

impl First {
    /// Of two keys with the same description, the first stays in use, as it is without a migration. The other must not replace it.
    fn compare(&mut self, item: &mut Item, migration: &Migration) {
        let Some(found) = &item.found else { return };
        if !matches!(item.step, Step::Move | Step::Erase | Step::Drop | Step::Conflict) {
            return;
        }
        match self.0.get(&item.description()) {
            None => {
                self.0.insert(item.description(), (migration.place(item), found.clone()));
            }
            Some((_, first)) if first.holds_the_same_secrets(found) => {
                item.step = if item.step == Step::Move { Step::Erase } else { item.step };
            }
            Some((place, _)) => {
                let is_chosen = migration.choice.prefer.is_some();
                item.step = if is_chosen { Step::Drop } else { Step::Conflict };
                let problem = || error::comes_after(&item.request.record, place, &migration.place(item));
                item.problem = (!is_chosen).then(problem);
                item.comes_after = Some(place.clone());
            }
        }
    }
}
