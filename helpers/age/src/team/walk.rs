//! Walks along the commits, and verifies each with the members of the one before it. Nothing after a refused commit is read. So an attacker
//! who can push, but is not a member, gains nothing by pushing a lot.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::rc::Rc;

use modelforge_credential_files::failed;
use modelforge_credential_protocol::{Error, Result, visible};

use super::fetched::{Refused, contents, damaged, refused, within_bounds};
use super::git::{Git, MOST, text};
use super::members::{self, Members};
use crate::ask::Plugin;

/// How many commits are verified in one step, which has a time limit.
pub const AT_ONCE: usize = 100;
/// The largest commit without its files, in bytes: mainly its message and its signature.
const MAX_COMMIT: usize = 1 << 16;

/// The state after the commits that were verified.
pub struct Walk<'a> {
    git: &'a Git,
    /// If set, only these members may have signed.
    those: Option<&'a Members>,
    /// The list of members in the last commit.
    list: String,
    last: Option<Rc<Members>>,
    /// The reading key of everybody who has ever been a member.
    readers: BTreeMap<String, String>,
    /// The size of all lists together.
    room: usize,
    /// The lists of members, one for each change.
    pub members: Vec<Rc<Members>>,
    /// Members whose reading key somebody else has replaced, and who did it.
    pub replaced: BTreeSet<(String, String)>,
}

impl<'a> Walk<'a> {
    pub fn new(git: &'a Git, those: Option<&'a Members>) -> Self {
        let (list, last, readers, room) = (String::new(), None, BTreeMap::new(), 0);
        Self { git, those, list, last, readers, room, members: Vec::new(), replaced: BTreeSet::new() }
    }

    /// Begins with a commit that is known to be good.
    pub fn begin(&mut self, commit: &str) -> Result<Rc<Members>> {
        let list = lists(self.git, &[commit])?.pop().ok_or_else(damaged)?;
        self.take(commit, list, None)
    }

    /// Verifies the next commits.
    pub fn go(&mut self, commits: &[String]) -> Result<()> {
        let ids: Vec<&str> = commits.iter().map(String::as_str).collect();
        let lists = lists(self.git, &ids)?;
        let mut rest = ids.iter().copied().zip(lists).collect::<Vec<_>>().into_iter().peekable();
        while let Some((id, list)) = rest.peek() {
            let members = match &self.last {
                Some(members) => Rc::clone(members),
                // The first commit is signed by one of the members that it names.
                None => {
                    let members = self.take(id, list.clone(), None)?;
                    self.members.push(Rc::clone(&members));
                    members
                }
            };
            // Up to the first commit that changes the members: all of them are verified with the current members.
            let mut some = Vec::new();
            for (id, list) in rest.by_ref() {
                let is_other = list != self.list;
                some.push((id, list));
                if is_other {
                    break;
                }
            }
            self.verify(&some, &members)?;
        }
        Ok(())
    }

    /// Only the last commit may change the members.
    fn verify(&mut self, commits: &[(&str, String)], members: &Rc<Members>) -> Result<()> {
        let signed = signers(self.git, commits, members)?;
        for (id, list) in commits {
            let by = signed.get(*id).and_then(|signature| signature.check(members, id).transpose());
            let by = by.unwrap_or_else(|| Err(refused(id, "is not signed by a member")))?;
            if self.those.is_some_and(|those| !those.signers().any(|key| members.of_signer(key) == Some(by))) {
                return Err(refused(id, &format!("is signed by `{by}`, who is not a member any more")));
            }
            if *list != self.list {
                let now = self.take(id, list.clone(), Some(by))?;
                self.members.push(now);
            }
        }
        Ok(())
    }

    /// Uses the list of members in a commit from now on.
    fn take(&mut self, commit: &str, list: String, by: Option<&str>) -> Result<Rc<Members>> {
        let content = contents(self.git, commit, std::slice::from_ref(&list))?.pop().flatten();
        let content = content.ok_or_else(|| refused(commit, "has no members"))?;
        self.room += content.len();
        if self.room > MOST {
            return Err(refused(commit, "changes the members more often than they can in a store"));
        }
        let members = Rc::new(parse(commit, &content)?);
        for (name, recipient) in members.readers() {
            let old = self.readers.insert(name.to_owned(), recipient.to_owned());
            let Some(by) = by.filter(|by| *by != name && old.is_some_and(|old| old != recipient)) else { continue };
            self.replaced.insert((name.to_owned(), by.to_owned()));
        }
        self.list = list;
        self.last = Some(Rc::clone(&members));
        Ok(members)
    }
}

