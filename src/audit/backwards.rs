//! Reads the lines of a file from its end.

use std::io::{self, Read, Seek, SeekFrom};

/// Bytes read at once. A longer line is not a record.
const BLOCK: usize = 64 << 10;

/// The lines of a file from its end, a block at a time.
pub struct Backwards<F> {
    file: F,
    block: usize,
    /// The offset at which the part already read begins.
    start: u64,
    /// Bytes read but not yet handed out.
    rest: Vec<u8>,
}

impl<F: Read + Seek> Backwards<F> {
    pub fn new(file: F) -> io::Result<Self> {
        Self::in_blocks(file, BLOCK)
    }

    /// The same with another block size.
    pub(super) fn in_blocks(mut file: F, block: usize) -> io::Result<Self> {
        let start = file.seek(SeekFrom::End(0))?;
        Ok(Self { file, block, start, rest: Vec::new() })
    }

    pub fn next_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(at) = self.rest.iter().rposition(|byte| *byte == b'\n') {
                let line = self.rest.split_off(at + 1);
                self.rest.truncate(at);
                return Ok(Some(line));
            }
            if self.start == 0 {
                let line = std::mem::take(&mut self.rest);
                return Ok(Some(line).filter(|line| !line.is_empty()));
            }
            if self.rest.len() > self.block {
                self.rest.clear();
            }
            let mut block = vec![0; usize::try_from(self.start).map_or(self.block, |start| start.min(self.block))];
            self.start -= block.len() as u64;
            self.file.seek(SeekFrom::Start(self.start))?;
            self.file.read_exact(&mut block)?;
            block.append(&mut self.rest);
            self.rest = block;
        }
    }
}
