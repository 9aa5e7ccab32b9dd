//! `ssh-keygen`, which creates keys, signs and verifies.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;

use modelforge_credential_client::{Running, command, on_path};
use modelforge_credential_protocol::{Error, Result};
use zeroize::Zeroizing;

use super::step::{LIMIT, ask_nobody, may_ask, reason};

/// Its path.
pub fn program() -> Result<&'static Path> {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    match PROGRAM.get() {
        Some(program) => Ok(program),
        None => {
            on_path("ssh-keygen".as_ref()).map(|program| PROGRAM.get_or_init(|| program).as_path()).map_err(Into::into)
        }
    }
}

pub fn run(words: &[OsString]) -> Result<Zeroizing<Vec<u8>>> {
    let mut command = command(program()?);
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if !may_ask() {
        ask_nobody(&mut command);
    }
    let finished = Running::start(command, !may_ask(), LIMIT)?.finish(1 << 16)?;
    if finished.status.success() {
        Ok(finished.output)
    } else {
        Err(Error::new(format!("ssh-keygen: {}", reason(&finished))))
    }
}
