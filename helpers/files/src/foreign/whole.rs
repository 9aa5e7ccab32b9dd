//! A whole file as one record: a migration keeps it before it takes anything out, and puts it back. `content[]` is the file in base64,
//! in pieces that fit a line.

use std::path::Path;

use modelforge_credential_protocol::{Error, Record, Result, warn};
use zeroize::Zeroizing;

use super::{create, open, open_locked};
use crate::tilde;

/// What is left of a file whose keys were taken out.
pub enum Left {
    /// All but what was taken out: it may be put back as it was.
    TheRest,
    /// Another program has written to it since: this is how it is now, with so many of its keys put back.
    Changed(Zeroizing<String>, usize),
}

/// True if a request is about a file as a whole.
pub fn is_whole(request: &Record) -> bool {
    request.text("protocol") == Some("file")
}

/// The file as it is; `None` where there is none.
///
/// # Errors
/// As [`open`].
pub fn whole(path: &Path, within: Option<&Path>) -> Result<Option<Record>> {
    let Some(opened) = open(path, within)? else { return Ok(None) };
    let mut record = Record::new();
    record.push_content(opened.bytes())?;
    Ok(Some(record))
}

/// Makes the file what `record` holds. `compare` is given that and the file as it is, and says what is left of it: if it was changed
/// since in anything but what was taken out, only that is put back. If the file is gone, it is created again.
///
/// # Errors
/// If the record holds no file, the file cannot be replaced, or one of the two is not text and they differ.
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
            warn(&format!("`{file}` was changed since: put back {count} of its keys and nothing else").into());
            Ok(())
        }
    }
}
