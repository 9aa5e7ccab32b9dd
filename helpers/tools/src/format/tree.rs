//! Documents with nested values (JSON, TOML, YAML), with all positions. A removed value takes its comma or its line with it.

use std::ops::Range;

use zeroize::Zeroizing;

use super::leaf::{Kind, Leaf, begins_its_line, lines, replaced};

/// A value, and its surroundings in the document.
pub struct Node {
    /// Its name, or its number in a list.
    pub name: String,
    pub parent: Option<usize>,
    /// Its position, with its name.
    pub entry: Range<usize>,
    pub value: Range<usize>,
    pub inside: Inside,
}

/// What a value contains.
pub enum Inside {
    /// Other values, each on its own lines.
    Block,
    /// Other values, separated by commas.
    Commas,
    Text(Zeroizing<String>),
    Other,
}

/// What is removed together with a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum With {
    Alone,
    /// The entry that contains it.
    WhatItIsIn,
    /// The same, if that contains nothing else.
    WhatIsEmpty,
}

pub struct Tree {
    /// Each comes after its parent.
    pub nodes: Vec<Node>,
    /// The numbers of each node's children.
    children: Vec<Vec<usize>>,
    /// How a comment that ends with its line begins.
    pub comment: &'static str,
    /// True if the format cannot write an empty value.
    pub drops_empty: bool,
}

/// A document as text and as a tree.
pub type Document<'a> = (&'a str, &'a Tree);

impl Tree {
    pub fn new(comment: &'static str, drops_empty: bool) -> Self {
        Self { nodes: Vec::new(), children: Vec::new(), comment, drops_empty }
    }

    /// Adds a node, and returns its number.
    pub fn push(&mut self, node: Node) -> usize {
        let at = self.nodes.len();
        if let Some(children) = node.parent.and_then(|parent| self.children.get_mut(parent)) {
            children.push(at);
        }
        self.nodes.push(node);
        self.children.push(Vec::new());
        at
    }

    /// The names that lead to a node.
    fn path(&self, at: usize) -> Vec<String> {
        let mut path = Vec::new();
        let mut next = Some(at);
        while let Some(node) = next.and_then(|at| self.nodes.get(at)) {
            if node.parent.is_some() {
                path.push(node.name.clone());
            }
            next = node.parent;
        }
        path.reverse();
        path
    }

    /// The values without children, with the indexes of their nodes.
    pub fn leaves(&self, text: &str) -> Vec<(usize, Leaf)> {
        let leaf = |(at, node): (usize, &Node)| {
            let written = || Zeroizing::new(text.get(node.value.clone()).unwrap_or_default().to_owned());
            let (text, kind) = match &node.inside {
                Inside::Text(said) => (said.clone(), Kind::Text),
                Inside::Other => (written(), Kind::Other),
                Inside::Block | Inside::Commas => return None,
            };
            Some((at, Leaf { path: self.path(at), text, at: node.value.clone(), kind }))
        };
        self.nodes.iter().enumerate().filter_map(leaf).collect()
    }

    pub fn children(&self, of: usize) -> impl Iterator<Item = (usize, &Node)> {
        let children = self.children.get(of).into_iter().flatten();
        children.filter_map(|at| Some((*at, self.nodes.get(*at)?)))
    }

    /// The node with this path. If there are several, the last one counts.
    pub fn find(&self, path: &[&str]) -> Option<usize> {
        let mut at = 0;
        for name in path {
            at = self.children(at).filter(|(_, node)| node.name == *name).last()?.0;
        }
        Some(at)
    }

    /// The node to remove: this one, its parent, or an ancestor that would be empty without it.
    pub fn outermost(&self, text: &str, at: usize, with: With) -> usize {
        let parent = self.nodes.get(at).and_then(|node| node.parent).filter(|at| *at != 0);
        if let Some(parent) = parent.filter(|parent| with == With::WhatIsEmpty && self.holds_only(text, *parent, at)) {
            return parent;
        }
        let mut at = at;
        let mut left = usize::from(with == With::WhatItIsIn);
        while let Some(parent) = self.nodes.get(at).and_then(|node| node.parent) {
            let is_emptied = self.drops_empty
                && self
                    .nodes
                    .get(parent)
                    .is_some_and(|node| node.parent.is_some() && matches!(node.inside, Inside::Block))
                && self.children(parent).count() == 1;
            if left == 0 && !is_emptied {
                break;
            }
            left = left.saturating_sub(1);
            at = parent;
        }
        at
    }