/// The members in a verified commit.
pub fn members_in(git: &Git, commit: &str) -> Result<Rc<Members>> {
    Walk::new(git, None).begin(commit)
}

fn parse(commit: &str, content: &[u8]) -> Result<Members> {
    let text = std::str::from_utf8(content).map_err(|_| refused(commit, "has members that are not text"))?;
    Members::parse(text).map_err(|problem| match problem.cause() {
        // This does not depend on what was fetched.
        Some(Plugin::NotStarted) => problem,
        Some(Plugin::Missing(name)) => is_missing(name),
        None => refused(commit, &format!("has members that cannot be read ({problem})")),
    })
}

fn is_missing(plugin: &str) -> Error {
    let plugin = format!("age-plugin-{}", visible(plugin));
    Error::new(format!("a member at the remote uses `{plugin}`, which is not on PATH, so nothing was fetched"))
        .hint(format!(
            "install {plugin}, or ask the other members who that is; to skip it: modelforge-credential sync --repair"
        ))
        .with_cause(Refused)
}

/// The object with the list of members, for each of these commits.
fn lists(git: &Git, commits: &[&str]) -> Result<Vec<String>> {
    let tip = commits.last().copied().unwrap_or_default();
    let names: String = commits.iter().map(|id| format!("{id}\n{id}:{}\n", members::FILE)).collect();
    let words = ["cat-file", "--batch-check=%(objecttype) %(objectsize) %(objectname)"];
    let said = text(&within_bounds(tip, git.run(&words, names.as_bytes()))?);
    let lines: Vec<&str> = said.lines().collect();
    if lines.len() != 2 * commits.len() {
        return Err(damaged());
    }
    let is_above = |size: &str, most: usize| size.parse::<usize>().is_ok_and(|size| size > most);
    let list_of = |(id, lines): (&&str, &[&str])| {
        let words: Vec<&str> = lines.iter().flat_map(|line| line.split(' ')).collect();
        match words.as_slice() {
            ["commit", size, _, ..] if is_above(size, MAX_COMMIT) => {
                Err(refused(id, "is larger than one of a store can be"))
            }
            ["commit", _, _, "blob", size, _] if is_above(size, members::MAX_FILE) => {
                Err(refused(id, "has a list of members that is too large"))
            }
            ["commit", _, _, "blob", _, list] => Ok((*list).to_owned()),
            _ => Err(refused(id, "has no members")),
        }
    };
    commits.iter().zip(lines.chunks(2)).map(list_of).collect()
}

enum Signature {
    None,
    /// Invalid, or not by a member.
    Strange,
    /// Valid, with the fingerprint of its key.
    Of(String),
}

impl Signature {
    /// The name of the member who signed. `None`: none of them did.
    fn check<'a>(&self, members: &'a Members, id: &str) -> Result<Option<&'a str>> {
        match self {
            Self::None => Err(refused(id, "is not signed")),
            Self::Strange => Ok(None),
            Self::Of(key) => Ok(members.of_fingerprint(key)),
        }
    }
}

/// The signer of each of these commits, as git verifies it with the members' keys.
fn signers(git: &Git, commits: &[(&str, String)], members: &Members) -> Result<BTreeMap<String, Signature>> {
    let mut allowed = tempfile::NamedTempFile::new().map_err(failed("make", "a temporary file".as_ref()))?;
    let lines: String = members.signers().map(|key| format!("member namespaces=\"git\" {key}\n")).collect();
    allowed.write_all(lines.as_bytes()).map_err(failed("write", allowed.path()))?;
    let setting = format!("gpg.ssh.allowedSignersFile={}", allowed.path().display());
    let words = ["-c", &setting, "log", "--no-walk=unsorted", "--stdin", "--format=%H %G? %GK"];
    let ids: String = commits.iter().map(|(id, _)| format!("{id}\n")).collect();
    let tip = commits.last().map_or("", |(id, _)| *id);
    let said = text(&within_bounds(tip, git.run(&words, ids.as_bytes()))?);
    let read = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let signature = match words.get(1..)? {
            ["G", key] => Signature::Of((*key).to_owned()),
            ["N", ..] => Signature::None,
            _ => Signature::Strange,
        };
        Some((words.first()?.to_string(), signature))
    };
    Ok(said.lines().filter_map(read).collect())
}
