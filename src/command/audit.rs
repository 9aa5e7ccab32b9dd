//! `audit`: shows the log as a table, or as it is stored.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use modelforge_credential_protocol::{DEFAULT_ACCOUNT, shown, visible};

use crate::audit::error;
use crate::audit::line::{Line, Process};
use crate::audit::{Outcome, files, process_name, read};
use crate::command::env::SHELLS;
use crate::error::tilde;
use crate::person::Person;
use crate::session::Session;
use crate::terminal::{self, Paint};

/// The options of `audit`.
pub struct Audit {
    pub provider: Option<String>,
    pub account: Option<String>,
    pub since: Option<String>,
    pub limit: Option<usize>,
    pub json: bool,
    pub details: bool,
}

/// How many records are shown by default.
const USUAL: usize = 100;

/// Shows the log, the newest record last.
pub fn audit(asked: &Audit) -> Result<()> {
    let filter = Filter::of(asked)?;
    let Some(folder) = files::folder() else { return Err(error::log_needs_a_home().into()) };
    if asked.json {
        let lines = found(&folder, &filter, |_, line| line.to_vec())?;
        // Write in pieces, because the log may be long.
        return Ok(lines
            .chunks(1000)
            .try_for_each(|some| terminal::answer(&[some.join(&b'\n'), vec![b'\n']].concat()))?);
    }
    let rows = found(&folder, &filter, |record, _| if asked.details { detailed_row(&record) } else { row(&record) })?;
    if Session::start(Person::Nobody).is_ok_and(|session| !session.providers.audit().enabled) {
        terminal::warning(&error::log_is_off());
    }
    if rows.is_empty() {
        return Ok(terminal::done(if filter.is_any() { "there are no records yet" } else { "no record matches" })?);
    }
    let titles: &[&str] = match asked.details {
        true => &["TIME (UTC)", "OPERATION", "FOR", "ACCOUNT", "OUTCOME", "HELPER", "MS", "BY"],
        false => &["TIME (UTC)", "OPERATION", "FOR", "RESULT", "BY"],
    };
    let titles = titles.iter().map(|title| (*title).to_owned()).collect();
    let lines: Vec<Vec<String>> = std::iter::once(titles).chain(rows).collect();
    Ok(terminal::answer(terminal::columns(&lines, &vec![Paint::Plain; lines.len()]).as_bytes())?)
}

/// Which records to show.
struct Filter {
    provider: Option<String>,
    account: Option<String>,
    since: Option<SystemTime>,
    limit: usize,
}

impl Filter {
    fn of(asked: &Audit) -> Result<Self> {
        let since = asked.since.as_deref().map(time).transpose()?;
        Ok(Self {
            provider: asked.provider.as_deref().map(canonical).transpose()?,
            account: asked.account.as_deref().map(shown),
            since,
            limit: asked.limit.unwrap_or(if since.is_some() { usize::MAX } else { USUAL }),
        })
    }

    fn is_any(&self) -> bool {
        self.provider.is_none() && self.account.is_none() && self.since.is_none() && self.limit > 0
    }

    fn matches(&self, record: &Line) -> bool {
        self.provider.as_ref().is_none_or(|name| record.provider.as_ref() == Some(name))
            && self.account.as_ref().is_none_or(|name| record.account.as_ref() == Some(name))
            && self.since.is_none_or(|since| humantime::parse_rfc3339(&record.time).is_ok_and(|at| at >= since))
    }
}

