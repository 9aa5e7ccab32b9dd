//! Messages about command-line errors. clap's own messages repeat the input, which may be a key.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::{command, error, meant};
use crate::error::Usage;

/// The option in `--option=VALUE` or `--option <VALUE>`.
fn option(argument: &str) -> Option<&str> {
    argument.split(['=', ' ']).next().filter(|option| option.starts_with("--"))
}

/// The error to show.
pub fn mistake(problem: &clap::Error) -> Usage {
    let text = |kind| match problem.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        Some(ContextValue::Strings(texts)) => texts.first().map(String::as_str),
        _ => None,
    };
    let argument = text(ContextKind::InvalidArg).or(text(ContextKind::InvalidSubcommand)).unwrap_or_default();
    match (problem.kind(), option(argument)) {
        // This name comes from the definitions, not from the input.
        (ErrorKind::MissingRequiredArgument, _) if !argument.is_empty() => {
            error::argument_missing(argument, &command_of(problem))
        }
        (ErrorKind::UnknownArgument, Some(option)) => {
            error::unknown_option(option, text(ContextKind::SuggestedArg), &command_of(problem))
        }
        (ErrorKind::UnknownArgument, None) => {
            let command = command_of(problem);
            let command = command.split_once(' ').map_or("", |(_, command)| command);
            error::too_many_arguments(meant::with_an_argument(command, argument))
        }
        (ErrorKind::ArgumentConflict, first) => first
            .or_else(|| option(text(ContextKind::PriorArg).unwrap_or_default()))
            .map_or_else(error::bad_command_line, |option| error::conflicting_option(option, &command_of(problem))),
        (ErrorKind::InvalidValue | ErrorKind::NoEquals, Some(option)) => match problem.get(ContextKind::ValidValue) {
            Some(ContextValue::Strings(values)) if !values.is_empty() => error::option_needs_one_of(option, values),
            _ => error::option_needs_a_value(option, &command_of(problem)),
        },
        (ErrorKind::InvalidSubcommand, _) => unknown_command(argument, &command_of(problem)),
        (ErrorKind::MissingSubcommand, _) => error::no_command(),
        _ => error::bad_command_line(),
    }
}

/// For a misspelled subcommand.
fn unknown_command(word: &str, within: &str) -> Usage {
    let root = command();
    let within = within.split(' ').nth(1).and_then(|name| root.find_subcommand(name)).unwrap_or(&root);
    error::unknown_command(word, crate::config::closest(word, within.get_subcommands().map(|known| known.get_name())))
}

/// The command in which the error is, as in its usage: the words before the first argument or option.
fn command_of(problem: &clap::Error) -> String {
    let usage = problem.get(ContextKind::Usage).map(ToString::to_string).unwrap_or_default();
    let words = usage.split_whitespace().skip_while(|word| *word != error::PROGRAM);
    let words: Vec<&str> = words.take_while(|word| !word.starts_with(['<', '[', '-'])).collect();
    if words.is_empty() { error::PROGRAM.to_owned() } else { words.join(" ") }
}
