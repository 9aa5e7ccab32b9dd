//! Has a shell read what is left of its script, without doing anything in it: an `if` without a body is an error that would lock people out.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::format::Format;
use crate::table::File;

/// Nothing else of PATH is started: anybody may have put something into a folder there.
const FOLDERS: [&str; 4] = ["/bin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"];

/// False if it was a script, and is none any more. Where its shell is not installed, nothing is known.
pub fn is_kept(file: &File, path: &Path, before: &str, after: &str) -> bool {
    if file.format != Format::Shell {
        return true;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let (shell, options): (_, &[&str]) = match &*name {
        name if name.ends_with(".fish") => ("fish", &["--no-config", "--no-execute"]),
        name if name.starts_with(".z") => ("zsh", &["-f", "-n"]),
        ".profile" => ("sh", &["-n"]),
        _ => ("bash", &["--norc", "--noprofile", "-n"]),
    };
    let Some(shell) = FOLDERS.iter().map(|folder| Path::new(folder).join(shell)).find(|path| path.is_file()) else {
        return true;
    };
    let is_script = |text: &str| is_script(&shell, options, text);
    is_script(after).unwrap_or(true) || is_script(before) != Some(true)
}

/// `None`: it could not be asked.
#[expect(
    clippy::disallowed_methods,
    reason = "a shell of the system by its full path, with nothing of the environment"
)]
fn is_script(shell: &Path, options: &[&str], text: &str) -> Option<bool> {
    let mut command = Command::new(shell);
    command.args(options).env_clear().current_dir("/");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
    // It need not read to the end.
    let _ = child.stdin.take()?.write_all(text.as_bytes());
    Some(child.wait().ok()?.success())
}
