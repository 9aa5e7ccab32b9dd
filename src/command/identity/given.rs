//! Reads an identity from a file or a pipe, or as it is typed from paper.

use std::io::IsTerminal;
use std::path::Path;

use modelforge_credential_files::{self as files, Trust};
use modelforge_credential_protocol::Result;
use zeroize::Zeroizing;

use super::error;
use crate::person::Person;
use crate::terminal;

/// Far more than any identity needs, in bytes.
const MAX: usize = 1 << 16;

pub fn file(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    files::read(path, MAX, Trust::Named)?.ok_or_else(|| error::no_such_file(path))
}

pub fn typed_or_piped(person: &Person) -> Result<Zeroizing<Vec<u8>>> {
    if std::io::stdin().is_terminal() {
        return match person {
            Person::Nobody => Err(error::nobody_to_type()),
            _ => typed(),
        };
    }
    let content = files::read_at_most(&mut modelforge_credential_protocol::stdin()?, MAX, MAX)?;
    content.filter(|content| !content.trim_ascii().is_empty()).ok_or_else(error::nothing_given)
}

/// Unlike a key, it is visible while it is typed: nobody can type so much from paper without seeing it, and it was shown to be written
/// down.
fn typed() -> Result<Zeroizing<Vec<u8>>> {
    terminal::note("type the backup; end with an empty line");
    let mut text = Zeroizing::new(Vec::with_capacity(MAX));
    loop {
        let line = terminal::read_line("> ")?;
        if line.trim().is_empty() || text.len() + line.len() >= MAX {
            break;
        }
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
    }
    if text.is_empty() { Err(crate::error::nothing_entered()) } else { Ok(text) }
}
