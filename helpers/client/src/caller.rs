//! The program that asks helpers: what it adds to a request, and what it wants to know about the answer.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use modelforge_credential_protocol::{Operation, Record};

use crate::Failure;

/// The variable that counts how many times the core was started as a helper of itself.
pub const DEPTH: &str = "MODELFORGE_CREDENTIAL_DEPTH";
/// The variable that tells a helper the working directory of the user. Helpers are started elsewhere.
pub const FOLDER: &str = "MODELFORGE_CREDENTIAL_FOLDER";
/// The most levels on which this program may be started as its own helper.
const MAX_DEPTH: u32 = 4;

/// The program that asks helpers. This library never prints. It tells the caller what a helper said, and how long it took.
///
/// Every method does nothing by default. [`Silent`] is a caller that needs no information.
pub trait Caller: Send + Sync {
    /// Variables for the helper's environment, in addition to those of the protocol.
    fn environment(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Called once if a helper that prompts nobody has been silent for two seconds. `left` is the time that it still has.
    fn waits(&self, helper: &str, left: Duration) {
        let _ = (helper, left);
    }

    /// The lines of a helper's standard error, without its reason to fail: that is in the [`Failure`]. Secrets of the request and the
    /// answer are removed, and control characters are spelled out. If the helper may prompt a person, the lines come one by one.
    fn said(&self, helper: &str, lines: &[String]) {
        let _ = (helper, lines);
    }

    /// One operation of one helper is done.
    fn hop(&self, hop: &Hop) {
        let _ = hop;
    }
}

/// A caller that needs no information.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Caller for Silent {}

/// One operation of one helper: what a trace shows.
#[derive(Debug)]
pub struct Hop<'a> {
    /// The helper, as messages call it.
    pub helper: &'a str,
    /// The program that was started.
    pub program: &'a Path,
    /// The operation.
    pub operation: Operation,
    /// The outcome.
    pub outcome: Outcome<'a>,
    /// How long it took.
    pub elapsed: Duration,
    /// All attributes known by then: the answer, or the request if there is none. Its `Debug` shows no secret.
    pub record: &'a Record,
}

/// The outcome of an operation.
#[derive(Debug, Clone, Copy)]
pub enum Outcome<'a> {
    /// A `get` that found something.
    Found,
    /// A `get` that found nothing.
    FoundNothing,
    /// Any other operation that succeeded.
    Done,
    /// It failed.
    Failed(&'a Failure),
}

/// The number of levels on which this program was started as its own helper, according to its caller.
pub fn depth() -> u32 {
    std::env::var(DEPTH).ok().and_then(|depth| depth.parse().ok()).unwrap_or(0)
}

/// The working directory of this process before it left it.
static LEFT: OnceLock<Option<PathBuf>> = OnceLock::new();

/// Changes to the root directory, where helpers are started: starting them is faster from there. Call it when no relative path is needed
/// any more.
pub fn leave_the_folder() {
    if cfg!(unix) {
        LEFT.get_or_init(|| {
            let folder = std::env::current_dir().ok();
            let _ = std::env::set_current_dir("/");
            folder
        });
    }
}

/// True if this process has left its working directory.
pub(crate) fn has_left() -> bool {
    LEFT.get().is_some()
}

/// The user's working directory: the one that the caller passed on, or that of this process.
pub(crate) fn folder() -> Option<PathBuf> {
    if depth() > 0 && std::env::var_os(FOLDER).is_some() {
        return None;
    }
    LEFT.get().cloned().unwrap_or_else(|| std::env::current_dir().ok())
}

/// The depth of the helpers that this program starts.
pub(crate) fn next_depth() -> Result<u32, Failure> {
    let depth = depth();
    if depth >= MAX_DEPTH { Err(Failure::TooDeep) } else { Ok(depth + 1) }
}
