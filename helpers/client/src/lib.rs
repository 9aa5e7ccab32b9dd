#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod answer;
mod as_helper;
mod caller;
mod each;
#[cfg(any(windows, test))]
mod ending;
mod entry;
mod failure;
mod find;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzz;
#[cfg(any(test, fuzzing))]
#[path = "../../../fuzz/support.rs"]
mod fuzz_support;
mod git;
mod group;
mod installed;
mod path;
mod process;
mod program;
mod raw;
mod reach;
mod said;
mod script;
#[cfg(unix)]
mod signals;
mod streams;
#[cfg(unix)]
mod terminal;
#[cfg(unix)]
mod watcher;

pub use caller::{Caller, DEPTH, FOLDER, Hop, Outcome, Silent, depth, leave_the_folder};
pub use entry::Entry;
pub use failure::{Failure, Others};
#[cfg(windows)]
pub use find::with_ending;
pub use find::{command_on_path, on_path, trusted};
#[cfg(windows)]
pub use group::Together;
pub use installed::{Installed, installed};
pub use process::{Finished, Moment, Running, command, expect_children, names_no_interpreter};
pub use program::Program;
pub use raw::Changes;
pub use said::without_keys;
#[cfg(unix)]
pub use signals::{Taken, heeded, take as take_signals, take_with_stops as take_signals_with_stops};
#[cfg(unix)]
pub use watcher::Watcher;

/// The prefix of every helper's program: `modelforge-credential-age` is the helper `age`.
pub const PREFIX: &str = "modelforge-credential";
