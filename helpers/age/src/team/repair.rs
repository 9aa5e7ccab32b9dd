//! What a member does where the remote holds what is refused: going on from the newest commit that is not, in its place.
//!
//! Nothing counts that would not count otherwise: the ground is verified, and members are accepted, as in each synchronisation. So who can
//! do this can do no more than who may push to the remote by force.

use modelforge_credential_protocol::Result;

use super::fetched::{Refused, within_bounds};
use super::git::{Git, text};
use super::history::{files, verify_by};
use super::known::Known;
use super::members::Members;
use super::walk::members_in;

/// From where to go on.
pub struct Ground {
    /// A commit that was verified before.
    pub from: String,
    /// What goes on from there, and is to be verified.
    pub tip: String,
    /// What is replaced at the remote, as the ground does not go on from it. `None`: nothing.
    pub instead_of: Option<String>,
}

/// What this user reads with, among these members.
pub type Own<'a> = &'a dyn Fn(&Members) -> Result<Option<String>>;

/// Finds it. `None`: this machine has seen nothing yet that it could go back to.
pub fn ground(git: &Git, known: &Known, at_remote: Option<&str>, own: Own) -> Result<Option<Ground>> {
    let (Some(root), Some(head)) = (&known.root, &known.head) else { return Ok(None) };
    let here = |instead_of: Option<&str>| Ground {
        from: head.clone(),
        tip: head.clone(),
        instead_of: instead_of.map(str::to_owned),
    };
    let Some(there) = at_remote else { return Ok(Some(here(None))) };
    if !git.has(head)? {
        return Ok(None);
    }
    // It was too large to fetch.
    if !git.has(there)? {
        return Ok(Some(here(Some(there))));
    }
    let from = match last_of_both(git, head, there) {
        Err(problem) if problem.cause::<Refused>().is_some() => None,
        from => from?,
    };
    let Some(from) = from else { return Ok(Some(here(Some(there)))) };
    if from == there {
        // An older state was put back.
        return Ok(Some(here(None)));
    }
    // Who has replaced what they read with since, cannot open what goes on from there, and nothing of it is to be lost: its author opens
    // both, and puts them together.
    if from != *head
        && let Some(members) = known.members()?
        && own(&members)? != own(&*members_in(git, &from)?)?
    {
        return Ok(Some(here(Some(there))));
    }
    // What was put back does not give anybody who was removed since the right to change it.
    let those = if from == *head { None } else { known.members()? };
    let tip = match last_good(git, (root, &from), there, those.as_ref()) {
        Err(problem) if problem.cause::<Refused>().is_some() => from.clone(),
        tip => tip?,
    };
    if tip == from {
        return Ok(Some(here(Some(there))));
    }
    let instead_of = (tip != there).then(|| there.to_owned());
    Ok(Some(Ground { from, tip, instead_of }))
}

/// The last commit that two lines have in common.
fn last_of_both(git: &Git, head: &str, there: &str) -> Result<Option<String>> {
    if within_bounds(there, git.is_below(head, there))? {
        return Ok(Some(head.to_owned()));
    }
    let found = within_bounds(there, git.run_unless_no(&["merge-base", head, there]))?;
    let Some(found) = found.map(|found| text(&found).trim_end().to_owned()) else { return Ok(None) };
    Ok(if git.is_below(&found, head)? { Some(found) } else { None })
}

/// The newest commit up to which everything is as it should be.
fn last_good(git: &Git, known: (&str, &str), tip: &str, those: Option<&Members>) -> Result<String> {
    let (_, from) = known;
    let words = ["rev-list", "--first-parent", "--reverse", tip, &format!("^{from}")];
    let listed = text(&within_bounds(tip, git.run(&words, b""))?);
    let line: Vec<&str> = listed.lines().collect();
    let is_good = |commit: &str| match verify_by(git, Some(known), commit, those) {
        Err(problem) if problem.cause::<Refused>().is_none() => Err(problem),
        verified => Ok(verified.is_ok()),
    };
    // All before a good one are good.
    let (mut good, mut bad) = (0, line.len() + 1);
    while good + 1 < bad {
        let middle = good.midpoint(bad);
        if is_good(line[middle - 1])? { good = middle } else { bad = middle }
    }
    // Only the files of the last one are used.
    for commit in line[..good].iter().rev() {
        match files(git, commit) {
            Ok(_) => return Ok((*commit).to_owned()),
            Err(problem) if problem.cause::<Refused>().is_some() => {}
            Err(problem) => return Err(problem),
        }
    }
    Ok(from.to_owned())
}
