//! Lists of passwords for hosts: `~/.netrc`, and the file of git's helper `store`. The path of a leaf consists of the protocol, the host
//! and the user.

use std::ops::Range;

use zeroize::Zeroizing;

use super::leaf::{Kind, Leaf, lines, replaced};

/// A password, and its surroundings.
pub struct Login {
    pub leaf: Leaf,
    whole: Range<usize>,
}

/// `machine HOST login USER password KEY`, on one or more lines. Text from `macdef` to an empty line is a macro.
pub fn netrc(text: &str) -> Vec<Login> {
    let mut found = Vec::new();
    let mut machine = Machine::default();
    let mut words = words(text).peekable();
    while let Some((at, word)) = words.next() {
        match word {
            "machine" | "default" | "macdef" => {
                found.extend(std::mem::take(&mut machine).login());
                machine.whole = at..at + word.len();
            }
            _ => {}
        }
        if word == "macdef" {
            let rest = text.get(at..).unwrap_or_default();
            let end = at + rest.find("\n\n").unwrap_or(rest.len());
            while words.next_if(|(at, _)| *at < end).is_some() {}
        } else if matches!(word, "machine" | "login" | "user" | "account" | "password")
            && let Some((at, value)) = words.next()
        {
            machine.whole.end = at + value.len();
            match word {
                "machine" => machine.host = value,
                "login" | "user" => machine.user = value,
                "password" => machine.password = Some((value, at..at + value.len())),
                _ => {}
            }
        }
    }
    found.extend(machine.login());
    found
}

#[derive(Default)]
struct Machine<'a> {
    host: &'a str,
    user: &'a str,
    password: Option<(&'a str, Range<usize>)>,
    whole: Range<usize>,
}

impl Machine<'_> {
    fn login(self) -> Option<Login> {
        let (key, at) = self.password.filter(|_| !self.host.is_empty())?;
        let path = ["https", self.host, self.user].map(str::to_owned).to_vec();
        Some(Login { leaf: leaf(path, key, at), whole: self.whole })
    }
}

fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = text.get(at..)?;
            let skipped = rest.len() - rest.trim_start().len();
            let rest = rest.trim_start();
            at += skipped;
            let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let word = rest.get(..length).filter(|word| !word.is_empty())?;
            if word.starts_with('#') {
                at += rest.find('\n').unwrap_or(rest.len());
                continue;
            }
            let begin = at;
            at += length;
            return Some((begin, word));
        }
    })
}

/// A URL on each line: `https://USER:KEY@HOST`.
pub fn git(text: &str) -> Vec<Login> {
    let mut found = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let begin = at;
        at += line.len();
        let url = line.trim();
        let Some((protocol, rest)) = url.split_once("://") else { continue };
        let Some((login, host)) = rest.split_once('@') else { continue };
        let Some((user, key)) = login.split_once(':') else { continue };
        let host = host.trim_end_matches('/').replace("%3a", ":");
        let start = begin + line.find("://").unwrap_or(0) + 3 + user.len() + 1;
        let leaf = leaf(vec![protocol.to_owned(), host, user.to_owned()], key, start..start + key.len());
        found.push(Login { leaf, whole: begin..at });
    }
    found
}

fn leaf(path: Vec<String>, text: &str, at: Range<usize>) -> Leaf {
    Leaf { path, text: Zeroizing::new(text.to_owned()), at, kind: Kind::Text }
}

/// The text without one login, and without its lines if nothing else is on them.
pub fn without(text: &str, found: &[Login], at: usize) -> Option<Zeroizing<String>> {
    let whole = &found.get(at)?.whole;
    let lines = lines(text, whole);
    let around = [lines.start..whole.start, whole.end..lines.end];
    let is_alone = around.iter().all(|range| text.get(range.clone()).is_some_and(|part| part.trim().is_empty()));
    replaced(text, &mut [(if is_alone { lines } else { whole.clone() }, String::new())])
}
