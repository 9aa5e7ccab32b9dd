//! What is left to do should this process be killed: SIGKILL is a signal that nobody can handle.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// A shell that waits until this process is gone, and then runs a line. If this is dropped first, nothing is left to do.
#[derive(Debug)]
pub struct Watcher(Child);

impl Watcher {
    /// Starts it. The line has these words as `$1` and so on.
    ///
    /// # Errors
    /// If the system has no shell, or starts no further process.
    #[expect(clippy::disallowed_methods, reason = "the shell of the system is no helper")]
    pub fn start<S: AsRef<OsStr>>(line: &str, words: &[S]) -> io::Result<Self> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &format!("trap '' HUP INT QUIT TERM; read -r _ || {{ {line}; }}"), "sh"]).args(words);
        command.env_clear().env("PATH", "/usr/bin:/bin").current_dir("/").process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().map(Self)
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // A line says that all is well; the end of the stream alone, that this process is gone.
        let _ = self.0.stdin.take().map(|mut stdin| stdin.write_all(b"\n"));
        let _ = self.0.wait();
    }
}
