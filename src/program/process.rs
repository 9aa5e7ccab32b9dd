//! A process with a time limit, and the end of all that it started.

use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use modelforge_credential_protocol::{Error, Result};
use zeroize::Zeroizing;

use crate::error;

/// How much of what a helper says is listened to, in bytes.
const MAX_SAID: usize = 16 << 10;
/// A pipe takes this much without anybody reading it (POSIX).
const PIPE_BUF: usize = 4096;

/// What a process left when it had ended.
pub struct Finished {
    pub status: ExitStatus,
    pub output: Zeroizing<Vec<u8>>,
    pub said: Vec<u8>,
}

enum Heard {
    Output(Zeroizing<Vec<u8>>),
    Said(Vec<u8>),
    End,
}

/// A process with a time limit. When the limit passes, it and, unless it needed the terminal, everything it started are ended.
pub struct Running {
    child: Child,
    group: Group,
    deadline: Instant,
    limit: Duration,
}

impl Running {
    pub fn start(mut command: Command, own_group: bool, limit: Duration) -> Result<Self> {
        let deadline = Instant::now() + limit;
        Group::prepare(&mut command, own_group);
        let child = command.spawn().map_err(|problem| error::not_started(&problem))?;
        let group = Group::of(&child, own_group);
        Ok(Self { child, group, deadline, limit })
    }

    /// Hands it its input. Whether it reads it is its own affair.
    pub fn write(&mut self, input: Zeroizing<Vec<u8>>) {
        let Some(mut stdin) = self.child.stdin.take() else { return };
        if input.len() <= PIPE_BUF {
            let _ = stdin.write_all(&input);
        } else {
            std::thread::spawn(move || stdin.write_all(&input));
        }
    }

    pub fn finish(mut self, most: usize) -> Result<Finished> {
        let (sender, heard) = mpsc::channel();
        let mut streams = 0;
        if let Some(stdout) = self.child.stdout.take() {
            listen(stdout, most, sender.clone(), |chunk| Heard::Output(Zeroizing::new(chunk)));
            streams += 1;
        }
        if let Some(stderr) = self.child.stderr.take() {
            listen(stderr, MAX_SAID, sender, Heard::Said);
            streams += 1;
        }
        let mut output = Zeroizing::new(Vec::new());
        let mut said = Vec::new();
        let mut exited: Option<(ExitStatus, Instant)> = None;
        while streams > 0 {
            match heard.recv_timeout(Duration::from_millis(20)) {
                Ok(Heard::Output(chunk)) => output.extend_from_slice(&chunk),
                Ok(Heard::Said(chunk)) => said.extend_from_slice(&chunk),
                Ok(Heard::End) => streams -= 1,
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    // A daemon that it left behind may hold the pipes open for ever.
                    match exited {
                        Some((_, at)) if at.elapsed() > Duration::from_millis(200) => break,
                        Some(_) => {}
                        None => exited = self.child.try_wait()?.map(|status| (status, Instant::now())),
                    }
                    self.check_deadline(exited.is_some())?;
                }
            }
        }
        if output.len() > most {
            self.end();
            return Err(Error::new(format!("it answered more than {most} bytes and was ended")));
        }
        let mut pause = Duration::from_micros(20);
        let status = loop {
            if let Some((status, _)) = exited {
                break status;
            }
            exited = self.child.try_wait()?.map(|status| (status, Instant::now()));
            if exited.is_none() {
                self.check_deadline(false)?;
                std::thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(5));
            }
        };
        Ok(Finished { status, output, said })
    }

    fn check_deadline(&mut self, exited: bool) -> Result<()> {
        if exited || Instant::now() < self.deadline {
            return Ok(());
        }
        self.end();
        Err(error::too_slow(self.limit))
    }

    fn end(&mut self) {
        self.group.end(&mut self.child);
        let _ = self.child.wait();
    }
}

/// Reads a stream to its end, or one byte further than `most`, in a thread of its own.
fn listen(stream: impl Read + Send + 'static, most: usize, sender: mpsc::Sender<Heard>, wrap: fn(Vec<u8>) -> Heard) {
    std::thread::spawn(move || {
        let mut stream = stream.take(most as u64 + 1);
        let mut buffer = Zeroizing::new([0; 8192]);
        while let Ok(count @ 1..) = stream.read(buffer.as_mut_slice()) {
            if sender.send(wrap(buffer[..count].to_vec())).is_err() {
                return;
            }
        }
        let _ = sender.send(Heard::End);
    });
}

/// A process and what it started, so that they can be ended together.
#[cfg(unix)]
struct Group {
    leader: Option<rustix::process::Pid>,
}

#[cfg(unix)]
impl Group {
    fn prepare(command: &mut Command, own_group: bool) {
        // A group of its own may not read the terminal, so a program that may have to ask gets none.
        if own_group {
            std::os::unix::process::CommandExt::process_group(command, 0);
        }
    }

    fn of(child: &Child, own_group: bool) -> Self {
        Self { leader: own_group.then(|| rustix::process::Pid::from_child(child)) }
    }

    fn end(&self, child: &mut Child) {
        match self.leader {
            Some(leader) => {
                let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
            }
            None => {
                let _ = child.kill();
            }
        }
    }
}

#[cfg(windows)]
struct Group {
    job: Option<win32job::Job>,
}

#[cfg(windows)]
impl Group {
    fn prepare(_: &mut Command, _: bool) {}

    fn of(child: &Child, own_group: bool) -> Self {
        let handle = std::os::windows::io::AsRawHandle::as_raw_handle(child) as isize;
        let job = win32job::Job::create().ok().filter(|job| own_group && job.assign_process(handle).is_ok());
        Self { job }
    }

    fn end(&self, child: &mut Child) {
        // The limit is set only now: a daemon that a helper leaves behind on purpose outlives it.
        if let Some(job) = &self.job {
            let mut limits = win32job::ExtendedLimitInfo::new();
            limits.limit_kill_on_job_close();
            let _ = job.set_extended_limit_info(&mut limits);
        }
        let _ = child.kill();
    }
}
