//! Write a credential helper: a program that `modelforge-credential`, or git, asks for keys.
//!
//! A helper is a type that implements [`Helper`], and a `main` that passes it to [`serve`]. That reads the request, enforces the rules of
//! the protocol (`protocol.md` in the project's root) and writes the answer. The data is a [`Record`]: a list of `key=value` attributes
//! whose values are never printed, and are wiped when dropped.
//!
//! # Example
//!
//! A helper that finds keys where container platforms put them, one file per host. This is the whole program, also in
//! `examples/run_secrets.rs`. Call it `modelforge-credential-run-secrets`, put it on `PATH`, and add it to the configuration:
//! `helpers = ["run-secrets", …]`.
//!
//! ```no_run
#![doc = include_str!("../examples/run_secrets.rs")]
//! ```
//!
//! The library does this, so that a helper need not: bounded reading, validation of the whole request before the helper sees it, git's
//! capabilities (`authtype`, `state`), `ephemeral`, unknown operations, the framing of `list`, wiping of buffers, exit statuses, one line
//! on standard error for a failure, and `--help` ([`About`]).

#![deny(missing_docs)]

mod asked;
mod attributes;
mod content;
mod each;
mod error;
mod forms;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzz;
#[cfg(any(test, fuzzing))]
#[path = "../../../fuzz/support.rs"]
mod fuzz_support;
mod helper;
mod interactive;
mod options;
mod process;
mod reason;
mod record;
mod redact;
mod said;
mod serve;
mod shell;
mod shown;
mod visible;
mod wire;

pub use attributes::{
    ABOUT_THE_COPY, ABOUT_THE_EXCHANGE, CAPABILITIES, DESCRIPTION, SECRETS, SETTINGS, announced_answer,
    retain_announced,
};
pub use each::{MAX_EACH, batch_size, decode_batch, encode_batch};
pub use error::{Error, Result};
pub use forms::{Form, Way, forms};
pub use helper::{Capabilities, Helper, Operation};
pub use interactive::Interactive;
pub use options::About;
pub use process::{harden, stdin, stdout};
pub use reason::Reason;
pub use record::{DEFAULT_ACCOUNT, Record, is_public};
pub use redact::Secrets;
pub use said::{Stays, fail, list_problems, warn};
pub use serve::{answer, serve};
pub use shell::Shell;
pub use shown::{REDACTED, shown};
pub use visible::{shown_user, visible};
pub use wire::{MAX_ATTRIBUTES, MAX_LINE, MAX_RECORD, Reader};
