//! INI as Python's `configparser` writes it: sections, and a line for each option.

use std::ops::Range;

use zeroize::Zeroizing;

use super::leaf::{Kind, Leaf, lines, replaced, start};

/// An option, its line, and its section.
pub struct Line {
    pub leaf: Leaf,
    lines: Range<usize>,
    section: Range<usize>,
}

/// # Errors
/// The number of the first line that is neither section, option nor comment.
pub fn read(text: &str) -> Result<Vec<Line>, usize> {
    let mut found: Vec<Line> = Vec::new();
    let (mut at, mut number, mut begun) = (start(text), 0, None::<(String, usize)>);
    while at < text.len() {
        number += 1;
        let line = lines(text, &(at..at));
        let whole = text.get(line.clone()).unwrap_or_default();
        let content = whole.trim();
        if content.starts_with('[') && content.ends_with(']') {
            end_section(&mut found, begun.as_ref(), line.start);
            begun = Some((content.trim_matches(['[', ']']).to_owned(), line.start));
        } else if let (Some((name, value)), Some((section, _))) = (content.split_once(['=', ':']), &begun) {
            let value = value.trim();
            let end = line.start + whole.trim_end().len();
            let leaf = Leaf {
                path: vec![section.clone(), name.trim().to_owned()],
                text: Zeroizing::new(value.to_owned()),
                at: end - value.len()..end,
                kind: if content.starts_with(['#', ';']) { Kind::Comment } else { Kind::Text },
            };
            found.push(Line { leaf, lines: line.clone(), section: 0..0 });
        } else if !content.is_empty() && !content.starts_with(['#', ';']) {
            return Err(number);
        }
        at = line.end.max(at + 1);
    }
    end_section(&mut found, begun.as_ref(), text.len());
    Ok(found)
}

fn end_section(found: &mut [Line], begun: Option<&(String, usize)>, end: usize) {
    let Some((_, start)) = begun else { return };
    for line in found.iter_mut().filter(|line| line.section.is_empty()) {
        line.section = *start..end;
    }
}

/// The text without an option, and without its section if that is then empty.
pub fn without(text: &str, at: usize) -> Option<Zeroizing<String>> {
    let found = read(text).ok()?;
    let line = found.get(at)?;
    let is_all = found.iter().filter(|other| other.section == line.section).count() == 1;
    let cut = if is_all { &line.section } else { &line.lines };
    replaced(text, &mut [(cut.clone(), String::new())])
}
