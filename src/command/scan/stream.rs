//! Searches for keys in a stream of any length, with a buffer of fixed size.

use std::collections::BTreeMap;
use std::io::{self, Read};

use memchr::memchr_iter;

use super::needles::{Hit, Needles};

/// Bytes per read.
const CHUNK: usize = 256 << 10;

/// The most lines of a file that are named for each key. The rest are counted.
const NAMED: usize = 10;

/// Where a key is in one file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lines {
    /// The first lines.
    pub first: Vec<u64>,
    pub count: u64,
    /// True if at least one occurrence is plain.
    pub is_plain: bool,
    /// True if it is in the name of the file.
    pub is_in_name: bool,
    last: u64,
}

impl Lines {
    /// The key is in a name, and in no line.
    pub fn of_a_name() -> Self {
        Self { is_in_name: true, ..Self::default() }
    }
}

/// The keys in one file, by index.
pub type Seen = BTreeMap<usize, Lines>;

/// The state for searching streams.
pub struct Reader<'a> {
    needles: &'a Needles,
    buffer: Vec<u8>,
    hits: Vec<Hit>,
}

impl<'a> Reader<'a> {
    pub fn new(needles: &'a Needles) -> Self {
        Self { needles, buffer: vec![0; CHUNK + needles.longest()], hits: Vec::new() }
    }

    /// Searches a stream to its end, and calls `progress` after each piece.
    pub fn look(&mut self, stream: &mut dyn Read, seen: &mut Seen, progress: &mut dyn FnMut(u64)) -> io::Result<()> {
        // Keep the last bytes of a piece, because a key may begin there.
        let mut kept = 0;
        let mut line = 1;
        loop {
            let count = match stream.read(&mut self.buffer[kept..]) {
                Err(problem) if problem.kind() == io::ErrorKind::Interrupted => continue,
                count => count?,
            };
            if count == 0 {
                return Ok(());
            }
            progress(count as u64);
            let text = &self.buffer[..kept + count];
            self.hits.clear();
            // A key that ends before the new bytes was found already.
            self.needles.find(text, |hit| {
                if hit.end > kept {
                    self.hits.push(hit);
                }
            });
            note(text, &mut self.hits, line, seen);
            let next = text.len().min(self.needles.longest().saturating_sub(1));
            let done = text.len() - next;
            line += memchr_iter(b'\n', &text[..done]).count() as u64;
            self.buffer.copy_within(done..done + next, 0);
            kept = next;
        }
    }
}

/// Adds the keys in a piece that begins on this line.
fn note(text: &[u8], hits: &mut [Hit], first: u64, seen: &mut Seen) {
    hits.sort_unstable_by_key(|hit| hit.start);
    let (mut line, mut counted) = (first, 0);
    for hit in hits {
        line += memchr_iter(b'\n', &text[counted..hit.start]).count() as u64;
        counted = hit.start;
        let lines = seen.entry(hit.key).or_default();
        lines.is_plain |= hit.is_plain;
        if lines.last != line {
            lines.last = line;
            lines.count += 1;
            if lines.first.len() < NAMED {
                lines.first.push(line);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zeroize::Zeroizing;

    const KEY: &[u8] = b"sk-0123456789abcdefghijklmnopqrstuvwxyz";

    /// A stream that comes in pieces.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn look(text: &[u8], piece: usize) -> Lines {
        let needles = Needles::new([(Zeroizing::new(KEY.to_vec()), 0, true)]);
        let (mut seen, mut total) = (Seen::new(), 0);
        let looked = Reader::new(&needles).look(&mut Pieces(text, piece), &mut seen, &mut |count| total += count);
        looked.expect("it can be read");
        assert_eq!(total, text.len() as u64);
        seen.remove(&0).unwrap_or_default()
    }

    #[test]
    fn a_line_is_named_however_the_stream_is_cut() {
        let text = [b"one\n", KEY, b" ", KEY, b"\n\n", KEY, b"\nend"].concat();
        for piece in 1..text.len() + 1 {
            let lines = look(&text, piece);
            assert_eq!((lines.first, lines.count), (vec![2, 4], 2), "{piece}");
        }
    }

    #[test]
    fn a_key_across_two_pieces_of_a_long_stream_is_found() {
        let most = CHUNK + KEY.len();
        for before in most - KEY.len() - 2..most + 2 {
            let text = [&vec![b'\n'; before], KEY].concat();
            assert_eq!(look(&text, usize::MAX).first, [before as u64 + 1]);
        }
    }

    #[test]
    fn many_lines_are_counted_and_the_first_are_named() {
        let line = [KEY, b"\n"].concat();
        let lines = look(&line.repeat(100_000), usize::MAX);
        assert_eq!((lines.first.len(), lines.count), (NAMED, 100_000));
    }
}
