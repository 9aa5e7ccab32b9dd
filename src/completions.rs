//! What a shell completes, made from the definitions of the command line.

use anyhow::Result;
use clap::builder::PossibleValuesParser;
use clap_complete::Shell;
use modelforge_credential_providers as providers;

use crate::error::PROGRAM;
use crate::{cli, terminal};

/// Prints the script for a shell. The providers of the table are completed by name; any other can be typed all the same.
pub fn completions(shell: Shell) -> Result<()> {
    let mut command = with_providers(cli::command());
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, PROGRAM, &mut script);
    if shell == Shell::Bash {
        // clap_complete 4.6 takes the dash in the program's name for the border of a command, in half of the places.
        let text = String::from_utf8_lossy(&script).replace("modelforge__subcmd__credential", "modelforge__credential");
        return Ok(terminal::answer(text.as_bytes())?);
    }
    Ok(terminal::answer(&script)?)
}

/// Only here: to build the names into the command line would take time whenever it is read.
fn with_providers(command: clap::Command) -> clap::Command {
    let is_provider = |argument: &clap::Arg| argument.get_id() == "provider" && !argument.is_hide_set();
    let names = || PossibleValuesParser::new(providers::all().iter().map(|provider| provider.name));
    let command = command.mut_args(|argument| match is_provider(&argument) {
        true => argument.value_parser(names()).hide_possible_values(true),
        false => argument,
    });
    let subcommands: Vec<String> = command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    subcommands.into_iter().fold(command, |command, name| command.mut_subcommand(name, with_providers))
}
