//! The arguments of `identity`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::command::identity::{Identity, Task};

pub const ABOUT: &str = "\
The identity is what the helper `age` decrypts your keys with.

Example:
  modelforge-credential identity
  modelforge-credential identity export";

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct IdentityOptions {
    /// As JSON
    #[arg(long)]
    json: bool,
    /// The helper with the identity; without it, the first that has one
    #[arg(long, value_name = "HELPER", global = true)]
    helper: Option<String>,
    #[command(subcommand)]
    command: Option<IdentityCommand>,
}

#[derive(Subcommand)]
enum IdentityCommand {
    /// Set or change the passphrase
    #[command(after_help = "\
After that you are asked for the passphrase whenever a key is needed. Where you
cannot be prompted (cron, CI, a service), no key is found.

Example:
  modelforge-credential identity protect")]
    Protect,
    /// Remove the passphrase
    #[command(after_help = "Example:\n  modelforge-credential identity unprotect")]
    Unprotect,
    /// Replace it, and encrypt every key for the new one
    #[command(after_help = "\
It can be interrupted at any time: every key can be read, and the next renewal
continues. Older copies of the store need the old identity: export it first.

Example:
  modelforge-credential identity renew
  age-plugin-tpm --generate -o tpm.txt
  modelforge-credential identity renew --with tpm.txt")]
    Renew {
        /// Use this identity (for example of an age plugin) instead of a new one
        #[arg(long, value_name = "FILE")]
        with: Option<PathBuf>,
    },
    /// Show it on the terminal, to write it down or print it
    #[command(after_help = "\
Anyone who has it can read every key, even if the file has a passphrase.

Example:
  modelforge-credential identity export
  modelforge-credential identity export --output /media/usb/identity.txt")]
    Export {
        /// Write it to a new file that only you can read
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Check whether a backup decrypts the stored keys; changes nothing
    #[command(after_help = "\
Type the backup from the paper: groups, line breaks and case are ignored.

Example:
  modelforge-credential identity check
  modelforge-credential identity check < /media/usb/identity.txt")]
    Check,
    /// Restore a backup if there is no identity
    #[command(after_help = "\
Type the backup from the paper: groups, line breaks and case are ignored.

Example:
  modelforge-credential identity import
  modelforge-credential identity import < /media/usb/identity.txt")]
    Import,
}

impl From<IdentityOptions> for Identity {
    fn from(options: IdentityOptions) -> Self {
        let IdentityOptions { json, helper, command } = options;
        let task = match command {
            None => Task::Show { json },
            Some(IdentityCommand::Protect) => Task::Protect,
            Some(IdentityCommand::Unprotect) => Task::Unprotect,
            Some(IdentityCommand::Renew { with }) => Task::Renew { with },
            // `-` is standard output, as elsewhere.
            Some(IdentityCommand::Export { output }) => {
                Task::Export { output: output.filter(|path| path.as_os_str() != "-") }
            }
            Some(IdentityCommand::Check) => Task::Check,
            Some(IdentityCommand::Import) => Task::Import,
        };
        Self { helper, task }
    }
}
