//! Signals during a prompt: the terminal is restored, and then the signal does its usual work.

use std::io;
use std::thread::JoinHandle;

use modelforge_credential_client::{Taken, heeded, take_signals_with_stops};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::iterator::{Handle, Signals};
use signal_hook::low_level::emulate_default_handler;

/// The signals that end or stop a program.
const ENDING: [i32; 5] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP];

/// What to do around a signal.
#[derive(Clone, Copy)]
pub struct Around {
    /// Called before it ends or stops the program.
    pub before: fn(),
    /// Called when the program continues after a stop.
    pub after: fn(),
}

/// Handles signals until it is dropped.
pub struct Watch {
    taken: Option<Taken>,
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    pub fn start(around: Around) -> io::Result<Self> {
        let mut signals = Signals::new(heeded(&ENDING))?;
        signals.add_signal(SIGCONT)?;
        let taken = Some(take_signals_with_stops());
        let handle = signals.handle();
        let listen = move || signals.forever().for_each(|signal| act_on(signal, around));
        let thread = std::thread::Builder::new().spawn(listen)?;
        Ok(Self { taken, handle, thread: Some(thread) })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Do this first, so that no signal is lost.
        drop(self.taken.take());
        self.handle.close();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn act_on(signal: i32, around: Around) {
    match signal {
        SIGCONT => (around.after)(),
        // Nobody could continue it. The kernel does not stop a session leader either.
        SIGTSTP if rustix::process::getsid(None).is_ok_and(|session| session == rustix::process::getpgrp()) => {}
        _ => {
            (around.before)();
            let _ = emulate_default_handler(signal);
        }
    }
}
