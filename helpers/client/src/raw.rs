//! A program run as it is, for a caller that wants to see what it really says: no answer is judged, and no exit status is a failure.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use modelforge_credential_protocol::Interactive;
use zeroize::Zeroizing;

use crate::process::{Finished, Running, command};
use crate::program::{MAX_LIST, Program};
use crate::{DEPTH, Failure, depth};

/// Variables for a program: set, or taken away.
pub type Changes<'a> = [(&'a str, Option<OsString>)];

impl Program {
    /// Runs it with these words after its arguments, asking nobody.
    ///
    /// # Errors
    /// If it could not be started, took longer than `limit`, or answered with more than a list may hold.
    pub fn run_raw(
        &self,
        words: &[&str],
        changes: &Changes,
        input: &[u8],
        limit: Duration,
    ) -> Result<Finished, Failure> {
        let arguments: Vec<&OsStr> =
            self.arguments().iter().map(OsStr::new).chain(words.iter().map(OsStr::new)).collect();
        run(self.path(), &arguments, changes, input, limit)
    }
}

fn run(
    path: &Path,
    arguments: &[&OsStr],
    changes: &Changes,
    input: &[u8],
    limit: Duration,
) -> Result<Finished, Failure> {
    let mut command = command(path);
    command.args(arguments);
    command.env(Interactive::VARIABLE, Interactive::Never.value()).env(DEPTH, (depth() + 1).to_string());
    for (name, value) in changes {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = Running::start(command, true, limit)?;
    running.write(Zeroizing::new(input.to_vec()))?;
    running.finish(MAX_LIST)
}
