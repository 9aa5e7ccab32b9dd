//! Finds where an object is in a repository: the commit and path, staged, or a tag.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::Stdio;

use super::{Found, Git, Kind, Standing};

/// The objects to find, by name.
type Wanted = HashMap<String, Found>;

/// The results, by name.
type Places = HashMap<String, Standing>;

impl Git {
    /// Where each of these objects is, as far as git can tell. A message is in the commit itself.
    pub(super) fn standing_of(&self, wanted: &Wanted) -> Places {
        let mut places = Places::new();
        let _ = self.read_log(wanted, &mut places);
        let _ = self.read_tags(wanted, &mut places);
        for index in self.indexes() {
            let _ = self.read_index(&index, wanted, &mut places);
        }
        places
    }

    /// The oldest commit with each object, among all commits: also those that only a reflog or a stash names, or nothing.
    fn read_log(&self, wanted: &Wanted, places: &mut Places) -> io::Result<()> {
        let all = ["cat-file", "--batch-all-objects", "--batch-check", "--unordered", "--buffer"];
        let mut all = self.start(&all, Stdio::null())?;
        // `-c`: a merge, such as a stash, may contain something that none of its parents has.
        let mut log =
            vec!["log", "--stdin", "--raw", "--root", "-c", "--no-renames", "--no-abbrev", "--format=commit %H %T"];
        log.extend(wanted.values().any(|found| found.kind == Kind::Tree).then_some("-t"));
        let mut log = self.start(&log, Stdio::piped())?;
        let commits = log.child.stdin.take();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let mut commits = io::BufWriter::new(commits?);
                while let Ok(Some(line)) = all.line() {
                    if let Some((id, "commit")) = line.rsplit_once(' ').and_then(|(rest, _)| rest.split_once(' ')) {
                        writeln!(commits, "{id}").ok()?;
                    }
                }
                commits.flush().ok()
            });
            let mut commit = String::new();
            // The log begins with the newest commit.
            let mut note = |id: &str, commit: &str, path: Option<&str>| {
                if wanted.contains_key(id) {
                    let path = path.map(str::to_owned);
                    places.insert(id.to_owned(), Standing::Committed { commit: commit.to_owned(), path });
                }
            };
            while let Some(line) = log.line()? {
                if let Some((id, tree)) = line.strip_prefix("commit ").and_then(|rest| rest.split_once(' ')) {
                    id.clone_into(&mut commit);
                    note(id, id, None);
                    note(tree, id, Some("."));
                } else if let Some((id, path)) = changed(&line) {
                    note(id, &commit, Some(path));
                }
            }
            log.finish()
        })
    }

    fn read_tags(&self, wanted: &Wanted, places: &mut Places) -> io::Result<()> {
        for id in wanted.iter().filter(|(_, found)| found.kind == Kind::Tag).map(|(id, _)| id) {
            let mut tag = self.start(&["cat-file", "tag", id], Stdio::null())?;
            while let Some(line) = tag.line()?.filter(|line| !line.is_empty()) {
                if let Some(name) = line.strip_prefix("tag ") {
                    places.insert(id.clone(), Standing::Tag { name: name.to_owned() });
                }
            }
        }
        Ok(())
    }

    /// The indexes of the repository and its worktrees.
    fn indexes(&self) -> Vec<PathBuf> {
        let worktrees = self.repository.join("worktrees").read_dir().into_iter().flatten().flatten();
        let worktrees = worktrees.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let folders = std::iter::once(self.repository.clone()).chain(worktrees.map(|entry| entry.path()));
        let indexes = folders.map(|folder| folder.join("index"));
        indexes.filter(|file| file.symlink_metadata().is_ok_and(|metadata| metadata.is_file())).collect()
    }

    /// Only objects that no commit has.
    fn read_index(&self, index: &std::path::Path, wanted: &Wanted, places: &mut Places) -> io::Result<()> {
        let mut staged = self.start_with(&["ls-files", "--stage"], Stdio::null(), Some(index))?;
        while let Some(line) = staged.line()? {
            let Some((about, path)) = line.split_once('\t') else { continue };
            let id = about.split(' ').nth(1).filter(|id| wanted.contains_key(*id));
            if let Some(id) = id.filter(|id| !places.contains_key(*id)) {
                places.insert(id.to_owned(), Standing::Staged { path: path.to_owned() });
            }
        }
        staged.finish()
    }
}

/// The new object of a changed path, and the path: `:MODE MODE OLD NEW STATUS<TAB>PATH`. For each further parent, there is one more colon,
/// mode and old object.
fn changed(line: &str) -> Option<(&str, &str)> {
    let (about, path) = line.split_once('\t')?;
    let modes = about.trim_start_matches(':');
    let parents = about.len() - modes.len();
    let id = modes.split(' ').nth(2 * parents + 1).filter(|_| parents > 0)?;
    Some((id, path))
}
