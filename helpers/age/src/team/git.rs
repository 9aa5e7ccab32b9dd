//! Uses git as a store of objects. Nothing is checked out: we write each file of a commit into the store ourselves, after it was verified.
//! So no hook, attribute, filter, driver, link or setting of the tree is obeyed.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use modelforge_credential_client::{Failure, Finished, Running, command, on_path};
use modelforge_credential_files::Own;
use modelforge_credential_protocol::{Error, Result};
use zeroize::Zeroizing;

use super::keygen;
use super::step::{LIMIT, ask_nobody, may_ask, reason};

/// The most output of a step: far more than any store needs.
pub const MOST: usize = 256 << 20;
/// The most memory that git may use at once. An object that is sent as a difference to another one is small, but its author can make it as
/// large as they like here. This is far more than any object of a store, and the index of all objects, need.
const MEMORY: &str = "64m";
const MEMORY_IN_BYTES: usize = 64 << 20;
/// How long a step over a network may take.
const PATIENCE: Duration = Duration::from_secs(600);
/// The most pack files.
const MOST_PIECES: usize = 1_000;

/// What was fetched and is not yet verified.
pub const INCOMING: &str = "refs/incoming/main";
/// What was verified. It is kept, whatever is fetched.
const VERIFIED: &str = "refs/verified/main";

/// These settings override those of the user.
const SETTINGS: [&str; 24] = [
    "core.hooksPath=/dev/null",
    "core.attributesFile=/dev/null",
    "core.fsmonitor=false",
    "core.symlinks=false",
    // No other user can read the repository, whatever the umask is.
    "core.sharedRepository=0600",
    "core.protectHFS=true",
    "core.protectNTFS=true",
    "protocol.ext.allow=never",
    "fetch.fsckObjects=true",
    "transfer.fsckObjects=true",
    "fetch.recurseSubmodules=false",
    "fetch.writeCommitGraph=false",
    // Keep fetched objects packed on the disk, and not in memory, so that any allowed amount can be handled.
    "fetch.unpackLimit=1",
    "core.bigFileThreshold=16m",
    // Fetch only from the remote itself, not from another URL that it names.
    "transfer.bundleURI=false",
    "fetch.uriProtocols=",
    "push.recurseSubmodules=no",
    "push.gpgSign=false",
    "push.followTags=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "gpg.format=ssh",
    // Members sign only with SSH, so no program is started for other signatures.
    "gpg.program=/dev/null",
    "gpg.x509.program=/dev/null",
];

/// A bare repository in our data directory.
pub struct Git {
    pub(super) program: PathBuf,
    folder: PathBuf,
    /// How long a step over a network may take.
    pub(super) patience: Duration,
}

impl Git {
    /// Finds the programs, and creates the repository if it is missing or incomplete.
    pub fn open(folder: &Own) -> Result<Self> {
        folder.make_folder("".as_ref())?;
        folder.exists()?;
        let program = on_path("git".as_ref())?;
        let git = Self { program, folder: folder.path().to_owned(), patience: PATIENCE };
        git.remove_settings();
        git.remove_leftovers();
        let kind = ["--bare", "--shared=0600", "--template=", "--initial-branch=main", "--object-format=sha1"];
        git.run(&[&["init", "--quiet"], &kind[..]].concat(), b"")?;
        Ok(git)
    }

    /// Runs git locally, independent of anybody's settings, and returns its output.
    pub fn run(&self, words: &[&str], input: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        self.run_with(words, &[], input)
    }

    /// The same, with another limit for the output.
    pub fn run_at_most(&self, words: &[&str], most: usize) -> Result<Zeroizing<Vec<u8>>> {
        self.answer(words, &[], b"", most)
    }

    pub fn run_with(&self, words: &[&str], variables: &[(&str, OsString)], input: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        self.answer(words, variables, input, MOST)
    }

    fn answer(
        &self,
        words: &[&str],
        variables: &[(&str, OsString)],
        input: &[u8],
        most: usize,
    ) -> Result<Zeroizing<Vec<u8>>> {
        let finished = self.finish(words, variables, input, most)?;
        if finished.status.success() { Ok(finished.output) } else { Err(failed(words, &finished)) }
    }

