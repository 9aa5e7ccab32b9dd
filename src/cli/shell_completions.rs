//! What a shell completes, made from the definitions of the command line.

use anyhow::Result;
use clap::builder::PossibleValuesParser;
use clap_complete::Shell;
use modelforge_credential_providers as providers;

use crate::cli;
use crate::error::PROGRAM;
use crate::terminal;

/// Prints the script for a shell. The providers of the table are completed by name; any other can be typed all the same.
pub fn completions(shell: Shell) -> Result<()> {
    let mut command = with_providers(cli::command());
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, PROGRAM, &mut script);
    let script = String::from_utf8_lossy(&script);
    let script = match shell {
        // clap_complete 4.6 takes the dash in the program's name for the border of a command, in half of the places.
        Shell::Bash => script.replace("modelforge__subcmd__credential", "modelforge__credential").replacen(
            BASH_BEGINS,
            &format!("{BASH_BEGINS}{BASH_COMMAND}"),
            1,
        ),
        Shell::Zsh => script.replacen(ZSH_BEGINS, &format!("{ZSH_BEGINS}{ZSH_COMMAND}"), 1),
        Shell::Fish => format!("{script}{}{FISH_COMMAND}", arguments_for_fish(&command)),
        Shell::Elvish | Shell::PowerShell => with_arguments(&script, shell, &command),
        _ => script.into_owned(),
    };
    Ok(terminal::answer(script.as_bytes())?)
}

// After `--` stands a command of its own, which clap_complete does not know how to complete.
const BASH_BEGINS: &str = "    COMPREPLY=()\n";
const BASH_COMMAND: &str = r#"    for ((i = 1; i < COMP_CWORD; i++)); do
        if [[ ${COMP_WORDS[i]} == -- ]]; then
            if declare -F _command_offset >/dev/null; then
                _command_offset $((i + 1))
            elif ((i + 1 == COMP_CWORD)); then
                COMPREPLY=($(compgen -c -- "${COMP_WORDS[COMP_CWORD]}"))
            fi
            return
        fi
    done
"#;
const ZSH_BEGINS: &str = "    local ret=1\n";
const ZSH_COMMAND: &str = r#"    local dashes=${words[(i)--]}
    if (( dashes < CURRENT )); then
        shift dashes words
        (( CURRENT -= dashes ))
        _normal
        return
    fi
"#;
const FISH_COMMAND: &str = r#"function __fish_modelforge_credential_command
    set -l words (commandline -opc)
    set -e words[1..(contains -i -- -- $words)]
    complete -C(string join ' ' -- (string escape -- $words) (commandline -ct))
end
complete -c modelforge-credential -n "contains -- -- (commandline -opc)" -f -a "(__fish_modelforge_credential_command)"
"#;

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

/// Those before `--`.
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
