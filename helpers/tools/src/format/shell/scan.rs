//! The positions of commands, words and comments in a shell script. Text in quotation marks, in `$(…)` or in a here-document is not a
//! command.

use std::ops::Range;

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

pub fn scan(text: &str) -> Script {
    let mut scan = Scan { bytes: text.as_bytes(), at: start(text), script: Script::default(), now: Command::default() };
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
            b'&' | b'|' | b'(' | b')' => {
                scan.at += 1;
                scan.end(true);
                is_joined = true;
            }
            b'<' | b'>' => {
                let is_document = byte == b'<' && scan.peek(1) == Some(b'<') && scan.peek(2) != Some(b'<');
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
}

impl Scan<'_> {
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
                b'$' if matches!(self.peek(1), Some(b'(' | b'{')) => self.bracketed(),
                _ => self.at += 1,
            }
        }
        self.at = self.at.min(self.bytes.len());
    }

    fn quoted(&mut self, quote: u8) {
        self.at += 1;
        while let Some(byte) = self.peek(0) {
            match byte {
                b'\\' if quote != b'\'' => self.at += 2,
                b'$' if quote == b'"' && self.peek(1) == Some(b'(') => self.bracketed(),
                _ if byte == quote => {
                    self.at += 1;
                    return;
                }
                _ => self.at += 1,
            }
        }
        self.at = self.at.min(self.bytes.len());
    }

    /// Skips `$(…)` or `${…}`. Deep nesting cannot exhaust the stack.
    fn bracketed(&mut self) {
        let mut depth = 0_usize;
        self.at += 1;
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

    fn skip_document(&mut self, text: &str, delimiter: &str) {
        for line in text.get(self.at..).unwrap_or_default().split_inclusive('\n') {
            self.at += line.len();
            if line.trim() == delimiter {
                break;
            }
        }
    }
}
