use std::io::{self, Read, Write};

use zeroize::Zeroizing;

use crate::{Error, Record, Result};

/// The longest line in bytes, with its line feed (as git documents it).
pub const MAX_LINE: usize = 65_535;

/// The most attributes in a record.
pub const MAX_ATTRIBUTES: usize = 1_024;

/// The largest record, in bytes. A `list` may hold any number of records.
pub const MAX_RECORD: usize = 4 << 20;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Most requests are far smaller than the longest line. This size is enough for them, and uses no further page of memory.
const FIRST_BUFFER: usize = 1024;

/// Reads records from a stream, one block of lines at a time.
///
/// Memory is bounded while it reads: one line of [`MAX_LINE`] and the record so far. Only a line feed ends a line; one
/// carriage return right before it is dropped. What it read is wiped.
///
/// ```
/// use modelforge_credential_protocol::Reader;
///
/// # fn main() -> Result<(), modelforge_credential_protocol::Error> {
/// let mut reader = Reader::new(&b"host=a\n\nhost=b\n"[..]);
/// assert_eq!(reader.record()?.and_then(|r| r.text("host").map(String::from)).as_deref(), Some("a"));
/// assert_eq!(reader.record()?.and_then(|r| r.text("host").map(String::from)).as_deref(), Some("b"));
/// assert!(reader.record()?.is_none());
/// # Ok(())
/// # }
/// ```
pub struct Reader<R> {
    source: R,
    buffer: Zeroizing<Vec<u8>>,
    start: usize,
    end: usize,
    line: usize,
}

impl<R: Read> Reader<R> {
    /// Creates a reader for this stream. It reads ahead, so use one reader for the whole stream, not one for each record.
    pub fn new(source: R) -> Self {
        Self { source, buffer: Zeroizing::new(vec![0; FIRST_BUFFER]), start: 0, end: 0, line: 0 }
    }

    /// Reads the next block of lines, up to an empty line or the end of the stream. `None` at the end.
    ///
    /// # Errors
    /// At the first invalid line. The error names its number, never its content. Nothing after it can be read.
    pub fn record(&mut self) -> Result<Option<Record>> {
        let mut record = Record::new();
        let mut size = 0;
        while let Some(line) = self.next_line()? {
            let number = self.line;
            let line = &self.buffer[line];
            // Programs for Windows begin text with a byte order mark.
            let line = line.strip_prefix(BYTE_ORDER_MARK).filter(|_| number == 1).unwrap_or(line);
            if line.is_empty() {
                return Ok(Some(record));
            }
            size += line.len();
            if size > MAX_RECORD {
                return Err(Error::new(format!("line {number} makes the record longer than {MAX_RECORD} bytes")));
            }
            let Some(split) = line.iter().position(|b| *b == b'=') else {
                return Err(Error::new(format!("line {number} has no `=`")));
            };
            let Ok(key) = std::str::from_utf8(&line[..split]) else {
                return Err(Error::new(format!("line {number} has a name that is not UTF-8")));
            };
            record.push(key, &line[split + 1..]).map_err(|e| Error::new(format!("line {number}: {e}")))?;
        }
        Ok(if record.is_empty() { None } else { Some(record) })
    }

    /// The range of the next line in the buffer, without its line ending; `None` at the end of the stream.
    fn next_line(&mut self) -> Result<Option<std::ops::Range<usize>>> {
        let mut searched = self.start;
        loop {
            if let Some(at) = self.buffer[searched..self.end].iter().position(|b| *b == b'\n') {
                let (start, end) = (self.start, searched + at);
                self.start = end + 1;
                self.line += 1;
                let carriage_return = end > start && self.buffer[end - 1] == b'\r';
                return Ok(Some(start..end - usize::from(carriage_return)));
            }
            if self.end - self.start >= MAX_LINE {
                return Err(Error::new(format!("line {} is longer than {MAX_LINE} bytes", self.line + 1)));
            }
            if self.start > 0 {
                self.buffer.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
            }
            if self.end == self.buffer.len() {
                // A vector that grows by itself would leave its old bytes in memory.
                let size = (self.buffer.len() * 4).min(MAX_LINE + 1);
                let mut larger = Zeroizing::new(vec![0; size]);
                larger[..self.end].copy_from_slice(&self.buffer[..self.end]);
                self.buffer = larger;
            }
            searched = self.end;
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(0) if self.end == 0 => return Ok(None),
                Ok(0) => {
                    let line = 0..self.end;
                    self.start = self.end;
                    self.line += 1;
                    return Ok(Some(line));
                }
                Ok(count) => self.end += count,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e.into()),
            }
        }
    }
}

impl Record {
    /// Reads the single record of a request, up to the first empty line or the end. An empty stream is an empty record.
    ///
    /// # Errors
    /// As [`Reader::record`].
    pub fn read_from(source: impl Read) -> Result<Self> {
        Ok(Reader::new(source).record()?.unwrap_or_default())
    }

