//! Signals that end this program end the helpers that it waits for first: nothing outlives its caller.
//!
//! A signal that was listened for once does nothing by itself any more, so what it does by default is kept in one place as well. A part that
//! has something else to do with them [takes](take) the signals for that time.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::flag::{register_conditional_default, register_usize};
use signal_hook::low_level::emulate_default_handler;

use crate::group::{self, Group};

/// Those that end a program.
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

/// Who wants to be asked before a signal does what it always does.
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
                // A signal that cannot be listened for does what it always did.
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
            // It was seen to by those who listened.
            self.came.store(0, Ordering::SeqCst);
        }
        self.ends.store(users.takers == 0 && users.waiting.is_empty(), Ordering::SeqCst);
        self.stops.store(users.stoppers == 0, Ordering::SeqCst);
    }
}

fn users() -> MutexGuard<'static, Users> {
    USERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Signals that somebody listens for in their own way, until this is dropped.
#[derive(Debug)]
pub struct Taken {
    stops: bool,
}

/// Takes the signals that end a program (HUP, INT, QUIT, TERM): from now on they do nothing but what the caller, who listens already, does.
/// Helpers that are waited for meanwhile are for the caller to end.
#[must_use = "they are given back when this is dropped"]
pub fn take() -> Taken {
    Taken::new(false)
}

/// The same with the one that stops a program (TSTP).
#[must_use = "they are given back when this is dropped"]
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

/// A helper that is waited for, until this is dropped.
pub struct Waited(Arc<Group>);

/// Listens for signals while a helper is waited for. Most have answered long before that is worth it.
pub fn wait_for(group: &Arc<Group>) -> Waited {
    let state = State::get();
    let mut users = users();
    users.waiting.push(Arc::clone(group));
    state.follow(&users);
    Waited(Arc::clone(group))
}

/// The same if it listened before, which costs nothing.
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

/// Ends all that is waited for, and then this process, if a signal came that says so.
pub fn heed() {
    let came = STATE.get().map_or(0, |state| state.came.load(Ordering::SeqCst));
    if came == 0 {
        return;
    }
    // Another thread that comes here waits until the process is gone.
    let users = users();
    if users.takers == 0 {
        group::end(&users.waiting);
        let signal = i32::try_from(came).unwrap_or(SIGTERM);
        let _ = emulate_default_handler(signal);
        std::process::exit(128 + signal);
    }
}

/// Those of the signals that this program was not told to ignore (by `nohup`, or in the background), as far as the system says so.
pub fn heeded(signals: &[i32]) -> Vec<i32> {
    static IGNORED: OnceLock<u64> = OnceLock::new();
    // Read once, before anything is listened for: after that, nothing counts as ignored.
    let ignored = IGNORED.get_or_init(ignored);
    signals.iter().copied().filter(|signal| ignored & (1 << (signal - 1)) == 0).collect()
}

/// The signals that this program was started to ignore, a bit each.
#[cfg(target_os = "linux")]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// The same where the system does not say: `nohup` leaves neither standard output nor standard error at a terminal. Nobody listens for
/// the loss of a terminal then, so that it stays ignored where it was.
#[cfg(not(target_os = "linux"))]
fn ignored() -> u64 {
    use std::io::{IsTerminal, stderr, stdout};
    if stdout().is_terminal() || stderr().is_terminal() { 0 } else { 1 << (SIGHUP - 1) }
}
