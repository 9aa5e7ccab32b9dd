//! Edits JSON as bytes: every byte that is not removed or inserted stays the same. Nothing here recurses, so deep nesting cannot exhaust
//! the stack.

use std::ops::Range;

use serde::de::IgnoredAny;
use zeroize::Zeroizing;

/// A member of an object, with the positions of its parts.
#[derive(Debug, Clone)]
pub struct Member {
    pub name: String,
    pub key: Range<usize>,
    pub value: Range<usize>,
}

/// Whether a text is JSON; if not, the line and column of the error. The other functions here need a text that is.
pub fn check(text: &str) -> Result<(), (usize, usize)> {
    let document = text.strip_prefix(MARK).unwrap_or(text);
    match serde_json::from_str::<IgnoredAny>(document) {
        Ok(_) => Ok(()),
        Err(problem) => Err((problem.line(), problem.column())),
    }
}

/// The byte order mark that Windows editors put at the start.
const MARK: &str = "\u{feff}";

/// The position of the document itself.
pub fn root(text: &str) -> Range<usize> {
    let start = skip_white(text, if text.starts_with(MARK) { MARK.len() } else { 0 });
    start..text.trim_end_matches(WHITE).len()
}

/// The members of an object, also if a name occurs twice; `None` if it is not an object.
pub fn members(text: &str, object: &Range<usize>) -> Option<Vec<Member>> {
    if byte(text, object.start) != b'{' {
        return None;
    }
    let mut members = Vec::new();
    let mut at = skip_white(text, object.start + 1);
    while byte(text, at) == b'"' {
        let key = at..end_of_value(text, at);
        // After the colon.
        let start = skip_white(text, skip_white(text, key.end) + 1);
        let value = start..end_of_value(text, start);
        at = skip_white(text, value.end);
        if byte(text, at) == b',' {
            at = skip_white(text, at + 1);
        }
        // A name that is not text (half a surrogate pair) is never looked up.
        let name = string(text, &key).unwrap_or_default();
        members.push(Member { name, key, value });
    }
    Some(members)
}

/// The text of a string; `None` if it is not a string, or has half a surrogate pair.
pub fn string(text: &str, value: &Range<usize>) -> Option<String> {
    serde_json::from_str(text.get(value.clone())?).ok()
}

/// The ranges to cut so that an object loses some members and stays valid.
fn cuts(text: &str, object: &Range<usize>, gone: impl Fn(&Member) -> bool) -> Vec<Range<usize>> {
    let members = members(text, object).unwrap_or_default();
    let mut cuts = Vec::new();
    let mut end_of_kept = None;
    let mut start_of_gone = None;
    for member in &members {
        match (gone(member), end_of_kept) {
            (true, Some(end)) => cuts.push(end..member.value.end),
            (true, None) => start_of_gone = start_of_gone.or(Some(member.key.start)),
            (false, _) => {
                cuts.extend(start_of_gone.take().map(|start| start..member.key.start));
            }
        }
        // The end also moves past removed members: the next cut begins where this one ended.
        if !gone(member) || end_of_kept.is_some() {
            end_of_kept = Some(member.value.end);
        }
    }
    if start_of_gone.is_some() {
        cuts.push(object.start + 1..object.end - 1);
    }
    cuts
}

/// The document without some members of its objects, and the new positions of these objects. No object may be inside another. `None` if
/// anything else would change.
pub fn without(
    text: &str,
    objects: &[&Range<usize>],
    gone: impl Fn(&Range<usize>, &Member) -> bool,
) -> Option<(Zeroizing<String>, Vec<Range<usize>>)> {
    let mut edited = Zeroizing::new(String::with_capacity(text.len()));
    let mut places = Vec::with_capacity(objects.len());
    let mut at = 0;
    for object in objects {
        edited.push_str(text.get(at..object.start)?);
        let start = edited.len();
        at = object.start;
        for cut in cuts(text, object, |member| gone(object, member)) {
            edited.push_str(text.get(at..cut.start)?);
            at = cut.end;
        }
        edited.push_str(text.get(at..object.end)?);
        at = object.end;
        places.push(start..edited.len());
    }
    edited.push_str(text.get(at..)?);
    check(&edited).ok()?;
    // The text around the objects is the same. They are the same objects if each still ends at the right position, and has the remaining
    // members.
    let is_the_rest = |object: &Range<usize>, place: &Range<usize>| {
        let kept = members(text, object).unwrap_or_default().into_iter().filter(|member| !gone(object, member));
        let left = members(&edited, place).unwrap_or_default();
        end_of_value(&edited, place.start) == place.end
            && kept.map(|member| written(text, &member)).eq(left.iter().map(|member| written(&edited, member)))
    };
    let are_the_rest = objects.iter().zip(&places).all(|(object, place)| is_the_rest(object, place));
    are_the_rest.then_some((edited, places))
}

