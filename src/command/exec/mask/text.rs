//! The output without what may be inside a key: colour codes, line ends with the indentation after them, and the `=` by which
//! quoted-printable breaks a line. These form a gap. A gap longer than any that tools make separates like text.

use std::ops::Range;

use memchr::memchr3;
use zeroize::Zeroizing;

const ESCAPE: u8 = 0x1b;

/// A longer sequence is not an escape sequence.
const LONGEST_ESCAPE: usize = 64;

/// A gap that is longer, or has more line ends, counts as a separator.
const LONGEST_GAP: usize = 256;
const MOST_LINE_ENDS: usize = 4;

/// The raw bytes, and the same without gaps.
#[derive(Default)]
pub struct Text {
    raw: Zeroizing<Vec<u8>>,
    /// How many bytes of `raw` were read. The rest is the beginning of a sequence.
    read: usize,
    bytes: Zeroizing<Vec<u8>>,
    /// Parts of `bytes` that are also contiguous in `raw`, with their positions in both.
    stretches: Vec<(usize, usize)>,
    gap: Gap,
}

/// The bytes that were skipped since the last byte of text.
#[derive(Default)]
struct Gap {
    length: usize,
    line_ends: usize,
}

/// The next part of the raw bytes, and its length.
enum Part {
    Text(usize),
    Gap(usize, usize),
    Unclear,
}

impl Text {
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn add(&mut self, piece: &[u8]) {
        self.raw.extend_from_slice(piece);
        self.read(false);
    }

    /// Nothing follows: an incomplete sequence is text.
    pub fn complete(&mut self) {
        self.read(true);
    }

    /// The position in the raw bytes of a byte of the text.
    pub fn place(&self, at: usize) -> usize {
        let stretch = self.stretches.partition_point(|(start, _)| *start <= at).saturating_sub(1);
        self.stretches.get(stretch).map_or(0, |(start, raw)| raw + at - start)
    }

    /// The position in the raw bytes of this byte of the text, or of the end of what was read.
    pub fn end_of(&self, at: Option<usize>) -> usize {
        at.map_or(self.read, |at| self.place(at))
    }

    /// Drops the text before this byte. Returns the number of raw bytes dropped.
    pub fn drop_before(&mut self, at: usize) -> usize {
        let raw = self.end_of((at < self.bytes.len()).then_some(at));
        let stretch = self.stretches.partition_point(|(start, _)| *start <= at).saturating_sub(1);
        self.stretches.drain(..stretch);
        if at >= self.bytes.len() {
            self.stretches.clear();
        }
        for (start, place) in &mut self.stretches {
            // The first part may be dropped partly.
            (*start, *place) = (start.saturating_sub(at), (*place).max(raw) - raw);
        }
        self.bytes.drain(..at);
        self.raw.drain(..raw);
        self.read -= raw;
        raw
    }

    /// The escape sequences between these raw bytes, so that colours stay as they were.
    pub fn escapes(&self, mut within: Range<usize>, output: &mut Vec<u8>) {
        while let Some(offset) = memchr::memchr(ESCAPE, &self.raw[within.clone()]) {
            within.start += offset;
            let length = escape(&self.raw[within.clone()]).flatten().unwrap_or(0);
            output.extend_from_slice(&self.raw[within.start..within.start + length]);
            within.start += length.max(1);
        }
    }

    fn read(&mut self, is_last: bool) {
        while self.read < self.raw.len() {
            let (text, gap) = match next(&self.raw[self.read..], &self.gap) {
                Part::Text(length) => (length, None),
                Part::Gap(length, line_ends) => (0, Some((length, line_ends))),
                Part::Unclear if is_last => (1, None),
                Part::Unclear => return,
            };
            let Some((length, line_ends)) = gap else {
                self.gap = Gap::default();
                self.keep(text);
                continue;
            };
            self.gap.length += length;
            self.gap.line_ends += line_ends;
            if self.gap.length > LONGEST_GAP || self.gap.line_ends > MOST_LINE_ENDS {
                self.keep(length);
            } else {
                self.read += length;
            }
        }
    }

    fn keep(&mut self, length: usize) {
        let is_joined = self.stretches.last().is_some_and(|(start, raw)| raw + self.bytes.len() - start == self.read);
        if !is_joined {
            self.stretches.push((self.bytes.len(), self.read));
        }
        let end = self.read + length;
        self.bytes.extend_from_slice(&self.raw[self.read..end]);
        self.read = end;
    }
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// The token at the start of `rest`, which must not be empty.
fn next(rest: &[u8], gap: &Gap) -> Part {
    match (rest[0], rest.get(1)) {
        (b'\n' | b'\r', _) => return Part::Gap(1, 1),
        (b' ' | b'\t', _) if gap.line_ends > 0 => return Part::Gap(1, 0),
        (b'=', None) => return Part::Unclear,
        (b'=', Some(b'\n' | b'\r')) => return Part::Gap(1, 0),
        (ESCAPE, Some(&ESCAPE)) => {
            let escapes = rest.iter().take_while(|byte| **byte == ESCAPE).count();
            return Part::Text(escapes - 1);
        }
        (ESCAPE, _) => {
            return match escape(rest) {
                Some(Some(length)) => Part::Gap(length, 0),
                Some(None) => Part::Unclear,
                None => Part::Text(1),
            };
        }
        _ => {}
    }
    let end = memchr3(b'\n', b'\r', ESCAPE, rest).unwrap_or(rest.len());
    // It may be the one before a line end.
    let is_break = end > 1 && rest[end - 1] == b'=' && rest.get(end).is_none_or(|byte| is_line_end(*byte));
    Part::Text(end - usize::from(is_break))
}

/// The length of the escape sequence at the start of `rest` (ECMA-48: a control sequence, or one of a few characters). `Some(None)` if it
/// is incomplete, `None` if there is none. A string sequence (a title, a link) is text, because it may be displayed.
fn escape(rest: &[u8]) -> Option<Option<usize>> {
    let mut at = 1;
    let is_control = rest.get(1) == Some(&b'[');
    if is_control {
        at = 2;
        at += rest[at..].iter().take(LONGEST_ESCAPE).take_while(|byte| matches!(byte, 0x30..=0x3f)).count();
    }
    at += rest.get(at..)?.iter().take(LONGEST_ESCAPE).take_while(|byte| matches!(byte, 0x20..=0x2f)).count();
    let is_short = at > 1 || !matches!(rest.get(1), Some(b']' | b'P' | b'X' | b'^' | b'_'));
    match rest.get(at) {
        _ if at >= LONGEST_ESCAPE => None,
        None => Some(None),
        Some(0x40..=0x7e) if is_control => Some(Some(at + 1)),
        Some(0x30..=0x7e) if !is_control && is_short => Some(Some(at + 1)),
        Some(_) => None,
    }
}

/// A form as [`Text`] would return it, for comparison.
pub fn without_gaps(form: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut text = Text::default();
    text.add(form);
    text.complete();
    text.bytes
}
