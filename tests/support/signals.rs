//! A test run may be started with ignored signals: by `nohup`, or by `&` in a script. Programs inherit ignored signals, and tests about
//! signals would wait forever.

use std::process::{Command, Stdio};
use std::sync::{Arc, Once};

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

/// Makes these signals end the programs that tests start. This process does not change: an ignored signal now has a handler that does
/// nothing, and children do not inherit a handler.
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

/// If a shell survives a signal that it sends itself, the signal was ignored.
#[expect(clippy::disallowed_methods, reason = "a test may start what it likes")]
fn is_ignored(name: &str) -> bool {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit -c 0; kill -{name} $$; exit 0")]).stdin(Stdio::null());
    shell.status().expect("`sh` starts").success()
}
