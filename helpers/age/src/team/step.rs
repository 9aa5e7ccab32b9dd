//! What holds for each program that is started here: how long it may take, whom it may ask, and why it failed.

use std::process::Command;
use std::time::Duration;

use modelforge_credential_client::Finished;
use modelforge_credential_protocol::{Interactive, visible};

/// How long a step on this machine may take.
pub const LIMIT: Duration = Duration::from_secs(120);
/// The longest part of its own message in ours.
const LONGEST_REASON: usize = 200;

/// The last thing that it said of its failure.
pub fn reason(finished: &Finished) -> String {
    let said = String::from_utf8_lossy(&finished.said);
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let is_reason = |line: &&&str| ["fatal: ", "error: ", " ! ", "! "].iter().any(|begin| line.starts_with(begin));
    let line = lines.iter().find(is_reason).or(lines.last()).copied().unwrap_or_default();
    let line = line.trim_start_matches("fatal: ").trim_start_matches("error: ");
    if line.is_empty() { finished.reason() } else { visible(line).chars().take(LONGEST_REASON).collect() }
}

/// True if a person is there whom ssh or a credential helper may ask at the terminal.
pub fn may_ask() -> bool {
    Interactive::of_environment() != Interactive::Never
}

/// Programs of SSH would ask at the terminal, also where nobody is to be asked.
pub fn ask_nobody(command: &mut Command) {
    command.env("SSH_ASKPASS_REQUIRE", "force").env("SSH_ASKPASS", "/dev/null");
}
