//! Connects to the remote, which may be hostile: the size of what comes is limited, and nothing there is started.

use std::path::Path;
use std::time::{Duration, Instant};

use modelforge_credential_client::{Failure, Finished, Running};
use modelforge_credential_protocol::{Error, Result, Shell, shown};

use super::fetched::Refused;
use super::git::{Git, INCOMING, MOST, is_out_of_memory, text};
use super::step::{may_ask, reason};

/// The branch of a store.
const BRANCH: &str = "refs/heads/main";

/// The most bytes that may come at once: far more than any store needs, and too little to fill a disk.
const MOST_AT_ONCE: u64 = 1 << 30;
/// A fetch may contain more than was asked for. From this size on, it is worth checking.
const MUCH: u64 = 64 << 20;
/// How often to check how much has come.
const PAUSE: Duration = Duration::from_millis(100);

const LEAVE_IT_OUT: &str = "ask the other members what was pushed; to skip it: modelforge-credential sync --repair";

/// A repository on this machine must not make git start anything: no hooks, and no program that names more commits.
const IN_A_FOLDER: &str = "-c core.hooksPath=/dev/null -c core.alternateRefsCommand=true -c core.fsmonitor=false \
                           -c receive.autogc=false -c receive.denyCurrentBranch=refuse -c gc.auto=0 -c maintenance.auto=false";

impl Git {
    /// The commit at the remote. `None`: there is none yet.
    pub fn fetch(&self, remote: &str) -> Result<Option<String>> {
        self.fetch_at_most(remote, MOST_AT_ONCE)
    }

    fn fetch_at_most(&self, remote: &str, most: u64) -> Result<Option<String>> {
        // No other branch, because nobody would verify it.
        let what = format!("+{BRANCH}:{INCOMING}");
        let through = self.in_a_folder(remote, "--upload-pack", "upload-pack");
        let mut words =
            vec!["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--refmap="];
        words.extend(through.as_deref());
        words.extend(["--", remote, &what]);
        let before = self.size();
        let limit = before.saturating_add(most);
        let finished = self.reach(&words, limit).inspect_err(|_| self.forget()).map_err(too_slow)?;
        if self.size() > limit {
            self.forget();
            return Err(too_much());
        }
        if !finished.status.success() {
            if is_empty(&finished) {
                self.run(&["update-ref", "-d", INCOMING], b"")?;
                return Ok(None);
            }
            self.forget();
            return Err(match said_by(&finished) {
                Some(what) => not_of_a_store(what),
                None => unreadable(&finished),
            });
        }
        if self.size().saturating_sub(before) > MUCH || self.is_untidy() {
            self.tidy();
        }
        let found = self.run(&["for-each-ref", "--format=%(objectname) %(objecttype)", INCOMING], b"")?;
        match text(&found).trim_end().split_once(' ') {
            Some((id, "commit")) => Ok(Some(id.to_owned())),
            _ => Err("the branch `main` of the remote is not a commit".into()),
        }
    }

    /// The commit of the branch at the remote, whether it can be used or not.
    pub fn ask(&self, remote: &str) -> Result<Option<String>> {
        let through = self.in_a_folder(remote, "--upload-pack", "upload-pack");
        let mut words = vec!["ls-remote", "--quiet"];
        words.extend(through.as_deref());
        words.extend(["--", remote, BRANCH]);
        let finished = self.reach(&words, u64::MAX).map_err(no_answer)?;
        if !finished.status.success() {
            return Err(unreadable(&finished));
        }
        let said = text(&finished.output);
        let is_id = |id: &str| id.len() == 40 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        let found = said.lines().find_map(|line| line.split_once('\t').filter(|(_, name)| *name == BRANCH));
        Ok(found.map(|(id, _)| id).filter(|id| is_id(id)).map(str::to_owned))
    }

    /// Pushes a commit. Returns the reason if the remote did not take it. Without `instead_of`, only a commit that continues the remote's
    /// history is pushed; with it, that commit may be replaced.
    pub fn push(
        &self,
        remote: &str,
        commit: &str,
        instead_of: Option<&str>,
    ) -> Result<std::result::Result<(), String>> {
        let what = format!("{commit}:{BRANCH}");
        let lease = instead_of.map(|old| format!("--force-with-lease={BRANCH}:{old}"));
        let through = self.in_a_folder(remote, "--receive-pack", "receive-pack");
        let mut words = vec!["push", "--quiet", "--no-verify"];
        words.extend(lease.as_deref());
        words.extend(through.as_deref());
        words.extend(["--", remote, &what]);
        let finished = self.reach(&words, u64::MAX).map_err(no_answer)?;
        Ok(if finished.status.success() { Ok(()) } else { Err(reason(&finished)) })
    }

