//! Files that prove to the server who asks: a token, a secret id.

use std::path::Path;

use modelforge_credential_files::{self as files, Trust};
use modelforge_credential_protocol::{Error, Result};
use zeroize::Zeroizing;

/// The largest file that names or holds a token, in bytes.
pub const MAX_FILE: usize = 1 << 16;

/// The content of a file without the white space around it. None: there is no file, or nothing in it.
pub fn read(file: &Path, trust: Trust) -> Result<Option<Zeroizing<String>>> {
    let Some(content) = files::read(file, MAX_FILE, trust)? else { return Ok(None) };
    text(&content, || format!("`{}` is not text", files::tilde(file)))
}

/// A text without the white space around it. None: nothing else is in it.
pub fn text(content: &[u8], message: impl FnOnce() -> String) -> Result<Option<Zeroizing<String>>> {
    let text = std::str::from_utf8(content).map_err(|_| Error::new(message()))?.trim();
    Ok(Some(text).filter(|text| !text.is_empty()).map(|text| Zeroizing::new(text.to_owned())))
}
