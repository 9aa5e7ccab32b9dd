//! The helper that is put to the test, and how it is asked.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use modelforge_credential_client::{Entry, Failure, Finished, Program};

/// After so many time-outs, nobody waits as long again.
const PATIENCE: u32 = 3;
/// How long one waits then.
const SHORT: Duration = Duration::from_secs(1);

/// A helper, and how it is asked.
pub struct Subject {
    helper: Program,
    git: Option<Program>,
    limit: Duration,
    hung: AtomicU32,
    options: Options,
}

/// How a helper is put to the test.
#[derive(Debug, Default, Clone)]
pub struct Options {
    /// Ask it by `git credential fill`, `approve` and `reject`, with the cases that git can be made to say.
    pub through_git: bool,
    /// Begin each case with a copy of this folder as its home.
    pub home: Option<PathBuf>,
    /// Ask it in the person's own home folder.
    pub in_place: bool,
    /// Send requests that a careless helper could take for "everything", wherever it keeps its entries.
    pub risky: bool,
    /// How long an operation may take; the helper's own limit if there is none.
    pub limit: Option<Duration>,
    /// Set it, in a handler of a signal perhaps, to stop between two operations. What was stored is erased all the same.
    pub interrupted: Arc<AtomicBool>,
}

impl Subject {
    /// A helper that was found.
    ///
    /// # Errors
    /// If git is to ask it and is not on `PATH`.
    pub fn new(helper: Program, options: Options) -> Result<Self, Failure> {
        let entry = Entry::command(["git"]);
        let git = options.through_git.then(|| Program::find(&entry)).transpose()?;
        let limit = options.limit.unwrap_or(helper.limit());
        Ok(Self { helper, git, limit, hung: AtomicU32::new(0), options })
    }

    /// The program that is started.
    pub fn helper(&self) -> &Program {
        &self.helper
    }

    /// True if git asks it.
    pub fn through_git(&self) -> bool {
        self.git.is_some()
    }

    pub(crate) fn in_place(&self) -> bool {
        self.options.in_place
    }

    /// The folder that each home is a copy of.
    pub(crate) fn home(&self) -> Option<&Path> {
        self.options.home.as_deref()
    }

    /// True if there are no files of other programs that a case may change.
    pub(crate) fn starts_empty(&self) -> bool {
        self.options.home.is_none() || self.in_place()
    }

    pub(crate) fn may_risk(&self) -> bool {
        self.options.risky
    }

    pub(crate) fn is_interrupted(&self) -> bool {
        self.options.interrupted.load(Ordering::Relaxed)
    }

    /// Asks it once.
    pub(crate) fn run(&self, home: Option<&Path>, operation: &str, input: &[u8]) -> Result<Finished, Failure> {
        let limit = if self.hung.load(Ordering::Relaxed) < PATIENCE { self.limit } else { self.limit.min(SHORT) };
        let changes = changes(home);
        let finished = match &self.git {
            None => self.helper.run_raw(&[operation], &changes, input, limit),
            Some(git) => {
                let (helper, verb) = self.for_git(operation);
                let one_helper = ["-c", "credential.helper=", "-c", &helper];
                let by_path = ["-c", "credential.useHttpPath=true", "credential", verb];
                git.run_raw(&[one_helper, by_path].concat(), &changes, input, limit)
            }
        };
        if finished.as_ref().is_err_and(|failure| matches!(failure, Failure::TooSlow(_))) {
            self.hung.fetch_add(1, Ordering::Relaxed);
        }
        finished
    }

    /// The helper as git's configuration has it, and what git calls the operation.
    fn for_git(&self, operation: &str) -> (String, &'static str) {
        let verb = match operation {
            "get" => "fill",
            "store" => "approve",
            _ => "reject",
        };
        let path = self.helper.path().to_string_lossy().into_owned();
        let words = std::iter::once(&path).chain(self.helper.arguments());
        let words: Vec<_> = words.map(|word| format!("'{}'", word.replace('\'', r"'\''"))).collect();
        (format!("credential.helper=!{}", words.join(" ")), verb)
    }

    /// Its output when it is asked this, if it succeeds.
    pub(crate) fn says(&self, home: Option<&Path>, operation: &str) -> Vec<u8> {
        let said = self.helper.run_raw(&[operation], &changes(home), b"", self.limit);
        said.ok().filter(|said| said.status.success()).map(|said| said.output.to_vec()).unwrap_or_default()
    }
}

/// The variables of a home folder that nobody has used yet; git asks nobody and reads nothing of the machine's.
fn changes(home: Option<&Path>) -> Vec<(&'static str, Option<OsString>)> {
    let mut changes: Vec<_> =
        ["GIT_ASKPASS", "SSH_ASKPASS", "MODELFORGE_CREDENTIAL_ASKPASS"].map(|name| (name, None)).into();
    changes
        .extend(["GIT_TERMINAL_PROMPT", "MODELFORGE_CREDENTIAL_WARN_PLAINTEXT"].map(|name| (name, Some("0".into()))));
    if let Some(home) = home {
        changes.push(("GIT_CONFIG_NOSYSTEM", Some("1".into())));
        changes.extend(["HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"].map(|name| (name, Some(home.into()))));
        let folders = ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"];
        changes.extend(folders.map(|name| (name, None)));
    }
    changes
}
