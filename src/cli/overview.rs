//! The short help: the everyday commands on one screen of 24 lines. `--help` of each command and the manual page have the rest.

use clap::Command;

/// Commands for shell profiles.
const FOR_SHELLS: [&str; 2] = ["env", "completions"];

/// Commands for people who share a store.
const FOR_TEAMS: [&str; 2] = ["members", "sync"];

/// In the order in which a new user needs them.
const EVERYDAY: [&str; 12] = [
    "login",
    "logout",
    "status",
    "migrate",
    "exec",
    "print",
    "providers",
    "doctor",
    "scan",
    "audit",
    "helpers",
    "identity",
];

/// The help of the program itself, instead of a list of all commands.
pub fn with_overview(command: Command) -> Command {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let known = EVERYDAY.iter().filter_map(|name| command.find_subcommand(name));
    let everyday: String = known.map(line).collect();
    let others = command.get_subcommands().filter(|other| !other.is_hide_set()).map(Command::get_name);
    let others: Vec<&str> =
        others.filter(|name| ![&EVERYDAY[..], &FOR_SHELLS, &FOR_TEAMS].concat().contains(name)).collect();
    let help = format!(
        "{about}\n\nUsage: modelforge-credential [OPTIONS] <COMMAND>\n\nCommands:\n{everyday}\n\
         For programs: {}\n\
         For shells:   {};  for teams: {}  (<COMMAND> --help)\n\
         Options:      -v, --verbose  Show each helper that is asked;  -V, --version\n\
         Example:\n  modelforge-credential login openai\n",
        others.join(", "),
        FOR_SHELLS.join(", "),
        FOR_TEAMS.join(", ")
    );
    command.override_help(help)
}

fn line(command: &Command) -> String {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    format!("  {:11}  {about}\n", command.get_name())
}
