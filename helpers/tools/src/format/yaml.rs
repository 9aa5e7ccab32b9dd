//! YAML, with the positions from its parser.

use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle};
use zeroize::Zeroizing;

use super::leaf::start;
use super::tree::{Inside, Node, Tree};

/// A list or a map whose end was not read yet.
struct Open {
    node: usize,
    is_list: bool,
    /// The name of the next value of a map, and its position.
    name: Option<(String, usize)>,
    number: usize,
}

/// # Errors
/// The number of the line where it is not YAML, or where a second document begins.
pub fn read(text: &str) -> Result<Tree, usize> {
    let mark = start(text);
    let document = text.get(mark..).unwrap_or_default();
    // The parser counts characters.
    let mut offsets: Vec<usize> = document.char_indices().map(|(at, _)| at + mark).collect();
    offsets.push(text.len());
    let place = |at: usize| offsets.get(at).copied().unwrap_or(text.len());
    let mut tree = Tree::new("#", true);
    let mut open: Vec<Open> = Vec::new();
    let mut parser = Parser::new_from_str(document);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|problem| problem.marker().line())?;
        let (from, to) = (place(span.start.index()), place(span.end.index()));
        let is_list = matches!(event, Event::SequenceStart(..));
        // If a value has an anchor, its range from the parser includes the comment after it.
        let to = match event {
            Event::Scalar(_, ScalarStyle::Plain | ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted, ..) => {
                from + written(text.get(from..to).unwrap_or_default())
            }
            _ => to,
        };
        let inside = match event {
            Event::Scalar(said, style, ..) => {
                if let Some(name) = open.last_mut().filter(|open| !open.is_list && open.name.is_none()) {
                    name.name = Some((said.into_owned(), from));
                    continue;
                }
                match style {
                    ScalarStyle::Literal | ScalarStyle::Folded => Inside::Other,
                    _ => Inside::Text(Zeroizing::new(said.into_owned())),
                }
            }
            Event::Alias(_) => Inside::Other,
            Event::SequenceStart(..) | Event::MappingStart(..) => match text.get(from..from + 1) {
                Some("{" | "[") => Inside::Commas,
                _ => Inside::Block,
            },
            Event::SequenceEnd | Event::MappingEnd => {
                end(&mut tree, &mut open, to);
                continue;
            }
            Event::DocumentStart(_) if !tree.nodes.is_empty() => return Err(span.start.line()),
            _ => continue,
        };
        let is_open = matches!(inside, Inside::Block | Inside::Commas);
        let at = add(&mut tree, text, &mut open, from..to, inside).ok_or(span.start.line())?;
        if is_open {
            open.push(Open { node: at, is_list, name: None, number: 0 });
        }
    }
    Ok(tree)
}

/// The length of a scalar with its anchor and its tag.
fn written(text: &str) -> usize {
    let mut rest = text;
    while rest.starts_with(['&', '!']) {
        let word = rest.find(char::is_whitespace).unwrap_or(rest.len());
        rest = rest.get(word..).unwrap_or_default().trim_start();
    }
    let before = text.len() - rest.len();
    let length = match rest.chars().next() {
        Some('"') => closing(rest, '"'),
        Some('\'') => closing(rest, '\''),
        _ => {
            let comment = [" #", "\t#"].iter().filter_map(|mark| rest.find(mark)).min();
            rest.get(..comment.unwrap_or(rest.len())).unwrap_or_default().trim_end().len()
        }
    };
    before + length
}

/// The end of a quoted text. A doubled or escaped quotation mark is not the end.
fn closing(text: &str, quote: char) -> usize {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' if quote == '"' => drop(chars.next()),
            _ if c != quote => {}
            '\'' if chars.next_if(|(_, next)| *next == '\'').is_some() => {}
            _ => return at + 1,
        }
    }
    text.len()
}

/// Adds a value to the innermost open list or map. `None` if a list or map is used as a name.
fn add(tree: &mut Tree, text: &str, open: &mut [Open], value: Range<usize>, inside: Inside) -> Option<usize> {
    let (parent, name, begin) = match open.last_mut() {
        None => (None, String::new(), value.start),
        Some(list) if list.is_list => {
            list.number += 1;
            let is_block = tree.nodes.get(list.node).is_some_and(|node| matches!(node.inside, Inside::Block));
            let dash = text.get(..value.start)?.rfind('-').filter(|_| is_block);
            (Some(list.node), format!("#{}", list.number - 1), dash.unwrap_or(value.start))
        }
        Some(map) => {
            let (name, begin) = map.name.take()?;
            (Some(map.node), name, begin)
        }
    };
    Some(tree.push(Node { name, parent, entry: begin..value.end, value, inside }))
}

/// The end of a list or a map; in block style, the end of its last value.
fn end(tree: &mut Tree, open: &mut Vec<Open>, to: usize) {
    let Some(closed) = open.pop() else { return };
    let last = tree.children(closed.node).map(|(_, node)| node.entry.end).max();
    if let Some(node) = tree.nodes.get_mut(closed.node) {
        let end = if matches!(node.inside, Inside::Block) { last.unwrap_or(node.value.end) } else { to };
        node.value.end = end;
        node.entry.end = end;
    }
}
