//! A process with a time limit, and the end of all that it started.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::Failure;
use crate::caller::{FOLDER, folder, has_left};
use crate::path::trusted_path;

/// How much of what a helper says is listened to, in bytes.
const MAX_SAID: usize = 16 << 10;
/// How long to wait before looking whether a silent process is still there.
const PATIENCE: Duration = Duration::from_millis(20);
/// How long to listen to what a process left behind.
const LINGER: Duration = Duration::from_millis(200);
/// How long to let a process run before it is listened to. Most have ended by then, and what they said is still in the pipes: one
/// waking instead of three. One that says more than a pipe holds waits that much longer.
const HEAD_START: Duration = Duration::from_millis(5);
/// A pipe takes this much without anybody reading it (POSIX).
const PIPE_BUF: usize = 4096;

/// A process that has exited.
#[derive(Debug)]
pub struct Finished {
    /// Its exit status.
    pub status: ExitStatus,
    /// What it wrote to standard output. There may be secrets in it.
    pub output: Zeroizing<Vec<u8>>,
    /// What it wrote to standard error, at most 16 KiB of it.
    pub said: Vec<u8>,
}

impl Finished {
    /// The reason that its exit status gives, for a program that gave none itself: `exit status 3`.
    pub fn reason(&self) -> String {
        #[cfg(unix)]
        if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&self.status) {
            return format!("it was ended by signal {signal}");
        }
        format!("exit status {}", self.status.code().unwrap_or(-1))
    }
}

/// The variables through which git finds a repository. A helper that calls git reads the user's configuration, and no repository's.
const OF_A_REPOSITORY: [&str; 5] = ["GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_PREFIX"];

/// A command for a program that was [found](crate::on_path) or is [trusted](crate::trusted): nothing else is to be started.
///
/// It starts in the root folder, so that nothing of the folder that the user stands in is read or run; that folder's name is in
/// [`FOLDER`](crate::FOLDER). Its `PATH` has only absolute folders that others cannot change.
#[expect(clippy::disallowed_methods, reason = "this is the file that starts helpers")]
pub fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("PATH", trusted_path());
    for name in OF_A_REPOSITORY {
        command.env_remove(name);
    }
    if let Some(folder) = folder() {
        command.env(FOLDER, folder);
    }
    if !has_left() {
        // Elsewhere than on Unix there is no one root; no program is looked for in the folder of another.
        command.current_dir(if cfg!(unix) { Path::new("/") } else { program.parent().unwrap_or(program) });
    }
    command
}

/// A process with a time limit. When the limit passes, it and, unless it needed the terminal, everything it started are ended.
#[derive(Debug)]
pub struct Running {
    child: Child,
    group: Group,
    deadline: Instant,
    limit: Duration,
}

/// A caller may ignore the end of its children (SIGCHLD), and we inherit that: nobody can wait for a child then. A handler,
/// whatever it does, ends it, and is not inherited by anybody.
pub fn expect_children() {
    #[cfg(unix)]
    {
        static ONCE: std::sync::Once = std::sync::Once::new();
        ONCE.call_once(|| {
            let _ = signal_hook::flag::register(signal_hook::consts::SIGCHLD, std::sync::Arc::default());
        });
    }
}

/// Whether the system knows no way to run what it was given: a script that does not say what it is for (ENOEXEC).
#[cfg(unix)]
pub fn names_no_interpreter(problem: &std::io::Error) -> bool {
    problem.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error())
}

/// Whether the system knows no way to run what it was given.
#[cfg(not(unix))]
pub fn names_no_interpreter(_: &std::io::Error) -> bool {
    false
}

impl Running {
    /// Starts it. A process in a group of its own is ended with all that it started, but cannot read the terminal.
    ///
    /// # Errors
    /// [`NotStarted`](Failure::NotStarted).
    pub fn start(mut command: Command, own_group: bool, limit: Duration) -> Result<Self, Failure> {
        expect_children();
        let deadline = Instant::now() + limit;
        Group::prepare(&mut command, own_group);
        let child = command.spawn().map_err(|problem| Failure::not_started(&problem))?;
        let group = Group::of(&child, own_group);
        Ok(Self { child, group, deadline, limit })
    }

    /// Hands it its input. It need not read it.
    pub fn write(&mut self, input: Zeroizing<Vec<u8>>) {
        let Some(mut stdin) = self.child.stdin.take() else { return };
        if input.len() <= PIPE_BUF {
            let _ = stdin.write_all(&input);
        } else {
            std::thread::spawn(move || stdin.write_all(&input));
        }
    }

