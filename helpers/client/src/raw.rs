//! Runs a helper and returns exactly what it says: the answer is not checked, and any exit status is accepted.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use modelforge_credential_protocol::Interactive;
use zeroize::Zeroizing;

use crate::process::{Finished, Running, command};
use crate::program::{MAX_LIST, Program};
use crate::{DEPTH, Failure, depth};

/// Changes to the environment: variables that are set, or removed.
pub type Changes<'a> = [(&'a str, Option<OsString>)];

impl Program {
    /// Runs it with these words after its arguments. It must not prompt.
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
