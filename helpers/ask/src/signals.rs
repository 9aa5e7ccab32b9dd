//! Signals that come while a question is open: the terminal is restored, and then they do what they always do.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::iterator::{Handle, Signals};
use signal_hook::low_level::emulate_default_handler;

/// Those that end or stop a program.
const ENDING: [i32; 5] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP];

/// What to do around a signal.
#[derive(Clone, Copy)]
pub struct Around {
    /// Before it ends or stops the program.
    pub before: fn(),
    /// When the program goes on after a stop.
    pub after: fn(),
}

/// Listens until it is dropped.
pub struct Watch {
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    pub fn start(around: Around) -> io::Result<Self> {
        let mut signals = Signals::new(heeded(&ENDING))?;
        signals.add_signal(SIGCONT)?;
        Defaults::ready()?;
        Defaults::set(false);
        let handle = signals.handle();
        let thread = std::thread::spawn(move || signals.forever().for_each(|signal| act_on(signal, around)));
        Ok(Self { handle, thread: Some(thread) })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        Defaults::set(true);
        self.handle.close();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn act_on(signal: i32, around: Around) {
    match signal {
        SIGCONT => (around.after)(),
        // Nobody could continue it: the kernel, too, stops no program that leads its session.
        SIGTSTP if rustix::process::getsid(None).is_ok_and(|session| session == rustix::process::getpgrp()) => {}
        _ => {
            (around.before)();
            let _ = emulate_default_handler(signal);
        }
    }
}

static RELEASED: AtomicBool = AtomicBool::new(false);
static DEFAULTS: OnceLock<Defaults> = OnceLock::new();

/// Whether signals do again what they always do. One that was listened for once would otherwise do nothing any more.
struct Defaults {
    ends: Arc<AtomicBool>,
    stops: Arc<AtomicBool>,
}

impl Defaults {
    fn ready() -> io::Result<()> {
        if DEFAULTS.get().is_none() {
            let defaults = Self { ends: Arc::default(), stops: Arc::default() };
            for signal in heeded(&ENDING) {
                let flag = if signal == SIGTSTP { &defaults.stops } else { &defaults.ends };
                signal_hook::flag::register_conditional_default(signal, Arc::clone(flag))?;
            }
            let _ = DEFAULTS.set(defaults);
        }
        Ok(())
    }

    fn set(are_set: bool) {
        if let Some(defaults) = DEFAULTS.get() {
            defaults.ends.store(are_set && !RELEASED.load(Ordering::SeqCst), Ordering::SeqCst);
            defaults.stops.store(are_set, Ordering::SeqCst);
        }
    }
}

/// Leaves the signals that end a program to the caller, who listens for them itself from now on.
pub fn release_signals() {
    RELEASED.store(true, Ordering::SeqCst);
    Defaults::set(true);
}

/// Those of the signals that this program was not told to ignore (by `nohup`, or in the background), as far as the system says so.
pub fn heeded(signals: &[i32]) -> Vec<i32> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    signals.iter().copied().filter(|signal| ignored & (1 << (signal - 1)) == 0).collect()
}