    /// Runs a step that uses a network. The user's own settings apply: a proxy, the ssh program, a credential helper.
    fn reach(&self, words: &[&str], most: u64) -> Result<Finished> {
        let running = Running::start(self.command(words)?, !may_ask(), self.patience)?;
        let mut looked = Instant::now();
        let mut exceeds = || {
            if looked.elapsed() < PAUSE {
                return None;
            }
            looked = Instant::now();
            (self.size() > most).then_some(Failure::TooMuch { most: MOST, of: "bytes" })
        };
        match running.finish_within(MOST, &mut |_| {}, &mut exceeds) {
            Err(Failure::TooMuch { .. }) => Err(too_much()),
            finished => Ok(finished?),
        }
    }

    /// For a directory on this machine, git runs its other half as this user, and that half obeys the directory's settings.
    fn in_a_folder(&self, remote: &str, option: &str, command: &str) -> Option<String> {
        let is_a_folder = Path::new(remote).is_absolute() || remote.starts_with("file:");
        let git = Shell::Posix.word(&self.program.to_string_lossy());
        is_a_folder.then(|| format!("{option}={git} {IN_A_FOLDER} {command}"))
    }
}

/// True if the remote has no such branch yet.
fn is_empty(finished: &Finished) -> bool {
    let missing = format!("fatal: couldn't find remote ref {BRANCH}");
    String::from_utf8_lossy(&finished.said).lines().any(|line| line == missing)
}

/// What is wrong with the fetched objects, according to git.
fn said_by(finished: &Finished) -> Option<&'static str> {
    let said = String::from_utf8_lossy(&finished.said);
    let begins = |begin: &str| said.lines().any(|line| line.starts_with(begin));
    if is_out_of_memory(finished) {
        return Some("an object that is larger than a store can have");
    }
    (begins("fatal: fsck error") || begins("error: object ")).then_some("an object that is malformed")
}

fn not_of_a_store(what: &str) -> Error {
    Error::new(format!("the remote sends {what}, so nothing was fetched")).hint(LEAVE_IT_OUT).with_cause(Refused)
}

fn unreadable(finished: &Finished) -> Error {
    Error::new(format!("the remote cannot be read: {}", reason(finished))).hint("git ls-remote REMOTE  # shows why")
}

/// The network may be slow, or the objects keep git busy on this machine: a person has to decide.
fn too_slow(problem: Error) -> Error {
    match problem.cause() {
        Some(Failure::TooSlow(limit)) => {
            let message = format!("the remote was not fetched within {} s, so nothing was changed", limit.as_secs());
            Error::new(message).hint(format!("try again; if the network is fast, {LEAVE_IT_OUT}")).with_cause(Refused)
        }
        _ => problem,
    }
}

/// It is unknown whether the remote took the changes; the next synchronisation finds out.
fn no_answer(problem: Error) -> Error {
    match problem.cause() {
        Some(Failure::TooSlow(limit)) => {
            let message = format!("the remote did not answer within {} s", limit.as_secs());
            problem.reworded(message).hint("modelforge-credential sync  # tries again")
        }
        _ => problem,
    }
}

fn too_much() -> Error {
    not_of_a_store("more than a store can have")
}

/// Checks a remote that a person named: git must be able to use it, and it must contain no secret.
pub fn check_remote(remote: &str) -> Result<()> {
    if remote.is_empty() || remote.starts_with('-') || remote.contains(char::is_control) {
        return Err("this is not the address of a remote".into());
    }
    let user = remote.split_once("://").and_then(|(_, rest)| rest.split('/').next()?.rsplit_once('@'));
    if user.is_some_and(|(user, _)| user.contains(':') || shown(user) != user) {
        return Err(Error::new("the address of the remote has a password, which git would show")
            .hint("leave it out: git asks its credential helpers for it"));
    }
    let is_path = !remote.contains(':');
    if is_path && !Path::new(remote).is_absolute() {
        return Err(Error::new("a remote that is a directory needs an absolute path")
            .hint(format!("modelforge-credential sync --remote {}", Shell::of_the_person().word("/srv/keys.git"))));
    }
    Ok(())
}

// These tests need git and Unix paths.
#[cfg(test)]
#[cfg(unix)]
mod tests;
