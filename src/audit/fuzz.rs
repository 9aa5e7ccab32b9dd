//! What must hold for any file that is read as the log.

use std::io::Cursor;

use super::backwards::Backwards;
use super::line::{Line, text};

/// Reads a file from its end, and parses its lines.
pub fn check(input: &[u8]) {
    let lines: Vec<&[u8]> = input.split(|byte| *byte == b'\n').rev().collect();
    for block in [1, 2, 7, 64, usize::MAX] {
        let read = backwards(input, block);
        // A line that is longer than a block may be cut. No other line is lost or added.
        let is_short = |line: &&[u8]| line.len() < block && !line.is_empty();
        let short: Vec<&[u8]> = lines.iter().copied().filter(is_short).collect();
        let mut found = read.iter().map(Vec::as_slice);
        assert!(short.iter().all(|line| found.any(|other| other == *line)), "a line is lost in blocks of {block}");
        assert!(read.iter().all(|line| lines.iter().any(|whole| whole.starts_with(line))), "a line comes from nowhere");
    }
    for line in lines {
        if let Ok(record) = serde_json::from_slice::<Line>(line) {
            // The library may change the last bit of a number.
            check_line(&Line { ms: 0.0, ..record });
        }
    }
    let shown = text(&String::from_utf8_lossy(input));
    assert!(shown.chars().count() <= 513 && !shown.chars().any(char::is_control), "a text of the log is not one line");
}

fn backwards(input: &[u8], block: usize) -> Vec<Vec<u8>> {
    let mut lines = Backwards::in_blocks(Cursor::new(input), block).expect("it can be read");
    std::iter::from_fn(|| lines.next_line().expect("it can be read")).collect()
}

/// A record that is written and read again is the same.
fn check_line(record: &Line) {
    let written = serde_json::to_string(record).expect("a record can be written");
    assert!(!written.contains('\n'), "a record takes more than a line");
    let again: Line = serde_json::from_str(&written).expect("what was written is read");
    assert_eq!(serde_json::to_string(&again).ok(), Some(written), "written again, it is another");
    let is_whose = record.asker().map(|asker| asker.pid);
    assert_eq!(is_whose, record.pid, "it was asked by another");
}

#[cfg(test)]
#[test]
fn what_fuzzing_has_seen_is_read_from_its_end() {
    crate::fuzz_support::replay("log", check);
}
