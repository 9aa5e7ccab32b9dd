//! A signal that ends this program first stops the helpers that it waits for: nothing outlives its caller.
//!
//! Once a signal has a handler, its default action is gone, so this module also does the default action. Code that handles the signals in
//! its own way [takes](take) them for that time.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::flag::{register_conditional_default, register_usize};
use signal_hook::low_level::emulate_default_handler;

use crate::group::{self, Group};

/// The signals that end a program.
const ENDING: [i32; 4] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM];

static STATE: OnceLock<State> = OnceLock::new();
static USERS: Mutex<Users> = Mutex::new(Users { takers: 0, stoppers: 0, waiting: Vec::new() });

/// The state that the handlers read.
struct State {
    /// True if a signal that ends a program does so at once.
    ends: Arc<AtomicBool>,
    /// True if Ctrl-Z stops the program at once.
    stops: Arc<AtomicBool>,
    /// The last signal that came, or 0.
    came: Arc<AtomicUsize>,
}

/// The users of the signals, who run before the default action.
struct Users {
    takers: usize,
    stoppers: usize,
    waiting: Vec<Arc<Group>>,
}

impl State {
    fn get() -> &'static Self {
        STATE.get_or_init(|| {
            let (ends, stops) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(true)));
            let came = Arc::new(AtomicUsize::new(0));
            for signal in heeded(&ENDING) {
                // Without a handler, the default action remains.
                let _ = register_usize(signal, Arc::clone(&came), usize::try_from(signal).unwrap_or_default());
                let _ = register_conditional_default(signal, Arc::clone(&ends));
            }
            for signal in heeded(&[SIGTSTP]) {
                let _ = register_conditional_default(signal, Arc::clone(&stops));
            }
            Self { ends, stops, came }
        })
    }

    fn follow(&self, users: &Users) {
        if users.takers == 0 && users.waiting.is_empty() {
            // The code that took the signals has handled it.
            self.came.store(0, Ordering::SeqCst);
        }
        self.ends.store(users.takers == 0 && users.waiting.is_empty(), Ordering::SeqCst);
        self.stops.store(users.stoppers == 0, Ordering::SeqCst);
    }
}

fn users() -> MutexGuard<'static, Users> {
    USERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Signals that other code handles, until this is dropped.
#[derive(Debug)]
pub struct Taken {
    stops: bool,
}

/// Takes the signals that end a program (HUP, INT, QUIT, TERM). From now on, only the caller's own handlers act on them. The caller must
/// also stop the helpers that run in the meantime.
#[must_use = "they are restored when this is dropped"]
pub fn take() -> Taken {
    Taken::new(false)
}

/// The same, together with the signal that stops a program (TSTP).
#[must_use = "they are restored when this is dropped"]
pub fn take_with_stops() -> Taken {
    Taken::new(true)
}

impl Taken {
    fn new(stops: bool) -> Self {
        let state = State::get();
        let mut users = users();
        users.takers += 1;
        users.stoppers += usize::from(stops);
        state.follow(&users);
        Self { stops }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut users = users();
        users.takers -= 1;
        users.stoppers -= usize::from(self.stops);
        State::get().follow(&users);
    }
}

/// A helper that is being waited for, until this is dropped.
pub struct Waited(Arc<Group>);

/// Handles signals while a helper is being waited for. Most helpers answer before that is worth the effort.
pub fn wait_for(group: &Arc<Group>) -> Waited {
    let state = State::get();
    let mut users = users();
    users.waiting.push(Arc::clone(group));
    state.follow(&users);
    Waited(Arc::clone(group))
}

/// The same if the handlers are installed already: then it costs nothing.
pub fn wait_for_as_before(group: &Arc<Group>) -> Option<Waited> {
    STATE.get().map(|_| wait_for(group))
}

impl Drop for Waited {
    fn drop(&mut self) {
        let mut users = users();
        users.waiting.retain(|group| !Arc::ptr_eq(group, &self.0));
        State::get().follow(&users);
    }
}

/// If a signal to end has come, stops all helpers that are being waited for, and then this process.
pub fn heed() {
    let came = STATE.get().map_or(0, |state| state.came.load(Ordering::SeqCst));
    if came == 0 {
        return;
    }
    // Another thread that gets here waits until the process is gone.
    let users = users();
    if users.takers == 0 {
        group::end(&users.waiting);
        let signal = i32::try_from(came).unwrap_or(SIGTERM);
        let _ = emulate_default_handler(signal);
        std::process::exit(128 + signal);
    }
}

/// Those of the signals that this program was not started to ignore (by `nohup`, or in the background), as far as the system can tell.
pub fn heeded(signals: &[i32]) -> Vec<i32> {
    static IGNORED: OnceLock<u64> = OnceLock::new();
    // Read this once, before any handler is installed: after that, no signal counts as ignored.
    let ignored = IGNORED.get_or_init(ignored);
    signals.iter().copied().filter(|signal| ignored & (1 << (signal - 1)) == 0).collect()
}

/// The signals that this program was started to ignore, as a bit mask.
#[cfg(target_os = "linux")]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// The same for systems that cannot tell. With `nohup`, neither standard output nor standard error is a terminal. Then SIGHUP gets no
/// handler, so it stays ignored if it was.
#[cfg(not(target_os = "linux"))]
fn ignored() -> u64 {
    use std::io::{IsTerminal, stderr, stdout};
    if stdout().is_terminal() || stderr().is_terminal() { 0 } else { 1 << (SIGHUP - 1) }
}
