//! The startup files of shells: `export A=… B=…`, `A=…; export A`, `typeset -x`, `set -gx A …`. A line is removed completely if nothing
//! else is on it, and the rest must still parse: an emptied `if` keeps a `:`.

mod scan;

use std::ops::Range;

use zeroize::Zeroizing;

use super::leaf::{Kind, Leaf, lines, replaced};
use super::{Shell, dotenv};
use scan::{Command, Script, scan};

/// Commands that set variables: each of their words with `=` sets one.
const SETTERS: [&str; 5] = ["export", "declare", "typeset", "readonly", "setenv"];

/// A variable, and where it is set.
struct Set {
    leaf: Leaf,
    place: Place,
}

enum Place {
    /// A word of a command.
    Word {
        command: usize,
        word: Range<usize>,
    },
    /// The command sets only this variable.
    Command(usize),
    Comment(Range<usize>),
}

pub fn read(text: &str, shell: Shell) -> Vec<Leaf> {
    sets(text, &scan(text, shell), shell).into_iter().map(|set| set.leaf).collect()
}

fn sets(text: &str, script: &Script, shell: Shell) -> Vec<Set> {
    let mut found = Vec::new();
    for (at, command) in script.commands.iter().enumerate() {
        found.extend(of_command(text, command, at));
    }
    for comment in &script.comments {
        let mut leaf = dotenv::assignment(text, comment.clone());
        if leaf.is_none() {
            leaf = set_in_comment(text, comment, shell);
        }
        found.extend(leaf.map(|mut leaf| {
            leaf.kind = Kind::Comment;
            Set { leaf, place: Place::Comment(comment.clone()) }
        }));
    }
    found.sort_by_key(|set| set.leaf.at.start);
    found
}

/// `# set -gx NAME value`, `# typeset -x NAME=value`
fn set_in_comment(text: &str, comment: &Range<usize>, shell: Shell) -> Option<Leaf> {
    let content = text.get(comment.clone())?.trim_start_matches(['#', ' ', '\t']);
    let begin = comment.end - content.len();
    let script = scan(content, shell);
    let mut set = of_command(content, script.commands.first()?, 0).into_iter().next()?;
    set.leaf.at = begin + set.leaf.at.start..begin + set.leaf.at.end;
    Some(set.leaf)
}

fn of_command(text: &str, command: &Command, at: usize) -> Vec<Set> {
    let word = |range: &Range<usize>| text.get(range.clone()).unwrap_or_default();
    let words = own_words(text, command);
    let Some(first) = words.first() else { return Vec::new() };
    let is_assigned = |range: &Range<usize>| assigned(text, range).is_some();
    if word(first) == "set" {
        return fish(text, words).map(|leaf| Set { leaf, place: Place::Command(at) }).into_iter().collect();
    }
    let is_setter = SETTERS.contains(&word(first));
    let before_a_command = !is_setter && !words.iter().all(is_assigned);
    let of_setter = words.iter().skip(usize::from(is_setter));
    let ranges = of_setter.take_while(|range| is_setter || is_assigned(range)).filter(|range| is_assigned(range));
    let set = |range: &Range<usize>| {
        let mut leaf = assigned(text, range)?;
        if before_a_command && leaf.kind == Kind::Text {
            leaf.kind = Kind::Fixed;
        }
        Some(Set { leaf, place: Place::Word { command: at, word: range.clone() } })
    };
    ranges.filter_map(set).collect()
}

/// The words of a command, without a keyword that opens a block.
fn own_words<'a>(text: &str, command: &'a Command) -> &'a [Range<usize>] {
    let mut words = command.words.as_slice();
    while let Some((first, rest)) = words.split_first()
        && introduces(text.get(first.clone()).unwrap_or_default())
    {
        words = rest;
    }
    words
}

fn introduces(word: &str) -> bool {
    matches!(word, "then" | "do" | "else" | "{" | "if" | "elif" | "while" | "until" | "!")
}

/// `NAME=value`
fn assigned(text: &str, word: &Range<usize>) -> Option<Leaf> {
    let (name, value) = text.get(word.clone())?.split_once('=')?;
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    is_name.then(|| leaf(name, value, word.end - value.len()))
}

/// `set -gx NAME value`
fn fish(text: &str, words: &[Range<usize>]) -> Option<Leaf> {
    let word = |range: &Range<usize>| text.get(range.clone()).unwrap_or_default();
    let options = words.iter().skip(1).take_while(|range| word(range).starts_with('-')).count();
    let [name, value] = words.get(1 + options..)? else { return None };
    (options > 0).then(|| leaf(word(name), word(value), value.start))
}

