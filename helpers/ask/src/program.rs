//! A program that asks: `ssh-askpass` and its like.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use modelforge_credential_client::{Failure, Running, command, on_path, trusted};
use modelforge_credential_protocol::{Error, MAX_RECORD, visible};
use zeroize::Zeroizing;

/// How long a person may take to answer.
const PATIENCE: Duration = Duration::from_secs(120);

/// The program that the user wants to be asked through: `MODELFORGE_CREDENTIAL_ASKPASS`, else `SSH_ASKPASS`.
pub fn chosen_program() -> Option<OsString> {
    let variables = ["MODELFORGE_CREDENTIAL_ASKPASS", "SSH_ASKPASS"];
    variables.into_iter().find_map(|name| std::env::var_os(name).filter(|value| !value.is_empty()))
}

/// Lets a program ask. The prompt is its argument, the first line that it prints the answer; empty if there is none.
///
/// # Errors
/// If it cannot be found or trusted, as a helper, or fails, or nobody answers in time.
pub fn program(program: &OsStr, prompt: &str) -> Result<Zeroizing<String>, Failure> {
    let path = match Path::new(program) {
        path if path.is_absolute() => trusted(path)?,
        path if path.components().count() == 1 => on_path(program)?,
        path => return Err(Failure::Unusable(path.to_owned())),
    };
    let mut command = command(&path);
    command.arg(visible(prompt)).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let finished = Running::start(command, false, PATIENCE)?.finish(MAX_RECORD)?;
    if !finished.status.success() {
        return Err(Error::new(finished.reason()).into());
    }
    let line = finished.output.split(|b| matches!(b, b'\n' | b'\r')).next().unwrap_or_default();
    Ok(Zeroizing::new(std::str::from_utf8(line).unwrap_or_default().to_owned()))
}
