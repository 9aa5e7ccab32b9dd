//! A test run may be started with signals ignored: by `nohup`, or by `&` in a script. What a program ignores, every program that it
//! starts ignores as well, and tests about signals would wait for ever.

use std::process::{Command, Stdio};
use std::sync::{Arc, Once};

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

/// Lets the programs that tests start end by these signals. This process goes on as it was started: a signal that was ignored now
/// has a handler that does nothing, and a handler, other than "ignore", does not outlive the start of a program.
pub fn restore() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for (signal, name) in [(SIGHUP, "HUP"), (SIGINT, "INT"), (SIGQUIT, "QUIT"), (SIGTERM, "TERM")] {
            if is_ignored(name) {
                signal_hook::flag::register(signal, Arc::default()).expect("a signal can be handled");
            }
        }
    });
}

/// A shell that survives a signal of its own was started with it ignored.
#[expect(clippy::disallowed_methods, reason = "a test may start what it likes")]
fn is_ignored(name: &str) -> bool {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit -c 0; kill -{name} $$; exit 0")]).stdin(Stdio::null());
    shell.status().expect("`sh` starts").success()
}
