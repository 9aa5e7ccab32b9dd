//! A process with a time limit, and the end of all that it started.

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

/// How much of what a helper says is listened to, in bytes.
const MAX_SAID: usize = 16 << 10;
/// How long to wait before looking whether a silent process is still there.
const PATIENCE: Duration = Duration::from_millis(20);
/// How long to listen to what a process left behind.
const LINGER: Duration = Duration::from_millis(200);
/// How long to let a process run before it is listened to. Most have ended by then, and what they said is still in the pipes: one
/// waking instead of three. One that says more than a pipe holds waits that much longer.
const HEAD_START: Duration = Duration::from_millis(5);
/// A longer time without a look at the process means that this one was stopped.
const STOPPED: Duration = Duration::from_secs(1);
/// What runs longer than this is watched over: it would hang on, should this process be killed.
#[cfg(unix)]
const WATCHED_AFTER: Duration = Duration::from_millis(250);
/// A pipe takes this much without anybody reading it (POSIX).
const PIPE_BUF: usize = 4096;

/// A process that has exited.
#[derive(Debug)]
pub struct Finished {
    /// Its exit status.
    pub status: ExitStatus,
    /// Its output on standard output. There may be secrets in it.
    pub output: Zeroizing<Vec<u8>>,
    /// Its output on standard error, at most some 16 KiB of whole lines.
    pub said: Vec<u8>,
}

impl Finished {
    /// The reason that its exit status gives, for a program that gave none itself: `exit status 3`.
    pub fn reason(&self) -> String {
        #[cfg(unix)]
        if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&self.status) {
            return format!("it was stopped by signal {signal}");
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

/// A process with a time limit. When the limit passes, or a signal ends this process, it is told to end, and after half a second ended,
/// with everything that it started unless it needed the terminal.
pub struct Running {
    child: Child,
    #[cfg(unix)]
    group: Arc<Group>,
    #[cfg(unix)]
    waited: Option<Waited>,
    /// `Some(None)`: there can be none.
    #[cfg(unix)]
    watcher: Option<Option<Watcher>>,
    #[cfg(windows)]
    group: Group,
    start: Instant,
    deadline: Instant,
    /// When it was last looked after.
    seen: Instant,
    limit: Duration,
}

/// A process that has not ended yet, in a moment in which it says nothing.
#[derive(Debug)]
pub struct Moment<'a> {
    /// Its output so far on standard output so far.
    pub output: &'a [u8],
    /// Its output so far on standard error so far.
    pub said: &'a [u8],
    /// How long it has been running.
    pub elapsed: Duration,
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

/// True if the system knows no way to run what it was given: a script that does not say what it is for (ENOEXEC).
#[cfg(unix)]
pub fn names_no_interpreter(problem: &std::io::Error) -> bool {
    problem.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error())
}

/// True if the system knows no way to run what it was given.
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
        let start = Instant::now();
        #[cfg(unix)]
        let terminal = if own_group { None } else { Kept::note() };
        // A signal that comes before the terminal can be restored waits until it can be.
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

    /// Hands it its input. It need not read it.
    ///
    /// # Errors
    /// [`NotStarted`](Failure::NotStarted) if the system starts no further thread: without its input it would be asked for something else.
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

    /// Listens until it has exited, to at most this many bytes. A daemon that it leaves behind may hold the pipes open for ever: when the process itself
    /// is gone, what was heard by then counts.
    ///
    /// # Errors
    /// [`TooSlow`](Failure::TooSlow), [`TooMuch`](Failure::TooMuch), or the system's own when it cannot be waited for.
    pub fn finish(self, most: usize) -> Result<Finished, Failure> {
        self.finish_watched(most, &mut |_| {})
    }

    /// The same; `watch` is called again and again while it says nothing.
    ///
    /// # Errors
    /// As [`finish`](Self::finish).
    pub fn finish_watched(self, most: usize, watch: &mut dyn FnMut(&Moment)) -> Result<Finished, Failure> {
        self.finish_within(most, watch, &mut || None)
    }

    /// The same, as long as `exceeds` names nothing that it must not do. It is asked all the time, whatever is said.
    ///
    /// # Errors
    /// As [`finish`](Self::finish), or what `exceeds` names.
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
            // Half a secret would not be known for one.
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

    /// Most have answered by then.
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
        // Nobody could answer while all was stopped (Ctrl-Z) or asleep.
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
