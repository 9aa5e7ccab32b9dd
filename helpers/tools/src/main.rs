//! The helper `tools`: finds keys in the files of LLM tools, removes them, and makes the tools ask for them.

mod change;
mod format;
mod found;
mod likely;
mod places;
mod syntax;
mod table;
mod whole;
mod whose;

use std::process::ExitCode;

use modelforge_credential_files::foreign::is_whole;
use modelforge_credential_files::tilde;
use modelforge_credential_protocol::{
    About, Capabilities, DEFAULT_ACCOUNT, Error, Helper, Record, Result, list_problems, serve, visible,
};

use crate::change::{Asks, Word, line};
use crate::found::Found;
use crate::places::{Held, MOST, places};
use crate::table::PROJECT;

#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

const HELP: &str = include_str!("help.txt");

const ABOUT: About = About { program: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION"), help: HELP };

struct Tools;

impl Helper for Tools {
    fn capabilities(&self) -> Capabilities {
        Capabilities { foreign: true, ..Capabilities::default() }
    }

    fn get(&self, request: &Record) -> Result<Option<Record>> {
        if is_whole(request) {
            return whole::get(request);
        }
        let mut failed = None;
        for place in places(request) {
            match place.open() {
                Ok(Some(held)) => {
                    if let Some(found) = best(&held, request) {
                        return answer(&held, found, request).map(Some);
                    }
                }
                Ok(None) => {}
                Err(problem) => failed = failed.or(Some(problem)),
            }
        }
        // A file could not be read, so it is not known whether the key exists.
        failed.map_or(Ok(None), Err)
    }

    fn store(&self, credential: &Record) -> Result<()> {
        if is_whole(credential) { whole::put_back(credential) } else { Ok(()) }
    }

    fn erase(&self, description: &Record) -> Result<()> {
        let mut outcome = Ok(());
        for place in places(description) {
            outcome = outcome.and(place.open_locked().and_then(|held| match held {
                Some(held) => erase(held, description),
                None => Ok(()),
            }));
        }
        outcome
    }

    fn list(&self, request: &Record) -> Result<Option<Vec<Record>>> {
        let (mut records, mut problems) = (Vec::new(), Vec::new());
        let mut seen = Vec::new();
        let places = places(request);
        if places.iter().filter(|place| place.tool.name == PROJECT.name).count() >= MOST {
            problems.push(too_many());
        }
        for place in places {
            let looked_at = request.announces("place").then(|| (place.name(), place.tool.name));
            let opened = place.open();
            if let Some((place, tool)) = looked_at {
                records.push(looked_at_record(&place, tool, &opened)?);
            }
            match opened {
                Ok(Some(held)) if !seen.contains(&held.opened.real) => {
                    seen.push(held.opened.real.clone());
                    let can_ask = !held.place.is_signed_in_otherwise();
                    for found in &held.content.found {
                        records.push(listed(&held, found, can_ask)?);
                    }
                    problems.extend(held.content.problems);
                }
                Ok(_) => {}
                Err(problem) => problems.push(problem),
            }
        }
        list_problems(&problems, request, &mut records)?;
        Ok(Some(records))
    }
}

/// The best match. Without a user name, the default account comes first.
fn best<'a>(held: &'a Held, request: &Record) -> Option<&'a Found> {
    let meant = || held.content.found.iter().filter(|found| found.is_meant(request));
    let is_default = |found: &&Found| found.accounts.iter().any(|account| account == DEFAULT_ACCOUNT);
    meant().find(is_default).or_else(|| meant().next())
}

fn answer(held: &Held, found: &Found, request: &Record) -> Result<Record> {
    let account = request.text("username").or(found.accounts.first().map(String::as_str));
    let mut record = Record::of([("username", account.unwrap_or(DEFAULT_ACCOUNT))])?;
    record.push("password", found.secret.as_str())?;
    mark(&mut record, held)?;
    Ok(record)
}

fn listed(held: &Held, found: &Found, can_ask: bool) -> Result<Record> {
    let mut record = found.description()?;
    mark(&mut record, held)?;
    record.push("tool", held.place.tool.name)?;
    let asks = can_ask && found.spots.iter().all(|spot| spot.asks(found));
    match held.place.tool.command {
        Some(command) if !held.place.file.is_copy => record.push("start", command)?,
        _ => {}
    }
    if found.spots.iter().any(|spot| line::can_be_in(held.place.file, spot)) && held.place.tool.command.is_none() {
        record.push("shell_line", "1")?;
    }
    if asks && !held.place.file.is_copy {
        record.push("asks", "1")?;
    }
    let mut variables: Vec<&str> = found.spots.iter().map(|spot| spot.variable.as_str()).collect();
    variables.retain(|variable| !variable.is_empty());
    variables.dedup();
    if !variables.is_empty() {
        record.push("tool_variable", variables.join(" "))?;
    }
    Ok(record)
}

/// The record about a place itself.
fn looked_at_record(place: &str, tool: &str, opened: &Result<Option<Held>>) -> Result<Record> {
    let mut record = Record::of([("place", place), ("tool", tool)])?;
    match opened {
        Ok(Some(held)) => record.push("keys", held.content.found.len().to_string())?,
        Ok(None) => {}
        Err(problem) => record.push("problem", visible(&problem.to_string()))?,
    }
    Ok(record)
}

fn mark(record: &mut Record, held: &Held) -> Result<()> {
    record.set("storage", "plain text")?;
    record.set("plain_text", "1")?;
    record.set("file", held.place.name())
}

/// Removes the credentials that match a description from a file.
fn erase(held: Held, description: &Record) -> Result<()> {
    let word =
        description.text("rewire").map(|word| Word::new(word).ok_or_else(|| cannot_be_asked_by(word))).transpose()?;
    let is_one = |found: &&Found| {
        let names_it = description.get("password").is_none_or(|password| password == found.secret.as_bytes());
        found.is_meant(description) && names_it && !description.has("credential")
    };
    let word = word.filter(|_| !held.place.is_signed_in_otherwise());
    let asks = word.map(|word| Asks { word, by_line: description.is_true("shell_line") });
    let mut text = zeroize::Zeroizing::new(held.opened.text()?.to_owned());
    for gone in held.content.found.iter().filter(is_one) {
        // Read it again, because positions have changed with every removal.
        let shown = tilde(&held.place.path);
        let now = found::read(held.place.tool, held.place.file, &shown, &text)?;
        let here = now.found.iter().find(|here| here.is_same(gone));
        let edited = here.and_then(|here| change::without(held.place.file, &text, here, asks));
        text = edited.ok_or_else(|| Error::new(format!("`{shown}` could not be edited safely, and was not")))?;
    }
    if text.as_bytes() == held.opened.bytes() {
        return Ok(());
    }
    let shown = tilde(&held.place.path);
    if !syntax::is_kept(held.place.file, held.opened.text()?, &text) {
        return Err(Error::new(format!("`{shown}` would no longer be a valid script of its shell, so the key stays")));
    }
    held.opened.replace(text.as_bytes())
}

fn too_many() -> Error {
    Error::new(format!("the directory has more than {MOST} files, and only so many were searched"))
        .hint("name the directories in it one by one")
}

fn cannot_be_asked_by(word: &str) -> Error {
    Error::new(format!("no tool can be configured to ask for `{}`", visible(word)))
}

fn main() -> ExitCode {
    match ABOUT.switches(&[]) {
        Ok(_) => serve(Tools),
        Err(ended) => ended,
    }
}
