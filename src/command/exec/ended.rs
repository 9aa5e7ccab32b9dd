//! Waits until the command ends, and ends this process with the same status.

use std::io;
use std::process::{Child, ExitStatus};

/// How the command ended, and an error if part of its output could not be written.
pub struct Ended {
    pub status: ExitStatus,
    pub lost: Option<io::Error>,
}

/// Waits for the end. Until the process is reaped, its number cannot be reused, so signals may be passed on.
pub fn wait(child: &mut Child, before_it_is_reaped: impl FnOnce()) -> io::Result<ExitStatus> {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while matches!(waitid(WaitId::Pid(Pid::from_child(child)), options), Err(rustix::io::Errno::INTR)) {}
    }
    before_it_is_reaped();
    child.wait()
}

/// Ends this process in the same way.
pub fn end_like(status: ExitStatus) -> ! {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        let _ = signal_hook::low_level::emulate_default_handler(signal);
        if let Some(signal) = rustix::process::Signal::from_named_raw(signal) {
            let _ = rustix::process::kill_process(rustix::process::getpid(), signal);
        }
        std::process::exit(128 + signal);
    }
    std::process::exit(status.code().unwrap_or(1))
}
