//! Has a shell read what is left of its script, without doing anything in it: an `if` without a body is an error that would lock people out.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use modelforge_credential_client::{Running, command, trusted};
use zeroize::Zeroizing;

use crate::format::{Format, Shell};
use crate::table::File;

/// How long a shell may read. It does nothing else.
const LIMIT: Duration = Duration::from_secs(10);
/// The most that it may say, which nobody reads, in bytes.
const MOST: usize = 1 << 16;

/// A shell of the system, whatever PATH says: a profile is written for that one.
const FOLDERS: [&str; 4] = ["/bin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"];

/// False if it was a script, and is none any more. Where its shell is not installed, nothing is known.
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

/// `None`: it could not be asked.
fn is_script(shell: &Path, options: &[&str], text: &str) -> Option<bool> {
    let mut command = command(shell);
    command.args(options).env_clear();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = Running::start(command, true, LIMIT).ok()?;
    running.write(Zeroizing::new(text.as_bytes().to_vec())).ok()?;
    Some(running.finish(MOST).ok()?.status.success())
}
