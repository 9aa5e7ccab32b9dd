//! Runs the cases for a helper.

use std::time::Instant;

use crate::case::{Case, Offer, Who};
use crate::cases::cases;
use crate::checked::Broken;
use crate::discover::discover;
use crate::exchange::Exchange;
use crate::kind::Kind;
use crate::report::{Judged, KEEPS_NOTHING, Outcome, Report};
use crate::session::Session;
use crate::subject::Subject;

/// Runs the chosen cases, and passes on each result at once.
///
/// First the helper is asked to store something, to find out what kind it is. If it cannot, no case is run, because most would only show
/// that its store is not available.
pub fn run(subject: &Subject, chosen: impl Fn(&Case) -> bool, mut tell: impl FnMut(&Judged)) -> Report {
    let (kind, left) = discover(subject);
    let interrupted = subject.is_interrupted();
    let mut report = Report { kind: kind.clone(), results: Vec::new(), left, plain_text: false, interrupted };
    if interrupted || kind.cannot_store.is_some() {
        return report;
    }
    for case in cases().filter(|case| applies(case, &kind, subject) && chosen(case)) {
        let start = Instant::now();
        let (outcome, exchanges) = match unfit(case, &kind, subject) {
            Some(outcome) => (outcome, Vec::new()),
            None => match try_case(case, subject, &mut report) {
                (Ok(()), _) => (Outcome::Holds, Vec::new()),
                (Err(Broken::Rule(reason)), exchanges) => (Outcome::Broken(reason), exchanges),
                (Err(Broken::Interrupted), _) => {
                    report.interrupted = true;
                    break;
                }
            },
        };
        let milliseconds = start.elapsed().as_secs_f64() * 1000.0;
        let judged = Judged { case, outcome, exchanges, milliseconds };
        tell(&judged);
        report.results.push(judged);
    }
    report
}

fn try_case(case: &Case, subject: &Subject, report: &mut Report) -> (Result<(), Broken>, Vec<Exchange>) {
    let session = match Session::new(subject, &report.kind) {
        Ok(session) => session,
        Err(problem) => return (Err(problem), Vec::new()),
    };
    let outcome = (case.run)(&session);
    let exchanges = session.last_exchanges();
    report.plain_text |= session.shows_the_secret_in_a_file();
    report.left.extend(session.clean_up());
    (outcome, exchanges)
}

/// True if a case is for this kind of helper, and possible in this way.
fn applies(case: &Case, kind: &Kind, subject: &Subject) -> bool {
    let is_for_others = match case.who {
        Who::KeepsNothing => kind.keeps,
        Who::Sources => !kind.foreign,
        Who::Any | Who::Keeps => false,
    };
    !is_for_others && (case.through_git || !subject.through_git())
}

/// Why a case cannot be run for this helper.
fn unfit(case: &Case, kind: &Kind, subject: &Subject) -> Option<Outcome> {
    let unfit = match case.who {
        Who::Any | Who::KeepsNothing => None,
        Who::Sources => subject.starts_empty().then_some("it has no files here: --home FOLDER"),
        Who::Keeps => (!kind.keeps).then_some(KEEPS_NOTHING),
    };
    let offers = match case.offer {
        Offer::Nothing => true,
        Offer::Authtype => kind.authtype,
        Offer::List => kind.lists,
        Offer::Each => kind.each,
    };
    match (unfit, offers) {
        (Some(why), _) => Some(Outcome::NotOffered(why)),
        (None, false) => Some(Outcome::NotOffered(case.offer.lacking())),
        (None, true) if case.risky && kind.shared && !subject.may_risk() => {
            Some(Outcome::NotRun("a careless helper could erase your own entries: --risky"))
        }
        (None, true) => None,
    }
}
