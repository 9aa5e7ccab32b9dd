//! Fetches and verifies the remote's content, and checks that a person has accepted its members.

use modelforge_credential_protocol::{Error, Result};

use super::fetched::Refused;
use super::git::Git;
use super::history::{self, Files, History};
use super::known::Known;
use super::members::{self, Members};
use super::repair::{self, Ground};
use super::{ACCEPT, Team};
use crate::identity::Identities;

/// What the person asked for.
pub struct Asked<'a> {
    /// The new remote.
    pub remote: Option<&'a str>,
    /// The fingerprint of the members that they accept.
    pub accepts: Option<&'a str>,
    /// True to replace what is refused at the remote.
    pub repair: bool,
}

/// The state of both sides, as far as it is known.
pub struct Met<'a> {
    pub git: &'a Git,
    pub remote: &'a str,
    pub history: Option<History>,
    /// The commit at the remote, used or not.
    pub there: Option<String>,
    pub repair: Option<Repair>,
    pub base: Files,
    pub theirs: Files,
    pub ours: Files,
}

/// Leaves out what is refused at the remote.
pub struct Repair {
    /// The commit to replace there. `None`: the remote has less than this machine, or nothing.
    pub instead_of: Option<String>,
}

impl Met<'_> {
    /// Pushes a commit. With `repair`, it replaces what is refused there.
    pub fn push(&self, commit: &str) -> Result<std::result::Result<(), String>> {
        self.git.push(self.remote, commit, self.instead_of())
    }

    pub fn instead_of(&self) -> Option<&str> {
        self.repair.as_ref()?.instead_of.as_deref()
    }
}

/// The local state for a fetch.
pub struct Meeting<'a, 'g> {
    pub team: &'a Team,
    pub identities: &'a Identities,
    pub git: &'g Git,
    pub remote: &'g str,
    pub known: &'a Known,
    pub asked: &'a Asked<'a>,
}

