//! `exec`, `print` and `env`: the commands that give keys to programs.

use std::ffi::OsString;

use clap::Args;

use crate::command::env::{Env, Shell};
use crate::command::exec::Exec;
use crate::command::keys::Wanted;
use crate::command::print::{Field, Print};

pub const EXAMPLE_OF_EXEC: &str = "\
The variables are those in which tools expect the provider's key. Without a
provider: those of [exec] in config.toml, else those that ModelForge knows.

Example:
  modelforge-credential exec openai anthropic -- python3 script.py
  modelforge-credential exec --env MY_KEY=openai:work --mask -- make test";

pub const EXAMPLE_OF_PRINT: &str = "\
Example:
  OPENAI_API_KEY=\"$(modelforge-credential print openai)\" python3 script.py
  modelforge-credential print github_copilot --field expiry";

pub const EXAMPLE_OF_ENV: &str = "\
All programs that the shell starts after that get the keys; `exec` gives them
to one command only.

Example:
  eval \"$(modelforge-credential env openai)\"
  modelforge-credential env openai --shell fish | source";

#[derive(Args)]
pub struct Whose {
    /// The providers; openai:work is the account `work` of openai
    #[arg(value_name = "PROVIDER")]
    providers: Vec<String>,
    /// The account of each provider without an account
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// The keys of every provider that you are signed in to
    #[arg(long, conflicts_with_all = ["providers", "account"])]
    all: bool,
    /// Set only the variables of this name (may be repeated)
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Set this variable to the key of that provider (may be repeated)
    #[arg(long, value_name = "NAME=PROVIDER")]
    env: Vec<String>,
    /// Continue without the keys that are missing
    #[arg(long)]
    allow_missing: bool,
}

#[derive(Args)]
pub struct ExecOptions {
    #[command(flatten)]
    whose: Whose,
    /// Replace keys in the command's output by `<provider key>`
    #[arg(long)]
    mask: bool,
    /// The command and its arguments
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

#[derive(Args)]
pub struct PrintOptions {
    /// The provider, for example openai
    #[arg(value_name = "PROVIDER")]
    provider: Option<String>,
    /// Which of several accounts
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// Do not print a newline at the end
    #[arg(long)]
    no_newline: bool,
    /// The part to print; the expiry is in seconds since 1970
    #[arg(long, value_name = "FIELD", value_enum, default_value = "token", conflicts_with = "json")]
    field: Field,
    /// All of it, as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub struct EnvOptions {
    #[command(flatten)]
    whose: Whose,
    /// Which shell the lines are for [default: that of $SHELL]
    #[arg(long, value_name = "SHELL", value_enum)]
    shell: Option<Shell>,
}

impl From<Whose> for Wanted {
    fn from(whose: Whose) -> Self {
        let Whose { providers, account, all, only, env, allow_missing } = whose;
        Self { providers, account, all, only, env, allow_missing }
    }
}

impl From<ExecOptions> for Exec {
    fn from(options: ExecOptions) -> Self {
        Self { wanted: options.whose.into(), mask: options.mask, command: options.command }
    }
}

impl From<PrintOptions> for Print {
    fn from(options: PrintOptions) -> Self {
        let PrintOptions { provider, account, no_newline, field, json } = options;
        Self { provider, account, no_newline, field, json }
    }
}

impl From<EnvOptions> for Env {
    fn from(options: EnvOptions) -> Self {
        Self { wanted: options.whose.into(), shell: options.shell }
    }
}

/// `print PROVIDER` alone. Tools run this each time that they need a key.
pub fn print_of_one_provider() -> Option<PrintOptions> {
    let mut words = std::env::args_os().skip(1);
    let (command, provider) = (words.next()?, words.next()?.into_string().ok()?);
    if command != "print" || provider.starts_with('-') || words.next().is_some() {
        return None;
    }
    Some(PrintOptions { provider: Some(provider), account: None, no_newline: false, field: Field::Token, json: false })
}
