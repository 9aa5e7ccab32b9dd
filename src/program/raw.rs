//! A program run as it is, for whoever wants to see what it really says: no answer is judged here, and none is a failure.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use modelforge_credential_protocol::Result;
use zeroize::Zeroizing;

use super::process::{Finished, Running};
use super::{MAX_LIST, Program, command, depth};

/// Variables for a program: set, or taken away.
pub type Changes<'a> = [(&'a str, Option<OsString>)];

impl Program {
    /// What messages call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What stands between the program and the operation.
    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// Runs it with these words after its arguments, asking nobody.
    pub fn run_raw(&self, words: &[&str], changes: &Changes, input: &[u8], limit: Duration) -> Result<Finished> {
        let arguments: Vec<&OsStr> =
            self.arguments.iter().map(OsStr::new).chain(words.iter().map(OsStr::new)).collect();
        run(&self.path, &arguments, changes, input, limit)
    }
}

fn run(path: &Path, arguments: &[&OsStr], changes: &Changes, input: &[u8], limit: Duration) -> Result<Finished> {
    let mut command = command(path);
    command.args(arguments);
    command.env("MODELFORGE_CREDENTIAL_INTERACTIVE", "0").env("MODELFORGE_CREDENTIAL_DEPTH", (depth() + 1).to_string());
    for (name, value) in changes {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = Running::start(command, true, limit)?;
    running.write(Zeroizing::new(input.to_vec()));
    running.finish(MAX_LIST)
}
