//! The audit log: whether it is kept, and whole.

use super::finding::Finding;
use crate::audit;
use crate::providers::Providers;
use crate::state;

const CHECK: &str = "audit";

pub fn check(providers: &Providers) -> Vec<Finding> {
    let Some(folder) = audit::folder() else {
        return vec![Finding::warning(CHECK, &crate::audit::error::log_needs_a_home())];
    };
    if !providers.are_audited() {
        return vec![Finding::ok(CHECK, "the log is off: `[audit] enabled = false` in config.toml")];
    }
    if let Err(problem) = audit::try_to_write(&folder) {
        let problem = crate::audit::error::log_unwritable(&problem, &folder);
        return vec![match state::is_out_of_reach(&folder) {
            true => Finding::warning(CHECK, &problem),
            false => Finding::error(CHECK, &problem),
        }];
    }
    vec![match audit::verify(&folder) {
        Err(problem) => Finding::error(CHECK, &crate::audit::error::log_unreadable(&problem)),
        Ok(verified) if !verified.problems.is_empty() => {
            Finding::error(CHECK, &crate::command::doctor::error::log_has_problems(verified.problems.len()))
        }
        Ok(audit::Verified { first: Some((_, since)), count, .. }) => Finding::ok(
            CHECK,
            format!("{count} record{} since {since}, none changed", if count == 1 { "" } else { "s" }),
        ),
        Ok(_) => Finding::ok(CHECK, "nothing is logged yet"),
    }]
}
