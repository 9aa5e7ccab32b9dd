//! `helpers test --json`, and the badge.

use modelforge_credential_conformance::{Case, Exchange, Judged, Outcome, Report, Subject, Verdict};
use modelforge_credential_protocol::shown;
use serde::Serialize;

use crate::command::helpers::error::PROGRAM;

/// The format is stable: fields are only added.
#[derive(Serialize)]
pub struct Json {
    version: u32,
    helper: String,
    command: Vec<String>,
    through_git: bool,
    keeps: bool,
    shared: bool,
    plain_text: bool,
    cases: Vec<Row>,
    /// `protocol`, `git` or `none`: the rules that it keeps.
    keeps_the_rules_of: &'static str,
    /// True if every case that applies was run.
    whole: bool,
    badge: String,
    left: Vec<String>,
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    requests: Vec<Request>,
}

#[derive(Serialize)]
struct Request {
    operation: String,
    request: Vec<String>,
    answer: Vec<String>,
    said: Vec<String>,
    end: String,
}

impl Json {
    pub fn of(subject: &Subject, report: &Report, are_all_chosen: bool, verbose: bool) -> Self {
        let helper = subject.helper();
        let command = std::iter::once(helper.path().to_string_lossy().into_owned());
        Self {
            version: 1,
            helper: helper.name().to_owned(),
            command: command.chain(helper.arguments().iter().cloned()).collect(),
            through_git: subject.through_git(),
            keeps: report.kind.keeps,
            shared: report.kind.shared,
            plain_text: report.plain_text,
            cases: report.results.iter().map(|judged| Row::of(judged, verbose)).collect(),
            keeps_the_rules_of: match report.verdict() {
                Verdict::Protocol => "protocol",
                Verdict::Git => "git",
                Verdict::Neither | Verdict::NotJudged => "none",
            },
            whole: are_all_chosen && report.ran_all(),
            badge: badge(report),
            left: report.left.clone(),
        }
    }
}

impl Row {
    fn of(judged: &Judged, verbose: bool) -> Self {
        let (outcome, reason) = match &judged.outcome {
            Outcome::Holds => ("holds", None),
            Outcome::Broken(reason) => ("broken", Some(shown(reason))),
            Outcome::NotOffered(why) => ("not offered", Some((*why).to_owned())),
            Outcome::NotRun(why) => ("not run", Some((*why).to_owned())),
        };
        let Case { rule, name, level, .. } = judged.case;
        Self {
            rule,
            name,
            level: level.name(),
            outcome,
            reason,
            milliseconds: (judged.milliseconds * 10.0).round() / 10.0,
            requests: judged.exchanges.iter().filter(|_| verbose).map(Request::of).collect(),
        }
    }
}

impl Request {
    fn of(exchange: &Exchange) -> Self {
        let Exchange { operation, request, answer, said, end } = exchange.clone();
        Self { operation, request, answer, said, end }
    }
}

/// A line that authors paste into their README.
pub fn badge(report: &Report) -> String {
    let (held, all) = report.counts();
    let what = match report.verdict() {
        Verdict::Protocol if report.kind.keeps => "keeps the protocol",
        Verdict::Protocol => "keeps the protocol, and no credentials",
        Verdict::Git => "keeps git's rules",
        Verdict::Neither => "does not conform",
        Verdict::NotJudged => return format!("{PROGRAM} {}: not judged", env!("CARGO_PKG_VERSION")),
    };
    format!("{PROGRAM} {}: {what} ({held} of {all} cases)", env!("CARGO_PKG_VERSION"))
}
