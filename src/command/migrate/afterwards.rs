//! How each tool gets its key after a migration: it asks for it, or `exec` sets it.

use std::collections::BTreeMap;
use std::io;

use modelforge_credential_protocol::visible;

use super::error;
use super::item::Item;
use super::migration::Migration;
use crate::terminal;

/// A tool, and how it asks or is started.
#[derive(Default)]
struct Started {
    words: Vec<String>,
    command: Option<String>,
    asks: bool,
    /// The variables that a line of the shell sets.
    set: Vec<String>,
}

/// Prints a line for each tool whose key was moved.
pub fn tell(migration: &Migration) -> io::Result<()> {
    lines(migration).iter().try_for_each(|line| terminal::done(line))
}

fn lines(migration: &Migration) -> Vec<String> {
    let mut tools: BTreeMap<(&str, bool), Started> = BTreeMap::new();
    for item in migration.items.iter().filter(|item| item.step.takes() && !item.is_left()) {
        let (Some(tool), Some(word)) = (&item.tool, word_of(item)) else { continue };
        let asks = tool.asks && migration.choice.rewires;
        let started = tools.entry((tool.name.as_str(), asks)).or_default();
        started.asks = asks;
        if tool.takes_line && migration.choice.shell_line {
            started.set.extend(tool.variable.iter().flat_map(|names| names.split(' ')).map(str::to_owned));
            continue;
        }
        if !started.words.contains(&word) {
            started.words.push(word);
        }
        started.command = started.command.take().or_else(|| tool.start.clone());
    }
    // A tool's copy of its file starts nothing.
    let asking: Vec<(String, String)> = tools
        .iter()
        .filter(|(_, started)| started.asks)
        .flat_map(|((name, _), started)| started.words.iter().map(|word| ((*name).to_owned(), word.clone())))
        .collect();
    for ((name, _), started) in tools.iter_mut().filter(|(_, started)| !started.asks && started.command.is_none()) {
        started.words.retain(|word| !asking.iter().any(|(tool, asked)| tool == name && asked == word));
    }
    tools.retain(|_, started| !started.words.is_empty() || !started.set.is_empty());
    let program = error::PROGRAM;
    let line = |((name, _), started): (&(&str, bool), &Started)| {
        let (name, words) = (visible(name), started.words.join(" "));
        match &started.command {
            _ if !started.set.is_empty() => {
                let names = visible(&started.set.join("`, `"));
                format!("{name}: a new shell sets `{names}`, unless the store is locked")
            }
            _ if started.asks => format!("{name}: asks `{program}` for its key from now on"),
            Some(command) => format!("{name}: start it with `{program} exec {words} -- {}`", visible(command)),
            None => format!("{name}: start what needs its keys with `{program} exec {words} -- COMMAND`"),
        }
    };
    tools.iter().map(line).collect()
}

/// The argument of `exec`: the provider, if the tool reads one of its usual variables, otherwise the tool's own variable.
fn word_of(item: &Item) -> Option<String> {
    let word = item.word()?;
    let variables = item.tool.as_ref()?.variable.as_deref().unwrap_or_default();
    let variable = variables.split(' ').next().unwrap_or_default();
    let usual = item.request.provider.as_ref().map(|provider| provider.usual_variables());
    let is_usual = usual.is_some_and(|names| names.iter().any(|name| name == variable));
    let word = visible(&shell_words::quote(&word));
    Some(if is_usual || variable.is_empty() { word } else { format!("--env {}={word}", visible(variable)) })
}