    /// The output of a command that exits with 1 for "no", which is `None`. Any other failure is an error.
    pub fn run_unless_no(&self, words: &[&str]) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let finished = self.finish(words, &[], b"", MOST)?;
        match finished.status.code() {
            Some(0) => Ok(Some(finished.output)),
            Some(1) => Ok(None),
            _ => Err(failed(words, &finished)),
        }
    }

    fn finish(&self, words: &[&str], variables: &[(&str, OsString)], input: &[u8], most: usize) -> Result<Finished> {
        let mut command = self.command(words)?;
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_ATTR_NOSYSTEM", "1");
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        let mut running = Running::start(command, !may_ask(), LIMIT)?;
        running.write(Zeroizing::new(input.to_vec()))?;
        running
            .finish(most)
            .map_err(|failure| Error::from(failure.clone()).reworded(format!("{}: {failure}", step(words))))
    }

    pub fn command(&self, words: &[&str]) -> Result<Command> {
        let mut command = command(&self.program);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
            command.env_remove(name);
        }
        command.env("GIT_DIR", &self.folder).env("GIT_NO_REPLACE_OBJECTS", "1").env("GIT_NO_LAZY_FETCH", "1");
        command.env("GIT_ALLOC_LIMIT", MEMORY);
        // Its messages are compared below.
        command.env("LC_ALL", "C");
        let may_ask = may_ask();
        command.env("GIT_TERMINAL_PROMPT", if may_ask { "1" } else { "0" });
        command.args(["--no-pager", "--no-optional-locks"]);
        if !may_ask {
            ask_nobody(&mut command);
            command.env("GIT_ASKPASS", "").args(["-c", "credential.interactive=false"]);
        }
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        let mut keygen = OsString::from("gpg.ssh.program=");
        keygen.push(keygen::program()?);
        command.arg("-c").arg(keygen).args(words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Ok(command)
    }

    /// Keeps a verified commit when others are removed.
    pub fn keep(&self, commit: &str) {
        let _ = self.run(&["update-ref", VERIFIED, commit], b"");
    }

    pub fn has(&self, commit: &str) -> Result<bool> {
        let said = self.run(&["cat-file", "--batch-check=%(objecttype)"], format!("{commit}\n").as_bytes())?;
        Ok(text(&said).trim_end() == "commit")
    }

    /// True if the second commit is the first, or has it as an ancestor.
    pub fn is_below(&self, first: &str, second: &str) -> Result<bool> {
        Ok(self.run_unless_no(&["merge-base", "--is-ancestor", first, second])?.is_some())
    }

    /// Removes what was fetched and not used. Otherwise, an attacker who can write to the remote could fill the disk with it, bit by bit.
    pub fn forget(&self) {
        let _ = self.run(&["update-ref", "-d", INCOMING], b"");
        self.tidy();
    }

    /// Removes objects that no kept commit needs. If that fails, they only take up space.
    pub fn tidy(&self) {
        self.remove_leftovers();
        let _ = self.run(&["repack", "-a", "-d", "-q"], b"");
        let _ = self.run(&["prune", "--expire=now"], b"");
    }

    /// The size of the repository, in bytes.
    pub fn size(&self) -> u64 {
        let folders = self.below("objects");
        let files = folders.filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
        files.filter_map(|file| Some(file.metadata().ok()?.len())).sum()
    }

    /// True if git gets slow because of the number of pack files. Fetches without write access leave some each time.
    pub fn is_untidy(&self) -> bool {
        self.below("objects").flat_map(|folder| files_of(&folder)).nth(MOST_PIECES).is_some()
    }

    /// Only the settings above apply. If somebody else's repository was put here (with a copy of their directory, say), it could name
    /// programs to start, another place for its objects, or other parents of a commit.
    fn remove_settings(&self) {
        let is_needed = |path: &PathBuf| {
            let names = ["HEAD", "objects", "refs", "packed-refs"];
            !path.is_symlink() && path.file_name().is_some_and(|name| names.iter().any(|needed| name == *needed))
        };
        let all = self.below("").filter(|path| !is_needed(path)).chain([self.folder.join("objects").join("info")]);
        for path in all {
            let is_folder = path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
            let _ = if is_folder { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        }
    }

    /// Removes the leftovers of a killed git: its locks would stop every later git, and its incomplete files fill the disk. No other git
    /// runs here, because we hold the lock of the store.
    pub fn remove_leftovers(&self) {
        let locks = ["", "refs/incoming", "refs/verified"].into_iter().flat_map(|folder| self.below(folder));
        let locks = locks.filter(|path| path.extension().is_some_and(|end| end == "lock"));
        let begins = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("tmp_"));
        let is_half = |path: &PathBuf| begins(path) || path.extension().is_some_and(|end| end == "keep");
        let halves = self.below("objects").flat_map(|folder| files_of(&folder)).filter(is_half);
        locks.chain(halves).for_each(|path| _ = fs::remove_file(path));
    }

    fn below(&self, name: &str) -> impl Iterator<Item = PathBuf> + use<> {
        files_of(&self.folder.join(name))
    }
}

fn files_of(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.path())
}

fn failed(words: &[&str], finished: &Finished) -> Error {
    let problem = Error::new(format!("{}: {}", step(words), reason(finished)));
    if is_out_of_memory(finished) {
        problem.with_cause(Failure::TooMuch { most: MEMORY_IN_BYTES, of: "bytes" })
    } else {
        problem
    }
}

/// The name of a step in messages.
fn step(words: &[&str]) -> String {
    let word = words.iter().find(|word| !word.starts_with('-') && !word.contains('='));
    format!("git {}", word.copied().unwrap_or_default())
}

/// True if an object needs more memory than git may use.
pub fn is_out_of_memory(finished: &Finished) -> bool {
    let said = String::from_utf8_lossy(&finished.said);
    said.lines().any(|line| line.starts_with("fatal: attempting to allocate "))
}

/// git's output as text. Output that is not UTF-8 is compared with what is expected, and differs.
pub fn text(output: &[u8]) -> String {
    String::from_utf8_lossy(output).into_owned()
}
