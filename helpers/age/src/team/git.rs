//! git, as a store of objects and for the way to the remote. Nothing is ever checked out: no file of a commit comes into the store but
//! by our own hands, after it was verified. So no hook, attribute, filter, driver, link or setting of the tree is ever obeyed.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use modelforge_credential_client::{Finished, Running, command, on_path};
use modelforge_credential_files::Own;
use modelforge_credential_protocol::{Error, Result, Shell, visible};
use zeroize::Zeroizing;

/// How long a step on this machine may take.
const LIMIT: Duration = Duration::from_secs(120);
/// How long a step over a network may take.
const LIMIT_OF_A_NETWORK: Duration = Duration::from_secs(600);
/// The most that a step may say: far above any store.
const MOST: usize = 256 << 20;
/// The longest part of git's own message in ours.
const LONGEST_REASON: usize = 200;

/// The branch that stores are kept in, at the remote.
const BRANCH: &str = "refs/heads/main";
/// Where what was fetched lies until it is verified.
const INCOMING: &str = "refs/incoming/main";

/// What holds whatever the user's settings say.
const SETTINGS: [&str; 19] = [
    "core.hooksPath=/dev/null",
    "core.attributesFile=/dev/null",
    "core.fsmonitor=false",
    "core.symlinks=false",
    "core.protectHFS=true",
    "core.protectNTFS=true",
    "protocol.ext.allow=never",
    "fetch.fsckObjects=true",
    "transfer.fsckObjects=true",
    "fetch.recurseSubmodules=false",
    "fetch.writeCommitGraph=false",
    "push.recurseSubmodules=no",
    "push.gpgSign=false",
    "push.followTags=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "gpg.format=ssh",
    // No member signs in another way, so no program looks at such a signature.
    "gpg.program=/dev/null",
    "gpg.x509.program=/dev/null",
];

/// A repository without files, in a folder of ours.
pub struct Git {
    program: PathBuf,
    keygen: PathBuf,
    folder: PathBuf,
}

impl Git {
    /// Finds the programs, and makes the repository if it is not there, or only half of it is.
    pub fn open(folder: &Own) -> Result<Self> {
        folder.make_folder("".as_ref())?;
        folder.exists()?;
        let git = Self { program: on_path("git".as_ref())?, keygen: keygen()?, folder: folder.path().to_owned() };
        git.remove_locks();
        git.run(&["init", "--quiet", "--bare", "--template=", "--initial-branch=main", "--object-format=sha1"], b"")?;
        Ok(git)
    }

    /// The commit at the remote. `None`: it has none yet.
    pub fn fetch(&self, remote: &str) -> Result<Option<String>> {
        // With a pattern, a branch that is not there is no error. `--prune` tells it from one that was there before.
        let what = format!("+{BRANCH}*:{INCOMING}*");
        let words = [
            "fetch",
            "--quiet",
            "--no-tags",
            "--prune",
            "--no-write-fetch-head",
            "--no-auto-maintenance",
            "--refmap=",
            "--",
            remote,
            &what,
        ];
        let finished = self.reach(&words)?;
        if !finished.status.success() {
            return Err(Error::new(format!("the remote cannot be read: {}", reason(&finished)))
                .hint("git ls-remote REMOTE  # says more"));
        }
        let found = self.run(&["for-each-ref", "--format=%(objectname) %(objecttype)", INCOMING], b"")?;
        match text(&found).trim_end().split_once(' ') {
            Some((id, "commit")) => Ok(Some(id.to_owned())),
            None => Ok(None),
            Some(_) => Err("the branch `main` of the remote is not a commit".into()),
        }
    }

    /// Sends a commit, and says why the remote did not take it. It never replaces what the commit does not go on from.
    pub fn push(&self, remote: &str, commit: &str) -> Result<std::result::Result<(), String>> {
        let finished = self.reach(&["push", "--quiet", "--no-verify", "--", remote, &format!("{commit}:{BRANCH}")])?;
        Ok(if finished.status.success() { Ok(()) } else { Err(reason(&finished)) })
    }

    /// What git answers to this, on this machine, whatever anybody's settings say.
    pub fn run(&self, words: &[&str], input: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        self.run_with(words, &[], input)
    }

