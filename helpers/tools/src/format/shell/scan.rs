//! The positions of commands, words and comments in a shell script. Text in quotation marks, in `$(…)` or in a here-document is not a
//! command.

use std::collections::HashMap;
use std::ops::Range;

use crate::format::Shell;
use crate::format::leaf::start;

/// A simple command: its words, and what is before and after it.
#[derive(Default)]
pub struct Command {
    pub words: Vec<Range<usize>>,
    /// True if `&&`, `||`, `|` or brackets connect it to another one.
    pub is_joined: bool,
    /// The end, with the `;` there.
    pub end: usize,
}

#[derive(Default)]
pub struct Script {
    pub commands: Vec<Command>,
    pub comments: Vec<Range<usize>>,
}

pub fn scan(text: &str, shell: Shell) -> Script {
    let mut scan = Scan {
        bytes: text.as_bytes(),
        at: start(text),
        script: Script::default(),
        now: Command::default(),
        is_fish: shell == Shell::Fish,
        no_arithmetic_before: 0,
        last_lines: None,
    };
    let mut delimiters: Vec<String> = Vec::new();
    let mut is_joined = false;
    while let Some(byte) = scan.peek(0) {
        match byte {
            b' ' | b'\t' | b'\r' => scan.at += 1,
            b'\\' if scan.peek(1) == Some(b'\n') => scan.at += 2,
            b'\n' => {
                scan.at += 1;
                is_joined &= scan.now.words.is_empty();
                scan.end(false);
                for delimiter in delimiters.drain(..) {
                    scan.skip_document(text, &delimiter);
                }
            }
            b'#' => {
                let from = scan.at;
                scan.at = text.get(from..).and_then(|rest| rest.find('\n')).map_or(text.len(), |length| from + length);
                scan.script.comments.push(from..scan.at);
            }
            b';' => {
                scan.at += 1;
                scan.end(is_joined);
                is_joined = false;
            }
            b'(' if scan.is_arithmetic() => {}
            b'&' | b'|' | b'(' | b')' => {
                scan.at += 1;
                scan.end(true);
                is_joined = true;
            }
            // `<<<` is followed by a word, and begins no here-document.
            b'<' if scan.peek(1) == Some(b'<') && scan.peek(2) == Some(b'<') => scan.at += 3,
            b'<' | b'>' => {
                let is_document = byte == b'<' && scan.peek(1) == Some(b'<') && !scan.is_fish;
                scan.at += 1;
                if is_document {
                    scan.at += 1 + usize::from(scan.peek(1) == Some(b'-'));
                    while matches!(scan.peek(0), Some(b' ' | b'\t')) {
                        scan.at += 1;
                    }
                    let from = scan.at;
                    scan.word();
                    let word = text.get(from..scan.at).unwrap_or_default();
                    delimiters.push(word.replace(['\'', '"', '\\'], ""));
                }
            }
            _ => {
                let from = scan.at;
                scan.word();
                scan.at = scan.at.max(from + 1);
                scan.now.words.push(from..scan.at);
                scan.now.is_joined |= is_joined;
            }
        }
    }
    scan.end(is_joined);
    scan.script
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    script: Script,
    now: Command,
    is_fish: bool,
    /// Brackets before this position were checked, and are not arithmetic.
    no_arithmetic_before: usize,
    /// Where each line occurs for the last time.
    last_lines: Option<HashMap<&'a str, usize>>,
}

impl<'a> Scan<'a> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn end(&mut self, is_joined: bool) {
        let mut command = std::mem::take(&mut self.now);
        if !command.words.is_empty() {
            command.is_joined |= is_joined;
            command.end = self.at;
            self.script.commands.push(command);
        }
    }

    /// Skips a word.
    fn word(&mut self) {
        while let Some(byte) = self.peek(0) {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')' => return,
                b'\\' => self.at += 2,
                b'\'' | b'"' | b'`' => self.quoted(byte),
                b'$' if matches!(self.peek(1), Some(b'(' | b'{')) => self.bracketed(1),
                b'$' if self.peek(1) == Some(b'\'') && !self.is_fish => {
                    self.at += 1;
                    self.escaped();
                }
                _ => self.at += 1,
            }
        }
        self.at = self.at.min(self.bytes.len());
    }

    fn quoted(&mut self, quote: u8) {
        if quote == b'\'' && self.is_fish {
            return self.escaped();
        }
        self.at += 1;
        while let Some(byte) = self.peek(0) {
            match byte {
                b'\\' if quote != b'\'' => self.at += 2,
                b'$' if quote == b'"' && self.peek(1) == Some(b'(') => self.bracketed(1),
                _ if byte == quote => {
                    self.at += 1;
                    return;
                }
                _ => self.at += 1,
            }
        }
        self.at = self.at.min(self.bytes.len());
    }

    /// Skips `'…'` in which `\'` does not end it: fish's, and `$'…'`.
    fn escaped(&mut self) {
        self.at += 1;
        while let Some(byte) = self.peek(0) {
            self.at += if byte == b'\\' { 2 } else { 1 };
            if byte == b'\'' {
                break;
            }
        }
        self.at = self.at.min(self.bytes.len());
    }

    /// Skips `((…))`, in which `<<` is a shift. `( (…) …)` contains commands.
    fn is_arithmetic(&mut self) -> bool {
        if self.peek(1) != Some(b'(') || self.at < self.no_arithmetic_before {
            return false;
        }
        let from = self.at;
        self.bracketed(0);
        let is_one = self.bytes.get(from..self.at).is_some_and(|text| text.ends_with(b"))"));
        if !is_one {
            (self.no_arithmetic_before, self.at) = (self.at, from);
        }
        is_one
    }

    /// Skips `$(…)` or `${…}`, with `before` bytes in front of the bracket. Not recursive, so deep nesting cannot overflow the stack.
    fn bracketed(&mut self, before: usize) {
        let mut depth = 0_usize;
        self.at += before;
        while let Some(byte) = self.peek(0) {
            match byte {
                b'\\' => self.at += 1,
                b'(' | b'{' => depth += 1,
                b')' | b'}' => depth = depth.saturating_sub(1),
                b'\'' | b'"' => {
                    let rest = self.bytes.get(self.at + 1..).unwrap_or_default();
                    self.at += 1 + rest.iter().position(|other| *other == byte).unwrap_or(rest.len());
                }
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                break;
            }
        }
        self.at = self.at.min(self.bytes.len());
    }

    /// Skips a here-document. Without its last line, it was not one.
    fn skip_document(&mut self, text: &'a str, delimiter: &str) {
        let lines = |from: usize| {
            let mut at = from;
            text.get(from..).unwrap_or_default().split_inclusive('\n').map(move |line| {
                at += line.len();
                (line.trim(), at)
            })
        };
        let last_lines = self.last_lines.get_or_insert_with(|| lines(0).collect());
        if last_lines.get(delimiter).is_some_and(|end| *end > self.at) {
            self.at = lines(self.at).find(|(line, _)| *line == delimiter).map_or(self.at, |(_, end)| end);
        }
    }
}
