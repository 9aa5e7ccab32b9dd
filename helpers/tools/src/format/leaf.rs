//! A value in a file, with its position and its surroundings. All formats use this type.

use std::ops::Range;

use zeroize::Zeroizing;

/// A value in a file.
pub struct Leaf {
    /// The names that lead to it. An element of a list has its number, after `#`.
    pub path: Vec<String>,
    /// The text of the value; if it is not text, the way it is written.
    pub text: Zeroizing<String>,
    /// Its position, including quotation marks.
    pub at: Range<usize>,
    pub kind: Kind,
}

/// What kind of value it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Text,
    /// A number, a reference, the output of a command: not a key.
    Other,
    /// In a comment: nothing uses it.
    Comment,
    /// A text that programs read in different ways.
    Unsure,
    /// A part of a command, which cannot be removed without changing what the command does.
    Fixed,
}

impl Leaf {
    pub fn name(&self) -> &str {
        self.path.last().map_or("", |name| name)
    }

    /// True if it has the same name. Numbers in lists change when another element is removed.
    pub fn is_called_like(&self, other: &Self) -> bool {
        let is_same = |(one, two): (&String, &String)| one == two || (one.starts_with('#') && two.starts_with('#'));
        self.path.len() == other.path.len() && self.path.iter().zip(&other.path).all(is_same)
    }

    /// True if both have the same name and text.
    pub fn is_like(&self, other: &Self) -> bool {
        self.is_called_like(other) && self.text == other.text && self.kind == other.kind
    }
}

/// The byte order mark that Windows editors put at the start.
pub const MARK: &str = "\u{feff}";

/// The position after that mark.
pub fn start(text: &str) -> usize {
    if text.starts_with(MARK) { MARK.len() } else { 0 }
}

/// The lines of a range, with the end of the last one.
pub fn lines(text: &str, range: &Range<usize>) -> Range<usize> {
    let bytes = text.as_bytes();
    let before = bytes.get(..range.start).unwrap_or_default();
    let begin = before.iter().rposition(|byte| *byte == b'\n').map_or(start(text), |at| at + 1);
    let after = bytes.get(range.end..).unwrap_or_default();
    let is_ended = range.end > range.start && before_is_end(bytes, range.end);
    let end = match after.iter().position(|byte| *byte == b'\n') {
        _ if is_ended => range.end,
        Some(at) => range.end + at + 1,
        None => text.len(),
    };
    begin..end
}

fn before_is_end(bytes: &[u8], at: usize) -> bool {
    at.checked_sub(1).and_then(|at| bytes.get(at)) == Some(&b'\n')
}

/// True if only blanks are before this position on its line.
pub fn begins_its_line(text: &str, at: usize) -> bool {
    let line = lines(text, &(at..at));
    text.get(line.start..at).is_some_and(|before| before.trim().is_empty())
}

/// The text with some parts replaced. They must not overlap.
pub fn replaced(text: &str, parts: &mut [(Range<usize>, String)]) -> Option<Zeroizing<String>> {
    parts.sort_by_key(|(range, _)| range.start);
    let mut edited = Zeroizing::new(String::with_capacity(text.len() + 256));
    let mut at = 0;
    for (range, new) in parts.iter() {
        edited.push_str(text.get(at..range.start)?);
        edited.push_str(new);
        at = range.end;
    }
    edited.push_str(text.get(at..)?);
    Some(edited)
}
