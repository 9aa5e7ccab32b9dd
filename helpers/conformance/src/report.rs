//! The results of the cases.

use crate::case::{Case, Level};
use crate::exchange::Exchange;
use crate::kind::Kind;

/// Why most cases do not apply to a helper that only answers.
pub const KEEPS_NOTHING: &str = "it keeps nothing";

/// The outcome of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The helper does what the case asks.
    Holds,
    /// It does not, for this reason. The text may quote the helper.
    Broken(String),
    /// The helper does not offer what the case tests.
    NotOffered(&'static str),
    /// It was not run, because it could damage a person's own entries.
    NotRun(&'static str),
}

/// A case and its result.
#[derive(Debug)]
pub struct Judged {
    /// The case.
    pub case: &'static Case,
    /// The outcome.
    pub outcome: Outcome,
    /// The last requests of a broken case, in order.
    pub exchanges: Vec<Exchange>,
    /// How long it took.
    pub milliseconds: f64,
}

impl Judged {
    /// True if it breaks a rule or ignores a recommendation.
    pub fn is_broken(&self) -> bool {
        matches!(self.outcome, Outcome::Broken(_))
    }
}

/// Whose rules a helper keeps, according to the cases that were run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Every rule of the protocol.
    Protocol,
    /// Only the rules that git requires of a credential helper.
    Git,
    /// Not even git's.
    Neither,
    /// It could not store, or no case applies to it.
    NotJudged,
}

/// The results of all cases.
#[derive(Debug)]
pub struct Report {
    /// The kind of the helper.
    pub kind: Kind,
    /// Each case that applies to this kind of helper, in the order of the run.
    pub results: Vec<Judged>,
    /// Test entries that the helper did not erase.
    pub left: Vec<String>,
    /// A file in its home directory contained a secret in plain text.
    pub plain_text: bool,
    /// It was stopped before the last case.
    pub interrupted: bool,
}

impl Report {
    /// Whose rules it keeps.
    pub fn verdict(&self) -> Verdict {
        let is_broken_at = |level| self.results.iter().any(|judged| judged.case.level == level && judged.is_broken());
        match (is_broken_at(Level::Git), is_broken_at(Level::Protocol)) {
            _ if self.applicable().next().is_none() => Verdict::NotJudged,
            (true, _) => Verdict::Neither,
            (false, true) => Verdict::Git,
            (false, false) => Verdict::Protocol,
        }
    }

    /// The broken cases, without mere recommendations.
    pub fn broken(&self) -> Vec<&Judged> {
        self.applicable().filter(|judged| judged.is_broken()).collect()
    }

    /// The rules that are broken, each once.
    pub fn broken_rules(&self) -> Vec<&'static str> {
        let mut rules: Vec<&str> = self.broken().iter().map(|judged| judged.case.rule).collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    }

    /// How many cases hold, and how many count for the verdict. For [`Verdict::Git`], only git's cases count.
    pub fn counts(&self) -> (usize, usize) {
        let is_gits = self.verdict() == Verdict::Git;
        let counted = || self.applicable().filter(|judged| !is_gits || judged.case.level == Level::Git);
        (counted().filter(|judged| !judged.is_broken()).count(), counted().count())
    }

    /// True if no case was skipped to protect a person's own entries.
    pub fn ran_all(&self) -> bool {
        let is_left_out = |judged: &Judged| matches!(judged.outcome, Outcome::NotRun(_));
        !self.interrupted && self.kind.cannot_store.is_none() && !self.results.iter().any(is_left_out)
    }

    /// The cases that hold or are broken, without mere recommendations.
    fn applicable(&self) -> impl Iterator<Item = &Judged> {
        let is_judged = |judged: &&Judged| matches!(judged.outcome, Outcome::Holds | Outcome::Broken(_));
        self.results.iter().filter(|judged| judged.case.level != Level::Advice).filter(is_judged)
    }
}
