//! A whole file as one record, for the backup of a migration and its rollback. `content[]` is the file in base64, in pieces that fit into a
//! line.

use std::path::Path;

use modelforge_credential_protocol::{Error, Record, Result, warn};
use zeroize::Zeroizing;

use super::{create, open, open_locked};
use crate::tilde;

/// How a file compares to its backup.
pub enum Left {
    /// Only the removed keys are missing, so the backup can be restored as it is.
    TheRest,
    /// Another program has written to it since. This is its current text with the keys restored, and their number.
    Changed(Zeroizing<String>, usize),
}

/// True if a request is about a whole file.
pub fn is_whole(request: &Record) -> bool {
    request.text("protocol") == Some("file")
}

/// The file as it is; `None` if it does not exist.
///
/// # Errors
/// As [`open`].
pub fn whole(path: &Path, within: Option<&Path>) -> Result<Option<Record>> {
    let Some(opened) = open(path, within)? else { return Ok(None) };
    let mut record = Record::new();
    record.push_content(opened.bytes())?;
    Ok(Some(record))
}

/// Restores the file in `record`. `compare` gets that and the current file. If more than the removed keys has changed, only these are
/// restored. If the file is gone, it is created again.
///
/// # Errors
/// If the record has no file, the file cannot be replaced, or the two differ and one of them is not text.
pub fn put_back(
    path: &Path,
    within: Option<&Path>,
    record: &Record,
    compare: impl FnOnce(&str, &str) -> Result<Left>,
) -> Result<()> {
    let before = record.content()?.ok_or_else(|| Error::new("the request has no `content[]`"))?;
    let Some(opened) = open_locked(path, within)? else { return create(path, within, &before) };
    opened.clean();
    if opened.bytes() == &**before {
        return Ok(());
    }
    let text = std::str::from_utf8(&before).map_err(|_| Error::new("the backup is not UTF-8"))?;
    match compare(text, opened.text()?)? {
        Left::TheRest => opened.replace(&before),
        Left::Changed(_, 0) => Ok(()),
        Left::Changed(edited, count) => {
            opened.replace(edited.as_bytes())?;
            let file = tilde(path);
            warn(&format!("`{file}` was changed since: restored {count} of its keys and nothing else").into());
            Ok(())
        }
    }
}
