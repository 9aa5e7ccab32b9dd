//! Does a helper keep the rules of `protocol.md`? A case for each thing that a rule says, run against any helper with throw-away
//! entries: random names below `.invalid`, a home folder of its own for each case, and everything erased again.

mod authtype;
mod case;
mod checked;
mod concurrent;
mod erasing;
mod found;
mod framing;
mod home;
mod listing;
mod places;
mod refusing;
mod session;
mod sources;
mod storing;
mod subject;
mod values;

use std::time::Instant;

pub use case::{Case, Level};
use case::{Offer, Who};
pub use checked::Broken;
use session::Session;
pub use subject::{Options, Subject};

/// Why most cases say nothing about a helper that only answers.
pub const KEEPS_NOTHING: &str = "it keeps nothing";

/// Every case, in the order in which a newcomer would want them answered.
pub fn cases() -> impl Iterator<Item = &'static Case> {
    let groups: [&'static [Case]; 10] = [
        storing::CASES,
        erasing::CASES,
        places::CASES,
        values::CASES,
        framing::CASES,
        refusing::CASES,
        authtype::CASES,
        listing::CASES,
        concurrent::CASES,
        sources::CASES,
    ];
    groups.into_iter().flatten()
}

/// What a helper is, as far as it can be found out by asking.
#[derive(Debug, Default, Clone)]
pub struct Nature {
    /// It keeps what it is told to store.
    pub keeps: bool,
    /// Why a store failed, where it did.
    pub cannot_store: Option<String>,
    /// What it keeps is there in another home folder as well: a keyring, or a daemon. It may hold a person's own entries.
    pub shared: bool,
    /// It says that it knows `authtype`.
    pub authtype: bool,
    /// It answers `list`.
    pub lists: bool,
    /// It says that its credentials are in files of other programs.
    pub foreign: bool,
}

/// What came of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Holds,
    Broken(String),
    /// The helper does not offer what the case is about.
    NotOffered(&'static str),
    /// It would have put a person's own entries at risk.
    NotRun(&'static str),
}

/// A case and what came of it.
pub struct Result {
    pub case: &'static Case,
    pub outcome: Outcome,
    pub milliseconds: f64,
}

/// What came of all of them.
pub struct Report {
    pub nature: Nature,
    pub results: Vec<Result>,
    /// Entries of ours that the helper did not erase.
    pub left: Vec<String>,
    /// A file in its home held a secret as it is.
    pub plain_text: bool,
    pub interrupted: bool,
}

/// Runs the chosen cases, and tells each result as it comes.
pub fn run(subject: &Subject, chosen: impl Fn(&Case) -> bool, mut tell: impl FnMut(&Result)) -> Report {
    let nature = subject.nature();
    let mut report =
        Report { nature: nature.clone(), results: Vec::new(), left: Vec::new(), plain_text: false, interrupted: false };
    let is_asked = |case: &&Case| {
        let is_for_others = case.who == Who::KeepsNothing && (nature.keeps || nature.cannot_store.is_some());
        let is_for_others = is_for_others || (case.who == Who::Sources && !nature.foreign);
        !is_for_others && (case.through_git || !subject.through_git()) && chosen(case)
    };
    for case in cases().filter(is_asked) {
        let start = Instant::now();
        let outcome = match unfit(case, &nature, subject) {
            Some(outcome) => outcome,
            None => match try_case(case, subject, &nature, &mut report) {
                Ok(outcome) => outcome,
                Err(Broken::Interrupted) => {
                    report.interrupted = true;
                    break;
                }
                Err(Broken::Rule(reason)) => Outcome::Broken(reason),
            },
        };
        let result = Result { case, outcome, milliseconds: start.elapsed().as_secs_f64() * 1000.0 };
        tell(&result);
        report.results.push(result);
    }
    report
}

fn try_case(
    case: &Case,
    subject: &Subject,
    nature: &Nature,
    report: &mut Report,
) -> std::result::Result<Outcome, Broken> {
    let session = Session::new(subject, nature)?;
    let outcome = (case.run)(&session);
    report.plain_text |= session.shows_the_secret_in_a_file();
    report.left.extend(session.clean_up());
    outcome.map(|()| Outcome::Holds)
}

/// Why a case says nothing about this helper.
fn unfit(case: &Case, nature: &Nature, subject: &Subject) -> Option<Outcome> {
    let unfit = match case.who {
        Who::Any | Who::KeepsNothing => None,
        Who::Sources => subject.starts_empty().then_some("it has no files here: --home FOLDER"),
        Who::Keeps => (!nature.keeps).then_some(KEEPS_NOTHING),
    };
    let offers = match case.offer {
        Offer::Nothing => true,
        Offer::Authtype => nature.authtype,
        Offer::List => nature.lists,
    };
    match (unfit, offers) {
        (Some(why), _) => Some(Outcome::NotOffered(why)),
        (None, false) => Some(Outcome::NotOffered(case.offer.lacking())),
        (None, true) if case.risky && nature.shared && !subject.may_risk() => {
            Some(Outcome::NotRun("a careless helper could erase your own entries: --risky"))
        }
        (None, true) => None,
    }
}
