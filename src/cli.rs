//! The command line. clap's types end here.

mod audit;
mod completions;
mod details;
mod doctor;
pub mod error;
mod exec;
mod helpers;
mod identity;
pub mod manual;
mod meant;
mod migrate;
mod mistake;
mod overview;
mod scan;
pub mod shell_completions;
mod sign_in;
mod team;
#[cfg(test)]
mod tests;

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::error::Usage;
pub use audit::AuditOptions;
pub use completions::{CompletionsOptions, ManOptions};
pub use doctor::DoctorOptions;
pub use exec::{EnvOptions, ExecOptions, PrintOptions};
pub use helpers::{HelpersCommand, HelpersOptions};
pub use identity::IdentityOptions;
pub use migrate::{MigrateOptions, Task};
use mistake::mistake;
pub use scan::ScanOptions;
pub use sign_in::{LoginOptions, LogoutOptions, SignOut, StatusOptions};
pub use team::{MembersOptions, SyncOptions};

/// One place for your LLM API keys that any tool can ask, as git asks its helpers.
#[derive(Parser)]
#[command(
    version,
    max_term_width = 80,
    after_help = "\
A request is lines of key=value on standard input, ended by an empty line or
its end; so is the answer, on standard output.

Example:
  modelforge-credential login openai
  printf 'provider=openai\\n' | modelforge-credential fill"
)]
pub struct Cli {
    /// Show each helper that is asked, its answer without secrets, and the time
    #[arg(long, short, global = true, display_order = 900)]
    pub verbose: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Sign in to a provider, with a key or a code for the browser
    #[command(
        after_help = "Example:\n  modelforge-credential login openai\n  modelforge-credential login openai --account work < key.txt"
    )]
    Login {
        /// The provider, for example openai
        #[arg(conflicts_with = "provider_option")]
        provider: Option<String>,
        #[command(flatten)]
        options: LoginOptions,
    },
    /// Sign out: delete a credential from every helper
    #[command(after_help = "Example:\n  modelforge-credential logout openai --account old")]
    Logout {
        /// The provider
        #[arg(conflicts_with_all = ["provider_option", "all"])]
        provider: Option<String>,
        #[command(flatten)]
        options: LogoutOptions,
    },
    /// Show which providers you are signed in to and how keys are stored
    #[command(after_help = "Example:\n  modelforge-credential status --verbose")]
    Status {
        /// Only this provider (or openai:work, or a URL); the exit status says whether you are signed in
        #[arg(conflicts_with = "provider_option")]
        provider: Option<String>,
        #[command(flatten)]
        options: StatusOptions,
    },
    /// Move keys out of plain-text files, or from helper to helper
    #[command(
        after_help = "Example:\n  modelforge-credential migrate --dry-run\n  modelforge-credential migrate --from age --to keyring"
    )]
    Migrate {
        #[command(flatten)]
        options: MigrateOptions,
    },
    /// Run a command with the keys that it needs in its environment
    #[command(after_help = exec::EXAMPLE_OF_EXEC)]
    Exec(ExecOptions),
    /// Print a key, and nothing else
    #[command(after_help = exec::EXAMPLE_OF_PRINT)]
    Print(PrintOptions),
    /// Print lines that set keys in the environment of a shell
    #[command(after_help = exec::EXAMPLE_OF_ENV)]
    Env(EnvOptions),
    /// List the known providers: names, URLs and variables
    #[command(after_help = "Example:\n  modelforge-credential providers mistral")]
    Providers {
        /// Only those whose name, URL or variable contains this
        word: Option<String>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Find problems and show how to fix them
    #[command(
        after_help = "Each helper that stores is tested with a test credential, which is\nerased again. The exit status is 1 if a check failed.\n\nExample:\n  modelforge-credential doctor"
    )]
    Doctor {
        #[command(flatten)]
        options: DoctorOptions,
    },
    /// Search files and git histories for copies of your keys
    #[command(after_help = scan::MORE)]
    Scan(ScanOptions),
    /// Show who asked for which key
    #[command(after_help = "Example:\n  modelforge-credential audit --provider openai --since 2d")]
    Audit {
        #[command(flatten)]
        options: AuditOptions,
    },
    /// Show the helpers of your chain, or test one
    #[command(after_help = "Example:\n  modelforge-credential helpers\n  modelforge-credential helpers test age")]
    Helpers {
        #[command(flatten)]
        options: HelpersOptions,
    },
    /// Show, protect, renew or back up the identity that decrypts keys
    #[command(after_help = identity::ABOUT)]
    Identity {
        #[command(flatten)]
        options: IdentityOptions,
    },
    /// Show, add or remove members of a shared store
    #[command(after_help = team::ABOUT_MEMBERS)]
    Members(MembersOptions),
    /// Exchange a shared store with the other members, through git
    #[command(after_help = team::ABOUT_SYNC)]
    Sync(SyncOptions),
    /// ModelForge's spelling: auth login, logout, status, migrate
    #[command(after_help = "Example:\n  modelforge-credential auth login --provider openai")]
    Auth {
        #[command(subcommand)]
        command: Auth,
    },
    /// Find a credential, and ask at the terminal if there is none
    #[command(after_help = "Example:\n  printf 'provider=openai\\n' | modelforge-credential fill")]
    Fill,
    /// Store a credential that works
    #[command(
        after_help = "Example:\n  printf 'provider=openai\\npassword=%s\\n' \"$KEY\" |\n    modelforge-credential approve"
    )]
    Approve,
    /// Erase a credential that does not work
    #[command(after_help = "Example:\n  printf 'provider=openai\\nusername=old\\n' | modelforge-credential reject")]
    Reject,
    /// As a helper: find a credential, and never prompt
    #[command(after_help = "Example:\n  printf 'provider=openai\\n' | modelforge-credential get")]
    Get,
    /// As a helper: store a credential
    #[command(
        after_help = "Example:\n  printf 'provider=openai\\npassword=%s\\n' \"$KEY\" |\n    modelforge-credential store"
    )]
    Store,
    /// As a helper: erase a credential
    #[command(after_help = "Example:\n  printf 'provider=openai\\nusername=old\\n' | modelforge-credential erase")]
    Erase,
    /// List the credentials in the helpers, without their secrets
    #[command(after_help = "Example:\n  modelforge-credential list")]
    List,
    /// List the protocol's capabilities
    #[command(after_help = "Example:\n  modelforge-credential capability")]
    Capability,
    /// Print the script that completes commands in your shell
    #[command(after_help = "\
