//! The output of a process, as it arrives.

use std::io::{self, Read};
use std::process::Child;
use std::time::Duration;

use zeroize::Zeroizing;

pub enum Heard {
    Output(Zeroizing<Vec<u8>>),
    Said(Vec<u8>),
    /// Nothing more for now, or a stream is at its end.
    Nothing,
    /// A stream cannot be read, so the output is incomplete.
    Lost(io::Error),
}

/// The output streams of a process, read in parallel. Threads would work everywhere, but starting two of them takes longer than everything
/// else here.
#[cfg(unix)]
pub struct Streams {
    stdout: Option<std::process::ChildStdout>,
    stderr: Option<std::process::ChildStderr>,
}

#[cfg(unix)]
impl Streams {
    #[expect(clippy::unnecessary_wraps, reason = "other systems need threads")]
    pub fn of(child: &mut Child) -> io::Result<Self> {
        Ok(Self { stdout: child.stdout.take(), stderr: child.stderr.take() })
    }

    pub fn are_open(&self) -> bool {
        self.stdout.is_some() || self.stderr.is_some()
    }

    pub fn hear(&mut self, pause: Duration) -> Heard {
        use rustix::event::{PollFd, PollFlags, poll};
        let ready = |fds: &[PollFd], at: usize| fds.get(at).is_some_and(|fd| !fd.revents().is_empty());
        let (output_ready, said_ready) = {
            let mut fds: Vec<PollFd> = Vec::with_capacity(2);
            fds.extend(self.stdout.as_ref().map(|stream| PollFd::new(stream, PollFlags::IN)));
            fds.extend(self.stderr.as_ref().map(|stream| PollFd::new(stream, PollFlags::IN)));
            let limit = rustix::event::Timespec { tv_sec: 0, tv_nsec: pause.subsec_nanos().into() };
            if poll(&mut fds, Some(&limit)).unwrap_or(0) == 0 {
                return Heard::Nothing;
            }
            let first = usize::from(self.stdout.is_some());
            (first == 1 && ready(&fds, 0), ready(&fds, first))
        };
        if output_ready {
            return read(&mut self.stdout, |chunk| Heard::Output(Zeroizing::new(chunk)));
        }
        if said_ready { read(&mut self.stderr, Heard::Said) } else { Heard::Nothing }
    }
}

/// Reads a chunk of a stream, and closes the stream at its end.
#[cfg(unix)]
fn read(stream: &mut Option<impl Read>, wrap: fn(Vec<u8>) -> Heard) -> Heard {
    let Some(open) = stream else { return Heard::Nothing };
    let mut buffer = Zeroizing::new([0; 4096]);
    match open.read(buffer.as_mut_slice()) {
        Ok(0) => {
            *stream = None;
            Heard::Nothing
        }
        Ok(count) => wrap(buffer[..count].to_vec()),
        Err(problem) if problem.kind() == io::ErrorKind::Interrupted => Heard::Nothing,
        Err(problem) => Heard::Lost(problem),
    }
}

#[cfg(windows)]
pub struct Streams {
    heard: std::sync::mpsc::Receiver<Option<Heard>>,
    open: usize,
}

#[cfg(windows)]
impl Streams {
    pub fn of(child: &mut Child) -> io::Result<Self> {
        let (sender, heard) = std::sync::mpsc::channel();
        let mut open = 0;
        if let Some(stdout) = child.stdout.take() {
            listen(stdout, sender.clone(), |chunk| Heard::Output(Zeroizing::new(chunk)))?;
            open += 1;
        }
        if let Some(stderr) = child.stderr.take() {
            listen(stderr, sender, Heard::Said)?;
            open += 1;
        }
        Ok(Self { heard, open })
    }

    pub fn are_open(&self) -> bool {
        self.open > 0
    }

    pub fn hear(&mut self, pause: Duration) -> Heard {
        match self.heard.recv_timeout(pause) {
            Ok(Some(heard)) => heard,
            Ok(None) => {
                self.open -= 1;
                Heard::Nothing
            }
            Err(_) => Heard::Nothing,
        }
    }
}

/// Reads a stream to its end, in its own thread.
#[cfg(windows)]
fn listen(
    mut stream: impl Read + Send + 'static,
    sender: std::sync::mpsc::Sender<Option<Heard>>,
    wrap: fn(Vec<u8>) -> Heard,
) -> io::Result<()> {
    let read = move || {
        let mut buffer = Zeroizing::new([0; 4096]);
        loop {
            let heard = match stream.read(buffer.as_mut_slice()) {
                Ok(0) => None,
                Ok(count) => Some(wrap(buffer[..count].to_vec())),
                Err(problem) => Some(Heard::Lost(problem)),
            };
            let goes_on = matches!(heard, Some(Heard::Output(_) | Heard::Said(_)));
            if sender.send(heard).is_err() || !goes_on {
                return;
            }
        }
    };
    std::thread::Builder::new().spawn(read).map(drop)
}
