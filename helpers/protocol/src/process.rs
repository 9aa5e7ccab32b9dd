//! This process: who can look into it, its home directory, and its streams.

use std::fs::File;
use std::io;

use crate::Error;

/// Prevents core dumps, and access to this process's memory by other processes of the same user (Linux: `prctl(2)` with `PR_SET_DUMPABLE`;
/// macOS: `ptrace(2)` with `PT_DENY_ATTACH`; Unix: a soft `RLIMIT_CORE` of 0). A file that may not grow (`ulimit -f`) becomes an error of
/// the write instead of a signal. On Linux, a helper that `modelforge-credential` started ends with it, even if that is killed. On Windows,
/// a panic ends the process without a crash, because Windows Error Reporting would keep its memory. Call it first; [`serve`](crate::serve)
/// does. Failures are ignored.
pub fn harden() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let may_read = may_read_limits();
        if may_read {
            let maximum = getrlimit(Resource::Core).maximum;
            let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum });
        }
        if !may_read || getrlimit(Resource::Fsize).current.is_some() {
            // A handler, because children inherit an ignored signal.
            let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, std::sync::Arc::default());
        }
    }
    #[cfg(target_os = "linux")]
    {
        let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
        if std::env::var_os(IS_A_HELPER).is_some() {
            let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::TERM));
        }
    }
    #[cfg(target_os = "macos")]
    let _ = secmem_proc::components::disable_tracing_prctl();
    #[cfg(windows)]
    {
        let tell = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            tell(panic);
            std::process::exit(101);
        }));
    }
}

/// A sandbox may forbid the call, and `getrlimit` cannot report that: it crashes or returns garbage. An invalid limit (a soft limit above
/// the hard one) is refused as invalid only if the call is allowed.
#[cfg(unix)]
fn may_read_limits() -> bool {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let wrong = Rlimit { current: Some(1), maximum: Some(0) };
    setrlimit(Resource::Core, wrong) == Err(rustix::io::Errno::INVAL)
}

/// A variable that `modelforge-credential` sets for the helpers that it starts.
#[cfg(target_os = "linux")]
const IS_A_HELPER: &str = "MODELFORGE_CREDENTIAL_DEPTH";

/// Standard input without the standard library's buffer, which is never wiped.
///
/// # Errors
/// If the descriptor cannot be duplicated.
pub fn stdin() -> io::Result<File> {
    #[cfg(unix)]
    let copy = rustix::stdio::stdin().try_clone_to_owned();
    #[cfg(windows)]
    let copy = std::os::windows::io::AsHandle::as_handle(&io::stdin()).try_clone_to_owned();
    copy.map(File::from).map_err(|problem| not_open("input", &problem))
}

/// Standard output without the standard library's buffer, which is never wiped.
///
/// # Errors
/// If the descriptor cannot be duplicated.
pub fn stdout() -> io::Result<File> {
    #[cfg(unix)]
    let copy = rustix::stdio::stdout().try_clone_to_owned();
    #[cfg(windows)]
    let copy = std::os::windows::io::AsHandle::as_handle(&io::stdout()).try_clone_to_owned();
    copy.map(File::from).map_err(|problem| not_open("output", &problem))
}

/// If a process may open no more files, the system's message does not say which file.
fn not_open(which: &str, problem: &io::Error) -> io::Error {
    io::Error::other(Error::new(format!("cannot open standard {which}: {problem}")))
}
