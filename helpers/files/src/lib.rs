//! Files that contain secrets, or decide which programs and hosts get them: who may own them, and how they are opened, locked and written.
//! One set of rules, each with its reason:
//!
//! - **No link below our directories**: a planted link would decide where we read, write and erase.
//! - **No FIFO and no device** ([`Trust`]): opening one can wait forever, and reading one may never end.
//! - **A maximum size**: another user could make a file longer, and it must not fill our memory.
//! - **This user or root owns it, and nobody else can write to it**: its content decides what happens to this user's keys.
//! - **The same for every directory above it, and for every link on the way**: a user who can rename a directory can replace it. The sticky
//!   bit (`/tmp`) stops others from renaming what belongs to this user, and nothing else. The owner's private group may write to both, but
//!   not to a secret: nobody else is in it, and where each user has such a group, umask 002 gives it access to all new files.
//! - **What we create is only for its owner, and never in another user's directory**: `sudo -E` must not leave root's files there.
//! - **Written as a whole**: to a temporary file beside it, synchronised, renamed, and the directory synchronised. After a power cut, the
//!   old or the new file is there.
//! - **Waiting for a lock ends**: one stopped process must not stop all others.
//!
//! On Windows, the access lists of the file and of its directory are checked, but not those further up: whether the groups that every user
//! is in can read or change them. Links are not checked, because only administrators can create them.
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
pub mod kept;
pub mod name;
mod open;
mod own;
mod rules;
mod whole;

pub use error::{failed, is_absent, quoted, tilde};
pub use folders::{PROGRAM, config, data, home, is_home_of_this_user, state};
pub use held::Held;
pub use open::{Fault, Trust, fault, open, open_met, read, read_at_most};
pub use own::{Own, wait};
pub use rules::{Unsafe, check, is_out_of_reach};
pub use rules::{check_folder_of_programs, check_program};
#[cfg(unix)]
pub use rules::{is_private_group, user};
pub use whole::{make, sync, sync_folder};
