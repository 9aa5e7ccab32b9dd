//! A process and its children, so that they can be stopped together.

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

/// The time that a process has to exit after SIGTERM: it may have to restore a terminal, or to stop helpers of its own. Its children get
/// half of that time, so that it can wait for them.
#[cfg(unix)]
const GRACE: Duration = Duration::from_millis(500);
/// How often to check whether it has exited.
#[cfg(unix)]
const PAUSE: Duration = Duration::from_millis(5);

/// A process in its own group, with all its children; or a process that shares the terminal with this one.
#[cfg(unix)]
pub struct Group {
    leader: Pid,
    is_own: bool,
    terminal: Option<Kept>,
}

#[cfg(unix)]
impl Group {
    pub fn prepare(command: &mut Command, own_group: bool) {
        // A process in its own group cannot read the terminal. So a program that may have to prompt stays in our group.
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

    /// Starts a shell that stops the process if this one is killed. Starting it costs time, so use it only for what takes longer.
    pub fn watch(&self) -> io::Result<Watcher> {
        let leader = self.leader.as_raw_nonzero();
        let target = if self.is_own { format!("-{leader}") } else { leader.to_string() };
        Watcher::start("kill -s TERM -- \"$1\" && sleep 1 && kill -s KILL -- \"$1\"", &[target])
    }

    /// True if part of it still runs. A process that has exited counts until it has been waited for.
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

/// Sends SIGTERM to all of them, and SIGKILL after a moment to those that are left.
#[cfg(unix)]
pub fn end(groups: &[Arc<Group>]) {
    groups.iter().for_each(|group| group.send(Signal::TERM));
    // A process that is stopped handles a signal only after it continues.
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
        // For a program without a console (an editor, a service), the system would open a console window.
        if own_group && !has_console() {
            std::os::windows::process::CommandExt::creation_flags(command, CREATE_NO_WINDOW);
        }
    }

    pub fn of(child: &Child, own_group: bool) -> Self {
        Self { job: if own_group { Together::with(child) } else { None } }
    }

    pub fn end(&self, child: &mut Child) {
        // The limit is set only now, so that a daemon that a helper left behind on purpose is not stopped.
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

/// A process and all the children that it starts from now on (a job object).
#[cfg(windows)]
#[derive(Debug)]
pub struct Together {
    job: win32job::Job,
}

#[cfg(windows)]
impl Together {
    /// `None` if the system does not allow it.
    pub fn with(child: &Child) -> Option<Self> {
        let handle = std::os::windows::io::AsRawHandle::as_raw_handle(child) as isize;
        let job = win32job::Job::create().ok().filter(|job| job.assign_process(handle).is_ok())?;
        Some(Self { job })
    }

    /// All of them end when this is dropped or when this process ends, for any reason.
    pub fn ends_with_this_process(&self) {
        let mut limits = win32job::ExtendedLimitInfo::new();
        limits.limit_kill_on_job_close();
        let _ = self.job.set_extended_limit_info(&mut limits);
    }

    /// Lets the processes that still run continue.
    pub fn let_go(self) {
        let _ = self.job.set_extended_limit_info(&mut win32job::ExtendedLimitInfo::new());
    }
}
