//! Verifies fetched commits, one by one, before any of their content is used.
//!
//! A history is linear: each commit has one parent, and is signed by a member according to that parent. So verified commits decide who may
//! change the store, back to the commit that is known here, or to the first commit, whose fingerprint people compare. There are no merges:
//! a member whose changes meet other changes adds theirs on top, in a new commit.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use modelforge_credential_client::Failure;
use modelforge_credential_protocol::{Error, MAX_RECORD, Result, visible};

use super::fetched::{Refused, contents, refused, within_bounds};
use super::git::{Git, MOST, text};
use super::members::{self, Members};
use super::walk::{AT_ONCE, Walk};
use crate::store;

/// The most files of a store.
const MOST_FILES: usize = 50_000;
/// The longest list of files.
const MOST_LISTED: usize = 300 * MOST_FILES;
/// The most commits at once, far more than any team needs.
const MOST_COMMITS: usize = 100_000;
/// What git prints about a file besides its content, in bytes.
const AROUND: usize = 100;

/// The files of a store, by name.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The verified content of the remote.
pub struct History {
    /// The first commit.
    pub root: String,
    pub tip: String,
    /// The members in the commit that was known before. `None`: no commit was known.
    pub before: Option<Members>,
    /// The later lists of members, one for each change.
    pub members: Vec<Rc<Members>>,
    /// Members whose reading key somebody else has replaced, and who did it.
    pub replaced: BTreeSet<(String, String)>,
}

impl History {
    /// The last list of members.
    pub fn last(&self) -> Result<&Members> {
        self.members
            .last()
            .map(Rc::as_ref)
            .or(self.before.as_ref())
            .ok_or_else(|| Error::new("the remote has no commit"))
    }
}

/// Verifies the commits up to `tip`: those after `head`, in a history that begins with `root`, or all of them.
pub fn verify(git: &Git, known: Option<(&str, &str)>, tip: &str) -> Result<History> {
    verify_by(git, known, tip, None)
}

/// The same. With `those`, only they may have signed.
pub fn verify_by(git: &Git, known: Option<(&str, &str)>, tip: &str, those: Option<&Members>) -> Result<History> {
    let head = known.map(|(_, head)| head);
    let line = line(git, head, tip)?;
    let mut walk = Walk::new(git, those);
    let before = head.map(|head| walk.begin(head)).transpose()?;
    for some in line.chunks(AT_ONCE) {
        walk.go(some)?;
    }
    let first = line.first().map_or(tip, String::as_str);
    Ok(History {
        root: known.map_or(first, |(root, _)| root).to_owned(),
        tip: tip.to_owned(),
        before: before.map(|before| before.as_ref().clone()),
        members: walk.members,
        replaced: walk.replaced,
    })
}

/// The commits after `head` up to `tip`. It is an error if they are not a linear continuation.
fn line(git: &Git, head: Option<&str>, tip: &str) -> Result<Vec<String>> {
    let before = head.map(|head| format!("^{head}"));
    let mut words = vec!["rev-list", "--reverse", "--topo-order", "--parents", tip];
    words.extend(before.as_deref());
    let listed = within_bounds(tip, git.run(&words, b"")).map_err(|problem| match head.map(|head| git.has(head)) {
        // The known commit is not an ancestor of what was fetched.
        Some(Ok(false)) => is_another_history(),
        _ => problem,
    })?;
    let listed = text(&listed);
    if let Some(merge) = listed.lines().find(|line| line.split(' ').count() > 2) {
        let id = merge.split(' ').next().unwrap_or_default();
        return Err(refused(id, "is a merge, which no member's `sync` makes"));
    }
    if listed.lines().nth(MOST_COMMITS).is_some() {
        return Err(refused(tip, "comes with more commits than a store has"));
    }
    let (mut commits, mut before) = (Vec::new(), head);
    for line in listed.lines() {
        let (id, parent) = line.split_once(' ').map_or((line, None), |(id, parent)| (id, Some(parent)));
        if parent != before {
            return Err(is_another_history());
        }
        commits.push(id.to_owned());
        before = Some(id);
    }
    if before == Some(tip) { Ok(commits) } else { Err(is_another_history()) }
}

