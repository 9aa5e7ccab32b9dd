//! A running git: its environment, and its output.

use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, ChildStdout};
use std::time::Duration;

use super::LONGEST_LINE;

/// Bytes of git's output per read.
const BUFFER: usize = 256 << 10;

/// How long git may print nothing. Reading every object of a large repository takes less; at a FIFO, git would wait for ever.
const SILENCE: Duration = Duration::from_secs(120);

/// The output of git, which ends if git prints nothing for too long.
pub struct Patient {
    output: ChildStdout,
    #[cfg_attr(not(unix), expect(dead_code, reason = "only Unix can wait for a pipe and look at the clock"))]
    most: Duration,
}

impl Read for Patient {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        #[cfg(unix)]
        {
            use rustix::event::{PollFd, PollFlags, Timespec, poll};
            let limit =
                Timespec { tv_sec: self.most.as_secs().cast_signed(), tv_nsec: self.most.subsec_nanos().into() };
            if poll(&mut [PollFd::new(&self.output, PollFlags::IN)], Some(&limit))? == 0 {
                let seconds = self.most.as_secs();
                return Err(io::Error::new(io::ErrorKind::TimedOut, format!("git said nothing for {seconds} s")));
            }
        }
        self.output.read(buffer)
    }
}

/// A git whose output is read. It is stopped when this is dropped.
pub struct Running {
    pub child: Child,
    pub output: BufReader<Patient>,
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
        let output = BufReader::with_capacity(BUFFER, Patient { output, most: SILENCE });
        Ok(Self { output, child, empty: Some(empty) })
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

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    #[test]
    #[expect(clippy::disallowed_methods, reason = "a program of the test")]
    fn a_git_that_says_nothing_for_too_long_is_not_waited_for() {
        use super::*;
        let mut command = std::process::Command::new("sh");
        command.args(["-c", "echo first; sleep 60"]).stdout(std::process::Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let mut output = Patient { output: child.stdout.take().expect("a pipe"), most: Duration::from_millis(300) };
        let mut first = [0; 6];
        output.read_exact(&mut first).expect("what it says");
        let problem = output.read(&mut first).expect_err("it says no more");
        child.kill().and_then(|()| child.wait()).expect("it ends");
        assert_eq!((&first, problem.kind()), (b"first\n", io::ErrorKind::TimedOut));
    }
}
