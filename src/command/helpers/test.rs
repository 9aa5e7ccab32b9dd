//! `helpers test`: runs the conformance suite, for people, CI, and a badge.

mod text;
mod verdict;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Result;
use modelforge_credential_client::{Entry, Program};
use modelforge_credential_conformance::{Case, KEEPS_NOTHING, Options, Outcome, Report, Subject, Verdict, cases, run};

use crate::command::helpers::error;
use crate::config::{duration, entry_of_text, line, words};
use crate::session::program;
use crate::terminal;

/// The options of `helpers test`.
pub struct Test {
    pub helper: String,
    /// Only the cases of this rule, or with this text in their names.
    pub only: Option<String>,
    pub rules: Rules,
    pub through_git: bool,
    pub in_place: bool,
    /// The directory that each case gets a copy of as its home.
    pub home: Option<std::path::PathBuf>,
    pub risky: bool,
    pub timeout: Option<String>,
    pub json: bool,
    /// True to show the requests and answers of each broken case.
    pub verbose: bool,
}

/// Which rules a helper is tested for.
#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
pub enum Rules {
    /// The rules that git has for a credential helper
    Git,
    /// All of protocol.md
    Protocol,
}

/// Tests a helper.
pub fn test(options: &Test) -> Result<()> {
    let helper = find(&options.helper)?;
    let only = options.only.as_deref();
    let chosen = |case: &Case| only.is_none_or(|only| case.rule.eq_ignore_ascii_case(only) || case.name.contains(only));
    if !cases().any(chosen) {
        return Err(error::no_such_case(only.unwrap_or_default()).into());
    }
    let limit = options.timeout.as_deref().map(|text| duration(text).ok_or_else(error::not_a_duration)).transpose()?;
    let how = Options {
        through_git: options.through_git,
        home: options.home.clone(),
        in_place: options.in_place,
        risky: options.risky,
        limit,
        interrupted: interruptions()?,
    };
    let subject = Subject::new(helper, how)?;
    // The name as it was typed.
    let name = options.helper.trim().to_owned();
    if !options.json {
        terminal::done(&format!("testing `{name}` ({})", error::tilde(subject.helper().path())))?;
    }
    let report = run(&subject, chosen, |judged| {
        if !options.json && judged.outcome != Outcome::NotOffered(KEEPS_NOTHING) {
            let _ = terminal::tell(&text::of_case(judged, options.verbose));
        }
    });
    if options.json {
        let verdict = verdict::Json::of(&subject, &report, only.is_none(), options.verbose);
        terminal::answer(&terminal::json(&verdict)?)?;
    } else {
        terminal::tell(&text::of_verdict(&report, only.is_none()))?;
    }
    conclude(&name, &report, options.rules)
}

fn conclude(name: &str, report: &Report, rules: Rules) -> Result<()> {
    if !report.left.is_empty() {
        return Err(error::left_behind(name, &report.left).into());
    }
    if report.interrupted {
        return Err(error::test_interrupted().into());
    }
    if let Some(reason) = &report.kind.cannot_store {
        return Err(error::could_not_store(name, reason).into());
    }
    match (report.verdict(), rules) {
        (Verdict::Protocol | Verdict::NotJudged, _) | (Verdict::Git, Rules::Git) => Ok(()),
        _ => Err(error::does_not_conform(name).into()),
    }
}

/// A helper's name, a path, or a command line. A path may be relative here, because a person types it in their working directory.
fn find(text: &str) -> Result<Program> {
    let mut words = words(text).ok_or_else(|| error::not_an_entry("a quotation mark is not closed"))?;
    let is_relative = |word: &str| {
        word.contains(std::path::is_separator) && !word.starts_with('~') && !std::path::Path::new(word).has_root()
    };
    if let Some(first) = words.first_mut().filter(|first| is_relative(first)) {
        let below = first.trim_start_matches("./");
        *first = std::env::current_dir()?.join(below).to_string_lossy().into_owned();
    }
    let entry = entry_of_text(&line(&words));
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

/// Ctrl-C ends the test between two operations, so that everything it stored is erased.
fn interruptions() -> Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    #[cfg(unix)]
    {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
        for signal in modelforge_credential_client::heeded(&[SIGHUP, SIGINT, SIGQUIT, SIGTERM]) {
            signal_hook::flag::register(signal, Arc::clone(&interrupted))?;
        }
        // Until this process ends.
        std::mem::forget(modelforge_credential_client::take_signals());
    }
    #[cfg(not(unix))]
    {
        let interrupted = Arc::clone(&interrupted);
        ctrlc::set_handler(move || interrupted.store(true, std::sync::atomic::Ordering::Relaxed))?;
    }
    Ok(interrupted)
}
