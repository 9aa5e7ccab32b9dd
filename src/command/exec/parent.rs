//! Stays while the command runs: passes on the signals that come, and ends as the command did.

use std::io;
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;

use super::pipes;
use crate::command::exec::mask::Mask;

/// How the command ended, and why a part of what it printed could not be written, if that is so.
pub struct Ended {
    pub status: ExitStatus,
    pub lost: Option<io::Error>,
}

/// Runs it with this process's own input and output.
pub fn plain(mut command: Command) -> io::Result<Ended> {
    let signals = Signals::listen()?;
    let mut child = command.spawn()?;
    let signals = signals.pass_on_to(&child, Where::Here);
    let status = wait(&mut child, || signals.end())?;
    Ok(Ended { status, lost: None })
}

/// Runs it with its output masked; where that goes to a terminal, the command has one as well.
pub fn masked(mut command: Command, mask: Arc<Mask>) -> io::Result<Ended> {
    let signals = Signals::listen()?;
    #[cfg(unix)]
    if io::IsTerminal::is_terminal(&io::stdout()) {
        return super::terminal::run(command, mask, signals);
    }
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    #[cfg(unix)]
    let messages = match io::IsTerminal::is_terminal(&io::stderr()) {
        true => Some(super::terminal::stderr_alone(&mut command)?),
        false => None,
    };
    let mut child = command.spawn()?;
    // It holds an end of that terminal.
    drop(command);
    let mut pipes = pipes::Pipes::default();
    if let Some(stdout) = child.stdout.take() {
        pipes.add(stdout, modelforge_credential_protocol::stdout()?, Arc::clone(&mask));
    }
    if let Some(stderr) = child.stderr.take() {
        pipes.add(stderr, pipes::stderr()?, Arc::clone(&mask));
    }
    let place = Where::Here;
    #[cfg(unix)]
    let place = match messages {
        Some((outer, terminal)) => {
            pipes.add(outer, pipes::stderr()?, mask);
            Where::Beside(terminal)
        }
        None => place,
    };
    let signals = signals.pass_on_to(&child, place);
    let status = wait(&mut child, || signals.end());
    let lost = pipes.finish();
    Ok(Ended { status: status?, lost })
}

/// Where the command runs.
#[derive(Clone)]
pub enum Where {
    /// In this process's own group: what the terminal sends, it gets itself.
    Here,
    /// The same, but its standard error is a terminal, which has to be told when ours changes its size.
    #[cfg(unix)]
    Beside(Arc<super::terminal::Terminal>),
    /// At a terminal of its own, which has to be told when ours changes its size.
    #[cfg(unix)]
    At(Arc<super::terminal::Terminal>),
}

/// Waits for the end. As long as the process is not reaped its number is its own, so until then signals may be passed on.
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

/// The signals that end or steer a program.
#[cfg(unix)]
pub struct Signals(signal_hook::iterator::Signals);

/// Signals on their way to the command.
#[cfg(unix)]
pub struct PassedOn {
    handle: signal_hook::iterator::Handle,
    thread: std::thread::JoinHandle<()>,
}

#[cfg(unix)]
impl Signals {
    pub fn listen() -> io::Result<Self> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH};
        let all = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH];
        // What was to be ignored (by `nohup`, or in the background) stays so, for the command as well.
        let ignored = ignored();
        signal_hook::iterator::Signals::new(all.iter().filter(|signal| ignored & (1 << (*signal - 1)) == 0)).map(Self)
    }

    pub fn pass_on_to(mut self, child: &Child, place: Where) -> PassedOn {
        let process = rustix::process::Pid::from_child(child);
        let handle = self.0.handle();
        let thread = std::thread::spawn(move || {
            for signal in self.0.forever() {
                pass_on(signal, process, &place);
            }
        });
        PassedOn { handle, thread }
    }
}

/// The signals that this process was told to ignore, as far as the system says so: a bit each.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(unix)]
impl PassedOn {
    pub fn end(self) {
        self.handle.close();
        let _ = self.thread.join();
    }
}

#[cfg(unix)]
fn pass_on(number: i32, process: rustix::process::Pid, place: &Where) {
    use rustix::process::{Signal, kill_process, kill_process_group};
    let Some(signal) = Signal::from_named_raw(number) else { return };
    let is_key = matches!(signal, Signal::INT | Signal::QUIT);
    let _ = match place {
        Where::At(terminal) if signal == Signal::WINCH => return terminal.resize(),
        Where::Beside(terminal) if signal == Signal::WINCH => {
            terminal.resize();
            // It may have looked at the size too early.
            kill_process(process, signal)
        }
        Where::Here | Where::Beside(_) if signal == Signal::WINCH || (is_key && is_in_the_foreground()) => return,
        // Ctrl-C and a lost terminal mean all that runs at the terminal.
        Where::At(_) if is_key || signal == Signal::HUP => kill_process_group(process, signal),
        _ => kill_process(process, signal),
    };
}

/// Whether keys of the terminal reach this process, and then the command in its group as well.
#[cfg(unix)]
fn is_in_the_foreground() -> bool {
    let terminal = std::fs::File::open("/dev/tty");
    terminal.is_ok_and(|terminal| {
        rustix::termios::tcgetpgrp(terminal).is_ok_and(|group| group == rustix::process::getpgrp())
    })
}

/// The console sends Ctrl-C to the command as well; this process only has to outlive it.
#[cfg(not(unix))]
pub struct Signals;

#[cfg(not(unix))]
impl Signals {
    pub fn listen() -> io::Result<Self> {
        let _ = signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::default())?;
        Ok(Self)
    }

    pub fn pass_on_to(self, _: &Child, _: Where) -> Self {
        self
    }

    pub fn end(self) {}
}
