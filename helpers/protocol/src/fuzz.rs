//! What must hold for any bytes that are read as records.

use std::io::{self, Read};

use crate::fuzz_support::is_telling;
use crate::{DESCRIPTION, Reader, Record, SECRETS, visible};

/// A stream that returns at most this many bytes at a time.
pub struct Steps<'a>(pub &'a [u8], pub usize);

impl Read for Steps<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.len().min(self.1).min(buffer.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

/// The records of a stream, and the message of the error that ended it.
fn read(source: impl Read) -> (Vec<Record>, Option<String>) {
    let (mut reader, mut records) = (Reader::new(source), Vec::new());
    loop {
        match reader.record() {
            Ok(Some(record)) => records.push(record),
            Ok(None) => return (records, None),
            Err(problem) => return (records, Some(problem.to_string())),
        }
    }
}

/// Reads a stream of records, whole and in steps, and checks each record.
pub fn check(input: &[u8]) {
    let (records, problem) = read(input);
    for step in [1, 7, 1000] {
        assert!(read(Steps(input, step)) == (records.clone(), problem.clone()), "cut into {step}");
    }
    for record in records.iter().filter(|record| !record.is_empty()) {
        check_record(record);
    }
    let text = String::from_utf8_lossy(input);
    for line in text.split('\n') {
        let value = line.split_once('=').map_or(line, |(_, value)| value);
        assert!(!is_telling(value) || problem.iter().all(|problem| !problem.contains(value)), "an error quotes a line");
    }
}

fn check_record(record: &Record) {
    assert!(Record::read_from(&record.to_lines()[..]).is_ok_and(|again| again == *record), "it is not read back");
    assert!(
        record.matches(&record.description()) && record.matches_secret(record) && record.holds_the_same_secrets(record)
    );
    let shown = DESCRIPTION.iter().filter_map(|key| record.shown(key));
    for text in shown.chain([format!("{record:?}"), record.url(), record.url_with_user()]) {
        assert_eq!(visible(&text), text, "it can move the cursor");
        // Text between two parts may by chance be part of a secret.
        let is_plain = |secret: &&str| is_telling(secret) && !secret.contains([':', '/', '=', '@', ' ', '<']);
        for secret in SECRETS.iter().filter_map(|key| record.text(key)).filter(is_plain) {
            assert!(!text.contains(secret), "a secret is shown");
        }
    }
}

#[cfg(test)]
#[test]
fn what_fuzzing_has_seen_is_read_and_shown_as_it_should_be() {
    crate::fuzz_support::replay("record", check);
}
