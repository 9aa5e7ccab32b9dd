//! Cleans up if this process is killed: no program can handle SIGKILL.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// A shell that waits until this process is gone, and then runs a command. If this is dropped first, the command does not run.
#[derive(Debug)]
pub struct Watcher(Child);

impl Watcher {
    /// Starts it. These words are `$1` and so on in the command.
    ///
    /// # Errors
    /// If the system has no shell, or cannot start another process.
    #[expect(clippy::disallowed_methods, reason = "the system's shell is not a helper")]
    pub fn start<S: AsRef<OsStr>>(line: &str, words: &[S]) -> io::Result<Self> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &format!("trap '' HUP INT QUIT TERM; read -r _ || {{ {line}; }}"), "sh"]).args(words);
        command.env_clear().env("PATH", "/usr/bin:/bin").current_dir("/").process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().map(Self)
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // A line means that all is well. The end of the stream without a line means that this process is gone.
        let _ = self.0.stdin.take().map(|mut stdin| stdin.write_all(b"\n"));
        let _ = self.0.wait();
    }
}