fn leaf(name: &str, value: &str, begin: usize) -> Leaf {
    let unquoted = ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote));
    let is_literal = value.starts_with('\'') || !value.contains(['$', '`', '\\']);
    let said = unquoted.unwrap_or(value);
    let is_text = is_literal && !said.contains(['"', '\'']);
    Leaf {
        path: vec![name.to_owned()],
        text: Zeroizing::new(if is_text { said } else { value }.to_owned()),
        at: begin..begin + value.len(),
        kind: if is_text { Kind::Text } else { Kind::Other },
    }
}

/// The text without a variable.
pub fn without(text: &str, at: usize, shell: Shell) -> Option<Zeroizing<String>> {
    let script = scan(text, shell);
    let sets = sets(text, &script, shell);
    let set = sets.get(at)?;
    let (command, word) = match &set.place {
        Place::Comment(comment) => return replaced(text, &mut [(lines(text, comment), String::new())]),
        Place::Command(at) => (script.commands.get(*at)?, None),
        Place::Word { command, word } => (script.commands.get(*command)?, Some(word)),
    };
    // `export A=… B` also exports B.
    let is_option = |range: &&Range<usize>| text.get((*range).clone()).is_some_and(|word| word.starts_with('-'));
    let words = own_words(text, command);
    let is_setter = words.first().and_then(|first| text.get(first.clone())).is_some_and(|it| SETTERS.contains(&it));
    let about = words.iter().skip(usize::from(is_setter)).filter(|word| !is_option(word)).count();
    if let Some(word) = word.filter(|_| about > 1) {
        // Together with the blanks before it.
        let before = text.get(..word.start)?;
        return replaced(text, &mut [(before.trim_end_matches([' ', '\t']).len()..word.end, String::new())]);
    }
    without_command(text, &script, command, set.leaf.name())
}

/// The text without a command, and without its lines if nothing else is on them.
fn without_command(text: &str, script: &Script, command: &Command, name: &str) -> Option<Zeroizing<String>> {
    let word = |range: &Range<usize>| text.get(range.clone()).unwrap_or_default();
    let whole = command.words.first()?.start..command.words.last()?.end;
    let lines = lines(text, &whole);
    let is_on_them = |other: &&Command| {
        other.words.iter().any(|range| lines.contains(&range.start)) && !std::ptr::eq(*other, command)
    };
    let others: Vec<&Command> = script.commands.iter().filter(is_on_them).collect();
    // `A=…; export A`
    let is_export_of_it = |other: &&Command| match other.words.as_slice() {
        [setter, named] => SETTERS.contains(&word(setter)) && word(named) == name,
        _ => false,
    };
    let is_introduced = !SETTERS.contains(&word(command.words.first()?)) && command.words.len() > 1 && {
        introduces(word(command.words.first()?))
    };
    if is_introduced {
        let from = command.words.get(1)?.start;
        return replaced(text, &mut [(from..whole.end, ":".to_owned())]);
    }
    if command.is_joined {
        return replaced(text, &mut [(whole, ":".to_owned())]);
    }
    if others.iter().all(is_export_of_it) {
        let kept = if would_be_empty(text, &lines) { filler(text, &lines) } else { String::new() };
        return replaced(text, &mut [(lines, kept)]);
    }
    let rest = text.get(command.end..)?;
    let end = command.end + rest.len() - rest.trim_start_matches([' ', '\t']).len();
    let cut = if text.get(whole.end..command.end)?.contains(';') { whole.start..end } else { whole };
    replaced(text, &mut [(cut, String::new())])
}

/// True if removing the lines would leave an empty block, which is an error in bash and zsh.
fn would_be_empty(text: &str, lines: &Range<usize>) -> bool {
    let says = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let before = text.get(..lines.start).unwrap_or_default().lines().rfind(says).unwrap_or_default();
    let before = [" #", "\t#"]
        .into_iter()
        .fold(before, |code, mark| code.split_once(mark).map_or(code, |(code, _)| code))
        .trim_end();
    let after = text.get(lines.end..).unwrap_or_default().lines().find(says).unwrap_or_default().trim_start();
    let begins = ["then", "do", "else", "{", ")"];
    let ends = ["fi", "done", "else", "elif", "}", ";;"];
    let word = |c: char| c.is_whitespace() || c == ';';
    let is_begun = before.rsplit(word).next().is_some_and(|last| begins.iter().any(|begin| last.ends_with(begin)));
    is_begun && (ends.contains(&after.split(word).next().unwrap_or_default()) || after.starts_with(";;"))
}

fn filler(text: &str, lines: &Range<usize>) -> String {
    let line = text.get(lines.clone()).unwrap_or_default();
    let indent = line.len() - line.trim_start().len();
    let end = if line.ends_with("\r\n") { "\r\n" } else { "\n" };
    format!("{}:{end}", line.get(..indent).unwrap_or_default())
}
