//! `helpers test`: the conformance suite for people, for continuous integration, and for a badge.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Result;
use modelforge_credential_client::{Entry, Program};
use modelforge_credential_protocol::visible;
use serde::Serialize;

use crate::command::helpers::error::{self, PROGRAM};
use crate::config::{duration, entry_of_text};
use crate::conformance::{self, Case, Level, Options, Outcome, Report, Subject};
use crate::session::program;
use crate::terminal;

/// What `helpers test` was asked to do.
pub struct Test {
    pub helper: String,
    /// Only the cases of this rule, or with this text in their names.
    pub only: Option<String>,
    pub rules: Rules,
    pub through_git: bool,
    pub in_place: bool,
    /// The folder that each case begins with a copy of.
    pub home: Option<std::path::PathBuf>,
    pub risky: bool,
    pub timeout: Option<String>,
    pub json: bool,
}

/// By whose rules a helper is judged.
#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
pub enum Rules {
    /// What git asks of a credential helper
    Git,
    /// All of protocol.md
    Protocol,
}

/// `helpers test --json`: the shape is stable, fields are only ever added.
#[derive(Serialize)]
struct Verdict {
    version: u32,
    helper: String,
    command: Vec<String>,
    through_git: bool,
    keeps: bool,
    shared: bool,
    plain_text: bool,
    cases: Vec<Row>,
    /// `protocol`, `git` or `none`: whose rules it keeps.
    keeps_the_rules_of: &'static str,
    /// Whether every case that applies was run.
    whole: bool,
    badge: String,
    left: Vec<String>,
    #[serde(skip)]
    cannot_store: bool,
}

#[derive(Serialize)]
struct Row {
    rule: &'static str,
    name: &'static str,
    level: &'static str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    milliseconds: f64,
}

/// Puts a helper to the test.
pub fn test(options: &Test) -> Result<()> {
    let helper = find(&options.helper)?;
    let only = options.only.as_deref();
    let chosen = |case: &Case| only.is_none_or(|only| case.rule.eq_ignore_ascii_case(only) || case.name.contains(only));
    if !conformance::cases().any(chosen) {
        return Err(error::no_such_case(only.unwrap_or_default()).into());
    }
    let limit = options.timeout.as_deref().map(|text| duration(text).ok_or_else(error::not_a_duration)).transpose()?;
    let how = Options {
        through_git: options.through_git,
        home: options.home.clone(),
        in_place: options.in_place,
        risky: options.risky,
        limit,
    };
    let subject = Subject::new(helper, how, interruptions()?)?;
    // As it was typed.
    let name = options.helper.trim().to_owned();
    if !options.json {
        terminal::done(&format!("testing `{name}` ({})", error::tilde(subject.helper().path())))?;
    }
    let report = conformance::run(&subject, chosen, |result| {
        let row = Row::of(result);
        if !options.json && row.reason.as_deref() != Some(conformance::KEEPS_NOTHING) {
            let _ = terminal::done(&line(&row));
        }
    });
    let verdict = Verdict::of(&subject, &report, only.is_none());
    if options.json {
        let mut lines = serde_json::to_vec_pretty(&verdict)?;
        lines.push(b'\n');
        terminal::answer(&lines)?;
    } else {
        terminal::tell(&verdict.text())?;
    }
    conclude(&name, &report, &verdict, options.rules)
}

fn conclude(name: &str, report: &Report, verdict: &Verdict, rules: Rules) -> Result<()> {
    if !report.left.is_empty() {
        return Err(error::left_behind(name, &report.left).into());
    }
    if report.interrupted {
        return Err(error::test_interrupted().into());
    }
    if let Some(reason) = &report.nature.cannot_store {
        return Err(error::could_not_store(name, reason).into());
    }
    match (verdict.keeps_the_rules_of, rules) {
        ("protocol", _) | ("git", Rules::Git) => Ok(()),
        _ => Err(error::does_not_conform(name).into()),
    }
}

/// A helper's name, a path, or a command line. A path may be relative here: whoever types it stands where it leads from.
fn find(text: &str) -> Result<Program> {
    let mut words = shell_words::split(text).map_err(|_| error::not_an_entry("a quotation mark is not closed"))?;
    if let Some(first) = words.first_mut().filter(|first| first.contains('/') && !first.starts_with(['/', '~'])) {
        let below = first.trim_start_matches("./");
        *first = std::env::current_dir()?.join(below).to_string_lossy().into_owned();
    }
    let entry = entry_of_text(&shell_words::join(&words));
    let named = entry.as_ref().map(program);
    if let Ok(Ok(program)) = named {
        return Ok(program);
    }
    // A program on PATH with its arguments: `git credential-store`.
    let is_bare = words.first().is_some_and(|first| !Path::new(first).is_absolute());
    if is_bare && let Ok(program) = program(&Entry::command(words)) {
        return Ok(program);
    }
    match named {
        Ok(found) => Ok(found?),
        Err(problem) => Err(error::not_an_entry(problem).into()),
    }
}

