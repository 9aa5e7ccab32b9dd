//! Options with a different meaning in some commands, so that each `--help` is correct.

use clap::{Arg, ArgAction, Command};

/// The definitions with these options.
pub fn with_details(command: Command) -> Command {
    command.mut_subcommands(|command| match command.get_name() {
        "status" => shows(command, OF_STATUS),
        "audit" => shows(command, OF_AUDIT),
        "auth" => command.mut_subcommands(as_modelforge_spells_it),
        _ => command,
    })
}

const OF_STATUS: &str = "Also show every copy, how each key ends, its age, and its last use";
const OF_AUDIT: &str = "Also show the duration, and the path and number of each program";

/// The commands in which `--verbose` shows more details, and no trace.
fn shows(command: Command, help: &'static str) -> Command {
    let verbose = Arg::new("verbose").long("verbose").short('v').action(ArgAction::SetTrue).display_order(900);
    command.arg(verbose.help(help))
}

/// For subcommands of `auth`, where the provider is an option, not an argument.
fn as_modelforge_spells_it(command: Command) -> Command {
    let with_provider =
        |command: Command| command.mut_arg("provider_option", |option| option.hide(false).help("The provider"));
    match command.get_name() {
        "login" => with_provider(command),
        "logout" => {
            with_provider(command).mut_arg("all", |option| option.help("Every provider (also: --all-providers)"))
        }
        "status" => shows(with_provider(command), OF_STATUS),
        _ => command,
    }
}
