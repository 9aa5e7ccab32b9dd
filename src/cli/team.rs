//! The arguments of `members` and `sync`.

use clap::{Args, Subcommand};

use crate::command::members::{Members, Task};
use crate::command::sync::Sync;

pub const ABOUT_MEMBERS: &str = "\
A shared store is one of the helper `age --store NAME`. The guide is
docs/teams-git.md.

Example:
  modelforge-credential members
  modelforge-credential members add ann";

pub const ABOUT_SYNC: &str = "\
Commits from the remote are used only if members have signed them. A refused
commit stops every member: --repair replaces it.

Example:
  modelforge-credential sync --remote git@git.example:keys.git
  modelforge-credential sync";

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct MembersOptions {
    /// As JSON
    #[arg(long)]
    json: bool,
    /// The helper with the store; without it, the only one that has members
    #[arg(long, value_name = "HELPER", global = true)]
    helper: Option<String>,
    #[command(subcommand)]
    command: Option<MembersCommand>,
}

#[derive(Subcommand)]
enum MembersCommand {
    /// Print the command with which a member adds you
    #[command(after_help = "\
It creates your identity and your signing key if you have none. Only public
keys are printed.

Example:
  modelforge-credential members join ben")]
    Join {
        /// Your name among the members
        name: String,
    },
    /// Add a member, and encrypt every key for them; the first is you
    #[command(after_help = "\
It can be interrupted at any time: the next `sync` continues.

Example:
  modelforge-credential members add ann
  modelforge-credential members add ben age1… ssh-ed25519 AAAA…")]
    Add {
        /// The name of the member
        name: String,
        /// Their public keys, as `members join` prints them
        #[arg(value_name = "KEY")]
        keys: Vec<String>,
    },
    /// Remove a member, and list the keys that they could read
    #[command(after_help = "\
A former member can read the history. Create new keys at the providers.

Example:
  modelforge-credential members remove ben")]
    Remove {
        /// The name of the member
        name: String,
    },
    /// Accept changed members, after you have asked them
    #[command(after_help = "\
`sync` prints the fingerprint. Compare it with the one that `members` shows to
a member whom you trust, for example by telephone.

Example:
  modelforge-credential members accept 1b2c3d4e-…")]
    Accept {
        /// The fingerprint of the members
        fingerprint: String,
        /// Repair the remote as well, as `sync --repair` does
        #[arg(long)]
        repair: bool,
    },
}

#[derive(Args)]
pub struct SyncOptions {
    /// Only the store of this helper
    #[arg(long, value_name = "HELPER")]
    helper: Option<String>,
    /// Use this git repository from now on
    #[arg(long, value_name = "URL")]
    remote: Option<String>,
    /// Replace a refused commit at the remote with the newest state that members have signed
    #[arg(long)]
    repair: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl From<MembersOptions> for Members {
    fn from(options: MembersOptions) -> Self {
        let task = match options.command {
            None => Task::List { json: options.json },
            Some(MembersCommand::Join { name }) => Task::Join { name },
            Some(MembersCommand::Add { name, keys }) => Task::Add { name, keys },
            Some(MembersCommand::Remove { name }) => Task::Remove { name },
            Some(MembersCommand::Accept { fingerprint, repair }) => Task::Accept { fingerprint, repair },
        };
        Self { helper: options.helper, task }
    }
}

impl From<SyncOptions> for Sync {
    fn from(options: SyncOptions) -> Self {
        let SyncOptions { helper, remote, repair, json } = options;
        Self { helper, remote, repair, json }
    }
}