/// Ctrl-C ends the test between two operations, so that what was stored is erased.
fn interruptions() -> Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    #[cfg(unix)]
    let signals = {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
        modelforge_credential_client::heeded(&[SIGHUP, SIGINT, SIGQUIT, SIGTERM])
    };
    #[cfg(not(unix))]
    let signals = [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM];
    for signal in signals {
        signal_hook::flag::register(signal, Arc::clone(&interrupted))?;
    }
    // To the end of this process.
    #[cfg(unix)]
    std::mem::forget(modelforge_credential_client::take_signals());
    Ok(interrupted)
}

impl Row {
    fn of(result: &conformance::Result) -> Self {
        let (outcome, reason) = match &result.outcome {
            Outcome::Holds => ("holds", None),
            Outcome::Broken(reason) => ("broken", Some(visible(reason))),
            Outcome::NotOffered(why) => ("not offered", Some((*why).to_owned())),
            Outcome::NotRun(why) => ("not run", Some((*why).to_owned())),
        };
        let Case { rule, name, level, .. } = result.case;
        Self {
            rule,
            name,
            level: level.name(),
            outcome,
            reason,
            milliseconds: (result.milliseconds * 10.0).round() / 10.0,
        }
    }
}

fn line(row: &Row) -> String {
    let mark = match (row.outcome, row.level) {
        ("holds", _) => "ok",
        ("broken", "advice") => "advised",
        ("broken", _) => "BROKEN",
        ("not run", _) => "not run",
        _ => "-",
    };
    let reason = row.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("{mark:7}  {:2}  {}{reason}", row.rule, row.name)
}

impl Verdict {
    fn of(subject: &Subject, report: &Report, all: bool) -> Self {
        let broken_at = |level| {
            let mut of_this_level = report.results.iter().filter(|result| result.case.level == level);
            of_this_level.any(|result| matches!(result.outcome, Outcome::Broken(_)))
        };
        let keeps_the_rules_of = match (broken_at(Level::Git), broken_at(Level::Protocol)) {
            (true, _) => "none",
            (false, true) => "git",
            (false, false) => "protocol",
        };
        let any_not_run = report.results.iter().any(|result| matches!(result.outcome, Outcome::NotRun(_)));
        let helper = subject.helper();
        let command = std::iter::once(helper.path().to_string_lossy().into_owned());
        let mut verdict = Self {
            version: 1,
            helper: helper.name().to_owned(),
            command: command.chain(helper.arguments().iter().cloned()).collect(),
            through_git: subject.through_git(),
            keeps: report.nature.keeps,
            shared: report.nature.shared,
            plain_text: report.plain_text,
            cases: report.results.iter().map(Row::of).collect(),
            keeps_the_rules_of,
            whole: all && !report.interrupted && report.nature.cannot_store.is_none() && !any_not_run,
            badge: String::new(),
            left: report.left.clone(),
            cannot_store: report.nature.cannot_store.is_some(),
        };
        verdict.badge = verdict.badge();
        verdict
    }

    /// How many of the cases that are no mere advice hold, of those that apply.
    fn counts(&self) -> (usize, usize) {
        let judged: Vec<&Row> = self.cases.iter().filter(|row| row.level != "advice").collect();
        let held = judged.iter().filter(|row| row.outcome == "holds").count();
        (held, held + judged.iter().filter(|row| row.outcome == "broken").count())
    }

    fn badge(&self) -> String {
        let (held, all) = self.counts();
        let what = match self.keeps_the_rules_of {
            "protocol" if self.keeps => "keeps the protocol",
            "protocol" => "keeps the protocol, and no credentials",
            "git" => "keeps git's rules",
            _ => "does not conform",
        };
        format!("{PROGRAM} {}: {what} ({held} of {all} cases)", env!("CARGO_PKG_VERSION"))
    }

    fn text(&self) -> String {
        let mut text = String::new();
        if self.cannot_store {
            text.push_str("it could not store, so only what needs no store was tried\n");
        } else if !self.keeps {
            text.push_str("it keeps nothing, and was judged as a helper that only answers\n");
        }
        if self.plain_text {
            text.push_str("it keeps secrets in plain text\n");
        }
        if self.counts().1 == 0 {
            text.push_str("verdict: none, for no case applies to it\n");
            return text;
        }
        text.push_str(&match self.keeps_the_rules_of {
            "protocol" => "verdict: it keeps every rule of the protocol that it was asked about\n".to_owned(),
            "git" => {
                format!("verdict: it does what git asks of a helper, and breaks {} of the protocol\n", self.broken())
            }
            _ => format!("verdict: it breaks {}\n", self.broken()),
        });
        if self.whole {
            text.push_str(&format!("badge: {}\n", self.badge));
        }
        text
    }

    /// The rules, each once.
    fn broken(&self) -> String {
        let not_held = self.cases.iter().filter(|row| row.level != "advice" && row.outcome == "broken");
        let mut rules: Vec<&str> = not_held.map(|row| row.rule).collect();
        rules.sort_unstable();
        rules.dedup();
        rules.join(", ")
    }
}
