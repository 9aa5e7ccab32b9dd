//! Files that hold secrets, or name programs and hosts that get them: who may own them, how they are opened, locked and
//! written. One set of rules, each with its reason:
//!
//! - **No link below a folder of ours**: one that somebody planted decides where we read, write and erase.
//! - **No FIFO and no device** ([`Trust`]): opening one can wait for ever, reading one can go on for ever.
//! - **A largest size**: a file that somebody else can make longer must not fill our memory.
//! - **This user or root owns it, and nobody else can write to it**: what it says is done with this user's keys.
//! - **The same for every folder above it, and for every link on the way**: a user who can rename a folder can put another in its
//!   place. The sticky bit (`/tmp`) keeps others from renaming what belongs to this user, and nothing else. The owner's private group
//!   may write to both, and to no secret: nobody else is in it, and where each user has one, umask 002 opens all that is made to it.
//! - **What we make is for its owner alone, and never in another user's folder**: `sudo -E` must not leave root's files there.
//! - **Written whole**: to a temporary file beside it, synced, renamed, and the folder synced. A power cut leaves the old or the new.
//! - **A wait for a lock ends**: one process that was stopped must not stop all others.
//!
//! On Windows the access lists of the file and of its folder are checked, not those above: who can read or change them, of the groups that
//! every user is in. Links are left alone: only administrators can make them.
//!
//! ```
//! use modelforge_credential_files::{Own, Trust};
//!
//! # fn main() -> modelforge_credential_protocol::Result<()> {
//! # let folder = tempfile::tempdir()?;
//! let own = Own::new(folder.path().join("modelforge-credential"));
//! own.write("notes.txt".as_ref(), b"nothing secret", true)?;
//! let notes = own.read("notes.txt".as_ref(), 1 << 20, Trust::Believed)?;
//! assert_eq!(notes.as_deref().map(Vec::as_slice), Some(&b"nothing secret"[..]));
//! # Ok(())
//! # }
//! ```

#![deny(missing_docs)]

#[cfg(any(windows, test))]
mod access;
mod error;
mod folders;
pub mod foreign;
#[cfg(any(test, fuzzing))]
#[path = "../../../fuzz/support.rs"]
mod fuzz_support;
mod held;
pub mod name;
mod open;
mod own;
mod rules;
mod whole;

pub use error::{failed, is_absent, quoted, tilde};
pub use folders::{PROGRAM, config, data, home, is_home_of_this_user, state};
pub use held::Held;
pub use open::{Trust, open, open_met, read, read_at_most};
pub use own::{Own, wait};
#[cfg(not(unix))]
pub use rules::is_open_to_others;
pub use rules::{Unsafe, check, is_out_of_reach};
pub use rules::{check_folder_of_programs, check_program};
#[cfg(unix)]
pub use rules::{is_private_group, user};
pub use whole::{make, sync, sync_folder};