fn is_another_history() -> Error {
    Error::new("the history at the remote does not continue the one that this machine has seen, so nothing was fetched")
        .hint("ask the other members whether an older state was restored; then: modelforge-credential sync --repair")
        .with_cause(Refused)
}

/// The files of a verified commit. Only the list of members and credentials are allowed: links, programs, submodules and other files are
/// refused.
pub fn files(git: &Git, commit: &str) -> Result<Files> {
    let too_many = || refused(commit, "has more files than a store may have");
    let words = ["ls-tree", "-r", "-z", "-l", "--full-tree", commit];
    let listed = git.run_at_most(&words, MOST_LISTED).map_err(|problem| {
        // A few directories that contain each other repeatedly would unfold without end.
        if matches!(problem.cause(), Some(Failure::TooMuch { .. })) { too_many() } else { problem }
    });
    let listed = within_bounds(commit, listed)?;
    let (mut names, mut ids, mut room) = (Vec::new(), Vec::new(), 0_usize);
    for line in listed.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
        let line = text(line);
        let (about, name) = line.split_once('\t').unwrap_or((&line, ""));
        let about: Vec<&str> = about.split_whitespace().collect();
        let ["100644", "blob", id, size] = about.as_slice() else {
            return Err(not_of_a_store(commit, name, "is not a plain file"));
        };
        let Some(size) = size.parse().ok().filter(|size: &usize| *size <= 2 * MAX_RECORD) else {
            return Err(not_of_a_store(commit, name, "is too large"));
        };
        if name == members::FILE {
            continue;
        }
        if store::described_by(name).is_none_or(|description| description.is_of_a_migration()) {
            return Err(not_of_a_store(commit, name, "does not belong in a store"));
        }
        // One content under many names is small in the repository, but takes its full size here each time.
        room = room.saturating_add(size).saturating_add(AROUND);
        names.push(name.to_owned());
        ids.push((*id).to_owned());
    }
    if names.len() > MOST_FILES {
        return Err(too_many());
    }
    if room > MOST {
        return Err(refused(commit, "has more in its files than a store may have"));
    }
    let contents = contents(git, commit, &ids)?;
    let whole: Option<Files> = names.into_iter().zip(contents).map(|(name, content)| Some((name, content?))).collect();
    whole.ok_or_else(|| refused(commit, "is incomplete"))
}

/// How many files differ between the two sides.
pub fn differing(one: &Files, other: &Files) -> usize {
    one.iter().filter(|(name, content)| other.get(*name) != Some(content)).count()
        + other.keys().filter(|name| !one.contains_key(*name)).count()
}

/// An error if the others would refuse these files.
pub fn check(files: &Files) -> Result<()> {
    let room: usize = files.values().map(|content| content.len() + AROUND).sum();
    let too_many = match (files.len() > MOST_FILES, room > MOST) {
        (true, _) => format!("more than {MOST_FILES} keys"),
        (_, true) => format!("keys of more than {MOST} bytes"),
        _ => return Ok(()),
    };
    Err(Error::new(format!("the store has {too_many}, which no member would accept, so nothing was sent"))
        .hint("delete some of them: modelforge-credential logout PROVIDER --account NAME"))
}

fn not_of_a_store(commit: &str, name: &str, why: &str) -> Error {
    let name: String = visible(name).chars().take(120).collect();
    refused(commit, &format!("has `{name}`, which {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_others_would_refuse_is_refused_before_it_is_sent() {
        let files = |count: usize, size: usize| -> Files {
            (0..count).map(|at| (format!("https/h/a{at}.age"), vec![0; size])).collect()
        };
        check(&files(MOST_FILES, 1)).unwrap();
        for (files, why) in [
            (files(MOST_FILES + 1, 1), "more than 50000 keys"),
            (files(33, 8 << 20), "keys of more than 268435456 bytes"),
        ] {
            let said = check(&files).unwrap_err().to_string();
            assert_eq!(said, format!("the store has {why}, which no member would accept, so nothing was sent"));
        }
    }
}
