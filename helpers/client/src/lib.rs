#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod answer;
mod caller;
mod entry;
mod failure;
mod find;
mod installed;
mod process;
mod program;
mod raw;
#[cfg(unix)]
mod terminal;

pub use caller::{Caller, DEPTH, Hop, Outcome, Silent, depth};
pub use entry::Entry;
pub use failure::Failure;
pub use find::{on_path, trusted};
pub use installed::{Installed, installed};
pub use process::{Finished, Running, command, expect_children, names_no_interpreter};
pub use program::Program;
pub use raw::Changes;

/// What the name of a helper's program begins with: `modelforge-credential-age` is the helper `age`.
pub const PREFIX: &str = "modelforge-credential";
