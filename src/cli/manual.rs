//! Manual pages: one for the program with all its commands, one for each helper, and one for config.toml. They are made from the
//! definitions behind `--help` and from the documents, so that nothing is written twice.

mod document;
mod page;

use std::path::Path;

use anyhow::Result;
use clap::{Arg, Command};
use modelforge_credential_files::check_folder_of_programs;

use crate::cli;
use crate::error::{self, PROGRAM};
use crate::terminal;
use page::Page;

const CONFIGURATION: &str = include_str!("../../docs/configuration.md");
const HELPERS: &str = include_str!("../../docs/helpers.md");

/// The helpers that belong to this program, each with its `--help`. The files are links, so that a package of this crate alone has them.
const OF_HELPERS: [(&str, &str); 7] = [
    ("env", include_str!("manual/help/env.txt")),
    ("keyring", include_str!("manual/help/keyring.txt")),
    ("age", include_str!("manual/help/age.txt")),
    ("plaintext", include_str!("manual/help/plaintext.txt")),
    ("tools", include_str!("manual/help/tools.txt")),
    ("oauth", include_str!("manual/help/oauth.txt")),
    ("vault", include_str!("manual/help/vault.txt")),
];

/// The name of the page about config.toml.
const CONFIG: &str = "modelforge-credential-config";

/// Writes every page into the directory of its section below `folder`; without `folder`, prints the program's page.
pub fn man(folder: Option<&Path>) -> Result<()> {
    let Some(folder) = folder else { return Ok(terminal::answer(&of_the_program().into_bytes().1)?) };
    let helpers = OF_HELPERS.iter().map(|(name, help)| of_a_helper(name, help));
    for page in [of_the_program(), of_the_configuration()].into_iter().chain(helpers) {
        let (name, text) = page.into_bytes();
        let section = folder.join(format!("man{}", name.rsplit('.').next().unwrap_or_default()));
        std::fs::create_dir_all(&section).map_err(|problem| error::cannot_write(&section, &problem))?;
        refuse_untrusted(&section)?;
        let path = section.join(name);
        std::fs::write(&path, text).map_err(|problem| error::cannot_write(&path, &problem))?;
    }
    Ok(())
}

/// Others could have put a link in place of a page. A group of administrators may write to the system's directories; these are trusted like
/// directories of programs.
fn refuse_untrusted(folder: &Path) -> Result<()> {
    let folder = std::path::absolute(folder).map_err(|problem| error::cannot_write(folder, &problem))?;
    Ok(check_folder_of_programs(&folder).map(drop).map_err(|problem| problem.into_error(&folder))?)
}

fn of_the_program() -> Page {
    let mut root = cli::command().disable_help_subcommand(true);
    root.build();
    let mut page = Page::new(PROGRAM, 1, "stores LLM API keys, and gives them to your tools");
    page.section("Synopsis").paragraph(&format!("**{PROGRAM}** [OPTIONS] COMMAND"));
    page.section("Description");
    page.paragraph(&format!("{}.", root.get_about().map(ToString::to_string).unwrap_or_default()));
    page.paragraph("It has no store of its own. It asks helpers, in order, and returns the first key that it finds. The first helper that can store a key stores it.");
    page.section("Options");
    root.get_arguments().for_each(|one| argument(&mut page, one));
    page.section("Commands");
    root.get_subcommands().filter(|command| !command.is_hide_set()).for_each(|command| add(&mut page, command));
    notes(&mut page, &root);
    for (title, heading) in [("Environment", "Variables"), ("Files", "Files"), ("Exit status", "Exit statuses")] {
        page.section(title);
        document::add(&mut page, document::part(CONFIGURATION, &format!("## {heading}")));
    }
    let helpers = OF_HELPERS.map(|(name, _)| format!("**{PROGRAM}-{name}**(1)"));
    page.section("See also");
    page.paragraph(&format!("**{CONFIG}**(5), {}, **gitcredentials**(7), **age**(1)", helpers.join(", ")));
    page
}

fn of_the_configuration() -> Page {
    let mut page = Page::new(CONFIG, 5, "the settings of modelforge-credential");
    page.section("Synopsis").paragraph("`~/.config/modelforge-credential/config.toml`");
    page.section("Description");
    let (_, opening) = CONFIGURATION.split_once('\n').unwrap_or_default();
    document::add(&mut page, opening.split("\n## ").next().unwrap_or_default());
    page.section("Settings");
    document::add(&mut page, document::part(CONFIGURATION, "## config.toml"));
    page.section("Limits");
    document::add(&mut page, document::part(CONFIGURATION, "## Limits"));
    page.section("See also").paragraph(&format!("**{PROGRAM}**(1)"));
    page
}

