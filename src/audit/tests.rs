//! Tests rotation and reading, with small files.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use super::files;
use super::line::Line;
use super::log::{Sizes, append};
use super::read::newest_first;

const SIZES: Sizes = Sizes { full: 2000, kept: 6000 };

/// Writes records with these numbers as accounts.
fn write(folder: &Path, numbers: std::ops::Range<usize>) {
    for number in numbers {
        let line = Line { operation: "get".into(), account: Some(number.to_string()), ..Line::default() };
        append(folder, &SIZES, &serde_json::to_vec(&line).unwrap()).unwrap();
    }
}

/// The accounts of all records, the newest first.
fn read(folder: &Path) -> Vec<usize> {
    let mut found = Vec::new();
    newest_first(folder, usize::MAX, |record, _| {
        found.extend(record.account.and_then(|number| number.parse::<usize>().ok()));
        ControlFlow::Continue(())
    })
    .unwrap();
    found
}

fn size(folder: &Path) -> u64 {
    files::paths(folder).iter().map(|path| fs::metadata(path).unwrap().len()).sum()
}

#[test]
fn the_log_stays_small_and_keeps_the_newest_records_in_order() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 0..1000);
    let kept = read(folder.path());
    assert_eq!(kept, (1000 - kept.len()..1000).rev().collect::<Vec<_>>());
    let size = size(folder.path());
    assert!((SIZES.kept..SIZES.kept + 2 * (SIZES.full + 200)).contains(&size), "{size}");
}

#[test]
fn a_full_file_takes_the_next_number_also_after_those_of_an_older_version() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(files::full_path(folder.path(), 4711), "{\"seq\":4711,\"account\":\"7\",\"previous\":\"0\"}\n").unwrap();
    write(folder.path(), 8..60);
    assert_eq!(files::full(folder.path())[1].0, 4712);
    assert_eq!(read(folder.path()), (7..60).rev().collect::<Vec<_>>());
}

#[test]
fn a_line_that_was_cut_short_costs_no_other_record() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 0..2);
    let path = files::current(folder.path());
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}{{\"time\":\"20")).unwrap();
    write(folder.path(), 2..4);
    assert_eq!(read(folder.path()), [3, 2, 1, 0]);
}

#[test]
fn lines_longer_than_what_is_read_at_once_are_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    for length in [1, 65_535, 65_536, 65_537, 131_072, 300_000] {
        fs::write(files::current(folder.path()), "").unwrap();
        write(folder.path(), 0..1);
        let path = files::current(folder.path());
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{text}{}\n{text}", "x".repeat(length))).unwrap();
        assert_eq!(read(folder.path()), [0, 0], "{length}");
    }
}

#[test]
fn a_log_of_an_older_version_goes_on_and_its_head_file_goes_away() {
    let folder = tempfile::tempdir().unwrap();
    let head = folder.path().join("audit.head");
    let old = format!(r#"{{"seq":1,"account":"0","outcome":"found","ms":1.0,"previous":"{}"}}"#, "0".repeat(64));
    fs::write(files::current(folder.path()), format!("{old}\n")).unwrap();
    fs::write(&head, "00000000000000000001\n").unwrap();
    write(folder.path(), 1..2);
    assert_eq!(read(folder.path()), [1, 0]);
    assert!(!head.exists());
}
