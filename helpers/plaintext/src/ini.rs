//! The plain-text file of `keyrings.alt`: INI as Python's `configparser` writes it. Sections and options are escaped with `_XX`, values are
//! base64 on one or more indented lines.

use std::ops::Range;

/// An option of a section, and its lines.
pub struct Item {
    pub section: String,
    pub option: String,
    pub value: String,
    pub lines: Range<usize>,
}

/// Every option in the file. Comments and empty lines are skipped.
///
/// # Errors
/// The number of the first line that is anything else.
pub fn items(text: &str) -> Result<Vec<Item>, usize> {
    let mut items: Vec<Item> = Vec::new();
    let mut section = None;
    let mut open = false;
    let mut start = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let lines = start..start + line.len();
        start = lines.end;
        let indented = line.starts_with([' ', '\t']);
        let content = line.trim();
        if indented && open {
            if let Some(item) = items.last_mut() {
                // Empty lines inside belong to the value, those at its end do not.
                item.value.push_str(content);
                item.lines.end = lines.end;
            }
        } else if content.is_empty() || content.starts_with(['#', ';']) {
            open &= content.is_empty();
        } else if let Some(name) = content.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
            section = Some(unescape(name));
            open = false;
        } else if let (Some(section), Some((option, value))) = (&section, content.split_once(['=', ':'])) {
            let (section, option) = (section.clone(), unescape(option.trim()));
            items.push(Item { section, option, value: value.trim().to_owned(), lines });
            open = true;
        } else {
            return Err(number + 1);
        }
    }
    Ok(items)
}

/// The text without some options; `None` if the other options would change.
pub fn without(text: &str, mut cuts: Vec<Range<usize>>) -> Option<String> {
    cuts.sort_by_key(|cut| cut.start);
    let mut edited = String::with_capacity(text.len());
    let mut at = 0;
    for cut in &cuts {
        edited.push_str(text.get(at..cut.start)?);
        at = cut.end;
    }
    edited.push_str(text.get(at..)?);
    let (mut before, after) = (items(text).ok()?, items(&edited).ok()?);
    before.retain(|item| cuts.binary_search_by_key(&item.lines.start, |cut| cut.start).is_err());
    before.iter().map(what).eq(after.iter().map(what)).then_some(edited)
}

/// A text with one more option from another text, in the section with the same name, or in a new one at the end; `None` if the other
/// options would change. For example, an indented line would become part of the option before it.
pub fn with_lines(from: &str, lines: &Range<usize>, text: &str) -> Option<String> {
    let option = from.get(lines.clone())?;
    let header = from.get(..lines.start)?.lines().rfind(|line| line.starts_with('['))?.trim_end();
    let mut at = 0;
    let found = text.split_inclusive('\n').find_map(|line| {
        at += line.len();
        (line.trim_end() == header && line.ends_with('\n')).then_some(at)
    });
    let (before, after) = match found {
        Some(at) => (text.get(..at)?.to_owned(), text.get(at..)?),
        None => {
            let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
            (format!("{text}{gap}{header}\n"), "")
        }
    };
    let edited = format!("{before}{option}{after}");
    let (wanted, held, mut found) = (items(from).ok()?, items(text).ok()?, items(&edited).ok()?);
    let wanted = wanted.iter().find(|item| item.lines.start == lines.start)?;
    let new = found.remove(found.iter().position(|item| item.lines.start == before.len())?);
    (what(&new) == what(wanted) && found.iter().map(what).eq(held.iter().map(what))).then_some(edited)
}

/// The content of an option, without its position.
fn what(item: &Item) -> [&str; 3] {
    [&item.section, &item.option, &item.value]
}

fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = tail.get(..2).filter(|code| *first == b'_' && code.iter().all(u8::is_ascii_hexdigit));
        let code = code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = code.and_then(|_| tail.get(2..)).unwrap_or(tail);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_python_writes_is_read() {
        let text =
            "[https_3A_2F_2Fapi_2Eopenai_2Ecom]\ndefault = \n\tc2st\n\tMQ==\n\t\nwork = c2stMg==\n\n# note\n[x]\n";
        let items = items(text).unwrap();
        let seen: Vec<_> = items.iter().map(|i| (&*i.section, &*i.option, &*i.value, &text[i.lines.clone()])).collect();
        assert_eq!(
            seen,
            [
                ("https://api.openai.com", "default", "c2stMQ==", "default = \n\tc2st\n\tMQ==\n\t\n"),
                ("https://api.openai.com", "work", "c2stMg==", "work = c2stMg==\n"),
            ]
        );
    }

    #[test]
    fn a_line_that_is_neither_section_option_nor_comment_is_named_by_its_number() {
        assert_eq!(items("[a]\nb = c\nsecret\n").err(), Some(3));
        assert_eq!(items("b = c\n").err(), Some(1));
        assert_eq!(items("").unwrap().len(), 0);
    }

    #[test]
    fn what_is_put_back_takes_nothing_of_what_follows() {
        let from = "[a]\nkey = c2st\n";
        let lines = &items(from).unwrap()[0].lines.clone();
        assert_eq!(with_lines(from, lines, "[a]\n# note\n").as_deref(), Some("[a]\nkey = c2st\n# note\n"));
        for text in ["[a]\n  # note\n", "[a]\n  b = c\n"] {
            assert_eq!(with_lines(from, lines, text), None, "{text}");
        }
    }

    #[test]
    fn an_escape_is_one_whatever_the_case_and_what_is_none_stays() {
        assert_eq!(unescape("a_3A_3ab_zz_4"), "a::b_zz_4");
        assert_eq!(unescape("gr_C3_BC_5F"), "gr\u{fc}_");
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "[\\[\\]a=_3\n\t #]{0,60}") {
            for item in items(&text).unwrap_or_default() {
                proptest::prop_assert!(text.get(item.lines).is_some());
            }
        }
    }
}
