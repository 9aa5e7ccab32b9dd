//! A credential as one line of plain characters, for secrets that a store does not return unchanged.
//!
//! The mark is part of the secret: a separate attribute would be lost, or stay, when another program replaces the secret.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use modelforge_credential_protocol::{Error, Record, Result};
use zeroize::Zeroizing;

const MARK: &[u8] = b"modelforge-credential;base64,";

/// True if a secret would be taken for an encoded one.
pub fn is_marked(secret: &[u8]) -> bool {
    secret.starts_with(MARK)
}

/// The mark, and the lines of the record in base64.
pub fn encode(record: &Record) -> Zeroizing<Vec<u8>> {
    let text = Zeroizing::new(STANDARD.encode(record.to_lines()));
    Zeroizing::new([MARK, text.as_bytes()].concat())
}

/// The record that was encoded; `None` for a secret without the mark.
pub fn decode(secret: &[u8]) -> Result<Option<Record>> {
    let Some(text) = secret.strip_prefix(MARK) else { return Ok(None) };
    let lines = STANDARD.decode(text.trim_ascii()).map(Zeroizing::new);
    let lines = lines.map_err(|_| Error::new("its secret was damaged: it is not base64"))?;
    Record::read_from(&lines[..]).map(Some).map_err(|_| Error::new("its secret was damaged: it has no credential"))
}
