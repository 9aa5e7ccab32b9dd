//! A file in a record.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::{Error, Record, Result};

/// The size of one piece, in bytes of base64.
const PIECE: usize = 60_000;

impl Record {
    /// Adds a file as `content[]`: base64, in pieces that fit into a line. An empty file is one empty piece.
    ///
    /// # Errors
    /// If it has more pieces than a record may hold.
    pub fn push_content(&mut self, content: &[u8]) -> Result<()> {
        let text = Zeroizing::new(STANDARD.encode(content));
        if text.is_empty() {
            return self.push("content[]", "");
        }
        text.as_bytes().chunks(PIECE).try_for_each(|piece| self.push("content[]", piece))
    }

    /// The file in `content[]`. `None`: there is none.
    ///
    /// ```
    /// # use modelforge_credential_protocol::Record;
    /// let mut record = Record::new();
    /// assert!(record.content().unwrap().is_none());
    /// record.push_content(b"one\r\ntwo\0").unwrap();
    /// assert_eq!(record.content().unwrap().unwrap().as_slice(), b"one\r\ntwo\0");
    /// ```
    ///
    /// # Errors
    /// If it is not base64.
    pub fn content(&self) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let pieces: Vec<&[u8]> = self.all("content[]").collect();
        if pieces.is_empty() {
            return Ok(None);
        }
        let text = Zeroizing::new(pieces.concat());
        let content = STANDARD.decode(&*text).map_err(|_| Error::new("`content[]` is not base64"))?;
        Ok(Some(Zeroizing::new(content)))
    }
}
