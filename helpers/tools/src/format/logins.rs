//! Lists of passwords for hosts: `~/.netrc`, and the file of git's helper `store`. The path of a leaf consists of the protocol, the host
//! and the user.

use std::ops::Range;

use zeroize::Zeroizing;

use super::leaf::{Kind, Leaf, lines, replaced};

/// A password, and its surroundings.
pub struct Login {
    pub leaf: Leaf,
    whole: Range<usize>,
    /// True if something else stands inside it, which would be removed with it.
    holds_more: bool,
}

/// `machine HOST login USER password KEY`, on one or more lines. Text from `macdef` to an empty line is a macro.
pub fn netrc(text: &str) -> Vec<Login> {
    let mut found = Vec::new();
    let mut machine = Machine::default();
    let mut words = words(text).peekable();
    while let Some((at, word)) = words.next() {
        match word {
            "machine" | "default" | "macdef" => {
                found.extend(std::mem::take(&mut machine).login(text));
                machine.whole = at..at + word.len();
            }
            "login" | "user" | "account" | "password" => {}
            _ => machine.is_interrupted = true,
        }
        if word == "macdef" {
            let rest = text.get(at..).unwrap_or_default();
            let end = at + rest.find("\n\n").unwrap_or(rest.len());
            while words.next_if(|(at, _)| *at < end).is_some() {}
        } else if matches!(word, "machine" | "login" | "user" | "account" | "password")
            && let Some((at, value)) = words.next()
        {
            machine.whole.end = at + value.len();
            let is_second = word == "password" && machine.password.is_some();
            machine.holds_more |= machine.is_interrupted || is_second;
            match word {
                "machine" => machine.host = value,
                "login" | "user" => machine.user = value,
                "password" => machine.password = Some((value, at..at + value.len())),
                _ => {}
            }
        }
    }
    found.extend(machine.login(text));
    found
}

#[derive(Default)]
struct Machine<'a> {
    host: &'a str,
    user: &'a str,
    password: Option<(&'a str, Range<usize>)>,
    whole: Range<usize>,
    /// True if the last word did not belong to it.
    is_interrupted: bool,
    holds_more: bool,
}

impl Machine<'_> {
    fn login(self, text: &str) -> Option<Login> {
        let (key, at) = self.password.filter(|_| !self.host.is_empty())?;
        let path = ["https", self.host, self.user].map(str::to_owned).to_vec();
        let is_comment = |line: &str| line.split_whitespace().any(|word| word.starts_with('#'));
        let holds_more =
            self.holds_more || text.get(self.whole.clone()).is_some_and(|text| text.lines().any(is_comment));
        Some(Login { leaf: leaf(path, key, at), whole: self.whole, holds_more })
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
        let start = begin + line.find("://").unwrap_or(0) + 3 + user.len() + 1;
        let host = decoded(host.trim_end_matches('/'));
        let parts = host.zip(decoded(user)).zip(decoded(key));
        let leaf = match &parts {
            Some(((host, user), said)) => {
                leaf(vec![protocol.to_owned(), host.to_string(), user.to_string()], said, start..start + key.len())
            }
            // git would send bytes that are not text.
            None => Leaf { kind: Kind::Other, ..leaf(vec![protocol.to_owned()], key, start..start + key.len()) },
        };
        found.push(Login { leaf, whole: begin..at, holds_more: false });
    }
    found
}

/// Decodes git's percent-encoding as git does: a `%` that begins no code stays. `None`: the result is not text.
fn decoded(text: &str) -> Option<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.first_chunk::<2>().filter(|_| *first == b'%');
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        match code.and_then(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    std::str::from_utf8(&bytes).ok().map(|text| Zeroizing::new(text.to_owned()))
}

fn leaf(path: Vec<String>, text: &str, at: Range<usize>) -> Leaf {
    Leaf { path, text: Zeroizing::new(text.to_owned()), at, kind: Kind::Text }
}

/// The text without one login, and without its lines if nothing else is on them.
pub fn without(text: &str, found: &[Login], at: usize) -> Option<Zeroizing<String>> {
    let Login { whole, .. } = found.get(at).filter(|login| !login.holds_more)?;
    let lines = lines(text, whole);
    let around = [lines.start..whole.start, whole.end..lines.end];
    let is_alone = around.iter().all(|range| text.get(range.clone()).is_some_and(|part| part.trim().is_empty()));
    replaced(text, &mut [(if is_alone { lines } else { whole.clone() }, String::new())])
}
