//! The helper that is put to the test, and how it is asked.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use modelforge_credential_client::{Entry, Failure, Finished, Program};

use super::Nature;
use super::checked::Broken;
use super::session::Session;

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
    interrupted: Arc<AtomicBool>,
}

/// How a person wants it.
#[derive(Default, Clone)]
pub struct Options {
    /// Asked by `git credential fill`, `approve` and `reject`.
    pub through_git: bool,
    /// Each case begins with a copy of this folder as its home.
    pub home: Option<PathBuf>,
    /// In the person's own home folder.
    pub in_place: bool,
    /// With requests that a careless helper could take for "everything", wherever it keeps its entries.
    pub risky: bool,
    /// How long an operation may take.
    pub limit: Option<Duration>,
}

impl Subject {
    /// A helper that was found. `interrupted` ends the run between two operations.
    pub fn new(helper: Program, options: Options, interrupted: Arc<AtomicBool>) -> Result<Self, Failure> {
        let entry = Entry::command(["git"]);
        let git = options.through_git.then(|| Program::find(&entry)).transpose()?;
        let limit = options.limit.unwrap_or(helper.limit());
        Ok(Self { helper, git, limit, hung: AtomicU32::new(0), options, interrupted })
    }

    pub fn helper(&self) -> &Program {
        &self.helper
    }

    pub fn through_git(&self) -> bool {
        self.git.is_some()
    }

    pub fn in_place(&self) -> bool {
        self.options.in_place
    }

    /// The folder that each home is a copy of.
    pub fn home(&self) -> Option<&Path> {
        self.options.home.as_deref()
    }

    /// Whether there are no files of other programs that a case may change.
    pub fn starts_empty(&self) -> bool {
        self.options.home.is_none() || self.in_place()
    }

    pub fn may_risk(&self) -> bool {
        self.options.risky
    }

    pub fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// Asks it once.
    pub fn run(&self, home: Option<&Path>, operation: &str, input: &[u8]) -> Result<Finished, Failure> {
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

    /// Finds out what it is: it is told to keep something, and asked for it, here and in another home folder.
    pub fn nature(&self) -> Nature {
        let unknown = Nature::default();
        let (Ok(session), Ok(elsewhere)) = (Session::new(self, &unknown), Session::new(self, &unknown)) else {
            return unknown;
        };
        let cannot_store = match session.run("store", format!("{}password={}\n", session.ann, session.secret)) {
            Ok(stored) if stored.status.success() => None,
            Ok(stored) => Some(session.said(&stored)),
            Err(Broken::Rule(problem)) => Some(problem),
            Err(Broken::Interrupted) => None,
        };
        let keeps = session.finds(&session.ann, &session.secret).is_ok();
        let found_elsewhere = elsewhere.finds(&session.ann, &session.secret).is_ok();
        session.erase_all();
        let says = |operation| {
            let said = self.helper.run_raw(&[operation], &changes(session.home()), b"", self.limit);
            said.ok().filter(|said| said.status.success()).map(|said| said.output.clone()).unwrap_or_default()
        };
        let capabilities = says("capability");
        let authtype = capabilities.split(|b| *b == b'\n').any(|line| line == b"capability authtype");
        let foreign = modelforge_credential_protocol::Nature::from_lines(&capabilities).foreign;
        let lists = !says("list").is_empty();
        Nature { keeps, cannot_store, shared: self.in_place() || found_elsewhere, authtype, lists, foreign }
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
