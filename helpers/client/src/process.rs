//! Runs a process with a time limit, and stops it together with its children.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
#[cfg(unix)]
use std::sync::Arc;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::Failure;
use crate::caller::{FOLDER, folder, has_left};
use crate::group::Group;
use crate::path::trusted_path;
#[cfg(unix)]
use crate::signals::{self, Waited};
use crate::streams::{Heard, Streams};
#[cfg(unix)]
use crate::terminal::Kept;
#[cfg(unix)]
use crate::watcher::Watcher;

/// The most bytes that are kept of a helper's standard error.
const MAX_SAID: usize = 16 << 10;
/// How often to check whether a silent process still exists.
const PATIENCE: Duration = Duration::from_millis(20);
/// How long to read from the pipes after the process has exited.
const LINGER: Duration = Duration::from_millis(200);
/// How long to let a process run before its output is read. Most have exited by then, and their output is still in the pipes, so we wake up
/// once instead of three times. A process that fills a pipe has to wait that long.
const HEAD_START: Duration = Duration::from_millis(5);
/// If nothing was checked for longer than this, this process itself was stopped.
const STOPPED: Duration = Duration::from_secs(1);
/// A process that runs longer than this gets a watcher: without one, it would keep running if this process is killed.
#[cfg(unix)]
const WATCHED_AFTER: Duration = Duration::from_millis(250);
/// A pipe accepts this much before anybody reads from it (POSIX).
const PIPE_BUF: usize = 4096;

/// A process that has exited.
#[derive(Debug)]
pub struct Finished {
    /// Its exit status.
    pub status: ExitStatus,
    /// Its standard output. It may contain secrets.
    pub output: Zeroizing<Vec<u8>>,
    /// Its standard error: whole lines, at most about 16 KiB.
    pub said: Vec<u8>,
}

impl Finished {
    /// The reason for a program that gave none: its exit status (`exit status 3`).
    pub fn reason(&self) -> String {
        #[cfg(unix)]
        if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&self.status) {
            return format!("it was stopped by signal {signal}");
        }
        format!("exit status {}", self.status.code().unwrap_or(-1))
    }
}

/// The variables that tell git where a repository is. A helper that calls git then reads only the user's configuration.
const OF_A_REPOSITORY: [&str; 5] = ["GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_PREFIX"];

/// A command for a program that was [found](crate::on_path) or is [trusted](crate::trusted). Start nothing else.
///
/// It starts in the root directory, so that nothing in the user's working directory is read or run. The name of that directory is in
/// [`FOLDER`](crate::FOLDER). Its `PATH` has only absolute directories that other users cannot change.
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
        // Only Unix has a single root. On other systems it starts in the directory of the program.
        command.current_dir(if cfg!(unix) { Path::new("/") } else { program.parent().unwrap_or(program) });
    }
    command
}

/// A process with a time limit. At the limit, or when a signal ends this process, it gets SIGTERM, and half a second later SIGKILL. Its
/// children are stopped as well, unless it needed the terminal.
pub struct Running {
    child: Child,
    #[cfg(unix)]
    group: Arc<Group>,
    #[cfg(unix)]
    waited: Option<Waited>,
    /// `Some(None)`: it cannot be started.
    #[cfg(unix)]
    watcher: Option<Option<Watcher>>,
    #[cfg(windows)]
    group: Group,
    start: Instant,
    deadline: Instant,
    /// When the process was last checked.
    seen: Instant,
    limit: Duration,
}

/// A process that is running and currently silent.
#[derive(Debug)]
pub struct Moment<'a> {
    /// Its standard output so far.
    pub output: &'a [u8],
    /// Its standard error so far.
    pub said: &'a [u8],
    /// How long it has been running.
    pub elapsed: Duration,
}

/// Our caller may ignore SIGCHLD, and we inherit that: then we could not wait for any child. Any handler turns that off, and children do
/// not inherit a handler.
pub fn expect_children() {
    #[cfg(unix)]
    {
        static ONCE: std::sync::Once = std::sync::Once::new();
        ONCE.call_once(|| {
            let _ = signal_hook::flag::register(signal_hook::consts::SIGCHLD, std::sync::Arc::default());
        });
    }
}

/// True if the system does not know how to run the file: a script without a `#!` line (ENOEXEC).
#[cfg(unix)]
pub fn names_no_interpreter(problem: &std::io::Error) -> bool {
    problem.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error())
}

/// True if the system does not know how to run the file.
#[cfg(not(unix))]
pub fn names_no_interpreter(_: &std::io::Error) -> bool {
    false
}

impl Running {
    /// Starts it. In its own group, a process can be stopped with all its children, but it cannot read the terminal.
    ///
    /// # Errors
    /// [`NotStarted`](Failure::NotStarted).
    pub fn start(mut command: Command, own_group: bool, limit: Duration) -> Result<Self, Failure> {
        expect_children();
        let start = Instant::now();
        #[cfg(unix)]
        let terminal = if own_group { None } else { Kept::note() };
        // A signal that arrives before the terminal can be restored has to wait.
        #[cfg(unix)]
        let taken = if own_group { None } else { Some(signals::take()) };
        Group::prepare(&mut command, own_group);
        let child = command.spawn().map_err(|problem| Failure::not_started(&problem))?;
        #[cfg(unix)]
        let group = Arc::new(Group::of(&child, own_group, terminal));
        #[cfg(windows)]
        let group = Group::of(&child, own_group);
        #[cfg(unix)]
        let waited = match taken {
            Some(_) => Some(signals::wait_for(&group)),
            None => signals::wait_for_as_before(&group),
        };
        Ok(Self {
            child,
            group,
            #[cfg(unix)]
            waited,
            #[cfg(unix)]
            watcher: None,
            start,
            deadline: start + limit,
            seen: start,
            limit,
        })
    }

