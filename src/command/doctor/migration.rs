//! Checks for a migration that was not finished.

use super::finding::Finding;

const CHECK: &str = "migration";

pub fn check() -> Vec<Finding> {
    match crate::command::migrate::unfinished() {
        Some(problem) => vec![Finding::warning(CHECK, &problem)],
        None => vec![Finding::ok(CHECK, "no migration is unfinished")],
    }
}