/// The key and the value of a member, as they are written.
fn written<'a>(text: &'a str, member: &Member) -> [Option<&'a str>; 2] {
    [text.get(member.key.clone()), text.get(member.value.clone())]
}

/// The style in which the members of an object are written, for a new one at its end.
struct Layout {
    at: usize,
    comma: &'static str,
    colon: String,
    gap: String,
    /// The whitespace before the members of an object; `None` if objects are on one line.
    inner_gap: Option<String>,
}

impl Layout {
    fn of(text: &str, object: &Range<usize>) -> Option<Self> {
        let members = members(text, object)?;
        let Some(last) = members.last() else {
            let (at, colon) = (object.start + 1, ": ".to_owned());
            return Some(Self { at, comma: "", colon, gap: String::new(), inner_gap: None });
        };
        let before = text.get(..last.key.start)?;
        let gap = before.get(before.trim_end_matches(WHITE).len()..)?;
        let colon = text.get(last.key.end..last.value.start)?;
        let (gap, inner_gap) = match gap.rfind('\n') {
            Some(line) => {
                let start = line - usize::from(gap.get(..line)?.ends_with('\r'));
                let gap = gap.get(start..)?;
                let around = text.get(last.value.end..object.end - 1)?;
                let unit = gap.strip_prefix(around).filter(|unit| !unit.is_empty()).unwrap_or("  ");
                (gap.to_owned(), Some(format!("{gap}{unit}")))
            }
            None if members.len() > 1 => (gap.to_owned(), None),
            None => (colon.get(colon.find(':')? + 1..)?.to_owned(), None),
        };
        Some(Self { at: last.value.end, comma: ",", colon: colon.to_owned(), gap, inner_gap })
    }

    fn put(&self, text: &str, name: &str, value: &str) -> Option<String> {
        let Self { at, comma, colon, gap, .. } = self;
        Some(format!("{}{comma}{gap}{}{colon}{value}{}", text.get(..*at)?, quoted(name), text.get(*at..)?))
    }
}

/// A document with one more member at the end of an object, in the style of the others. The value is an object of strings.
pub fn insert(text: &str, object: &Range<usize>, name: &str, value: &[(&str, &str)]) -> Option<String> {
    let layout = Layout::of(text, object)?;
    let Layout { comma, colon, gap, .. } = &layout;
    let pairs: Vec<_> = value.iter().map(|(name, text)| format!("{}{colon}{}", quoted(name), quoted(text))).collect();
    let value = match &layout.inner_gap {
        Some(inner) => format!("{{{inner}{}{gap}}}", pairs.join(&format!(",{inner}"))),
        None => {
            format!("{{{}}}", pairs.join(if comma.is_empty() { ", ".to_owned() } else { format!(",{gap}") }.as_str()))
        }
    };
    layout.put(text, name, &value)
}

/// The same with a value that is already JSON.
pub fn insert_raw(text: &str, object: &Range<usize>, name: &str, value: &str) -> Option<String> {
    Layout::of(text, object)?.put(text, name, value)
}

const WHITE: [char; 4] = [' ', '\t', '\n', '\r'];

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

fn byte(text: &str, at: usize) -> u8 {
    text.as_bytes().get(at).copied().unwrap_or(b'\0')
}

fn skip_white(text: &str, mut at: usize) -> usize {
    while matches!(byte(text, at), b' ' | b'\t' | b'\n' | b'\r') {
        at += 1;
    }
    at
}

fn end_of_string(text: &str, start: usize) -> usize {
    let mut at = start + 1;
    while let Some(length) = text.as_bytes().get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += length;
        if byte(text, at) == b'"' {
            return at + 1;
        }
        at += 2;
    }
    text.len()
}

fn end_of_value(text: &str, start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while at < text.len() {
        match byte(text, at) {
            b'"' => at = end_of_string(text, at) - 1,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return at,
            b'}' | b']' => depth -= 1,
            b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => return at,
            _ if depth == 0 => {
                at += 1;
                continue;
            }
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return at;
        }
    }
    at
}

#[cfg(test)]
mod tests;
