//! Files that prove to the server who is asking: a token, a secret id.

use std::path::Path;

use modelforge_credential_files::{self as files, Trust};
use modelforge_credential_protocol::{Error, Result};
use zeroize::Zeroizing;

/// The largest file with a token or its path, in bytes.
pub const MAX_FILE: usize = 1 << 16;

/// The content of a file without whitespace around it. `None`: the file does not exist, or is empty.
pub fn read(file: &Path, trust: Trust) -> Result<Option<Zeroizing<String>>> {
    let Some(content) = files::read(file, MAX_FILE, trust)? else { return Ok(None) };
    text(&content, || format!("`{}` is not text", files::tilde(file)))
}

/// A text without whitespace around it. `None`: it is empty.
pub fn text(content: &[u8], message: impl FnOnce() -> String) -> Result<Option<Zeroizing<String>>> {
    let text = std::str::from_utf8(content).map_err(|_| Error::new(message()))?.trim();
    Ok(Some(text).filter(|text| !text.is_empty()).map(|text| Zeroizing::new(text.to_owned())))
}
