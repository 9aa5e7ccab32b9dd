//! `audit`: the log as a table, as it is, or checked.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use modelforge_credential_protocol::visible;

use crate::audit::error;
use crate::audit::line::Line;
use crate::audit::{files, process_name, read, verify};
use crate::person::Person;
use crate::session::Session;
use crate::terminal::{self, Paint};

/// What `audit` was asked to show.
pub struct Audit {
    pub provider: Option<String>,
    pub account: Option<String>,
    pub since: Option<String>,
    pub limit: Option<usize>,
    pub json: bool,
    pub verify: bool,
}

/// How many records are shown if nobody says.
const USUAL: usize = 100;

/// Shows the log, the newest record last, or checks it.
pub fn audit(asked: &Audit) -> Result<()> {
    let since = asked.since.as_deref().map(time).transpose()?;
    let Some(folder) = files::folder() else { return Err(error::log_needs_a_home().into()) };
    if asked.verify {
        return check(&folder);
    }
    let provider = asked.provider.as_deref().map(canonical).transpose()?;
    let limit = asked.limit.unwrap_or(if since.is_some() { usize::MAX } else { USUAL });
    let mut shown: Vec<(Line, Vec<u8>)> = Vec::new();
    if limit > 0 {
        read::newest_first(&folder, usize::MAX, |record, line| {
            // A clock that was set back may have left an older record after a newer one, so all are looked at.
            let is_since = since.is_none_or(|since| humantime::parse_rfc3339(&record.time).is_ok_and(|at| at >= since));
            let is_meant = provider.as_ref().is_none_or(|name| record.provider.as_ref() == Some(name))
                && asked.account.as_ref().is_none_or(|name| record.account.as_ref() == Some(name));
            if is_since && is_meant {
                shown.push((record, line.to_vec()));
            }
            if shown.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })
        .map_err(|problem| error::log_unreadable(&problem))?;
    }
    shown.reverse();
    if asked.json {
        let lines: Vec<u8> = shown.into_iter().flat_map(|(_, line)| line.into_iter().chain([b'\n'])).collect();
        return Ok(terminal::answer(&lines)?);
    }
    if Session::start(Person::Nobody).is_ok_and(|session| !session.providers.are_audited()) {
        terminal::warning(&error::log_is_off());
    }
    if shown.is_empty() {
        let is_filtered = since.is_some() || provider.is_some() || asked.account.is_some() || limit == 0;
        let said = if is_filtered { "nothing is logged that matches" } else { "nothing is logged yet" };
        return Ok(terminal::done(said)?);
    }
    let lines: Vec<Line> = shown.into_iter().map(|(line, _)| line).collect();
    Ok(terminal::answer(table(&lines).as_bytes())?)
}

/// The name that the log has for a provider. With a configuration that cannot be read, it is the name that was typed.
fn canonical(name: &str) -> Result<String> {
    let Ok(session) = Session::start(Person::Nobody) else { return Ok(name.to_owned()) };
    // Of a provider that is no longer declared there may be records all the same.
    match session.providers.by_name(name) {
        Ok(provider) => Ok(provider.name),
        Err(_) => Ok(crate::config::provider_name(name)?),
    }
}

/// `2d` ago, or a date, or a date and a time, in UTC.
fn time(text: &str) -> Result<SystemTime> {
    let with_time = format!("{text}T00:00:00Z");
    if let Ok(time) = humantime::parse_rfc3339_weak(&with_time).or_else(|_| humantime::parse_rfc3339_weak(text)) {
        return Ok(time);
    }
    let ago: Option<Duration> = humantime::parse_duration(text).ok();
    Ok(ago.and_then(|ago| SystemTime::now().checked_sub(ago)).ok_or_else(error::not_a_time)?)
}

fn check(folder: &Path) -> Result<()> {
    let checked = verify(folder).map_err(|problem| error::log_unreadable(&problem))?;
    let (Some((first, since)), Some((last, until))) = (&checked.first, &checked.last) else {
        return match checked.problems.into_iter().next() {
            Some(problem) => Err(problem.into()),
            None => Ok(terminal::done("nothing is logged yet")?),
        };
    };
    let count = checked.count;
    if checked.torn > 0 {
        terminal::warning(&error::log_is_torn(checked.torn));
    }
    terminal::done(&format!(
        "{count} record{}: from {first} ({since}) to {last} ({until})",
        if count == 1 { "" } else { "s" }
    ))?;
    if checked.problems.is_empty() {
        return Ok(terminal::done("none was changed, and none is missing in between or at the end")?);
    }
    checked.problems.iter().for_each(terminal::warning);
    Err(error::log_not_whole(folder).into())
}

fn table(records: &[Line]) -> String {
    let titles = ["TIME (UTC)", "OPERATION", "FOR", "ACCOUNT", "OUTCOME", "HELPER", "MS", "ASKED BY"];
    let mut lines = vec![titles.map(String::from).to_vec()];
    for record in records {
        let text = |text: &Option<String>| short(text.as_deref().unwrap_or(""));
        let (date, time) = record.time.split_once('T').unwrap_or((&record.time, ""));
        lines.push(vec![
            visible(&format!("{date} {}", time.get(..8).unwrap_or(time))),
            visible(&record.operation),
            text(if record.provider.is_some() { &record.provider } else { &record.url }),
            text(&record.account),
            visible(&record.outcome),
            text(&record.helper),
            format!("{:.1}", record.ms),
            asked_by(record),
        ]);
    }
    terminal::columns(&lines, &vec![Paint::Plain; lines.len()])
}

/// The most characters of a host, an account or a helper: one that somebody made long leaves room for the others.
const WIDE: usize = 60;

fn short(text: &str) -> String {
    let text = visible(text);
    match text.char_indices().nth(WIDE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// `~/bin/tool (4711), from bash, from sshd`.
fn asked_by(record: &Line) -> String {
    let Some(asker) = record.asker() else { return String::new() };
    let mut text = format!("{} ({})", process_name(&asker), asker.pid);
    for parent in record.parents.iter().take(2) {
        let name =
            parent.program.as_deref().and_then(|path| Path::new(path).file_name()).map(|name| name.to_string_lossy());
        let name = parent.name.as_deref().map(visible).or(name.map(|name| visible(&name)));
        text.push_str(&format!(", from {}", name.unwrap_or_else(|| parent.pid.to_string())));
    }
    text
}
