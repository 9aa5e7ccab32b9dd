//! Verifies what was fetched, commit by commit, before a byte of it is used.
//!
//! A history is a line: each commit has one parent, and is signed by somebody who was a member in that parent. So who may change the
//! store is decided by what was verified before, down to the commit that is known here, or to the first, whose fingerprint people
//! compare. There are no merges: a member whose changes met others' puts them on top, in a commit of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::rc::Rc;

use modelforge_credential_client::Failure;
use modelforge_credential_files::failed;
use modelforge_credential_protocol::{Error, MAX_RECORD, Result, visible};

use super::git::{Git, text};
use super::members::{self, Members};
use crate::store;

/// The most files of a store.
const MOST_FILES: usize = 50_000;
/// The longest list of them.
const MOST_LISTED: usize = 300 * MOST_FILES;
/// The most commits at once, far above any team.
const MOST_COMMITS: usize = 100_000;
/// How many signatures git looks at in one step, which has a time limit.
const SIGNATURES_AT_ONCE: usize = 1_000;

/// The files of a store: the name of each, and its content.
pub type Files = BTreeMap<String, Vec<u8>>;

/// What is at the remote is not to be used, whatever is tried.
pub struct Refused;

/// What the remote has, verified.
pub struct History {
    /// The first commit of all.
    pub root: String,
    pub tip: String,
    /// The members in the commit that was known before. `None`: none was.
    pub before: Option<Members>,
    /// The members since, each time that they were others.
    pub members: Vec<Rc<Members>>,
    /// Whose key to read with was replaced by somebody else, and by whom.
    pub replaced: Vec<(String, String)>,
}

impl History {
    /// The members at the end.
    pub fn last(&self) -> Result<&Members> {
        self.members
            .last()
            .map(Rc::as_ref)
            .or(self.before.as_ref())
            .ok_or_else(|| Error::new("the remote has no commit"))
    }
}

/// Verifies all that goes on from the commit `head` of a history that begins with `root`, or all of it, up to `tip`.
pub fn verify(git: &Git, known: Option<(&str, &str)>, tip: &str) -> Result<History> {
    verify_by(git, known, tip, None)
}

/// The same, and nobody may have signed who is not among `those`, where they are given.
pub fn verify_by(git: &Git, known: Option<(&str, &str)>, tip: &str, those: Option<&Members>) -> Result<History> {
    let head = known.map(|(_, head)| head);
    let line = line(git, head, tip)?;
    let all: Vec<&str> = head.into_iter().chain(line.iter().map(String::as_str)).collect();
    let mut of_each = members_of(git, &all)?;
    let signed = signatures(git, &line, &of_each)?;
    let (first, mut replaced) = (usize::from(head.is_none()), Vec::new());
    for (at, id) in line.iter().enumerate() {
        // The first commit of all is signed by one of those that it names.
        let before = of_each.get(at.saturating_sub(first)).map(Rc::as_ref);
        let signature = signed.get(id).map_or(Signature::None, |signature| signature.clone());
        let by = check(id, &signature, before)?;
        if those.is_some_and(|those| {
            !those.signers().any(|key| before.is_some_and(|before| before.of_signer(key) == Some(by)))
        }) {
            return Err(refused(id, &format!("is signed by `{by}`, who is not a member any more")));
        }
        if let (Some(before), Some(now)) = (before, of_each.get(at + 1 - first)) {
            replaced.extend(
                before.replaced_in(now).filter(|name| *name != by).map(|name| (name.to_owned(), by.to_owned())),
            );
        }
    }
    let first = line.first().map_or(tip, String::as_str);
    Ok(History {
        root: known.map_or(first, |(root, _)| root).to_owned(),
        tip: tip.to_owned(),
        before: head.map(|_| of_each.remove(0).as_ref().clone()),
        members: without_repeats(of_each),
        replaced,
    })
}