    /// True if the parent contains nothing else, not even a comment.
    fn holds_only(&self, text: &str, parent: usize, child: usize) -> bool {
        let (Some(outer), Some(inner)) = (self.nodes.get(parent), self.nodes.get(child)) else { return false };
        let (from, to) = match outer.inside {
            Inside::Commas => (outer.value.start + 1, outer.value.end.saturating_sub(1)),
            // The line with its name.
            _ => (lines(text, &(outer.entry.start..outer.entry.start)).end, inner.entry.end),
        };
        let around = [from..inner.entry.start, inner.entry.end..to];
        let is_bare = |range: Range<usize>| {
            text.get(range).is_some_and(|text| text.trim_matches(|c: char| c.is_whitespace() || c == ',').is_empty())
        };
        self.children(parent).count() == 1 && around.into_iter().all(is_bare)
    }

    /// The position of a node with everything inside it.
    pub fn extent(&self, at: usize) -> Option<Range<usize>> {
        let node = self.nodes.get(at)?;
        let last = self.children(at).map(|(_, child)| child.entry.end).max();
        let is_block = matches!(node.inside, Inside::Block);
        let end = last.filter(|_| is_block).map_or(node.entry.end, |last| last.max(node.entry.end));
        Some(node.entry.start..end)
    }

    /// True if one node is the other, or inside it.
    pub fn is_in(&self, at: usize, other: usize) -> bool {
        let mut next = Some(at);
        while let Some(here) = next {
            if here == other {
                return true;
            }
            next = self.nodes.get(here).and_then(|node| node.parent);
        }
        false
    }

    /// The text without a node.
    pub fn without(&self, text: &str, at: usize) -> Option<Zeroizing<String>> {
        let node = self.nodes.get(at)?;
        let parent = node.parent.and_then(|at| self.nodes.get(at))?;
        let mut siblings: Vec<&Node> = self.children(node.parent?).map(|(_, node)| node).collect();
        siblings.sort_by_key(|node| node.entry.start);
        let place = siblings.iter().position(|other| std::ptr::eq(*other, node))?;
        let before = place.checked_sub(1).and_then(|at| siblings.get(at)).map(|node| node.entry.end);
        let after = siblings.get(place + 1).map(|node| node.entry.start);
        let cuts = match parent.inside {
            Inside::Commas => self.cuts_in_list(text, &node.entry, before),
            _ if begins_its_line(text, node.entry.start) => vec![lines(text, &self.extent(at)?)],
            // The first of several members after the dash of a list.
            _ => {
                let up_to_the_next = node.entry.start..after?;
                vec![up_to_the_next]
            }
        };
        replaced(text, &mut cuts.into_iter().map(|cut| (cut, String::new())).collect::<Vec<_>>())
    }

    fn cuts_in_list(&self, text: &str, entry: &Range<usize>, before: Option<usize>) -> Vec<Range<usize>> {
        let comma_after = self.comma(text, entry.end).filter(|comma| *comma >= entry.end);
        let end = comma_after.map_or(entry.end, |comma| comma + 1);
        let line = lines(text, &(entry.start..end));
        let rest = text.get(end..line.end).unwrap_or_default();
        let is_alone = begins_its_line(text, entry.start) && (rest.trim().is_empty() || self.is_comment(rest));
        let comma_before = before.filter(|_| comma_after.is_none()).and_then(|end| self.comma(text, end));
        match (is_alone, comma_before) {
            (true, Some(comma)) => vec![comma..comma + 1, line],
            (true, None) => vec![line],
            (false, Some(comma)) => match text.get(comma + 1..entry.start) {
                Some(gap) if gap.trim().is_empty() => {
                    let with_comma = comma..entry.end;
                    vec![with_comma]
                }
                _ => vec![comma..comma + 1, entry.clone()],
            },
            (false, None) => {
                let blanks = text.get(end..).unwrap_or_default();
                let blanks = blanks.len() - blanks.trim_start_matches([' ', '\t']).len();
                let with_comma = entry.start..end + if comma_after.is_some() { blanks } else { 0 };
                vec![with_comma]
            }
        }
    }

    fn is_comment(&self, rest: &str) -> bool {
        rest.trim_start().starts_with(self.comment)
    }

    /// The next comma, if only blanks and comments are before it.
    fn comma(&self, text: &str, from: usize) -> Option<usize> {
        let mut at = from;
        loop {
            let rest = text.get(at..)?;
            let trimmed = rest.trim_start();
            at += rest.len() - trimmed.len();
            if trimmed.starts_with(',') {
                return Some(at);
            } else if trimmed.starts_with(self.comment) {
                at += trimmed.find('\n')?;
            } else if self.comment == "//" && trimmed.starts_with("/*") {
                at += trimmed.find("*/")? + 2;
            } else {
                return None;
            }
        }
    }
}
