//! A process and what it started, so that they can be ended together.

#[cfg(unix)]
use std::io;
use std::process::{Child, Command};
#[cfg(unix)]
use std::sync::Arc;
#[cfg(unix)]
use std::time::{Duration, Instant};

#[cfg(unix)]
use rustix::process::{Pid, Signal, WaitOptions, kill_process, kill_process_group};
#[cfg(unix)]
use rustix::process::{test_kill_process, test_kill_process_group, waitpid};

#[cfg(unix)]
use crate::depth;
#[cfg(unix)]
use crate::terminal::Kept;
#[cfg(unix)]
use crate::watcher::Watcher;

/// How long a process may take to end when it is told to: it may have a terminal to restore, or helpers of its own to end. Those that
/// it started get half of that, so that it can wait for them.
#[cfg(unix)]
const GRACE: Duration = Duration::from_millis(500);
/// How often to check if it has exited.
#[cfg(unix)]
const PAUSE: Duration = Duration::from_millis(5);

/// A process in a group of its own, with all that it started; or one that shares the terminal with this process.
#[cfg(unix)]
pub struct Group {
    leader: Pid,
    is_own: bool,
    terminal: Option<Kept>,
}

#[cfg(unix)]
impl Group {
    pub fn prepare(command: &mut Command, own_group: bool) {
        // A group of its own may not read the terminal, so a program that may have to ask gets none.
        if own_group {
            std::os::unix::process::CommandExt::process_group(command, 0);
        }
    }

    /// `terminal` is restored when the process exits, for any reason.
    pub fn of(child: &Child, is_own: bool, terminal: Option<Kept>) -> Self {
        Self { leader: Pid::from_child(child), is_own, terminal }
    }

    fn send(&self, signal: Signal) {
        let _ = match self.is_own {
            true => kill_process_group(self.leader, signal),
            false => kill_process(self.leader, signal),
        };
    }

    /// A shell that ends it as this process would, should this process be killed. What takes a moment is not worth it: start it for what
    /// takes longer.
    pub fn watch(&self) -> io::Result<Watcher> {
        let leader = self.leader.as_raw_nonzero();
        let target = if self.is_own { format!("-{leader}") } else { leader.to_string() };
        Watcher::start("kill -s TERM -- \"$1\" && sleep 1 && kill -s KILL -- \"$1\"", &[target])
    }

    /// True if part of it still runs. The process itself is waited for: one that has exited counts until then.
    fn is_there(&self) -> bool {
        let has_exited = !matches!(waitpid(Some(self.leader), WaitOptions::NOHANG), Ok(None));
        match self.is_own {
            true => test_kill_process_group(self.leader).is_ok(),
            false => !has_exited && test_kill_process(self.leader).is_ok(),
        }
    }

    fn restore_the_terminal(&self) {
        self.terminal.iter().for_each(Kept::restore);
    }
}

/// Tells all of these to end, and after a moment ends those that did not.
#[cfg(unix)]
pub fn end(groups: &[Arc<Group>]) {
    groups.iter().for_each(|group| group.send(Signal::TERM));
    // A stopped one hears of it only when it goes on.
    groups.iter().for_each(|group| group.send(Signal::CONT));
    let start = Instant::now();
    let mut left: Vec<&Arc<Group>> = groups.iter().collect();
    while !left.is_empty() && start.elapsed() < GRACE / (1 << depth().min(4)) {
        left.retain(|group| group.is_there());
        if !left.is_empty() {
            std::thread::sleep(PAUSE);
        }
    }
    left.iter().for_each(|group| group.send(Signal::KILL));
    groups.iter().for_each(|group| group.restore_the_terminal());
}

#[cfg(windows)]
pub struct Group {
    job: Option<Together>,
}

#[cfg(windows)]
impl Group {
    pub fn prepare(command: &mut Command, own_group: bool) {
        const CREATE_NO_WINDOW: u32 = 0x0800_0000;
        // For a program without a console (an editor, a service) the system would open one, as a window.
        if own_group && !has_console() {
            std::os::windows::process::CommandExt::creation_flags(command, CREATE_NO_WINDOW);
        }
    }

    pub fn of(child: &Child, own_group: bool) -> Self {
        Self { job: if own_group { Together::with(child) } else { None } }
    }

    pub fn end(&self, child: &mut Child) {
        // The limit is set only now: a daemon that a helper leaves behind on purpose outlives it.
        if let Some(job) = &self.job {
            job.ends_with_this_process();
        }
        let _ = child.kill();
    }
}

#[cfg(windows)]
fn has_console() -> bool {
    static HAS_ONE: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    *HAS_ONE.get_or_init(|| std::fs::File::options().write(true).open("CONOUT$").is_ok())
}

/// A process and all that it starts from now on (a job object).
#[cfg(windows)]
#[derive(Debug)]
pub struct Together {
    job: win32job::Job,
}

#[cfg(windows)]
impl Together {
    /// `None` if the system does not let it be.
    pub fn with(child: &Child) -> Option<Self> {
        let handle = std::os::windows::io::AsRawHandle::as_raw_handle(child) as isize;
        let job = win32job::Job::create().ok().filter(|job| job.assign_process(handle).is_ok())?;
        Some(Self { job })
    }

    /// All of it ends when this is dropped, or when this process ends, however that is.
    pub fn ends_with_this_process(&self) {
        let mut limits = win32job::ExtendedLimitInfo::new();
        limits.limit_kill_on_job_close();
        let _ = self.job.set_extended_limit_info(&mut limits);
    }

    /// What still runs may go on.
    pub fn let_go(self) {
        let _ = self.job.set_extended_limit_info(&mut win32job::ExtendedLimitInfo::new());
    }
}