    pub fn run_with(&self, words: &[&str], variables: &[(&str, OsString)], input: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let mut command = self.command(words);
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_ATTR_NOSYSTEM", "1");
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        let mut running = Running::start(command, !may_ask(), LIMIT)?;
        running.write(Zeroizing::new(input.to_vec()))?;
        let finished = running.finish(MOST)?;
        if finished.status.success() {
            return Ok(finished.output);
        }
        let step = words.iter().find(|word| !word.starts_with('-')).copied().unwrap_or_default();
        Err(Error::new(format!("git {step}: {}", reason(&finished))))
    }

    /// A step over a network: the user's own settings say how (a proxy, the program for ssh, a helper for passwords).
    fn reach(&self, words: &[&str]) -> Result<Finished> {
        Ok(Running::start(self.command(words), !may_ask(), LIMIT_OF_A_NETWORK)?.finish(MOST)?)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = command(&self.program);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
            command.env_remove(name);
        }
        command.env("GIT_DIR", &self.folder).env("GIT_NO_REPLACE_OBJECTS", "1").env("GIT_NO_LAZY_FETCH", "1");
        command.env("GIT_TERMINAL_PROMPT", if may_ask() { "1" } else { "0" });
        command.args(["--no-pager", "--no-optional-locks"]);
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        let mut keygen = OsString::from("gpg.ssh.program=");
        keygen.push(&self.keygen);
        command.arg("-c").arg(keygen).args(words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// What a git that was killed left would stop every later one. No other is at work here: we have the lock of the store.
    fn remove_locks(&self) {
        let below =
            |name: &str| fs::read_dir(self.folder.join(name)).into_iter().flatten().flatten().map(|file| file.path());
        let all =
            below("").chain(below("refs/incoming")).filter(|path| path.extension().is_some_and(|end| end == "lock"));
        all.for_each(|path| _ = fs::remove_file(path));
    }
}

/// The program that signs and verifies.
pub fn keygen() -> Result<PathBuf> {
    Ok(on_path("ssh-keygen".as_ref())?)
}

/// Runs that program.
pub fn run_keygen(program: &Path, words: &[OsString]) -> Result<Zeroizing<Vec<u8>>> {
    let mut command = command(program);
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let finished = Running::start(command, !may_ask(), LIMIT)?.finish(1 << 16)?;
    if finished.status.success() {
        Ok(finished.output)
    } else {
        Err(Error::new(format!("ssh-keygen: {}", reason(&finished))))
    }
}

/// A remote as a person names it, if git can take it and nothing secret is in it.
pub fn check_remote(remote: &str) -> Result<()> {
    if remote.is_empty() || remote.starts_with('-') || remote.contains(char::is_control) {
        return Err("that is not the address of a remote".into());
    }
    let user = remote.split_once("://").and_then(|(_, rest)| rest.split('/').next()?.rsplit_once('@'));
    if user.is_some_and(|(user, _)| user.contains(':')) {
        return Err(Error::new("the address of the remote holds a password, which git would show")
            .hint("leave it out: git asks its credential helpers for it"));
    }
    let is_path = !remote.contains(':');
    if is_path && !Path::new(remote).is_absolute() {
        return Err(Error::new("a remote that is a folder needs its whole path")
            .hint(format!("modelforge-credential sync --remote {}", Shell::of_the_person().word("/srv/keys.git"))));
    }
    Ok(())
}

/// The last thing that it said of its failure.
fn reason(finished: &Finished) -> String {
    let said = String::from_utf8_lossy(&finished.said);
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let is_reason = |line: &&&str| ["fatal: ", "error: ", " ! ", "! "].iter().any(|begin| line.starts_with(begin));
    let line = lines.iter().find(is_reason).or(lines.last()).copied().unwrap_or_default();
    let line = line.trim_start_matches("fatal: ").trim_start_matches("error: ");
    if line.is_empty() { finished.reason() } else { visible(line).chars().take(LONGEST_REASON).collect() }
}

/// True if a person is there whom ssh or a credential helper may ask at the terminal.
fn may_ask() -> bool {
    std::env::var_os("MODELFORGE_CREDENTIAL_INTERACTIVE").is_none_or(|value| value != "0")
}

/// What git says is text where it is ours; anything else is compared with what is expected, and differs.
pub fn text(output: &[u8]) -> String {
    String::from_utf8_lossy(output).into_owned()
}