/// The commits from the one after `head` to `tip`. An error if they are not one line that goes on from there.
fn line(git: &Git, head: Option<&str>, tip: &str) -> Result<Vec<String>> {
    let before = head.map(|head| format!("^{head}"));
    let mut words = vec!["rev-list", "--reverse", "--topo-order", "--parents", tip];
    words.extend(before.as_deref());
    let listed = git.run(&words, b"").map_err(|problem| match head {
        // The commit that is known is not among what was fetched.
        Some(head) if !git.has(head) => is_another_history(),
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
    Error::new("the history at the remote does not go on from what this machine has seen, so nothing was taken")
        .hint("ask the other members whether an older state was put back; then: modelforge-credential sync --repair")
        .because(Refused)
}

fn refused(id: &str, why: &str) -> Error {
    let short: String = id.chars().take(12).collect();
    Error::new(format!("the commit `{short}` at the remote {why}, so nothing was taken"))
        .hint("ask the other members who made it; then leave it out: modelforge-credential sync --repair")
        .because(Refused)
}

/// The members in each of these commits. One list is read once, however many commits have it.
fn members_of(git: &Git, commits: &[&str]) -> Result<Vec<Rc<Members>>> {
    let names: String = commits.iter().map(|id| format!("{id}:{}\n", members::FILE)).collect();
    let said =
        text(&git.run(&["cat-file", "--batch-check=%(objecttype) %(objectsize) %(objectname)"], names.as_bytes())?);
    let mut lists: BTreeMap<&str, Option<Rc<Members>>> = BTreeMap::new();
    let mut of_each = Vec::new();
    for (id, line) in commits.iter().zip(said.lines()) {
        let words: Vec<&str> = line.split(' ').collect();
        let ["blob", size, list] = words.as_slice() else { return Err(refused(id, "has no members")) };
        if size.parse::<usize>().is_ok_and(|size| size > members::MAX_FILE) {
            return Err(refused(id, "has a list of members that is too large"));
        }
        lists.insert(list, None);
        of_each.push((*id, *list));
    }
    let ids: Vec<String> = lists.keys().map(|list| (*list).to_owned()).collect();
    let contents: BTreeMap<&str, Option<Vec<u8>>> = lists.keys().copied().zip(contents(git, &ids)?).collect();
    let mut all = Vec::new();
    for (id, list) in of_each {
        if let Some(Some(members)) = lists.get(list) {
            all.push(Rc::clone(members));
            continue;
        }
        let content = contents.get(list).and_then(Option::as_ref).ok_or_else(|| refused(id, "has no members"))?;
        let text = std::str::from_utf8(content).map_err(|_| refused(id, "has members that are not text"))?;
        let members = Members::parse(text)
            .map_err(|problem| refused(id, &format!("has members that cannot be read ({problem})")))?;
        let members = Rc::new(members);
        lists.insert(list, Some(Rc::clone(&members)));
        all.push(members);
    }
    if all.len() == commits.len() { Ok(all) } else { Err(damaged()) }
}

fn without_repeats(mut lists: Vec<Rc<Members>>) -> Vec<Rc<Members>> {
    lists.dedup_by(|one, other| Rc::ptr_eq(one, other));
    lists
}

fn damaged() -> Error {
    Error::new("git did not answer with the objects that it was asked for")
}

/// The contents of these objects. `None` for one that is missing or is not a file.
fn contents(git: &Git, names: &[String]) -> Result<Vec<Option<Vec<u8>>>> {
    let mut input = names.join("\n");
    input.push('\n');
    let output = git.run(&["cat-file", "--batch"], input.as_bytes())?;
    let (mut rest, mut all) = (&output[..], Vec::new());
    for _ in names {
        let end = rest.iter().position(|byte| *byte == b'\n').ok_or_else(damaged)?;
        let head = text(&rest[..end]);
        rest = &rest[end + 1..];
        let words: Vec<&str> = head.split(' ').collect();
        let [_, kind, size] = words.as_slice() else {
            all.push(None);
            continue;
        };
        let size: usize = size.parse().map_err(|_| damaged())?;
        let content = rest.get(..size).ok_or_else(damaged)?;
        all.push((*kind == "blob").then(|| content.to_vec()));
        rest = rest.get(size + 1..).ok_or_else(damaged)?;
    }
    Ok(all)
}

#[derive(Clone, PartialEq, Eq)]
enum Signature {
    None,
    /// Not good, or of somebody who was never a member.
    Strange,
    /// Good, with the fingerprint of its key.
    Of(String),
}

/// Who signed each of these commits. git verifies with the keys of everybody who was a member at some time; who was one at which, is
/// the caller's question.
fn signatures(git: &Git, commits: &[String], of_each: &[Rc<Members>]) -> Result<BTreeMap<String, Signature>> {
    let lists = without_repeats(of_each.to_vec());
    let keys: BTreeSet<&str> = lists.iter().flat_map(|members| members.signers()).collect();
    let mut allowed = tempfile::NamedTempFile::new().map_err(failed("make", "a temporary file".as_ref()))?;
    let lines: String = keys.iter().map(|key| format!("member namespaces=\"git\" {key}\n")).collect();
    allowed.write_all(lines.as_bytes()).map_err(failed("write", allowed.path()))?;
    let setting = format!("gpg.ssh.allowedSignersFile={}", allowed.path().display());
    let words = ["-c", &setting, "log", "--no-walk=unsorted", "--stdin", "--format=%H %G? %GK"];
    let mut said = String::new();
    for some in commits.chunks(SIGNATURES_AT_ONCE) {
        said += &text(&git.run(&words, format!("{}\n", some.join("\n")).as_bytes())?);
    }
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

/// The name of the one who signed.
fn check<'a>(id: &str, signature: &Signature, before: Option<&'a Members>) -> Result<&'a str> {
    match signature {
        Signature::None => Err(refused(id, "is not signed")),
        Signature::Strange => Err(refused(id, "is not signed by a member")),
        Signature::Of(key) => match before.and_then(|members| members.of_fingerprint(key)) {
            Some(name) => Ok(name),
            None => Err(refused(id, &format!("is signed by `{}`, who was not a member then", visible(key)))),
        },
    }
}

/// The files of a commit that was verified. Anything but the members and credentials is refused: links, programs, other repositories,
/// files beside the store.
pub fn files(git: &Git, commit: &str) -> Result<Files> {
    let too_many = || refused(commit, "has more files than a store may have");
    let listed =
        git.run_at_most(&["ls-tree", "-r", "-z", "-l", "--full-tree", commit], MOST_LISTED).map_err(|problem| {
            // A few folders that name each other again and again unfold without end.
            if matches!(problem.cause(), Some(Failure::TooMuch { .. })) { too_many() } else { problem }
        })?;
    let (mut names, mut ids) = (Vec::new(), Vec::new());
    for line in listed.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
        let line = text(line);
        let (about, name) = line.split_once('\t').unwrap_or((&line, ""));
        let about: Vec<&str> = about.split_whitespace().collect();
        let ["100644", "blob", id, size] = about.as_slice() else {
            return Err(not_of_a_store(commit, name, "is not a plain file"));
        };
        if size.parse::<usize>().is_ok_and(|size| size > 2 * MAX_RECORD) {
            return Err(not_of_a_store(commit, name, "is too large"));
        }
        if name == members::FILE {
            continue;
        }
        if store::described_by(name).is_none_or(|description| description.is_of_a_migration()) {
            return Err(not_of_a_store(commit, name, "does not belong into a store"));
        }
        names.push(name.to_owned());
        ids.push((*id).to_owned());
    }
    if names.len() > MOST_FILES {
        return Err(too_many());
    }
    let contents = contents(git, &ids)?;
    let whole: Option<Files> = names.into_iter().zip(contents).map(|(name, content)| Some((name, content?))).collect();
    whole.ok_or_else(|| refused(commit, "is not whole"))
}

fn not_of_a_store(commit: &str, name: &str, why: &str) -> Error {
    let name: String = visible(name).chars().take(120).collect();
    refused(commit, &format!("has `{name}`, which {why}"))
}
