//! The command line. clap's types end here.

use std::ffi::OsString;

use clap::{Parser, Subcommand};

/// One place for your LLM API keys. Any tool asks it through a subprocess, the way git asks its credential helpers.
#[derive(Parser)]
#[command(
    version,
    about,
    max_term_width = 80,
    after_help = "\
A request is lines of key=value on standard input, ended by an empty line or
its end; so is the answer, on standard output.

Example:
  printf 'provider=openai\\npassword=%s\\n' \"$KEY\" | modelforge-credential approve
  printf 'provider=openai\\n' | modelforge-credential fill"
)]
pub struct Cli {
    /// Show each helper that is asked, its answer without secrets, and the time
    #[arg(long, short, global = true)]
    pub verbose: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Find a credential; where there is none, ask the person at the terminal
    Fill,
    /// Keep a credential that works
    Approve,
    /// Erase a credential that does not work
    Reject,
    /// As somebody's helper: find a credential, and never ask anyone
    Get,
    /// As somebody's helper: keep a credential
    Store,
    /// As somebody's helper: erase a credential
    Erase,
    /// Name the credentials that the helpers hold, without their secrets
    List,
    /// Name the protocol's capabilities
    Capability,
    #[command(external_subcommand)]
    Unknown(Vec<OsString>),
}

/// Reads the command line; a mistake in it, `--help` and `--version` end the program here.
pub fn parse() -> Cli {
    Cli::parse()
}

/// The commands, for suggestions.
pub fn names() -> Vec<String> {
    use clap::CommandFactory;
    Cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect()
}