    /// Writes its input. The process need not read it.
    ///
    /// # Errors
    /// [`NotStarted`](Failure::NotStarted) if the system starts no further thread: without its input, the process would do something else.
    pub fn write(&mut self, input: Zeroizing<Vec<u8>>) -> Result<(), Failure> {
        let Some(mut stdin) = self.child.stdin.take() else { return Ok(()) };
        if input.len() <= PIPE_BUF {
            let _ = stdin.write_all(&input);
            return Ok(());
        }
        let writer = std::thread::Builder::new().spawn(move || stdin.write_all(&input));
        writer.map(drop).map_err(|problem| {
            self.end();
            Failure::not_started(&problem)
        })
    }

    /// Reads its output until it has exited, at most this many bytes. A daemon that it leaves behind may keep the pipes open forever, so
    /// after the process has exited, the output so far counts.
    ///
    /// # Errors
    /// [`TooSlow`](Failure::TooSlow), [`TooMuch`](Failure::TooMuch), or the system's error if it cannot be waited for.
    pub fn finish(self, most: usize) -> Result<Finished, Failure> {
        self.finish_watched(most, &mut |_| {})
    }

    /// The same. `watch` is called repeatedly while the process is silent.
    ///
    /// # Errors
    /// As [`finish`](Self::finish).
    pub fn finish_watched(self, most: usize, watch: &mut dyn FnMut(&Moment)) -> Result<Finished, Failure> {
        self.finish_within(most, watch, &mut || None)
    }

    /// The same, until `exceeds` returns a limit that the process has broken. It is called all the time, also while there is output.
    ///
    /// # Errors
    /// As [`finish`](Self::finish), or the failure that `exceeds` returns.
    pub fn finish_within(
        mut self,
        most: usize,
        watch: &mut dyn FnMut(&Moment),
        exceeds: &mut dyn FnMut() -> Option<Failure>,
    ) -> Result<Finished, Failure> {
        self.wait_a_moment();
        let mut streams = Streams::of(&mut self.child).inspect_err(|_| self.end())?;
        let mut output = Zeroizing::new(Vec::new());
        let mut said = Vec::new();
        let mut is_cut = false;
        let mut exited: Option<(ExitStatus, Instant)> = None;
        while streams.are_open() {
            let pause = if exited.is_some() { LINGER } else { PATIENCE };
            match streams.hear(pause) {
                Heard::Output(chunk) => output.extend_from_slice(&chunk),
                Heard::Said(chunk) if said.len() < MAX_SAID => said.extend_from_slice(&chunk),
                Heard::Said(_) => is_cut = true,
                Heard::Lost(problem) => {
                    self.end();
                    return Err(problem.into());
                }
                Heard::Nothing => {
                    watch(&Moment { output: &output, said: &said, elapsed: self.start.elapsed() });
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
            self.check(exceeds())?;
        }
        if is_cut {
            // Half a secret would not be recognised and redacted.
            said.truncate(said.iter().rposition(|b| *b == b'\n').map_or(0, |end| end + 1));
        }
        let mut pause = Duration::from_micros(50);
        let status = loop {
            if let Some((status, _)) = exited {
                break status;
            }
            if !wait_for_end(&self.child, PATIENCE) {
                std::thread::sleep(pause);
            }
            watch(&Moment { output: &output, said: &said, elapsed: self.start.elapsed() });
            exited = self.child.try_wait()?.map(|status| (status, Instant::now()));
            self.check_deadline(exited.is_some())?;
            self.check(exceeds())?;
            pause = (pause * 2).min(Duration::from_millis(5));
        };
        Ok(Finished { status, output, said })
    }

    /// Waits a moment: most processes have exited by then.
    fn wait_a_moment(&mut self) {
        wait_for_end(&self.child, HEAD_START.min(self.limit));
        #[cfg(unix)]
        if self.waited.is_none() && !matches!(self.child.try_wait(), Ok(Some(_))) {
            self.waited = Some(signals::wait_for(&self.group));
        }
    }

    fn check_deadline(&mut self, exited: bool) -> Result<(), Failure> {
        #[cfg(unix)]
        signals::heed();
        let now = Instant::now();
        // The process could not answer while everything was stopped (Ctrl-Z) or asleep.
        if now - self.seen > STOPPED {
            self.deadline += now - self.seen;
        }
        self.seen = now;
        #[cfg(unix)]
        if !exited && self.watcher.is_none() && now - self.start > WATCHED_AFTER {
            self.watcher = Some(self.group.watch().ok());
        }
        if exited || now < self.deadline {
            return Ok(());
        }
        self.end();
        Err(Failure::TooSlow(self.limit))
    }

    fn check(&mut self, failure: Option<Failure>) -> Result<(), Failure> {
        failure.map_or(Ok(()), |failure| {
            self.end();
            Err(failure)
        })
    }

    fn end(&mut self) {
        #[cfg(unix)]
        crate::group::end(std::slice::from_ref(&self.group));
        #[cfg(windows)]
        self.group.end(&mut self.child);
        let _ = self.child.wait();
    }
}

/// Waits until the process has exited, but no longer than `limit` (less than a second). Returns false where that is not possible: only
/// Linux can wait for one process with a time limit.
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
