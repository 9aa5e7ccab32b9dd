//! A running git: its environment, and its output.

use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, ChildStdout};

use super::LONGEST_LINE;

/// Bytes of git's output per read.
const BUFFER: usize = 256 << 10;

/// A git whose output is read. It is stopped when this is dropped.
pub struct Running {
    pub child: Child,
    pub output: BufReader<ChildStdout>,
    /// Needed until git prints something.
    empty: Option<tempfile::TempDir>,
}

/// An empty repository that git is started in.
pub fn empty_repository(is_long: bool) -> io::Result<tempfile::TempDir> {
    let empty = tempfile::Builder::new().prefix("modelforge-credential-scan-").tempdir()?;
    for folder in ["objects", "refs"] {
        std::fs::create_dir(empty.path().join(folder))?;
    }
    std::fs::write(empty.path().join("HEAD"), "ref: refs/heads/none\n")?;
    let (version, format) = if is_long { (1, "[extensions]\n\tobjectFormat = sha256\n") } else { (0, "") };
    let config = format!("[core]\n\trepositoryFormatVersion = {version}\n\tbare = true\n\tquotePath = false\n{format}");
    std::fs::write(empty.path().join("config"), config)?;
    Ok(empty)
}

impl Running {
    pub fn of(mut child: Child, empty: tempfile::TempDir) -> io::Result<Self> {
        let output = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Self { output: BufReader::with_capacity(BUFFER, output), child, empty: Some(empty) })
    }

    /// The next line. Of one that is too long, only the first part.
    pub fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        (&mut self.output).take(LONGEST_LINE).read_until(b'\n', &mut line)?;
        self.empty = None;
        if line.is_empty() {
            return Ok(None);
        }
        Ok(Some(String::from_utf8_lossy(&line).trim_end_matches('\n').to_owned()))
    }

    pub fn finish(mut self) -> io::Result<()> {
        let status = self.child.wait()?;
        if status.success() { Ok(()) } else { Err(io::Error::other(format!("git: {status}"))) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
