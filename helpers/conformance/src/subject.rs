//! The helper under test, and how it is called.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use modelforge_credential_client::{Entry, Failure, Finished, Program};

/// After this many timeouts, the time limit is shortened.
const PATIENCE: u32 = 3;
/// The shortened time limit.
const SHORT: Duration = Duration::from_secs(1);

/// A helper, and how to call it.
pub struct Subject {
    helper: Program,
    git: Option<Program>,
    limit: Duration,
    hung: AtomicU32,
    options: Options,
}

/// How to test a helper.
#[derive(Debug, Default, Clone)]
pub struct Options {
    /// Call it through `git credential fill`, `approve` and `reject`, with the cases that git can send.
    pub through_git: bool,
    /// Begin each case with a copy of this folder as its home.
    pub home: Option<PathBuf>,
    /// Use the person's own home directory.
    pub in_place: bool,
    /// Send requests that a careless helper could take for "everything", wherever it stores its entries.
    pub risky: bool,
    /// The time limit of an operation. `None`: the helper's own.
    pub limit: Option<Duration>,
    /// Set it, for example in a signal handler, to stop between two operations. What was stored is still erased.
    pub interrupted: Arc<AtomicBool>,
}

impl Subject {
    /// Prepares to test a helper.
    ///
    /// # Errors
    /// If it should be called through git, and git is not on `PATH`.
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

    /// True if it is called through git.
    pub fn through_git(&self) -> bool {
        self.git.is_some()
    }

    pub(crate) fn in_place(&self) -> bool {
        self.options.in_place
    }

    /// The directory that each home is a copy of.
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

    /// Sends one request.
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

    /// The helper in the form of git's configuration, and git's name of the operation.
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

    /// Its output for this operation, if it succeeds.
    pub(crate) fn says(&self, home: Option<&Path>, operation: &str) -> Vec<u8> {
        let said = self.helper.run_raw(&[operation], &changes(home), b"", self.limit);
        said.ok().filter(|said| said.status.success()).map(|said| said.output.to_vec()).unwrap_or_default()
    }
}

/// The variables for a new home directory. git must not prompt, and must not read the machine's configuration.
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
