//! git, as a store of objects. Nothing is ever checked out: no file of a commit comes into the store but
//! by our own hands, after it was verified. So no hook, attribute, filter, driver, link or setting of the tree is ever obeyed.

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

/// The most that a step may say: far above any store.
pub const MOST: usize = 256 << 20;
/// The most memory that git takes at once: an object that is a difference to another one is small on its way, and as large here as its
/// author likes. Far above any object of a store, and above the table of all of them.
const MEMORY: &str = "64m";
const MEMORY_IN_BYTES: usize = 64 << 20;
/// How long a step over a network may take.
const PATIENCE: Duration = Duration::from_secs(600);
/// The most files of objects.
const MOST_PIECES: usize = 1_000;

/// What was fetched, until it is verified.
pub const INCOMING: &str = "refs/incoming/main";
/// What was verified: it stays, whatever comes.
const VERIFIED: &str = "refs/verified/main";

/// What holds whatever the user's settings say.
const SETTINGS: [&str; 24] = [
    "core.hooksPath=/dev/null",
    "core.attributesFile=/dev/null",
    "core.fsmonitor=false",
    "core.symlinks=false",
    // Nobody else reads any of it, whatever mask the user has.
    "core.sharedRepository=0600",
    "core.protectHFS=true",
    "core.protectNTFS=true",
    "protocol.ext.allow=never",
    "fetch.fsckObjects=true",
    "transfer.fsckObjects=true",
    "fetch.recurseSubmodules=false",
    "fetch.writeCommitGraph=false",
    // What comes lies on the disk as it comes, and is not held in memory: so much of it can be borne as there may be.
    "fetch.unpackLimit=1",
    "core.bigFileThreshold=16m",
    // All comes from the remote itself, and not from where it points to.
    "transfer.bundleURI=false",
    "fetch.uriProtocols=",
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
    pub(super) program: PathBuf,
    folder: PathBuf,
    /// How long a step over a network may take.
    pub(super) patience: Duration,
}

impl Git {
    /// Finds the programs, and makes the repository if it is not there, or only half of it is.
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

    /// What git answers to this, on this machine, whatever anybody's settings say.
    pub fn run(&self, words: &[&str], input: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        self.run_with(words, &[], input)
    }

    /// The same for an answer that may be this long.
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

    /// The answer to a question that git can say no to, which is `None`. Whatever else stops it is an error.
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
        // What it says is looked at.
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

    /// Has a commit that was verified stay, whatever else is removed.
    pub fn keep(&self, commit: &str) {
        let _ = self.run(&["update-ref", VERIFIED, commit], b"");
    }

    pub fn has(&self, commit: &str) -> Result<bool> {
        let said = self.run(&["cat-file", "--batch-check=%(objecttype)"], format!("{commit}\n").as_bytes())?;
        Ok(text(&said).trim_end() == "commit")
    }

    /// True if the second commit goes on from the first, or is it.
    pub fn is_below(&self, first: &str, second: &str) -> Result<bool> {
        Ok(self.run_unless_no(&["merge-base", "--is-ancestor", first, second])?.is_some())
    }

    /// Removes what was fetched and not taken: who can write to the remote could fill the disk with it, bit by bit.
    pub fn forget(&self) {
        let _ = self.run(&["update-ref", "-d", INCOMING], b"");
        self.tidy();
    }

    /// Removes what belongs to no commit that is kept. If it fails, there is only less room.
    pub fn tidy(&self) {
        self.remove_leftovers();
        let _ = self.run(&["repack", "-a", "-d", "-q"], b"");
        let _ = self.run(&["prune", "--expire=now"], b"");
    }

    /// How much is kept, in bytes.
    pub fn size(&self) -> u64 {
        let folders = self.below("objects");
        let files = folders.filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
        files.filter_map(|file| Some(file.metadata().ok()?.len())).sum()
    }

    /// True if git gets slow with so many pieces. Who may not write leaves some each time.
    pub fn is_untidy(&self) -> bool {
        self.below("objects").flat_map(|folder| files_of(&folder)).nth(MOST_PIECES).is_some()
    }

    /// Its settings are those above. A repository of somebody else's that was put here (with a copy of their folder, say) could name programs
    /// to start, another place for its objects, or another line of parents.
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

    /// What a git that was killed left: locks would stop every later one, and halves of files fill the disk. No other is at work here: we
    /// have the lock of the store.
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
        problem.because(Failure::TooMuch { most: MEMORY_IN_BYTES, of: "bytes" })
    } else {
        problem
    }
}

/// What a step is called in messages.
fn step(words: &[&str]) -> String {
    let word = words.iter().find(|word| !word.starts_with('-') && !word.contains('='));
    format!("git {}", word.copied().unwrap_or_default())
}

/// True if an object takes more memory than git may take.
pub fn is_out_of_memory(finished: &Finished) -> bool {
    let said = String::from_utf8_lossy(&finished.said);
    said.lines().any(|line| line.starts_with("fatal: attempting to allocate "))
}

/// What git says is text where it is ours; anything else is compared with what is expected, and differs.
pub fn text(output: &[u8]) -> String {
    String::from_utf8_lossy(output).into_owned()
}
