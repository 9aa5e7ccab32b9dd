//! Rules for each program that is started here: its time limit, whom it may prompt, and the reason for a failure.

use std::process::Command;
use std::time::Duration;

use modelforge_credential_client::Finished;
use modelforge_credential_protocol::{Interactive, visible};

/// The time limit of a step on this machine.
pub const LIMIT: Duration = Duration::from_secs(120);
/// The most of the program's message that goes into ours, in characters.
const LONGEST_REASON: usize = 200;

/// The last line that it printed about its failure.
pub fn reason(finished: &Finished) -> String {
    let said = String::from_utf8_lossy(&finished.said);
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let is_reason = |line: &&&str| ["fatal: ", "error: ", " ! ", "! "].iter().any(|begin| line.starts_with(begin));
    let line = lines.iter().find(is_reason).or(lines.last()).copied().unwrap_or_default();
    let line = line.trim_start_matches("fatal: ").trim_start_matches("error: ");
    if line.is_empty() { finished.reason() } else { visible(line).chars().take(LONGEST_REASON).collect() }
}

/// True if ssh or a credential helper may prompt a person at the terminal.
pub fn may_ask() -> bool {
    Interactive::of_environment() != Interactive::Never
}

/// Stops SSH programs from prompting at the terminal, which they would do even if nobody should be asked.
pub fn ask_nobody(command: &mut Command) {
    command.env("SSH_ASKPASS_REQUIRE", "force").env("SSH_ASKPASS", "/dev/null");
}
