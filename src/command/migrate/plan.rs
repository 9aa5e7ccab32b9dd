//! The plan for each credential that the sources hold.

use std::collections::{HashMap, HashSet};

use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Record, Result};
use modelforge_credential_providers::Flaw;

use super::choice::{Choice, Prefer};
use super::error;
use super::item::{Item, Step, Tool};
use super::migration::Migration;
use super::route::Route;
use crate::chain::{Copies, Inventory, is_expired};
use crate::request;
use crate::session::{PerProvider, Session};

/// The lists of the targets, asked for once.
type Inventories = PerProvider<Inventory>;

impl<'a> Migration<'a> {
    /// Looks what the sources hold, and decides what is to be done with each.
    pub fn plan(session: &'a Session, route: Route, choice: Choice) -> Result<Self> {
        let mut migration = Self { session, route, choice, items: Vec::new(), failed: Vec::new() };
        migration.look()?;
        Ok(migration)
    }

    /// Plans again, for no more credentials than the plan was shown for.
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

    /// The items that such an account would be for.
    pub fn with_keys_of_their_own(&self) -> Vec<(&Item, &str)> {
        let is_usual = |item: &Item| item.request.record.text("username") == Some(DEFAULT_ACCOUNT);
        let is_one = |item: &&Item| item.step == Step::Conflict && is_usual(item);
        self.items.iter().filter(is_one).filter_map(|item| Some((item, item.tool.as_ref()?.name.as_str()))).collect()
    }

    fn look(&mut self) -> Result<()> {
        let context = self.session.providers.context_of_all()?;
        (self.items, self.failed) = (Vec::new(), Vec::new());
        let (mut first, mut inventories) = (First::default(), None);
        for (at, source) in self.route.sources.iter().enumerate() {
            let (records, problems) = source.list(&context)?;
            self.failed.extend(problems);
            for mut listed in records {
                let (file, tool) = (super::plain_file(&listed), Tool::of(&listed));
                listed.retain(|key| matches!(key, "protocol" | "host" | "path" | "username"));
                let request = request::expand(listed, &self.session.providers)?;
                if self.choice.is_meant(&request.record) {
                    let inventories = match &mut inventories {
                        Some(known) => known,
                        none => none.insert(self.route.inventories(&context)?),
                    };
                    let mut item = Item::new(at, file, request);
                    item.tool = tool;
                    self.decide_among(&mut item, inventories, &mut first);
                    if let Some(account) = self.account_of_its_own(&item) {
                        let request = item.request.of_account(&account)?;
                        let Item { source, file, tool, .. } = item;
                        item = Item { tool, ..Item::new(source, file, request) };
                        self.decide_among(&mut item, inventories, &mut first);
                    }
                    self.items.push(item);
                }
            }
        }
        Ok(())
    }

    fn decide_among(&self, item: &mut Item, inventories: &Inventories, first: &mut First) {
        if let Err(problem) = self.decide(item, inventories) {
            let source = self.route.sources.get(item.source).map_or("", |source| &source.name);
            item.problem = Some(error::helper_failed(source, &problem));
        }
        first.compare(item, self);
    }

    /// The account for a key that differs from another one of its provider, if each tool is to keep its own.
    fn account_of_its_own(&self, item: &Item) -> Option<String> {
        let is_usual = item.request.record.text("username") == Some(DEFAULT_ACCOUNT);
        let tool = item.tool.as_ref().filter(|_| is_usual && self.choice.account_per_tool)?;
        (item.step == Step::Conflict).then(|| tool.name.clone())
    }

    /// Reads it at its source, and decides by what the target holds.
    fn decide(&self, item: &mut Item, inventories: &Inventories) -> Result<()> {
        let record = &item.request.record;
        if item.tool.is_some() && !record.has("provider") {
            item.problem = Some(error::no_provider_for(&record.url()));
            return Ok(());
        }
        let Some(found) = self.source(item)?.get(record, item.file.as_deref())? else {
            item.problem = Some(error::gone_meanwhile(record));
            return Ok(());
        };
        if let (Some(name), Some(key)) = (record.text("provider"), found.text("password"))
            && let Some(flaw) = Flaw::of(name, key)
        {
            item.problem = Some(crate::error::bad_key(name, flaw));
            return Ok(());
        }
        if is_expired(&found) && !found.has("oauth_refresh_token") {
            item.step = if self.choice.drop_expired { Step::DropExpired } else { Step::Expired };
        } else {
            let inventory = inventories.of(record.text("provider"));
            let copies = self.target(item).copies_listed(inventory, record, &item.request.context)?;
            item.step = self.choice.step(&found, &copies);
        }
        item.found = Some(found);
        Ok(())
    }
}

impl Choice {
    /// The step for a source's credential where the target has these copies.
    fn step(&self, found: &Record, copies: &Copies) -> Step {
        match (copies.kept().next(), self.prefer) {
            (Some((_, copy)), _) if copy.holds_the_same_secrets(found) => Step::Erase,
            (None, _) | (Some(_), Some(Prefer::Source)) => Step::Move,
            (Some(_), Some(Prefer::Target)) => Step::Drop,
            (Some(_), None) => Step::Conflict,
        }
    }
}

/// The first key of the sources for each description: where it is, and the credential.
#[derive(Default)]
struct First(HashMap<[Option<Vec<u8>>; 4], (String, Record)>);

impl First {
    /// Of two keys for the same, the first stays in use, as it is without a migration; the other is not put in its place.
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
                item.problem = (!is_chosen).then(|| error::comes_after(&item.request.record, place));
                item.comes_after = Some(place.clone());
            }
        }
    }
}
