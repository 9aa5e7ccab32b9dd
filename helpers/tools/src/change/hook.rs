//! Settings that make a tool ask for a key: a helper command, or `exec` in front of a server's command.

use modelforge_credential_providers::Provider;
use zeroize::Zeroizing;

use super::Word;
use crate::format::leaf::{Leaf, replaced};
use crate::format::tree::{Inside, Node, Tree};
use crate::format::{Format, json};
use crate::found::Spot;
use crate::table::Hook;

pub const PROGRAM: &str = "modelforge-credential";

/// The text with the hook for a key.
pub fn put(
    format: Format,
    text: &str,
    spot: &Spot,
    word: Word,
    provider: Option<&Provider>,
) -> Option<Zeroizing<String>> {
    match spot.key.hook? {
        Hook::ApiKeyHelper if provider.is_some_and(|provider| provider.name == "anthropic") => {
            api_key_helper(format, text, word)
        }
        Hook::ApiKeyHelper | Hook::CodexAuth => Some(Zeroizing::new(text.to_owned())),
        Hook::Exec => exec(format, text, spot, word, provider),
    }
}

/// Replaces a key by `null`.
pub fn null(format: Format, text: &str, spot: &Spot) -> Option<Zeroizing<String>> {
    let before = format.leaves(text).ok()?;
    let edited = replaced(text, &mut [(before.get(spot.leaf)?.at.clone(), "null".to_owned())])?;
    are_the_rest(&before, &format.leaves(&edited).ok()?, &[spot.leaf]).then_some(edited)
}

/// Replaces `experimental_bearer_token = …` by `auth = { command = …, args = … }`.
pub fn codex(format: Format, text: &str, spot: &Spot, word: Word) -> Option<Zeroizing<String>> {
    let tree = format.tree(text).ok()??;
    let names: Vec<&str> = spot.path.iter().map(String::as_str).collect();
    let node = tree.nodes.get(tree.find(&names)?)?;
    let auth = format!("auth = {{ command = \"{PROGRAM}\", args = [\"print\", \"{}\"] }}", word.text());
    let edited = replaced(text, &mut [(node.entry.clone(), auth)])?;
    let (before, after) = (format.leaves(text).ok()?, format.leaves(&edited).ok()?);
    let kept = before.iter().filter(|leaf| leaf.path != spot.path);
    let new = |leaf: &&Leaf| !leaf.path.iter().any(|name| name == "auth");
    kept.eq_by_like(after.iter().filter(new)).then_some(edited)
}

/// Inserts a member at the beginning of the settings, in the style of the others. An existing one stays.
fn api_key_helper(format: Format, text: &str, word: Word) -> Option<Zeroizing<String>> {
    let tree = format.tree(text).ok()??;
    let member = format!("\"apiKeyHelper\": \"{PROGRAM} print {}\"", word.text());
    let root = tree.nodes.first()?;
    if tree.find(&["apiKeyHelper"]).is_some() {
        return Some(Zeroizing::new(text.to_owned()));
    }
    let edited = match tree.children(0).map(|(_, node)| node.entry.start).min() {
        Some(first) => {
            let gap = text.get(root.value.start + 1..first)?;
            replaced(text, &mut [(first..first, format!("{member},{gap}"))])?
        }
        None => {
            let inside = root.value.start + 1..root.value.end.saturating_sub(1);
            let end =
                ["\r\n", "\n"].into_iter().find(|end| text.get(inside.clone()).is_some_and(|gap| gap.contains(end)));
            let written = end.map_or_else(|| member.clone(), |end| format!("{end}  {member}{end}"));
            replaced(text, &mut [(inside, written)])?
        }
    };
    let (before, after) = (format.leaves(text).ok()?, format.leaves(&edited).ok()?);
    before.iter().eq_by_like(after.iter().filter(|leaf| leaf.name() != "apiKeyHelper")).then_some(edited)
}