impl<'g> Meeting<'_, 'g> {
    /// Fetches and verifies. If a person asked for a repair, refused commits are left out.
    pub fn reach(&self) -> Result<Met<'g>> {
        let refused = |problem: &Error| self.asked.repair && problem.cause::<Refused>().is_some();
        let tip = match self.git.fetch(self.remote) {
            Err(problem) if refused(&problem) => return self.go_over(self.git.ask(self.remote)?, problem),
            tip => self.moved(tip?)?,
        };
        let seen = self.known.root.as_deref().zip(self.known.head.as_deref());
        match self.meet(seen, tip.as_deref()) {
            Err(problem) if refused(&problem) => self.go_over(tip, problem),
            met => met,
        }
    }

    /// Pushes the known history to an empty remote, if the store moves there.
    fn moved(&self, tip: Option<String>) -> Result<Option<String>> {
        let (None, Some(head), Some(_)) = (&tip, &self.known.head, self.asked.remote) else { return Ok(tip) };
        self.git.push(self.remote, head, None)?.map_err(|reason| not_taken(&reason))?;
        Ok(Some(head.clone()))
    }

    fn go_over(&self, there: Option<String>, problem: Error) -> Result<Met<'g>> {
        // The remote may be any repository, such as a company's code.
        if self.known.met.as_ref().is_some_and(|met| met != self.remote) {
            return Err(never_met());
        }
        let Some(root) = &self.known.root else { return Err(problem) };
        let own = |members: &Members| {
            let name = self.team.name_among(self.identities, members)?;
            Ok(name.and_then(|name| members.keys_of(&name)).map(|keys| keys.recipient.clone()))
        };
        let ground = repair::ground(self.git, self.known, there.as_deref(), &own)?;
        let Some(ground) = ground else { return Err(problem) };
        let Ground { from, tip, instead_of } = ground;
        let met = self.meet(Some((root, &from)), Some(&tip))?;
        Ok(Met { there, repair: Some(Repair { instead_of }), ..met })
    }

    /// Verifies what comes after `seen`, and checks that a person has accepted the members.
    fn meet(&self, seen: Option<(&str, &str)>, tip: Option<&str>) -> Result<Met<'g>> {
        let history = match (seen, tip) {
            (None, None) => None,
            (Some(_), None) => return Err(is_lost()),
            (seen, Some(tip)) => Some(history::verify(self.git, seen, tip)?),
        };
        if let Some(history) = &history {
            // A history that this machine began itself needs no comparison, even if it was killed before it noted that.
            let is_new_here = seen.is_none() && self.known.begun.as_ref() != Some(&history.root);
            self.check_members(history, is_new_here)?;
        }
        let base = seen.map_or(Ok(Files::new()), |(_, head)| history::files(self.git, head))?;
        let theirs = tip.map_or(Ok(Files::new()), |tip| history::files(self.git, tip))?;
        let ours = self.team.snapshot()?;
        let there = tip.map(str::to_owned);
        Ok(Met { git: self.git, remote: self.remote, history, there, repair: None, base, theirs, ours })
    }

    fn check_members(&self, history: &History, is_new_here: bool) -> Result<()> {
        let (accepted, last) = (self.known.members()?, history.last()?);
        if let Some(accepted) = accepted.as_ref().filter(|accepted| *accepted != last) {
            self.check_own_keys(history.before.as_ref(), accepted, last)?;
        }
        let is_new = |members: &Members| Some(members) != accepted.as_ref() && Some(members) != history.before.as_ref();
        let is_strange = is_new_here || history.members.iter().any(|members| is_new(members));
        let state = members::state(&history.root, &last.to_text());
        if !is_strange || self.asked.accepts == Some(state.as_str()) {
            return Ok(());
        }
        if is_new_here {
            return Err(self.first_meeting(last, &state));
        }
        let mut changed = self.team.changed(&history.root, &accepted.unwrap_or_default(), &history.members, last);
        let replaced = history.replaced.iter();
        let replaced = replaced.map(|(whose, by)| format!("and `{by}` replaced the encryption key of `{whose}`"));
        if let Some(replaced) = members::first_of(replaced) {
            changed = changed.reworded(format!("{changed}, {replaced}"));
        }
        Err(if self.asked.repair {
            changed.hint(format!("ask them, then: {ACCEPT} {state} --repair"))
        } else {
            changed
        })
    }

    /// If this user has renewed the identity on two machines, one of them can read nothing, whichever key is accepted.
    fn check_own_keys(&self, before: Option<&Members>, ours: &Members, theirs: &Members) -> Result<()> {
        let Some(name) = self.team.name_among(self.identities, ours)? else { return Ok(()) };
        let of = |members: Option<&Members>| members.and_then(|members| members.keys_of(&name)).cloned();
        let (was, here, there) = (of(before), of(Some(ours)), of(Some(theirs)));
        let is_twice = was.is_some() && there.is_some() && here != was && there != was && here != there;
        if is_twice { Err(self.team.is_renewed_elsewhere(&name)) } else { Ok(()) }
    }

    fn first_meeting(&self, members: &Members, state: &str) -> Error {
        let all = Members::default().changes_to(members).into_iter().map(|who| who.replace(" came", ""));
        let message = format!(
            "the store `{}` at the remote is new to this machine; its members: {}",
            self.team.name,
            members::first_of(all).unwrap_or_default()
        );
        Error::new(message).hint(format!("{ACCEPT} {state}  # if `members` shows one of them the same fingerprint"))
    }
}

fn is_lost() -> Error {
    Error::new("the remote has lost the history that this machine has seen, so nothing was sent")
        .hint("modelforge-credential sync --repair  # sends it again; if the store has moved: modelforge-credential sync --remote URL")
        .with_cause(Refused)
}

fn never_met() -> Error {
    Error::new("the last `sync` was with another remote, so nothing is replaced at this one")
        .hint("modelforge-credential sync --remote URL  # the one that the others use, or an empty one")
}

pub fn not_taken(reason: &str) -> Error {
    Error::new(format!("the remote did not take the store: {reason}"))
}
