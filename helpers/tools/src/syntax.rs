//! Checks the syntax of a changed script with its shell, without running it: an `if` without a body is an error that would lock people out.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use modelforge_credential_client::{Running, command, trusted};
use zeroize::Zeroizing;

use crate::format::{Format, Shell};
use crate::table::File;

/// The time limit for reading. The shell does nothing else.
const LIMIT: Duration = Duration::from_secs(10);
/// The most output in bytes. It is not used.
const MOST: usize = 1 << 16;

/// Uses the system's shell, not one on PATH, because a profile is read by that one.
const FOLDERS: [&str; 4] = ["/bin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"];

/// False if the text was a valid script and is not any more. True if the shell is not installed.
pub fn is_kept(file: &File, before: &str, after: &str) -> bool {
    let (shell, options): (_, &[&str]) = match file.format {
        Format::Shell(Shell::Fish) => ("fish", &["--no-config", "--no-execute"]),
        Format::Shell(Shell::Zsh) => ("zsh", &["-f", "-n"]),
        Format::Shell(Shell::Sh) => ("sh", &["-n"]),
        Format::Shell(Shell::Bash) => ("bash", &["--norc", "--noprofile", "-n"]),
        _ => return true,
    };
    let shells = FOLDERS.iter().map(|folder| Path::new(folder).join(shell)).filter(|path| path.is_file());
    let Some(shell) = shells.map(|path| trusted(&path)).find_map(Result::ok) else { return true };
    let is_script = |text: &str| is_script(&shell, options, text);
    is_script(after).unwrap_or(true) || is_script(before) != Some(true)
}

/// `None`: the shell could not be run.
fn is_script(shell: &Path, options: &[&str], text: &str) -> Option<bool> {
    let mut command = command(shell);
    command.args(options).env_clear();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = Running::start(command, true, LIMIT).ok()?;
    running.write(Zeroizing::new(text.as_bytes().to_vec())).ok()?;
    Some(running.finish(MOST).ok()?.status.success())
}
