//! Removes the words of `exec` from a server's arguments: those of one key, or all of them if it was the last key.

use std::ops::Range;

use modelforge_credential_providers::Provider;

use crate::change::hook;
use crate::format::tree::{Document, Inside, Node};
use crate::found::Spot;

/// The edits after which the server is started without this key. `None`: `exec` does not start it any more.
pub fn taken_out(
    (text, tree): Document,
    server: &[&str],
    spot: &Spot,
    provider: Option<&Provider>,
) -> Option<Vec<(Range<usize>, String)>> {
    let member = |name| tree.find(&[server, &[name]].concat());
    let (command, args) = (member("command")?, member("args")?);
    let words: Vec<(&Node, &str)> = tree.children(args).filter_map(|(_, node)| Some((node, said(node)?))).collect();
    let end = words.iter().position(|(_, word)| *word == "--")?;
    if !hook::is_ours(tree, command) || words.first()?.1 != "exec" {
        return None;
    }
    let asked = asked(&words, end);
    let is_of_it = |range: &&Range<usize>| match words.get((**range).clone()) {
        Some([_, (_, assigned)]) => assigned.split_once('=').is_some_and(|(name, _)| name == spot.variable),
        Some([(_, word)]) => word.split(':').next() == provider.map(|provider| provider.name),
        _ => false,
    };
    let here = asked.iter().find(is_of_it)?;
    let starts = |at: usize| words.get(at).map(|(node, _)| node.entry.start);
    if asked.len() > 1 {
        return Some(vec![(starts(here.start)?..starts(here.end)?, String::new())]);
    }
    let (program, _) = words.get(end + 1)?;
    let rest = starts(end + 2).unwrap_or(program.entry.end);
    let command = tree.nodes.get(command)?.value.clone();
    Some(vec![(command, text.get(program.value.clone())?.to_owned()), (starts(0)?..rest, String::new())])
}

/// The words that ask for each key: `openai`, or `--env VARIABLE=openai`.
fn asked(words: &[(&Node, &str)], end: usize) -> Vec<Range<usize>> {
    let (mut found, mut at) = (Vec::new(), 1);
    while at < end {
        let next = at + if words.get(at).is_some_and(|(_, word)| *word == "--env") { 2 } else { 1 };
        found.push(at..next.min(end));
        at = next;
    }
    found
}

fn said(node: &Node) -> Option<&str> {
    match &node.inside {
        Inside::Text(text) => Some(text),
        _ => None,
    }
}
