//! The report of `helpers test` for a person.

use modelforge_credential_conformance::{Exchange, Judged, Level, Outcome, Report, Verdict};
use modelforge_credential_protocol::{shown, visible};

use super::verdict::badge;

/// A case and its result; with `verbose`, also the requests and answers of a broken one.
pub fn of_case(judged: &Judged, verbose: bool) -> String {
    let mark = match (&judged.outcome, judged.case.level) {
        (Outcome::Holds, _) => "ok",
        (Outcome::Broken(_), Level::Advice) => "advised",
        (Outcome::Broken(_), _) => "BROKEN",
        (Outcome::NotRun(_), _) => "not run",
        (Outcome::NotOffered(_), _) => "-",
    };
    let reason = match &judged.outcome {
        Outcome::Holds => String::new(),
        Outcome::Broken(reason) => format!(": {}", shown(reason)),
        Outcome::NotOffered(why) | Outcome::NotRun(why) => format!(": {why}"),
    };
    let mut text = format!("{mark:7}  {:2}  {}{reason}\n", judged.case.rule, judged.case.name);
    if verbose {
        text.extend(judged.exchanges.iter().map(of_exchange));
    }
    text
}

fn of_exchange(exchange: &Exchange) -> String {
    let mut text = format!("    {}: {}\n", visible(&exchange.operation), exchange.end);
    for (mark, lines) in [('>', &exchange.request), ('<', &exchange.answer), ('!', &exchange.said)] {
        text.extend(lines.iter().map(|line| format!("      {mark} {line}\n")));
    }
    text
}

/// The verdict over all cases.
pub fn of_verdict(report: &Report, are_all_chosen: bool) -> String {
    if report.kind.cannot_store.is_some() {
        return "not tested, because `store` failed; a helper that stores nothing must ignore `store` (O4)\n"
            .to_owned();
    }
    let mut text = String::new();
    if !report.kind.keeps {
        text.push_str("it stores nothing, and was tested as a helper that only answers\n");
    }
    if report.plain_text {
        text.push_str("it stores secrets in plain text\n");
    }
    let broken = report.broken_rules().join(", ");
    text.push_str(&match report.verdict() {
        Verdict::Protocol => "verdict: every tested rule of the protocol holds\n".to_owned(),
        Verdict::Git => format!("verdict: keeps git's rules, breaks {broken} of the protocol\n"),
        Verdict::Neither => format!("verdict: breaks {broken}\n"),
        Verdict::NotJudged => "verdict: none, because no case applies\n".to_owned(),
    });
    if are_all_chosen && report.ran_all() && report.verdict() != Verdict::NotJudged {
        text.push_str(&format!("badge: {}\n", badge(report)));
    }
    text
}
