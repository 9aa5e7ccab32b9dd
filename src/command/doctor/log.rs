//! Checks whether the audit log can be written.

use super::finding::Finding;
use crate::audit::{self, error};
use crate::providers::Providers;
use crate::state;

const CHECK: &str = "audit";

pub fn check(providers: &Providers) -> Vec<Finding> {
    let Some(folder) = audit::folder() else {
        return vec![Finding::warning(CHECK, &error::log_needs_a_home())];
    };
    let log = providers.audit();
    if !log.enabled {
        return vec![Finding::ok(CHECK, "the log is off: `[audit] enabled = false` in config.toml")];
    }
    if let Err(problem) = audit::files::open_to_write(&folder) {
        let problem = error::log_unwritable(&problem, &folder);
        return vec![match state::is_out_of_reach(&folder) {
            true => Finding::warning(CHECK, &problem),
            false => Finding::error(CHECK, &problem),
        }];
    }
    let kept = format!("the audit log is `{}`", error::tilde(&audit::files::current(&folder)));
    std::iter::once(Finding::ok(CHECK, kept)).chain(system_log(log.syslog)).collect()
}

#[cfg(unix)]
fn system_log(is_wanted: bool) -> Option<Finding> {
    is_wanted.then(|| match audit::syslog::check() {
        Ok(()) => Finding::ok(CHECK, "the system's log gets each record as well"),
        Err(problem) => Finding::warning(CHECK, &error::no_system_log(&problem)),
    })
}

#[cfg(not(unix))]
fn system_log(_: bool) -> Option<Finding> {
    None
}
