//! The files of a store, in the user's directory and in a commit.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use modelforge_credential_files::failed;
use modelforge_credential_protocol::{Error, Record, Result};

use super::Team;
use super::git::{Git, text};
use super::history::Files;
use super::members::{self, Members};
use super::merge::created;
use crate::identity::Identities;
use crate::store::{self, Entry};

impl Team {
    /// The current content of the store. Backups of migrations belong to this user alone.
    pub(super) fn snapshot(&self) -> Result<Files> {
        let mut files = Files::new();
        if !self.store.exists()? {
            return Ok(files);
        }
        for entry in self.store.all()? {
            if let Some(content) = self.store.read(&entry)? {
                files.insert(store::name_of(&entry.description), content.to_vec());
            }
        }
        Ok(files)
    }

    /// Writes the result of a merge into the store. What somebody stored since the store was read is newer: it stays, and goes with the
    /// next `sync`. Returns whether there was any.
    pub(super) fn apply(&self, now: &Files, seen: &Files, members: &Members, identities: &Identities) -> Result<bool> {
        let changed: Vec<&String> = seen.keys().chain(now.keys().filter(|name| !seen.contains_key(*name))).collect();
        let changed: Vec<&String> = changed.into_iter().filter(|name| seen.get(*name) != now.get(*name)).collect();
        // Do this before the lock is taken, because it may prompt a person.
        let ages: BTreeMap<&String, u64> =
            changed.iter().filter_map(|name| Some((*name, self.age(name, now, identities)?))).collect();
        let _lock = self.store.lock()?;
        self.store.clean();
        let is_new = |entry: &Entry| {
            let name = store::name_of(&entry.description);
            !seen.contains_key(&name) && !now.contains_key(&name)
        };
        let mut is_newer = self.store.exists()? && self.store.all()?.iter().any(is_new);
        for name in changed {
            let Some(entry) = self.entry(name) else { continue };
            if self.store.read(&entry)?.as_deref() != seen.get(name) {
                is_newer = true;
                continue;
            }
            match now.get(name) {
                // Another member wrote this time, so it may be invalid.
                Some(content) => {
                    let stored = ages.get(name).and_then(|age| UNIX_EPOCH.checked_add(Duration::from_secs(*age)));
                    self.store.put(&entry, content, stored)?;
                }
                None => self.store.remove(&entry)?,
            }
        }
        self.tree.write(members::FILE.as_ref(), members.to_text().as_bytes(), true)?;
        Ok(is_newer)
    }

    fn entry(&self, name: &str) -> Option<Entry> {
        let description = store::described_by(name)?;
        Some(Entry {
            description,
            file: name.split('/').fold(self.tree.path().to_owned(), |path, part| path.join(part)),
        })
    }

    /// When the key was stored, according to the record: the time of a file is the time when it came to this machine.
    fn age(&self, name: &str, files: &Files, identities: &Identities) -> Option<u64> {
        let text = identities.decrypt(files.get(name)?, Path::new(name)).ok()?;
        created(&Record::read_from(&text[..]).ok()?)
    }
}

/// Creates a signed commit with these files. `parent` has the files `before`.
pub fn commit(
    git: &Git,
    files: &Files,
    members: &Members,
    parent: Option<&str>,
    before: &Files,
    by: (&str, &Path),
) -> Result<String> {
    let folder = tempfile::tempdir().map_err(failed("make", "a temporary folder".as_ref()))?;
    let members = members.to_text();
    let all = files
        .iter()
        .map(|(name, content)| (name.as_str(), content.as_slice()))
        .chain([(members::FILE, members.as_bytes())]);
    let (mut paths, mut lines) = (String::new(), String::new());
    let mut new = Vec::new();
    for (name, content) in all.filter(|(name, content)| before.get(*name).is_none_or(|old| old.as_slice() != *content))
    {
        let path = folder.path().join(new.len().to_string());
        fs::write(&path, content).map_err(failed("write", &path))?;
        paths.push_str(&format!("{}\n", path.display()));
        new.push(name);
    }
    let ids = text(&git.run(&["hash-object", "-w", "--no-filters", "--stdin-paths"], paths.as_bytes())?);
    let ids: Vec<&str> = ids.lines().collect();
    if ids.len() != new.len() {
        return Err(Error::new("git did not take all files"));
    }
    for gone in before.keys().filter(|name| !files.contains_key(*name)) {
        lines.push_str(&format!("0 {}\t{gone}\0", "0".repeat(40)));
    }
    for (name, id) in new.iter().zip(ids) {
        lines.push_str(&format!("100644 {id}\t{name}\0"));
    }
    let index = [("GIT_INDEX_FILE", OsString::from(folder.path().join("index")))];
    if let Some(parent) = parent {
        git.run_with(&["read-tree", parent], &index, b"")?;
    }
    git.run_with(&["update-index", "-z", "--index-info"], &index, lines.as_bytes())?;
    let tree = text(&git.run_with(&["write-tree"], &index, b"")?).trim_end().to_owned();
    let (name, key) = by;
    let who = ["AUTHOR", "COMMITTER"].into_iter().flat_map(|role| [(role, "NAME", name), (role, "EMAIL", "")]);
    let who: Vec<(String, OsString)> =
        who.map(|(role, part, text)| (format!("GIT_{role}_{part}"), text.into())).collect();
    let who: Vec<(&str, OsString)> = who.iter().map(|(variable, text)| (variable.as_str(), text.clone())).collect();
    let setting = format!("user.signingKey={}", key.display());
    let mut words = vec!["-c", &setting, "commit-tree", "-S", "-m", "Synchronise", &tree];
    words.extend(parent.into_iter().flat_map(|parent| ["-p", parent]));
    Ok(text(&git.run_with(&words, &who, b"")?).trim_end().to_owned())
}
