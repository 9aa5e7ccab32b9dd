//! A case of the suite.

use crate::checked::Checked;
use crate::session::Session;

/// Whose rule a case tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// git relies on it, too.
    Git,
    /// The protocol requires it.
    Protocol,
    /// The protocol recommends it.
    Advice,
}

impl Level {
    /// `git`, `protocol` or `advice`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Git => "git",
            Self::Protocol => "protocol",
            Self::Advice => "advice",
        }
    }
}

/// Which helpers a case is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Any,
    Keeps,
    KeepsNothing,
    /// Helpers whose credentials are in files of other programs.
    Sources,
}

/// Optional features of a helper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    Nothing,
    Authtype,
    List,
    Each,
}

impl Offer {
    pub fn lacking(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Authtype => "it does not announce `authtype`",
            Self::List => "it cannot list",
            Self::Each => "it does not take several requests in one go (`each`)",
        }
    }
}

/// A test of one thing that a rule says, with its description.
#[derive(Debug)]
pub struct Case {
    /// What the helper does, as a sentence. It is stable, so CI may search for it.
    pub name: &'static str,
    /// The rule of `protocol.md`.
    pub rule: &'static str,
    /// Whose rule it is.
    pub level: Level,
    pub(crate) who: Who,
    pub(crate) offer: Offer,
    /// True if git can be made to send such a request.
    pub(crate) through_git: bool,
    /// True if a careless helper could take the request for "everything".
    pub(crate) risky: bool,
    pub(crate) run: fn(&Session) -> Checked,
}

/// A case that also works through git.
pub const fn case(rule: &'static str, name: &'static str, run: fn(&Session) -> Checked) -> Case {
    Case { name, rule, level: Level::Git, who: Who::Keeps, offer: Offer::Nothing, through_git: true, risky: false, run }
}

/// A case that git does not pass on as it is written.
pub const fn alone(rule: &'static str, name: &'static str, run: fn(&Session) -> Checked) -> Case {
    Case { through_git: false, ..case(rule, name, run) }
}

/// A case about files of other programs.
pub const fn source(rule: &'static str, name: &'static str, run: fn(&Session) -> Checked) -> Case {
    Case { who: Who::Sources, level: Level::Protocol, ..alone(rule, name, run) }
}

impl Case {
    pub(crate) const fn level(self, level: Level) -> Self {
        Self { level, ..self }
    }

    /// Also for helpers that store nothing.
    pub(crate) const fn of_any(self) -> Self {
        Self { who: Who::Any, ..self }
    }

    /// Only for helpers that store nothing.
    pub(crate) const fn of_those_that_keep_nothing(self) -> Self {
        Self { who: Who::KeepsNothing, ..self }
    }

    pub(crate) const fn offered(self, offer: Offer) -> Self {
        Self { offer, level: Level::Protocol, ..self }
    }

    pub(crate) const fn risky(self) -> Self {
        Self { risky: true, ..self }
    }
}
