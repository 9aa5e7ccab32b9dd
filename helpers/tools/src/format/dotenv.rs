//! `.env` and similar files: a line for each variable, `NAME=value`. Every loader reads them in its own way. Keys have no blanks or
//! quotation marks, so all loaders agree on them, except on where a value ends if it has a `#`.

use std::ops::Range;

use zeroize::Zeroizing;

use super::leaf::{Kind, Leaf, lines, replaced, start};

/// A variable, and its lines.
pub struct Line {
    pub leaf: Leaf,
    pub lines: Range<usize>,
}

pub fn read(text: &str) -> Vec<Line> {
    let mut found = Vec::new();
    let mut at = start(text);
    while at < text.len() {
        let line = lines(text, &(at..at));
        let end = match assignment(text, at..line.end) {
            Some(leaf) => {
                let lines = lines(text, &(at..leaf.at.end));
                found.push(Line { leaf, lines: lines.clone() });
                lines.end
            }
            None => line.end,
        };
        at = end.max(at + 1);
    }
    found
}

/// The variable that a line sets. The line may be a comment.
pub fn assignment(text: &str, line: Range<usize>) -> Option<Leaf> {
    let whole = text.get(line.clone())?;
    let content = whole.trim_start_matches([' ', '\t']);
    let commented = content.trim_start_matches(['#', ' ', '\t']);
    let is_comment = content.starts_with('#');
    let content = if is_comment { commented } else { content };
    let content = content.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t'])).unwrap_or(content);
    let content = content.trim_start_matches([' ', '\t']);
    let length = content.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(content.len());
    let (name, rest) = content.split_at_checked(length)?;
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let value = rest.trim_start_matches([' ', '\t']).strip_prefix('=')?.trim_start_matches([' ', '\t']);
    let begin = line.end - value.len();
    let (at, said, kind) = value_at(text, begin, line.end, is_comment);
    let kind = if is_comment { Kind::Comment } else { kind };
    Some(Leaf { path: vec![name.to_owned()], text: Zeroizing::new(said.to_owned()), at, kind })
}

/// The range of a value, and its text.
fn value_at(text: &str, begin: usize, end_of_line: usize, is_comment: bool) -> (Range<usize>, &str, Kind) {
    let line = text.get(begin..end_of_line).unwrap_or_default();
    let within = if is_comment { line } else { text.get(begin..).unwrap_or_default() };
    if let Some(quote) = line.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))
        && let Some(length) = closing(within, quote)
    {
        let after = within.get(length + 1..).unwrap_or_default();
        let after = after.split('\n').next().unwrap_or_default().trim();
        if after.is_empty() || after.starts_with('#') {
            return (begin..begin + length + 1, within.get(1..length).unwrap_or_default(), Kind::Text);
        }
    }
    let end = [" #", "\t#"].iter().filter_map(|mark| line.find(mark)).min().unwrap_or(line.len());
    let end = if line.starts_with('#') { 0 } else { end };
    let said = line.get(..end).unwrap_or_default().trim_end();
    // Some loaders end the value there, and others at the end of the line.
    let kind = if said.contains('#') { Kind::Unsure } else { Kind::Text };
    (begin..begin + said.len(), said, kind)
}

/// The position of the closing quotation mark.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            c if c == quote => return Some(at),
            _ => {}
        }
    }
    None
}

/// The text without the lines of a variable.
pub fn without(text: &str, at: usize) -> Option<Zeroizing<String>> {
    let lines = read(text).into_iter().nth(at)?.lines;
    replaced(text, &mut [(lines, String::new())])
}
