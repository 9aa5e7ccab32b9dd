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
    let script = String::from_utf8_lossy(&script);
    let script = match shell {
        // clap_complete 4.6 takes the dash in the program's name for the border of a command, in half of the places.
        Shell::Bash => script.replace("modelforge__subcmd__credential", "modelforge__credential"),
        Shell::Fish => format!("{script}{}", arguments_for_fish(&command)),
        Shell::Elvish | Shell::PowerShell => with_arguments(&script, shell, &command),
        _ => script.into_owned(),
    };
    Ok(terminal::answer(script.as_bytes())?)
}

/// Only here: to build the names into the command line would take time whenever it is read.
fn with_providers(command: clap::Command) -> clap::Command {
    let is_provider = |argument: &clap::Arg| {
        let id = argument.get_id();
        id == "provider" || id == "providers" || id == "provider_option"
    };
    let names = || PossibleValuesParser::new(providers::all().iter().map(|provider| provider.name));
    let command = command.mut_args(|argument| match is_provider(&argument) {
        true => argument.value_parser(names()).hide_possible_values(true),
        false => argument,
    });
    let subcommands: Vec<String> = command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    subcommands.into_iter().fold(command, |command, name| command.mut_subcommand(name, with_providers))
}

/// The commands, each with the words that its argument may be. clap_complete leaves those out for three of the shells.
fn arguments(command: &clap::Command) -> impl Iterator<Item = (&str, Vec<String>)> {
    let words = |command: &clap::Command| -> Vec<String> {
        let values = command.get_positionals().flat_map(clap::Arg::get_possible_values);
        values.map(|value| value.get_name().to_owned()).collect()
    };
    let all = command.get_subcommands().map(move |command| (command.get_name(), words(command)));
    all.filter(|(_, words)| !words.is_empty())
}

/// After `--` the command begins that `exec` runs.
fn arguments_for_fish(command: &clap::Command) -> String {
    let is_here = "__fish_modelforge_credential_using_subcommand";
    let line = |(name, words): (&str, Vec<String>)| {
        let place = format!("{is_here} {name}; and not contains -- -- (commandline -opc)");
        format!("complete -c {PROGRAM} -n \"{place}\" -f -a \"{}\"\n", words.join(" "))
    };
    arguments(command).map(line).collect()
}

/// For elvish and PowerShell: they stand beside the options of the command.
fn with_arguments(script: &str, shell: Shell, command: &clap::Command) -> String {
    let head = |name: &str| match shell {
        Shell::Elvish => format!("&'{PROGRAM};{name}'= {{"),
        _ => format!("'{PROGRAM};{name}' {{"),
    };
    let candidate = |word: &String| match shell {
        Shell::Elvish => format!("            cand {word} ''\n"),
        _ => format!(
            "            [CompletionResult]::new('{word}', '{word}', [CompletionResultType]::ParameterValue, '{word}')\n"
        ),
    };
    let all: Vec<(String, Vec<String>)> = arguments(command).map(|(name, words)| (head(name), words)).collect();
    let mut text = String::with_capacity(2 * script.len());
    for line in script.lines() {
        text.push_str(&format!("{line}\n"));
        for (_, words) in all.iter().filter(|(head, _)| head == line.trim_start()) {
            text.extend(words.iter().map(candidate));
        }
    }
    text
}
