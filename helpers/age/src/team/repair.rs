//! Repairs a remote with refused commits: continues from the newest good commit, and replaces the refused ones.
//!
//! This grants no additional rights: the commits to continue from are verified, and their members must be accepted, as in each `sync`. So
//! it lets a member do only what anyone with the right to force-push can do.

use modelforge_credential_protocol::Result;

use super::fetched::{Refused, within_bounds};
use super::git::{Git, text};
use super::history::{files, verify_by};
use super::known::Known;
use super::members::Members;
use super::walk::members_in;

/// The commits to continue from.
pub struct Ground {
    /// A commit that was verified before.
    pub from: String,
    /// The end of the commits after it, which must be verified.
    pub tip: String,
    /// The commit at the remote to replace. `None`: nothing has to be replaced.
    pub instead_of: Option<String>,
}

/// This user's reading key among these members.
pub type Own<'a> = &'a dyn Fn(&Members) -> Result<Option<String>>;

/// Finds them. `None`: this machine has seen nothing yet that it could return to.
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
    // If this user has renewed the identity since, they cannot decrypt what comes after that commit, and none of it may be lost. Its author
    // can decrypt both sides, and has to merge them.
    if from != *head
        && let Some(members) = known.members()?
        && own(&members)? != own(&*members_in(git, &from)?)?
    {
        return Ok(Some(here(Some(there))));
    }
    // Putting an older state back must not give a member who was removed since the right to change it.
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

/// The last commit that both lines have in common.
fn last_of_both(git: &Git, head: &str, there: &str) -> Result<Option<String>> {
    if within_bounds(there, git.is_below(head, there))? {
        return Ok(Some(head.to_owned()));
    }
    let found = within_bounds(there, git.run_unless_no(&["merge-base", head, there]))?;
    let Some(found) = found.map(|found| text(&found).trim_end().to_owned()) else { return Ok(None) };
    Ok(if git.is_below(&found, head)? { Some(found) } else { None })
}

/// The newest commit up to which everything is valid.
fn last_good(git: &Git, known: (&str, &str), tip: &str, those: Option<&Members>) -> Result<String> {
    let (_, from) = known;
    let words = ["rev-list", "--first-parent", "--reverse", tip, &format!("^{from}")];
    let listed = text(&within_bounds(tip, git.run(&words, b""))?);
    let line: Vec<&str> = listed.lines().collect();
    let is_good = |commit: &str| match verify_by(git, Some(known), commit, those) {
        Err(problem) if problem.cause::<Refused>().is_none() => Err(problem),
        verified => Ok(verified.is_ok()),
    };
    // All commits before a good one are good.
    let (mut good, mut bad) = (0, line.len() + 1);
    while good + 1 < bad {
        let middle = good.midpoint(bad);
        if is_good(line[middle - 1])? { good = middle } else { bad = middle }
    }
    // Only the files of the last commit are used.
    for commit in line[..good].iter().rev() {
        match files(git, commit) {
            Ok(_) => return Ok((*commit).to_owned()),
            Err(problem) if problem.cause::<Refused>().is_some() => {}
            Err(problem) => return Err(problem),
        }
    }
    Ok(from.to_owned())
}
