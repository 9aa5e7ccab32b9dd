//! `migrate --list`: the files that are searched, by tool, and the number of keys in each.

use std::collections::BTreeMap;

use anyhow::Result;
use modelforge_credential_protocol::{Record, visible};
use serde::Serialize;

use super::choice::Migrate;
use super::error::tilde;
use super::report::pretty;
use super::route::{Route, Source};
use crate::person::Person;
use crate::session::Session;
use crate::sources;
use crate::terminal::{self, Paint, columns, warning};

/// A file that is searched.
#[derive(Serialize)]
struct Place {
    /// The tool, or the source if it names none.
    tool: String,
    file: Option<String>,
    /// The number of keys in it; null if it does not exist or cannot be read.
    keys: Option<usize>,
    /// Why it cannot be read.
    problem: Option<String>,
}

impl Place {
    fn is_there(&self) -> bool {
        self.keys.is_some() || self.problem.is_some()
    }

    fn is_of_macos(&self) -> bool {
        self.file.as_ref().is_some_and(|file| file.contains("/Library/Application Support/"))
    }
}

#[derive(Serialize)]
struct Report {
    version: u32,
    places: Vec<Place>,
    failed: Vec<String>,
}

/// Shows the files, and changes nothing.
pub fn list(asked: &Migrate) -> Result<()> {
    let session = Session::start(Person::Nobody)?;
    let route = match asked.folders.as_slice() {
        [] => Route::open(&session, &asked.from, None)?,
        folders => Route::of_folders(&session, folders, None)?,
    };
    let context = session.providers.context_of_all()?;
    let (mut places, mut failed) = (Vec::new(), Vec::new());
    for source in &route.sources {
        match source.places(&context) {
            Ok(records) => places.extend(of_source(source, &records)),
            Err(problem) => failed.push(problem),
        }
    }
    // Do not show paths of macOS that do not exist on another system.
    places.retain(|place| place.is_there() || cfg!(target_os = "macos") || !place.is_of_macos());
    if asked.json {
        let failed = failed.iter().map(ToString::to_string).collect();
        terminal::answer(pretty(&Report { version: 1, places, failed })?.as_bytes())?;
    } else {
        terminal::answer(table(&places).as_bytes())?;
        if asked.folders.is_empty() {
            terminal::done("projects are searched only if you name them: `modelforge-credential migrate --list PATH`")?;
        }
    }
    failed.iter().for_each(warning);
    Ok(())
}

/// The files that a source reports. If it reports none, the files of its credentials.
fn of_source(source: &Source, records: &[Record]) -> Vec<Place> {
    let text = |record: &Record, key| record.text(key).map(str::to_owned);
    let told: Vec<Place> = records
        .iter()
        .filter_map(|record| {
            let keys = record.text("keys").and_then(|keys| keys.parse().ok());
            let (tool, problem) =
                (text(record, "tool").unwrap_or_else(|| source.name.clone()), text(record, "problem"));
            Some(Place { tool, file: Some(text(record, "place")?), keys, problem })
        })
        .collect();
    if !told.is_empty() {
        return told;
    }
    let mut files: BTreeMap<Option<String>, usize> = BTreeMap::new();
    for record in records.iter().filter(|record| !record.has("problem") && !record.has("variable")) {
        *files.entry(text(record, "file")).or_default() += 1;
    }
    if files.is_empty() {
        files.insert(None, 0);
    }
    let tool = || sources::looked_at(std::slice::from_ref(&source.words));
    files.into_iter().map(|(file, keys)| Place { tool: tool(), file, keys: Some(keys), problem: None }).collect()
}

fn table(places: &[Place]) -> String {
    let mut lines = vec![["TOOL", "FILE", "FOUND"].map(String::from).to_vec()];
    for place in places {
        let found = match (place.keys, &place.problem) {
            (_, Some(_)) => "cannot be read".to_owned(),
            (None, None) => "not there".to_owned(),
            (Some(0), None) => "no key".to_owned(),
            (Some(1), None) => "1 key".to_owned(),
            (Some(keys), None) => format!("{keys} keys"),
        };
        let file = place.file.as_ref().map(|file| tilde(file.as_ref())).unwrap_or_default();
        lines.push(vec![visible(&place.tool), file, found]);
    }
    let paints: Vec<Paint> = places
        .iter()
        .map(|place| if place.problem.is_some() || place.keys > Some(0) { Paint::Alarm } else { Paint::Plain })
        .collect();
    columns(&lines, &[vec![Paint::Plain], paints].concat())
}