zsh needs the directory in fpath, before `compinit`:  fpath=(~/.zfunc $fpath)

Example:
  modelforge-credential completions bash \\
    > ~/.local/share/bash-completion/completions/modelforge-credential
  modelforge-credential completions zsh > ~/.zfunc/_modelforge-credential
  modelforge-credential completions fish \\
    > ~/.config/fish/completions/modelforge-credential.fish
  modelforge-credential completions elvish >> ~/.config/elvish/rc.elv
  modelforge-credential completions powershell >> $PROFILE")]
    Completions(CompletionsOptions),
    /// Write the manual pages
    #[command(hide = true, after_help = "Example:\n  modelforge-credential man ~/.local/share/man")]
    Man(ManOptions),
    #[command(external_subcommand)]
    Unknown(Vec<OsString>),
}

/// `auth …`, as ModelForge spells it.
#[derive(Subcommand)]
pub enum Auth {
    /// Sign in to a provider
    #[command(after_help = "Example:\n  modelforge-credential auth login --provider openai")]
    Login {
        #[command(flatten)]
        options: LoginOptions,
    },
    /// Sign out
    #[command(after_help = "Example:\n  modelforge-credential auth logout --provider openai --account old")]
    Logout {
        #[command(flatten)]
        options: LogoutOptions,
    },
    /// Show which providers you are signed in to
    #[command(after_help = "Example:\n  modelforge-credential auth status --verbose")]
    Status {
        #[command(flatten)]
        options: StatusOptions,
    },
    /// Move keys out of plain-text files
    #[command(after_help = "Example:\n  modelforge-credential auth migrate --dry-run")]
    Migrate {
        #[command(flatten)]
        options: MigrateOptions,
    },
}

/// Reads the command line. After an error, `--help` or `--version`, the program exits here.
pub fn parse() -> Result<Cli, Usage> {
    // Tools call it often and with one word. Building the whole command line first would take a third of the time.
    let mut words = std::env::args_os().skip(1);
    if let (Some(word), None) = (words.next(), words.next())
        && let Some(command) = word.to_str().and_then(operation)
    {
        return Ok(Cli { verbose: false, command });
    }
    if let Some(options) = exec::print_of_one_provider() {
        return Ok(Cli { verbose: false, command: Command::Print(options) });
    }
    shell_completions::answer_a_shell();
    let parsed = command().try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    parsed.map_err(|problem| match problem.kind() {
        // Help and version are not errors: print them and exit.
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            problem.exit()
        }
        _ => mistake(&problem),
    })
}

fn operation(word: &str) -> Option<Command> {
    Some(match word {
        "fill" => Command::Fill,
        "approve" => Command::Approve,
        "reject" => Command::Reject,
        "get" => Command::Get,
        "store" => Command::Store,
        "erase" => Command::Erase,
        "list" => Command::List,
        "capability" => Command::Capability,
        _ => return None,
    })
}

/// The definitions, also for completions and manual pages.
pub fn command() -> clap::Command {
    // Not the name that it was called by, which has an extension on Windows.
    overview::with_overview(details::with_details(Cli::command())).bin_name(error::PROGRAM)
}

/// The commands, for suggestions.
pub fn names() -> Vec<String> {
    command().get_subcommands().map(|command| command.get_name().to_owned()).collect()
}

/// An operation that a later protocol may have is ignored, as the protocol asks of helpers; a command that was mistyped, or has
/// arguments, is an error.
pub fn unknown(words: &[OsString]) -> Result<(), Usage> {
    let word = words.first().map(|word| word.to_string_lossy()).unwrap_or_default();
    let names = names();
    let similar = crate::config::closest(&word, names.iter().map(String::as_str));
    let is_operation = word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-' || b == b'_');
    let is_typed = std::io::IsTerminal::is_terminal(&std::io::stdin());
    let rest = words.get(1).and_then(|word| word.to_str());
    if let Some(meant) = meant::by_another_word(&word, rest) {
        return Err(error::another_word(&word, &meant));
    }
    if words.len() != 1 || similar.is_some() || is_typed || !is_operation {
        return Err(error::unknown_command(&word, similar));
    }
    Ok(())
}
