//! The program that asks: what it adds to a question, and what it wants to know about the answer.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use modelforge_credential_protocol::{Operation, Record};

use crate::Failure;

/// The variable that says how many times a program that asks helpers was started as a helper itself.
pub const DEPTH: &str = "MODELFORGE_CREDENTIAL_DEPTH";
/// The variable that tells a helper in which folder the user stands. It is started elsewhere; one that is about that folder goes there.
pub const FOLDER: &str = "MODELFORGE_CREDENTIAL_FOLDER";
/// How often this program may be started as its own helper.
const MAX_DEPTH: u32 = 4;

/// The program that asks helpers. This library never prints: what a helper said, and how long it took, it tells the caller.
///
/// Every method does nothing by default; [`Silent`] is a caller that wants to know nothing.
pub trait Caller: Send + Sync {
    /// Variables that a helper is started with, beyond those of the protocol.
    fn environment(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Called once when a helper that asks nobody has been silent for two seconds. It may take this much longer.
    fn waits(&self, helper: &str, left: Duration) {
        let _ = (helper, left);
    }

    /// The lines of a helper's standard error, but for its reason to fail, which is part of the [`Failure`]. Secrets of the request
    /// and of the answer are taken out, and control characters spelled out. Of one that may ask a person, line by line as it comes.
    fn said(&self, helper: &str, lines: &[String]) {
        let _ = (helper, lines);
    }

    /// One operation of one helper is done.
    fn hop(&self, hop: &Hop) {
        let _ = hop;
    }
}

/// A caller that wants to know nothing.
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
    /// All that is known by then: the answer, or else the request. Its `Debug` shows no secret.
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

/// How many times this program was started as a helper of its own kind, as its caller says.
pub fn depth() -> u32 {
    std::env::var(DEPTH).ok().and_then(|depth| depth.parse().ok()).unwrap_or(0)
}

/// The folder that the user stood in when this process left it.
static LEFT: OnceLock<Option<PathBuf>> = OnceLock::new();

/// Goes to the root folder, where helpers are started: a process that is there already starts them faster. Call it where no relative
/// path is used any more.
pub fn leave_the_folder() {
    if cfg!(unix) {
        LEFT.get_or_init(|| {
            let folder = std::env::current_dir().ok();
            let _ = std::env::set_current_dir("/");
            folder
        });
    }
}

/// True if it did.
pub(crate) fn has_left() -> bool {
    LEFT.get().is_some()
}

/// The folder that the user stands in, unless a helper of this program's kind was told it and so tells its own helpers.
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
