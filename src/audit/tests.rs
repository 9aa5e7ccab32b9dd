//! Rotation, with segments and ages that a test can fill.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::files;
use super::line::Line;
use super::log::{Sizes, append};
use super::verify::verify;

const DAY: Duration = Duration::from_secs(24 * 3600);
const SIZES: Sizes = Sizes { segment: 2000, kept: 6000, age: Duration::from_secs(90 * 24 * 3600) };

/// Writes so many records that are as old as that.
fn write(folder: &Path, count: usize, age: Duration) {
    for _ in 0..count {
        let time = humantime::format_rfc3339_millis(SystemTime::now() - age).to_string();
        let mut line = Line { time, operation: "get".into(), outcome: "found".into(), ..Line::default() };
        append(folder, &SIZES, &mut line).unwrap();
    }
}

/// The numbers of the first and the last record that are kept, if nothing is wrong with them.
fn kept(folder: &Path) -> (u64, u64) {
    let verified = verify(folder).unwrap();
    assert!(verified.problems.is_empty(), "{:?}", verified.problems);
    assert_eq!(verified.torn, 0);
    let number = |place: Option<(u64, String)>| place.map_or(0, |(seq, _)| seq);
    let (first, last) = (number(verified.first), number(verified.last));
    assert_eq!(verified.count, last - first + 1);
    (first, last)
}

fn size(folder: &Path) -> u64 {
    files::paths(folder).iter().map(|path| fs::metadata(path).unwrap().len()).sum()
}

#[test]
fn the_chain_goes_on_across_segments_and_no_record_of_the_last_90_days_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 200, DAY * 89);
    assert_eq!(kept(folder.path()), (1, 200));
    assert!(files::segments(folder.path()).len() > 15);
    for (_, path) in files::segments(folder.path()) {
        assert!(fs::metadata(path).unwrap().len() <= SIZES.segment);
    }
}

#[test]
fn old_records_are_kept_as_long_as_newer_ones_are_few_and_then_deleted_by_whole_segments() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 20, DAY * 91);
    assert_eq!(kept(folder.path()).0, 1);
    write(folder.path(), 200, DAY * 91);
    let (first, last) = kept(folder.path());
    assert!(first > 150 && last == 220, "{first}");
    let size = size(folder.path());
    assert!((SIZES.kept..SIZES.kept + 2 * SIZES.segment).contains(&size), "{size}");
    // What is young stays, however much there is.
    write(folder.path(), 100, DAY);
    assert!(kept(folder.path()).0 >= first);
    assert!(kept(folder.path()).0 <= 221);
}

#[test]
fn a_segment_that_is_missing_or_was_changed_is_found() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 40, DAY);
    let segments = files::segments(folder.path());
    let problems = || verify(folder.path()).unwrap().problems.iter().map(ToString::to_string).collect::<Vec<_>>();
    for at in [0, 1, segments.len() - 1] {
        let (last, path) = &segments[at];
        let first = at.checked_sub(1).map_or(1, |at| segments[at].0 + 1);
        let text = fs::read_to_string(path).unwrap();
        fs::remove_file(path).unwrap();
        assert_eq!(problems(), [format!("records {first} to {last} are missing")]);
        fs::write(path, text.replacen("found", "lost!", 1)).unwrap();
        assert_eq!(problems(), [format!("record {first} was changed after it was written")]);
        fs::write(path, text).unwrap();
        assert_eq!(problems(), [""; 0]);
    }
}

#[test]
fn a_rotation_that_was_interrupted_is_made_up_for() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 3, DAY);
    assert_eq!(files::segments(folder.path()).len(), 0);
    // The segment is closed, and the head does not say so yet.
    fs::rename(folder.path().join(files::CURRENT), files::segment(folder.path(), 3)).unwrap();
    assert_eq!(kept(folder.path()), (1, 3));
    write(folder.path(), 2, DAY);
    assert_eq!(kept(folder.path()), (1, 5));
}

#[test]
fn a_segment_that_should_be_gone_and_is_still_there_is_no_reason_to_worry() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 30, DAY * 91);
    let (last, path) = files::segments(folder.path()).remove(0);
    let text = fs::read(&path).unwrap();
    write(folder.path(), 60, DAY * 91);
    assert!(!path.exists() && kept(folder.path()).0 > last + 1);
    fs::write(&path, text).unwrap();
    assert!(verify(folder.path()).unwrap().problems.is_empty());
}

#[test]
fn without_its_head_the_log_goes_on_where_it_ended() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 40, DAY);
    for lost in [vec![files::head(folder.path())], vec![files::head(folder.path()), folder.path().join(files::CURRENT)]]
    {
        let before = verify(folder.path()).unwrap();
        lost.iter().for_each(|path| fs::remove_file(path).unwrap());
        let last = files::segments(folder.path()).last().unwrap().0;
        write(folder.path(), 1, DAY);
        let after = verify(folder.path()).unwrap();
        let expected = if lost.len() == 1 { before.last.unwrap().0 + 1 } else { last + 1 };
        assert_eq!(after.last.unwrap().0, expected);
        let said = after.problems.last().unwrap().to_string();
        assert!(said.starts_with(&format!("before record {expected} the file `audit.head` was missing")), "{said}");
        // As it was, for the next round.
        fs::remove_dir_all(folder.path()).unwrap();
        fs::create_dir(folder.path()).unwrap();
        write(folder.path(), 40, DAY);
    }
}
