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
    /// The helper whose identity it is; without it, the first that has one
    #[arg(long, value_name = "HELPER", global = true)]
    helper: Option<String>,
    #[command(subcommand)]
    command: Option<IdentityCommand>,
}

#[derive(Subcommand)]
enum IdentityCommand {
    /// Give it a passphrase, or another one
    #[command(after_help = "\
From then on the passphrase is asked for whenever a key is needed. Where nobody
can be asked (cron, CI, a service), no key is found.

Example:
  modelforge-credential identity protect")]
    Protect,
    /// Take the passphrase away
    #[command(after_help = "Example:\n  modelforge-credential identity unprotect")]
    Unprotect,
    /// Replace it, and encrypt every key for the new one
    #[command(after_help = "\
It can be interrupted at any time: every key can be read, and the next renewal
goes on. Older copies of the store need the old identity: export it first.

Example:
  modelforge-credential identity renew
  age-plugin-tpm --generate -o tpm.txt
  modelforge-credential identity renew --with tpm.txt")]
    Renew {
        /// Take this identity, of an age plugin say, instead of a new one
        #[arg(long, value_name = "FILE")]
        with: Option<PathBuf>,
    },
    /// Show it on the terminal, to be written down or printed
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
    /// Say whether a backup opens what is stored here; changes nothing
    #[command(after_help = "\
Type what is on the paper: groups, line breaks and small letters do not count.

Example:
  modelforge-credential identity check
  modelforge-credential identity check < /media/usb/identity.txt")]
    Check,
    /// Restore a backup where there is no identity
    #[command(after_help = "\
Type what is on the paper: groups, line breaks and small letters do not count.

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