    /// The record as lines, without an empty line at its end.
    pub fn to_lines(&self) -> Zeroizing<Vec<u8>> {
        let size = self.iter().map(|(key, value)| key.len() + value.len() + 2).sum();
        let mut lines = Zeroizing::new(Vec::with_capacity(size));
        for (key, value) in self.iter() {
            lines.extend_from_slice(key.as_bytes());
            lines.push(b'=');
            lines.extend_from_slice(value);
            lines.push(b'\n');
        }
        lines
    }

    /// Writes the record as lines, in one write, without an empty line at its end.
    ///
    /// # Errors
    /// Errors of the stream.
    pub fn write_to(&self, mut stream: impl Write) -> io::Result<()> {
        stream.write_all(&self.to_lines())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(input: &[u8]) -> Result<Record> {
        Record::read_from(input)
    }

    #[test]
    fn only_a_line_feed_ends_a_line() {
        let record = read(b"host=h\r\npassword=a\xe2\x80\xa8b\r\n\r\nhost=later\n").unwrap();
        assert_eq!(record.text("host"), Some("h"));
        assert_eq!(record.text("password"), Some("a\u{2028}b"));
        assert_eq!(read(b"host=a\rpath=b\n").unwrap_err().to_string(), "line 1: `host` has a line break or a NUL");
        assert_eq!(read(b"host=a\r").unwrap_err().to_string(), "line 1: `host` has a line break or a NUL");
        assert!(read(b"host=a\r\r\n").is_err());
    }

    #[test]
    fn a_byte_order_mark_is_dropped_before_the_first_line_alone() {
        let record = read("\u{feff}host=h\r\npassword=\u{feff}p\r\n".as_bytes()).unwrap();
        assert_eq!((record.text("host"), record.text("password")), (Some("h"), Some("\u{feff}p")));
        let record = read("host=h\n\u{feff}path=p\n".as_bytes()).unwrap();
        assert!(!record.has("path") && record.has("\u{feff}path"));
    }

    #[test]
    fn a_bad_line_is_named_by_its_number_alone() {
        assert_eq!(read(b"host=h\nsk-secret\n").unwrap_err().to_string(), "line 2 has no `=`");
        assert_eq!(read(b"=sk-secret\n").unwrap_err().to_string(), "line 1: an attribute has no name before its `=`");
        assert_eq!(read(b"\xff=1\n").unwrap_err().to_string(), "line 1 has a name that is not UTF-8");
        assert!(read(b"host=a\0b\n").is_err());
    }

    #[test]
    fn the_longest_line_passes_and_one_byte_more_does_not() {
        let mut line = b"password=".to_vec();
        line.resize(MAX_LINE - 1, b'x');
        line.push(b'\n');
        assert_eq!(read(&line).unwrap().get("password").map(<[u8]>::len), Some(MAX_LINE - 10));
        line.insert(9, b'x');
        assert!(read(&line).is_err());
        assert!(read(&line[..MAX_LINE]).is_err());
    }

    #[test]
    fn endless_input_is_refused_in_bounded_memory() {
        struct Endless(&'static [u8]);
        impl Read for Endless {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let whole = buffer.len() / self.0.len() * self.0.len();
                buffer[..whole].chunks_exact_mut(self.0.len()).for_each(|chunk| chunk.copy_from_slice(self.0));
                Ok(whole)
            }
        }
        assert_eq!(Record::read_from(Endless(b"x")).unwrap_err().to_string(), "line 1 is longer than 65535 bytes");
        let error = Record::read_from(Endless(b"state[]=x\n")).unwrap_err();
        assert_eq!(error.to_string(), "line 1025: the record has more than 1024 attributes");
        let repeated = format!("password={}\n", "x".repeat(60_000)).repeat(80);
        let error = Record::read_from(repeated.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "line 70 makes the record longer than 4194304 bytes");
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_back(pairs in proptest::collection::vec(("[a-z_]{1,12}(\\[\\])?", "[^\n\r\0]{0,40}"), 1..8)) {
            if let Ok(record) = Record::of(pairs) {
                let read = read(&record.to_lines()).unwrap();
                proptest::prop_assert!(read == record);
            }
        }

        #[test]
        fn no_input_panics_and_what_is_accepted_is_stable(input in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            if let Ok(record) = read(&input) {
                proptest::prop_assert!(record.is_empty() || read(&record.to_lines()).unwrap() == record);
            }
        }

        #[test]
        fn how_the_stream_is_cut_makes_no_difference(input in "[a-c=\n\r]{0,60}", step in 1usize..7) {
            let whole = read(input.as_bytes());
            let stepped = Record::read_from(crate::fuzz::Steps(input.as_bytes(), step));
            let words = |problem: Error| problem.to_string();
            proptest::prop_assert!(whole.map_err(words) == stepped.map_err(words));
        }
    }
}
