//! Checks the clock, which decides when tokens are refreshed and dates the log.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::finding::Finding;
use crate::audit;
use crate::command::doctor::error;
use crate::config;

const CHECK: &str = "clock";

/// The start of the year of this program's first release, in seconds since 1970.
const MADE: Duration = Duration::from_secs(1_767_225_600);

/// Smaller differences between clocks are ignored.
const TOLERANCE: Duration = Duration::from_secs(24 * 3600);

pub fn check() -> Vec<Finding> {
    let mut files: Vec<PathBuf> = config::path().map(|(path, _)| path).into_iter().collect();
    files.extend(audit::folder().iter().flat_map(|folder| audit::paths(folder)));
    let changed = files.into_iter().filter_map(|path| Some((path.metadata().ok()?.modified().ok()?, path)));
    vec![judge(SystemTime::now(), changed.max())]
}

/// The finding for this time and the newest file.
fn judge(now: SystemTime, newest: Option<(SystemTime, PathBuf)>) -> Finding {
    let shown = |time| humantime::format_rfc3339_seconds(time).to_string();
    if now < SystemTime::UNIX_EPOCH + MADE {
        return Finding::error(CHECK, &error::clock_is_behind(&shown(now.max(SystemTime::UNIX_EPOCH))));
    }
    match newest {
        Some((time, path)) if time > now + TOLERANCE => {
            Finding::warning(CHECK, &error::file_from_the_future(&path, &shown(time)))
        }
        _ => Finding::ok(CHECK, "the system clock is plausible"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    #[test]
    fn a_clock_from_before_this_program_was_made_is_wrong() {
        let made = SystemTime::UNIX_EPOCH + MADE;
        let before = judge(made - Duration::from_secs(1), None);
        assert_eq!(before.level, Level::Error);
        assert_eq!(
            before.message,
            "the system clock is wrong: 2025-12-31T23:59:59Z is before this program's first release"
        );
        assert_eq!(judge(SystemTime::UNIX_EPOCH - TOLERANCE, None).level, Level::Error);
        assert_eq!(judge(made, None).level, Level::Ok);
    }

    #[test]
    fn a_file_that_was_changed_tomorrow_is_tolerated_and_one_of_next_week_is_not() {
        let made = SystemTime::UNIX_EPOCH + MADE;
        let file = |days: u32| Some((made + TOLERANCE * days, PathBuf::from("/file")));
        assert_eq!(judge(made, file(1)).level, Level::Ok);
        assert_eq!(judge(made, file(7)).level, Level::Warning);
    }
}