/// The matching records in their shown form, the newest last. If the clock was set back, an older record may come after a newer one. So
/// this reads on until there are enough.
fn found<T>(folder: &Path, filter: &Filter, show: impl Fn(Line, &[u8]) -> T) -> Result<Vec<T>> {
    let mut found = Vec::new();
    if filter.limit == 0 {
        return Ok(found);
    }
    let read = read::newest_first(folder, usize::MAX, |record, line| {
        if filter.matches(&record) {
            found.push(show(record, line));
        }
        if found.len() < filter.limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    read.map_err(|problem| error::log_unreadable(&problem))?;
    found.reverse();
    Ok(found)
}

/// The provider's name in the log. If the configuration cannot be read, it is the name that was typed.
fn canonical(name: &str) -> Result<String> {
    let Ok(session) = Session::start(Person::Nobody) else { return Ok(name.to_owned()) };
    // There may be records of a provider that is no longer declared.
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

/// A row that fits a narrow terminal.
fn row(record: &Line) -> Vec<String> {
    let way = if record.outcome == Outcome::Moved.name() { "to" } else { "in" };
    let helper = record.helper.as_deref().map(|helper| format!(" {way} {}", short(helper))).unwrap_or_default();
    let account = record.account.as_deref().filter(|account| *account != DEFAULT_ACCOUNT);
    let place = match (&record.provider, account) {
        (Some(provider), Some(account)) => format!("{}:{}", short(provider), short(account)),
        (Some(provider), None) => short(provider),
        (None, _) => short(record.url.as_deref().unwrap_or("").trim_start_matches("https://")),
    };
    vec![
        time_of(record),
        visible(&record.operation),
        place,
        format!("{}{helper}", visible(&record.outcome)),
        got_by(record),
    ]
}

fn detailed_row(record: &Line) -> Vec<String> {
    let text = |text: &Option<String>| short(text.as_deref().unwrap_or(""));
    vec![
        time_of(record),
        visible(&record.operation),
        text(if record.provider.is_some() { &record.provider } else { &record.url }),
        text(&record.account),
        visible(&record.outcome),
        text(&record.helper),
        format!("{:.1}", record.ms),
        asked_by(record),
    ]
}

fn time_of(record: &Line) -> String {
    let (date, time) = record.time.split_once('T').unwrap_or((&record.time, ""));
    visible(&format!("{date} {}", time.get(..8).unwrap_or(time)))
}

/// The most characters of a host, an account or a helper, so that one long name does not fill the row.
const WIDE: usize = 60;

fn short(text: &str) -> String {
    // An older version may have logged a key in place of something else.
    let text = shown(text);
    match text.char_indices().nth(WIDE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// `aider`, or the nearest program that is not a shell: a shell only passes on a request.
fn got_by(record: &Line) -> String {
    if let Some(command) = &record.command {
        return visible(&file_name(command));
    }
    let Some(asker) = record.asker() else { return String::new() };
    let name = called(&asker);
    let is_shell = |name: &str| SHELLS.contains(&&*name.trim_start_matches('-').to_ascii_lowercase());
    match record.parents.iter().map(called).find(|name| !is_shell(name)).filter(|_| is_shell(&name)) {
        Some(parent) => format!("{name}, from {parent}"),
        None => name,
    }
}

/// `~/bin/tool (4711), from bash, from sshd`.
fn asked_by(record: &Line) -> String {
    let Some(asker) = record.asker() else { return String::new() };
    let mut text = format!("{} ({})", process_name(&asker), asker.pid);
    for parent in record.parents.iter().take(2) {
        text.push_str(&format!(", from {}", called(parent)));
    }
    match &record.command {
        Some(command) => format!("{}, from {text}", visible(&tilde(command.as_ref()))),
        None => text,
    }
}

/// The name of a process: its own, otherwise its program's, otherwise its number. Servers write what they do after a colon: `sshd: ann`.
fn called(process: &Process) -> String {
    let program = process.program.as_deref().map(file_name);
    let name = process.name.clone().or(program).unwrap_or_else(|| process.pid.to_string());
    visible(name.split(": ").next().unwrap_or(&name))
}

/// Linux marks a program that was replaced since it started.
fn file_name(path: &str) -> String {
    let name = Path::new(path.trim_end_matches(" (deleted)")).file_name();
    let name = name.map_or_else(|| path.to_owned(), |name| name.to_string_lossy().into_owned());
    // A Windows program is named without its extension.
    let ending = name.len().saturating_sub(4);
    match name.get(ending..).filter(|ending| cfg!(windows) && ending.eq_ignore_ascii_case(".exe")) {
        Some(_) => name[..ending].to_owned(),
        None => name,
    }
}
