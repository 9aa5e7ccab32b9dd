//! `sed -n 's/PATTERN/TEXT/p'`: prints the lines in which something was replaced.

/// A part of a pattern: a character, or any number of characters.
enum Part {
    One(char),
    Many(Set),
}

enum Set {
    Any,
    Of(Vec<(char, char)>),
}

impl Set {
    fn has(&self, character: char) -> bool {
        match self {
            Self::Any => true,
            Self::Of(ranges) => ranges.iter().any(|(from, to)| (*from..=*to).contains(&character)),
        }
    }
}

/// Replaces the first match of each line. Lines without a match are omitted.
pub fn replaced(script: &str, text: &str) -> Result<String, String> {
    let unknown = || format!("`sed -n '{script}'` is not understood");
    let words = script.strip_prefix("s/").and_then(|rest| rest.strip_suffix("/p")).ok_or_else(unknown)?;
    let (pattern, with) = words.split_once('/').ok_or_else(unknown)?;
    let pattern = parts(pattern).ok_or_else(unknown)?;
    let line = |line: &str| {
        let (at, length) = (0..=line.len()).find_map(|at| Some((at, fits(&pattern, line.get(at..)?)?)))?;
        Some(format!("{}{with}{}\n", &line[..at], &line[at + length..]))
    };
    Ok(text.lines().filter_map(line).collect())
}

fn parts(pattern: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix(".*") {
            parts.push(Part::Many(Set::Any));
            rest = after;
        } else if let Some((set, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once("]*")) {
            parts.push(Part::Many(Set::Of(ranges(set))));
            rest = after;
        } else if "\\^$.*[".contains(first) {
            return None;
        } else {
            parts.push(Part::One(first));
            rest = &rest[first.len_utf8()..];
        }
    }
    Some(parts)
}

fn ranges(set: &str) -> Vec<(char, char)> {
    let characters: Vec<char> = set.chars().collect();
    let mut ranges = Vec::new();
    let mut at = 0;
    while let Some(&from) = characters.get(at) {
        let to = characters.get(at + 2).filter(|_| characters.get(at + 1) == Some(&'-'));
        ranges.push((from, to.copied().unwrap_or(from)));
        at += if to.is_some() { 3 } else { 1 };
    }
    ranges
}

/// The length of the longest match at the beginning of a text.
fn fits(pattern: &[Part], text: &str) -> Option<usize> {
    match pattern.split_first() {
        None => Some(0),
        Some((Part::One(wanted), rest)) => {
            text.strip_prefix(*wanted).and_then(|after| fits(rest, after)).map(|length| wanted.len_utf8() + length)
        }
        Some((Part::Many(set), rest)) => {
            let most = text.find(|character| !set.has(character)).unwrap_or(text.len());
            (0..=most).rev().find_map(|taken| Some(taken + fits(rest, text.get(taken..)?)?))
        }
    }
}