    /// Listens until it has exited, to at most this many bytes. A daemon that it leaves behind may hold the pipes open for ever: when the process itself
    /// is gone, what was heard by then counts.
    ///
    /// # Errors
    /// [`TooSlow`](Failure::TooSlow), [`TooMuch`](Failure::TooMuch), or the system's own when it cannot be waited for.
    pub fn finish(mut self, most: usize) -> Result<Finished, Failure> {
        wait_for_end(&self.child, HEAD_START.min(self.limit));
        let mut streams = Streams::of(&mut self.child);
        let mut output = Zeroizing::new(Vec::new());
        let mut said = Vec::new();
        let mut exited: Option<(ExitStatus, Instant)> = None;
        while streams.are_open() {
            let pause = if exited.is_some() { LINGER } else { PATIENCE };
            match streams.hear(pause) {
                Heard::Output(chunk) => output.extend_from_slice(&chunk),
                Heard::Said(chunk) if said.len() < MAX_SAID => said.extend_from_slice(&chunk),
                Heard::Said(_) => {}
                Heard::Nothing => {
                    if exited.is_none() {
                        exited = self.child.try_wait()?.map(|status| (status, Instant::now()));
                    }
                }
            }
            if exited.is_some_and(|(_, at)| at.elapsed() >= LINGER) {
                break;
            }
            if output.len() > most {
                self.end();
                return Err(Failure::TooMuch { most, of: "bytes" });
            }
            self.check_deadline(exited.is_some())?;
        }
        let mut pause = Duration::from_micros(50);
        let status = loop {
            if let Some((status, _)) = exited {
                break status;
            }
            if !wait_for_end(&self.child, PATIENCE) {
                std::thread::sleep(pause);
            }
            exited = self.child.try_wait()?.map(|status| (status, Instant::now()));
            self.check_deadline(exited.is_some())?;
            pause = (pause * 2).min(Duration::from_millis(5));
        };
        Ok(Finished { status, output, said })
    }

    fn check_deadline(&mut self, exited: bool) -> Result<(), Failure> {
        if exited || Instant::now() < self.deadline {
            return Ok(());
        }
        self.end();
        Err(Failure::TooSlow(self.limit))
    }

    fn end(&mut self) {
        self.group.end(&mut self.child);
        let _ = self.child.wait();
    }
}

enum Heard {
    Output(Zeroizing<Vec<u8>>),
    Said(Vec<u8>),
    /// No more for now, or a stream has exited.
    Nothing,
}

/// What a process writes to, read side by side as it comes. Threads would do it everywhere, but starting two of them takes
/// longer than all else that is done here.
#[cfg(unix)]
struct Streams {
    stdout: Option<std::process::ChildStdout>,
    stderr: Option<std::process::ChildStderr>,
}

#[cfg(unix)]
impl Streams {
    fn of(child: &mut Child) -> Self {
        Self { stdout: child.stdout.take(), stderr: child.stderr.take() }
    }

    fn are_open(&self) -> bool {
        self.stdout.is_some() || self.stderr.is_some()
    }

    fn hear(&mut self, pause: Duration) -> Heard {
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
            return read(&mut self.stdout).map_or(Heard::Nothing, |chunk| Heard::Output(Zeroizing::new(chunk)));
        }
        if said_ready { read(&mut self.stderr).map_or(Heard::Nothing, Heard::Said) } else { Heard::Nothing }
    }
}

/// A chunk of a stream; at its end it is closed.
#[cfg(unix)]
fn read(stream: &mut Option<impl Read>) -> Option<Vec<u8>> {
    let mut buffer = Zeroizing::new([0; 4096]);
    match stream.as_mut()?.read(buffer.as_mut_slice()) {
        Ok(0) | Err(_) => {
            *stream = None;
            None
        }
        Ok(count) => Some(buffer[..count].to_vec()),
    }
}

/// Waits until the process has exited, but no longer than this (below a second). Returns whether it could wait: only Linux wakes who
/// waits for one process and not for ever.
#[cfg(target_os = "linux")]
fn wait_for_end(child: &Child, limit: Duration) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::process::{Pid, PidfdFlags, pidfd_open};
    let Ok(process) = pidfd_open(Pid::from_child(child), PidfdFlags::empty()) else { return false };
    let limit = Timespec { tv_sec: 0, tv_nsec: limit.subsec_nanos().into() };
    let _ = poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&limit));
    true
}

#[cfg(not(target_os = "linux"))]
fn wait_for_end(_: &Child, _: Duration) -> bool {
    false
}

#[cfg(windows)]
struct Streams {
    heard: std::sync::mpsc::Receiver<Option<Heard>>,
    open: usize,
}

#[cfg(windows)]
impl Streams {
    fn of(child: &mut Child) -> Self {
        let (sender, heard) = std::sync::mpsc::channel();
        let mut open = 0;
        if let Some(stdout) = child.stdout.take() {
            listen(stdout, sender.clone(), |chunk| Heard::Output(Zeroizing::new(chunk)));
            open += 1;
        }
        if let Some(stderr) = child.stderr.take() {
            listen(stderr, sender, Heard::Said);
            open += 1;
        }
        Self { heard, open }
    }

    fn are_open(&self) -> bool {
        self.open > 0
    }

    fn hear(&mut self, pause: Duration) -> Heard {
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

/// Reads a stream to its end, in a thread of its own.
#[cfg(windows)]
fn listen(
    mut stream: impl Read + Send + 'static,
    sender: std::sync::mpsc::Sender<Option<Heard>>,
    wrap: fn(Vec<u8>) -> Heard,
) {
    std::thread::spawn(move || {
        let mut buffer = Zeroizing::new([0; 4096]);
        while let Ok(count @ 1..) = stream.read(buffer.as_mut_slice()) {
            if sender.send(Some(wrap(buffer[..count].to_vec()))).is_err() {
                return;
            }
        }
        let _ = sender.send(None);
    });
}

/// A process and what it started, so that they can be ended together.
#[cfg(unix)]
#[derive(Debug)]
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
#[derive(Debug)]
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
