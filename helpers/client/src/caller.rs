//! The program that asks: what it adds to a question, and what it wants to know about the answer.

use std::path::Path;
use std::time::Duration;

use modelforge_credential_protocol::{Operation, Record};

use crate::Failure;

/// The variable that says how many times a program that asks helpers was started as a helper itself.
pub const DEPTH: &str = "MODELFORGE_CREDENTIAL_DEPTH";
/// How often that may be.
const MAX_DEPTH: u32 = 4;

/// The program that asks helpers. This library never prints: what a helper said, and how long it took, it tells the caller.
///
/// Every method does nothing by default; [`Silent`] is a caller that wants to know nothing.
pub trait Caller: Send + Sync {
    /// Variables that a helper is started with, beyond those of the protocol.
    fn environment(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// What a helper said on standard error, but for its reason to fail, which is part of the [`Failure`]. Secrets of the request
    /// and of the answer are taken out, and control characters spelled out.
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
    /// What it was asked to do.
    pub operation: Operation,
    /// What came of it.
    pub outcome: Outcome<'a>,
    /// How long it took.
    pub elapsed: Duration,
    /// All that is known by then: the answer, or else the request. Its `Debug` shows no secret.
    pub record: &'a Record,
}

/// What came of an operation.
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

/// The depth of the helpers that this program starts.
pub(crate) fn next_depth() -> Result<u32, Failure> {
    let depth = depth();
    if depth >= MAX_DEPTH { Err(Failure::TooDeep) } else { Ok(depth + 1) }
}
