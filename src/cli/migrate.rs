//! `migrate`, in both spellings.

use std::path::PathBuf;

use clap::Args;

use crate::command::migrate::{Migrate, Prefer};

#[derive(Args)]
pub struct MigrateOptions {
    /// Move the keys of the projects in these directories instead: .env, .envrc, compose.yaml, .mcp.json
    #[arg(value_name = "PATH", conflicts_with_all = ["from", "status", "rollback", "backups", "forget_backup"])]
    paths: Vec<PathBuf>,
    /// Move from this helper instead of plain text; may be repeated
    #[arg(long, value_name = "HELPER")]
    from: Vec<String>,
    /// Store in this helper instead of the chain
    #[arg(long, value_name = "HELPER")]
    to: Option<String>,
    /// Only this provider
    #[arg(long, value_name = "PROVIDER")]
    provider: Option<String>,
    /// Only this account
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// Which key to keep if the two places differ
    #[arg(long, value_name = "WHICH")]
    prefer: Option<Prefer>,
    /// Erase tokens that have expired and cannot be refreshed
    #[arg(long)]
    drop_expired: bool,
    /// Store a tool's different key as an account named after the tool
    #[arg(long)]
    account_per_tool: bool,
    /// Only move keys; do not configure the tools
    #[arg(long)]
    no_rewire: bool,
    /// Replace a key in a shell's profile by a line that gets it
    #[arg(long, conflicts_with = "no_rewire")]
    shell_line: bool,
    /// Show what would be done, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Report as JSON
    #[arg(long)]
    json: bool,
    /// Show where each key is: plain text, migrated, both or none
    #[arg(long, group = "instead", conflicts_with_all = ["prefer", "drop_expired", "dry_run", "yes"])]
    status: bool,
    /// Show which files are searched, tool by tool, and how many keys are in them
    #[arg(long, group = "instead", conflicts_with_all = ["to", "provider", "account", "prefer", "drop_expired", "dry_run", "yes"])]
    list: bool,
    /// Undo a migration (by default the last one)
    #[arg(long, value_name = "ID", num_args = 0..=1, group = "instead",
        conflicts_with_all = ["provider", "account", "prefer", "drop_expired", "dry_run"])]
    rollback: Option<Option<String>>,
    /// List the backups of migrations
    #[arg(long, group = "instead",
        conflicts_with_all = ["from", "provider", "account", "prefer", "drop_expired", "dry_run", "yes"])]
    backups: bool,
    /// Erase a backup
    #[arg(long, value_name = "ID", group = "instead",
        conflicts_with_all = ["from", "provider", "account", "prefer", "drop_expired", "dry_run", "yes", "json"])]
    forget_backup: Option<String>,
}

/// The request.
pub enum Task {
    Migrate(Migrate),
    Status(Migrate),
    List(Migrate),
    /// `named`: helpers that notes may name although the configuration does not.
    Rollback {
        id: Option<String>,
        named: Vec<String>,
        yes: bool,
        json: bool,
    },
    Backups {
        named: Vec<String>,
        json: bool,
    },
    ForgetBackup {
        id: String,
        named: Vec<String>,
    },
}

impl From<MigrateOptions> for Task {
    fn from(options: MigrateOptions) -> Self {
        let MigrateOptions { from, to, provider, account, prefer, drop_expired, dry_run, yes, json, .. } = options;
        let (account_per_tool, no_rewire, shell_line) =
            (options.account_per_tool, options.no_rewire, options.shell_line);
        // A path that is not text cannot be sent to a helper.
        let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path).display().to_string();
        let folders = options.paths.into_iter().map(absolute).collect();
        let named = || from.iter().chain(&to).cloned().collect();
        match (options.rollback, options.forget_backup) {
            (Some(id), _) => Self::Rollback { id, named: named(), yes, json },
            (_, Some(id)) => Self::ForgetBackup { id, named: named() },
            _ if options.backups => Self::Backups { named: named(), json },
            _ => {
                let asked = Migrate {
                    from,
                    to,
                    provider,
                    account,
                    prefer,
                    drop_expired,
                    folders,
                    account_per_tool,
                    no_rewire,
                    shell_line,
                    dry_run,
                    yes,
                    json,
                };
                match (options.status, options.list) {
                    (true, _) => Self::Status(asked),
                    (_, true) => Self::List(asked),
                    _ => Self::Migrate(asked),
                }
            }
        }
    }
}
