//! `migrate --status`: for each provider and account, whether its credential is in plain text, in the chain, in both or in neither.

use std::collections::BTreeMap;

use anyhow::Result;
use modelforge_credential_protocol::{DEFAULT_ACCOUNT, DESCRIPTION, Error, Record};
use modelforge_credential_providers::SignIn;

use super::backup;
use super::choice::{Choice, Migrate};
use super::journal::{self, Noted, State};
use super::report::{self, Row, Survey};
use super::route::Route;
use crate::person::Person;
use crate::providers::Providers;
use crate::request;
use crate::session::Session;
use crate::terminal::{self, warning};

/// A credential in plain text, in the chain, or in both.
#[derive(Default)]
struct Sides {
    sources: Vec<(usize, Option<String>)>,
    kept_by: Vec<String>,
    request: Option<request::Request>,
}

/// Shows the survey, and changes nothing.
pub fn status(asked: &Migrate) -> Result<()> {
    let session = Session::start(Person::Nobody)?;
    let providers = &session.providers;
    let choice = Choice::of(asked, providers)?;
    let route = Route::open(&session, &asked.from, asked.to.as_deref())?;
    let mut found: BTreeMap<[String; 4], Sides> = BTreeMap::new();
    let mut failed: Vec<Error> = Vec::new();
    let context = providers.context_of_all()?;
    for (at, source) in route.sources.iter().enumerate() {
        let (records, problems) = source.list(&context)?;
        failed.extend(problems);
        for record in records {
            let file = super::plain_file(&record);
            add(&mut found, record, providers, |sides| sides.sources.push((at, file)))?;
        }
    }
    for chain in route.targets() {
        for (helper, listed) in chain.list_each(&context) {
            match listed {
                Ok(records) => {
                    // A variable stores nothing, and a backup is not a credential.
                    for record in records.into_iter().flatten() {
                        if !record.has("variable") && !backup::is_one(&record) {
                            add(&mut found, record, providers, |sides| sides.kept_by.push(helper.clone()))?;
                        }
                    }
                }
                Err(problem) => failed.push(crate::error::helper_failed(&helper, &problem)),
            }
        }
    }
    let mut rows = Vec::new();
    for sides in found.into_values() {
        if sides.request.as_ref().is_some_and(|request| choice.is_meant(&request.record)) {
            let (row, problem) = row(&route, sides)?;
            rows.push(row);
            failed.extend(problem.filter(|new| failed.iter().all(|known| known.to_string() != new.to_string())));
        }
    }
    for name in choice.provider.clone().map_or_else(|| providers.of_this_user(), |name| vec![name]) {
        let Ok(provider) = providers.by_name(&name) else { continue };
        let is_known = rows.iter().any(|row| row.provider.as_ref() == Some(&provider.name));
        if !is_known && provider.sign_in != SignIn::None && choice.account.is_none() {
            let (url, account) = (provider.location.url(), DEFAULT_ACCOUNT.to_owned());
            let provider = Some(provider.name);
            rows.push(Row { provider, url, account, state: "none", files: Vec::new(), kept_by: Vec::new() });
        }
    }
    rows.sort_by(|a, b| (&a.provider, &a.url, &a.account).cmp(&(&b.provider, &b.url, &b.account)));
    let known = journal::read()?;
    let last = |state| {
        let is_one = |one: &&Noted| one.state == state && (state == State::Begun || one.can_be_rolled_back());
        known.iter().rfind(is_one).map(|one| one.id.clone())
    };
    let survey = Survey {
        version: 1,
        credentials: rows,
        unfinished: last(State::Begun),
        command: known.iter().rfind(|one| one.state == State::Begun).map(|one| one.way.command()),
        rollback_unfinished: last(State::RollbackBegun),
        can_be_rolled_back: known.iter().rfind(|one: &&Noted| one.can_be_rolled_back()).map(|one| one.id.clone()),
        failed: failed.iter().map(Error::to_string).collect(),
    };
    let text = report::survey(&survey, asked.json)?;
    if asked.json {
        terminal::answer(text.as_bytes())?
    } else {
        terminal::tell(&text)?
    }
    failed.iter().for_each(warning);
    Ok(())
}

fn add(
    found: &mut BTreeMap<[String; 4], Sides>,
    record: Record,
    providers: &Providers,
    add: impl FnOnce(&mut Sides),
) -> Result<()> {
    let request = request::expand(record.place(), providers)?;
    let text = |key| request.record.text(key).unwrap_or_default().to_owned();
    let sides = found.entry(DESCRIPTION.map(text)).or_default();
    add(sides);
    sides.request = Some(request);
    Ok(())
}

/// One row, and why its two sides could not be compared.
fn row(route: &Route, sides: Sides) -> Result<(Row, Option<Error>)> {
    let request = sides.request.ok_or_else(|| Error::new("a credential without a description"))?;
    let text = |key| request.record.text(key).map(str::to_owned);
    let provider = text("provider");
    let mut state = match (sides.sources.is_empty(), sides.kept_by.is_empty()) {
        (false, true) => "plain text",
        (true, false) => "migrated",
        _ => "both, equal",
    };
    let mut problem = None;
    if state == "both, equal" {
        let copies = route.target(provider.as_deref()).copies(&request.record, &request.context, false)?;
        let kept = copies.kept().next().map(|(_, copy)| copy);
        problem = copies.problem().filter(|_| kept.is_none());
        for (at, file) in &sides.sources {
            let source = route.sources.get(*at);
            let here = match source.map_or(Ok(None), |source| source.get(&request.record, file.as_deref())) {
                Ok(here) => here,
                Err(unread) => {
                    problem = problem.or(Some(unread));
                    None
                }
            };
            let is_same = matches!((&here, kept), (Some(here), Some(kept)) if here.holds_the_same_secrets(kept));
            if !is_same {
                state = if problem.is_some() { "both" } else { "both, DIFFERENT" };
            }
        }
    }
    let name_of_source = |(at, file): (usize, Option<String>)| {
        file.or_else(|| route.sources.get(at).map(|source| source.name.clone())).unwrap_or_default()
    };
    let account = request.record.shown("username").unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned());
    let files = sides.sources.into_iter().map(name_of_source).collect();
    Ok((Row { provider, url: request.record.url(), account, state, files, kept_by: sides.kept_by }, problem))
}
