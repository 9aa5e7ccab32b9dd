//! `helpers` and its subcommands: `test`, `add`, `remove`, `new`.

use clap::{Args, Subcommand};

use crate::command::helpers::change::Added;
use crate::command::helpers::start::{Language, New};
use crate::command::helpers::test::{Rules, Test};

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct HelpersOptions {
    /// As JSON
    #[arg(long)]
    pub json: bool,
    #[command(subcommand)]
    pub command: Option<HelpersCommand>,
}

#[derive(Subcommand)]
pub enum HelpersCommand {
    /// Test a helper against the rules of the protocol, with entries made for the test
    #[command(after_help = "\
Each case runs in its own empty home directory, with made-up accounts of hosts
below .invalid, and erases what it stored. With --verbose, a broken case shows
its last requests (>), the answers (<) and standard error (!), without secrets.

Example:
  modelforge-credential helpers test age
  modelforge-credential helpers test './my-helper --option' --only O5
  modelforge-credential helpers test my-helper --json > conformance.json")]
    Test(TestOptions),
    /// Add a helper to the chain, in config.toml
    #[command(after_help = "\
Without --before, one that stores keys comes after the others that do, and one
that only answers comes after `env`.

Example:
  modelforge-credential helpers add pass
  modelforge-credential helpers add my-safe --before age -- /opt/safe")]
    Add(AddOptions),
    /// Remove a helper from the chain, in config.toml; its keys are not deleted
    #[command(after_help = "\
Example:
  modelforge-credential helpers remove my-safe")]
    Remove {
        /// Its name, as `helpers` shows it
        name: String,
    },
    /// Write a script that gets keys from another program
    #[command(after_help = "\
Example:
  modelforge-credential helpers new pass
  modelforge-credential helpers new pass --in python --folder ~/bin")]
    New(NewOptions),
}

#[derive(Args)]
pub struct AddOptions {
    /// A helper's name; with a command, the name to give it
    name: String,
    /// Ask it before this one
    #[arg(long, value_name = "NAME")]
    before: Option<String>,
    /// A program that speaks the protocol, and its arguments
    #[arg(last = true)]
    command: Vec<String>,
}

impl From<AddOptions> for Added {
    fn from(AddOptions { name, before, command }: AddOptions) -> Self {
        Self { name, before, command }
    }
}

#[derive(Args)]
pub struct NewOptions {
    /// The name of the helper
    name: String,
    /// The language of the script
    #[arg(long = "in", value_enum, value_name = "LANGUAGE", default_value = "sh")]
    language: Language,
    /// The directory to write it to, instead of ~/.local/bin
    #[arg(long, value_name = "FOLDER")]
    folder: Option<std::path::PathBuf>,
}

impl From<NewOptions> for New {
    fn from(NewOptions { name, language, folder }: NewOptions) -> Self {
        Self { name, language, folder }
    }
}

#[derive(Args)]
pub struct TestOptions {
    /// A name, a path, or a whole command line, as `helpers` in config.toml has it
    helper: String,
    /// Only the cases of a rule (O5), or with this text in their names
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// The rules to test it against
    #[arg(long, value_enum, value_name = "WHOSE", default_value = "protocol")]
    rules: Rules,
    /// Ask it through git, as its credential.helper
    #[arg(long)]
    through_git: bool,
    /// Use your own home directory, for a helper that needs its settings
    #[arg(long)]
    in_place: bool,
    /// Begin each case with a copy of this directory as the home: for a helper
    /// that reads the files of other programs
    #[arg(long, value_name = "FOLDER", conflicts_with = "in_place")]
    home: Option<std::path::PathBuf>,
    /// Also send requests that a careless helper could take for "erase
    /// everything", even if it has your own entries
    #[arg(long)]
    risky: bool,
    /// How long an operation may take (10s)
    #[arg(long, value_name = "TIME")]
    timeout: Option<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl TestOptions {
    /// With `--verbose`, in detail.
    pub fn of(self, verbose: bool) -> Test {
        let Self { helper, only, rules, through_git, in_place, home, risky, timeout, json } = self;
        Test { helper, only, rules, through_git, in_place, home, risky, timeout, json, verbose }
    }
}