fn of_a_helper(name: &str, help: &str) -> Page {
    let (about, rest) = help.split_once("\n\nUsage: ").unwrap_or((help, ""));
    let (usage, rest) = rest.split_once("\n\n").unwrap_or((rest, ""));
    let (rest, example) = rest.split_once("Example").unwrap_or((rest, ""));
    let (text, options) = rest.split_once("Options:\n").unwrap_or((rest, ""));
    let mut page = Page::new(&format!("{PROGRAM}-{name}"), 1, &format!("the helper `{name}` of {PROGRAM}"));
    page.section("Synopsis").lines(usage.lines().map(str::trim));
    page.section("Description");
    document::add(&mut page, &format!("{about}\n\n{text}"));
    // The options come from the helper itself.
    let described = document::part(HELPERS, &format!("## {name}")).lines();
    let described: Vec<&str> = described.filter(|line| !line.starts_with("| `--")).collect();
    document::add(&mut page, &described.join("\n"));
    if !options.trim().is_empty() {
        page.section("Options");
        for (term, text) in entries(options) {
            page.entry(&term, &text);
        }
    }
    page.section("Exit status");
    page.entry("0", "Done. Also: nothing was found.").entry("1", "It failed. Standard error has a line `error: …`.");
    page.entry("2", "The command line is wrong.");
    page.section("Example").lines(example.lines().skip(1).map(str::trim_start));
    page.section("See also");
    page.paragraph(&format!("**{PROGRAM}**(1), which has the environment variables and files; **{CONFIG}**(5)"));
    page
}

/// The options in a `--help`, each with its text, which may continue on the next lines.
fn entries(options: &str) -> Vec<(String, String)> {
    let mut entries: Vec<(String, String)> = Vec::new();
    for line in options.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
        match (line.trim_start().split_once("  ").filter(|_| line.starts_with("  -")), entries.last_mut()) {
            (Some((term, text)), _) => entries.push((format!("`{term}`"), text.trim().to_owned())),
            (None, Some((_, text))) => *text = format!("{text} {}", line.trim()),
            (None, None) => {}
        }
    }
    entries
}

/// Adds a command and its subcommands.
fn add(page: &mut Page, command: &Command) {
    let usage = command.clone().render_usage().to_string();
    let usage: Vec<&str> = usage.trim_start_matches("Usage:").lines().map(str::trim).collect();
    page.subsection(usage.first().and_then(|usage| usage.strip_prefix(PROGRAM)).unwrap_or_default().trim());
    if let [_, others @ ..] = usage.as_slice()
        && !others.is_empty()
    {
        page.lines(others.iter().copied());
    }
    page.paragraph(&format!("{}.", command.get_about().map(ToString::to_string).unwrap_or_default()));
    let shown = command.get_arguments().filter(|one| !one.is_hide_set() && !one.is_global_set());
    shown.filter(|one| one.get_id() != "help").for_each(|one| argument(page, one));
    notes(page, command);
    command.get_subcommands().filter(|command| !command.is_hide_set()).for_each(|command| add(page, command));
}

/// Adds the rest of a command's help: the text besides its options, and its example.
fn notes(page: &mut Page, command: &Command) {
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let (notes, example) = help.split_once("Example:\n").unwrap_or((&help, ""));
    document::add(page, notes);
    if !example.is_empty() {
        page.paragraph("Example:").lines(example.lines().map(|line| line.strip_prefix("  ").unwrap_or(line)));
    }
}

fn argument(page: &mut Page, argument: &Arg) {
    let names = argument.get_short().map(|short| format!("-{short}")).into_iter();
    let names: Vec<String> = names.chain(argument.get_long().map(|long| format!("--{long}"))).collect();
    let values = argument.get_value_names().unwrap_or_default().join(" ");
    let term = match (names.is_empty(), argument.get_action().takes_values()) {
        (true, _) => format!("`{}`", if values.is_empty() { argument.get_id().as_str() } else { &values }),
        (false, true) => format!("`{} {values}`", names.join(", ")),
        (false, false) => format!("`{}`", names.join(", ")),
    };
    let text = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let possible: Vec<String> =
        argument.get_possible_values().iter().map(|one| format!("`{}`", one.get_name())).collect();
    match possible.is_empty() || !argument.get_action().takes_values() {
        true => page.entry(&term, &format!("{text}.")),
        false => page.entry(&term, &format!("{text}: {}.", possible.join(", "))),
    };
}
