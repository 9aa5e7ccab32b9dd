//! Passes signals on to the command while it runs.

use std::io;
use std::process::Child;
#[cfg(unix)]
use std::sync::Arc;

/// Where the command runs.
#[derive(Clone)]
pub enum Where {
    /// In our own process group, so it gets signals from the terminal itself.
    Here,
    /// The same, but its standard error is a terminal. This function tells that terminal when ours changes its size.
    #[cfg(unix)]
    Beside(Arc<dyn Fn() + Send + Sync>),
    /// At its own terminal. This function tells that terminal when ours changes its size.
    #[cfg(unix)]
    At(Arc<dyn Fn() + Send + Sync>),
}

/// The signals that end or control a program. A thread waits for them before the command is started: a command that could not get them is
/// not started.
#[cfg(unix)]
pub struct Signals {
    handle: signal_hook::iterator::Handle,
    thread: std::thread::JoinHandle<()>,
    command: std::sync::mpsc::Sender<rustix::process::Pid>,
}

/// Signals that are passed on to the command.
#[cfg(unix)]
pub struct PassedOn {
    handle: signal_hook::iterator::Handle,
    thread: std::thread::JoinHandle<()>,
}

#[cfg(unix)]
impl Signals {
    pub fn listen(place: Where) -> io::Result<Self> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH};
        let all = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH];
        // A signal that was ignored at the start (by `nohup`, or in the background) stays ignored, for the command as well.
        let mut signals = signal_hook::iterator::Signals::new(modelforge_credential_client::heeded(&all))?;
        let handle = signals.handle();
        let (command, started) = std::sync::mpsc::channel();
        let thread = std::thread::Builder::new().spawn(move || {
            // Without a command there is nothing to do.
            let Ok(process) = started.recv() else { return };
            for signal in signals.forever() {
                pass_on(signal, process, &place);
            }
        })?;
        // Until this process ends, which is when the command ends.
        std::mem::forget(modelforge_credential_client::take_signals());
        Ok(Self { handle, thread, command })
    }

    pub fn pass_on_to(self, child: &Child) -> PassedOn {
        // The thread waits for this.
        let _ = self.command.send(rustix::process::Pid::from_child(child));
        PassedOn { handle: self.handle, thread: self.thread }
    }
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
        Where::At(resize) if signal == Signal::WINCH => return resize(),
        Where::Beside(resize) if signal == Signal::WINCH => {
            resize();
            // The command may have read the size too early.
            kill_process(process, signal)
        }
        Where::Here | Where::Beside(_) if signal == Signal::WINCH || (is_key && is_in_the_foreground()) => return,
        // Ctrl-C and a lost terminal are for all processes at the terminal.
        Where::At(_) if is_key || signal == Signal::HUP => kill_process_group(process, signal),
        _ => kill_process(process, signal),
    };
}

/// True if Ctrl-C at the terminal reaches this process, and so also the command in its group.
#[cfg(unix)]
fn is_in_the_foreground() -> bool {
    let terminal = std::fs::File::open("/dev/tty");
    terminal.is_ok_and(|terminal| {
        rustix::termios::tcgetpgrp(terminal).is_ok_and(|group| group == rustix::process::getpgrp())
    })
}

/// The console sends Ctrl-C and Ctrl-Break to the command as well. This process only has to survive them.
#[cfg(not(unix))]
pub struct Signals;

#[cfg(not(unix))]
impl Signals {
    pub fn listen(_: Where) -> io::Result<Self> {
        ctrlc::set_handler(|| {}).map_err(io::Error::other)?;
        Ok(Self)
    }

    pub fn pass_on_to(self, _: &Child) -> Self {
        self
    }

    pub fn end(self) {}
}