/// Puts `exec WORD --` in front of a server's command.
fn exec(format: Format, text: &str, spot: &Spot, word: Word, provider: Option<&Provider>) -> Option<Zeroizing<String>> {
    let tree = format.tree(text).ok()??;
    // The server is the parent of `env`.
    let server: Vec<&str> = spot.path.iter().take(spot.path.len().checked_sub(2)?).map(String::as_str).collect();
    let member = |name: &'static str| {
        let mut path = server.clone();
        path.push(name);
        tree.find(&path).and_then(|at| Some((at, tree.nodes.get(at)?)))
    };
    let (_, command) = member("command")?;
    let Inside::Text(program) = &command.inside else { return None };
    let is_usual = provider.is_some_and(|provider| provider.variables.contains(&&*spot.variable));
    let asked = match is_usual {
        true => quoted(&[word.text()]),
        false => quoted(&["--env", &format!("{}={}", spot.variable, word.text())]),
    };
    let args = member("args");
    let is_ours = **program == *PROGRAM;
    let mut parts = Vec::new();
    let begin = match (&args, is_ours) {
        // Another key of this server was removed before.
        (Some((at, _)), true) => {
            let first = tree.children(*at).next().map(|(_, node)| node.value.end)?;
            return checked(format, text, replaced(text, &mut [(first..first, format!(", {asked}"))])?);
        }
        (None, true) => return None,
        (Some((at, args)), false) => {
            let first = tree.children(*at).next().map(|(_, node)| node.value.start);
            let list = format!("\"exec\", {asked}, \"--\", {}", quoted(&[program.as_str()]));
            let start = first.unwrap_or(args.value.start + 1);
            parts.push((start..start, if first.is_none() { list } else { format!("{list}, ") }));
            command.value.clone()
        }
        (None, false) => {
            let list = format!("[\"exec\", {asked}, \"--\", {}]", quoted(&[program.as_str()]));
            let args = match format {
                Format::Toml => format!("\nargs = {list}"),
                _ => format!(", \"args\": {list}"),
            };
            parts.push((command.entry.end..command.entry.end, args));
            command.value.clone()
        }
    };
    parts.push((begin, quoted(&[PROGRAM])));
    checked(format, text, replaced(text, &mut parts)?)
}

/// Words in a form that is valid in both JSON and TOML.
fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| json::quoted(word)).collect::<Vec<_>>().join(", ")
}

/// An edit of a server's command, if nothing else has changed.
fn checked(format: Format, text: &str, edited: Zeroizing<String>) -> Option<Zeroizing<String>> {
    let (before, after) = (format.leaves(text).ok()?, format.leaves(&edited).ok()?);
    let is_of_the_command = |leaf: &&Leaf| {
        let parent = leaf.path.iter().rev().nth(1);
        leaf.name() != "command" && parent.is_none_or(|name| name != "args")
    };
    let is_same = before.iter().filter(is_of_the_command).eq_by_like(after.iter().filter(is_of_the_command));
    is_same.then_some(edited)
}

fn are_the_rest(before: &[Leaf], after: &[Leaf], but: &[usize]) -> bool {
    before.len() == after.len()
        && before.iter().zip(after).enumerate().all(|(at, (one, other))| but.contains(&at) || one.is_like(other))
}

/// Compares leaves in their order.
trait Alike<'a>: Iterator<Item = &'a Leaf> + Sized {
    fn eq_by_like(mut self, mut other: impl Iterator<Item = &'a Leaf>) -> bool {
        loop {
            match (self.next(), other.next()) {
                (None, None) => return true,
                (Some(one), Some(two)) if one.is_like(two) => {}
                _ => return false,
            }
        }
    }
}

impl<'a, I: Iterator<Item = &'a Leaf>> Alike<'a> for I {}

/// True for the members of a server that `exec` changes, and for Claude's setting. Used to undo the change.
pub fn is_ours(tree: &Tree, at: usize) -> bool {
    let is_text = |node: &Node| matches!(&node.inside, Inside::Text(text) if text.split(' ').next() == Some(PROGRAM));
    tree.nodes.get(at).is_some_and(is_text)
}
